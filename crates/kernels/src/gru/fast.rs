//! The walk through time on slices, and the way back.

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use rayon::prelude::*;

use super::{Direction, Steps};
use crate::host::{Host, written};
use crate::matrix::{Matrix, MatrixMut};
use crate::product::{Packed, product};
use crate::simd::{exp, vectorised};

/// Rows that walk together: they share each reading of the weights. Blocks do not depend on the number of threads.
const ROWS: usize = 24;

/// What the backward pass needs.
#[derive(Clone, Debug)]
pub(super) struct Saved<B: Host> {
    pub(super) start: FloatTensor<B>,
    pub(super) weight: FloatTensor<B>,
    /// `[batch, len, d]`
    pub(super) states: FloatTensor<B>,
    /// `[batch, len, 4·d]`: r, z, n and `u_n`.
    pub(super) gates: Vec<f32>,
    pub(super) steps: Steps,
}

/// Gradients by the inputs, and by `u = h·U + b`: `[batch · len, 3·d]`.
pub(super) struct Found<B: Host> {
    pub(super) x: FloatTensor<B>,
    pub(super) start: FloatTensor<B>,
    pub(super) product: FloatTensor<B>,
}

/// Rows of a block, as even as can be.
fn block(batch: usize) -> usize {
    batch.div_ceil(batch.div_ceil(ROWS))
}

/// The rows `[rows, width]` of one position of a block `[rows, len, width]`.
fn at(elements: &[f32], position: usize, [rows, len, width]: [usize; 3]) -> Matrix<'_> {
    let elements = &elements[position * width..];
    Matrix { elements, rows, cols: width, row_stride: len * width, col_stride: 1 }
}

/// The states `[batch, len, d]` from contiguous `x`, `start`, `weight` and `bias`; the gates are kept where they are
/// wanted.
pub(super) fn forward<B: Host>(
    inputs: [FloatTensor<B>; 4],
    steps: Steps,
    gates: Option<&mut Vec<f32>>,
) -> FloatTensor<B> {
    let [x, start, weight, bias] = &inputs;
    let (shape, [batch, d]) = (x.shape(), [start.shape()[0], start.shape()[1]]);
    let len = shape[1];
    let weight = Packed::new(B::floats(weight), [d, 3 * d]);
    let walk = Forward { x: B::floats(x), weight, bias: B::floats(bias), steps, len, d };
    // Where nobody wants them, a row's gates are written over at each step.
    let kept = if gates.is_some() { len } else { 1 };
    let mut scratch = Vec::new();
    let gates = gates.unwrap_or(&mut scratch);
    let rows = block(batch);
    let fill = |states: &mut [f32]| {
        let fill_gates = |gates: &mut [f32]| {
            let starts = B::floats(start).par_chunks(rows * d);
            let blocks = states.par_chunks_mut(rows * len * d).zip(gates.par_chunks_mut(rows * kept * 4 * d));
            blocks.zip(starts).enumerate().for_each(|(i, ((states, gates), start))| {
                walk.block(i * rows, start, states, gates);
            });
        };
        // SAFETY: every step writes the gates of its rows and reads none.
        *gates = unsafe { written(batch * kept * 4 * d, fill_gates) };
    };
    // SAFETY: every step writes the states of its rows; a step reads those that the one before wrote.
    unsafe { B::written([batch, len, d].into(), fill) }
}

/// What all blocks of the way forward share.
struct Forward<'a> {
    x: &'a [f32],
    weight: Packed,
    bias: &'a [f32],
    steps: Steps,
    len: usize,
    d: usize,
}

impl Forward<'_> {
    /// The walk of the rows from `first` on: `start [rows, d]`, `states [rows, len, d]`, `gates [rows, len or 1, 4·d]`.
    fn block(&self, first: usize, start: &[f32], states: &mut [f32], gates: &mut [f32]) {
        let (len, d) = (self.len, self.d);
        let rows = start.len() / d;
        let mut products = vec![0.0; rows * 3 * d];
        let mut before = start.to_vec();
        for step in 0..len {
            let position = self.steps.position(step, len);
            let out = MatrixMut::dense(&mut products, rows, 3 * d);
            self.weight.write(out, Matrix::dense(&before, rows, d), Some(self.bias));
            for row in 0..rows {
                let here = (first + row) * len + position;
                let state = &mut states[(row * len + position) * d..][..d];
                let before = &mut before[row * d..][..d];
                if self.steps.is_padding(here) {
                    state.fill(0.0);
                } else {
                    let kept = gates.len() / (rows * 4 * d);
                    let gates = &mut gates[(row * kept + position % kept) * 4 * d..][..4 * d];
                    cell(
                        &self.x[here * 3 * d..][..3 * d],
                        &products[row * 3 * d..][..3 * d],
                        before,
                        gates,
                        state,
                    );
                }
                before.copy_from_slice(state);
            }
        }
    }
}

/// All gradients but that of the weight.
pub(super) fn gradients<B: Host>(saved: &Saved<B>, grad: &FloatTensor<B>) -> Found<B> {
    let shape = grad.shape();
    let [batch, len, d] = [shape[0], shape[1], shape[2]];
    let weight = Packed::transposed(B::floats(&saved.weight), [d, 3 * d]);
    let walk = Back { states: B::floats(&saved.states), saved, weight, grad: B::floats(grad), len, d };
    let (rows, starts) = (block(batch), B::floats(&saved.start));
    let (mut start, mut product) = (None, None);
    let fill = |x: &mut [f32]| {
        let fill_product = |products: &mut [f32]| {
            let fill_start = |carried: &mut [f32]| {
                let blocks =
                    x.par_chunks_mut(rows * len * 3 * d).zip(products.par_chunks_mut(rows * len * 3 * d));
                let blocks = blocks.zip(carried.par_chunks_mut(rows * d)).zip(starts.par_chunks(rows * d));
                blocks.enumerate().for_each(|(i, (((x, products), carried), start))| {
                    walk.block(i * rows, start, x, products, carried);
                });
            };
            // SAFETY: a block fills its part with zeros first.
            start = Some(unsafe { B::written([batch, d].into(), fill_start) });
        };
        // SAFETY: every step writes the part of its rows, and reads no other.
        product = Some(unsafe { B::written([batch * len, 3 * d].into(), fill_product) });
    };
    // SAFETY: every step writes the part of its rows, and reads none.
    let x = unsafe { B::written([batch, len, 3 * d].into(), fill) };
    let filled = "the vectors were filled";
    Found { x, start: start.expect(filled), product: product.expect(filled) }
}

/// What all blocks of the way back share.
struct Back<'a, B: Host> {
    saved: &'a Saved<B>,
    states: &'a [f32],
    weight: Packed,
    grad: &'a [f32],
    len: usize,
    d: usize,
}

impl<B: Host> Back<'_, B> {
    /// The way back of the rows from `first` on: `start` and `carried [rows, d]`, `x` and `products [rows, len, 3·d]`.
    fn block(&self, first: usize, start: &[f32], x: &mut [f32], products: &mut [f32], carried: &mut [f32]) {
        let (len, d, steps) = (self.len, self.d, &self.saved.steps);
        let rows = start.len() / d;
        carried.fill(0.0);
        for step in (0..len).rev() {
            let position = steps.position(step, len);
            for row in 0..rows {
                let here = (first + row) * len + position;
                let local = (row * len + position) * 3 * d;
                let (x, products) = (&mut x[local..][..3 * d], &mut products[local..][..3 * d]);
                let carried = &mut carried[row * d..][..d];
                if steps.is_padding(here) {
                    x.fill(0.0);
                    products.fill(0.0);
                    carried.fill(0.0);
                    continue;
                }
                let before = match step {
                    0 => &start[row * d..][..d],
                    _ => &self.states[((first + row) * len + steps.position(step - 1, len)) * d..][..d],
                };
                add(carried, &self.grad[here * d..][..d]);
                cell_gradient(carried, &self.saved.gates[here * 4 * d..][..4 * d], before, x, products);
            }
            let products = at(products, position, [rows, len, 3 * d]);
            self.weight.add(MatrixMut::dense(carried, rows, d), products);
        }
    }
}

/// `Σ hᵀ·du` over all rows and steps, h the state before the step: one product.
pub(super) fn weight_gradient<B: Host>(saved: &Saved<B>, products: &FloatTensor<B>) -> FloatTensor<B> {
    let shape = saved.states.shape();
    let [batch, len, d] = [shape[0], shape[1], shape[2]];
    let mut before = vec![0.0; batch * len * d];
    let rows = before.chunks_exact_mut(len * d).zip(B::floats(&saved.states).chunks_exact(len * d));
    for ((before, states), start) in rows.zip(B::floats(&saved.start).chunks_exact(d)) {
        let shifted = (len - 1) * d;
        match saved.steps.direction {
            Direction::Forward => {
                before[..d].copy_from_slice(start);
                before[d..].copy_from_slice(&states[..shifted]);
            }
            Direction::Backward => {
                before[shifted..].copy_from_slice(start);
                before[..shifted].copy_from_slice(&states[d..]);
            }
        }
    }
    let before = Matrix::dense(&before, batch * len, d).transposed();
    let products = Matrix::dense(B::floats(products), batch * len, 3 * d);
    let fill = |out: &mut [f32]| product(MatrixMut::dense(out, d, 3 * d), before, products);
    // SAFETY: a product writes every element and reads none before.
    unsafe { B::written([d, 3 * d].into(), fill) }
}

/// `1 / (1 + e⁻ˣ)`
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

vectorised! {
    /// One step of a row: `x` and `product [3·d]`, `before [d]` → `gates [4·d]` and `after [d]`.
    fn cell(x: &[f32], product: &[f32], before: &[f32], gates: &mut [f32], after: &mut [f32]) {
        let d = after.len();
        let (x_r, x_z, x_n) = (&x[..d], &x[d..2 * d], &x[2 * d..3 * d]);
        let (u_r, u_z, u_n) = (&product[..d], &product[d..2 * d], &product[2 * d..3 * d]);
        let (gate_r, gates) = gates.split_at_mut(d);
        let (gate_z, gates) = gates.split_at_mut(d);
        let (gate_n, gate_u) = gates.split_at_mut(d);
        let (gate_z, gate_n, gate_u, before) = (&mut gate_z[..d], &mut gate_n[..d], &mut gate_u[..d], &before[..d]);
        for (i, after) in after.iter_mut().enumerate() {
            let r = sigmoid(x_r[i] + u_r[i]);
            let z = sigmoid(x_z[i] + u_z[i]);
            // tanh y = 2σ(2y) − 1
            let n = 2.0f32.mul_add(sigmoid(2.0 * r.mul_add(u_n[i], x_n[i])), -1.0);
            (gate_r[i], gate_z[i], gate_n[i], gate_u[i]) = (r, z, n, u_n[i]);
            *after = z.mul_add(before[i] - n, n);
        }
    }

    /// The way back: `grad [d]` by the state after a step becomes that by the state before it, as far as it does not come
    /// through the product; also the gradients by x and by the product.
    fn cell_gradient(grad: &mut [f32], gates: &[f32], before: &[f32], x: &mut [f32], product: &mut [f32]) {
        let d = grad.len();
        let (r, z, n, u) = (&gates[..d], &gates[d..2 * d], &gates[2 * d..3 * d], &gates[3 * d..4 * d]);
        let (x_r, x) = x.split_at_mut(d);
        let (x_z, x_n) = x.split_at_mut(d);
        let (u_r, product) = product.split_at_mut(d);
        let (u_z, u_n) = product.split_at_mut(d);
        let (x_z, x_n, u_z, u_n, before) = (&mut x_z[..d], &mut x_n[..d], &mut u_z[..d], &mut u_n[..d], &before[..d]);
        for (i, grad) in grad.iter_mut().enumerate() {
            let (g, r, z, n) = (*grad, r[i], z[i], n[i]);
            let by_z = g * (before[i] - n) * z * (1.0 - z);
            let by_n = g * (1.0 - z) * (1.0 - n * n);
            let by_r = by_n * u[i] * r * (1.0 - r);
            (x_r[i], x_z[i], x_n[i]) = (by_r, by_z, by_n);
            (u_r[i], u_z[i], u_n[i]) = (by_r, by_z, by_n * r);
            *grad = g * z;
        }
    }

    fn add(xs: &mut [f32], ys: &[f32]) {
        for (x, y) in xs.iter_mut().zip(ys) {
            *x += y;
        }
    }
}
