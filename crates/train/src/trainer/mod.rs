//! The loop: batch → loss → gradients → update, with validations and checkpoints between.

mod progress;
mod step;
mod faults;
mod memory;
mod keep;

pub(crate) use memory::{forget_peak, resident};

use crate::TrainError;
use crate::average::Ema;
use crate::checkpoint::{self, State};
use crate::config::Experiment;
use crate::corpora::{Corpora, DevSet, TrainExamples};
use crate::guard::MARGIN;
use crate::history::{go_on, reason_to_stop};
use crate::interrupt;
use crate::log::{Beside, RunLog, StepRecord};
use crate::optimizer::Optimizer;
use crate::run_dir::RunDir;
use crate::runs;
use crate::validate::Validation;
use burn::tensor::Device;
use data::augment::Augment;
use data::{Loader, LoaderConfig, Tokenizer};
use model::Model;
use progress::Progress;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So many examples tell how often each token comes.
const SAMPLED: usize = 5_000;

/// A run in progress.
#[derive(Debug)]
pub struct Trainer<'a> {
    experiment: &'a Experiment,
    corpora: &'a Corpora,
    run_dir: &'a RunDir,
    tokenizer: Tokenizer,
    loader: Loader,
    dev_set: DevSet,
    device: Device,
    /// Only the update takes it out, so that the weights change in place.
    model: Option<Model>,
    optimizer: Optimizer,
    ema: Option<Ema>,
    state: State,
    log: RunLog,
    /// When this process began, and the training time before it.
    started: (Instant, f64),
    /// When the last log line was written, and the tokens since.
    window: (Instant, usize),
    /// The page about the run could not be written, and that was told.
    report_failed: bool,
    /// Entropy of the targets' tokens by their frequency alone, nats per token.
    entropy: f64,
}

/// What a run starts from: nothing, or a checkpoint.
#[derive(Debug)]
pub struct Start {
    /// The vocabulary.
    pub tokenizer: Tokenizer,
    /// The training examples.
    pub train: TrainExamples,
    /// What the dev loss is measured on.
    pub dev: DevSet,
    /// Where to go on.
    pub checkpoint: Option<checkpoint::Checkpoint>,
}

/// Batches of the training examples, as the experiment mixes and varies them.
fn loader(
    experiment: &Experiment,
    train: TrainExamples,
    tokenizer: &Tokenizer,
) -> Result<Loader, TrainError> {
    let (data, seed) = (&experiment.data, experiment.run.seed);
    let config = LoaderConfig { batch_tokens: experiment.train.batch_tokens, seed };
    let loader = Loader::new(train.examples, config)?.with_mixture(data.train.weights(), train.source_lens);
    if !data.augment.is_on() {
        return Ok(loader);
    }
    Ok(loader.with_augment(Augment::new(tokenizer.clone(), data.augment.clone(), seed)))
}

impl<'a> Trainer<'a> {
    /// Prepares a run on `device` (without a tape).
    ///
    /// # Errors
    ///
    /// An example longer than a batch; a checkpoint whose parts do not fit.
    pub fn new(
        experiment: &'a Experiment,
        corpora: &'a Corpora,
        run_dir: &'a RunDir,
        device: &Device,
        start: Start,
    ) -> Result<Self, TrainError> {
        let Start { tokenizer, train, dev, checkpoint } = start;
        let entropy = token_entropy(&train, &tokenizer)?;
        let mut loader = loader(experiment, train, &tokenizer)?;
        let resumes = checkpoint.is_some();
        let mut progress = match checkpoint {
            None => Progress::new(experiment, corpora, &tokenizer, device),
            Some(saved) => Progress::saved(experiment, saved, device)?,
        };
        let restore = resumes && {
            let every = progress.state.experiment.validate.every;
            progress.state.experiment = experiment.clone();
            let epoch_batches = loader.n_batches(progress.state.cursor.epoch);
            go_on(experiment, &mut progress.state, every, epoch_batches)
        };
        let Progress { model, optimizer, ema, state } = progress;
        let trainer = Self {
            dev_set: dev,
            started: (Instant::now(), state.elapsed_secs),
            window: (Instant::now(), 0),
            device: device.clone(),
            log: open_log(experiment, run_dir, &state)?,
            experiment,
            corpora,
            run_dir,
            tokenizer,
            loader,
            model: Some(model),
            optimizer,
            ema,
            state,
            report_failed: false,
            entropy,
        };
        if restore {
            trainer.restore_best()?;
        }
        Ok(trainer)
    }

    /// Trains to the end and gives the best validation, whose model stands in `best/`.
    ///
    /// # Errors
    ///
    /// A loss or gradient that is not finite; whatever the file system says; a signal, after everything was saved.
    pub fn run(&mut self) -> Result<Validation, TrainError> {
        let train = &self.experiment.train;
        let first = self.state.step;
        interrupt::finish_step_first()
            .map_err(TrainError::io("listen for signals to", self.run_dir.path()))?;
        if first > 0 {
            self.prune()?; // One that was told to end did not wait for it.
        }
        self.fit_memory()?;
        // A request to end may have come before the validation of the last step was over.
        if first > 0 && first.is_multiple_of(self.experiment.validate.every) && !self.is_validated() {
            self.validate_or_save()?;
            self.checkpoint()?;
        }
        let reason = loop {
            if interrupt::requested().is_some() && self.state.step > 0 {
                self.checkpoint()?;
            }
            interrupt::check(self.state.step)?;
            if let Some(reason) = self.reason_to_stop() {
                break reason;
            }
            let _span = tracing::error_span!("epoch", epoch = self.state.cursor.epoch).entered();
            let Some(record) = self.step_or_save()? else { continue };
            if record.step.is_multiple_of(train.log_every) || record.step == 1 || record.nonfinite {
                self.show(record)?;
            }
            self.log.tick(record.step);
            tracing::trace!(?record, "a step");
            let every = self.experiment.validate.every;
            if record.step.is_multiple_of(every) && !self.or_go_back(Self::validate_or_save)? {
                continue;
            }
            if record.step.is_multiple_of(train.checkpoint_every) {
                self.or_go_back(Self::checkpoint)?;
            }
        };
        let step = self.state.step;
        if !self.is_validated() {
            self.validate_or_save()?;
            self.checkpoint()?;
        } else if self.run_dir.steps()?.last() != Some(&step) {
            self.checkpoint()?;
        }
        self.log.finish();
        if step == first {
            tracing::info!("nothing left to train: the run ended after step {step} ({reason})");
        } else {
            tracing::info!("stopped after step {step}: {reason}");
        }
        self.average()
    }

    /// Whether the weights of now were measured.
    fn is_validated(&self) -> bool {
        self.state.validations.last().is_some_and(|last| last.step >= self.state.step)
    }

    /// One step. A step that is interrupted, or that the memory is too small for, leaves all as it was, and that is saved.
    fn step_or_save(&mut self) -> Result<Option<StepRecord>, TrainError> {
        let result = self.step();
        if matches!(result, Err(TrainError::Interrupted { .. } | TrainError::Memory { .. }))
            && self.state.step > 0
        {
            self.checkpoint()?;
        }
        result
    }

    /// Validates or saves. Returns `false` if that found the run diverged, and it went back.
    fn or_go_back(&mut self, what: fn(&mut Self) -> Result<(), TrainError>) -> Result<bool, TrainError> {
        match what(self) {
            Err(TrainError::Diverged { reason, .. }) => self.go_back(reason, MARGIN).map(|()| false),
            result => result.map(|()| true),
        }
    }

    /// Validates; if that is interrupted, the state before it is saved, from which a resumed run makes it again.
    fn validate_or_save(&mut self) -> Result<(), TrainError> {
        let result = self.validate();
        if matches!(result, Err(TrainError::Interrupted { .. })) {
            self.checkpoint()?;
        }
        result
    }

    fn model(&self) -> &Model {
        self.model.as_ref().expect("only the update takes it")
    }

    fn show(&mut self, record: StepRecord) -> Result<(), TrainError> {
        self.run_dir.expect_ours()?;
        self.window = (Instant::now(), 0);
        let memory = kernels::is_cpu(&self.device).then(|| memory::resident("VmRSS")).flatten();
        let beside = Beside { left: self.time_left(), memory_bytes: memory.map(|bytes| bytes as u64) };
        self.log.step(&record, beside)
    }

    /// From the pace so far and the nearest limit that is known.
    fn time_left(&self) -> Option<Duration> {
        let (train, state) = (&self.experiment.train, &self.state);
        let by_steps = (train.max_steps > 0)
            .then(|| state.elapsed_secs * (train.max_steps as f64 / state.step as f64 - 1.0));
        let by_minutes = (train.max_minutes > 0.0).then_some(train.max_minutes * 60.0 - state.elapsed_secs);
        let left = by_steps.into_iter().chain(by_minutes).min_by(f64::total_cmp)?;
        Duration::try_from_secs_f64(left.max(0.0)).ok()
    }

    fn reason_to_stop(&mut self) -> Option<String> {
        let epoch_batches = self.loader.n_batches(self.state.cursor.epoch);
        reason_to_stop(self.experiment, &self.state, epoch_batches)
    }

    /// Says what is about to be trained.
    pub fn announce(&mut self) {
        let model = &self.experiment.model;
        let epoch = self.state.cursor.epoch;
        tracing::info!(
            "model: {} of {} parameters ({}), vocabulary {}",
            model.kind.name(),
            self.model().num_params(),
            model.summary(),
            self.tokenizer.vocab_size(),
        );
        tracing::info!(
            "data: {} examples, {} batches an epoch; run directory {}",
            self.loader.n_examples(),
            self.loader.n_batches(epoch),
            self.run_dir.path().display(),
        );
        // Weights and two moments in float32, and the moving average if there is one.
        let arrays = if self.ema.is_some() { 4 } else { 3 };
        self.run_dir.warn_of_little_room(arrays * 4 * self.n_parameters() as u64);
    }

    /// Writes a row about the end of the run.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write_final(&mut self, row: &impl serde::Serialize) -> Result<(), TrainError> {
        self.log.write("test", row)
    }

    /// Writes the last row: that the run came to its end, or that it gave up.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write_end(&mut self, state: runs::State, reason: Option<String>) -> Result<(), TrainError> {
        let reason = reason.or_else(|| self.reason_to_stop()).unwrap_or_default();
        let row = serde_json::json!({"step": self.state.step, "state": state, "reason": reason});
        self.log.write("end", &row)
    }

    /// Numbers that training changes.
    pub fn n_parameters(&self) -> usize {
        self.model().num_params()
    }
}

fn open_log(experiment: &Experiment, run_dir: &RunDir, state: &State) -> Result<RunLog, TrainError> {
    let end = (experiment.train.max_steps > 0).then_some(experiment.train.max_steps);
    let validated: Vec<u64> = state.validations.iter().map(|validation| validation.step).collect();
    RunLog::open(run_dir.shared_disk(), run_dir.path(), state.step, &validated, end)
}

/// Σ −p log p over the tokens that targets say, from examples evenly spread.
fn token_entropy(train: &TrainExamples, tokenizer: &Tokenizer) -> Result<f64, TrainError> {
    let n = train.examples.len();
    let taken = n.min(SAMPLED);
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    for i in 0..taken {
        for id in train.examples.get(i * n / taken)?.tgt.into_iter().chain([tokenizer.eos_id()]) {
            *counts.entry(id).or_default() += 1;
        }
    }
    let total = counts.values().sum::<u64>() as f64;
    Ok(counts.values().map(|&count| count as f64 / total).map(|p| -p * p.ln()).sum())
}
