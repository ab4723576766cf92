//! Milliseconds of each operation, forward and backward, at the shapes of a training step: the plain body against
//! what the public function picks. `cargo run -p kernels --example bench [--release] [-- name..]`

#![allow(clippy::print_stdout, reason = "a table for people")]

use std::time::Instant;

use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use kernels::plain;
use kernels::{Activation, AdamW, Dropout, Mask, Moments, Order};

const BATCH: usize = 64;
const LEN: usize = 32;
const ROWS: usize = BATCH * LEN;
const D_MODEL: usize = 256;
const D_FF: usize = 1024;
const N_HEADS: usize = 4;
const VOCAB: usize = 8000;
const ROUNDS: usize = 40;
const DROP: Dropout = Dropout { probability: 0.1, key: 7 };

type Inputs = Vec<Tensor<2>>;

fn leaf(shape: [usize; 2]) -> Tensor<2> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex().autodiff())
}

fn ids(n: usize) -> Tensor<1, Int> {
    let ids: Vec<i64> = (0..n as i64).map(|i| 4 + i * 7919 % (VOCAB as i64 - 4)).collect();
    Tensor::from_data(TensorData::new(ids, [n]), &Device::flex().autodiff())
}

/// Milliseconds that all threads of this process have run (Linux; zero elsewhere): on a busy machine a better
/// measure than the clock on the wall.
fn cpu() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let stat = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("schedstat")).ok();
    let ran = |stat: String| stat.split(' ').next().and_then(|ran| ran.parse::<f64>().ok());
    tasks.filter_map(Result::ok).filter_map(stat).filter_map(ran).sum::<f64>() / 1e6
}

/// Least milliseconds of forward and of backward (other work on the machine can only add), and the mean of what both
/// take from the processors; inputs are made off the clock.
fn time(shapes: &[[usize; 2]], body: &dyn Fn(Inputs) -> Tensor<2>) -> [f64; 3] {
    let inputs: Inputs = shapes.iter().map(|&shape| leaf(shape)).collect();
    let mut forward = Vec::new();
    let mut backward = Vec::new();
    let mut busy = Vec::new();
    for _ in 0..ROUNDS {
        let inputs: Inputs = inputs.iter().map(|x| (x.clone() + 0.0).detach().require_grad()).collect();
        let before = cpu();
        let start = Instant::now();
        let y = body(inputs);
        forward.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        let grads = y.backward();
        backward.push(start.elapsed().as_secs_f64() * 1e3);
        busy.push(cpu() - before);
        drop(grads);
    }
    forward.sort_by(f64::total_cmp);
    backward.sort_by(f64::total_cmp);
    [forward[0], backward[0], busy.iter().sum::<f64>() / ROUNDS as f64]
}

fn row(
    name: &str,
    shapes: &[[usize; 2]],
    plain: &dyn Fn(Inputs) -> Tensor<2>,
    fast: &dyn Fn(Inputs) -> Tensor<2>,
) {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
        return;
    }
    let ([pf, pb, pc], [ff, fb, fc]) = (time(shapes, plain), time(shapes, fast));
    println!(
        "{name:<28}{pf:>9.2}{pb:>9.2}{pc:>9.2}{ff:>9.2}{fb:>9.2}{fc:>9.2}{:>8.1}{:>8.1}",
        (pf + pb) / (ff + fb),
        pc / fc
    );
}

/// Splits `[rows, d_model]` into heads, as a view.
fn heads(x: &Tensor<2>) -> Tensor<4> {
    x.clone().reshape([BATCH, LEN, N_HEADS, D_MODEL / N_HEADS]).swap_dims(1, 2)
}

fn merge(x: Tensor<4>) -> Tensor<2> {
    x.swap_dims(1, 2).reshape([ROWS, D_MODEL])
}

fn one(x: &mut Inputs) -> Tensor<2> {
    x.remove(0)
}

fn vector(x: Tensor<2>) -> Tensor<1> {
    let n = x.dims()[1];
    x.reshape([n])
}

fn main() {
    if std::env::var_os("KEEP").is_some() {
        kernels::keep_freed_memory();
    }
    let (part, gain) = ("forward backward      cpu", "wall     cpu");
    println!("{:<28}{:>27}{:>27}{:>16}", "milliseconds", "plain", "picked", "plain ÷ picked");
    println!("{:<28}{part:>27}{part:>27}{gain:>16}", "");
    cross_entropy();
    attention();
    linear();
    elementwise();
    optimizer();
}

fn cross_entropy() {
    let targets = ids(ROWS);
    let loss = |z: Tensor<2>, f: &dyn Fn(Tensor<2>, Tensor<1, Int>) -> kernels::CrossEntropy| {
        f(z, targets.clone()).loss.reshape([1, 1])
    };
    row(
        "cross_entropy",
        &[[ROWS, VOCAB]],
        &|mut x| loss(one(&mut x), &|z, t| plain::cross_entropy(z, t, 0, 0.1)),
        &|mut x| loss(one(&mut x), &|z, t| kernels::cross_entropy(z, t, 0, 0.1)),
    );
}

fn attention() {
    for (name, order, drop) in [
        ("attention padded", Order::Any, Dropout::NONE),
        ("attention padded dropout", Order::Any, DROP),
        ("attention causal dropout", Order::Causal, DROP),
    ] {
        let lengths: Vec<bool> = (0..BATCH * LEN).map(|i| i % LEN > LEN - 1 - i / LEN % 8).collect();
        let padding = Tensor::from_data(TensorData::new(lengths, [BATCH, LEN]), &Device::flex().autodiff());
        let mask = Mask { padding: Some(padding), order };
        row(
            name,
            &[[ROWS, D_MODEL]; 3],
            &|x| merge(plain::attention(heads(&x[0]), heads(&x[1]), heads(&x[2]), &mask, drop)),
            &|x| merge(kernels::attention(heads(&x[0]), heads(&x[1]), heads(&x[2]), &mask, drop)),
        );
    }
}

fn linear() {
    for (name, d_in, d_out) in [
        ("linear 256x256", D_MODEL, D_MODEL),
        ("linear 256x1024", D_MODEL, D_FF),
        ("linear 1024x256", D_FF, D_MODEL),
    ] {
        row(
            name,
            &[[ROWS, d_in], [d_in, d_out], [1, d_out]],
            &|mut x| plain::linear(one(&mut x), one(&mut x), Some(vector(one(&mut x)))),
            &|mut x| kernels::linear(one(&mut x), one(&mut x), Some(vector(one(&mut x)))),
        );
    }
    row(
        "project",
        &[[ROWS, D_MODEL], [VOCAB, D_MODEL]],
        &|mut x| plain::project(one(&mut x), one(&mut x)),
        &|mut x| kernels::project(one(&mut x), one(&mut x)),
    );
}

fn elementwise() {
    row(
        "layer_norm",
        &[[ROWS, D_MODEL], [1, D_MODEL], [1, D_MODEL]],
        &|mut x| plain::layer_norm(one(&mut x), vector(one(&mut x)), vector(one(&mut x)), 1e-5),
        &|mut x| kernels::layer_norm(one(&mut x), vector(one(&mut x)), vector(one(&mut x)), 1e-5),
    );
    for (name, act) in [("relu dropout", Activation::Relu), ("gelu dropout", Activation::Gelu)] {
        row(name, &[[ROWS, D_FF]], &|mut x| plain::activation(one(&mut x), act, DROP), &|mut x| {
            kernels::activation(one(&mut x), act, DROP)
        });
    }
}

fn optimizer() {
    let step = AdamW {
        learning_rate: 1e-3,
        beta_1: 0.9,
        beta_2: 0.98,
        epsilon: 1e-9,
        weight_decay: 0.01,
        clip: 0.5,
        t: 3,
    };
    let shape = [VOCAB, D_MODEL];
    let tensor = || Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex());
    let bench = |body: &dyn Fn(Tensor<2>, Tensor<2>, Moments<2>) -> (Tensor<2>, Moments<2>)| {
        let mut param = tensor();
        let mut moments = Moments { first: tensor(), second: tensor().abs() };
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let grad = tensor();
            let start = Instant::now();
            (param, moments) = body(param, grad, moments);
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        times[0]
    };
    let plain = bench(&|p, g, m| plain::adamw(p, g, m, &step));
    let fast = bench(&|p, g, m| kernels::adamw(p, g, m, &step));
    println!("{:<28}{plain:>9.2}{:>18}{fast:>9.2}{:>18}{:>8.1}", "adamw 8000x256", "", "", plain / fast);
    let x = tensor();
    let start = Instant::now();
    let norm = kernels::squared_norm(&[&x]);
    println!("{:<28}{:>27}{:>9.2}", "squared_norm 8000x256", "", start.elapsed().as_secs_f64() * 1e3);
    assert!(norm > 0.0);
}
