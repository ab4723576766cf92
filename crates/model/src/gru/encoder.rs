//! The encoder: a stack of layers, each two GRUs that read the sentence from its two ends.

use super::GruLayer;
use crate::{Init, ModelConfig, Pass};
use burn::module::Module;
use burn::tensor::{Bool, FloatDType, Tensor};
use kernels::{Direction, Walk};

/// One layer of the encoder. Each direction has half of the width.
#[derive(Module, Debug)]
pub struct EncoderLayer {
    /// Reads from the first word on.
    pub forward: GruLayer,
    /// Reads from the last word on; padding behind it is passed over.
    pub backward: GruLayer,
}

impl EncoderLayer {
    /// A layer with fresh weights.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        let gru = |name| GruLayer::new(config.d_model, config.d_model / 2, &init.child(name));
        Self { forward: gru("forward"), backward: gru("backward") }
    }

    /// Both directions side by side; zeros at padding.
    ///
    /// # Shapes
    ///
    /// `x`: `[batch, src_len, d_model]`, `padding`: `[batch, src_len]` → `[batch, src_len, d_model]`
    pub fn forward(&self, x: Tensor<3>, padding: &Tensor<2, Bool>) -> Tensor<3> {
        let [batch, _, d_model] = x.dims();
        let zeros = Tensor::<2>::zeros([batch, d_model / 2], &x.device());
        let start = zeros.cast(FloatDType::from(x.dtype()));
        let walk = |direction| Walk { direction, padding: Some(padding.clone()) };
        let forward = self.forward.forward(x.clone(), start.clone(), &walk(Direction::Forward));
        let backward = self.backward.forward(x, start, &walk(Direction::Backward));
        Tensor::cat(vec![forward, backward], 2)
    }
}

/// The stack.
#[derive(Module, Debug)]
pub struct Encoder {
    /// From the first layer to the last.
    pub layers: Vec<EncoderLayer>,
}

impl Encoder {
    /// A stack with fresh weights.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        let layers =
            init.children("layers", config.n_encoder_layers).map(|init| EncoderLayer::new(config, &init));
        Self { layers: layers.collect() }
    }

    /// # Shapes
    ///
    /// `[batch, src_len, d_model]` → `[batch, src_len, d_model]`
    pub fn forward(&self, x: Tensor<3>, padding: &Tensor<2, Bool>, pass: &Pass) -> Tensor<3> {
        self.layers.iter().enumerate().fold(x, |x, (index, layer)| {
            pass.enter("encoder", index);
            let x = if index == 0 { x } else { kernels::dropout(x, pass.dropout()) };
            pass.see("gru", layer.forward(x, padding))
        })
    }
}
