//! The shape of the model: the `[model]` section of the configuration and of a model directory.

use serde::{Deserialize, Serialize};

/// The shape of a Transformer. `vocab_size` is not here: it comes from the tokenizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Width of the residual stream; even, and a multiple of `n_heads`.
    pub d_model: usize,
    /// Width of the feed-forward layer (the paper: 4 · `d_model`).
    pub d_ff: usize,
    /// Attention heads.
    pub n_heads: usize,
    /// Layers of the encoder.
    pub n_encoder_layers: usize,
    /// Layers of the decoder.
    pub n_decoder_layers: usize,
    /// Probability of dropping: embeddings, outputs of sublayers (§5.4), attention weights and the hidden
    /// feed-forward activations. In `[0, 1)`.
    pub dropout: f32,
    /// Where layer norm stands.
    pub norm: NormOrder,
    /// The non-linearity of the feed-forward layer.
    pub activation: Activation,
    /// Which of the three embedding uses share one matrix (§3.4).
    pub tie_embeddings: Tying,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            d_model: 256,
            d_ff: 1024,
            n_heads: 4,
            n_encoder_layers: 3,
            n_decoder_layers: 3,
            dropout: 0.2,
            norm: NormOrder::Pre,
            activation: Activation::Relu,
            tie_embeddings: Tying::ThreeWay,
        }
    }
}

/// Where layer norm stands in a residual block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormOrder {
    /// `x + sublayer(norm(x))`, and one more norm after each stack: trains without long warm-up
    /// (Xiong et al. 2020, arXiv:2002.04745).
    Pre,
    /// `norm(x + sublayer(x))`: the paper (§3.1).
    Post,
}

/// The non-linearity of the feed-forward layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(0, x)`: the paper (§3.3).
    Relu,
    /// `x · Φ(x)`, exact form (Hendrycks & Gimpel 2016, arXiv:1606.08415).
    Gelu,
}

impl From<Activation> for kernels::Activation {
    fn from(activation: Activation) -> Self {
        match activation {
            Activation::Relu => Self::Relu,
            Activation::Gelu => Self::Gelu,
        }
    }
}

/// Which embedding matrices are one (Press & Wolf 2017, arXiv:1608.05859; the paper §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tying {
    /// Source embedding, target embedding and output projection: the paper.
    ThreeWay,
    /// Target embedding and output projection.
    TwoWay,
    /// None.
    None,
}

/// Something wrong with a value: the key within its section, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key within its section, e.g. `n_heads`.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl ModelConfig {
    /// Everything that is wrong with the values, all at once.
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |key: &str, message: String| faults.push(Fault { key: key.into(), message });
        for (key, value) in [("d_model", self.d_model), ("d_ff", self.d_ff), ("n_heads", self.n_heads)] {
            if value == 0 || value > 65_536 {
                fault(key, format!("must be between 1 and 65536, got {value}"));
            }
        }
        for (key, value) in
            [("n_encoder_layers", self.n_encoder_layers), ("n_decoder_layers", self.n_decoder_layers)]
        {
            if value == 0 || value > 256 {
                fault(key, format!("must be between 1 and 256, got {value}"));
            }
        }
        if self.d_model % 2 == 1 {
            fault("d_model", format!("must be even for the sine and cosine positions, got {}", self.d_model));
        }
        if self.n_heads > 0 && !self.d_model.is_multiple_of(self.n_heads) {
            fault("n_heads", format!("must divide d_model = {}, got {}", self.d_model, self.n_heads));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            fault("dropout", format!("must be at least 0 and below 1, got {}", self.dropout));
        }
        faults
    }

    /// Width of one head: `d_model / n_heads`.
    pub fn d_head(&self) -> usize {
        self.d_model / self.n_heads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_reported_at_once() {
        let config =
            ModelConfig { d_model: 15, n_heads: 4, dropout: 1.0, n_decoder_layers: 0, ..Default::default() };
        let keys: Vec<_> = config.validate().into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["n_decoder_layers", "d_model", "n_heads", "dropout"]);
        assert!(ModelConfig::default().validate().is_empty());
    }
}
