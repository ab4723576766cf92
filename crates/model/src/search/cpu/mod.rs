//! The Transformer on the CPU for search alone: its own path, without tensors and without a tape.
//!
//! Weights are laid out once; sources stand beside each other without padding; keys and values of the sources are
//! computed once for each sentence and those of the targets stay where they were written, however the hypotheses are
//! reordered: a hypothesis is a list of slots. [`super::TensorSearch`] computes the same with tensors, on any
//! backend; a test holds the two equal.

mod layers;
mod step;

pub use step::CpuSearch;

use crate::embedding::{Embedding, positions_on_host};
use crate::{SpecialIds, Transformer};
use kernels::Packed;
use layers::{DecoderLayer, EncoderLayer, Norm, floats};

/// A model whose weights are laid out for search on the CPU.
#[derive(Clone, Debug)]
pub struct CpuModel {
    src_embedding: Vec<f32>,
    /// Where it is not the source's.
    tgt_embedding: Option<Vec<f32>>,
    encoder: Vec<EncoderLayer>,
    encoder_norm: Option<Norm>,
    decoder: Vec<DecoderLayer>,
    decoder_norm: Option<Norm>,
    output: layers::Linear,
    d_model: usize,
    n_heads: usize,
    ids: SpecialIds,
}

/// Encoded sentences, one after the other.
#[derive(Clone, Debug)]
pub struct CpuMemory {
    /// `[Σ lens, d_model]`
    states: Vec<f32>,
    lens: Vec<usize>,
}

impl CpuModel {
    /// Lays out the weights of a float32 model.
    pub fn new(model: &Transformer) -> Self {
        let [vocab, d_model] = model.embedding.weight.val().dims();
        let table = |embedding: &Embedding| floats(embedding.weight.val());
        let tgt_embedding = model.tgt_embedding.as_ref().map(table);
        let src_embedding = table(&model.embedding);
        let output = match &model.output {
            Some(output) => layers::Linear::new(&[output]),
            None => layers::Linear {
                weight: Packed::transposed(
                    tgt_embedding.as_ref().unwrap_or(&src_embedding),
                    [vocab, d_model],
                ),
                bias: None,
            },
        };
        Self {
            src_embedding,
            tgt_embedding,
            encoder: model.encoder.layers.iter().map(EncoderLayer::new).collect(),
            encoder_norm: model.encoder.norm.as_ref().map(Norm::new),
            decoder: model.decoder.layers.iter().map(DecoderLayer::new).collect(),
            decoder_norm: model.decoder.norm.as_ref().map(Norm::new),
            output,
            d_model,
            n_heads: model.encoder.layers[0].self_attention.n_heads(),
            ids: model.ids(),
        }
    }

    /// The ids that the model was made with.
    pub fn ids(&self) -> SpecialIds {
        self.ids
    }

    /// Entries of the vocabulary.
    pub fn vocab_size(&self) -> usize {
        self.output.weight.dims()[1]
    }

    /// Encodes sentences, each with its end token.
    ///
    /// # Panics
    ///
    /// If an id is not in the vocabulary.
    pub fn encode(&self, sources: &[&[u32]]) -> CpuMemory {
        let lens: Vec<usize> = sources.iter().map(|source| source.len()).collect();
        let positions = positions_on_host(0..lens.iter().copied().max().unwrap_or(0), self.d_model);
        let mut states = Vec::with_capacity(lens.iter().sum::<usize>() * self.d_model);
        for source in sources {
            for (&id, position) in source.iter().zip(positions.chunks_exact(self.d_model)) {
                self.embed(&self.src_embedding, id, position, &mut states);
            }
        }
        for layer in &self.encoder {
            layer.forward(&mut states, &lens, self.n_heads);
        }
        if let Some(norm) = &self.encoder_norm {
            states = norm.forward(&states);
        }
        CpuMemory { states, lens }
    }

    /// Appends `E[id] · √d_model + position`.
    fn embed(&self, table: &[f32], id: u32, position: &[f32], into: &mut Vec<f32>) {
        let scale = (self.d_model as f32).sqrt();
        let row = &table[id as usize * self.d_model..][..self.d_model];
        into.extend(row.iter().zip(position).map(|(x, position)| x * scale + position));
    }
}
