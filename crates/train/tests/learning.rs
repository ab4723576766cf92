//! Can it learn? Copying and reversing strings of digits, to the last digit of every unseen string.

use burn::tensor::Device;
use data::batch::{Batch, ControlIds, Example};
use model::search::{SearchConfig, TensorSearch, greedy};
use model::{Model, ModelConfig, ModelKind, Pass, SpecialIds};
use std::collections::BTreeSet;
use train::config::{Schedule, TrainConfig};
use train::loss::loss;
use train::optimizer::{Optimizer, StepGradients};
use train::schedule::learning_rate;
use train::tensors::{BatchTensors, ids};

/// Control tokens 0 to 2, one free id, and the digits.
const FIRST_DIGIT: u32 = 4;
const VOCAB: usize = 14;
const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };
const SEED: u64 = 20260;
const UNSEEN: usize = 100;
const BATCH: usize = 64;

/// Random strings of 3 to 8 digits: `SplitMix64` (Steele et al. 2014), so that every machine sees the same ones.
struct Strings(u64);

impl Strings {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % n
    }
}

impl Iterator for Strings {
    type Item = Vec<u32>;

    fn next(&mut self) -> Option<Vec<u32>> {
        let len = 3 + self.below(6);
        Some((0..len).map(|_| FIRST_DIGIT + self.below(10) as u32).collect())
    }
}

fn source(digits: &[u32]) -> Vec<u32> {
    [digits, &[IDS.eos]].concat()
}

/// Trains a tiny model on everything but `unseen`. The steps are about twice what the task needs, so that neither the
/// seed nor rounding decides.
fn learn(
    kind: ModelKind,
    task: fn(&[u32]) -> Vec<u32>,
    unseen: &BTreeSet<Vec<u32>>,
    max_steps: u64,
) -> Model {
    let config = TrainConfig {
        learning_rate: 5e-3,
        schedule: Schedule::Cosine,
        warmup_steps: 50,
        max_steps,
        label_smoothing: 0.0,
        weight_decay: 0.0,
        ..Default::default()
    };
    let shape = ModelConfig {
        kind,
        d_model: 32,
        d_ff: 64,
        n_heads: 2,
        n_encoder_layers: 1,
        n_decoder_layers: 1,
        dropout: 0.0,
        ..Default::default()
    };
    let tape = Device::flex().autodiff();
    let mut model = Model::new(&shape, VOCAB, IDS, SEED, &tape);
    let mut optimizer = Optimizer::new(&config);
    let mut strings = Strings(SEED + 1).filter(|digits| !unseen.contains(digits));
    for step in 1..=max_steps {
        let examples: Vec<Example> = strings
            .by_ref()
            .take(BATCH)
            .map(|digits| Example { src: source(&digits), tgt: task(&digits) })
            .collect();
        let indices: Vec<u32> = (0..BATCH as u32).collect();
        let batch = Batch::new(&examples.iter().collect::<Vec<_>>(), &indices, ControlIds::default());
        let pass = Pass::training(shape.dropout, SEED, step, 0);
        let sums = loss(&model, BatchTensors::new(&batch, &tape), config.label_smoothing, &pass);
        let mut gradients = StepGradients::default();
        gradients.add(&model, &mut (sums.loss / batch.n_tgt_tokens() as f64).backward());
        let norm = gradients.norm();
        model = optimizer.step(model, gradients, norm, learning_rate(&config, shape.d_model, step, 0));
    }
    model.valid()
}

/// How many of the unseen strings greedy search gets exactly right.
fn exact(model: &Model, task: fn(&[u32]) -> Vec<u32>, unseen: &BTreeSet<Vec<u32>>) -> usize {
    let sources: Vec<Vec<u32>> = unseen.iter().map(|digits| source(digits)).collect();
    let len = sources.iter().map(Vec::len).max().expect("there are some");
    let rows = sources.iter().flat_map(|row| row.iter().copied().chain(vec![IDS.pad; len - row.len()]));
    let src = ids(&rows.collect::<Vec<_>>(), [sources.len(), len], &Device::flex());
    let memory = model.encode(src, &Pass::inference());
    let config = SearchConfig::default();
    let max_lens: Vec<usize> = sources.iter().map(|source| config.max_len(source.len())).collect();
    let found = greedy(&mut TensorSearch::new(model, &memory, 1), IDS, &max_lens, &config);
    unseen.iter().zip(found).filter(|(digits, found)| found.ended && found.tokens == task(digits)).count()
}

fn learns(kind: ModelKind, task: fn(&[u32]) -> Vec<u32>, max_steps: u64) {
    let mut unseen = BTreeSet::new();
    let mut strings = Strings(SEED);
    while unseen.len() < UNSEEN {
        unseen.extend(strings.next());
    }
    let model = learn(kind, task, &unseen, max_steps);
    assert_eq!(exact(&model, task, &unseen), UNSEEN);
}

#[test]
fn copying_is_learnt_to_the_last_digit_of_every_unseen_string() {
    learns(ModelKind::Transformer, <[u32]>::to_vec, 600);
}

#[test]
fn reversing_is_learnt_to_the_last_digit_of_every_unseen_string() {
    learns(ModelKind::Transformer, reversed, 1500);
}

#[test]
fn a_recurrent_model_learns_both() {
    learns(ModelKind::Gru, <[u32]>::to_vec, 1500);
    learns(ModelKind::Gru, reversed, 1500);
}

fn reversed(digits: &[u32]) -> Vec<u32> {
    digits.iter().rev().copied().collect()
}
