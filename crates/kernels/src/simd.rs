//! Vectors chosen at run time, and the few functions that must be vectorisable: sums, maxima, `exp`, Φ.
//!
//! Bodies are plain loops; the macro `vectorised` compiles them for each instruction set and picks one. Sums run in a
//! fixed order, so that results depend on the data alone.

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

/// Partial sums that a reduction keeps: two vectors of AVX-512.
const LANES: usize = 32;

/// Compiles functions for each instruction set; a call runs the widest that this processor has.
/// What they call must be `#[inline(always)]`.
macro_rules! vectorised {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? $body:block)+) => {$(
        $(#[$meta])*
        $vis fn $name($($arg: $type),*) $(-> $out)? {
            #[inline(always)]
            fn body($($arg: $type),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
            fn with_avx512($($arg: $type),*) $(-> $out)? {
                body($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn with_avx2($($arg: $type),*) $(-> $out)? {
                body($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            match $crate::simd::level() {
                // SAFETY: `level` found the features that the function was compiled with.
                $crate::simd::Level::Avx512 => return unsafe { with_avx512($($arg),*) },
                // SAFETY: as above.
                $crate::simd::Level::Avx2 => return unsafe { with_avx2($($arg),*) },
                $crate::simd::Level::Baseline => {}
            }
            body($($arg),*)
        }
    )+};
}
pub(crate) use vectorised;

/// An instruction set that functions are compiled for.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Avx512,
    Avx2,
    Baseline,
}

/// The widest instruction set that this processor has.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn level() -> Level {
    #[cfg(test)]
    if let Some(level) = tests::forced() {
        return level;
    }
    detected()
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn detected() -> Level {
    let wide = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw");
    let fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    match (wide, fma) {
        (true, true) => Level::Avx512,
        (false, true) => Level::Avx2,
        _ => Level::Baseline,
    }
}

/// `Σ f(x)` in a fixed order.
#[inline(always)]
pub(crate) fn sum(xs: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (chunks, rest) = xs.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += f(x);
        }
    }
    if !rest.is_empty() {
        let padded: [f32; LANES] = padded(rest);
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane += if i < rest.len() { f(padded[i]) } else { 0.0 };
        }
    }
    fold(lanes)
}

/// `Σ x·y` in a fixed order, for short slices.
#[inline(always)]
pub(crate) fn dot(xs: &[f32], ys: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES / 2];
    let (x_chunks, x_rest) = xs.as_chunks::<{ LANES / 2 }>();
    let (y_chunks, y_rest) = ys[..xs.len()].as_chunks::<{ LANES / 2 }>();
    for (x_chunk, y_chunk) in x_chunks.iter().zip(y_chunks) {
        for ((lane, &x), &y) in lanes.iter_mut().zip(x_chunk).zip(y_chunk) {
            *lane = x.mul_add(y, *lane);
        }
    }
    if !x_rest.is_empty() {
        let (xs, ys): ([f32; LANES / 2], [f32; LANES / 2]) = (padded(x_rest), padded(y_rest));
        for ((lane, &x), &y) in lanes.iter_mut().zip(&xs).zip(&ys) {
            *lane = x.mul_add(y, *lane);
        }
    }
    fold(lanes)
}

/// `Σ f(x, y)` in a fixed order.
#[inline(always)]
pub(crate) fn sum_2(xs: &[f32], ys: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (x_chunks, x_rest) = xs.as_chunks::<LANES>();
    let (y_chunks, y_rest) = ys[..xs.len()].as_chunks::<LANES>();
    for (x_chunk, y_chunk) in x_chunks.iter().zip(y_chunks) {
        for ((lane, &x), &y) in lanes.iter_mut().zip(x_chunk).zip(y_chunk) {
            *lane += f(x, y);
        }
    }
    if !x_rest.is_empty() {
        let (xs, ys): ([f32; LANES], [f32; LANES]) = (padded(x_rest), padded(y_rest));
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane += if i < x_rest.len() { f(xs[i], ys[i]) } else { 0.0 };
        }
    }
    fold(lanes)
}

/// Applies `f` in place and returns the sum of what it gave, in a fixed order.
#[inline(always)]
pub(crate) fn map_sum(xs: &mut [f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (chunks, rest) = xs.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *x = f(*x);
            *lane += *x;
        }
    }
    if !rest.is_empty() {
        let mut last: [f32; LANES] = padded(rest);
        for (i, (lane, x)) in lanes.iter_mut().zip(&mut last).enumerate() {
            *x = f(*x);
            *lane += if i < rest.len() { *x } else { 0.0 };
        }
        rest.copy_from_slice(&last[..rest.len()]);
    }
    fold(lanes)
}

/// The elements that do not fill the lanes, and zeros. An index into the lanes themselves that is not a constant would
/// put them into memory.
#[inline(always)]
fn padded<const N: usize>(rest: &[f32]) -> [f32; N] {
    let mut padded = [0.0; N];
    padded[..rest.len()].copy_from_slice(rest);
    padded
}

/// The largest element, `-∞` of none.
#[inline(always)]
pub(crate) fn max(xs: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = xs.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = if lanes[i + width] > lanes[i] { lanes[i + width] } else { lanes[i] };
        }
        width /= 2;
    }
    rest.iter().fold(lanes[0], |max, &x| if x > max { x } else { max })
}

/// Sums the lanes by halves. The compiler must not look through: it would split the vectors of the loop before, because
/// the sum at its end needs only parts of them.
#[inline(always)]
fn fold<const N: usize>(lanes: [f32; N]) -> f32 {
    let mut lanes = std::hint::black_box(lanes);
    let mut width = N / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// `eˣ` for `x ≤ 88`, within 2 units in the last place; 0 below −87.3. NaN stays NaN.
///
/// `eˣ = 2ⁿ·eʳ` with n the integer nearest `x·log₂e` and |r| ≤ ln 2 / 2; `eʳ` by the minimax polynomial of
/// Moshier's Cephes library.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LOWEST: f32 = -87.3;
    const HIGHEST: f32 = 88.3;
    // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let clamped = if x < LOWEST { LOWEST } else { x };
    let clamped = if clamped > HIGHEST { HIGHEST } else { clamped };
    let shifted = clamped.mul_add(LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, clamped));
    let mut p = 1.987_569_1e-4f32;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = p.mul_add(r, coefficient);
    }
    let p = (p * r).mul_add(r, r) + 1.0;
    let two_to_n = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    let y = p * two_to_n;
    if x < LOWEST { 0.0 } else { y }
}

/// Φ(x), the distribution function of the standard normal, with a relative error below 1e-6 in its lower tail.
///
/// By the rational Chebyshev fit of erfc in *Numerical Recipes* (Press et al., §6.2).
#[inline(always)]
pub(crate) fn normal_cdf(x: f32) -> f32 {
    let z = x.abs() * FRAC_1_SQRT_2;
    let t = 1.0 / 0.5f32.mul_add(z, 1.0);
    let mut p = 0.170_872_77f32;
    let coefficients =
        [-0.822_152_23, 1.488_515_9, -1.135_204, 0.278_868_07, -0.186_288_06, 0.096_784_18, 0.374_091_96];
    for coefficient in coefficients {
        p = p.mul_add(t, coefficient);
    }
    let exponent = p.mul_add(t, 1.000_023_7).mul_add(t, -1.265_512_2);
    let tail = 0.5 * t * exp(z.mul_add(-z, exponent));
    if x < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "x86_64")]
    use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

    use super::*;
    use crate::testing::uniform;

    /// 0: as detected. Other tests may run while this is set: it changes no result.
    #[cfg(target_arch = "x86_64")]
    static FORCED: AtomicU8 = AtomicU8::new(0);

    #[cfg(target_arch = "x86_64")]
    pub(super) fn forced() -> Option<Level> {
        match FORCED.load(Relaxed) {
            1 => Some(Level::Baseline),
            2 => Some(Level::Avx2),
            _ => None,
        }
    }

    /// Every function that is compiled for several instruction sets, through the operations that use them.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn results_do_not_depend_on_the_instruction_set() {
        use crate::testing::run;
        use crate::{Activation, Dropout, Mask, Order};
        use crate::{activation, attention, cross_entropy, layer_norm, linear};
        use burn::tensor::{Int, Tensor};

        let drop = Dropout { probability: 0.2, key: 1 };
        let operation = |x: &[Tensor<1>]| {
            let heads = x[0].clone().reshape([2, 3, 11, 21]);
            let mask = Mask { padding: None, order: Order::Causal };
            let y = attention(heads.clone(), heads.clone(), heads, &mask, drop);
            let y = activation(y, Activation::Gelu, drop).reshape([66, 21]);
            let y = layer_norm(y, x[1].clone(), x[1].clone(), 1e-5);
            let weight = x[0].clone().reshape([66, 21]).narrow(0, 0, 21);
            let y = linear(y, weight, Some(x[1].clone()));
            cross_entropy(y, Tensor::<1, Int>::ones([66], &x[0].device()), 0, 0.1).loss
        };
        let inputs = [uniform(1, 66 * 21), uniform(2, 21)];
        let best = run(&operation, &inputs);
        let levels = if detected() == Level::Baseline { 1..=1 } else { 1..=2 };
        for level in levels {
            FORCED.store(level, Relaxed);
            let other = run(&operation, &inputs);
            FORCED.store(0, Relaxed);
            assert!(other == best, "level {level} differs");
        }
    }

    vectorised! {
        fn fast_exp(x: f32) -> f32 {
            exp(x)
        }
    }

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        let mut worst = 0.0f64;
        for i in -870_000..=880_000 {
            let x = i as f32 * 1e-4;
            let exact = f64::from(x).exp();
            let (got, plain) = (fast_exp(x), exp(x));
            assert_eq!(got, plain, "exp({x}) with and without vectors");
            worst = worst.max((f64::from(got) - exact).abs() / exact);
        }
        assert!(worst < 2.0 * f64::from(f32::EPSILON), "relative error {worst:e}");
    }

    #[test]
    fn exp_at_the_edges() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(-100.0), 0.0);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn normal_cdf_agrees_with_known_values() {
        // Φ to ten digits, from tables.
        let table = [
            (0.0, 0.5),
            (1.0, 0.841_344_746_1),
            (-1.0, 0.158_655_253_9),
            (-2.0, 0.022_750_131_95),
            (-3.0, 1.349_898_032e-3),
            (-5.0, 2.866_515_719e-7),
            (2.5, 0.993_790_334_7),
        ];
        for (x, expected) in table {
            let got = f64::from(normal_cdf(x));
            assert!((got - expected).abs() <= 1e-6 * expected, "Φ({x}) = {got}, expected {expected}");
        }
    }

    #[test]
    fn reductions_take_every_element_once() {
        for n in [0, 1, 31, 32, 33, 100] {
            let xs: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let expected = (n * (n - 1)) as f32 / 2.0;
            assert_eq!(sum(&xs, |x| x), expected.max(0.0));
            assert_eq!(sum_2(&xs, &xs, |x, y| x * y), xs.iter().map(|x| x * x).sum::<f32>());
            assert_eq!(max(&xs), if n == 0 { f32::NEG_INFINITY } else { (n - 1) as f32 });
            let mut doubled = xs.clone();
            assert_eq!(map_sum(&mut doubled, |x| 2.0 * x), 2.0 * expected.max(0.0));
            assert!(doubled.iter().zip(&xs).all(|(y, x)| *y == 2.0 * x));
        }
    }
}
