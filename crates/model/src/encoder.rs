//! The encoder (§3.1): a stack of layers, each self-attention and a feed-forward layer in residual blocks.
//!
//! Deviation with `norm = "pre"`: `x + dropout(sublayer(norm(x)))` instead of `norm(x + dropout(sublayer(x)))`, and one
//! more norm after the stack.

use crate::attention::MultiHeadAttention;
use crate::feed_forward::FeedForward;
use crate::pass::Site;
use crate::{Init, LayerNorm, ModelConfig, NormOrder, Pass};
use burn::module::Module;
use burn::tensor::Tensor;
use kernels::Mask;

/// A residual block around a sublayer: the one place that knows pre-norm from post-norm.
#[derive(Module, Debug)]
pub struct Residual {
    /// The block's layer norm.
    pub norm: LayerNorm,
    #[module(skip)]
    order: NormOrder,
}

impl Residual {
    pub(crate) fn new(config: &ModelConfig, init: &Init) -> Self {
        Self { norm: LayerNorm::new(config.d_model, &init.child("norm")), order: config.norm }
    }

    pub(crate) fn order(&self) -> NormOrder {
        self.order
    }

    /// `[batch, len, d_model]` → `[batch, len, d_model]`
    pub(crate) fn forward(
        &self,
        x: Tensor<3>,
        pass: &Pass,
        sublayer: impl FnOnce(Tensor<3>) -> Tensor<3>,
    ) -> Tensor<3> {
        match self.order {
            NormOrder::Pre => {
                let y = sublayer(pass.see("norm", self.norm.forward(x.clone())));
                kernels::dropout_add(y, x, pass.dropout())
            }
            NormOrder::Post => {
                let y = sublayer(x.clone());
                pass.see("norm", self.norm.forward(kernels::dropout_add(y, x, pass.dropout())))
            }
        }
    }
}

/// One layer of the encoder.
#[derive(Module, Debug)]
pub struct EncoderLayer {
    /// Every source position looks at every source position.
    pub self_attention: MultiHeadAttention,
    /// The block around self-attention.
    pub self_attention_block: Residual,
    /// The feed-forward layer.
    pub feed_forward: FeedForward,
    /// The block around the feed-forward layer.
    pub feed_forward_block: Residual,
}

impl EncoderLayer {
    /// A layer with fresh weights.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        Self {
            self_attention: MultiHeadAttention::new(config, &init.child("self_attention")),
            self_attention_block: Residual::new(config, &init.child("self_attention_block")),
            feed_forward: FeedForward::new(config, &init.child("feed_forward")),
            feed_forward_block: Residual::new(config, &init.child("feed_forward_block")),
        }
    }

    /// # Shapes
    ///
    /// `[batch, src_len, d_model]` → `[batch, src_len, d_model]`
    pub fn forward(&self, x: Tensor<3>, mask: &Mask, pass: &Pass) -> Tensor<3> {
        let x = self.self_attention_block.forward(x, pass, |x| {
            let seen = self.self_attention.keys_values(x.clone());
            self.self_attention.forward(x, &seen, mask, Site::Encoder, pass)
        });
        self.feed_forward_block.forward(x, pass, |x| self.feed_forward.forward(x, pass))
    }
}

/// The stack.
#[derive(Module, Debug)]
pub struct Encoder {
    /// From the first layer to the last.
    pub layers: Vec<EncoderLayer>,
    /// After the stack; pre-norm only.
    pub norm: Option<LayerNorm>,
}

impl Encoder {
    /// A stack with fresh weights.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        let layers =
            init.children("layers", config.n_encoder_layers).map(|init| EncoderLayer::new(config, &init));
        Self { layers: layers.collect(), norm: final_norm(config, init) }
    }

    /// # Shapes
    ///
    /// `[batch, src_len, d_model]` → `[batch, src_len, d_model]`
    pub fn forward(&self, x: Tensor<3>, mask: &Mask, pass: &Pass) -> Tensor<3> {
        let x = self.layers.iter().enumerate().fold(x, |x, (index, layer)| {
            pass.enter("encoder", index);
            pass.see("output", layer.forward(x, mask, pass))
        });
        self.norm.iter().fold(x, |x, norm| norm.forward(x))
    }
}

/// The norm after a pre-norm stack, whose residual stream is otherwise never normalised.
pub(crate) fn final_norm(config: &ModelConfig, init: &Init) -> Option<LayerNorm> {
    (config.norm == NormOrder::Pre).then(|| LayerNorm::new(config.d_model, &init.child("norm")))
}
