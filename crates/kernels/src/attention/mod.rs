//! Scaled dot-product attention: `softmax(q·kᵀ/√d_head)·v` (Vaswani et al. 2017 §3.2.1 eq. 1, arXiv:1706.03762).
//!
//! Deviation: a query that may see no key gives zeros (the paper leaves it undefined), and dropout falls on the
//! weights, as in the authors' own code.

use burn::tensor::{Bool, Tensor};

use crate::dropout::Dropout;

pub(crate) mod plain;

/// Which keys a query may see.
#[derive(Clone, Debug)]
pub struct Mask {
    /// `[batch, k_len]`, true where a key is padding and blocked. `None`: no key is padding.
    pub padding: Option<Tensor<2, Bool>>,
    /// Whether the future is blocked, too.
    pub order: Order,
}

/// Whether a query may see keys after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Every query sees every key.
    Any,
    /// Query i sees the keys `j ≤ i + (k_len − q_len)`: the last query sees all of them.
    Causal,
}

/// `dropout(softmax(q·kᵀ/√d_head + mask))·v`. Views (swapped axes) are taken as they are.
///
/// # Shapes
/// `q [batch, n_heads, q_len, d_head]`, `k` and `v [batch, n_heads, k_len, d_head]` →
/// `[batch, n_heads, q_len, d_head]`.
///
/// # Panics
/// If the shapes do not fit or the probability of dropout is not in `[0, 1)`.
pub fn attention(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, mask: &Mask, dropout: Dropout) -> Tensor<4> {
    assert_eq!(k.dims(), v.dims(), "attention: shapes of k and v");
    check(&q, &k, mask);
    plain::attention(q, k, v, mask, dropout)
}

/// The weights `softmax(q·kᵀ/√d_head + mask)` themselves, without dropout, for pictures and tests.
///
/// # Shapes
/// As [`attention`], → `[batch, n_heads, q_len, k_len]`. Rows sum to one, or to zero where nothing may be seen.
///
/// # Panics
/// If the shapes do not fit.
pub fn attention_weights(q: Tensor<4>, k: Tensor<4>, mask: &Mask) -> Tensor<4> {
    check(&q, &k, mask);
    plain::weights(q, k, mask)
}

fn check(q: &Tensor<4>, k: &Tensor<4>, mask: &Mask) {
    let [batch, n_heads, q_len, d_head] = q.dims();
    let [k_batch, k_heads, k_len, k_width] = k.dims();
    assert_eq!(
        (batch, n_heads, d_head),
        (k_batch, k_heads, k_width),
        "attention: batch, n_heads, d_head of q and k"
    );
    if let Some(padding) = &mask.padding {
        assert_eq!(padding.dims(), [batch, k_len], "attention: padding is [batch, k_len]");
    }
    assert!(mask.order == Order::Any || q_len <= k_len, "attention: {q_len} causal queries, {k_len} keys");
}
