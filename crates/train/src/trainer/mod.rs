//! The loop: batch → loss → gradients → update, with validations and checkpoints between.

mod keep;

use crate::TrainError;
use crate::average::Ema;
use crate::checkpoint::{self, State};
use crate::config::{Average, Experiment};
use crate::corpora::{Corpora, DevSet, TrainExamples};
use crate::history::{go_on, reason_to_stop};
use crate::interrupt;
use crate::log::{RunLog, StepRecord};
use crate::loss::loss;
use crate::model_dir;
use crate::optimizer::{Optimizer, StepGradients};
use crate::run_dir::RunDir;
use crate::schedule::learning_rate;
use crate::tensors::BatchTensors;
use crate::validate::Validation;
use burn::module::Module;
use burn::tensor::Device;
use data::augment::Augment;
use data::{Batch, Cursor, Loader, LoaderConfig, Tokenizer};
use model::{Pass, Precision, Transformer};
use std::time::{Duration, Instant};

/// The loss of a step in `f16` is scaled down until its gradients are finite, at most to this.
const SMALLEST_SCALE: f64 = 1e-4;

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
    model: Option<Transformer>,
    optimizer: Optimizer,
    ema: Option<Ema>,
    state: State,
    log: RunLog,
    /// When this process began, and the training time before it.
    started: (Instant, f64),
    /// When the last log line was written, and the tokens since.
    window: (Instant, usize),
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
        let seed = experiment.run.seed;
        let mut loader = loader(experiment, train, &tokenizer)?;
        let mut optimizer = Optimizer::new(&experiment.train);
        let average = experiment.train.average;
        let precision = experiment.backend.precision;
        let (model, state, ema, restore) = match checkpoint {
            None => {
                let ids = model_dir::special_ids(&tokenizer);
                let tape = device.clone().autodiff();
                let model = Transformer::new(&experiment.model, tokenizer.vocab_size(), ids, seed, &tape);
                let state = State {
                    step: 0,
                    cursor: Cursor::default(),
                    tgt_tokens: 0,
                    elapsed_secs: 0.0,
                    validations: Vec::new(),
                    experiment: experiment.clone(),
                    data_hashes: corpora.hashes.clone(),
                };
                let ema = (average == Average::Ema).then(|| Ema::new(experiment.train.ema_decay, &model));
                (model, state, ema, false)
            }
            Some(saved) => {
                let damaged = |name| TrainError::Damaged {
                    path: saved.path.clone(),
                    reason: format!("moment '{name}' stands alone"),
                };
                optimizer.load_arrays(saved.state.step, saved.moments, device).map_err(damaged)?;
                let ema =
                    saved.ema.map(|arrays| Ema::from_arrays(experiment.train.ema_decay, arrays, device));
                let every = saved.state.experiment.validate.every;
                let mut state = State { experiment: experiment.clone(), ..saved.state };
                let epoch_batches = loader.n_batches(state.cursor.epoch);
                let goes_on = go_on(experiment, &mut state, every, epoch_batches);
                (saved.model_dir.model.train(), state, ema, goes_on)
            }
        };
        let end = (experiment.train.max_steps > 0).then_some(experiment.train.max_steps);
        let validated: Vec<u64> = state.validations.iter().map(|validation| validation.step).collect();
        let log = RunLog::open(run_dir.shared_disk(), run_dir.path(), state.step, &validated, end)?;
        let trainer = Self {
            dev_set: dev,
            started: (Instant::now(), state.elapsed_secs),
            window: (Instant::now(), 0),
            device: device.clone(),
            experiment,
            corpora,
            run_dir,
            tokenizer,
            loader,
            model: Some(model.with_precision(precision)),
            optimizer,
            ema,
            state,
            log,
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
        interrupt::listen().map_err(TrainError::io("listen for signals to", self.run_dir.path()))?;
        // A request to end may have come before the validation of the last step was over.
        if first > 0 && first.is_multiple_of(self.experiment.validate.every) && !self.is_validated() {
            self.validate_or_save()?;
        }
        let reason = loop {
            if interrupt::requested().is_some() && self.state.step > 0 {
                self.checkpoint()?;
            }
            interrupt::check(self.state.step)?;
            if let Some(reason) = self.reason_to_stop() {
                break reason;
            }
            let record = self.step()?;
            if record.step.is_multiple_of(train.log_every) || record.step == 1 {
                self.show(record)?;
            }
            self.log.tick(record.step);
            if record.step.is_multiple_of(self.experiment.validate.every) {
                self.validate_or_save()?;
            }
            if record.step.is_multiple_of(train.checkpoint_every) {
                self.checkpoint()?;
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

    /// Validates; if that is interrupted, the state before it is saved, from which a resumed run makes it again.
    fn validate_or_save(&mut self) -> Result<(), TrainError> {
        let result = self.validate();
        if matches!(result, Err(TrainError::Interrupted { .. })) {
            self.checkpoint()?;
        }
        result
    }

    /// One optimizer step.
    fn step(&mut self) -> Result<StepRecord, TrainError> {
        let train = &self.experiment.train;
        let step = self.state.step + 1;
        let mut cursor = self.state.cursor;
        let batch = self.loader.next(&mut cursor)?;
        let tgt_tokens = batch.n_tgt_tokens();
        let budget = if train.micro_batch_tokens == 0 { usize::MAX } else { train.micro_batch_tokens };
        let micro_batches = batch.split(budget);
        let mut scale = self.first_scale(tgt_tokens);
        let (gradients, norm, sum, nll) = loop {
            let (gradients, sum, nll) = self.gradients(&micro_batches, step, scale, tgt_tokens);
            let norm = gradients.norm();
            let overflown = sum.is_finite() && !norm.is_finite();
            if !overflown || self.experiment.backend.precision != Precision::F16 || scale < SMALLEST_SCALE {
                break (gradients, norm, sum, nll);
            }
            scale *= 0.25;
        };
        for (what, value) in [("the loss", sum), ("the gradient norm", norm)] {
            if !value.is_finite() {
                return Err(TrainError::NotFinite { what, value, step });
            }
        }
        let learning_rate = learning_rate(train, self.experiment.model.d_model, step);
        let model = self.model.take().expect("only the update takes it");
        let model = self.model.insert(self.optimizer.step(model, gradients, norm, learning_rate));
        if let Some(ema) = &mut self.ema {
            ema.update(model);
        }
        self.state.step = step;
        self.state.cursor = cursor;
        self.state.tgt_tokens += tgt_tokens as u64;
        self.state.elapsed_secs = self.started.1 + self.started.0.elapsed().as_secs_f64();
        self.window.1 += tgt_tokens;
        let per_token = 1.0 / tgt_tokens as f64;
        Ok(StepRecord {
            step,
            epoch: cursor.epoch,
            loss_nats_per_token: sum * per_token,
            nll_nats_per_token: nll * per_token,
            learning_rate,
            gradient_norm: norm,
            tgt_tokens,
            tgt_tokens_per_sec: self.window.1 as f64 / self.window.0.elapsed().as_secs_f64(),
            elapsed_secs: self.state.elapsed_secs,
        })
    }

    /// Gradients of `scale` times the mean loss, and the sums of the loss and of the negative log-likelihood.
    fn gradients(
        &self,
        micro_batches: &[Batch],
        step: u64,
        scale: f64,
        tgt_tokens: usize,
    ) -> (StepGradients, f64, f64) {
        let (seed, dropout) = (self.experiment.run.seed, self.experiment.model.dropout);
        let tape = self.device.clone().autodiff();
        let model = self.model();
        let (mut gradients, mut sum, mut nll) = (StepGradients::scaled(scale), 0.0, 0.0);
        for (index, micro_batch) in micro_batches.iter().enumerate() {
            let pass = Pass::training(dropout, seed, step, index as u64);
            let smoothing = self.experiment.train.label_smoothing;
            let sums = loss(model, BatchTensors::new(micro_batch, &tape), smoothing, &pass);
            nll += f64::from(sums.nll.into_scalar::<f32>());
            sum += f64::from(sums.loss.clone().into_scalar::<f32>());
            gradients.add(model, &mut (sums.loss / (tgt_tokens as f64 / scale)).backward());
        }
        (gradients, sum, nll)
    }

    /// The factor on the loss before its backward pass. Gradients of a mean over thousands of tokens vanish in `f16`:
    /// there the loss is taken as a sum at first. It does not depend on earlier steps, so that a resume is exact.
    fn first_scale(&self, tgt_tokens: usize) -> f64 {
        match self.experiment.backend.precision {
            Precision::F16 => (tgt_tokens as f64).log2().floor().exp2(),
            Precision::F32 | Precision::Bf16 => 1.0,
        }
    }

    fn model(&self) -> &Transformer {
        self.model.as_ref().expect("only the update takes it")
    }

    fn show(&mut self, record: StepRecord) -> Result<(), TrainError> {
        self.window = (Instant::now(), 0);
        self.log.step(&record, self.time_left())
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
            "model: {} parameters (d_model {}, d_ff {}, {} heads, {}+{} layers), vocabulary {}",
            self.model().num_params(),
            model.d_model,
            model.d_ff,
            model.n_heads,
            model.n_encoder_layers,
            model.n_decoder_layers,
            self.tokenizer.vocab_size(),
        );
        tracing::info!(
            "data: {} examples, {} batches an epoch; run directory {}",
            self.loader.n_examples(),
            self.loader.n_batches(epoch),
            self.run_dir.path().display(),
        );
        // Weights and two moments in float32.
        self.run_dir.warn_of_little_room(3 * 4 * self.n_parameters() as u64);
    }

    /// Writes a row about the end of the run.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write_final(&mut self, row: &impl serde::Serialize) -> Result<(), TrainError> {
        self.log.write("test", row)
    }

    /// Numbers that training changes.
    pub fn n_parameters(&self) -> usize {
        self.model().num_params()
    }
}
