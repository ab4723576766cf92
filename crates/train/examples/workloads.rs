//! This program's side of `scripts/bench.sh`: the workloads, one JSON line for each measurement.
//!
//! ```text
//! cargo run -p train --example workloads -- train BACKEND STEPS          W1: target tokens/s of each step
//! cargo run -p train --example workloads -- text BATCHES.json STEPS      the same for batches of real lengths
//! cargo run -p train --example workloads -- translate IDS.json BEAM LEN  sources of ids, LEN tokens out
//! ```
//!
//! W1 is 64 × 32 source and 64 × 32 target tokens without padding, a vocabulary of 8,000, `d_model` 256, `d_ff` 1,024,
//! 4 heads, 3+3 layers, `ReLU`, post-norm, dropout 0.1, label smoothing 0.1, no tied embeddings, Adam. A step is forward,
//! loss, backward and update.

#![allow(clippy::print_stdout, reason = "what a measurement is for")]

use burn::tensor::{Device, Distribution, Tensor};
use data::{Batch, Example};
use model::config::{NormOrder, Tying};
use model::search::{NextToken, SearchConfig, Searcher, beam, greedy};
use model::{Model, ModelConfig, Pass, SpecialIds};
use std::error::Error;
use std::time::Instant;
use train::config::{BackendConfig, OptimizerKind, TrainConfig};
use train::optimizer::{Optimizer, StepGradients};
use train::tensors::BatchTensors;

const VOCAB: usize = 8000;
const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    kernels::keep_freed_memory();
    let args: Vec<String> = std::env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["train", backend, steps] => train_on(backend, &[full_batch()], steps.parse()?, &w1()),
        ["text", file, steps] => train_on("cpu", &read_batches(file)?, steps.parse()?, &pre_norm()),
        ["translate", file, beam_size, len] => translate(file, beam_size.parse()?, len.parse()?),
        _ => Err("usage: workloads train BACKEND STEPS | text FILE STEPS | translate FILE BEAM LEN".into()),
    }
}

fn w1() -> ModelConfig {
    let (norm, tie_embeddings) = (NormOrder::Post, Tying::None);
    ModelConfig { dropout: 0.1, norm, tie_embeddings, ..ModelConfig::default() }
}

/// The model of the comparison on real text: pre-norm, one embedding matrix, dropout 0.2.
fn pre_norm() -> ModelConfig {
    ModelConfig { dropout: 0.2, ..ModelConfig::default() }
}

/// 64 pairs of 32 tokens a row, control tokens among them.
fn full_batch() -> Batch {
    let id = |i: usize| 4 + (i * 7919 % (VOCAB - 4)) as u32;
    let row = |n: usize, len: usize| (0..len).map(|i| id(32 * n + i)).collect::<Vec<u32>>();
    let example = |n| Example { src: [row(n, 31), vec![IDS.eos]].concat(), tgt: row(n, 31) };
    batch((0..64).map(example).collect())
}

fn batch(examples: Vec<Example>) -> Batch {
    let indices: Vec<u32> = (0..examples.len() as u32).collect();
    Batch::new(&examples.iter().collect::<Vec<_>>(), &indices, data::batch::ControlIds::default())
}

/// Batches of `[source length, target length]`, all ids made up.
fn read_batches(file: &str) -> Result<Vec<Batch>, Box<dyn Error>> {
    let lengths: Vec<Vec<[usize; 2]>> = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let row = |len: usize| (0..len).map(|i| 4 + (i * 7919 % (VOCAB - 4)) as u32).collect::<Vec<u32>>();
    let example = |[src, tgt]: [usize; 2]| Example { src: row(src), tgt: row(tgt - 1) };
    Ok(lengths.into_iter().map(|rows| batch(rows.into_iter().map(example).collect())).collect())
}

fn train_on(backend: &str, batches: &[Batch], steps: u64, config: &ModelConfig) -> Outcome {
    let kind = backend.to_owned();
    let device = train::device::open(&BackendConfig { kind, ..BackendConfig::default() })?;
    println!("{{\"ceiling_gflops\":{:.1}}}", ceiling(&device));
    let tape = device.clone().autodiff();
    let mut model = Model::new(config, VOCAB, IDS, 1, &tape);
    let rule = TrainConfig { optimizer: OptimizerKind::Adam, weight_decay: 0.0, ..TrainConfig::default() };
    let mut optimizer = Optimizer::new(&rule);
    for (step, batch) in (1..=steps).zip(batches.iter().cycle()) {
        let start = Instant::now();
        let pass = Pass::training(config.dropout, 1, step, 0);
        let sums = train::loss::loss(&model, BatchTensors::new(batch, &tape), 0.1, &pass);
        let loss = sums.loss.clone().into_scalar::<f32>();
        let mut gradients = StepGradients::scaled(1.0);
        gradients.add(&model, &mut (sums.loss / batch.n_tgt_tokens() as f64).backward());
        let norm = gradients.norm();
        model = optimizer.step(model, gradients, norm, 1e-4);
        let secs = start.elapsed().as_secs_f64();
        let (tokens, per_token) = (batch.n_tgt_tokens(), loss / batch.n_tgt_tokens() as f32);
        println!("{{\"step\":{step},\"tokens\":{tokens},\"secs\":{secs:.4},\"loss\":{per_token:.4}}}");
    }
    println!("{{\"ceiling_gflops\":{:.1}}}", ceiling(&device));
    Ok(())
}

/// GFLOP/s of a float32 product of the workload's commonest shape, the best of twenty.
fn ceiling(device: &Device) -> f64 {
    const SHAPE: [usize; 3] = [2048, 256, 1024];
    let [rows, inner, columns] = SHAPE;
    let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), device);
    let (a, b) = (random([rows, inner]), random([inner, columns]));
    let one = || {
        let start = Instant::now();
        let product = a.clone().matmul(b.clone());
        let _ = product.slice([0..1, 0..1]).into_data();
        start.elapsed().as_secs_f64()
    };
    let best = (0..20).map(|_| one()).fold(f64::INFINITY, f64::min);
    2.0 * (rows * inner * columns) as f64 / best / 1e9
}

/// A model that may not end its sentences, so that every side of a comparison does the same work.
struct Endless<'a>(&'a mut dyn NextToken);

impl NextToken for Endless<'_> {
    fn vocab_size(&self) -> usize {
        self.0.vocab_size()
    }

    fn advance(&mut self, parents: &[usize], last: &[u32]) -> Vec<f32> {
        let mut log_probs = self.0.advance(parents, last);
        log_probs.chunks_mut(VOCAB).for_each(|row| row[IDS.eos as usize] = f32::NEG_INFINITY);
        log_probs
    }
}

fn translate(file: &str, beam_size: usize, len: usize) -> Outcome {
    let sources: Vec<Vec<u32>> = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let sources: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
    let model = Searcher::new(Model::new(&pre_norm(), VOCAB, IDS, 1, &Device::flex()));
    let config = SearchConfig { beam_size, ..SearchConfig::default() };
    for round in 0..4 {
        let start = Instant::now();
        let found = model.search(&sources, beam_size, |batch, next| {
            let (mut next, max_lens) = (Endless(next), vec![len; batch.len()]);
            match beam_size {
                1 => greedy(&mut next, IDS, &max_lens, &config),
                _ => beam(&mut next, IDS, &max_lens, &config, 1).into_iter().flatten().collect(),
            }
        });
        let (secs, tokens) =
            (start.elapsed().as_secs_f64(), found.iter().map(|one| one.tokens.len()).sum::<usize>());
        println!("{{\"round\":{round},\"tokens\":{tokens},\"secs\":{secs:.4}}}");
    }
    Ok(())
}
