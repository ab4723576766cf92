//! Cross-entropy with label smoothing: `Σ (1−ε)·(−log p_target) + ε·mean_v(−log p_v)` over the rows whose target
//! is not padding (Szegedy et al. 2016, arXiv:1512.00567; Vaswani et al. 2017 §5.4).
//!
//! The fast body reads the logits once: with `l = log Σ_v exp(z_v)` a row's loss is
//! `l − (1−ε)·z_target − ε·mean_v z_v`. It keeps l; the backward pass turns the logits in place into
//! `softmax(z) − (1−ε)·[v = target] − ε/vocab`.
//!
//! Deviation: a sum, not a mean; the caller divides by the number of targets of the whole step.

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Dispatch, TensorMetadata, backend_extension,
    tensor::{FloatTensor, IntTensor},
};
use burn::tensor::{FloatDType, Int, Tensor, activation::log_softmax};
use rayon::prelude::*;

use crate::host::{Host, is_fast, map_chunks, scalar, single};
use crate::simd::{exp, max, sum, vectorised};

/// Two sums over the rows whose target is not padding, in nats.
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// The smoothed loss, `[1]`: what is differentiated.
    pub loss: Tensor<1>,
    /// The negative log-likelihood without smoothing, `[1]`: for the reports, off the tape.
    pub nll: Tensor<1>,
}

/// The loss of `logits` against `targets`, with smoothing ε. Logits that are not used elsewhere are overwritten by
/// their gradient.
///
/// # Shapes
/// `logits [n, vocab]`, `targets [n]` with ids below `vocab` → two sums `[1]`.
///
/// # Panics
/// If the shapes do not fit, there are no rows, or a target is not below `vocab`.
pub fn cross_entropy(
    logits: Tensor<2>,
    targets: Tensor<1, Int>,
    pad_id: u32,
    smoothing: f32,
) -> CrossEntropy {
    assert_eq!(targets.dims()[0], logits.dims()[0], "cross_entropy: rows of targets and logits");
    assert!(logits.dims()[0] > 0, "cross_entropy: no rows");
    if !is_fast(&logits) {
        return plain(logits, targets, pad_id, smoothing);
    }
    let (loss, nll) = <Dispatch as CrossEntropyOps>::cross_entropy(
        logits.into_dispatch(),
        targets.into_dispatch(),
        pad_id,
        smoothing,
    );
    CrossEntropy { loss: Tensor::from_dispatch(loss), nll: Tensor::from_dispatch(nll) }
}

/// The plain body.
pub fn plain(logits: Tensor<2>, targets: Tensor<1, Int>, pad_id: u32, smoothing: f32) -> CrossEntropy {
    let n = targets.dims()[0];
    let log_p = log_softmax(logits.cast(FloatDType::F32), 1);
    let counted = targets.clone().not_equal_elem(i64::from(pad_id)).float();
    let nll = log_p.clone().gather(1, targets.reshape([n, 1])).reshape([n]).neg() * counted.clone();
    let uniform = log_p.mean_dim(1).reshape([n]).neg() * counted;
    let reported = nll.clone().detach().sum();
    CrossEntropy { loss: (nll * (1.0 - smoothing) + uniform * smoothing).sum(), nll: reported }
}

#[backend_extension(Autodiff, Flex, LibTorch: cfg(feature = "tch"))]
trait CrossEntropyOps: Backend {
    fn cross_entropy(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        pad_id: u32,
        smoothing: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl<B: Host> CrossEntropyOps for B {
    fn cross_entropy(
        logits: FloatTensor<B>,
        targets: IntTensor<B>,
        pad_id: u32,
        smoothing: f32,
    ) -> (FloatTensor<B>, FloatTensor<B>) {
        let (loss, nll, _) = forward::<B>(logits, targets, pad_id, smoothing);
        (loss, nll)
    }
}

impl<B: Host, C: CheckpointStrategy> CrossEntropyOps for Autodiff<B, C> {
    fn cross_entropy(
        logits: FloatTensor<Self>,
        targets: IntTensor<B>,
        pad_id: u32,
        smoothing: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (logits, node) = logits.into_parts();
        let (loss, nll, saved) = forward::<B>(logits, targets, pad_id, smoothing);
        let loss = match Backward::<B, 1>::prepare::<C>(Step, [node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(saved, loss),
            OpsKind::UnTracked(step) => step.finish(loss),
        };
        (loss, Self::from_inner(nll))
    }
}

/// What the backward pass needs. Rows with padding have no target.
#[derive(Clone, Debug)]
struct Saved<B: Host> {
    logits: FloatTensor<B>,
    targets: Vec<Option<u32>>,
    log_sums: Vec<f32>,
    smoothing: f32,
}

#[derive(Debug)]
struct Step;

impl<B: Host> Backward<B, 1> for Step {
    type State = Saved<B>;

    fn backward(self, ops: Ops<Saved<B>, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = scalar::<B>(&grads.consume::<B>(&ops.node));
        if let [Some(parent)] = ops.parents {
            grads.register::<B>(parent.id, gradient(ops.state, grad));
        }
    }
}

/// Loss and likelihood, and what is saved.
fn forward<B: Host>(
    logits: FloatTensor<B>,
    targets: IntTensor<B>,
    pad_id: u32,
    smoothing: f32,
) -> (FloatTensor<B>, FloatTensor<B>, Saved<B>) {
    let logits = B::contiguous(logits);
    let vocab = logits.shape()[1];
    let padded = |id| if id == pad_id { None } else { Some(id) };
    let targets: Vec<_> = B::ids(targets, vocab).into_iter().map(padded).collect();
    let rows = B::floats(&logits).par_chunks_exact(vocab).zip(&targets).with_min_len(8);
    let row = |(z, target): (&[f32], &Option<u32>)| match target {
        Some(target) => row_loss(z, *target as usize, smoothing),
        None => [0.0; 3],
    };
    let losses: Vec<[f32; 3]> = rows.map(row).collect();
    let total = |i: usize| losses.iter().map(|row| f64::from(row[i])).sum::<f64>() as f32;
    let (loss, nll) = (single::<B>(total(0)), single::<B>(total(1)));
    let log_sums = losses.iter().map(|row| row[2]).collect();
    (loss, nll, Saved { logits, targets, log_sums, smoothing })
}

/// `grad · (softmax(z) − (1−ε)·[v = target] − ε/vocab)`, zero in rows of padding.
fn gradient<B: Host>(saved: Saved<B>, grad: f32) -> FloatTensor<B> {
    let Saved { logits, targets, log_sums, smoothing } = saved;
    let vocab = logits.shape()[1];
    map_chunks::<B>(logits, vocab, |i, z| match targets[i] {
        Some(target) => row_gradient(z, target as usize, log_sums[i], smoothing, grad),
        None => z.fill(0.0),
    })
}

vectorised! {
    /// The smoothed loss of a row, its negative log-likelihood, and `log Σ exp z`.
    fn row_loss(z: &[f32], target: usize, smoothing: f32) -> [f32; 3] {
        let highest = max(z);
        let log_sum = highest + sum(z, |z| exp(z - highest)).ln();
        let mean = sum(z, |z| z) / z.len() as f32;
        let nll = log_sum - z[target];
        [(1.0 - smoothing) * nll + smoothing * (log_sum - mean), nll, log_sum]
    }

    fn row_gradient(z: &mut [f32], target: usize, log_sum: f32, smoothing: f32, grad: f32) {
        let uniform = grad * smoothing / z.len() as f32;
        for z in z.iter_mut() {
            *z = grad.mul_add(exp(*z - log_sum), -uniform);
        }
        z[target] -= grad * (1.0 - smoothing);
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::testing::{assert_close, assert_differentiates, assert_same, below, run, to_vec, uniform};

    /// Loss and likelihood as one flat tensor.
    fn both(body: impl Fn(Tensor<2>, Tensor<1, Int>) -> CrossEntropy, x: &Tensor<1>, n: usize) -> Tensor<1> {
        let vocab = x.dims()[0] / n;
        let targets = TensorData::new(below(n as u64, n, vocab), [n]);
        let out = body(x.clone().reshape([n, vocab]), Tensor::from_data(targets, &x.device()));
        Tensor::cat(vec![out.loss, out.nll], 0)
    }

    #[test]
    fn fast_is_plain() {
        for (n, vocab, smoothing) in [(1, 2, 0.0), (5, 11, 0.1), (7, 1, 0.5), (33, 1000, 0.1)] {
            let x = uniform(vocab as u64, n * vocab).into_iter().map(|x| 9.0 * x).collect();
            let fast = |x: &[Tensor<1>]| both(|z, t| cross_entropy(z, t, 0, smoothing), &x[0], n);
            let plain = |x: &[Tensor<1>]| both(|z, t| plain(z, t, 0, smoothing), &x[0], n);
            assert_same(&fast, &plain, &[x], 1e-5);
        }
    }

    #[test]
    fn gradient_is_the_slope() {
        // The likelihood is off the tape: only the loss is checked.
        let loss = |x: &[Tensor<1>]| both(|z, t| cross_entropy(z, t, 3, 0.1), &x[0], 5).narrow(0, 0, 1);
        assert_differentiates(&loss, &[uniform(1, 5 * 11)], 2e-3);
    }

    #[test]
    fn padding_counts_for_nothing() {
        let x = uniform(4, 3 * 7);
        let loss = |pad: u32| {
            move |x: &[Tensor<1>]| {
                let targets = Tensor::<1, Int>::from_data([2, 6, 2], &x[0].device());
                cross_entropy(x[0].clone().reshape([3, 7]), targets, pad, 0.1).loss
            }
        };
        let (some, grads) = run(&loss(6), std::slice::from_ref(&x));
        assert!(grads[0][7..14].iter().all(|&g| g == 0.0), "gradient in a row of padding");
        let mut moved = x;
        moved[8] += 5.0;
        assert_eq!(run(&loss(6), std::slice::from_ref(&moved)).0, some);
        assert_eq!(run(&loss(2), &[moved]).0.len(), 1);
    }

    #[test]
    fn logits_used_elsewhere_are_left_alone() {
        for device in crate::testing::devices() {
            let device = device.autodiff();
            let x = crate::testing::flat(&uniform(5, 12), &device).require_grad();
            let logits = x.clone().reshape([3, 4]) * 2.0;
            let targets = Tensor::<1, Int>::from_data([1, 2, 3], &device);
            let before = to_vec(logits.clone());
            cross_entropy(logits.clone(), targets, 0, 0.1).loss.backward();
            assert_close(&to_vec(logits), &before, 0.0, "logits after the backward pass");
        }
    }
}
