//! Attention on slices: tiles of queries, so that the scores of a tile stay in the cache and the memory does not
//! grow with `q_len·k_len`. Keys that no query of a tile may see are not touched.
//!
//! The forward pass keeps `l = log Σ_j exp s_j` of each query. The backward pass makes the scores s again; with
//! weights `w = exp(s − l)`, their dropped form `w'` and the gradient g of the output, row by row:
//! `dV += w'ᵀ·g`, `dw = dropout(g·Vᵀ)`, `ds = w∘(dw − Σ_j w_j dw_j)`, `dQ = ds·K/√d_head`, `dK += dsᵀ·Q/√d_head`
//! (Dao et al. 2022, arXiv:2205.14135, appendix B).

use std::cell::RefCell;

use burn::backend::{TensorMetadata, tensor::FloatTensor};
use burn::tensor::FloatDType;
use rayon::prelude::*;

use super::rows::{score_gradient, scores_row, softmax_row, weights_row};
use super::{Order, Visible};
use crate::dropout::{Dropout, drop_slice};
use crate::host::{Host, owned_floats};
use crate::matrix::{Heads, Into, Matrix, MatrixMut, WORTH_A_THREAD};
use crate::small::small_product;

/// Scores of a tile: two such buffers fit in half of a second-level cache.
const TILE_SCORES: usize = 1 << 15;

/// From this many queries on it pays to transpose the keys.
const MANY_QUERIES: usize = 8;

/// Widths are rounded up to this many floats, a vector of AVX-512.
const VECTOR: usize = 16;

thread_local! {
    static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch::NEW) };
}

/// Buffers of one thread.
struct Scratch {
    /// Scores, dropped weights, and gradients of a tile.
    tiles: [Vec<f32>; 3],
    /// Kᵀ and Vᵀ of a head.
    transposed: [Vec<f32>; 2],
    /// `log Σ exp` of the scores, where nobody asks for them.
    log_sums: Vec<f32>,
}

impl Scratch {
    const NEW: Self = Self {
        tiles: [Vec::new(), Vec::new(), Vec::new()],
        transposed: [Vec::new(), Vec::new()],
        log_sums: Vec::new(),
    };
}

/// Queries, keys and values, views whose last axis is dense, and what hides keys.
#[derive(Clone, Debug)]
pub(super) struct Inputs<B: Host> {
    pub(super) q: FloatTensor<B>,
    pub(super) k: FloatTensor<B>,
    pub(super) v: FloatTensor<B>,
    pub(super) visible: Visible,
    pub(super) dropout: Dropout,
}

/// A tensor whose last axis is dense: itself, or a copy.
pub(super) fn rows_dense<B: Host>(x: FloatTensor<B>) -> FloatTensor<B> {
    let (_, strides) = B::strided(&x);
    if strides[3] == 1 && strides.iter().all(|&stride| stride > 0) { x } else { B::contiguous(x) }
}

/// A tensor `[batch, n_heads, len, width]` whose last axis is dense, on the host.
struct View<'a> {
    elements: &'a [f32],
    shape: [usize; 4],
    strides: [usize; 3],
}

impl<'a> View<'a> {
    fn new<B: Host>(x: &'a FloatTensor<B>) -> Self {
        let (shape, (elements, strides)) = (x.shape(), B::strided(x));
        Self {
            elements,
            shape: std::array::from_fn(|axis| shape[axis]),
            strides: std::array::from_fn(|axis| strides[axis] as usize),
        }
    }

    /// One (batch, head).
    fn head(&self, batch: usize, head: usize) -> Matrix<'a> {
        let ([_, _, rows, cols], [batches, heads, row_stride]) = (self.shape, self.strides);
        let elements = &self.elements[batch * batches + head * heads..];
        Matrix { elements, rows, cols, row_stride, col_stride: 1 }
    }
}

/// [`Inputs`] on the host.
struct Views<'a> {
    q: View<'a>,
    k: View<'a>,
    v: View<'a>,
    visible: &'a Visible,
    dropout: Dropout,
}

impl<'a> Views<'a> {
    fn new<B: Host>(inputs: &'a Inputs<B>) -> Self {
        let [q, k, v] = [&inputs.q, &inputs.k, &inputs.v].map(View::new::<B>);
        Self { q, k, v, visible: &inputs.visible, dropout: inputs.dropout }
    }
}

/// Zeros for all heads, `[batch, len, n_heads, width]`.
fn zeros<B: Host>(like: &FloatTensor<B>, shape: [usize; 4]) -> FloatTensor<B> {
    B::float_zeros(shape.into(), &like.device(), FloatDType::F32)
}

/// A tensor `[batch, n_heads, len, width]` over one `[batch, len, n_heads, width]`, so that merging the heads
/// afterwards moves nothing.
fn interleaved<B: Host>(x: FloatTensor<B>) -> FloatTensor<B> {
    B::float_swap_dims(x, 1, 2)
}

/// Work on one (batch, head).
struct Head<'a> {
    q: Matrix<'a>,
    k: Matrix<'a>,
    v: Matrix<'a>,
    padding: &'a [bool],
    seen: usize,
    order: Order,
    dropout: Dropout,
    /// Flat index of its first weight.
    first: u64,
}

impl<'a> Head<'a> {
    fn new(inputs: &Views<'a>, batch: usize, at: usize) -> Self {
        let ([_, n_heads, q_len, _], k_len) = (inputs.q.shape, inputs.k.shape[2]);
        let (padding, seen) = inputs.visible.of(batch, k_len);
        Self {
            q: inputs.q.head(batch, at),
            k: inputs.k.head(batch, at),
            v: inputs.v.head(batch, at),
            padding,
            seen,
            order: inputs.visible.order,
            dropout: inputs.dropout,
            first: ((batch * n_heads + at) * q_len * k_len) as u64,
        }
    }

    /// Number of keys that queries before `end` may see.
    fn limit(&self, end: usize) -> usize {
        match self.order {
            Order::Any => self.seen,
            Order::Causal => self.seen.min(end + self.k.rows - self.q.rows),
        }
    }

    /// First query and number of queries of each tile.
    fn tiles(&self) -> impl Iterator<Item = (usize, usize)> {
        let (q_len, size) = (self.q.rows, (TILE_SCORES / self.k.rows.max(1)).clamp(8, 64));
        (0..q_len).step_by(size).map(move |first| (first, size.min(q_len - first)))
    }

    /// The scores of a tile over the first `width` keys.
    fn scores(&self, scores: &mut [f32], k_t: Option<Matrix>, first: usize, count: usize, width: usize) {
        let factor = 1.0 / (self.q.cols as f32).sqrt();
        let Some(k_t) = k_t else {
            for (i, row) in rows(scores, width) {
                scores_row(row, self.q.part(first + i, 1), self.k, factor);
            }
            return;
        };
        let out = MatrixMut::dense(scores, count, width);
        let k_t = Matrix { cols: width, ..k_t };
        small_product(out, self.q.part(first, count), k_t, factor, Into::Overwrite);
    }

    /// Drops weights, or their gradients, of query `i`.
    fn drop(&self, weights: &mut [f32], i: usize) {
        if !self.dropout.is_none() {
            drop_slice(weights, self.first + (i * self.k.rows) as u64, self.dropout);
        }
    }

    fn forward(&self, out: &mut MatrixMut, log_sums: &mut [f32], scratch: &mut Scratch) {
        let many = self.q.rows >= MANY_QUERIES;
        let k_t = many.then(|| transpose(self.k, &mut scratch.transposed[0]));
        for (first, count) in self.tiles() {
            let keys = self.limit(first + count);
            let width = keys.next_multiple_of(VECTOR);
            let weights = room(&mut scratch.tiles[0], count * width);
            self.scores(weights, k_t, first, count, width);
            for (i, row) in rows(weights, width) {
                let seen = self.limit(first + i + 1);
                log_sums[first + i] = softmax_row(row, seen, self.padding);
                self.drop(&mut row[..seen], first + i);
            }
            let weights = Matrix { cols: keys, ..Matrix::dense(weights, count, width) };
            let values = self.v.part(0, keys);
            small_product(out.part(first, count), weights, values, 1.0, Into::Overwrite);
        }
    }

    fn backward(
        &self,
        grad: Matrix,
        log_sums: &[f32],
        [dq, dk, dv]: [&mut MatrixMut; 3],
        scratch: &mut Scratch,
    ) {
        let factor = 1.0 / (self.q.cols as f32).sqrt();
        let Scratch { tiles, transposed: [k_t, v_t], .. } = scratch;
        let (k_t, v_t) = (transpose(self.k, k_t), transpose(self.v, v_t));
        for (first, count) in self.tiles() {
            let keys = self.limit(first + count);
            let width = keys.next_multiple_of(VECTOR);
            let [weights, dropped, dw] = tiles.each_mut().map(|buffer| room(buffer, count * width));
            self.scores(weights, Some(k_t), first, count, width);
            for (i, row) in rows(weights, width) {
                weights_row(row, self.limit(first + i + 1), self.padding, log_sums[first + i]);
            }
            dropped.copy_from_slice(weights);
            for (i, row) in rows(dropped, width) {
                self.drop(row, first + i);
            }
            let grad = grad.part(first, count);
            let dropped = Matrix { cols: keys, ..Matrix::dense(dropped, count, width) }.transposed();
            small_product(dv.part(0, keys), dropped, grad, 1.0, Into::Add);
            let out = MatrixMut::dense(dw, count, width);
            small_product(out, grad, Matrix { cols: width, ..v_t }, 1.0, Into::Overwrite);
            for (i, row) in rows(dw, width) {
                self.drop(row, first + i);
                score_gradient(row, &weights[i * width..(i + 1) * width]);
            }
            let ds = Matrix { cols: keys, ..Matrix::dense(dw, count, width) };
            let (queries, keys_seen) = (self.q.part(first, count), self.k.part(0, keys));
            small_product(dq.part(first, count), ds, keys_seen, factor, Into::Overwrite);
            small_product(dk.part(0, keys), ds.transposed(), queries, factor, Into::Add);
        }
    }
}

/// A transposed copy, four rows at a time; its rows are filled to a whole number of vectors with what the last row
/// of x has.
fn transpose<'a>(x: Matrix, into: &'a mut Vec<f32>) -> Matrix<'a> {
    let (cols, width) = (x.cols, x.rows.next_multiple_of(VECTOR));
    let out = room(into, cols * width);
    for first in (0..width).step_by(4) {
        let row = |i: usize| &x.elements[i.min(x.rows - 1) * x.row_stride..][..cols];
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| row(first + i));
        let four = a.iter().zip(b).zip(c).zip(d);
        for (out, (((a, b), c), d)) in out.chunks_exact_mut(width).zip(four) {
            out[first..first + 4].copy_from_slice(&[*a, *b, *c, *d]);
        }
    }
    Matrix::dense(out, cols, width)
}

/// The first `n` elements of a buffer, made longer if need be.
fn room(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    if buffer.len() < n {
        buffer.resize(n, 0.0);
    }
    &mut buffer[..n]
}

/// The rows of a tile; none if they are empty.
fn rows(tile: &mut [f32], width: usize) -> impl Iterator<Item = (usize, &mut [f32])> {
    tile.chunks_exact_mut(width.max(1)).enumerate()
}

/// Every query of a sequence sees every key: `out = softmax(q·kᵀ/√d_head)·v` of one head.
pub(super) fn attend_all([q, k, v]: [Matrix; 3], out: &mut MatrixMut) {
    let (order, dropout) = (Order::Any, Dropout::NONE);
    let head = Head { q, k, v, padding: &[], seen: k.rows, order, dropout, first: 0 };
    SCRATCH.with_borrow_mut(|scratch| {
        let mut log_sums = std::mem::take(&mut scratch.log_sums);
        head.forward(out, room(&mut log_sums, q.rows), scratch);
        scratch.log_sums = log_sums;
    });
}

/// The output, and `log Σ exp` of the scores of each query.
pub(super) fn forward<B: Host>(inputs: &Inputs<B>) -> (FloatTensor<B>, Vec<f32>) {
    let inputs = Views::new(inputs);
    let ([batch, n_heads, q_len, d_head], k_len) = (inputs.q.shape, inputs.k.shape[2]);
    let shape = [batch, q_len, n_heads, d_head];
    let mut log_sums = vec![0.0; batch * n_heads * q_len];
    let fill = |out: &mut [f32]| {
        let out = Heads::new(out, shape);
        let one = |(pair, log_sums): (usize, &mut [f32])| {
            let (batch, at) = (pair / n_heads, pair % n_heads);
            // SAFETY: each pair of batch and head occurs once.
            let mut out = unsafe { out.head(batch, at) };
            let head = Head::new(&inputs, batch, at);
            SCRATCH.with_borrow_mut(|scratch| head.forward(&mut out, log_sums, scratch));
        };
        if log_sums.len() * k_len * d_head < WORTH_A_THREAD {
            log_sums.chunks_mut(q_len).enumerate().for_each(one);
        } else {
            log_sums.par_chunks_mut(q_len).enumerate().for_each(one);
        }
    };
    // SAFETY: the heads cover the buffer, and the product overwrites every row of a head.
    let out = unsafe { B::written(shape.into(), fill) };
    (interleaved::<B>(out), log_sums)
}

/// The gradients of q, k and v.
pub(super) fn backward<B: Host>(
    inputs: &Inputs<B>,
    log_sums: &[f32],
    grad: FloatTensor<B>,
) -> [FloatTensor<B>; 3] {
    let grad = rows_dense::<B>(grad);
    let (grad_view, views) = (View::new::<B>(&grad), Views::new(inputs));
    let ([batch, n_heads, q_len, d_head], k_len) = (views.q.shape, views.k.shape[2]);
    let (q_shape, k_shape) = ([batch, q_len, n_heads, d_head], [batch, k_len, n_heads, d_head]);
    let shapes = [q_shape, k_shape, k_shape];
    let mut gradients = shapes.map(|shape| zeros::<B>(&grad, shape));
    let [dq, dk, dv] = gradients.each_mut().map(owned_floats::<B>);
    let into = [Heads::new(dq, q_shape), Heads::new(dk, k_shape), Heads::new(dv, k_shape)];
    log_sums.par_chunks(q_len).enumerate().for_each(|(pair, log_sums)| {
        let (batch, at) = (pair / n_heads, pair % n_heads);
        // SAFETY: each pair of batch and head occurs once.
        let [mut dq, mut dk, mut dv] = into.each_ref().map(|heads| unsafe { heads.head(batch, at) });
        let (work, grad) = (Head::new(&views, batch, at), grad_view.head(batch, at));
        let into = [&mut dq, &mut dk, &mut dv];
        SCRATCH.with_borrow_mut(|scratch| work.backward(grad, log_sums, into, scratch));
    });
    gradients.map(interleaved::<B>)
}
