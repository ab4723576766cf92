//! Dropout (Srivastava et al. 2014): each element is zeroed with probability p, the others are scaled by 1/(1−p).
//!
//! Which elements fall is a function of (key, flat index): see [`crate::bits`]. The fast bodies work in place where
//! nobody else holds the tensor, and the backward pass makes the bits again.

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::bits::Stream;
use crate::flex::{CHUNK, contiguous, floats, is_fast, map_chunks};
use crate::simd::vectorised;

/// How much falls, and the key that says what falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Probability that an element is zeroed, in `[0, 1)`.
    pub probability: f32,
    /// Names the mask. Use one key for one call in one micro-batch.
    pub key: u64,
}

impl Dropout {
    /// No dropout: the identity.
    pub const NONE: Self = Self { probability: 0.0, key: 0 };

    /// Whether nothing falls.
    pub fn is_none(self) -> bool {
        self.probability == 0.0
    }

    /// The factor `1/(1−p)` of what stays.
    pub(crate) fn scale(self) -> f32 {
        let p = self.probability;
        assert!((0.0..1.0).contains(&p), "dropout: probability {p} is not in [0, 1)");
        1.0 / (1.0 - p)
    }

    /// The bits below which an element falls.
    fn threshold(self) -> u32 {
        (f64::from(self.probability) * f64::from(u32::MAX)) as u32
    }

    /// The factors, 0 or 1/(1−p), of a tensor of this shape. Made on the host so that all backends agree.
    fn factors<const D: usize>(self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let mut factors = vec![1.0; shape.iter().product()];
        drop_slice(&mut factors, 0, self);
        Tensor::from_data(TensorData::new(factors, shape), device)
    }
}

/// Dropout on every element of `x`.
///
/// # Panics
/// If the probability is not in `[0, 1)`.
pub fn dropout<const D: usize>(x: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    if dropout.is_none() {
        x
    } else if is_fast(&x) {
        Tensor::from_dispatch(<Dispatch as DropoutOps>::drop(x.into_dispatch(), dropout))
    } else {
        plain(x, dropout)
    }
}

/// `residual + dropout(x)`: the end of a sub-layer.
///
/// # Panics
/// If the shapes differ or the probability is not in `[0, 1)`.
pub fn dropout_add<const D: usize>(x: Tensor<D>, residual: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    assert_eq!(x.dims(), residual.dims(), "dropout_add: shapes of x and residual");
    if !is_fast(&x) {
        return plain_add(x, residual, dropout);
    }
    let (x, residual) = (x.into_dispatch(), residual.into_dispatch());
    Tensor::from_dispatch(<Dispatch as DropoutOps>::drop_add(x, residual, dropout))
}

/// The plain body of [`dropout`].
pub fn plain<const D: usize>(x: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    if dropout.is_none() {
        return x;
    }
    let factors = dropout.factors(x.dims(), &x.device());
    x * factors
}

/// The plain body of [`dropout_add`].
pub fn plain_add<const D: usize>(x: Tensor<D>, residual: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    residual + plain(x, dropout)
}

#[backend_extension(Autodiff, Flex)]
trait DropoutOps: Backend {
    fn drop(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self>;
    fn drop_add(x: FloatTensor<Self>, residual: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self>;
}

impl DropoutOps for Flex {
    fn drop(x: FlexTensor, dropout: Dropout) -> FlexTensor {
        map_chunks(x, CHUNK, |i, xs| drop_slice(xs, (i * CHUNK) as u64, dropout))
    }

    fn drop_add(x: FlexTensor, residual: FlexTensor, dropout: Dropout) -> FlexTensor {
        let residual = contiguous(residual);
        let residual = floats(&residual);
        map_chunks(x, CHUNK, |i, xs| {
            drop_slice(xs, (i * CHUNK) as u64, dropout);
            add(xs, &residual[i * CHUNK..]);
        })
    }
}

impl<C: CheckpointStrategy> DropoutOps for Autodiff<Flex, C> {
    fn drop(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let y = Flex::drop(x, dropout);
        match Step.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(dropout, y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }

    fn drop_add(x: FloatTensor<Self>, residual: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self> {
        let ((x, x_node), (residual, residual_node)) = (x.into_parts(), residual.into_parts());
        let y = Flex::drop_add(x, residual, dropout);
        match Step.prepare::<C>([residual_node, x_node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(dropout, y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }
}

/// Parents: x last, before it the residual if there is one.
#[derive(Debug)]
struct Step;

impl<const N: usize> Backward<Flex, N> for Step {
    type State = Dropout;

    fn backward(self, ops: Ops<Dropout, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let mut parents = ops.parents.into_iter();
        let x = parents.next_back().flatten();
        if let Some(residual) = parents.next().flatten() {
            grads.register::<Flex>(residual.id, grad.clone());
        }
        if let Some(x) = x {
            grads
                .register::<Flex>(x.id, if ops.state.is_none() { grad } else { Flex::drop(grad, ops.state) });
        }
    }
}

/// Dropout in place on the elements whose flat indices start at `first`.
pub(crate) fn drop_slice(xs: &mut [f32], first: u64, dropout: Dropout) {
    if dropout.is_none() {
        return;
    }
    let (stream, scale, threshold) = (Stream::new(dropout.key), dropout.scale(), dropout.threshold());
    // A block of indices ends where the lower half of the index overflows.
    let in_block = ((1 << 32) - (first & u64::from(u32::MAX))).min(xs.len() as u64) as usize;
    let (xs, rest) = xs.split_at_mut(in_block);
    drop_block(xs, stream.block((first >> 32) as u32), first as u32, scale, threshold);
    if !rest.is_empty() {
        drop_slice(rest, first + in_block as u64, dropout);
    }
}

vectorised! {
    fn drop_block(xs: &mut [f32], stream: Stream, first: u32, scale: f32, threshold: u32) {
        for (i, x) in (0u32..).zip(xs) {
            let kept = stream.at(first.wrapping_add(i)) >= threshold;
            *x = if kept { *x * scale } else { 0.0 };
        }
    }

    fn add(xs: &mut [f32], others: &[f32]) {
        for (x, other) in xs.iter_mut().zip(others) {
            *x += other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_differentiates, assert_same, run, to_vec, uniform};

    const DROP: Dropout = Dropout { probability: 0.3, key: 11 };

    /// `n` ones after dropout.
    fn dropped(n: usize, dropout: Dropout) -> Vec<f32> {
        to_vec(super::dropout(Tensor::<1>::ones([n], &Device::flex()), dropout))
    }

    #[test]
    fn rate_and_scale() {
        for probability in [0.01, 0.1, 0.3, 0.5, 0.9] {
            for key in 0..5 {
                let y = dropped(200_000, Dropout { probability, key });
                let zeros = y.iter().filter(|&&y| y == 0.0).count() as f32 / y.len() as f32;
                assert!((zeros - probability).abs() < 0.005, "rate {zeros}, expected {probability}");
                let kept = y.iter().find(|&&y| y != 0.0).expect("something stays");
                assert_eq!(*kept, 1.0 / (1.0 - probability));
            }
        }
    }

    #[test]
    fn neighbouring_keys_give_independent_masks() {
        let (a, b) = (dropped(100_000, DROP), dropped(100_000, Dropout { key: 12, ..DROP }));
        let both = a.iter().zip(&b).filter(|(a, b)| **a == 0.0 && **b == 0.0).count() as f32 / 1e5;
        assert!((both - 0.09).abs() < 0.005, "both fall at a rate of {both}, expected 0.09");
    }

    #[test]
    fn forward_and_backward_use_one_mask() {
        let (value, grads) = run(&|x| dropout(x[0].clone(), DROP), &[vec![1.0; 50_000]]);
        let weights = uniform(99, value.len());
        assert!(grads[0].iter().zip(&value).zip(&weights).all(|((g, y), w)| *g == y * w));
    }

    #[test]
    fn a_slice_has_the_mask_of_the_whole() {
        let mut whole = vec![1.0; 100];
        drop_slice(&mut whole, (1 << 32) - 50, DROP);
        for (i, &y) in whole.iter().enumerate() {
            let mut one = [1.0];
            drop_slice(&mut one, (1 << 32) - 50 + i as u64, DROP);
            assert_eq!(one[0], y, "element {i}");
        }
    }

    #[test]
    fn fast_is_plain() {
        for n in [1, 7, 1000, 70_001] {
            let inputs = [uniform(1, n), uniform(2, n)];
            assert_same(&|x| dropout(x[0].clone(), DROP), &|x| plain(x[0].clone(), DROP), &inputs[..1], 1e-6);
            for drop in [DROP, Dropout::NONE] {
                assert_same(
                    &|x| dropout_add(x[0].clone(), x[1].clone(), drop),
                    &|x| plain_add(x[0].clone(), x[1].clone(), drop),
                    &inputs,
                    1e-6,
                );
            }
        }
    }

    #[test]
    fn gradients_are_slopes() {
        let inputs = [uniform(1, 33), uniform(2, 33)];
        assert_differentiates(&|x| dropout_add(x[0].clone(), x[1].clone(), DROP), &inputs, 2e-3);
    }
}
