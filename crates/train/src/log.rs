//! What a run says: messages on standard error, a progress bar on a terminal (plain lines elsewhere), and
//! `metrics.jsonl`, the truth about the run.

use crate::TrainError;
use crate::disk::Disk;
use crate::files;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

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

/// Sends messages to standard error. Without `quiet` and `verbose`, `RUST_LOG` chooses which; the default is those of
/// this program's crates.
pub fn init(options: &Options) {
    let filter = match (options.quiet, options.verbose) {
        (true, _) => EnvFilter::new("train=warn,data=warn,model=warn"),
        (false, 0) => EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| EnvFilter::new("train=info,data=info,model=info")),
        (false, 1) => EnvFilter::new("train=debug,data=debug,model=debug"),
        (false, _) => EnvFilter::new("trace"),
    };
    let colour = options.color.on(&std::io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log that nobody keeps, on a full disk or in a closed pipe, is no reason to end a run.
    let builder = builder.log_internal_errors(false).with_ansi(colour);
    match options.format {
        Format::Text => builder.event_format(Lines).init(),
        Format::Json => builder.json().init(),
    }
}

/// A message is a line of its own; only what is not merely told has its level before it.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
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
            Level::INFO => ("", ""),
            Level::WARN => ("warning: ", "\u{1b}[33m"),
            Level::ERROR => ("error: ", "\u{1b}[31m"),
            _ => ("debug: ", "\u{1b}[2m"),
        };
        if writer.has_ansi_escapes() && !level.is_empty() {
            write!(writer, "{colour}{level}\u{1b}[0m")?;
        } else {
            writer.write_str(level)?;
        }
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// What one optimizer step was.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StepRecord {
    /// From 1.
    pub step: u64,
    /// From 0.
    pub epoch: u64,
    /// The smoothed training loss.
    pub loss_nats_per_token: f64,
    /// Without smoothing.
    pub nll_nats_per_token: f64,
    /// Of this step.
    pub learning_rate: f64,
    /// Before clipping.
    pub gradient_norm: f64,
    /// Real target tokens of the step.
    pub tgt_tokens: usize,
    /// Real target tokens per second since the line before.
    pub tgt_tokens_per_sec: f64,
    /// Training time over all resumptions.
    pub elapsed_secs: f64,
    /// Its numbers were not finite: it changed nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub nonfinite: bool,
}

/// The log of one run.
#[derive(Debug)]
pub struct RunLog {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    bar: Option<ProgressBar>,
}

impl RunLog {
    /// Opens the log of a run that has done `step` steps and was validated after those of `validated`; other rows, which
    /// a crash or an end left, are dropped. `end` is the last step if it is known.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        step: u64,
        validated: &[u64],
        end: Option<u64>,
    ) -> Result<Self, TrainError> {
        let path = dir.join("metrics.jsonl");
        match disk.read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(TrainError::io("read", &path)(error)),
            Ok(bytes) => {
                // After a power cut the last rows can be anything.
                let text = String::from_utf8_lossy(&bytes);
                let rows = text.lines().filter(|row| is_of(row, step, validated));
                let kept: String = rows.flat_map(|row| [row, "\n"]).collect();
                files::write_file(&*disk, &path, kept.as_bytes())?;
            }
        }
        let bar = std::io::stderr().is_terminal().then(|| progress_bar(step, end));
        Ok(Self { path, disk, bar })
    }

    /// Appends a row of the given kind.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write(&mut self, kind: &str, row: &impl Serialize) -> Result<(), TrainError> {
        let mut row = serde_json::to_value(row).expect("rows are plain data");
        if let Value::Object(map) = &mut row {
            map.insert("kind".into(), kind.into());
        }
        files::append(&*self.disk, &self.path, format!("{row}\n").as_bytes())
    }

    /// Makes durable what was written.
    ///
    /// # Errors
    ///
    /// Whatever the disk says.
    pub fn sync(&self) -> Result<(), TrainError> {
        match self.disk.sync(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            synced => synced.map_err(TrainError::io("sync", &self.path)),
        }
    }

    /// Moves the bar.
    pub fn tick(&self, step: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(step);
        }
    }

    /// Writes a training row and shows it.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn step(&mut self, record: &StepRecord, left: Option<Duration>) -> Result<(), TrainError> {
        self.write("train", record)?;
        let left = left.map_or(String::new(), |left| format!("left {}  ", clock(left)));
        // What matters most comes first: a narrow terminal shows no more.
        let line = format!(
            "loss {:.3}  {left}{:.0} tok/s  epoch {}  lr {:.2e}  grad {:.2}",
            record.loss_nats_per_token,
            record.tgt_tokens_per_sec,
            record.epoch,
            record.learning_rate,
            record.gradient_norm
        );
        if let Some(bar) = &self.bar {
            bar.set_message(line);
        } else {
            tracing::info!("step {}  {line}", record.step);
        }
        Ok(())
    }

    /// Shows on the bar what goes on between two steps.
    pub fn doing(&self, what: &'static str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what);
        }
    }

    /// Says something without breaking the bar.
    pub fn say(&self, message: &str) {
        let bar = self.bar.clone().unwrap_or_else(ProgressBar::hidden);
        bar.suspend(|| tracing::info!("{message}"));
    }

    /// Warns without breaking the bar.
    pub fn warn(&self, message: &str) {
        let bar = self.bar.clone().unwrap_or_else(ProgressBar::hidden);
        bar.suspend(|| tracing::warn!("{message}"));
    }

    /// Leaves the terminal as it was.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// An error leaves the terminal as it was, too.
impl Drop for RunLog {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Whether a row belongs to the past of a run that goes on; those of its end are written again.
fn is_of(row: &str, step: u64, validated: &[u64]) -> bool {
    let Ok(row) = serde_json::from_str::<Value>(row) else { return false };
    let Some(of) = row["step"].as_u64() else { return false };
    match row["kind"].as_str() {
        Some("train" | "go_back") => of <= step,
        Some("validate") => validated.contains(&of),
        _ => false,
    }
}

fn progress_bar(step: u64, end: Option<u64>) -> ProgressBar {
    let template = match end {
        Some(_) => "{bar:20} {pos}/{len}  {wide_msg}",
        None => "step {pos}  {wide_msg}",
    };
    let style = ProgressStyle::with_template(template).expect("the template is right");
    ProgressBar::new(end.unwrap_or(0)).with_style(style).with_position(step)
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
    use crate::disk::SystemDisk;
    use std::fs;

    #[test]
    fn a_resumed_log_drops_what_comes_after_the_checkpoint() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let row = |kind: &str, step: u64| format!("{{\"step\":{step},\"kind\":\"{kind}\"}}\n");
        let kept = row("train", 9) + &row("validate", 9) + &row("train", 10);
        let dropped =
            row("validate", 10) + &row("average", 10) + &row("test", 9) + &row("train", 11) + "{\"ste";
        fs::write(&path, [kept.clone().as_bytes(), dropped.as_bytes(), &[0xff, 0, 10]].concat()).unwrap();
        let mut log = RunLog::open(Arc::new(SystemDisk), dir.path(), 10, &[9], None).unwrap();
        log.write("train", &serde_json::json!({"step": 11})).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, kept + "{\"kind\":\"train\",\"step\":11}\n");
    }

    #[test]
    fn clocks() {
        assert_eq!(clock(Duration::from_secs(65)), "1:05");
        assert_eq!(clock(Duration::from_secs(3_725)), "1:02:05");
    }
}
