//! The shape of the model: the `[model]` section of the configuration and of a model directory.

use serde::{Deserialize, Serialize};

/// The shape of a model. `vocab_size` is not here: it comes from the tokenizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Which model. `d_ff`, `n_heads`, `norm` and `activation` are the Transformer's alone.
    pub kind: ModelKind,
    /// Transformer: width of the residual stream; even, and a multiple of `n_heads`. GRU: width of embeddings and states;
    /// even, since each direction of the encoder has half of it.
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
    /// feed-forward activations; of the GRU embeddings and what goes from layer to layer. In `[0, 1)`.
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
            kind: ModelKind::Transformer,
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

/// Which model translates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// [`Transformer`](crate::Transformer): attention alone (Vaswani et al. 2017, arXiv:1706.03762).
    Transformer,
    /// [`Gru`](crate::Gru): recurrent layers and one attention, to compare with (Bahdanau et al. 2015, arXiv:1409.0473;
    /// Luong et al. 2015, arXiv:1508.04025).
    Gru,
}

impl ModelKind {
    /// What a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transformer => "Transformer",
            Self::Gru => "GRU with attention",
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

/// More numbers in all weights are refused: 128 GiB in float32, ten times the largest dense models that translate.
pub const MAX_PARAMETERS: u64 = 1 << 35;
/// More numbers in one tensor are refused: several backends count them in 32 bits.
pub const MAX_ELEMENTS: u64 = i32::MAX as u64;

impl ModelConfig {
    /// Everything that is wrong with the values, all at once; what depends on the vocabulary is the matter of
    /// [`vocab_fault`](Self::vocab_fault).
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |key: &str, message: String| faults.push(Fault { key: key.into(), message });
        let transformer = self.kind == ModelKind::Transformer;
        let widths = [("d_model", self.d_model), ("d_ff", self.d_ff), ("n_heads", self.n_heads)];
        for (key, value) in widths.into_iter().take(if transformer { 3 } else { 1 }) {
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
            let reason = match self.kind {
                ModelKind::Transformer => "for the sine and cosine positions",
                ModelKind::Gru => "for the two directions of the encoder",
            };
            fault("d_model", format!("must be even {reason}, got {}", self.d_model));
        }
        if transformer && self.n_heads > 0 && !self.d_model.is_multiple_of(self.n_heads) {
            fault("n_heads", format!("must divide d_model = {}, got {}", self.d_model, self.n_heads));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            fault("dropout", format!("must be at least 0 and below 1, got {}", self.dropout));
        }
        if faults.is_empty() {
            faults.extend(self.size_fault(0));
        }
        faults
    }

    /// What is wrong with the size of a valid configuration once the vocabulary is known; nothing is allocated for it.
    pub fn vocab_fault(&self, vocab_size: usize) -> Option<Fault> {
        if self.validate().is_empty() { self.size_fault(vocab_size) } else { None }
    }

    /// Numbers in all weights; `None` beyond 64 bits.
    pub fn n_parameters(&self, vocab_size: usize) -> Option<u64> {
        let (n_embeddings, n_outputs) = match self.tie_embeddings {
            Tying::ThreeWay => (1, 0),
            Tying::TwoWay => (2, 0),
            Tying::None => (2, 1),
        };
        let ends = [
            (n_embeddings, vocab_size, self.d_model),
            (n_outputs, vocab_size, self.d_model),
            (n_outputs, vocab_size, 1),
        ];
        let layers = match self.kind {
            ModelKind::Transformer => self.transformer_layers()?,
            ModelKind::Gru => self.gru_layers()?,
        };
        ends.into_iter().chain(layers).try_fold(0_u64, |sum, (n, rows, columns)| {
            let numbers = (rows as u64).checked_mul(columns as u64)?.checked_mul(n as u64)?;
            sum.checked_add(numbers)
        })
    }

    /// So many matrices of so many rows and columns.
    fn transformer_layers(&self) -> Option<Vec<(usize, usize, usize)>> {
        let (d_model, d_ff) = (self.d_model, self.d_ff);
        let n_layers = self.n_encoder_layers.checked_add(self.n_decoder_layers)?;
        let n_attentions = n_layers.checked_add(self.n_decoder_layers)?;
        let n_norms = n_attentions.checked_add(n_layers)?.checked_add(match self.norm {
            NormOrder::Pre => 2,
            NormOrder::Post => 0,
        })?;
        Some(vec![
            (n_attentions.checked_mul(4)?, d_model, d_model),
            (n_attentions.checked_mul(4)?, d_model, 1),
            (n_layers.checked_mul(2)?, d_model, d_ff),
            (n_layers, d_ff, 1),
            (n_layers, d_model, 1),
            (n_norms.checked_mul(2)?, d_model, 1),
        ])
    }

    /// See [`transformer_layers`](Self::transformer_layers).
    fn gru_layers(&self) -> Option<Vec<(usize, usize, usize)>> {
        let (d_model, half, n_decoder) = (self.d_model, self.d_model / 2, self.n_decoder_layers);
        let gates = 3_usize.checked_mul(d_model)?;
        let n_directions = self.n_encoder_layers.checked_mul(2)?;
        Some(vec![
            (n_directions, d_model, 3 * half),
            (n_directions, half, 3 * half),
            (n_directions.checked_mul(2)?, 3 * half, 1),
            (n_decoder.checked_mul(2)?, d_model, gates),
            (n_decoder.checked_mul(2)?, gates, 1),
            (n_decoder, half, d_model),
            (n_decoder, d_model, 1),
            (3, d_model, d_model),
        ])
    }

    /// The shape in words, for a person: what has an effect, and nothing else.
    pub fn summary(&self) -> String {
        let own = match self.kind {
            ModelKind::Transformer => format!("d_ff {}, {} heads, ", self.d_ff, self.n_heads),
            ModelKind::Gru => String::new(),
        };
        format!("d_model {}, {own}{}+{} layers", self.d_model, self.n_encoder_layers, self.n_decoder_layers)
    }

    fn size_fault(&self, vocab_size: usize) -> Option<Fault> {
        let d_model = self.d_model;
        let widest = match self.kind {
            ModelKind::Transformer => (d_model, self.d_ff, "d_ff"),
            ModelKind::Gru => (d_model, d_model.saturating_mul(3), "d_model"),
        };
        for (rows, columns, key) in [(d_model, d_model, "d_model"), widest, (vocab_size, d_model, "d_model")]
        {
            let numbers = (rows as u64).checked_mul(columns as u64);
            if numbers.is_none_or(|numbers| numbers > MAX_ELEMENTS) {
                let message = format!("a matrix of {rows} × {columns} has more than {MAX_ELEMENTS} numbers");
                return Some(Fault { key: key.into(), message: format!("{message}; lower it") });
            }
        }
        let numbers = self.n_parameters(vocab_size);
        if numbers.is_some_and(|numbers| numbers <= MAX_PARAMETERS) {
            return None;
        }
        let others = match self.kind {
            ModelKind::Transformer => ", d_ff or the number of layers",
            ModelKind::Gru => " or the number of layers",
        };
        let message = format!(
            "the weights need {}, more than {}; lower it{others}",
            gibibytes(numbers),
            gibibytes(Some(MAX_PARAMETERS))
        );
        Some(Fault { key: "d_model".into(), message })
    }

    /// Width of one head: `d_model / n_heads`.
    pub fn d_head(&self) -> usize {
        self.d_model / self.n_heads
    }
}

/// So many float32 numbers as memory, rounded up.
pub fn gibibytes(numbers: Option<u64>) -> String {
    match numbers {
        Some(numbers) => format!("{} GiB", numbers.div_ceil(1 << 28)),
        None => "more than 64 EiB".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gru_is_not_held_to_what_is_the_transformers() {
        let gru =
            ModelConfig { kind: ModelKind::Gru, d_model: 30, d_ff: 0, n_heads: 7, ..Default::default() };
        assert!(gru.validate().is_empty());
        let odd = ModelConfig { d_model: 31, ..gru.clone() };
        assert_eq!(odd.validate()[0].message, "must be even for the two directions of the encoder, got 31");
        let deep = ModelConfig { d_model: 26_000, n_decoder_layers: 256, ..gru };
        assert!(deep.validate()[0].message.ends_with("lower it or the number of layers"));
        let old: ModelConfig = serde_json::from_str(r#"{"d_model": 12}"#).expect("a file of before");
        assert_eq!(old.kind, ModelKind::Transformer);
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let config =
            ModelConfig { d_model: 15, n_heads: 4, dropout: 1.0, n_decoder_layers: 0, ..Default::default() };
        let keys: Vec<_> = config.validate().into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["n_decoder_layers", "d_model", "n_heads", "dropout"]);
        assert!(ModelConfig::default().validate().is_empty());
    }

    /// A vocabulary that makes the size faulty, and what is said.
    fn size(config: &ModelConfig, vocab_size: usize) -> String {
        let own = config.validate().into_iter().next();
        own.or_else(|| config.vocab_fault(vocab_size)).map_or(String::new(), |f| f.key + ": " + &f.message)
    }

    #[test]
    fn products_beyond_31_and_63_bits_are_faults() {
        let of = |d_model, d_ff, n_layers| ModelConfig {
            d_model,
            d_ff,
            n_encoder_layers: n_layers,
            n_decoder_layers: n_layers,
            ..ModelConfig::default()
        };
        let large = "has more than 2147483647 numbers";
        for (config, vocab_size, said) in [
            (of(256, 1024, 3), 1 << 20, ""),
            (of(8192, 32_768, 12), 1 << 16, ""),
            (of(46_344, 16, 1), 10, &*format!("d_model: a matrix of 46344 × 46344 {large}; lower it")),
            (of(65_536, 16, 1), 10, &*format!("d_model: a matrix of 65536 × 65536 {large}; lower it")),
            (of(32_768, 65_536, 1), 10, &*format!("d_ff: a matrix of 32768 × 65536 {large}; lower it")),
            (of(2048, 16, 1), 1 << 20, &*format!("d_model: a matrix of 1048576 × 2048 {large}; lower it")),
            (
                of(256, 16, 1),
                usize::MAX,
                &*format!("d_model: a matrix of {} × 256 {large}; lower it", usize::MAX),
            ),
            (
                of(32_768, 32_768, 256),
                10,
                "d_model: the weights need 16385 GiB, more than 128 GiB; lower it, d_ff or the number of layers",
            ),
            (of(1_000_000_000, 16, 1), 10, "d_model: must be between 1 and 65536, got 1000000000"),
            (of(1 << 31, 1 << 32, 1), 10, "d_model: must be between 1 and 65536, got 2147483648"),
            (
                of(usize::MAX, 16, 1),
                10,
                &*format!("d_model: must be between 1 and 65536, got {}", usize::MAX),
            ),
            (of(16, 16, 1_000_000), 10, "n_encoder_layers: must be between 1 and 256, got 1000000"),
        ] {
            assert_eq!(size(&config, vocab_size), said, "{config:?}");
        }
        for config in
            [of(usize::MAX, 16, 1), of(16, 16, usize::MAX), of(1 << 32, 1 << 32, 1), of(1 << 31, 8, 1)]
        {
            let numbers = config.n_parameters(usize::MAX);
            assert!(numbers.is_none_or(|numbers| numbers > 1 << 62), "{config:?}: {numbers:?}");
        }
    }
}
