//! Rows of a table: the embedding of token ids (Vaswani et al. 2017 §3.4).

use burn::tensor::{Int, Tensor, module};

/// The rows of `weight` at `ids`; the backward pass adds into the rows.
///
/// # Shapes
/// `weight [vocab, d_model]`, `ids [batch, len]` → `[batch, len, d_model]`.
///
/// # Panics
/// If an id is not below `vocab`.
pub fn embedding(weight: Tensor<2>, ids: Tensor<2, Int>) -> Tensor<3> {
    plain(weight, ids)
}

/// The plain body.
pub fn plain(weight: Tensor<2>, ids: Tensor<2, Int>) -> Tensor<3> {
    module::embedding(weight, ids)
}
