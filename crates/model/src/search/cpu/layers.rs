//! The layers on slices: rows of `d_model` floats in, the same rows out.

use crate::encoder::{self, Residual};
use crate::{LayerNorm, NormOrder, decoder};
use burn::tensor::Tensor;
use kernels::{Activation, Packed};

/// The elements of a tensor, row-major.
pub(super) fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("a model laid out for search is float32")
}

/// One or several dense layers with one input, side by side.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    pub(super) weight: Packed,
    pub(super) bias: Option<Vec<f32>>,
}

impl Linear {
    pub(super) fn new(parts: &[&crate::Linear]) -> Self {
        let weight = Tensor::cat(parts.iter().map(|part| part.weight.val()).collect(), 1);
        let shape = weight.dims();
        let bias = parts.iter().flat_map(|part| floats(part.bias.val())).collect();
        Self { weight: Packed::new(&floats(weight), shape), bias: Some(bias) }
    }

    /// `[n, d_in]` → `[n, d_out]`
    pub(super) fn forward(&self, x: &[f32], activation: Option<Activation>) -> Vec<f32> {
        self.weight.apply(x, self.bias.as_deref(), activation)
    }

    /// `out += x·W + b`
    fn add_to(&self, x: &[f32], out: &mut [f32]) {
        self.weight.apply_add(x, self.bias.as_deref(), out);
    }
}

/// Layer norm.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

impl Norm {
    pub(super) fn new(norm: &LayerNorm) -> Self {
        Self { gamma: floats(norm.gamma.val()), beta: floats(norm.beta.val()) }
    }

    pub(super) fn forward(&self, x: &[f32]) -> Vec<f32> {
        kernels::layer_norm_rows(x, &self.gamma, &self.beta, crate::layer_norm::EPSILON)
    }
}

/// A residual block; its sublayer ends in a dense layer.
#[derive(Clone, Debug)]
pub(super) struct Block {
    norm: Norm,
    order: NormOrder,
    output: Linear,
}

impl Block {
    fn new(residual: &Residual, output: &crate::Linear) -> Self {
        Self { norm: Norm::new(&residual.norm), order: residual.order(), output: Linear::new(&[output]) }
    }

    /// `x` becomes the block's output; `hidden` gives what the last dense layer of the sublayer takes.
    fn forward(&self, x: &mut Vec<f32>, hidden: impl FnOnce(&[f32]) -> Vec<f32>) {
        match self.order {
            NormOrder::Pre => {
                let hidden = hidden(&self.norm.forward(x));
                self.output.add_to(&hidden, x);
            }
            NormOrder::Post => {
                let hidden = hidden(x);
                self.output.add_to(&hidden, x);
                *x = self.norm.forward(x);
            }
        }
    }
}

/// The feed-forward layer in its block.
#[derive(Clone, Debug)]
pub(super) struct FeedForward {
    inner: Linear,
    activation: Activation,
    block: Block,
}

impl FeedForward {
    fn new(layer: &crate::feed_forward::FeedForward, residual: &Residual) -> Self {
        let inner = Linear::new(&[&layer.inner]);
        Self { inner, activation: layer.activation(), block: Block::new(residual, &layer.outer) }
    }

    fn forward(&self, x: &mut Vec<f32>) {
        self.block.forward(x, |x| self.inner.forward(x, Some(self.activation)));
    }
}

/// A layer of the encoder.
#[derive(Clone, Debug)]
pub(super) struct EncoderLayer {
    query_key_value: Linear,
    attention: Block,
    feed_forward: FeedForward,
}

impl EncoderLayer {
    pub(super) fn new(layer: &encoder::EncoderLayer) -> Self {
        let attention = &layer.self_attention;
        Self {
            query_key_value: Linear::new(&[&attention.query, &attention.key, &attention.value]),
            attention: Block::new(&layer.self_attention_block, &attention.output),
            feed_forward: FeedForward::new(&layer.feed_forward, &layer.feed_forward_block),
        }
    }

    pub(super) fn forward(&self, x: &mut Vec<f32>, lens: &[usize], n_heads: usize) {
        self.attention
            .forward(x, |x| kernels::attention_within(&self.query_key_value.forward(x, None), lens, n_heads));
        self.feed_forward.forward(x);
    }
}

/// A layer of the decoder.
#[derive(Clone, Debug)]
pub(super) struct DecoderLayer {
    query: Linear,
    key_value: Linear,
    attention: Block,
    cross_query: Linear,
    cross_key_value: Linear,
    cross_attention: Block,
    feed_forward: FeedForward,
}

impl DecoderLayer {
    pub(super) fn new(layer: &decoder::DecoderLayer) -> Self {
        let (own, cross) = (&layer.self_attention, &layer.cross_attention);
        Self {
            query: Linear::new(&[&own.query]),
            key_value: Linear::new(&[&own.key, &own.value]),
            attention: Block::new(&layer.self_attention_block, &own.output),
            cross_query: Linear::new(&[&cross.query]),
            cross_key_value: Linear::new(&[&cross.key, &cross.value]),
            cross_attention: Block::new(&layer.cross_attention_block, &cross.output),
            feed_forward: FeedForward::new(&layer.feed_forward, &layer.feed_forward_block),
        }
    }

    /// Keys and values of the sources: `[n, d_model]` → `[n, 2·d_model]`.
    pub(super) fn cross_keys_values(&self, states: &[f32]) -> Vec<f32> {
        self.cross_key_value.forward(states, None)
    }

    /// One new position of every hypothesis. `own` is the cache of the targets, to which the keys and values of this
    /// position are appended, and `slots` what each hypothesis sees of it; `cross` and `cross_slots` the same of the
    /// sources.
    pub(super) fn step(
        &self,
        x: &mut Vec<f32>,
        (own, slots): (&mut Vec<f32>, &[&[u32]]),
        (cross, cross_slots): (&[f32], &[&[u32]]),
        n_heads: usize,
    ) {
        self.attention.forward(x, |x| {
            own.extend(self.key_value.forward(x, None));
            kernels::attention_cached(&self.query.forward(x, None), own, slots, n_heads)
        });
        self.cross_attention.forward(x, |x| {
            kernels::attention_cached(&self.cross_query.forward(x, None), cross, cross_slots, n_heads)
        });
        self.feed_forward.forward(x);
    }
}
