//! From a row of `metrics.jsonl` to events.

use super::record::{What, record};
use serde_json::Value;

/// Turns rows into events. It remembers how long the run had trained: only training rows say it.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// When the run began, seconds since 1970; what the wall time of an event is counted from.
    pub(super) started_unix_secs: f64,
    elapsed_secs: f64,
}

/// The numbers of a training row, and the names under which TensorBoard shows them.
const TRAIN: [(&str, &str); 5] = [
    ("loss_nats_per_token", "train/loss_nats_per_token"),
    ("nll_nats_per_token", "train/nll_nats_per_token"),
    ("learning_rate", "train/learning_rate"),
    ("gradient_norm", "train/gradient_norm"),
    ("tgt_tokens_per_sec", "train/tgt_tokens_per_sec"),
];
/// Those of a validation.
const DEV: [(&str, &str); 5] = [
    ("loss_nats_per_token", "dev/loss_nats_per_token"),
    ("loss_nats_per_char", "dev/loss_nats_per_char"),
    ("bleu", "dev/bleu"),
    ("chrf", "dev/chrf"),
    ("chrf++", "dev/chrf++"),
];
/// Those of a test set.
const TEST: [&str; 4] = ["bleu", "chrf", "chrf++", "ter"];

impl Rows {
    /// No row has been seen yet.
    pub(super) fn new(started_unix_secs: f64) -> Self {
        Self { started_unix_secs, elapsed_secs: 0.0 }
    }

    /// What every file begins with: its version, that nothing before it counts, and the configuration.
    pub(super) fn beginning(&self, config: &str) -> Vec<u8> {
        let wall = self.started_unix_secs;
        let mut bytes = record(wall, 0, &What::Version);
        bytes.extend(record(wall, 0, &What::Restart));
        bytes.extend(record(wall, 0, &What::Text("config", &code_block(config))));
        bytes
    }

    /// The events of a row; none of a row of another kind.
    pub(super) fn events(&mut self, row: &Value) -> Vec<u8> {
        if let Some(elapsed) = row["elapsed_secs"].as_f64() {
            self.elapsed_secs = elapsed;
        }
        let Some(step) = row["step"].as_u64() else { return Vec::new() };
        let wall = self.started_unix_secs + self.elapsed_secs;
        let mut bytes = Vec::new();
        let mut scalar = |tag: &str, value: &Value| {
            // A number that is not finite is `null` in JSON.
            let value = if value.is_null() { Some(f64::NAN) } else { value.as_f64() };
            bytes
                .extend(value.map(|value| record(wall, step, &What::Scalar(tag, value))).unwrap_or_default());
        };
        match row["kind"].as_str() {
            Some("train") => TRAIN.iter().for_each(|(key, tag)| scalar(tag, &row[*key])),
            Some("validate") => DEV.iter().for_each(|(key, tag)| scalar(tag, &row[*key])),
            Some("test") => {
                let set = row["set"].as_str().unwrap_or_default();
                for key in TEST {
                    scalar(&format!("test/{set}/{key}"), &row["scores"][key]["score"]);
                }
            }
            Some("samples") => {
                for (number, sample) in row["samples"].as_array().into_iter().flatten().enumerate() {
                    let tag = format!("samples/{}", number + 1);
                    bytes.extend(record(wall, step, &What::Text(&tag, &sample_text(sample))));
                }
            }
            _ => {}
        }
        bytes
    }
}

/// A sentence, its reference and its translation, as lines of Markdown in which nothing is markup.
fn sample_text(sample: &Value) -> String {
    ["src", "ref", "hyp"]
        .map(|key| format!("    {key}  {}", sample[key].as_str().unwrap_or_default()))
        .join("\n")
}

/// Indented text is shown as it is.
fn code_block(text: &str) -> String {
    text.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}
