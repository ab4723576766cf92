//! Names and shapes of a model's parameters, from its configuration alone: a file is held against them before anything
//! is allocated.

use super::Shapes;
use crate::{ModelConfig, ModelKind, NormOrder, Tying};

/// The parameters of [`Model::new`](crate::Model::new).
///
/// ```
/// use model::{ModelConfig, weights::shapes};
///
/// let shapes = shapes(&ModelConfig::default(), 3000);
/// assert_eq!(shapes["embedding.weight"], [3000, 256]);
/// assert_eq!(shapes["decoder.layers.2.feed_forward.inner.bias"], [1024]);
/// ```
pub fn shapes(config: &ModelConfig, vocab_size: usize) -> Shapes {
    let mut list = List { config, shapes: Shapes::new() };
    list.add("embedding.weight", &[vocab_size, config.d_model]);
    if config.tie_embeddings != Tying::ThreeWay {
        list.add("tgt_embedding.weight", &[vocab_size, config.d_model]);
    }
    match config.kind {
        ModelKind::Transformer => {
            list.stack("encoder", config.n_encoder_layers, &["self_attention"]);
            list.stack("decoder", config.n_decoder_layers, &["self_attention", "cross_attention"]);
        }
        ModelKind::Gru => list.recurrent_stacks(),
    }
    if config.tie_embeddings == Tying::None {
        list.linear("output", config.d_model, vocab_size);
    }
    list.shapes
}

struct List<'a> {
    config: &'a ModelConfig,
    shapes: Shapes,
}

impl List<'_> {
    fn add(&mut self, name: &str, shape: &[usize]) {
        self.shapes.insert(name.to_owned(), shape.to_vec());
    }

    fn linear(&mut self, name: &str, d_in: usize, d_out: usize) {
        self.add(&format!("{name}.weight"), &[d_in, d_out]);
        self.add(&format!("{name}.bias"), &[d_out]);
    }

    fn norm(&mut self, name: &str) {
        for part in ["gamma", "beta"] {
            self.add(&format!("{name}.{part}"), &[self.config.d_model]);
        }
    }

    fn gru(&mut self, name: &str, d_hidden: usize) {
        self.linear(&format!("{name}.input"), self.config.d_model, 3 * d_hidden);
        self.linear(&format!("{name}.hidden"), d_hidden, 3 * d_hidden);
    }

    fn recurrent_stacks(&mut self) {
        let d_model = self.config.d_model;
        for layer in (0..self.config.n_encoder_layers).map(|i| format!("encoder.layers.{i}")) {
            self.gru(&format!("{layer}.forward"), d_model / 2);
            self.gru(&format!("{layer}.backward"), d_model / 2);
        }
        for layer in (0..self.config.n_decoder_layers).map(|i| format!("decoder.layers.{i}")) {
            self.linear(&format!("{layer}.start"), d_model / 2, d_model);
            self.gru(&format!("{layer}.gru"), d_model);
        }
        for part in ["key", "value", "state"] {
            self.add(&format!("decoder.attention.{part}"), &[d_model, d_model]);
        }
    }

    fn stack(&mut self, stack: &str, n_layers: usize, attentions: &[&str]) {
        let (d_model, d_ff) = (self.config.d_model, self.config.d_ff);
        for layer in (0..n_layers).map(|i| format!("{stack}.layers.{i}")) {
            for attention in attentions {
                for part in ["query", "key", "value", "output"] {
                    self.linear(&format!("{layer}.{attention}.{part}"), d_model, d_model);
                }
                self.norm(&format!("{layer}.{attention}_block.norm"));
            }
            self.linear(&format!("{layer}.feed_forward.inner"), d_model, d_ff);
            self.linear(&format!("{layer}.feed_forward.outer"), d_ff, d_model);
            self.norm(&format!("{layer}.feed_forward_block.norm"));
        }
        if self.config.norm == NormOrder::Pre {
            self.norm(&format!("{stack}.norm"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::to_arrays;
    use crate::{Model, SpecialIds};
    use burn::tensor::Device;

    /// The numbers and shapes that the configuration tells are those of the model.
    fn check(config: &ModelConfig) {
        let ids = SpecialIds { pad: 0, bos: 1, eos: 2 };
        let arrays = to_arrays(&Model::new(config, 11, ids, 1, &Device::flex()));
        let of_model: Shapes =
            arrays.iter().map(|(name, array)| (name.clone(), array.shape.clone())).collect();
        assert_eq!(shapes(config, 11), of_model, "{config:?}");
        let numbers: usize = arrays.values().map(|array| array.values.len()).sum();
        assert_eq!(config.n_parameters(11), Some(numbers as u64), "{config:?}");
    }

    #[test]
    fn they_are_those_of_the_model() {
        let (n_encoder_layers, n_decoder_layers) = (2, 3);
        let sizes = ModelConfig { d_model: 12, d_ff: 13, n_heads: 3, ..Default::default() };
        let sizes = ModelConfig { n_encoder_layers, n_decoder_layers, ..sizes };
        for tie_embeddings in [Tying::ThreeWay, Tying::TwoWay, Tying::None] {
            for norm in [NormOrder::Pre, NormOrder::Post] {
                check(&ModelConfig { norm, tie_embeddings, ..sizes });
            }
            check(&ModelConfig { kind: ModelKind::Gru, tie_embeddings, ..sizes });
        }
    }
}
