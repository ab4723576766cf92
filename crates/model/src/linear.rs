//! y = x·W + b.
//!
//! Deviation: our own leaf instead of Burn's, because its weights come from [`Init`] and its product from `kernels`.

use crate::Init;
use burn::module::{Module, Param};
use burn::tensor::{Tensor, assert_shape};

/// A dense layer.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_in, d_out]`
    pub weight: Param<Tensor<2>>,
    /// `[d_out]`
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    /// Xavier-uniform weight, zero bias.
    pub fn new(d_in: usize, d_out: usize, init: &Init) -> Self {
        let weight = init.child("weight").xavier_uniform(d_in, d_out);
        Self { weight, bias: init.child("bias").constant(d_out, 0.0) }
    }

    /// # Shapes
    ///
    /// `[.., d_in]` → `[.., d_out]`
    ///
    /// # Panics
    ///
    /// If the last axis of `x` is not `d_in`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let weight = self.weight.val();
        let [d_in, _] = weight.dims();
        assert_shape!(x, [.., d_in]);
        kernels::linear(x, weight, Some(self.bias.val()))
    }
}
