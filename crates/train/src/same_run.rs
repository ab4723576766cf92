//! Whether a run that goes on is the run of its checkpoint: the keys that must not change, and the parts of the past that
//! can be forgotten so that they may.

use crate::TrainError;
use crate::checkpoint::State;
use crate::config::Experiment;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a run that goes on can be made to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Part {
    /// The optimizer's moments, and how often it stepped.
    Optimizer,
    /// Where the schedule of the learning rate stands, and what fallbacks took off it.
    Schedule,
    /// The place in the training text.
    Data,
    /// The validations, and with them which model is the best.
    Best,
}

impl Part {
    /// Keys that may change when this is forgotten; `text of …` stands for the text itself.
    fn frees(self) -> &'static [&'static str] {
        match self {
            Self::Optimizer => {
                &["backend.precision", "train.optimizer", "train.beta_1", "train.beta_2", "train.epsilon"]
            }
            Self::Schedule => &[],
            Self::Data => &[
                "run.seed",
                "data.train",
                "data.clean",
                "data.augment",
                "data.on_bad_utf8",
                "train.batch_tokens",
                "train.label_smoothing",
                "text of data.train",
            ],
            Self::Best => &["data.dev", "train.average", "text of data.dev"],
        }
    }
}

/// Keys whose change would make the run another one.
const FIXED: [&str; 21] = [
    "run.seed",
    "backend.precision",
    "data.src_lang",
    "data.tgt_lang",
    "data.train.weight",
    "data.train.max_pairs",
    "data.train.tag",
    "data.dev.tag",
    "data.normalize",
    "data.clean",
    "data.augment",
    "data.on_bad_utf8",
    "tokenizer",
    "model",
    "train.batch_tokens",
    "train.optimizer",
    "train.beta_1",
    "train.beta_2",
    "train.epsilon",
    "train.label_smoothing",
    "train.average",
];

/// Holds the present configuration and data against those of a checkpoint; what belongs to `forgotten` parts may differ.
///
/// # Errors
///
/// A fixed key or the training text differs: every difference with both values.
pub fn check_same_run(
    checkpoint: &Path,
    saved: &State,
    experiment: &Experiment,
    hashes: &BTreeMap<String, String>,
    forgotten: &BTreeSet<Part>,
) -> Result<(), TrainError> {
    let is_of = |key: &str, listed: &str| {
        key == listed || key.strip_prefix(listed).is_some_and(|rest| rest.starts_with('.'))
    };
    let free = |key: &str| forgotten.iter().flat_map(|part| part.frees()).any(|free| is_of(key, free));
    let (before, now) = (flatten(&saved.experiment), flatten(experiment));
    let fixed = |key: &str| FIXED.iter().any(|fixed| is_of(key, fixed)) && !free(key);
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let shown = |values: &BTreeMap<String, String>, key| values.get(key).cloned().unwrap_or("nothing".into());
    let mut differences: Vec<String> = keys
        .into_iter()
        .filter(|key| fixed(key) && before.get(*key) != now.get(*key))
        .map(|key| format!("  {key}: saved {}, now {}", shown(&before, key), shown(&now, key)))
        .collect();
    for set in ["train", "dev"] {
        let (before, now) = (saved.data_hashes.get(set), hashes.get(set));
        if before != now && !free(&format!("text of data.{set}")) {
            let short = |hash: Option<&String>| {
                hash.map_or("nothing".into(), |hash| hash.chars().take(12).collect::<String>())
            };
            differences.push(format!(
                "  text of data.{set} (BLAKE3): saved {}, now {}",
                short(before),
                short(now)
            ));
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(TrainError::Mismatch { checkpoint: checkpoint.into(), differences: differences.join("\n") })
}

/// Every value of the configuration by its full key.
fn flatten(experiment: &Experiment) -> BTreeMap<String, String> {
    fn walk(prefix: &str, value: &serde_json::Value, into: &mut BTreeMap<String, String>) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    walk(&key, value, into);
                }
            }
            other => {
                into.insert(prefix.into(), plain(other));
            }
        }
    }
    let mut flat = BTreeMap::new();
    walk("", &serde_json::to_value(experiment).expect("the configuration is plain data"), &mut flat);
    flat
}

/// A value as it was written: a number of 32 bits has more digits in JSON.
fn plain(value: &serde_json::Value) -> String {
    match value.as_f64() {
        Some(number) if value.is_f64() && f64::from(number as f32) == number => {
            format!("{:?}", number as f32)
        }
        _ => value.to_string(),
    }
}
