//! The whole Transformer: `forward = decode(encode(src), tgt)`.

use crate::cache::Cache;
use crate::decoder::Decoder;
use crate::embedding::{Embedding, logits};
use crate::encoder::Encoder;
use crate::mask::{padding_mask, padding_only};
use crate::{Init, Linear, ModelConfig, Pass, Precision, Tying};
use burn::module::Module;
use burn::tensor::{Bool, Device, Int, Tensor};
use serde::{Deserialize, Serialize};

/// The ids that mean something to the model itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialIds {
    /// Fills rows up to the length of the longest.
    pub pad: u32,
    /// Starts every target.
    pub bos: u32,
    /// Ends every source and every target.
    pub eos: u32,
}

/// What the encoder knows of the sources: states and the mask that belongs to them.
#[derive(Clone, Debug)]
pub struct Memory {
    /// `[batch, src_len, d_model]`
    pub states: Tensor<3>,
    /// `[batch, src_len]`, `true` = blocked.
    pub padding_mask: Tensor<2, Bool>,
}

/// The encoder–decoder Transformer.
#[derive(Module, Debug)]
pub struct Transformer {
    /// The only embedding (three-way tying), or the source's.
    pub embedding: Embedding,
    /// The target's embedding where it is one of its own.
    pub tgt_embedding: Option<Embedding>,
    /// Source ids to memory.
    pub encoder: Encoder,
    /// Memory and targets to states.
    pub decoder: Decoder,
    /// States to logits where the projection is not an embedding.
    pub output: Option<Linear>,
    #[module(skip)]
    ids: SpecialIds,
    #[module(skip)]
    precision: Precision,
}

impl Transformer {
    /// A model with fresh weights that are a function of `seed` alone.
    pub fn new(config: &ModelConfig, vocab_size: usize, ids: SpecialIds, seed: u64, device: &Device) -> Self {
        let init = Init::new(seed, device);
        let embedding = |name| Embedding::new(vocab_size, config.d_model, &init.child(name));
        let tying = config.tie_embeddings;
        Self {
            embedding: embedding("embedding"),
            tgt_embedding: (tying != Tying::ThreeWay).then(|| embedding("tgt_embedding")),
            encoder: Encoder::new(config, &init.child("encoder")),
            decoder: Decoder::new(config, &init.child("decoder")),
            output: (tying == Tying::None)
                .then(|| Linear::new(config.d_model, vocab_size, &init.child("output"))),
            ids,
            precision: Precision::F32,
        }
    }

    /// The same model, which computes in `precision`; its weights stay float32 for the optimizer.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The precision in which it computes.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The ids that the model was made with.
    pub fn ids(&self) -> SpecialIds {
        self.ids
    }

    /// Entries of the vocabulary.
    pub fn vocab_size(&self) -> usize {
        self.embedding.weight.val().dims()[0]
    }

    /// Logits of every target position.
    ///
    /// # Shapes
    ///
    /// `src`: `[batch, src_len]`, `tgt_in`: `[batch, tgt_len]` → `[batch, tgt_len, vocab]`
    pub fn forward(&self, src: Tensor<2, Int>, tgt_in: Tensor<2, Int>, pass: &Pass) -> Tensor<3> {
        let memory = self.encode(src, pass);
        self.decode(tgt_in, &memory, pass)
    }

    /// # Shapes
    ///
    /// `[batch, src_len]` → states `[batch, src_len, d_model]` with their mask
    pub fn encode(&self, src: Tensor<2, Int>, pass: &Pass) -> Memory {
        let padding_mask = padding_mask(&src, self.ids.pad);
        let x = self.embed(&self.embedding, src, 0, pass);
        let x = pass.see_named(|| "encoder.embedding".into(), x);
        let states = self.encoder.forward(x, &padding_only(&padding_mask), pass);
        Memory { states: pass.see_named(|| "encoder.output".into(), states), padding_mask }
    }

    /// # Shapes
    ///
    /// `tgt_in`: `[batch, tgt_len]` → `[batch, tgt_len, vocab]`
    pub fn decode(&self, tgt_in: Tensor<2, Int>, memory: &Memory, pass: &Pass) -> Tensor<3> {
        let x = self.embed(self.tgt_embedding(), tgt_in, 0, pass);
        let x = pass.see_named(|| "decoder.embedding".into(), x);
        let states = self.decoder.forward(x, memory, pass);
        pass.see_named(|| "logits".into(), self.project(states))
    }

    /// Begins incremental decoding of `width` hypotheses for each sentence.
    pub fn start(&self, memory: &Memory, width: usize) -> Cache {
        Cache::of_layers(self.decoder.cross_keys_values(memory), memory.padding_mask.clone(), width)
    }

    /// Logits of the next token, after every hypothesis was continued with its `last` token.
    ///
    /// # Shapes
    ///
    /// `last`: `[sentences · width]` → `[sentences · width, vocab]`
    pub fn step(&self, last: Tensor<1, Int>, cache: &mut Cache, pass: &Pass) -> Tensor<2> {
        let x = self.embed(self.tgt_embedding(), last.unsqueeze_dim(1), cache.position(), pass);
        self.project(self.decoder.step(x, cache, pass)).squeeze_dim(1)
    }

    fn tgt_embedding(&self) -> &Embedding {
        self.tgt_embedding.as_ref().unwrap_or(&self.embedding)
    }

    /// `[batch, len]` → `[batch, len, d_model]`, in the precision in which the layers compute.
    fn embed(&self, embedding: &Embedding, ids: Tensor<2, Int>, offset: usize, pass: &Pass) -> Tensor<3> {
        embedding.forward(ids, offset, pass).cast(self.precision.dtype())
    }

    fn project(&self, states: Tensor<3>) -> Tensor<3> {
        logits(states, self.output.as_ref(), self.tgt_embedding())
    }
}
