//! One sentence through the self-attention of the first layer of an encoder, every step by the model's own functions.

use super::super::source::{MOST_SHOWN, Reader, Source, empty, too_long};
use super::super::tensors::{largest_difference, values};
use super::super::watch::Seen;
use crate::TrainError;
use crate::corpora::MAX_LINE_BYTES;
use crate::tensors::ids;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor};
use kernels::{Dropout, attention, attention_weights};
use model::attention::MultiHeadAttention;
use model::{ModelConfig, NormOrder, Pass, SpecialIds, Transformer, mask};
use std::path::Path;

/// The ids that mean something to the tiny model; words come after them.
const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };
const FIRST_WORD: u32 = 3;
/// Of the tiny model's weights: the year of the paper.
const SEED: u64 = 2017;

/// A sentence and the model that it goes through.
pub(super) struct Subject {
    pub(super) labels: Vec<String>,
    src: Tensor<2, Int>,
    pub(super) model: Transformer,
    pub(super) config: ModelConfig,
    pub(super) about: String,
    /// Heads of which every step is shown.
    pub(super) shown_heads: usize,
}

/// What each step gave.
pub(super) struct Steps {
    /// E[id] · √`d_model` + PE: `[1, len, d_model]`
    pub(super) embedded: Tensor<3>,
    /// What attention sees, where a norm stands before it.
    pub(super) normed: Option<Tensor<3>>,
    /// Each `[1, n_heads, len, d_head]`
    pub(super) queries: Tensor<4>,
    pub(super) keys: Tensor<4>,
    pub(super) values: Tensor<4>,
    /// Q Kᵀ: `[1, n_heads, len, len]`
    pub(super) scores: Tensor<4>,
    /// Divided by √`d_head`.
    pub(super) scaled: Tensor<4>,
    /// softmax: `[1, n_heads, len, len]`
    pub(super) weights: Tensor<4>,
    /// weights · V: `[1, n_heads, len, d_head]`
    pub(super) heads: Tensor<4>,
    /// The heads beside each other, times W^O: `[1, len, d_model]`
    pub(super) output: Tensor<3>,
    /// Largest differences from what the module itself gave in a forward pass of the whole encoder.
    pub(super) differences: Differences,
}

/// How far the steps are from the module.
pub(super) struct Differences {
    pub(super) queries: f32,
    pub(super) weights: f32,
    pub(super) output: f32,
    /// softmax of the scores that are shown, against the weights.
    pub(super) softmax: f32,
}

impl Subject {
    /// The words of a sentence in a model of four dimensions, two heads and random weights.
    pub(super) fn tiny(sentence: &str) -> Result<Self, TrainError> {
        if sentence.len() > MAX_LINE_BYTES {
            return Err(too_long("bytes", sentence.len(), MAX_LINE_BYTES));
        }
        let shown = |word: &str| word.replace(char::is_control, "\u{fffd}");
        let labels: Vec<String> = sentence.split_whitespace().map(shown).collect();
        if labels.is_empty() {
            return Err(empty());
        }
        if labels.len() > MOST_SHOWN {
            return Err(too_long("words", labels.len(), MOST_SHOWN));
        }
        // The same word has the same id.
        let id = |label| labels.iter().position(|other| other == label).expect("it is one of them") as u32;
        let words: Vec<u32> = labels.iter().map(|label| FIRST_WORD + id(label)).collect();
        let config = ModelConfig {
            d_model: 4,
            d_ff: 8,
            n_heads: 2,
            n_encoder_layers: 1,
            n_decoder_layers: 1,
            dropout: 0.0,
            norm: NormOrder::Post,
            ..ModelConfig::default()
        };
        let device = Device::flex();
        let src = ids(&words, [1, words.len()], &device);
        let model = Transformer::new(&config, FIRST_WORD as usize + labels.len(), IDS, SEED, &device);
        let about = "A model of 4 dimensions with 2 heads and random weights: small enough to follow with a \
                     pencil. Nothing is learnt yet, so who looks at whom means nothing; how it is computed does.";
        Ok(Self { labels, src, model, config, about: about.into(), shown_heads: 2 })
    }

    /// A sentence in a trained model.
    pub(super) fn trained(sentence: &str, path: &Path) -> Result<Self, TrainError> {
        let reader = Reader::load(path)?;
        let source = reader.source(sentence, MOST_SHOWN)?;
        let src = source.tensor();
        let Source { labels, .. } = source;
        let config = reader.config.model.clone();
        let (d_model, n_heads) = (config.d_model, config.n_heads);
        let about = format!(
            "The first layer of {}: {d_model} dimensions, {n_heads} heads of {}. Of each vector the first numbers are \
             shown, of the heads the first. A word that is rare in the training text is cut into pieces.",
            path.display(),
            config.d_head()
        );
        Ok(Self { labels, src, model: reader.model, config, about, shown_heads: 1 })
    }

    /// Takes the steps.
    pub(super) fn steps(&self) -> Steps {
        let len = self.labels.len();
        let (d_model, n_heads) = (self.config.d_model, self.config.n_heads);
        let layer = &self.model.encoder.layers[0];
        let module: &MultiHeadAttention = &layer.self_attention;
        let padding = mask::padding_mask(&self.src, self.model.ids().pad);
        let mask = mask::padding_only(&padding);

        let embedded = self.model.embedding.forward(self.src.clone(), 0, &Pass::inference());
        let normed = (self.config.norm == NormOrder::Pre)
            .then(|| layer.self_attention_block.norm.forward(embedded.clone()));
        let x = normed.clone().unwrap_or_else(|| embedded.clone());
        let queries =
            module.query.forward(x.clone()).reshape([1, len, n_heads, d_model / n_heads]).swap_dims(1, 2);
        let seen = module.keys_values(x);
        let scores = queries.clone().matmul(seen.keys.clone().swap_dims(2, 3));
        let scaled = scores.clone() / (self.config.d_head() as f64).sqrt();
        let weights = attention_weights(queries.clone(), seen.keys.clone(), &mask);
        let heads = attention(queries.clone(), seen.keys.clone(), seen.values.clone(), &mask, Dropout::NONE);
        let merged = heads.clone().swap_dims(1, 2).reshape([1, len, d_model]);
        let output = module.output.forward(merged);

        let differences = self.differences([&queries, &scaled, &weights], &output);
        let model::attention::KeysValues { keys, values } = seen;
        Steps { embedded, normed, queries, keys, values, scores, scaled, weights, heads, output, differences }
    }

    /// Runs the whole encoder and compares what its module computed.
    fn differences(&self, [queries, scaled, weights]: [&Tensor<4>; 3], output: &Tensor<3>) -> Differences {
        let (watch, pass) = (Seen::default(), Pass::recording());
        let pass = pass.watched(watch.clone());
        self.model.encode(self.src.clone(), &pass);
        let module_weights = values(pass.into_maps().encoder.swap_remove(0));
        let module_saw = |part: &str| {
            let name = format!("encoder.layers.0.self_attention{part}");
            watch.first(&name).expect("the first layer has shown it")
        };
        let difference = |got: &Tensor<4>, module: &[f32]| largest_difference(&values(got.clone()), module);
        Differences {
            queries: difference(queries, &module_saw(".query")),
            weights: difference(weights, &module_weights),
            output: largest_difference(&values(output.clone()), &module_saw("")),
            softmax: difference(weights, &values(softmax(scaled.clone(), 3))),
        }
    }
}
