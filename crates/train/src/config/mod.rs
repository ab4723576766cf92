//! The experiment: one TOML file says everything about a run.
//!
//! Sections that other crates obey are defined there ([`data::DataConfig`], [`model::ModelConfig`], …); this module
//! adds those of training and reads the whole file with all its faults at once.

mod fault;
mod schema;
mod synonyms;
mod suggest;
mod check;
mod walk;
mod syntax;
mod resolved;
mod load;
mod explain;
mod ranges;
mod defaults;
mod json_schema;
mod reference;
mod recipe;

pub use fault::{ConfigError, Place, PlacedFault};
pub use json_schema::json_schema;
pub use load::{VARIABLE, load, parse, resolve};
pub use recipe::Plan;
pub use reference::reference;
pub use resolved::{Origin, Resolved};

use defaults::Defaults;

use model::Precision;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Everything about a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Experiment {
    /// Name, place and seed.
    pub run: RunConfig,
    /// Where tensors live.
    pub backend: BackendConfig,
    /// Corpora and how text is treated.
    pub data: data::DataConfig,
    /// The joint vocabulary.
    pub tokenizer: data::TokenizerConfig,
    /// The shape of the model.
    pub model: model::ModelConfig,
    /// The optimisation.
    pub train: TrainConfig,
    /// What is measured while training, and when to stop.
    pub validate: ValidateConfig,
    /// How targets are searched.
    pub search: model::search::SearchConfig,
}

/// The name beside those of runs.
const PREPARED: &str = "prepared";

/// A name is a directory, and leaves room for a suffix.
const MAX_NAME_BYTES: usize = 200;

/// The section `[run]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunConfig {
    /// The run's files lie in `dir`/`name`.
    pub name: String,
    /// The directory of all runs.
    pub dir: PathBuf,
    /// Initial weights, dropout and the order of the data are functions of it.
    pub seed: u64,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self { name: "run".into(), dir: "runs".into(), seed: 1 }
    }
}

impl RunConfig {
    /// The run's own directory.
    pub fn path(&self) -> PathBuf {
        self.dir.join(&self.name)
    }

    /// Where prepared training text lies, which runs share.
    pub fn prepared(&self) -> PathBuf {
        self.dir.join(PREPARED)
    }
}

/// The section `[backend]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackendConfig {
    /// The name of a backend, e.g. `cpu`, or `auto`; see [`crate::device`].
    pub kind: String,
    /// Which of its devices, from 0; also as part of the name: `wgpu:1`.
    pub device: usize,
    /// What the model computes in.
    pub precision: Precision,
}

impl Default for BackendConfig {
    fn default() -> Self {
        Self { kind: "cpu".into(), device: 0, precision: Precision::F32 }
    }
}

/// The section `[train]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Stop after this many optimizer steps; 0: no limit.
    pub max_steps: u64,
    /// Stop after this many passes over the data; 0: no limit.
    pub max_epochs: u64,
    /// Stop after this many minutes of training, over all resumptions; 0: no limit.
    pub max_minutes: f64,
    /// Tokens of one step, padding included, counted on the longer side.
    pub batch_tokens: usize,
    /// Tokens of one forward and backward pass: a step is cut into as many as needed; 0: one pass. Bounds memory and
    /// does not change the result.
    pub micro_batch_tokens: usize,
    /// Peak learning rate (for `noam` the factor before the formula).
    pub learning_rate: f64,
    /// No schedule goes below it: neither the warm-up at its start nor the fall at its end.
    pub min_learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Steps over which the learning rate rises from 0.
    pub warmup_steps: u64,
    /// The update rule.
    pub optimizer: OptimizerKind,
    /// Decay of the mean of gradients.
    pub beta_1: f64,
    /// Decay of the mean of squared gradients.
    pub beta_2: f64,
    /// Added to the root of the mean of squared gradients.
    pub epsilon: f64,
    /// Decoupled weight decay (`adamw` only); not applied to biases and norms.
    pub weight_decay: f64,
    /// Gradients are scaled down to this global norm; 0: never.
    pub clip_norm: f64,
    /// Probability taken from the right token and spread over the vocabulary.
    pub label_smoothing: f32,
    /// What to do when the loss explodes or numbers stay not finite.
    pub on_divergence: OnDivergence,
    /// Steps between checkpoints.
    pub checkpoint_every: u64,
    /// Checkpoints that are kept, the newest.
    pub keep_checkpoints: usize,
    /// Steps between log lines.
    pub log_every: u64,
    /// Which weights the final model has.
    pub average: Average,
    /// How many checkpoints `average = "best"` or `"last"` takes, one from each validation.
    pub average_checkpoints: usize,
    /// Decay of `average = "ema"` for each step.
    pub ema_decay: f64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            max_steps: 10_000,
            max_epochs: 0,
            max_minutes: 0.0,
            batch_tokens: 2048,
            micro_batch_tokens: 0,
            learning_rate: 1e-3,
            min_learning_rate: 0.0,
            schedule: Schedule::InverseSqrt,
            warmup_steps: 1000,
            optimizer: OptimizerKind::Adamw,
            beta_1: 0.9,
            beta_2: 0.98,
            epsilon: 1e-8,
            weight_decay: 1e-4,
            clip_norm: 1.0,
            label_smoothing: 0.1,
            on_divergence: OnDivergence::GoBack,
            checkpoint_every: 500,
            keep_checkpoints: 2,
            log_every: 50,
            average: Average::None,
            average_checkpoints: 5,
            ema_decay: 0.999,
        }
    }
}

/// How the learning rate changes with the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The paper (§5.3, eq. 3): `learning_rate` · `d_model`^−0.5 · min(t^−0.5, t · warmup^−1.5).
    Noam,
    /// Up to the peak, then ∝ 1/√t.
    InverseSqrt,
    /// Up to the peak, then straight down to 0 at `max_steps`.
    Linear,
    /// Up to the peak, then along half a cosine to 0 at `max_steps`.
    Cosine,
    /// Up to the peak and no further change.
    Constant,
}

/// The update rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    /// Kingma & Ba 2015, arXiv:1412.6980.
    Adam,
    /// Loshchilov & Hutter 2019, arXiv:1711.05101.
    Adamw,
}

/// What to do when a run diverges ([`crate::guard`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDivergence {
    /// Back to a checkpoint from before it, with half the learning rate; at most three times.
    GoBack,
    /// End the run.
    Stop,
    /// Nothing, as long as the numbers are finite.
    Ignore,
}

impl OnDivergence {
    /// Whether an exploding loss matters.
    pub fn is_watched(self) -> bool {
        self != Self::Ignore
    }
}

/// Which weights the final model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Average {
    /// Those of the best validation.
    None,
    /// The mean of the last validations' weights, if it scores better than the best.
    Last,
    /// The mean of the best validations' weights, if it scores better than the best.
    Best,
    /// An exponential moving average over all steps; it is what is validated.
    Ema,
}

/// The section `[validate]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ValidateConfig {
    /// Steps between validations.
    pub every: u64,
    /// What the best checkpoint is chosen by.
    pub metric: Metric,
    /// Stop after this many validations without a better one; 0: never.
    pub patience: u64,
    /// Hypotheses kept while searching dev translations; 1 is greedy and fast.
    pub beam_size: usize,
    /// Translate at most this many dev lines, evenly spread; 0: all. The dev loss always takes all.
    pub max_lines: usize,
}

impl Default for ValidateConfig {
    fn default() -> Self {
        Self { every: 500, metric: Metric::ChrfPlusPlus, patience: 0, beam_size: 1, max_lines: 0 }
    }
}

/// What the best checkpoint is chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// Dev cross-entropy, nats per token; lower is better.
    #[serde(rename = "loss")]
    Loss,
    /// Higher is better.
    #[serde(rename = "bleu")]
    Bleu,
    /// Higher is better.
    #[serde(rename = "chrf")]
    Chrf,
    /// Higher is better.
    #[serde(rename = "chrf++")]
    ChrfPlusPlus,
}

/// Something wrong with a value: its full key and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key from the root, e.g. `train.max_steps`.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Experiment {
    /// Everything that is wrong with the values, all at once.
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut add = |section: &str, key: String, message: String| {
            faults.push(Fault { key: format!("{section}.{key}"), message });
        };
        self.run.validate().into_iter().for_each(|(key, message)| add("run", key.into(), message));
        self.data.validate().into_iter().for_each(|fault| add("data", fault.key, fault.message));
        self.tokenizer.validate().into_iter().for_each(|fault| add("tokenizer", fault.key, fault.message));
        self.model.validate().into_iter().for_each(|fault| add("model", fault.key, fault.message));
        self.train.validate().into_iter().for_each(|(key, message)| add("train", key.into(), message));
        self.validate.validate().into_iter().for_each(|(key, message)| add("validate", key.into(), message));
        self.search.validate().into_iter().for_each(|fault| add("search", fault.key, fault.message));
        if self.tokenizer.validate().is_empty() {
            let vocab_size = self.tokenizer.vocab_size;
            self.model.vocab_fault(vocab_size).into_iter().for_each(|f| add("model", f.key, f.message));
            self.train.logits_fault(vocab_size).into_iter().for_each(|(k, m)| add("train", k.into(), m));
        }
        faults
    }
}

impl RunConfig {
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        // With the signs that belong to letters but are none: combining ones, those of the scripts of India, joiners.
        let sign =
            |c: char| matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}' | '\u{200c}' | '\u{200d}');
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c) || sign(c);
        let dotted = self.name.starts_with('.') || self.name.ends_with('.');
        if self.name.is_empty() || dotted || self.name.len() > MAX_NAME_BYTES || !self.name.chars().all(plain)
        {
            let shown = self.name.chars().take(60).map(|c| if c.is_control() { '?' } else { c });
            let shown: String = shown.collect();
            let message = format!("must be letters, digits, '-', '_' and '.', got '{shown}'");
            faults.push(("name", message));
        }
        if self.name == PREPARED {
            faults.push(("name", format!("'{PREPARED}' is where prepared text lies; take another name")));
        }
        faults
    }
}

impl TrainConfig {
    /// The largest tensor of a pass: a number for each token and each entry of the vocabulary.
    fn logits_fault(&self, vocab_size: usize) -> Option<(&'static str, String)> {
        let (key, tokens) = match self.micro_batch_tokens {
            0 => ("batch_tokens", self.batch_tokens),
            micro => ("micro_batch_tokens", micro.min(self.batch_tokens)),
        };
        let numbers = (tokens as u64).checked_mul(vocab_size as u64);
        let most = model::MAX_ELEMENTS / vocab_size.max(1) as u64;
        numbers.is_none_or(|numbers| numbers > model::MAX_ELEMENTS).then(|| {
            let gibibytes = model::gibibytes(numbers);
            let message =
                format!("the logits of one pass need {gibibytes}: {tokens} tokens × {vocab_size} entries");
            (key, format!("{message}; set micro_batch_tokens to {most} or less"))
        })
    }

    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut check = |right: bool, key, message: String| {
            if !right {
                faults.push((key, message));
            }
        };
        let limited = self.max_steps > 0 || self.max_epochs > 0 || self.max_minutes > 0.0;
        check(
            limited,
            "max_steps",
            "set max_steps, max_epochs or max_minutes: without one training never ends".into(),
        );
        let needs_end = matches!(self.schedule, Schedule::Linear | Schedule::Cosine);
        check(
            !needs_end || self.max_steps > self.warmup_steps,
            "schedule",
            format!(
                "needs max_steps above warmup_steps = {}, got {}; raise max_steps, lower warmup_steps, or write schedule = \
                 \"inverse_sqrt\"",
                self.warmup_steps, self.max_steps
            ),
        );
        check(
            self.max_minutes >= 0.0,
            "max_minutes",
            format!("must not be negative, got {}", self.max_minutes),
        );
        for (key, value) in [
            ("batch_tokens", self.batch_tokens as u64),
            ("checkpoint_every", self.checkpoint_every),
            ("log_every", self.log_every),
            ("keep_checkpoints", self.keep_checkpoints as u64),
            ("average_checkpoints", self.average_checkpoints as u64),
        ] {
            check(value > 0, key, "must be at least 1, got 0".into());
        }
        let finite = |value: f64| value.is_finite() && value >= 0.0;
        check(
            finite(self.learning_rate) && self.learning_rate > 0.0,
            "learning_rate",
            format!("must be above 0, got {}", self.learning_rate),
        );
        check(
            finite(self.min_learning_rate),
            "min_learning_rate",
            format!("must not be negative, got {}", self.min_learning_rate),
        );
        check(
            self.schedule == Schedule::Noam || self.min_learning_rate <= self.learning_rate,
            "min_learning_rate",
            format!(
                "must not be above learning_rate = {}, got {}",
                self.learning_rate, self.min_learning_rate
            ),
        );
        check(
            self.warmup_steps > 0 || self.schedule != Schedule::Noam,
            "warmup_steps",
            "noam needs at least 1".into(),
        );
        for (key, value) in [("beta_1", self.beta_1), ("beta_2", self.beta_2), ("ema_decay", self.ema_decay)]
        {
            check((0.0..1.0).contains(&value), key, format!("must be at least 0 and below 1, got {value}"));
        }
        check(
            finite(self.epsilon) && self.epsilon > 0.0,
            "epsilon",
            format!("must be above 0, got {}", self.epsilon),
        );
        check(
            finite(self.weight_decay),
            "weight_decay",
            format!("must not be negative, got {}", self.weight_decay),
        );
        let decays = self.optimizer == OptimizerKind::Adam && self.weight_decay != 0.0;
        check(!decays, "weight_decay", "adam has none: set it to 0 or optimizer = \"adamw\"".into());
        check(finite(self.clip_norm), "clip_norm", format!("must not be negative, got {}", self.clip_norm));
        let smoothing = self.label_smoothing;
        check(
            (0.0..1.0).contains(&smoothing),
            "label_smoothing",
            format!("must be at least 0 and below 1, got {smoothing}"),
        );
        faults
    }
}

impl ValidateConfig {
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if self.every == 0 {
            faults.push(("every", "must be at least 1, got 0".into()));
        }
        if !(1..=256).contains(&self.beam_size) {
            faults.push(("beam_size", format!("must be between 1 and 256, got {}", self.beam_size)));
        }
        faults
    }
}
