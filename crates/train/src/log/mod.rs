//! What a run says: messages on standard error, progress bars on a terminal (plain lines elsewhere), and
//! `metrics.jsonl`, the truth about the run.

mod lines;
mod progress;
mod run;

pub use progress::{Task, Unit, spinner, task};
pub use run::{Beside, RunLog, StepRecord};

use std::io::IsTerminal;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::JsonFields;

/// How much is said on standard error, and in which form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Warnings and errors only, and no progress bars.
    pub quiet: bool,
    /// 0: what a user wants to know; 1: also what is decided on the way; from 2 on everything.
    pub verbose: u8,
    /// The form of a message.
    pub format: Format,
    /// Whether there is colour.
    pub color: Color,
}

/// The form of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object on a line.
    Json,
}

/// When there is colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
    #[default]
    Auto,
    /// Into files and pipes, too.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    /// Whether what is written to `stream` has colour.
    pub fn on(self, stream: &impl IsTerminal) -> bool {
        match self {
            Self::Auto => {
                let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                stream.is_terminal() && !unwanted
            }
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Sends messages to standard error, and shows progress bars there if it is a terminal. `RUST_LOG` chooses which messages, if
/// it is set; else `quiet` and `verbose` do, of those of this program's crates.
pub fn init(options: &Options) {
    let bars = options.format == Format::Text && !options.quiet && progress::can_draw();
    progress::show(bars);
    let of_ours =
        |level: &str| ["train", "data", "model"].map(|crate_| format!("{crate_}={level}")).join(",");
    let wanted = match (options.quiet, options.verbose) {
        (true, _) => of_ours("warn"),
        (false, 0) => of_ours("info"),
        (false, 1) => of_ours("debug"),
        (false, _) => "trace".into(),
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(wanted));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| progress::AboveBars);
    // A log that nobody keeps, on a full disk or in a closed pipe, is no reason to end a run.
    let builder = builder.log_internal_errors(false);
    match options.format {
        Format::Text => {
            builder.with_ansi(options.color.on(&std::io::stderr())).event_format(lines::Text).init();
        }
        Format::Json => {
            builder.with_ansi(false).fmt_fields(JsonFields::new()).event_format(lines::Json).init();
        }
    }
}

/// `h:mm:ss` or `m:ss`
pub fn clock(time: Duration) -> String {
    let secs = time.as_secs();
    match secs / 3600 {
        0 => format!("{}:{:02}", secs / 60, secs % 60),
        hours => format!("{hours}:{:02}:{:02}", secs / 60 % 60, secs % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        assert_eq!(clock(Duration::from_secs(65)), "1:05");
        assert_eq!(clock(Duration::from_secs(3_725)), "1:02:05");
    }
}
