//! Configurations, manifests and model directories of strangers: every mutant is accepted or a typed error, in bounded
//! memory and time; no name leads out of a directory; no format that runs code is opened.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "../../../data/tests/hostile/harness.rs"]
mod harness;
#[path = "../../../data/tests/hostile/mutate.rs"]
mod mutate;
#[path = "../../../data/tests/hostile/parts.rs"]
mod parts;
#[path = "../../../data/tests/hostile/paths.rs"]
mod paths;

mod directories;
mod escapes;
mod formats;
mod sizes;

use harness::{Memory, Outcome, rounds, survive};
use std::fs;
use train::config::{ConfigError, parse};

/// As `train::config::load` does with a file.
fn experiment(bytes: &[u8]) -> Outcome {
    if bytes.len() > 1 << 16 {
        return Err("too large".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|fault| fault.to_string())?;
    match parse(text, "config.toml", &[]) {
        Ok(experiment) => {
            assert!(experiment.validate().is_empty());
            Ok(())
        }
        Err(ConfigError::Faults { faults, .. }) => {
            assert!(!faults.is_empty());
            Err(faults[0].message.clone())
        }
        Err(other) => Err(other.to_string()),
    }
}

/// What is typed after `--set`.
fn typed(bytes: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let complete = include_str!("../../../../configs/tiny.toml");
    parse(complete, "config.toml", &[text]).map(drop).map_err(|fault| fault.to_string())
}

#[test]
fn experiments() {
    let configs = ["tiny", "small", "base", "bible"]
        .map(|name| fs::read(format!("{}/../../configs/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap());
    survive("experiment", &configs, rounds(10_000, 100_000), Memory::USUAL, experiment);
    let sets = ["train.learning_rate=3e-4", "model={ d_model = 32 }", "data.train.src='x'", "run.name=a"];
    survive("--set", &sets.map(|set| set.as_bytes().to_vec()), rounds(1000, 50_000), Memory::USUAL, typed);
}
