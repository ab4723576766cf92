//! `evaluate`: scores of a run's model on its test sets, of a model on any files, or of any two files.

use crate::cli::stdout_error;
use crate::config::{BackendConfig, Experiment};
use crate::corpora::HeldOut;
use crate::metrics::{Scores, evaluate};
use crate::translator::Translator;
use crate::validate::score;
use crate::{TrainError, device};
use data::{DataConfig, LanguagePair, Limits, ParallelFiles, read_parallel};
use std::io::Write;
use std::path::Path;

/// How scores are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One line a score.
    Text,
    /// One JSON object.
    Json,
}

/// Scores the run's best model on `dev`, `test` and every further set. JSON: an object of sets.
///
/// # Errors
///
/// The run has no model; files that cannot be read.
pub fn run_of(experiment: &Experiment, format: Format, out: &mut impl Write) -> Result<(), TrainError> {
    let backend = &experiment.backend;
    let best = experiment.run.path().join("best");
    let mut translator = Translator::load(&best, &device::open(backend)?, backend.precision)?;
    let data = &experiment.data;
    let mut all = serde_json::Map::new();
    for (name, files) in data.held_out() {
        let set = held_out(name, files, &data.languages())?;
        let (scores, _) = score(&mut translator, &set)?;
        if format == Format::Text {
            writeln!(out, "{name} ({} lines)\n{scores}\n", set.pairs.len()).map_err(stdout_error)?;
        }
        all.insert(name.into(), serde_json::to_value(scores).expect("scores are plain data"));
    }
    if format == Format::Json {
        writeln!(out, "{}", serde_json::Value::Object(all)).map_err(stdout_error)?;
    }
    Ok(())
}

/// Scores a model's translations of `src`, with tags before it, against `reference`.
///
/// # Errors
///
/// A model or files that cannot be read; tags that do not fit the model.
pub fn model_on_files(
    model: &Path,
    [src, reference]: [&Path; 2],
    tag: &str,
    backend: &BackendConfig,
    format: Format,
    out: &mut impl Write,
) -> Result<(), TrainError> {
    let mut translator = Translator::load(model, &device::open(backend)?, backend.precision)?;
    translator.set_tags(tag)?;
    let files = ParallelFiles { tag: tag.into(), ..ParallelFiles::pair(src, reference) };
    let set = held_out("files", &files, &DataConfig::default().languages())?;
    print(&score(&mut translator, &set)?.0, format, out)
}

/// Scores the lines of `hypothesis` against those of `reference`.
///
/// # Errors
///
/// Files that cannot be read or do not line up.
pub fn files(
    hypothesis: &Path,
    reference: &Path,
    format: Format,
    out: &mut impl Write,
) -> Result<(), TrainError> {
    let (pairs, _) = read_parallel(
        &ParallelFiles::pair(hypothesis, reference),
        &DataConfig::default().languages(),
        &Limits::default(),
    )?;
    let (hypotheses, references): (Vec<String>, Vec<String>) =
        pairs.into_iter().map(|pair| (pair.src, pair.tgt)).unzip();
    print(&evaluate(&hypotheses, &references)?, format, out)
}

/// A set as it is scored.
pub(crate) fn held_out(
    name: &str,
    files: &ParallelFiles,
    languages: &LanguagePair,
) -> Result<HeldOut, TrainError> {
    let (pairs, _) = read_parallel(files, languages, &Limits::default())?;
    HeldOut::new(name, files, pairs)
}

fn print(scores: &Scores, format: Format, out: &mut impl Write) -> Result<(), TrainError> {
    let text = match format {
        Format::Text => scores.to_string(),
        Format::Json => serde_json::to_string(scores).expect("scores are plain data"),
    };
    writeln!(out, "{text}").map_err(stdout_error)
}
