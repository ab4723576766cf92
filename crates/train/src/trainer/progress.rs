//! What training changes: all that a checkpoint holds, before the first step or as it was saved.

use crate::TrainError;
use crate::average::Ema;
use crate::checkpoint::{Checkpoint, State};
use crate::config::{Average, Experiment};
use crate::corpora::Corpora;
use crate::guard::Guard;
use crate::model_dir;
use crate::optimizer::Optimizer;
use burn::tensor::Device;
use data::{Cursor, Tokenizer};
use model::Model;

/// What training changes: all that a checkpoint holds.
pub(super) struct Progress {
    pub(super) model: Model,
    pub(super) optimizer: Optimizer,
    pub(super) ema: Option<Ema>,
    pub(super) state: State,
}

impl Progress {
    /// Before the first step.
    pub(super) fn new(
        experiment: &Experiment,
        corpora: &Corpora,
        tokenizer: &Tokenizer,
        device: &Device,
    ) -> Self {
        let ids = model_dir::special_ids(tokenizer);
        let (seed, tape) = (experiment.run.seed, device.clone().autodiff());
        let model = Model::new(&experiment.model, tokenizer.vocab_size(), ids, seed, &tape);
        let keeps = experiment.train.average == Average::Ema;
        let ema = keeps.then(|| Ema::new(experiment.train.ema_decay, &model));
        let state = State {
            step: 0,
            cursor: Cursor::default(),
            tgt_tokens: 0,
            elapsed_secs: 0.0,
            validations: Vec::new(),
            missed_updates: 0,
            guard: Guard::default(),
            experiment: experiment.clone(),
            data_hashes: corpora.hashes.clone(),
        };
        Self { model, optimizer: Optimizer::new(&experiment.train), ema, state }.with_precision(experiment)
    }

    /// As a checkpoint has it.
    pub(super) fn saved(
        experiment: &Experiment,
        saved: Checkpoint,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let Checkpoint { path, state, model_dir, moments, ema } = saved;
        let damaged = |name| TrainError::Damaged { path, reason: format!("moment '{name}' stands alone") };
        let mut optimizer = Optimizer::new(&experiment.train);
        optimizer.load_arrays(state.step - state.missed_updates, moments, device).map_err(damaged)?;
        let ema = ema.map(|arrays| Ema::from_arrays(experiment.train.ema_decay, arrays, device));
        Ok(Self { model: model_dir.model.train(), optimizer, ema, state }.with_precision(experiment))
    }

    pub(super) fn with_precision(self, experiment: &Experiment) -> Self {
        let (_, precision) = self.state.guard.after_fallbacks(experiment.backend.precision);
        Self { model: self.model.with_precision(precision), ..self }
    }
}
