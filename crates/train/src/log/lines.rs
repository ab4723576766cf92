//! The form of a message: a line for people, or a JSON object on a line.

use crate::error::tamed;
use serde_json::{Map, Value, json};
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// A message is a line of its own; only what is not merely told has its level before it. Fields beside the message are for
/// machines: the message says them, too.
pub(super) struct Text;

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (level, colour) = match *event.metadata().level() {
            Level::INFO => {
                let mut message = Message(String::new());
                event.record(&mut message);
                return writeln!(writer, "{}", tamed(&message.0));
            }
            Level::WARN => ("warning: ", "\u{1b}[33m"),
            Level::ERROR => ("error: ", "\u{1b}[31m"),
            Level::DEBUG => ("debug: ", "\u{1b}[2m"),
            Level::TRACE => ("trace: ", "\u{1b}[2m"),
        };
        if writer.has_ansi_escapes() {
            write!(writer, "{colour}{level}\u{1b}[0m")?;
        } else {
            writer.write_str(level)?;
        }
        let mut fields = String::new();
        context.field_format().format_fields(Writer::new(&mut fields), event)?;
        writeln!(writer, "{}", tamed(&fields))
    }
}

/// The message of an event, without its other fields.
struct Message(String);

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// An object on a line: `timestamp` (RFC 3339), `level`, `target`, `message`, `fields`, and `spans` from the outermost to the
/// innermost, each with its `name` and its fields.
pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut fields = String::new();
        context.field_format().format_fields(Writer::new(&mut fields), event)?;
        let mut fields = object(&fields);
        let message = fields.remove("message").unwrap_or_default();
        let spans =
            context.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root);
        let spans = spans.map(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>().map_or("", |fields| fields.fields.as_str());
            let mut fields = object(fields);
            fields.insert("name".into(), span.name().into());
            Value::Object(fields)
        });
        let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
        let row = json!({
            "timestamp": timestamp, "level": level, "target": target, "message": message, "fields": fields,
            "spans": spans.collect::<Vec<_>>(),
        });
        writeln!(writer, "{row}")
    }
}

fn object(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}
