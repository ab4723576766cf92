//! Dropout (Srivastava et al. 2014): each element is zeroed with probability p, the others are scaled by 1/(1−p).
//!
//! Which elements fall is a function of (key, flat index): see [`crate::bits`].

use burn::tensor::{Device, Tensor, TensorData};

use crate::bits::Stream;
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
        assert!(
            (0.0..1.0).contains(&self.probability),
            "dropout: probability {} not in [0, 1)",
            self.probability
        );
        1.0 / (1.0 - self.probability)
    }

    /// The bits below which an element falls.
    pub(crate) fn threshold(self) -> u32 {
        (f64::from(self.probability) * f64::from(u32::MAX)) as u32
    }

    /// The factors, 0 or 1/(1−p), of a tensor of this shape. Made on the host so that all backends agree.
    pub(crate) fn factors<const D: usize>(self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let (stream, scale, threshold) = (Stream::new(self.key), self.scale(), self.threshold());
        let n: usize = shape.iter().product();
        let factor = |i: usize| {
            let kept = stream.block((i >> 32) as u32).at(i as u32) >= threshold;
            if kept { scale } else { 0.0 }
        };
        let factors: Vec<f32> = (0..n).map(factor).collect();
        Tensor::from_data(TensorData::new(factors, shape), device)
    }
}

/// Dropout on every element of `x`.
///
/// # Panics
/// If the probability is not in `[0, 1)`.
pub fn dropout<const D: usize>(x: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    if dropout.is_none() {
        return x;
    }
    plain(x, dropout)
}

/// `residual + dropout(x)`: the end of a sub-layer.
///
/// # Panics
/// If the shapes differ or the probability is not in `[0, 1)`.
pub fn dropout_add<const D: usize>(x: Tensor<D>, residual: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    assert_eq!(x.dims(), residual.dims(), "dropout_add: shapes of x and residual");
    if dropout.is_none() {
        return residual + x;
    }
    plain_add(x, residual, dropout)
}

/// The plain body.
pub fn plain<const D: usize>(x: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    let factors = dropout.factors(x.dims(), &x.device());
    x * factors
}

/// The plain body of [`dropout_add`].
pub fn plain_add<const D: usize>(x: Tensor<D>, residual: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    residual + plain(x, dropout)
}

/// Dropout in place on the elements whose flat indices start at `first`.
pub(crate) fn drop_slice(xs: &mut [f32], first: u64, dropout: Dropout) {
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
}
