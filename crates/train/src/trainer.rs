//! The loop: batch → loss → gradients → update, with validations and checkpoints between.

use crate::TrainError;
use crate::average::{Ema, mean};
use crate::card::card;
use crate::checkpoint::{self, State};
use crate::config::{Average, Experiment};
use crate::corpora::Corpora;
use crate::files;
use crate::log::{RunLog, StepRecord};
use crate::loss::loss;
use crate::model_dir::{self, DirConfig};
use crate::optimizer::{Optimizer, StepGradients};
use crate::run_dir::RunDir;
use crate::schedule::learning_rate;
use crate::tensors::BatchTensors;
use crate::translator::Translator;
use crate::validate::{Validation, dev_loss, score, spread};
use burn::module::Module;
use burn::tensor::Device;
use data::{Cursor, Example, Loader, LoaderConfig, Tokenizer};
use model::weights::{self, Arrays};
use model::{Pass, Transformer};
use std::time::{Duration, Instant};

/// A run in progress.
#[derive(Debug)]
pub struct Trainer<'a> {
    experiment: &'a Experiment,
    corpora: &'a Corpora,
    run_dir: &'a RunDir,
    tokenizer: Tokenizer,
    loader: Loader,
    dev_examples: Vec<Example>,
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
    pub examples: Vec<Example>,
    /// Where to go on.
    pub checkpoint: Option<checkpoint::Checkpoint>,
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
        let Start { tokenizer, examples, checkpoint } = start;
        let seed = experiment.run.seed;
        let loader = Loader::new(examples, LoaderConfig { batch_tokens: experiment.train.batch_tokens, seed })?;
        let mut optimizer = Optimizer::new(&experiment.train);
        let average = experiment.train.average;
        let (model, state, ema) = match checkpoint {
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
                (model, state, ema)
            }
            Some(saved) => {
                let damaged = |name| TrainError::Damaged { path: saved.path.clone(), reason: format!("moment '{name}' stands alone") };
                optimizer.load_arrays(saved.state.step, saved.moments, device).map_err(damaged)?;
                let ema = saved.ema.map(|arrays| Ema::from_arrays(experiment.train.ema_decay, arrays, device));
                let state = State { experiment: experiment.clone(), ..saved.state };
                (saved.model_dir.model.train(), state, ema)
            }
        };
        let end = (experiment.train.max_steps > 0).then_some(experiment.train.max_steps);
        let log = RunLog::open(run_dir.path(), state.step, end)?;
        Ok(Self {
            dev_examples: corpora.dev_examples(&tokenizer),
            started: (Instant::now(), state.elapsed_secs),
            window: (Instant::now(), 0),
            device: device.clone(),
            experiment, corpora, run_dir, tokenizer, loader, model: Some(model), optimizer, ema, state, log,
        })
    }

    /// Trains to the end and gives the best validation, whose model stands in `best/`.
    ///
    /// # Errors
    ///
    /// A loss or gradient that is not finite; whatever the file system says.
    pub fn run(&mut self) -> Result<Validation, TrainError> {
        let train = &self.experiment.train;
        let reason = loop {
            if let Some(reason) = self.reason_to_stop() {
                break reason;
            }
            let record = self.step()?;
            if record.step.is_multiple_of(train.log_every) || record.step == 1 {
                self.show(record)?;
            }
            self.log.tick(record.step);
            if record.step.is_multiple_of(self.experiment.validate.every) {
                self.validate()?;
            }
            if record.step.is_multiple_of(train.checkpoint_every) {
                self.checkpoint()?;
            }
        };
        if self.state.validations.last().is_none_or(|last| last.step < self.state.step) {
            self.validate()?;
            self.checkpoint()?;
        }
        self.log.finish();
        tracing::info!("stopped after step {}: {reason}", self.state.step);
        self.average()
    }

    /// One optimizer step.
    fn step(&mut self) -> Result<StepRecord, TrainError> {
        let (train, seed) = (&self.experiment.train, self.experiment.run.seed);
        let step = self.state.step + 1;
        let epoch = self.state.cursor.epoch;
        let mut cursor = self.state.cursor;
        let batch = self.loader.next(&mut cursor);
        let tgt_tokens = batch.n_tgt_tokens();
        let budget = if train.micro_batch_tokens == 0 { usize::MAX } else { train.micro_batch_tokens };
        let tape = self.device.clone().autodiff();
        let model = self.model.as_ref().expect("only the update takes it");
        let (mut gradients, mut sum, mut nll) = (StepGradients::default(), 0.0, 0.0);
        for (index, micro_batch) in batch.split(budget).iter().enumerate() {
            let pass = Pass::training(self.experiment.model.dropout, seed, step, index as u64);
            let sums = loss(model, BatchTensors::new(micro_batch, &tape), train.label_smoothing, &pass);
            nll += f64::from(sums.nll.into_scalar::<f32>());
            sum += f64::from(sums.loss.clone().into_scalar::<f32>());
            gradients.add(model, &mut (sums.loss / tgt_tokens as f64).backward());
        }
        let norm = gradients.norm();
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
            epoch,
            loss_nats_per_token: sum * per_token,
            nll_nats_per_token: nll * per_token,
            learning_rate,
            gradient_norm: norm,
            tgt_tokens,
            tgt_tokens_per_sec: self.window.1 as f64 / self.window.0.elapsed().as_secs_f64(),
            elapsed_secs: self.state.elapsed_secs,
        })
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
        let by_minutes = (train.max_minutes > 0.0).then(|| train.max_minutes * 60.0 - state.elapsed_secs);
        let left = by_steps.into_iter().chain(by_minutes).min_by(f64::total_cmp)?;
        Some(Duration::from_secs_f64(left.max(0.0)))
    }

    fn reason_to_stop(&mut self) -> Option<String> {
        let (train, state) = (&self.experiment.train, &self.state);
        let patience = self.experiment.validate.patience;
        let epoch_done = state.cursor.batch >= self.loader.n_batches(state.cursor.epoch) as u64;
        let epochs = state.cursor.epoch + u64::from(epoch_done);
        if train.max_steps > 0 && state.step >= train.max_steps {
            Some(format!("train.max_steps = {}", train.max_steps))
        } else if train.max_epochs > 0 && epochs >= train.max_epochs {
            Some(format!("train.max_epochs = {}", train.max_epochs))
        } else if train.max_minutes > 0.0 && state.elapsed_secs >= train.max_minutes * 60.0 {
            Some(format!("train.max_minutes = {}", train.max_minutes))
        } else if patience > 0 && self.validations_since_best() >= patience {
            Some(format!("validate.patience = {patience} validations without a better one"))
        } else {
            None
        }
    }

    fn best(&self) -> Option<&Validation> {
        let metric = self.experiment.validate.metric;
        // Of equal ones the first.
        self.state.validations.iter().rev().max_by(|a, b| a.merit(metric).total_cmp(&b.merit(metric)))
    }

    fn validations_since_best(&self) -> u64 {
        let best = self.best().map_or(0, |best| best.step);
        self.state.validations.iter().filter(|validation| validation.step > best).count() as u64
    }

    /// Measures the weights of now; they become `best/` if no earlier ones are as good.
    fn validate(&mut self) -> Result<(), TrainError> {
        let weights = weights::to_arrays(self.model());
        let arrays = self.ema.as_ref().map_or_else(|| weights.clone(), |ema| ema.to_arrays(&weights));
        let validation = self.measure(self.state.step, &arrays)?;
        let metric = self.experiment.validate.metric;
        let better = self.best().is_none_or(|best| validation.merit(metric) > best.merit(metric));
        self.log.write("validate", &validation)?;
        self.log.say(&format!(
            "step {}  dev loss {:.4}  perplexity {:.2}  BLEU {:.2}  chrF {:.2}  chrF++ {:.2}{}",
            validation.step,
            validation.loss_nats_per_token,
            validation.loss_nats_per_token.exp(),
            validation.bleu,
            validation.chrf,
            validation.chrf_plus_plus,
            if better { "  (best so far)" } else { "" },
        ));
        if better {
            self.write_best(&arrays, &validation)?;
        }
        self.state.validations.push(validation);
        if matches!(self.experiment.train.average, Average::Last | Average::Best) {
            let path = self.run_dir.snapshot(self.state.step);
            let dir = path.parent().expect("snapshots lie in a directory");
            std::fs::create_dir_all(dir).map_err(TrainError::io("create", dir))?;
            files::write_file(&path, &weights::to_safetensors(&arrays, [].into()))?;
        }
        self.window = (Instant::now(), 0);
        Ok(())
    }

    /// Dev loss and scores of the given weights.
    fn measure(&self, step: u64, arrays: &Arrays) -> Result<Validation, TrainError> {
        let config = &self.experiment.validate;
        let model = weights::from_arrays(self.model().valid(), arrays.clone(), &self.run_dir.best())?;
        let (nats, tokens) = dev_loss(&model, &self.dev_examples, self.experiment.train.batch_tokens, &self.device);
        let mut search = self.experiment.search.clone();
        search.beam_size = config.beam_size;
        let (tokenizer, normalizer) = (self.tokenizer.clone(), self.corpora.normalizer.clone());
        let translator = Translator { model, tokenizer, normalizer, search, sampling: None, n_best: 1 };
        let (scores, _) = score(&translator, &spread(&self.corpora.dev, config.max_lines))?;
        Ok(Validation {
            step,
            loss_nats_per_token: nats / tokens as f64,
            loss_nats_per_char: nats / self.corpora.dev_characters() as f64,
            bleu: scores.bleu.score,
            chrf: scores.chrf.score,
            chrf_plus_plus: scores.chrf_plus_plus.score,
        })
    }

    fn model_files(&self, arrays: &Arrays, validation: Option<&Validation>) -> files::Files {
        let config = DirConfig::new(self.experiment, &self.tokenizer);
        let card = validation
            .map_or(String::new(), |best| card(self.experiment, self.corpora, self.model().n_parameters(), best, &[]));
        model_dir::to_files(&config, &self.tokenizer, arrays, &card)
    }

    fn write_best(&self, arrays: &Arrays, validation: &Validation) -> Result<(), TrainError> {
        files::write_dir(&self.run_dir.best(), &self.model_files(arrays, Some(validation)))
    }

    fn checkpoint(&mut self) -> Result<(), TrainError> {
        let arrays = weights::to_arrays(self.model());
        let ema = self.ema.as_ref().map(|ema| ema.to_arrays(&arrays));
        let files = self.model_files(&arrays, self.state.validations.last());
        let moments = self.optimizer.to_arrays();
        checkpoint::save(&self.run_dir.checkpoints(), &self.state, files, &moments, ema.as_ref())?;
        let wanted = |state: &State| wanted_snapshots(self.experiment, &state.validations);
        self.run_dir.prune(self.experiment.train.keep_checkpoints, &wanted(&self.state), wanted)?;
        self.window = (Instant::now(), 0);
        Ok(())
    }

    /// Averages the chosen snapshots; their mean becomes `best/` if it is better than the best.
    fn average(&mut self) -> Result<Validation, TrainError> {
        let best = self.best().expect("a run ends with a validation").clone();
        let steps = wanted_snapshots(self.experiment, &self.state.validations);
        if steps.len() < 2 {
            return Ok(best);
        }
        let mut models = Vec::new();
        for &step in &steps {
            let path = self.run_dir.snapshot(step);
            let bytes = std::fs::read(&path).map_err(TrainError::io("read", &path))?;
            models.push(weights::from_safetensors(&bytes, &path)?);
        }
        let arrays = mean(&models);
        let averaged = self.measure(self.state.step, &arrays)?;
        let metric = self.experiment.validate.metric;
        let better = averaged.merit(metric) > best.merit(metric);
        tracing::info!(
            "average of steps {steps:?}: dev loss {:.4}, chrF++ {:.2}: {} the best step's ({:.4}, {:.2})",
            averaged.loss_nats_per_token,
            averaged.chrf_plus_plus,
            if better { "better than" } else { "not better than" },
            best.loss_nats_per_token,
            best.chrf_plus_plus,
        );
        self.log.write("average", &averaged)?;
        if better {
            self.write_best(&arrays, &averaged)?;
            return Ok(averaged);
        }
        // An earlier, interrupted end of this run may have put an average there.
        let snapshot = self.run_dir.snapshot(best.step);
        if let Ok(bytes) = std::fs::read(&snapshot) {
            self.write_best(&weights::from_safetensors(&bytes, &snapshot)?, &best)?;
        }
        Ok(best)
    }

    /// Says what is about to be trained.
    pub fn announce(&mut self) {
        let model = &self.experiment.model;
        let epoch = self.state.cursor.epoch;
        tracing::info!(
            "model: {} parameters (d_model {}, d_ff {}, {} heads, {}+{} layers), vocabulary {}",
            self.model().n_parameters(),
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
        self.model().n_parameters()
    }
}

/// The steps whose weights the average is taken of.
fn wanted_snapshots(experiment: &Experiment, validations: &[Validation]) -> Vec<u64> {
    let (metric, n) = (experiment.validate.metric, experiment.train.average_checkpoints);
    let mut chosen: Vec<&Validation> = validations.iter().collect();
    match experiment.train.average {
        Average::None | Average::Ema => return Vec::new(),
        Average::Last => chosen.reverse(),
        Average::Best => chosen.sort_by(|a, b| b.merit(metric).total_cmp(&a.merit(metric)).then(a.step.cmp(&b.step))),
    }
    chosen.truncate(n);
    let mut steps: Vec<u64> = chosen.into_iter().map(|validation| validation.step).collect();
    steps.sort_unstable();
    steps
}
