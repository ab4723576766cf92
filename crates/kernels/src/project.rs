//! The output projection with tied weights: `logits = x·Wᵀ` (Press & Wolf 2017, arXiv:1608.05859).

use burn::tensor::Tensor;

/// `x·Wᵀ` without a transposed copy of `W`.
///
/// # Shapes
/// `x [n, d_model]`, `weight [vocab, d_model]` → `[n, vocab]`.
///
/// # Panics
/// If the shapes do not fit.
pub fn project(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    assert_eq!(x.dims()[1], weight.dims()[1], "project: last axes of x and weight");
    plain(x, weight)
}

/// The plain body.
pub fn plain(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    x.matmul(weight.transpose())
}
