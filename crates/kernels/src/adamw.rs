//! Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101; Kingma & Ba 2015, arXiv:1412.6980).
//!
//! With g the clipped gradient: `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
//! `p ← p − lr·(m̂/(√v̂ + ε) + wd·p)` where `m̂ = m/(1−β₁ᵗ)` and `v̂ = v/(1−β₂ᵗ)`.

use burn::tensor::Tensor;

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
/// If the shapes differ or `t` is zero.
pub fn adamw<const D: usize>(
    param: Tensor<D>,
    grad: Tensor<D>,
    moments: Moments<D>,
    step: &AdamW,
) -> (Tensor<D>, Moments<D>) {
    assert!(step.t > 0, "adamw: steps count from 1");
    assert_eq!(param.dims(), grad.dims(), "adamw: shapes of parameter and gradient");
    plain(param, grad, moments, step)
}

/// The sum of the squares of `x`, for the global norm of the gradients.
pub fn squared_norm<const D: usize>(x: &Tensor<D>) -> f64 {
    f64::from(x.clone().square().sum().into_scalar::<f32>())
}

/// `(1 − β₁ᵗ, 1 − β₂ᵗ)`.
fn corrections(step: &AdamW) -> (f64, f64) {
    let t = step.t as f64;
    (1.0 - step.beta_1.powf(t), 1.0 - step.beta_2.powf(t))
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
