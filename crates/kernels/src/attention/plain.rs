//! Attention from Burn's operations.

use burn::tensor::{Bool, FloatDType, Tensor, activation::softmax};

use super::{Mask, Order};
use crate::dropout::{Dropout, dropout as drop};

/// Lower than any score, yet finite, so that a row with nothing to see has no NaN in it.
const BLOCKED: f32 = -1e30;

/// The plain body.
pub fn attention(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, mask: &Mask, dropout: Dropout) -> Tensor<4> {
    let precision = FloatDType::from(v.dtype());
    drop(weights(q, k, mask).cast(precision), dropout).matmul(v)
}

/// In float32.
pub(super) fn weights(q: Tensor<4>, k: Tensor<4>, mask: &Mask) -> Tensor<4> {
    let [batch, n_heads, q_len, d_head] = q.dims();
    let k_len = k.dims()[2];
    let scores = (q / (d_head as f64).sqrt()).matmul(k.swap_dims(2, 3)).cast(FloatDType::F32);
    let Some(blocked) = blocked(mask, [batch, n_heads, q_len, k_len], &scores) else {
        return softmax(scores, 3);
    };
    softmax(scores.mask_fill(blocked.clone(), BLOCKED), 3).mask_fill(blocked, 0.0)
}

fn blocked(mask: &Mask, shape: [usize; 4], scores: &Tensor<4>) -> Option<Tensor<4, Bool>> {
    let [batch, _, q_len, k_len] = shape;
    let padding = mask.padding.clone().map(|padding| padding.reshape([batch, 1, 1, k_len]).expand(shape));
    let future = (mask.order == Order::Causal).then(|| {
        let offset = k_len as i64 - q_len as i64;
        let future = Tensor::<2, Bool>::tril_mask([q_len, k_len], offset, &scores.device());
        future.reshape([1, 1, q_len, k_len]).expand(shape)
    });
    match (padding, future) {
        (Some(padding), Some(future)) => Some(padding.bool_or(future)),
        (padding, future) => padding.or(future),
    }
}
