//! The activation of the feed-forward sub-layer, with dropout after it.
//!
//! `relu(x) = max(x, 0)`; `gelu(x) = x·Φ(x)` with the exact normal distribution Φ (Hendrycks & Gimpel 2016,
//! arXiv:1606.08415), `gelu′(x) = Φ(x) + x·φ(x)`. The fast body of relu keeps its output alone: an element is
//! positive there if and only if a gradient passes.

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::{Tensor, activation as burn_activation};

use crate::dropout::{Dropout, drop_slice, dropout as drop};
use crate::host::{CHUNK, Host, is_fast, map_chunks};
use crate::simd::{exp, normal_cdf, vectorised};

/// Which activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`, the paper's.
    Relu,
    /// `x·Φ(x)`, by the error function.
    Gelu,
}

/// `dropout(activation(x))`, element by element.
///
/// # Panics
/// If the probability is not in `[0, 1)`.
pub fn activation<const D: usize>(x: Tensor<D>, activation: Activation, dropout: Dropout) -> Tensor<D> {
    if !is_fast(&x) {
        return plain(x, activation, dropout);
    }
    Tensor::from_dispatch(<Dispatch as ActivationOps>::activation(x.into_dispatch(), activation, dropout))
}

/// The plain body. Burn's own gelu is not used: on most backends its backward pass is that of an approximation by tanh.
pub fn plain<const D: usize>(x: Tensor<D>, activation: Activation, dropout: Dropout) -> Tensor<D> {
    let y = match activation {
        Activation::Relu => burn_activation::relu(x),
        Activation::Gelu => x.clone() * ((x / std::f64::consts::SQRT_2).erf() + 1.0) * 0.5,
    };
    drop(y, dropout)
}

#[backend_extension(Autodiff, Flex, LibTorch: cfg(feature = "tch"))]
trait ActivationOps: Backend {
    fn activation(x: FloatTensor<Self>, activation: Activation, dropout: Dropout) -> FloatTensor<Self>;
}

impl<B: Host> ActivationOps for B {
    fn activation(x: FloatTensor<B>, activation: Activation, dropout: Dropout) -> FloatTensor<B> {
        map_chunks::<B>(x, CHUNK, |i, xs| {
            apply(xs, activation);
            drop_slice(xs, (i * CHUNK) as u64, dropout);
        })
    }
}

/// The activation of each element, in place.
pub(crate) fn apply(xs: &mut [f32], activation: Activation) {
    match activation {
        Activation::Relu => relu(xs),
        Activation::Gelu => gelu(xs),
    }
}

impl<B: Host, C: CheckpointStrategy> ActivationOps for Autodiff<B, C> {
    fn activation(x: FloatTensor<Self>, activation: Activation, dropout: Dropout) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        match Backward::<B, 1>::prepare::<C>(Step, [node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                let input = (activation == Activation::Gelu).then(|| B::contiguous(x.clone()));
                let y = B::activation(x, activation, dropout);
                let kept = input.unwrap_or_else(|| y.clone());
                step.finish((kept, activation, dropout), y)
            }
            OpsKind::UnTracked(step) => step.finish(B::activation(x, activation, dropout)),
        }
    }
}

#[derive(Debug)]
struct Step;

impl<B: Host> Backward<B, 1> for Step {
    /// The output of relu or the input of gelu.
    type State = (FloatTensor<B>, Activation, Dropout);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let [Some(parent)] = ops.parents else { return };
        let (kept, activation, dropout) = ops.state;
        let kept = B::floats(&kept);
        let scale = dropout.scale();
        let gradient = map_chunks::<B>(grad, CHUNK, |i, grads| {
            let kept = &kept[i * CHUNK..];
            match activation {
                Activation::Relu => relu_gradient(grads, kept, scale),
                Activation::Gelu => {
                    drop_slice(grads, (i * CHUNK) as u64, dropout);
                    gelu_gradient(grads, kept);
                }
            }
        });
        grads.register::<B>(parent.id, gradient);
    }
}

vectorised! {
    /// NaN stays NaN.
    fn relu(xs: &mut [f32]) {
        for x in xs {
            *x = if *x < 0.0 { 0.0 } else { *x };
        }
    }

    fn relu_gradient(grads: &mut [f32], outputs: &[f32], scale: f32) {
        for (grad, &y) in grads.iter_mut().zip(outputs) {
            *grad = if y > 0.0 { *grad * scale } else { 0.0 };
        }
    }

    fn gelu(xs: &mut [f32]) {
        for x in xs {
            *x *= normal_cdf(*x);
        }
    }

    fn gelu_gradient(grads: &mut [f32], inputs: &[f32]) {
        /// 1/√(2π).
        const DENSITY_AT_0: f32 = 0.398_942_3;
        for (grad, &x) in grads.iter_mut().zip(inputs) {
            *grad *= (x * DENSITY_AT_0).mul_add(exp(-0.5 * x * x), normal_cdf(x));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_differentiates, assert_same, uniform};

    const DROP: Dropout = Dropout { probability: 0.25, key: 3 };

    #[test]
    fn fast_is_plain() {
        for act in [Activation::Relu, Activation::Gelu] {
            for drop in [Dropout::NONE, DROP] {
                for n in [1, 33, 70_001] {
                    let x = uniform(n as u64, n).into_iter().map(|x| 6.0 * x).collect();
                    let fast = |x: &[Tensor<1>]| activation(x[0].clone(), act, drop);
                    assert_same(&fast, &|x| plain(x[0].clone(), act, drop), &[x], 1e-6);
                }
            }
        }
    }

    #[test]
    fn gradient_is_the_slope() {
        for act in [Activation::Relu, Activation::Gelu] {
            // Away from the kink of relu.
            let x = uniform(1, 40).into_iter().map(|x| x + 0.02f32.copysign(x)).collect();
            assert_differentiates(&|x| activation(x[0].clone(), act, DROP), &[x], 2e-3);
        }
    }

    #[test]
    fn nan_is_seen() {
        let x = Tensor::<1>::from_floats([f32::NAN, -1.0], &burn::tensor::Device::flex());
        for act in [Activation::Relu, Activation::Gelu] {
            let y = crate::testing::to_vec(activation(x.clone(), act, Dropout::NONE));
            assert!(y[0].is_nan() && !y[1].is_nan());
        }
    }
}
