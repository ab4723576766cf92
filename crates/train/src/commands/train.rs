//! `train`: from an experiment's file to an evaluated model directory. Continues a stopped run without being asked.

use crate::TrainError;
use crate::checkpoint::{self, Checkpoint, State};
use crate::config::Experiment;
use crate::corpora::{self, Corpora, HeldOut};
use crate::disk::SystemDisk;
use crate::metrics::Scores;
use crate::run_dir::RunDir;
use crate::runs::{Run, State as RunState};
use crate::same_run::{Part, check_same_run};
use crate::trainer::{Start, Trainer};
use crate::translator::Translator;
use crate::validate::{Validation, score};
use crate::{card, device, drill, files, interrupt, model_dir, panics, report};
use burn::tensor::Device;
use page::AttentionPicture;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

/// Lines shown of each test set.
const SAMPLES: usize = 10;

/// Whether a stopped run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// From the newest whole checkpoint, if there is one.
    Resume,
    /// From the newest whole checkpoint, less these parts of it.
    Reset(BTreeSet<Part>),
    /// From nothing: what the run had is deleted.
    Fresh,
}

/// Runs the command; tables go to `out`.
///
/// # Errors
///
/// Anything that [`TrainError`] names.
pub fn run(experiment: &Experiment, beginning: &Beginning, out: &mut impl Write) -> Result<(), TrainError> {
    let _span = tracing::error_span!("run", run = %experiment.run.name).entered();
    interrupt::listen().map_err(TrainError::io("listen for signals to", &experiment.run.path()))?;
    let device = device::open(&experiment.backend)?;
    RunDir::refuse_early(&experiment.run.path())?;
    // What does not fit, or the text cannot give, is found before anything is written or deleted.
    let begins = *beginning == Beginning::Fresh
        || checkpoint::steps(&SystemDisk, &experiment.run.path().join("checkpoints"))?.is_empty();
    let forgotten = match beginning {
        Beginning::Reset(_) if begins => {
            return Err(TrainError::Usage("--reset: the run has no checkpoint to go on from".into()));
        }
        Beginning::Reset(parts) => parts.clone(),
        Beginning::Resume | Beginning::Fresh => BTreeSet::new(),
    };
    let saved = if begins { None } else { newest_state(experiment)? };
    let mut corpora = corpora::read(experiment, &|hashes| match &saved {
        Some((path, state)) => check_same_run(path, state, experiment, hashes, &forgotten),
        None => Ok(()),
    })?;
    let fresh_start = if begins { Some(prepare(experiment, &mut corpora, None)?) } else { None };
    let run_dir = RunDir::open(&experiment.run.path())?;
    if *beginning == Beginning::Fresh {
        run_dir.clear()?;
    }
    let mut checkpoint = checkpoint::newest_whole(&run_dir, u64::MAX, &device)?;
    if let Some(saved) = &mut checkpoint {
        check_same_run(&saved.path, &saved.state, experiment, &corpora.hashes, &forgotten)?;
        saved.forget(&forgotten);
        tracing::info!("resuming after step {} from {}", saved.state.step, saved.path.display());
    }
    let start = match (checkpoint, fresh_start) {
        (None, Some(start)) => start,
        (checkpoint, _) => prepare(experiment, &mut corpora, checkpoint)?,
    };
    tracing::info!("cleaning: {}", corpora.clean_report);
    run_dir.describe(experiment, &corpora)?;
    let mut trainer = Trainer::new(experiment, &corpora, &run_dir, &device, start)?;
    trainer.announce();
    if !forgotten.is_empty() {
        trainer.save_reset()?;
    }
    let best = trainer.run().inspect_err(|error| tell_of_divergence(&mut trainer, error))?;
    finish(experiment, &corpora, &run_dir, &device, &mut trainer, &best, out)
}

/// Leaves word that the run gave up; nothing that fails here is worse than that.
fn tell_of_divergence(trainer: &mut Trainer<'_>, error: &TrainError) {
    if let TrainError::Diverged { reason, .. } = error {
        let _ = trainer.write_end(RunState::Diverged, Some(reason.clone()));
        trainer.write_report(RunState::Diverged, Vec::new());
    }
}

/// Vocabulary and examples: the checkpoint's own, or learnt from the text.
fn prepare(
    experiment: &Experiment,
    corpora: &mut Corpora,
    checkpoint: Option<Checkpoint>,
) -> Result<Start, TrainError> {
    let tokenizer = if let Some(saved) = &checkpoint {
        saved.model_dir.tokenizer.clone()
    } else {
        drill::pass("vocabulary");
        corpora.tokenizer(experiment)?
    };
    let train = corpora.train_examples(experiment, &tokenizer)?;
    let dev = corpora.dev_set(&tokenizer, experiment.train.batch_tokens)?;
    Ok(Start { tokenizer, train, dev, checkpoint })
}

/// What the newest checkpoint that can be read knows.
fn newest_state(experiment: &Experiment) -> Result<Option<(PathBuf, State)>, TrainError> {
    let checkpoints = experiment.run.path().join("checkpoints");
    let steps = checkpoint::steps(&SystemDisk, &checkpoints)?;
    let mut paths = steps.into_iter().rev().map(|step| checkpoint::path(&checkpoints, step));
    Ok(paths.find_map(|path| Some((path.clone(), checkpoint::load_state(&SystemDisk, &path).ok()?))))
}

/// Evaluates `best/` as a user would find it, completes the model card and shows translations: all is written before
/// anything is shown, so that a closed standard output costs nothing.
fn finish(
    experiment: &Experiment,
    corpora: &Corpora,
    run_dir: &RunDir,
    device: &Device,
    trainer: &mut Trainer<'_>,
    best: &Validation,
    out: &mut impl Write,
) -> Result<(), TrainError> {
    let mut translator = Translator::load(&run_dir.best(), device, experiment.backend.precision)?;
    let (mut all, mut translations) = (Vec::new(), Vec::new());
    for set in &corpora.tests {
        let _span = tracing::error_span!("evaluate", set = %set.name).entered();
        tracing::info!("translating {} with the model of step {}", set.name, best.step);
        let (scores, hypotheses) = score(&mut translator, set)?;
        interrupt::check(best.step)?;
        run_dir.expect_ours()?;
        trainer.write_final(&serde_json::json!({"step": best.step, "set": set.name, "scores": scores}))?;
        all.push((set.name.clone(), scores));
        translations.push(hypotheses);
    }
    trainer.write_end(RunState::Finished, None)?;
    drill::pass("best");
    let mut dir = files::read_dir(run_dir.disk(), &run_dir.best())?;
    let card = card::card(experiment, corpora, trainer.n_parameters(), best, &all);
    dir.insert(model_dir::CARD.into(), card.into_bytes());
    run_dir.write_best(&dir)?;
    trainer.write_report(RunState::Finished, pictures(run_dir));
    for ((set, (_, scores)), hypotheses) in corpora.tests.iter().zip(&all).zip(&translations) {
        print_set(set, scores, hypotheses, out).map_err(crate::cli::stdout_error)?;
    }
    let best_dir = run_dir.best();
    let program = std::env::args_os().next().unwrap_or_else(|| "train".into());
    let (program, best_dir) = (program.display(), best_dir.display());
    writeln!(out, "model: {best_dir}\ntry:   {program} translate --model {best_dir} \"How are you?\"")
        .map_err(crate::cli::stdout_error)
}

/// Attention on the run's samples. A page without them is a page, too.
fn pictures(run_dir: &RunDir) -> Vec<AttentionPicture> {
    let run = Run::read(run_dir.disk(), run_dir.path());
    let pictures = |run| {
        let made = panics::caught(|| {
            drill::pass("pictures");
            report::pictures_of(&run)
        });
        made.unwrap_or_else(|report| Err(TrainError::Bug { report }))
    };
    let made = run.map_or(Ok(Vec::new()), pictures);
    made.unwrap_or_else(|error| {
        tracing::warn!("no pictures of attention: {error}");
        Vec::new()
    })
}

fn print_set(
    set: &HeldOut,
    scores: &Scores,
    hypotheses: &[String],
    out: &mut impl Write,
) -> std::io::Result<()> {
    writeln!(out, "\n{} ({} lines)\n{scores}\n", set.name, set.pairs.len())?;
    let n = SAMPLES.min(set.pairs.len());
    for sample in 0..n {
        let index = sample * set.pairs.len() / n;
        let pair = &set.pairs[index];
        writeln!(
            out,
            "source     {}\nreference  {}\nmodel      {}\n",
            pair.src, pair.tgt, hypotheses[index]
        )?;
    }
    Ok(())
}
