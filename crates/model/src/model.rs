//! Either of the models, as `model.kind` says: what training, search and files know of them.

use crate::cache::Cache;
use crate::{Gru, Memory, ModelConfig, ModelKind, Pass, Precision, SpecialIds, Transformer};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, FloatDType, Int, Tensor};

/// An encoder–decoder. The names of its parameters are those of the one that it is.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one model in a program, or two")]
pub enum Model {
    /// Attention alone.
    Transformer(Transformer),
    /// Recurrent layers and one attention.
    Gru(Gru),
}

/// The same expression for either model.
macro_rules! either {
    ($model:expr, $inner:ident => $body:expr) => {
        match $model {
            Model::Transformer($inner) => $body,
            Model::Gru($inner) => $body,
        }
    };
}

impl Model {
    /// A model with fresh weights that are a function of `seed` alone.
    pub fn new(config: &ModelConfig, vocab_size: usize, ids: SpecialIds, seed: u64, device: &Device) -> Self {
        match config.kind {
            ModelKind::Transformer => {
                Self::Transformer(Transformer::new(config, vocab_size, ids, seed, device))
            }
            ModelKind::Gru => Self::Gru(Gru::new(config, vocab_size, ids, seed, device)),
        }
    }

    /// The same model, which computes in `precision`; its weights stay float32 for the optimizer.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        match self {
            Self::Transformer(model) => Self::Transformer(model.with_precision(precision)),
            Self::Gru(model) => Self::Gru(model.with_precision(precision)),
        }
    }

    /// The same model with its weights in the precision in which it computes: for search, which changes none.
    #[must_use]
    pub fn for_search(self) -> Self {
        struct Cast(FloatDType);
        impl ModuleMapper for Cast {
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                param.map(|weight| weight.cast(self.0))
            }
        }
        match self.precision() {
            Precision::F32 => self,
            half => self.map(&mut Cast(half.dtype())),
        }
    }

    /// The precision in which it computes.
    pub fn precision(&self) -> Precision {
        either!(self, model => model.precision())
    }

    /// The ids that the model was made with.
    pub fn ids(&self) -> SpecialIds {
        either!(self, model => model.ids())
    }

    /// Entries of the vocabulary.
    pub fn vocab_size(&self) -> usize {
        either!(self, model => model.vocab_size())
    }

    /// Where the weights are.
    pub fn device(&self) -> Device {
        either!(self, model => model.embedding.weight.val().device())
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
        either!(self, model => model.encode(src, pass))
    }

    /// # Shapes
    ///
    /// `tgt_in`: `[batch, tgt_len]` → `[batch, tgt_len, vocab]`
    pub fn decode(&self, tgt_in: Tensor<2, Int>, memory: &Memory, pass: &Pass) -> Tensor<3> {
        either!(self, model => model.decode(tgt_in, memory, pass))
    }

    /// Begins incremental decoding of `width` hypotheses for each sentence.
    pub fn start(&self, memory: &Memory, width: usize) -> Cache {
        either!(self, model => model.start(memory, width))
    }

    /// Logits of the next token, after every hypothesis was continued with its `last` token.
    ///
    /// # Shapes
    ///
    /// `last`: `[sentences · width]` → `[sentences · width, vocab]`
    pub fn step(&self, last: Tensor<1, Int>, cache: &mut Cache, pass: &Pass) -> Tensor<2> {
        either!(self, model => model.step(last, cache, pass))
    }

    /// Shows every parameter to the visitor.
    pub fn visit(&self, visitor: &mut impl ModuleVisitor) {
        either!(self, model => model.visit(visitor));
    }

    /// The model of what the mapper makes of every parameter.
    #[must_use]
    pub fn map(self, mapper: &mut impl ModuleMapper) -> Self {
        match self {
            Self::Transformer(model) => Self::Transformer(model.map(mapper)),
            Self::Gru(model) => Self::Gru(model.map(mapper)),
        }
    }

    /// Numbers in all weights.
    pub fn num_params(&self) -> usize {
        either!(self, model => model.num_params())
    }

    /// The same model without a tape.
    #[must_use]
    pub fn valid(&self) -> Self {
        match self {
            Self::Transformer(model) => Self::Transformer(model.valid()),
            Self::Gru(model) => Self::Gru(model.valid()),
        }
    }

    /// The same model on a tape.
    #[must_use]
    pub fn train(self) -> Self {
        match self {
            Self::Transformer(model) => Self::Transformer(model.train()),
            Self::Gru(model) => Self::Gru(model.train()),
        }
    }
}
