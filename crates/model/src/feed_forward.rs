//! The position-wise feed-forward layer (§3.3, eq. 2): `FFN(x) = max(0, x W₁ + b₁) W₂ + b₂`.

use crate::{Init, Linear, ModelConfig, Pass};
use burn::module::Module;
use burn::tensor::Tensor;

/// Two dense layers with a non-linearity (and dropout) between them.
#[derive(Module, Debug)]
pub struct FeedForward {
    /// `[d_model, d_ff]`
    pub inner: Linear,
    /// `[d_ff, d_model]`
    pub outer: Linear,
    #[module(skip)]
    activation: kernels::Activation,
}

impl FeedForward {
    /// From `d_model` to `d_ff` and back.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        Self {
            inner: Linear::new(config.d_model, config.d_ff, &init.child("inner")),
            outer: Linear::new(config.d_ff, config.d_model, &init.child("outer")),
            activation: config.activation.into(),
        }
    }

    pub(crate) fn activation(&self) -> kernels::Activation {
        self.activation
    }

    /// # Shapes
    ///
    /// `[batch, len, d_model]` → `[batch, len, d_model]`
    pub fn forward(&self, x: Tensor<3>, pass: &Pass) -> Tensor<3> {
        let hidden = kernels::activation(self.inner.forward(x), self.activation, pass.dropout());
        pass.see("feed_forward", self.outer.forward(hidden))
    }
}
