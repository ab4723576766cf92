//! y = γ · (x − mean) / √(variance + ε) + β over the last axis (Ba et al. 2016, arXiv:1607.06450).

use crate::Init;
use burn::module::{Module, Param};
use burn::tensor::{Tensor, assert_shape};

/// Added to the variance. PyTorch's default.
pub(crate) const EPSILON: f64 = 1e-5;

/// Layer normalisation.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// `[d_model]`
    pub gamma: Param<Tensor<1>>,
    /// `[d_model]`
    pub beta: Param<Tensor<1>>,
}

impl LayerNorm {
    /// γ = 1, β = 0.
    pub fn new(d_model: usize, init: &Init) -> Self {
        Self {
            gamma: init.child("gamma").constant(d_model, 1.0),
            beta: init.child("beta").constant(d_model, 0.0),
        }
    }

    /// # Shapes
    ///
    /// `[.., d_model]` → `[.., d_model]`
    ///
    /// # Panics
    ///
    /// If the last axis of `x` is not `d_model`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let gamma = self.gamma.val();
        let [d_model] = gamma.dims();
        assert_shape!(x, [.., d_model]);
        kernels::layer_norm(x, gamma, self.beta.val(), EPSILON)
    }
}
