//! Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101; Kingma & Ba 2015, arXiv:1412.6980).
//!
//! With g the clipped gradient: `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
//! `p ← p − lr·(m̂/(√v̂ + ε) + wd·p)` where `m̂ = m/(1−β₁ᵗ)` and `v̂ = v/(1−β₂ᵗ)`.
//! The fast body does this in one pass, in place.

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::host::{CHUNK, Host, is_fast, owned, owned_floats};
use crate::simd::vectorised;

/// What one update needs to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta_1: f64,
    /// Decay of the second moment.
    pub beta_2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled weight decay, multiplied by the learning rate.
    pub weight_decay: f64,
    /// Factor on the gradient, for clipping by the global norm; 1 leaves it alone.
    pub clip: f64,
    /// The step, from 1.
    pub t: u64,
}

/// The running moments of one parameter, both of its shape; zeros at first.
#[derive(Clone, Debug)]
pub struct Moments<const D: usize> {
    /// Mean of the gradient.
    pub first: Tensor<D>,
    /// Mean of its square.
    pub second: Tensor<D>,
}

/// One update of one parameter, in place where the tensors are not shared. Plain tensors, off the tape.
///
/// # Panics
/// If the shapes differ, `t` is zero, or a tensor is on the tape.
pub fn adamw<const D: usize>(
    param: Tensor<D>,
    grad: Tensor<D>,
    moments: Moments<D>,
    step: &AdamW,
) -> (Tensor<D>, Moments<D>) {
    assert!(step.t > 0, "adamw: steps count from 1");
    assert_eq!(param.dims(), grad.dims(), "adamw: shapes of parameter and gradient");
    assert_eq!(param.dims(), moments.first.dims(), "adamw: shapes of parameter and first moment");
    assert_eq!(param.dims(), moments.second.dims(), "adamw: shapes of parameter and second moment");
    if !is_fast(&param) {
        return plain(param, grad, moments, step);
    }
    let [param, first, second] = [param, moments.first, moments.second].map(Tensor::into_dispatch);
    let (param, first, second) =
        <Dispatch as AdamWOps>::adamw(param, first, second, grad.into_dispatch(), *step);
    let [param, first, second] = [param, first, second].map(Tensor::from_dispatch);
    (param, Moments { first, second })
}

/// The sum of the squares of all `xs`, for the global norm of the gradients: in float64 on the CPU; in float32 on other
/// backends, which are asked only once.
pub fn squared_norm<const D: usize>(xs: &[&Tensor<D>]) -> f64 {
    let Some(x) = xs.first() else { return 0.0 };
    if is_fast(x) && !x.device().is_autodiff() {
        let one = |x: &&Tensor<D>| <Dispatch as AdamWOps>::sum_of_squares((*x).clone().into_dispatch());
        return xs.iter().map(one).sum();
    }
    let sums = xs.iter().map(|x| (*x).clone().square().sum()).collect();
    Tensor::cat(sums, 0).into_data().iter::<f32>().map(f64::from).sum()
}

/// The plain body.
pub fn plain<const D: usize>(
    param: Tensor<D>,
    grad: Tensor<D>,
    moments: Moments<D>,
    step: &AdamW,
) -> (Tensor<D>, Moments<D>) {
    let grad = grad * step.clip;
    let first = moments.first * step.beta_1 + grad.clone() * (1.0 - step.beta_1);
    let second = moments.second * step.beta_2 + grad.square() * (1.0 - step.beta_2);
    let (correction_1, correction_2) = corrections(step);
    let root = (second.clone() / correction_2).sqrt() + step.epsilon;
    let update = first.clone() / correction_1 / root * step.learning_rate;
    let param = param * (1.0 - step.learning_rate * step.weight_decay) - update;
    (param, Moments { first, second })
}

/// `(1 − β₁ᵗ, 1 − β₂ᵗ)`.
fn corrections(step: &AdamW) -> (f64, f64) {
    let t = step.t as f64;
    (1.0 - step.beta_1.powf(t), 1.0 - step.beta_2.powf(t))
}

#[backend_extension(Flex, LibTorch: cfg(feature = "tch"))]
trait AdamWOps: Backend {
    /// Parameter and moments after the update.
    fn adamw(
        param: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        step: AdamW,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn sum_of_squares(x: FloatTensor<Self>) -> f64;
}

impl<B: Host> AdamWOps for B {
    fn adamw(
        param: FloatTensor<B>,
        first: FloatTensor<B>,
        second: FloatTensor<B>,
        grad: FloatTensor<B>,
        step: AdamW,
    ) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
        let [param, first, second] = fast::<B>([param, first, second], grad, &step);
        (param, first, second)
    }

    fn sum_of_squares(x: FloatTensor<B>) -> f64 {
        let x = B::contiguous(x);
        let chunks = B::floats(&x).par_chunks(CHUNK).with_min_len(8);
        chunks.map(sum_of_squares).collect::<Vec<f64>>().into_iter().sum()
    }
}

/// The constants of one update, float32.
#[derive(Clone, Copy)]
struct Factors {
    clip: f32,
    beta_1: f32,
    beta_2: f32,
    rest_1: f32,
    rest_2: f32,
    /// 1/√(1−β₂ᵗ).
    root_factor: f32,
    epsilon: f32,
    /// lr/(1−β₁ᵗ).
    rate: f32,
    decay: f32,
}

impl Factors {
    fn new(step: &AdamW) -> Self {
        let (correction_1, correction_2) = corrections(step);
        Self {
            clip: step.clip as f32,
            beta_1: step.beta_1 as f32,
            beta_2: step.beta_2 as f32,
            rest_1: (1.0 - step.beta_1) as f32,
            rest_2: (1.0 - step.beta_2) as f32,
            root_factor: correction_2.sqrt().recip() as f32,
            epsilon: step.epsilon as f32,
            rate: (step.learning_rate / correction_1) as f32,
            decay: (1.0 - step.learning_rate * step.weight_decay) as f32,
        }
    }
}

/// Updates parameter and moments, `[p, m, v]`.
fn fast<B: Host>(state: [FloatTensor<B>; 3], grad: FloatTensor<B>, step: &AdamW) -> [FloatTensor<B>; 3] {
    let grad = B::contiguous(grad);
    let mut state = state.map(owned::<B>);
    let [param, first, second] = state.each_mut().map(owned_floats::<B>);
    let factors = Factors::new(step);
    (param.par_chunks_mut(CHUNK), first.par_chunks_mut(CHUNK), second.par_chunks_mut(CHUNK))
        .into_par_iter()
        .zip(B::floats(&grad).par_chunks(CHUNK))
        .with_min_len(4)
        .for_each(|((param, first, second), grad)| update(param, first, second, grad, factors));
    state
}

vectorised! {
    fn update(param: &mut [f32], first: &mut [f32], second: &mut [f32], grad: &[f32], factors: Factors) {
        let f = factors;
        for (((p, m), v), &g) in param.iter_mut().zip(first).zip(second).zip(grad) {
            let g = g * f.clip;
            *m = f.beta_1.mul_add(*m, f.rest_1 * g);
            *v = f.beta_2.mul_add(*v, f.rest_2 * g * g);
            *p = f.decay.mul_add(*p, -f.rate * *m / v.sqrt().mul_add(f.root_factor, f.epsilon));
        }
    }

    fn sum_of_squares(xs: &[f32]) -> f64 {
        let mut lanes = [0.0f64; 16];
        let (chunks, rest) = xs.as_chunks::<16>();
        for chunk in chunks {
            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                *lane += f64::from(x) * f64::from(x);
            }
        }
        let rest: f64 = rest.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        rest + lanes.iter().sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::testing::{assert_close, devices, flat, to_vec, uniform};

    const STEP: AdamW = AdamW {
        learning_rate: 0.1,
        beta_1: 0.9,
        beta_2: 0.98,
        epsilon: 1e-9,
        weight_decay: 0.01,
        clip: 0.5,
        t: 1,
    };

    fn start(n: usize, device: &Device) -> (Tensor<1>, Moments<1>) {
        let zeros = Tensor::zeros([n], device);
        (flat(&uniform(1, n), device), Moments { first: zeros.clone(), second: zeros })
    }

    #[test]
    fn fast_is_plain() {
        for (n, device) in
            [1, 33, 70_001].into_iter().flat_map(|n| devices().into_iter().map(move |d| (n, d)))
        {
            let (mut fast, mut plain) = (start(n, &device), start(n, &device));
            for t in 1..=5 {
                let grad = flat(&uniform(t + 1, n), &device);
                let step = AdamW { t, ..STEP };
                fast = adamw(fast.0, grad.clone(), fast.1, &step);
                plain = super::plain(plain.0, grad, plain.1, &step);
            }
            assert_close(&to_vec(fast.0), &to_vec(plain.0), 1e-5, "parameter");
            assert_close(&to_vec(fast.1.first), &to_vec(plain.1.first), 1e-5, "first moment");
            assert_close(&to_vec(fast.1.second), &to_vec(plain.1.second), 1e-5, "second moment");
        }
    }

    /// The formulas of the paper in float64.
    #[test]
    fn follows_the_paper() {
        let (mut p, mut m, mut v) = (f64::from(uniform(1, 1)[0]), 0.0, 0.0);
        let (mut param, mut moments) = start(1, &Device::flex());
        for t in 1..=4u64 {
            let g = [0.3, -0.7, 0.01, 2.0][t as usize - 1];
            let step = AdamW { t, ..STEP };
            (param, moments) = adamw(param, flat(&[g], &Device::flex()), moments, &step);
            let g = f64::from(g) * 0.5;
            (m, v) = (0.9 * m + 0.1 * g, 0.98 * v + 0.02 * g * g);
            let (m_hat, v_hat) = (m / (1.0 - 0.9f64.powi(t as i32)), v / (1.0 - 0.98f64.powi(t as i32)));
            p -= 0.1 * (m_hat / (v_hat.sqrt() + 1e-9) + 0.01 * p);
        }
        assert_close(&to_vec(param), &[p as f32], 1e-6, "parameter");
    }

    #[test]
    fn a_shared_parameter_is_left_alone() {
        for device in devices() {
            let (param, moments) = start(10, &device);
            let grad = flat(&uniform(2, 10), &device);
            let (after, _) = adamw(param.clone(), grad, moments, &STEP);
            assert_eq!(to_vec(param.clone()), uniform(1, 10));
            assert_ne!(to_vec(after), to_vec(param));
        }
    }

    #[test]
    fn a_view_keeps_its_order() {
        for device in devices() {
            let tensor = |key| flat(&uniform(key, 15), &device).reshape([3, 5]);
            let moments =
                Moments { first: Tensor::zeros([5, 3], &device), second: Tensor::zeros([5, 3], &device) };
            let (view, _) = adamw(tensor(1).transpose(), tensor(2).transpose(), moments, &STEP);
            let moments =
                Moments { first: Tensor::zeros([3, 5], &device), second: Tensor::zeros([3, 5], &device) };
            let (dense, _) = adamw(tensor(1), tensor(2), moments, &STEP);
            assert_eq!(to_vec(view), to_vec(dense.transpose()));
        }
    }

    #[test]
    fn squared_norm_is_the_sum_of_squares() {
        let x = uniform(1, 70_001);
        let expected: f64 = x.iter().map(|&x| f64::from(x).powi(2)).sum();
        for device in devices() {
            let x = flat(&x, &device);
            let got = squared_norm(&[&x]);
            assert!((got - expected).abs() < 1e-12 * expected, "{got}, expected {expected}");
        }
    }
}
