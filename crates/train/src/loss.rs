//! The training criterion: the sum over target tokens of the label-smoothed cross-entropy (§5.4).
//!
//! It stays a sum here; the trainer divides by the number of target tokens of the whole step, however the step is cut
//! into micro-batches.

use crate::tensors::BatchTensors;
use kernels::{CrossEntropy, cross_entropy};
use model::{Model, Pass};

/// Sums over the batch's target tokens, in nats.
pub fn loss(model: &Model, batch: BatchTensors, smoothing: f32, pass: &Pass) -> CrossEntropy {
    let logits = model.forward(batch.src, batch.tgt_in, pass);
    let [rows, len, vocab] = logits.dims();
    cross_entropy(logits.reshape([rows * len, vocab]), batch.tgt_out, model.ids().pad, smoothing)
}
