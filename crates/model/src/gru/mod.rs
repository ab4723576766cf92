//! A recurrent encoder–decoder with attention, as translation was done before the Transformer: a baseline that the same
//! loop trains and the same search decodes.
//!
//! ```text
//! encoder     h_j = [→h_j ; ←h_j]      two GRUs, one in each direction           (Bahdanau et al. 2015 §3.2)
//! start       s_0 = tanh(W_s ←h_1)                                                (ibid., appendix A.2.2)
//! decoder     s_i = GRU(E[y_{i−1}], s_{i−1})                                      (Cho et al. 2014, arXiv:1406.1078)
//! attention   a_ij = softmax_j(s_iᵀ W_a h_j / √d_model),   c_i = Σ_j a_ij h_j     (Luong et al. 2015 §3.1, "general")
//!             s̃_i = tanh(W_c [c_i ; s_i])                                         (ibid., eq. 5)
//! ```
//!
//! Attention is Luong's rather than Bahdanau's: it is a product, which the attention of the Transformer computes
//! already, and it needs the state of its own step only, so that all target positions look at the source at once. It
//! stands behind the first layer of the decoder; further layers read s̃, so that they remember where the model has looked.
//!
//! Deviations: no input feeding (Luong §3.3), which would put attention into the loop over time; the layers above the
//! first take its part, in the manner of the conditional GRU (Sennrich et al. 2017, arXiv:1703.04357 §3). Scores are
//! divided by `√d_model`, which `W_a` can undo. `E` is scaled by `√d_model`, as in the Transformer, since it is also the
//! output's matrix. Dropout falls on embeddings and on what goes from layer to layer, not from step to step
//! (Zaremba et al. 2014, arXiv:1409.2329).

mod attention;
mod decoder;
mod encoder;

pub use attention::Attention;
pub use decoder::{Decoder, DecoderLayer};
pub use encoder::{Encoder, EncoderLayer};

use crate::cache::Cache;
use crate::embedding::{Embedding, logits};
use crate::mask::padding_mask;
use crate::{Init, Linear, Memory, ModelConfig, Pass, Precision, SpecialIds, Tying};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use kernels::Walk;

/// One GRU: `u = x·W + c` of all steps at once, then the walk through time (see [`kernels::gru`]).
#[derive(Module, Debug)]
pub struct GruLayer {
    /// `[d_in, 3·d_hidden]`, in the order reset, update, new.
    pub input: Linear,
    /// `[d_hidden, 3·d_hidden]`
    pub hidden: Linear,
}

impl GruLayer {
    /// A layer with fresh weights.
    pub fn new(d_in: usize, d_hidden: usize, init: &Init) -> Self {
        Self {
            input: Linear::new(d_in, 3 * d_hidden, &init.child("input")),
            hidden: Linear::new(d_hidden, 3 * d_hidden, &init.child("hidden")),
        }
    }

    /// # Shapes
    ///
    /// `x`: `[batch, len, d_in]`, `start`: `[batch, d_hidden]` → `[batch, len, d_hidden]`
    pub fn forward(&self, x: Tensor<3>, start: Tensor<2>, walk: &Walk) -> Tensor<3> {
        kernels::gru(self.input.forward(x), start, self.hidden.weight.val(), self.hidden.bias.val(), walk)
    }
}

/// The recurrent encoder–decoder.
#[derive(Module, Debug)]
pub struct Gru {
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

impl Gru {
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

    /// # Shapes
    ///
    /// `[batch, src_len]` → states `[batch, src_len, d_model]` with their mask
    pub fn encode(&self, src: Tensor<2, Int>, pass: &Pass) -> Memory {
        let padding_mask = padding_mask(&src, self.ids.pad);
        let x = self.embed(&self.embedding, src, pass);
        let x = pass.see_named(|| "encoder.embedding".into(), x);
        let states = self.encoder.forward(x, &padding_mask, pass);
        Memory { states: pass.see_named(|| "encoder.output".into(), states), padding_mask }
    }

    /// # Shapes
    ///
    /// `tgt_in`: `[batch, tgt_len]` → `[batch, tgt_len, vocab]`
    pub fn decode(&self, tgt_in: Tensor<2, Int>, memory: &Memory, pass: &Pass) -> Tensor<3> {
        let x = self.embed(self.tgt_embedding(), tgt_in, pass);
        let x = pass.see_named(|| "decoder.embedding".into(), x);
        let states = self.decoder.forward(x, memory, pass);
        pass.see_named(|| "logits".into(), self.project(states))
    }

    /// Begins incremental decoding of `width` hypotheses for each sentence.
    pub fn start(&self, memory: &Memory, width: usize) -> Cache {
        let (starts, seen) = (self.decoder.starts(memory), self.decoder.attention.seen(memory));
        Cache::of_states(starts, seen, memory.padding_mask.clone(), width)
    }

    /// Logits of the next token, after every hypothesis was continued with its `last` token.
    ///
    /// # Shapes
    ///
    /// `last`: `[sentences · width]` → `[sentences · width, vocab]`
    pub fn step(&self, last: Tensor<1, Int>, cache: &mut Cache, pass: &Pass) -> Tensor<2> {
        let x = self.embed(self.tgt_embedding(), last.unsqueeze_dim(1), pass);
        self.project(self.decoder.step(x, cache, pass)).squeeze_dim(1)
    }

    fn tgt_embedding(&self) -> &Embedding {
        self.tgt_embedding.as_ref().unwrap_or(&self.embedding)
    }

    /// `[batch, len]` → `[batch, len, d_model]`, in the precision in which the layers compute.
    fn embed(&self, embedding: &Embedding, ids: Tensor<2, Int>, pass: &Pass) -> Tensor<3> {
        embedding.without_positions(ids, pass).cast(self.precision.dtype())
    }

    fn project(&self, states: Tensor<3>) -> Tensor<3> {
        logits(states, self.output.as_ref(), self.tgt_embedding())
    }
}
