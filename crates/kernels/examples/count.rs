//! Runs one operation, forward and backward, at a fixed small shape, for `scripts/bench/instructions.sh` to count its
//! instructions.
//!
//! ```text
//! cargo run -p kernels --example count                  the names
//! cargo run -p kernels --example count -- NAME TIMES    the work
//! ```
//!
//! Everything runs on the thread of `main` and on numbers that are the same each time, so that counts can be compared.

#![allow(clippy::print_stdout, reason = "names for a script")]
#![allow(unsafe_code, reason = "a function of the C library that counts the same each time")]

use std::hint::black_box;

use burn::tensor::{Device, Int, Tensor, TensorData};
use kernels::{Activation, AdamW, Dropout, Mask, Moments, Order};

const BATCH: usize = 4;
const LEN: usize = 24;
const ROWS: usize = BATCH * LEN;
const D_MODEL: usize = 128;
const D_FF: usize = 512;
const N_HEADS: usize = 4;
const VOCAB: usize = 1000;
const DROP: Dropout = Dropout { probability: 0.1, key: 7 };
const ADAMW: AdamW = AdamW {
    learning_rate: 1e-3,
    beta_1: 0.9,
    beta_2: 0.98,
    epsilon: 1e-9,
    weight_decay: 0.01,
    clip: 0.5,
    t: 3,
};

/// An operation's name, and how to run it so many times.
type Work = (&'static str, fn(usize));

const WORKS: [Work; 16] = [
    ("activation_gelu", |times| differentiate(times, [[ROWS, D_FF]], |[x]| activation(x, Activation::Gelu))),
    ("activation_relu", |times| differentiate(times, [[ROWS, D_FF]], |[x]| activation(x, Activation::Relu))),
    ("adamw", adamw),
    ("attention", |times| attention(times, Order::Any, Dropout::NONE)),
    ("attention_causal", |times| attention(times, Order::Causal, Dropout::NONE)),
    ("attention_causal_dropout", |times| attention(times, Order::Causal, DROP)),
    ("attention_step", attention_step),
    ("cross_entropy", cross_entropy),
    ("dropout", |times| differentiate(times, [[ROWS, D_MODEL]], |[x]| kernels::dropout(x, DROP))),
    ("dropout_add", |times| {
        differentiate(times, [[ROWS, D_MODEL]; 2], |[x, residual]| kernels::dropout_add(x, residual, DROP));
    }),
    ("embedding", embedding),
    ("layer_norm", |times| {
        differentiate(times, [[ROWS, D_MODEL], [1, D_MODEL], [1, D_MODEL]], |[x, gamma, beta]| {
            kernels::layer_norm(x, vector(gamma), vector(beta), 1e-5)
        });
    }),
    ("linear", |times| {
        differentiate(times, [[ROWS, D_MODEL], [D_MODEL, D_FF], [1, D_FF]], |[x, weight, bias]| {
            kernels::linear(x, weight, Some(vector(bias)))
        });
    }),
    ("log_softmax", log_softmax),
    ("project", |times| {
        differentiate(times, [[ROWS, D_MODEL], [VOCAB, D_MODEL]], |[x, weight]| kernels::project(x, weight));
    }),
    ("squared_norm", squared_norm),
];

/// In the place of the C library's function: no chance, so that the hash tables of the tape, whose seed it is, have the
/// same collisions each time.
///
/// # Safety
/// `buffer` has room for `n` bytes.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut u8, n: usize, _flags: u32) -> isize {
    // SAFETY: the contract of this function.
    unsafe { buffer.write_bytes(7, n) };
    n as isize
}

fn main() {
    // No second thread: one that waits for work counts, too.
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("nothing has started the pool before");
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, times] = &args[..] else {
        for (name, _) in &WORKS {
            println!("{name}");
        }
        return;
    };
    let (_, work) = WORKS.iter().find(|(known, _)| known == name).expect("a name of the list");
    work(times.parse().expect("how many times"));
}

/// Numbers between −1 and 1 that are the same each time.
fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i * 7919 % 2003) as f32 / 1001.0 - 1.0).collect()
}

/// What matrices are made of: made once, so that a repetition only copies it.
fn data(shape: [usize; 2]) -> TensorData {
    TensorData::new(numbers(shape[0] * shape[1]), shape)
}

fn ids(n: usize) -> Tensor<1, Int> {
    let ids: Vec<i64> = (0..n).map(|i| (4 + i * 7919 % (VOCAB - 4)) as i64).collect();
    Tensor::from_data(TensorData::new(ids, [n]), &Device::flex().autodiff())
}

fn vector(x: Tensor<2>) -> Tensor<1> {
    let n = x.dims()[1];
    x.reshape([n])
}

/// Forward and backward from fresh leaves of these shapes.
fn differentiate<const N: usize>(
    times: usize,
    shapes: [[usize; 2]; N],
    body: impl Fn([Tensor<2>; N]) -> Tensor<2>,
) {
    let device = Device::flex().autodiff();
    let inputs = shapes.map(data);
    for _ in 0..times {
        let leaves = inputs.each_ref().map(|data| Tensor::from_data(data.clone(), &device).require_grad());
        black_box(body(leaves).backward());
    }
}

fn activation(x: Tensor<2>, activation: Activation) -> Tensor<2> {
    kernels::activation(x, activation, DROP)
}

fn attention(times: usize, order: Order, dropout: Dropout) {
    let mask = Mask { padding: None, order };
    let heads = |x: Tensor<2>| x.reshape([BATCH, LEN, N_HEADS, D_MODEL / N_HEADS]).swap_dims(1, 2);
    differentiate(times, [[ROWS, D_MODEL]; 3], |inputs| {
        let [q, k, v] = inputs.map(heads);
        kernels::attention(q, k, v, &mask, dropout).swap_dims(1, 2).reshape([ROWS, D_MODEL])
    });
}

/// One query, as in search; off the tape.
fn attention_step(times: usize) {
    let mask = Mask { padding: None, order: Order::Causal };
    let heads = |len: usize| {
        let x = Tensor::<2>::from_data(data([BATCH * len, D_MODEL]), &Device::flex());
        x.reshape([BATCH, len, N_HEADS, D_MODEL / N_HEADS]).swap_dims(1, 2)
    };
    let (q, k) = (heads(1), heads(LEN));
    for _ in 0..times {
        black_box(kernels::attention(q.clone(), k.clone(), k.clone(), &mask, Dropout::NONE));
    }
}

fn cross_entropy(times: usize) {
    let targets = ids(ROWS);
    differentiate(times, [[ROWS, VOCAB]], |[logits]| {
        kernels::cross_entropy(logits, targets.clone(), 0, 0.1).loss.reshape([1, 1])
    });
}

fn embedding(times: usize) {
    let ids = ids(ROWS).reshape([BATCH, LEN]);
    differentiate(times, [[VOCAB, D_MODEL]], |[weight]| {
        kernels::embedding(weight, ids.clone()).reshape([ROWS, D_MODEL])
    });
}

/// Off the tape.
fn log_softmax(times: usize) {
    let all = numbers(ROWS * VOCAB);
    for _ in 0..times {
        let mut logits = all.clone();
        kernels::log_softmax(&mut logits, VOCAB);
        black_box(logits);
    }
}

/// Off the tape.
fn adamw(times: usize) {
    let data = data([VOCAB, D_MODEL]);
    let one = || Tensor::<2>::from_data(data.clone(), &Device::flex());
    let second = one().abs().into_data();
    for _ in 0..times {
        let moments = Moments { first: one(), second: Tensor::from_data(second.clone(), &Device::flex()) };
        black_box(kernels::adamw(one(), one(), moments, &ADAMW));
    }
}

/// Off the tape.
fn squared_norm(times: usize) {
    let x = Tensor::<2>::from_data(data([VOCAB, D_MODEL]), &Device::flex());
    for _ in 0..times {
        black_box(kernels::squared_norm(&[&x]));
    }
}
