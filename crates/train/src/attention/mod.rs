//! What a model looks at while it writes a translation: weights from one recording pass over source and target, and
//! which source word each target word comes from.

mod tokens;
mod align;

pub use align::{Alignment, align, alignment_layer};
pub use tokens::Tokens;

use crate::model_dir::ModelDir;
use crate::tensors;
use crate::translator::Part;
use burn::tensor::{Device, Tensor};
use data::Tokenizer;
use model::{Model, Pass, Precision};
use page::attention::{Grid, Maps, Sentence};

/// Longer sides are not looked at: the weights of every layer and head are so many squared, and a stranger's model may never
/// end. A source has at most 400 tokens.
pub const MOST_TOKENS: usize = 1000;

/// A model that shows its attention.
#[derive(Debug)]
pub struct Recorder {
    model: Model,
    tokenizer: Tokenizer,
    languages: [String; 2],
}

/// The weights of one pass.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// `[tgt_len, src_len]`
    pub cross: Maps,
    /// `[src_len, src_len]`
    pub encoder: Maps,
    /// `[tgt_len, tgt_len]`
    pub decoder: Maps,
}

impl Recorder {
    /// The model of a directory, which computes in `precision` as it does when it translates.
    pub fn new(dir: &ModelDir, precision: Precision) -> Self {
        Self {
            model: dir.model.clone().with_precision(precision).for_search(),
            tokenizer: dir.tokenizer.clone(),
            languages: [dir.config.src_lang.clone(), dir.config.tgt_lang.clone()],
        }
    }

    /// The weights while the model writes `part.target`; `None` for an empty one, and for one of more than [`MOST_TOKENS`].
    ///
    /// Row `t` of the decoder is the position that writes token `t` of the target: its input is token `t − 1`, or the
    /// start token.
    pub fn record(&self, part: &Part) -> Option<Recorded> {
        let n_tokens = part.target.len().max(part.source.len());
        if n_tokens > MOST_TOKENS {
            tracing::warn!(
                "no attention of a translation of {n_tokens} tokens: more than {MOST_TOKENS} are not looked at"
            );
            return None;
        }
        if part.target.is_empty() {
            return None;
        }
        let device = self.model.device();
        let pass = Pass::recording();
        let [src, tgt_in] = inputs(part, &self.tokenizer, &device);
        self.model.forward(src, tgt_in, &pass);
        let maps = pass.into_maps();
        let [cross, encoder, decoder] = [maps.cross, maps.encoder, maps.decoder]
            .map(|layers| Maps(layers.into_iter().map(heads).collect()));
        Some(Recorded { cross, encoder, decoder })
    }

    /// A part with its weights and its alignment; `None` where nothing was written, or too much.
    pub fn sentence(&self, part: &Part) -> Option<(Sentence, Alignment)> {
        let Recorded { cross, encoder, decoder } = self.record(part)?;
        let [src_lang, tgt_lang] = &self.languages;
        let src = Tokens::new(&self.tokenizer, &part.source, src_lang);
        let written = Tokens::new(&self.tokenizer, &part.target, tgt_lang);
        let read = [&[self.tokenizer.bos_id()], &part.target[..part.target.len() - 1]].concat();
        let read = Tokens::new(&self.tokenizer, &read, tgt_lang);
        let layer = alignment_layer(cross.0.len());
        let alignment = align(&cross.layer_mean(layer), &written, &src);
        let sentence = Sentence {
            source: self.tokenizer.detokenize(&part.source),
            target: self.tokenizer.detokenize(&part.target),
            links: alignment.units.clone(),
            pharaoh: alignment.to_string(),
            src: src.side,
            written: written.side,
            read: read.side,
            cross,
            encoder,
            decoder,
            layer,
        };
        Some((sentence, alignment))
    }
}

/// Source and decoder input of a part, a batch of one.
pub(crate) fn inputs(
    part: &Part,
    tokenizer: &Tokenizer,
    device: &Device,
) -> [Tensor<2, burn::tensor::Int>; 2] {
    let tgt_in = [&[tokenizer.bos_id()], &part.target[..part.target.len() - 1]].concat();
    [&part.source, &tgt_in].map(|ids| tensors::ids(ids, [1, ids.len()], device))
}

/// `[1, n_heads, q_len, k_len]`
fn heads(weights: Tensor<4>) -> Vec<Grid> {
    let [_, _, rows, columns] = weights.dims();
    let values: Vec<f32> = weights.into_data().try_to_vec().expect("weights are float32");
    values.chunks(rows * columns).map(|head| Grid::new(rows, columns, head.to_vec())).collect()
}

#[cfg(test)]
mod tests;
