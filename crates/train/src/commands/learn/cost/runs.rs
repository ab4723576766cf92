//! What finished runs came to: scores, and the same sentences by each model.

use super::Lesson;
use crate::TrainError;
use crate::commands::evaluate::held_out;
use crate::config::{self, Experiment};
use crate::corpora::HeldOut;
use crate::disk::{Disk, SystemDisk};
use crate::translator::Translator;
use crate::validate::spread;
use burn::tensor::Device;
use model::Precision;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A larger log is not read.
const MAX_LOG_BYTES: u64 = 1 << 30;
/// Sentences that are shown.
const SHOWN: usize = 8;

/// A finished run.
pub(super) struct Run {
    experiment: Experiment,
    parameters: usize,
    steps: u64,
    minutes: f64,
    /// Name of the set, BLEU, chrF++.
    scores: Vec<(String, f64, f64)>,
    /// Of the sentences that are shown.
    translations: Vec<String>,
    shown: HeldOut,
}

/// Reads the runs and translates with each.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Run>, TrainError> {
    let mut runs: Vec<Run> = Vec::new();
    for path in paths {
        let run = Run::read(path, runs.first().map(|first| &first.shown))?;
        runs.push(run);
    }
    Ok(runs)
}

impl Run {
    /// Translates `shown`, or, if it is the first run, sentences of its own test set.
    fn read(path: &Path, shown: Option<&HeldOut>) -> Result<Self, TrainError> {
        let experiment = config::load(&path.join("config.toml"), &[])?;
        let rows = rows(&path.join("metrics.jsonl"))?;
        let last = rows.iter().rfind(|row| row["kind"] == "train");
        let scores: Vec<(String, f64, f64)> = rows.iter().filter_map(scores).collect();
        let (Some(last), false) = (last, scores.is_empty()) else {
            return Err(TrainError::Usage(format!(
                "{} has no scores of test sets: it has not ended; name the directory of a run that has",
                path.display()
            )));
        };
        let shown = match shown {
            Some(shown) => shown.clone(),
            None => spread(&test_set(&experiment)?, SHOWN),
        };
        let translator = Translator::load(&path.join("best"), &Device::flex(), Precision::F32)?;
        let translations = translator.translate(&shown.sources(), 0);
        let parameters =
            experiment.model.n_parameters(translator.tokenizer.vocab_size()).unwrap_or(0) as usize;
        let steps = last["step"].as_u64().unwrap_or(0);
        let minutes = last["elapsed_secs"].as_f64().unwrap_or(f64::NAN) / 60.0;
        Ok(Self { experiment, parameters, steps, minutes, scores, translations, shown })
    }

    fn name(&self) -> String {
        format!("{} ({})", self.experiment.run.name, self.experiment.model.kind.name())
    }
}

/// The rows of a run's log.
fn rows(path: &Path) -> Result<Vec<Value>, TrainError> {
    let text = SystemDisk.read_at_most(path, MAX_LOG_BYTES).map_err(TrainError::io("read", path))?;
    // The last row of a run that was killed may be cut.
    Ok(String::from_utf8_lossy(&text).lines().filter_map(|row| serde_json::from_str(row).ok()).collect())
}

fn scores(row: &Value) -> Option<(String, f64, f64)> {
    let score = |metric: &str| row["scores"][metric]["score"].as_f64();
    (row["kind"] == "test").then_some(())?;
    Some((row["set"].as_str()?.to_owned(), score("bleu")?, score("chrf++")?))
}

/// The last held-out set of the experiment that is named `test`, or else any.
fn test_set(experiment: &Experiment) -> Result<HeldOut, TrainError> {
    let data = &experiment.data;
    let sets: Vec<_> = data.held_out().collect();
    let (name, files) =
        sets.iter().find(|(name, _)| *name == "test").or(sets.last()).expect("a run has a dev set");
    held_out(name, files, &data.languages())
}

pub(super) fn add(lesson: &mut Lesson, runs: &[Run]) {
    lesson.heading("What they translate after the same minutes");
    let Some(first) = runs.first() else {
        lesson.formula(
            "train --config configs/small.toml\ntrain --config configs/gru.toml\n\
             train learn cost --runs runs/small runs/gru",
        );
        lesson.text(
            "These train both, for the same time on the same text, and show their scores and translations here.",
        );
        return;
    };
    let head = ["run", "parameters", "steps", "minutes"];
    let row = |run: &Run| {
        [run.name(), run.parameters.to_string(), run.steps.to_string(), format!("{:.1}", run.minutes)]
    };
    lesson.table("", head, runs.iter().map(row).collect());
    let sets: Vec<&str> = first.scores.iter().map(|(name, ..)| name.as_str()).collect();
    let head = ["BLEU / chrF++"].into_iter().chain(sets.iter().copied()).map(str::to_owned).collect();
    let row = |run: &Run| {
        let score = |set: &&str| {
            let found = run.scores.iter().find(|(name, ..)| name == set);
            found.map_or("–".to_owned(), |(_, bleu, chrf)| format!("{bleu:.2} / {chrf:.2}"))
        };
        [run.name()].into_iter().chain(sets.iter().map(score)).collect()
    };
    lesson.wide_table("", head, runs.iter().map(row).collect());
    let languages = [first.experiment.data.src_lang.as_str(), first.experiment.data.tgt_lang.as_str()];
    for (at, pair) in first.shown.pairs.iter().enumerate() {
        let reference = [(pair.src.clone(), pair.tgt.clone())];
        let others = runs.iter().map(|run| (run.name(), run.translations[at].clone()));
        lesson.translations("", languages, reference.into_iter().chain(others).collect());
    }
}
