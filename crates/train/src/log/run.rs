//! The log of one run: `metrics.jsonl`, TensorBoard's events, and what is shown of a step.

use super::{clock, progress};
use crate::TrainError;
use crate::disk::Disk;
use crate::files;
use crate::tensorboard::Events;
use indicatif::{HumanBytes, ProgressBar};
use serde::Serialize;
use serde_json::Value;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A larger log is not read.
const MAX_BYTES: u64 = 1 << 40;
/// So many rows are told as they come; later ones when the last is some time ago.
const FIRST_ROWS: usize = 20;
/// This long.
const INTERVAL: Duration = Duration::from_secs(5);

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

/// What is shown beside a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside {
    /// Time to the end, if there is one.
    pub left: Option<Duration>,
    /// Memory of the process, if it is where the model is.
    pub memory_bytes: Option<u64>,
}

/// The log of one run.
#[derive(Debug)]
pub struct RunLog {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    events: Events,
    bar: Option<ProgressBar>,
    /// Rows told, and when the last was.
    told: (usize, Instant),
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
        match disk.read_at_most(&path, MAX_BYTES) {
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
        let events = Events::open(Arc::clone(&disk), dir);
        Ok(Self { path, disk, events, bar: bar(step, end), told: (0, Instant::now()) })
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
        files::append(&*self.disk, &self.path, format!("{row}\n").as_bytes())?;
        self.events.add(&row);
        Ok(())
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
    pub fn step(&mut self, record: &StepRecord, beside: Beside) -> Result<(), TrainError> {
        self.write("train", record)?;
        let left = beside.left.map_or(String::new(), |left| format!("left {}  ", clock(left)));
        let memory =
            beside.memory_bytes.map_or(String::new(), |bytes| format!("  mem {}", HumanBytes(bytes)));
        // What matters most comes first: a narrow terminal shows no more.
        let line = format!(
            "loss {:.3}  {left}{:.0} tok/s  epoch {}  lr {:.2e}  grad {:.2}{memory}",
            record.loss_nats_per_token,
            record.tgt_tokens_per_sec,
            record.epoch,
            record.learning_rate,
            record.gradient_norm
        );
        if let Some(bar) = &self.bar {
            bar.set_message(line);
        } else if self.told.0 < FIRST_ROWS || self.told.1.elapsed() >= INTERVAL {
            self.told = (self.told.0 + 1, Instant::now());
            tracing::info!(
                step = record.step,
                epoch = record.epoch,
                loss_nats_per_token = record.loss_nats_per_token,
                learning_rate = record.learning_rate,
                gradient_norm = record.gradient_norm,
                tgt_tokens_per_sec = record.tgt_tokens_per_sec,
                left_secs = beside.left.map(|left| left.as_secs()),
                memory_bytes = beside.memory_bytes,
                "step {}  {line}",
                record.step
            );
        }
        Ok(())
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
        Some("validate" | "samples") => validated.contains(&of),
        _ => false,
    }
}

fn bar(step: u64, end: Option<u64>) -> Option<ProgressBar> {
    let template = match end {
        Some(_) => "[{bar:20}] {pos}/{len}  {wide_msg}",
        None => "step {pos}  {wide_msg}",
    };
    let bar = progress::add(ProgressBar::new(end.unwrap_or(0)), template)?;
    bar.set_position(step);
    Some(bar)
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
}
