//! Dropout (Srivastava et al. 2014): each element is zeroed with probability p, the others are scaled by 1/(1−p).
//!
//! Which elements fall is a function of (key, flat index): see [`crate::bits`]. The factors are made on the host, so
//! that all backends agree. A fused pass on Flex was tried: it took as long as the product with the factors. On libtorch,
//! whose tensors cannot take over a vector, it pays.

use burn::tensor::{Device, FloatDType, Tensor, TensorData};

use crate::bits::Stream;
use crate::host::{CHUNK, each_chunk};
use crate::simd::vectorised;

#[cfg(feature = "tch")]
mod libtorch;

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

    /// The factors, 0 or 1/(1−p), of a tensor of this shape.
    fn factors<const D: usize>(self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let mut factors = vec![1.0; shape.iter().product()];
        each_chunk(&mut factors, CHUNK, |i, factors| drop_slice(factors, (i * CHUNK) as u64, self));
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
    #[cfg(feature = "tch")]
    if crate::host::is_fast(&x) && crate::libtorch::is_libtorch_cpu(&x.device()) {
        return libtorch::dropout(x, dropout);
    }
    let factors = dropout.factors(x.dims(), &x.device());
    let factors = factors.cast(FloatDType::from(x.dtype()));
    x * factors
}

/// `residual + dropout(x)`: the end of a sub-layer.
///
/// # Panics
/// If the shapes differ or the probability is not in `[0, 1)`.
pub fn dropout_add<const D: usize>(x: Tensor<D>, residual: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    assert_eq!(x.dims(), residual.dims(), "dropout_add: shapes of x and residual");
    residual + self::dropout(x, dropout)
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_differentiates, devices, run_on, to_vec, uniform};

    const DROP: Dropout = Dropout { probability: 0.3, key: 11 };

    /// `n` ones after dropout, the same on all devices.
    fn dropped(n: usize, dropout: Dropout) -> Vec<f32> {
        let on = |device: Device| to_vec(super::dropout(Tensor::<1>::ones([n], &device), dropout));
        let mut all: Vec<_> = devices().into_iter().map(on).collect();
        let first = all.swap_remove(0);
        assert!(all.iter().all(|other| *other == first), "what falls depends on the device");
        first
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
        for device in devices() {
            let (value, grads) = run_on(&device, &|x| dropout(x[0].clone(), DROP), &[vec![1.0; 50_000]]);
            let weights = uniform(99, value.len());
            assert!(grads[0].iter().zip(&value).zip(&weights).all(|((g, y), w)| *g == y * w));
        }
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
    fn an_element_falls_by_its_own_bits() {
        let (n, stream) = (70_001, Stream::new(DROP.key));
        let falls = |i: u32| f64::from(stream.at(i)) < 0.3 * f64::from(u32::MAX) - 64.0;
        let y = dropped(n, DROP);
        assert!((0..n).all(|i| !falls(i as u32) || y[i] == 0.0));
        assert_eq!(y, dropped(n + 5, DROP)[..n], "an element does not depend on how many there are");
    }

    #[test]
    fn what_is_used_elsewhere_is_left_alone() {
        for device in devices() {
            let x = crate::testing::flat(&[1.0; 100], &device);
            let y = dropout(x.clone().reshape([10, 10]), DROP);
            assert_eq!(to_vec(x), [1.0; 100]);
            assert_eq!(to_vec(y), dropped(100, DROP));
        }
    }

    #[test]
    fn gradients_are_slopes() {
        let inputs = [uniform(1, 33), uniform(2, 33)];
        assert_differentiates(&|x| dropout_add(x[0].clone(), x[1].clone(), DROP), &inputs, 2e-3);
    }
}
