//! The output projection with tied weights: `logits = x·Wᵀ` (Press & Wolf 2017, arXiv:1608.05859).

use burn::tensor::{FloatDType, Tensor};

use crate::linear::affine;

/// `x·Wᵀ` without a transposed copy of `W`, in either direction.
///
/// # Shapes
/// `x [n, d_model]`, `weight [vocab, d_model]` → `[n, vocab]`.
///
/// # Panics
/// If the shapes do not fit.
pub fn project(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    assert_eq!(x.dims()[1], weight.dims()[1], "project: last axes of x and weight");
    affine(x, weight.transpose(), None)
}

/// The plain body.
pub fn plain(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    let precision = FloatDType::from(x.dtype());
    x.matmul(weight.transpose().cast(precision))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_differentiates, assert_same, uniform};

    fn apply(
        body: fn(Tensor<2>, Tensor<2>) -> Tensor<2>,
        x: &[Tensor<1>],
        [n, d_model, vocab]: [usize; 3],
    ) -> Tensor<1> {
        body(x[0].clone().reshape([n, d_model]), x[1].clone().reshape([vocab, d_model])).reshape([-1])
    }

    #[test]
    fn fast_is_plain() {
        for shape in [[1, 1, 1], [5, 7, 11], [70, 33, 1000]] {
            let inputs = [uniform(1, shape[0] * shape[1]), uniform(2, shape[2] * shape[1])];
            assert_same(&|x| apply(project, x, shape), &|x| apply(plain, x, shape), &inputs, 1e-5);
        }
    }

    #[test]
    fn gradients_are_slopes() {
        let inputs = [uniform(1, 5 * 7), uniform(2, 11 * 7)];
        assert_differentiates(&|x| apply(project, x, [5, 7, 11]), &inputs, 2e-3);
    }
}
