//! The decoder (§3.1): a stack of layers, each masked self-attention, attention to the encoder's states and a
//! feed-forward layer in residual blocks.
//!
//! [`Decoder::forward`] computes all positions of known targets at once (training); [`Decoder::step`] computes one new
//! position from a [`Cache`] (search). Both are one computation: a test holds them equal.

use crate::attention::{KeysValues, MultiHeadAttention};
use crate::cache::{Cache, LayerCache};
use crate::encoder::{Residual, final_norm};
use crate::feed_forward::FeedForward;
use crate::mask;
use crate::pass::Site;
use crate::{Init, LayerNorm, Memory, ModelConfig, Pass};
use burn::module::Module;
use burn::tensor::Tensor;
use kernels::Mask;

/// One layer of the decoder.
#[derive(Module, Debug)]
pub struct DecoderLayer {
    /// Every target position looks at itself and the positions before it.
    pub self_attention: MultiHeadAttention,
    /// The block around self-attention.
    pub self_attention_block: Residual,
    /// Every target position looks at every source position.
    pub cross_attention: MultiHeadAttention,
    /// The block around cross-attention.
    pub cross_attention_block: Residual,
    /// The feed-forward layer.
    pub feed_forward: FeedForward,
    /// The block around the feed-forward layer.
    pub feed_forward_block: Residual,
}

impl DecoderLayer {
    /// A layer with fresh weights.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        Self {
            self_attention: MultiHeadAttention::new(config, &init.child("self_attention")),
            self_attention_block: Residual::new(config, &init.child("self_attention_block")),
            cross_attention: MultiHeadAttention::new(config, &init.child("cross_attention")),
            cross_attention_block: Residual::new(config, &init.child("cross_attention_block")),
            feed_forward: FeedForward::new(config, &init.child("feed_forward")),
            feed_forward_block: Residual::new(config, &init.child("feed_forward_block")),
        }
    }

    /// # Shapes
    ///
    /// `[batch, tgt_len, d_model]` → `[batch, tgt_len, d_model]`
    pub fn forward(&self, x: Tensor<3>, memory: &Memory, pass: &Pass) -> Tensor<3> {
        let x = self.self_attention_block.forward(x, pass, |x| {
            let seen = self.self_attention.keys_values(x.clone());
            self.self_attention.forward(x, &seen, &mask::targets(pass.future()), Site::Decoder, pass)
        });
        let cross = self.cross_attention.keys_values(memory.states.clone());
        let x = self.cross_attention_block.forward(x, pass, |x| {
            let mask = mask::padding_only(&memory.padding_mask);
            self.cross_attention.forward(x, &cross, &mask, Site::Cross, pass)
        });
        self.feed_forward_block.forward(x, pass, |x| self.feed_forward.forward(x, pass))
    }

    /// One new position: `[sentences · width, 1, d_model]` → the same.
    fn step(
        &self,
        x: Tensor<3>,
        cache: &mut LayerCache,
        width: usize,
        source: &Mask,
        pass: &Pass,
    ) -> Tensor<3> {
        let x = self.self_attention_block.forward(x, pass, |x| {
            let seen = cache.append(self.self_attention.keys_values(x.clone()));
            self.self_attention.forward(x, seen, &mask::causal(), Site::Decoder, pass)
        });
        let x = self.cross_attention_block.forward(x, pass, |x| {
            let [rows, _, d_model] = x.dims();
            let queries = x.reshape([rows / width, width, d_model]);
            self.cross_attention
                .forward(queries, &cache.cross, source, Site::Cross, pass)
                .reshape([rows, 1, d_model])
        });
        self.feed_forward_block.forward(x, pass, |x| self.feed_forward.forward(x, pass))
    }
}

/// The stack.
#[derive(Module, Debug)]
pub struct Decoder {
    /// From the first layer to the last.
    pub layers: Vec<DecoderLayer>,
    /// After the stack; pre-norm only.
    pub norm: Option<LayerNorm>,
}

impl Decoder {
    /// A stack with fresh weights.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        let layers =
            init.children("layers", config.n_decoder_layers).map(|init| DecoderLayer::new(config, &init));
        Self { layers: layers.collect(), norm: final_norm(config, init) }
    }

    /// # Shapes
    ///
    /// `[batch, tgt_len, d_model]` → `[batch, tgt_len, d_model]`
    pub fn forward(&self, x: Tensor<3>, memory: &Memory, pass: &Pass) -> Tensor<3> {
        let x = self.layers.iter().enumerate().fold(x, |x, (index, layer)| {
            pass.enter("decoder", index);
            layer.forward(x, memory, pass)
        });
        self.norm.iter().fold(x, |x, norm| norm.forward(x))
    }

    /// Keys and values of the memory for every layer, computed once for the whole search.
    pub fn cross_keys_values(&self, memory: &Memory) -> Vec<KeysValues> {
        self.layers.iter().map(|layer| layer.cross_attention.keys_values(memory.states.clone())).collect()
    }

    /// One new position of every hypothesis.
    ///
    /// # Shapes
    ///
    /// `[sentences · width, 1, d_model]` → the same
    pub fn step(&self, x: Tensor<3>, cache: &mut Cache, pass: &Pass) -> Tensor<3> {
        let (width, source) = (cache.width(), mask::padding_only(&cache.padding));
        let layers = self.layers.iter().zip(cache.layers_mut());
        let x = layers.fold(x, |x, (layer, cache)| layer.step(x, cache, width, &source, pass));
        cache.advance();
        self.norm.iter().fold(x, |x, norm| norm.forward(x))
    }
}
