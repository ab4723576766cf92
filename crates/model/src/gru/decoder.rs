//! The decoder: a GRU, attention to the encoder's states, and further GRUs above it.
//!
//! [`Decoder::forward`] walks through known targets (training); [`Decoder::step`] does one step from a [`Cache`]
//! (search). Both are one computation: a test holds them equal.

use super::{Attention, GruLayer};
use crate::cache::Cache;
use crate::{Init, Linear, Memory, ModelConfig, Pass};
use burn::module::Module;
use burn::tensor::Tensor;
use kernels::{Direction, Walk};

/// From the first target position on; targets are padded behind their end, which no state before it sees.
const WALK: Walk = Walk { direction: Direction::Forward, padding: None };

/// One layer of the decoder.
#[derive(Module, Debug)]
pub struct DecoderLayer {
    /// `W_s` of the state before the first step: `[d_model / 2, d_model]`.
    pub start: Linear,
    /// The recurrence.
    pub gru: GruLayer,
}

impl DecoderLayer {
    /// A layer with fresh weights.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        let d_model = config.d_model;
        Self {
            start: Linear::new(d_model / 2, d_model, &init.child("start")),
            gru: GruLayer::new(d_model, d_model, &init.child("gru")),
        }
    }
}

/// The stack.
#[derive(Module, Debug)]
pub struct Decoder {
    /// From the first layer to the last.
    pub layers: Vec<DecoderLayer>,
    /// Behind the first layer.
    pub attention: Attention,
}

impl Decoder {
    /// A stack with fresh weights.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        let layers =
            init.children("layers", config.n_decoder_layers).map(|init| DecoderLayer::new(config, &init));
        Self { layers: layers.collect(), attention: Attention::new(config, &init.child("attention")) }
    }

    /// The state of each layer before the first step, `[batch, d_model]`: of what the backward encoder made of the whole
    /// sentence.
    pub(crate) fn starts(&self, memory: &Memory) -> Vec<Tensor<2>> {
        let half = memory.states.dims()[2] / 2;
        let whole = memory.states.clone().narrow(1, 0, 1).narrow(2, half, half).squeeze_dim::<2>(1);
        self.layers.iter().map(|layer| layer.start.forward(whole.clone()).tanh()).collect()
    }

    /// # Shapes
    ///
    /// `[batch, tgt_len, d_model]` → `[batch, tgt_len, d_model]`
    pub fn forward(&self, x: Tensor<3>, memory: &Memory, pass: &Pass) -> Tensor<3> {
        let seen = self.attention.seen(memory);
        let attend = |states| self.attention.forward(states, &seen, &memory.padding_mask, pass);
        self.walk(x, &mut self.starts(memory), attend, pass)
    }

    /// One new position of every hypothesis.
    ///
    /// # Shapes
    ///
    /// `[sentences · width, 1, d_model]` → the same
    pub fn step(&self, x: Tensor<3>, cache: &mut Cache, pass: &Pass) -> Tensor<3> {
        let (width, padding) = (cache.width(), cache.padding.clone());
        let recurrent = cache.recurrent_mut();
        // The hypotheses of a sentence stand beside each other as queries.
        let attend = |states: Tensor<3>| {
            let [rows, _, d_model] = states.dims();
            let queries = states.reshape([rows / width, width, d_model]);
            self.attention.forward(queries, &recurrent.seen, &padding, pass).reshape([rows, 1, d_model])
        };
        let x = self.walk(x, &mut recurrent.states, attend, pass);
        cache.advance();
        x
    }

    /// All layers over the positions of `x`; `states` become those after the last position.
    fn walk(
        &self,
        x: Tensor<3>,
        states: &mut [Tensor<2>],
        attend: impl Fn(Tensor<3>) -> Tensor<3>,
        pass: &Pass,
    ) -> Tensor<3> {
        let last = x.dims()[1] - 1;
        self.layers.iter().zip(states).enumerate().fold(x, |x, (index, (layer, state))| {
            pass.enter("decoder", index);
            let x = pass.see("gru", layer.gru.forward(x, state.clone(), &WALK));
            *state = x.clone().narrow(1, last, 1).squeeze_dim(1);
            let x = if index == 0 { pass.see("attention", attend(x)) } else { x };
            kernels::dropout(x, pass.dropout())
        })
    }
}
