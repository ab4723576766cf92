//! What `metrics.jsonl` says. A row of an older version, one that a crash cut short, and one with numbers that are not finite
//! (`null` in JSON) are read as far as they go.

use crate::metrics::Scores;
use crate::validate::{Samples, Validation};
use serde::Deserialize;
use serde_json::Value;

/// Longer rows are not read: ours hold a few lines of dev with their translations.
const MAX_ROW_BYTES: usize = 4 << 20;

/// One training row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainRow {
    /// From 1.
    pub step: u64,
    /// From 0.
    pub epoch: u64,
    /// The smoothed loss; NaN where it was not finite.
    pub loss_nats_per_token: f64,
    /// Without smoothing.
    pub nll_nats_per_token: f64,
    /// Of the step.
    pub learning_rate: f64,
    /// Before clipping.
    pub gradient_norm: f64,
    /// Since the row before.
    pub tgt_tokens_per_sec: f64,
    /// Training time.
    pub elapsed_secs: f64,
    /// The step was left out.
    pub nonfinite: bool,
}

/// A run that diverged and went back.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct GoBack {
    /// Where it stood.
    pub from: u64,
    /// Where it went on.
    pub step: u64,
    /// What was seen.
    pub reason: String,
}

/// The scores of a test set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TestRow {
    /// Its name.
    pub set: String,
    /// Of its translations.
    pub scores: Scores,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct End {
    /// `finished` or `diverged`.
    pub state: String,
    /// Why.
    pub reason: String,
}

/// All rows by their kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Training.
    pub train: Vec<TrainRow>,
    /// Validations.
    pub validations: Vec<Validation>,
    /// The averaged weights.
    pub average: Option<Validation>,
    /// Test sets.
    pub tests: Vec<TestRow>,
    /// Translations of dev lines.
    pub samples: Vec<Samples>,
    /// Times that the run went back.
    pub go_backs: Vec<GoBack>,
    /// The end, if it came to one.
    pub end: Option<End>,
    /// Lines that could not be read.
    pub n_unreadable: usize,
}

impl Rows {
    /// Reads the text of the file.
    pub fn parse(text: &str) -> Self {
        let mut rows = Self::default();
        for line in text.lines() {
            let row =
                (line.len() <= MAX_ROW_BYTES).then(|| serde_json::from_str::<Value>(line).ok()).flatten();
            if row.is_none_or(|row| rows.take(row).is_none()) {
                rows.n_unreadable += 1;
            }
        }
        rows
    }

    /// `None`: it is a row of a known kind that is not as it should be.
    fn take(&mut self, row: Value) -> Option<()> {
        match row["kind"].as_str()? {
            "train" => self.train.push(train_row(&row)?),
            "validate" => self.validations.push(serde_json::from_value(row).ok()?),
            "average" => self.average = Some(serde_json::from_value(row).ok()?),
            "test" => self.tests.push(serde_json::from_value(row).ok()?),
            "samples" => self.samples.push(serde_json::from_value(row).ok()?),
            "go_back" => self.go_backs.push(serde_json::from_value(row).ok()?),
            "end" => self.end = Some(serde_json::from_value(row).ok()?),
            // Of a later version.
            _ => {}
        }
        Some(())
    }

    /// The last step that is known of.
    pub fn step(&self) -> u64 {
        let trained = self.train.last().map_or(0, |row| row.step);
        self.validations.last().map_or(0, |row| row.step).max(trained)
    }

    /// Training time.
    pub fn elapsed_secs(&self) -> f64 {
        self.train.last().map_or(0.0, |row| row.elapsed_secs)
    }
}

fn train_row(row: &Value) -> Option<TrainRow> {
    let number = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
    Some(TrainRow {
        step: row["step"].as_u64()?,
        epoch: row["epoch"].as_u64().unwrap_or(0),
        loss_nats_per_token: number("loss_nats_per_token"),
        nll_nats_per_token: number("nll_nats_per_token"),
        learning_rate: number("learning_rate"),
        gradient_norm: number("gradient_norm"),
        tgt_tokens_per_sec: number("tgt_tokens_per_sec"),
        elapsed_secs: row["elapsed_secs"].as_f64().unwrap_or(0.0),
        nonfinite: row["nonfinite"].as_bool().unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_far_as_they_go() {
        let text = [
            r#"{"kind":"train","step":1,"epoch":0,"loss_nats_per_token":null,"nonfinite":true}"#,
            r#"{"kind":"validate","step":2,"loss_nats_per_token":1.5,"loss_nats_per_char":0.5,"bleu":1,"chrf":2,"chrf++":3}"#,
            r#"{"kind":"samples","step":2,"samples":[{"src":"a","ref":"b","hyp":"c"}]}"#,
            r#"{"kind":"of the future","x":[]}"#,
            r#"{"kind":"test","set":1}"#,
            r#"["kind"]"#,
            r#"{"kind":"train","st"#,
        ];
        let rows = Rows::parse(&text.join("\n"));
        assert!(rows.train[0].loss_nats_per_token.is_nan() && rows.train[0].nonfinite);
        assert_eq!((rows.step(), rows.n_unreadable), (2, 3));
        assert_eq!((rows.validations[0].chrf_plus_plus, rows.samples[0].samples[0].hyp.as_str()), (3.0, "c"));
    }
}
