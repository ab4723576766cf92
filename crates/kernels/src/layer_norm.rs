//! Layer normalisation: `y = γ·x̂ + β`, `x̂ = (x − μ)/√(σ² + ε)` over the last axis (Ba, Kiros & Hinton 2016,
//! arXiv:1607.06450).
//!
//! With the gradient g of y and `h = γ·g`: `dx = (h − mean h − x̂·mean(h·x̂))/√(σ² + ε)`, `dγ = Σ g·x̂`, `dβ = Σ g`.
//! The fast body keeps x, μ and 1/√(σ² + ε).

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension, tensor::FloatTensor};
use burn::tensor::{FloatDType, Tensor};
use rayon::prelude::*;

use crate::host::{CHUNK, Host, column_sums, each_chunk, for_columns, is_fast, map_chunks, written};
use crate::simd::{sum, sum_2, vectorised};

/// Normalises the last axis to mean zero and variance one, then scales and shifts it; in float32, whatever `x` is in.
///
/// # Shapes
/// `x [.., d_model]`, `gamma` and `beta [d_model]` → the shape of `x`.
///
/// # Panics
/// If the shapes do not fit.
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    let d_model = x.dims()[D - 1];
    assert_eq!((gamma.dims(), beta.dims()), ([d_model], [d_model]), "layer_norm: gamma and beta against x");
    if !is_fast(&x) {
        return plain(x, gamma, beta, epsilon);
    }
    let shape = x.dims();
    let rows = x.reshape([-1, d_model as i64]);
    let out = <Dispatch as LayerNormOps>::layer_norm(
        Tensor::<2>::into_dispatch(rows),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        epsilon,
    );
    Tensor::<2>::from_dispatch(out).reshape(shape)
}

/// [`layer_norm`] of rows on the host, on this thread.
///
/// # Shapes
/// `x [n, d_model]`, `gamma` and `beta [d_model]` → `[n, d_model]`.
///
/// # Panics
/// If the shapes do not fit.
pub fn layer_norm_rows(x: &[f32], gamma: &[f32], beta: &[f32], epsilon: f64) -> Vec<f32> {
    let width = gamma.len();
    assert!(beta.len() == width && x.len().is_multiple_of(width), "layer_norm_rows: shapes");
    let fill = |ys: &mut [f32]| {
        for (y, x) in ys.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            normalize_row(y, x, gamma, beta, row_moments(x, epsilon as f32));
        }
    };
    // SAFETY: each row is written from the row of x.
    unsafe { written(x.len(), fill) }
}

/// The plain body.
pub fn plain<const D: usize>(x: Tensor<D>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> Tensor<D> {
    let precision = FloatDType::from(x.dtype());
    let [gamma, beta] = [gamma, beta].map(|weight| weight.cast(FloatDType::F32));
    let x = x.cast(FloatDType::F32);
    let mean = x.clone().mean_dim(D - 1);
    let centred = x - mean;
    let variance = (centred.clone() * centred.clone()).mean_dim(D - 1);
    let y = centred / (variance + epsilon).sqrt() * gamma.unsqueeze() + beta.unsqueeze();
    y.cast(precision)
}

#[backend_extension(Autodiff, Flex, LibTorch: cfg(feature = "tch"))]
trait LayerNormOps: Backend {
    fn layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

impl<B: Host> LayerNormOps for B {
    fn layer_norm(
        x: FloatTensor<B>,
        gamma: FloatTensor<B>,
        beta: FloatTensor<B>,
        epsilon: f64,
    ) -> FloatTensor<B> {
        forward::<B>(x, gamma, beta, epsilon).0
    }
}

impl<B: Host, C: CheckpointStrategy> LayerNormOps for Autodiff<B, C> {
    fn layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (gamma, gamma_node)) = (x.into_parts(), gamma.into_parts());
        let (beta, beta_node) = beta.into_parts();
        let (y, saved) = forward::<B>(x, gamma, beta, epsilon);
        match Backward::<B, 3>::prepare::<C>(Step, [x_node, gamma_node, beta_node]).compute_bound().stateful()
        {
            OpsKind::Tracked(step) => step.finish(saved, y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }
}

/// What the backward pass needs; of each row its mean and its inverse deviation.
#[derive(Clone, Debug)]
struct Saved<B: Host> {
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    moments: Vec<[f32; 2]>,
}

#[derive(Debug)]
struct Step;

impl<B: Host> Backward<B, 3> for Step {
    type State = Saved<B>;

    fn backward(self, ops: Ops<Saved<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = B::contiguous(grads.consume::<B>(&ops.node));
        let [x, gamma, beta] = ops.parents;
        if let Some(gamma) = gamma {
            grads.register::<B>(gamma.id, gamma_gradient(&ops.state, &grad));
        }
        if let Some(beta) = beta {
            grads.register::<B>(beta.id, column_sums::<B>(&grad));
        }
        if let Some(x) = x {
            grads.register::<B>(x.id, x_gradient(&ops.state, grad));
        }
    }
}

fn forward<B: Host>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    epsilon: f64,
) -> (FloatTensor<B>, Saved<B>) {
    let [x, gamma, beta] = [x, gamma, beta].map(B::contiguous);
    let width = x.shape()[1];
    let (xs, scale, shift) = (B::floats(&x), B::floats(&gamma), B::floats(&beta));
    let moments: Vec<[f32; 2]> = xs
        .par_chunks_exact(width)
        .with_min_len(4 * CHUNK.div_ceil(width))
        .map(|row| row_moments(row, epsilon as f32))
        .collect();
    let fill = |ys: &mut [f32]| {
        let rows = CHUNK.div_ceil(width);
        each_chunk(ys, rows * width, |i, ys| {
            for (at, y) in (i * rows..).zip(ys.chunks_exact_mut(width)) {
                normalize_row(y, &xs[at * width..][..width], scale, shift, moments[at]);
            }
        });
    };
    // SAFETY: each row is written from the row of x.
    let y = unsafe { B::written(x.shape(), fill) };
    (y, Saved { x, gamma, moments })
}

fn x_gradient<B: Host>(saved: &Saved<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    let (xs, gamma, width) = (B::floats(&saved.x), B::floats(&saved.gamma), saved.x.shape()[1]);
    let rows = CHUNK.div_ceil(width);
    map_chunks::<B>(grad, rows * width, |i, grads| {
        for (at, grad) in (i * rows..).zip(grads.chunks_exact_mut(width)) {
            row_gradient(grad, &xs[at * width..][..width], gamma, saved.moments[at]);
        }
    })
}

fn gamma_gradient<B: Host>(saved: &Saved<B>, grad: &FloatTensor<B>) -> FloatTensor<B> {
    let (xs, grad, width) = (B::floats(&saved.x), B::floats(grad), saved.x.shape()[1]);
    for_columns::<B>(width, xs.len(), |sums, first| {
        add_normalized(sums, first, xs, grad, &saved.moments, width);
    })
}

vectorised! {
    fn row_moments(row: &[f32], epsilon: f32) -> [f32; 2] {
        let n = row.len() as f32;
        let mean = sum(row, |x| x) / n;
        let variance = sum(row, |x| (x - mean) * (x - mean)) / n;
        [mean, 1.0 / (variance + epsilon).sqrt()]
    }

    fn normalize_row(y: &mut [f32], x: &[f32], gamma: &[f32], beta: &[f32], moments: [f32; 2]) {
        let [mean, inverse] = moments;
        for (((y, &x), &gamma), &beta) in y.iter_mut().zip(x).zip(gamma).zip(beta) {
            *y = ((x - mean) * inverse).mul_add(gamma, beta);
        }
    }

    fn row_gradient(grad: &mut [f32], x: &[f32], gamma: &[f32], moments: [f32; 2]) {
        let ([mean, inverse], n) = (moments, grad.len() as f32);
        for (g, &gamma) in grad.iter_mut().zip(gamma) {
            *g *= gamma;
        }
        let mean_h = sum(grad, |h| h) / n;
        let mean_hx = sum_2(grad, x, |h, x| h * ((x - mean) * inverse)) / n;
        for (g, &x) in grad.iter_mut().zip(x) {
            *g = inverse * (*g - mean_h - (x - mean) * inverse * mean_hx);
        }
    }

    /// `Σ_rows g·x̂` over some columns.
    fn add_normalized(
        sums: &mut [f32],
        first: usize,
        xs: &[f32],
        grads: &[f32],
        moments: &[[f32; 2]],
        width: usize,
    ) {
        let rows = xs.chunks_exact(width).zip(grads.chunks_exact(width)).zip(moments);
        for ((x, grad), &[mean, inverse]) in rows {
            for ((sum, &x), &grad) in sums.iter_mut().zip(&x[first..]).zip(&grad[first..]) {
                *sum += grad * ((x - mean) * inverse);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_differentiates, assert_same, uniform};

    type Body = fn(Tensor<3>, Tensor<1>, Tensor<1>, f64) -> Tensor<3>;

    fn apply(body: Body, x: &[Tensor<1>], [a, b, width]: [usize; 3]) -> Tensor<1> {
        body(x[0].clone().reshape([a, b, width]), x[1].clone(), x[2].clone(), 1e-5).reshape([-1])
    }

    fn inputs([a, b, width]: [usize; 3]) -> Vec<Vec<f32>> {
        // Away from zero, so that a variance taken as the mean square would show.
        let x = uniform(1, a * b * width).into_iter().map(|x| 3.0 * x + 2.0).collect();
        vec![x, uniform(2, width), uniform(3, width)]
    }

    #[test]
    fn fast_is_plain() {
        for shape in [[2, 5, 13], [1, 1, 5], [3, 70, 256], [2, 33, 100]] {
            assert_same(&|x| apply(layer_norm, x, shape), &|x| apply(plain, x, shape), &inputs(shape), 3e-5);
        }
    }

    #[test]
    fn rows_on_the_host_are_the_same() {
        let inputs = inputs([3, 5, 100]);
        let device = burn::tensor::Device::flex();
        let tensors: Vec<_> = inputs.iter().map(|x| crate::testing::flat(x, &device)).collect();
        let expected = crate::testing::to_vec(apply(layer_norm, &tensors, [3, 5, 100]));
        assert_eq!(layer_norm_rows(&inputs[0], &inputs[1], &inputs[2], 1e-5), expected);
    }

    #[test]
    fn gradients_are_slopes() {
        let shape = [2, 3, 13];
        assert_differentiates(&|x| apply(layer_norm, x, shape), &inputs(shape), 3e-3);
    }
}
