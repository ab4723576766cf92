//! Cross-entropy with label smoothing: `Σ (1−ε)·(−log p_target) + ε·mean_v(−log p_v)` over the rows whose target
//! is not padding (Szegedy et al. 2016, arXiv:1512.00567; Vaswani et al. 2017 §5.4).
//!
//! Deviation: a sum, not a mean; the caller divides by the number of targets of the whole step.

use burn::tensor::{Int, Tensor, activation::log_softmax};

/// Two sums over the rows whose target is not padding, in nats.
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// The smoothed loss, `[1]`: what is differentiated.
    pub loss: Tensor<1>,
    /// The negative log-likelihood without smoothing, `[1]`: for the reports, off the tape.
    pub nll: Tensor<1>,
}

/// The loss of `logits` against `targets`, with smoothing ε.
///
/// # Shapes
/// `logits [n, vocab]`, `targets [n]` with ids below `vocab` → two sums `[1]`.
///
/// # Panics
/// If the shapes do not fit.
pub fn cross_entropy(
    logits: Tensor<2>,
    targets: Tensor<1, Int>,
    pad_id: u32,
    smoothing: f32,
) -> CrossEntropy {
    assert_eq!(targets.dims()[0], logits.dims()[0], "cross_entropy: rows of targets and logits");
    plain(logits, targets, pad_id, smoothing)
}

fn plain(logits: Tensor<2>, targets: Tensor<1, Int>, pad_id: u32, smoothing: f32) -> CrossEntropy {
    let n = targets.dims()[0];
    let log_p = log_softmax(logits, 1);
    let counted = targets.clone().not_equal_elem(i64::from(pad_id)).float();
    let nll = log_p.clone().gather(1, targets.reshape([n, 1])).reshape([n]).neg() * counted.clone();
    let uniform = log_p.mean_dim(1).reshape([n]).neg() * counted;
    let reported = nll.clone().detach().sum();
    CrossEntropy { loss: (nll * (1.0 - smoothing) + uniform * smoothing).sum(), nll: reported }
}
