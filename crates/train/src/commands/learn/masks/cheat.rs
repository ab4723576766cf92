//! Two tiny decoders learn to copy digits: one as it should be, one that sees the answer.

use crate::config::{Schedule, TrainConfig};
use crate::loss::loss;
use crate::optimizer::{Optimizer, StepGradients};
use crate::schedule::learning_rate;
use crate::tensors::{BatchTensors, ids};
use burn::tensor::Device;
use data::batch::{Batch, ControlIds, Example};
use kernels::bits::Stream;
use model::search::{Hypothesis, SearchConfig, TensorSearch, greedy};
use model::{Model, ModelConfig, Pass, SpecialIds};
use std::collections::BTreeSet;

/// Control tokens 0 to 2, one free id, and the digits.
pub(super) const FIRST_DIGIT: u32 = 4;
const VOCAB: usize = 14;
const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };
const SEED: u64 = 2017;
/// Digits of a string. All have the same, so that no target has padding for the cheater to look at.
pub(super) const DIGITS: usize = 6;
const BATCH: usize = 32;
/// Strings that no training batch has.
pub(super) const UNSEEN: usize = 100;
/// Training steps; at the last the honest decoder has long learnt its task.
pub(super) const STEPS: u64 = 400;
/// Steps between two points of a curve.
const EVERY: u64 = 10;

/// Whether targets see what comes after them while they are learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    Causal,
    Everything,
}

impl Sight {
    fn pass(self, pass: Pass) -> Pass {
        match self {
            Self::Causal => pass,
            Self::Everything => pass.seeing_the_future(),
        }
    }
}

/// What became of a decoder.
pub(super) struct Learnt {
    /// (step, nats per token) while it learnt, each the mean of some steps.
    pub(super) curve: Vec<(f64, f64)>,
    /// Nats per token on the unseen strings, seeing what it saw while it learnt.
    pub(super) loss: f64,
    /// The same with the future hidden.
    pub(super) loss_without_future: f64,
    /// What greedy search finds for each unseen string.
    pub(super) found: Vec<Hypothesis>,
}

impl Learnt {
    /// The first step at which the curve is below a loss.
    pub(super) fn steps_until(&self, loss: f64) -> String {
        self.curve.iter().find(|point| point.1 < loss).map_or("never".into(), |point| point.0.to_string())
    }

    /// How many strings were copied to the last digit.
    pub(super) fn exact(&self, strings: &[Vec<u32>]) -> usize {
        let right = |(found, string): &(&Hypothesis, &Vec<u32>)| found.ended && found.tokens == **string;
        self.found.iter().zip(strings).filter(right).count()
    }

    /// The share of digits that stand at their place.
    pub(super) fn digits(&self, strings: &[Vec<u32>]) -> f64 {
        let right = |(found, string): (&Hypothesis, &Vec<u32>)| {
            found.tokens.iter().zip(string).filter(|(a, b)| a == b).count()
        };
        let right: usize = self.found.iter().zip(strings).map(right).sum();
        right as f64 / (strings.len() * DIGITS) as f64
    }
}

/// Strings of random digits without end.
fn random_strings(key: u64) -> impl Iterator<Item = Vec<u32>> {
    let stream = Stream::new(key);
    (0..).map(move |string| {
        (0..DIGITS as u32).map(|at| FIRST_DIGIT + stream.at(string * DIGITS as u32 + at) % 10).collect()
    })
}

/// The strings that are kept for the test.
pub(super) fn unseen() -> Vec<Vec<u32>> {
    let mut strings = BTreeSet::new();
    let mut random = random_strings(SEED);
    while strings.len() < UNSEEN {
        strings.extend(random.next());
    }
    strings.into_iter().collect()
}

fn batch(strings: &[Vec<u32>]) -> Batch {
    let example =
        |string: &Vec<u32>| Example { src: [string.as_slice(), &[IDS.eos]].concat(), tgt: string.clone() };
    let examples: Vec<Example> = strings.iter().map(example).collect();
    let indices: Vec<u32> = (0..strings.len() as u32).collect();
    Batch::new(&examples.iter().collect::<Vec<_>>(), &indices, ControlIds::default())
}

/// How both learn.
fn config() -> TrainConfig {
    TrainConfig {
        learning_rate: 5e-3,
        schedule: Schedule::Cosine,
        warmup_steps: 40,
        max_steps: STEPS,
        label_smoothing: 0.0,
        weight_decay: 0.0,
        ..TrainConfig::default()
    }
}

/// What both are.
fn shape() -> ModelConfig {
    ModelConfig {
        d_model: 32,
        d_ff: 64,
        n_heads: 2,
        n_encoder_layers: 1,
        n_decoder_layers: 1,
        dropout: 0.0,
        ..ModelConfig::default()
    }
}

/// Trains with the project's own loss and optimizer, then looks at the unseen strings.
pub(super) fn learn(sight: Sight, unseen: &[Vec<u32>]) -> Learnt {
    let (config, shape) = (config(), shape());
    let tape = Device::flex().autodiff();
    let mut model = Model::new(&shape, VOCAB, IDS, SEED, &tape);
    let mut optimizer = Optimizer::new(&config);
    let mut strings = random_strings(SEED + 1).filter(|string| !unseen.contains(string));
    let (mut curve, mut sum) = (Vec::new(), 0.0);
    for step in 1..=STEPS {
        let batch = batch(&strings.by_ref().take(BATCH).collect::<Vec<_>>());
        let pass = sight.pass(Pass::training(0.0, SEED, step, 0));
        let sums = loss(&model, BatchTensors::new(&batch, &tape), 0.0, &pass);
        let mean = sums.loss / batch.n_tgt_tokens() as f64;
        sum += f64::from(mean.clone().into_scalar::<f32>());
        if step % EVERY == 0 {
            curve.push((step as f64, sum / EVERY as f64));
            sum = 0.0;
        }
        let mut gradients = StepGradients::default();
        gradients.add(&model, &mut mean.backward());
        let norm = gradients.norm();
        model = optimizer.step(model, gradients, norm, learning_rate(&config, shape.d_model, step, 0));
    }
    tested(&model.valid(), sight, unseen, curve)
}

fn tested(model: &Model, sight: Sight, unseen: &[Vec<u32>], curve: Vec<(f64, f64)>) -> Learnt {
    let (device, batch) = (Device::flex(), batch(unseen));
    let measured = |sight: Sight| {
        let pass = sight.pass(Pass::inference());
        let sums = loss(model, BatchTensors::new(&batch, &device), 0.0, &pass);
        f64::from(sums.nll.into_scalar::<f32>()) / batch.n_tgt_tokens() as f64
    };
    let src = ids(&batch.src, [batch.rows, batch.src_len], &device);
    let memory = model.encode(src, &Pass::inference());
    let config = SearchConfig::default();
    let max_lens = vec![config.max_len(batch.src_len); batch.rows];
    let found = greedy(&mut TensorSearch::new(model, &memory, 1), IDS, &max_lens, &config);
    Learnt { curve, loss: measured(sight), loss_without_future: measured(Sight::Causal), found }
}
