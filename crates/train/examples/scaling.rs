//! This program's side of `scripts/bench/scaling.py`: one point in one process, so that the peak memory is the point's.
//!
//! ```text
//! cargo run -p train --example scaling -- '{"len":32,"batch":64,"d_model":256,"steps":5}'
//! cargo run -p train --example scaling -- attention LEN
//! ```
//!
//! A point is a training step of W1 (see `workloads.rs`) with its sizes changed: `batch` pairs of `len` source and `len`
//! target tokens, heads of 64, a hidden layer of 4 · `d_model`. The second form is attention alone, batch 1, 4 heads of
//! 64, causal, forward and backward. `RAYON_NUM_THREADS` bounds the threads.

#![allow(clippy::print_stdout, reason = "what a measurement is for")]

use burn::tensor::{Device, Distribution, Tensor};
use data::{Batch, Example};
use kernels::{Dropout, Mask, Order};
use model::config::{NormOrder, Tying};
use model::{Model, ModelConfig, Pass, SpecialIds};
use serde::Deserialize;
use serde_json::json;
use std::error::Error;
use std::time::Instant;
use train::config::{OptimizerKind, TrainConfig};
use train::optimizer::{Optimizer, StepGradients};
use train::tensors::BatchTensors;

const VOCAB: usize = 8000;
const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };
const D_HEAD: usize = 64;
/// Heads of attention alone.
const N_HEADS: usize = 4;
/// Passes of attention alone that are timed.
const ROUNDS: usize = 3;
/// Tensors of the size of q that attention gives: output, its gradient, and the gradients of q, k and v.
const RESULTS: usize = 5;
const MIB: f64 = (1 << 20) as f64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    /// Tokens of a source and of a target.
    len: usize,
    /// Pairs of a step.
    batch: usize,
    d_model: usize,
    /// Steps that are timed, after one that is not.
    steps: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let row = match args.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["attention", len] => attention(len.parse()?),
        [point] => train(&serde_json::from_str(point)?),
        _ => return Err("usage: scaling POINT_JSON | attention LEN".into()),
    };
    println!("{row}");
    Ok(())
}

/// Median seconds of a step, target tokens per second, peak memory of the process.
fn train(point: &Point) -> serde_json::Value {
    kernels::keep_freed_memory();
    let config = shape(point.d_model);
    let batch = full_batch(point);
    let tape = Device::flex().autodiff();
    let mut model = Model::new(&config, VOCAB, IDS, 1, &tape);
    let rule = TrainConfig { optimizer: OptimizerKind::Adam, weight_decay: 0.0, ..TrainConfig::default() };
    let mut optimizer = Optimizer::new(&rule);
    let mut times = Vec::new();
    for step in 0..=point.steps {
        let start = Instant::now();
        let pass = Pass::training(config.dropout, 1, step, 0);
        let sums = train::loss::loss(&model, BatchTensors::new(&batch, &tape), 0.1, &pass);
        let loss = sums.loss.clone().into_scalar::<f32>();
        assert!(loss.is_finite(), "the loss of step {step} is {loss}");
        let mut gradients = StepGradients::scaled(1.0);
        gradients.add(&model, &mut (sums.loss / batch.n_tgt_tokens() as f64).backward());
        let norm = gradients.norm();
        model = optimizer.step(model, gradients, norm, 1e-4);
        times.push(start.elapsed().as_secs_f64());
    }
    let secs = median(&mut times[1..]);
    let tokens_per_sec = batch.n_tgt_tokens() as f64 / secs;
    json!({ "secs": secs, "tokens_per_sec": tokens_per_sec, "peak_mb": resident_mb("VmHWM:") })
}

fn shape(d_model: usize) -> ModelConfig {
    let (norm, tie_embeddings) = (NormOrder::Post, Tying::None);
    let (n_heads, d_ff) = (d_model / D_HEAD, 4 * d_model);
    ModelConfig { d_model, d_ff, n_heads, dropout: 0.1, norm, tie_embeddings, ..ModelConfig::default() }
}

/// Rows of `len` tokens, control tokens among them: no padding.
fn full_batch(point: &Point) -> Batch {
    let id = |i: usize| 4 + (i * 7919 % (VOCAB - 4)) as u32;
    let row = |n: usize| (1..point.len).map(|i| id(point.len * n + i)).collect::<Vec<u32>>();
    let example = |n| Example { src: [row(n), vec![IDS.eos]].concat(), tgt: row(n) };
    let examples: Vec<Example> = (0..point.batch).map(example).collect();
    let indices: Vec<u32> = (0..point.batch as u32).collect();
    Batch::new(&examples.iter().collect::<Vec<_>>(), &indices, data::batch::ControlIds::default())
}

/// Median seconds of forward and backward, and by how much the peak of memory grew beyond the tensors that go in and
/// come out.
fn attention(len: usize) -> serde_json::Value {
    let _ = pass(&random(16)); // starts the threads
    let inputs = random(len);
    forget_peak();
    let before = resident_mb("VmRSS:");
    let _ = pass(&inputs);
    let results_mb = (RESULTS * N_HEADS * len * D_HEAD * size_of::<f32>()) as f64 / MIB;
    let growth_mb = before.zip(resident_mb("VmHWM:")).map(|(before, peak)| peak - before - results_mb);
    let mut times: Vec<f64> = (0..ROUNDS).map(|_| pass(&inputs)).collect();
    json!({ "secs": median(&mut times), "growth_mb": growth_mb })
}

/// q, k, v, and what the output is multiplied by: its gradient.
fn random(len: usize) -> [Tensor<4>; 4] {
    let device = Device::flex().autodiff();
    let one = || Tensor::random([1, N_HEADS, len, D_HEAD], Distribution::Normal(0.0, 1.0), &device);
    [one().require_grad(), one().require_grad(), one().require_grad(), one()]
}

/// Seconds of forward and backward. The output lives as long as the gradients, as it does in a model.
fn pass([q, k, v, factors]: &[Tensor<4>; 4]) -> f64 {
    let mask = Mask { padding: None, order: Order::Causal };
    let start = Instant::now();
    let out = kernels::attention(q.clone(), k.clone(), v.clone(), &mask, Dropout::NONE);
    let gradients = (out.clone() * factors.clone()).sum().backward();
    let secs = start.elapsed().as_secs_f64();
    assert!([q, k, v].iter().all(|x| x.grad(&gradients).is_some()), "a gradient for each input");
    drop(out);
    secs
}

/// The middle one, or the mean of the middle two.
fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    let last = times.len() - 1;
    f64::midpoint(times[last / 2], times[last.div_ceil(2)])
}

/// Lets the peak of this process start again from what it has now (Linux).
fn forget_peak() {
    // Elsewhere there is no such file, and no figure either.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// `VmRSS:`, the memory that the process has, or `VmHWM:`, the most it ever had, in MiB; `None` but on Linux.
fn resident_mb(key: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}
