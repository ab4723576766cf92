//! The Transformer as a [`NextToken`].

use super::NextToken;
use crate::cache::Cache;
use crate::{Memory, Pass, Transformer};
use burn::tensor::{Int, Tensor, TensorData};

/// Incremental decoding of `width` hypotheses for each sentence of a memory.
#[derive(Debug)]
pub struct TransformerSearch<'a> {
    model: &'a Transformer,
    cache: Cache,
    pass: Pass,
}

impl<'a> TransformerSearch<'a> {
    /// Starts a search over the encoded sentences.
    pub fn new(model: &'a Transformer, memory: &Memory, width: usize) -> Self {
        Self { model, cache: model.start(memory, width), pass: Pass::inference() }
    }
}

impl NextToken for TransformerSearch<'_> {
    fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    fn advance(&mut self, parents: &[usize], last: &[u32]) -> Vec<f32> {
        self.cache.reorder(parents);
        let last: Vec<i64> = last.iter().map(|&id| i64::from(id)).collect();
        let rows = last.len();
        let last = Tensor::<1, Int>::from_data(TensorData::new(last, [rows]), &self.cache.padding.device());
        let logits = self.model.step(last, &mut self.cache, &self.pass);
        let mut log_probs: Vec<f32> = logits.into_data().try_to_vec().expect("logits are float32");
        let vocab = log_probs.len() / rows;
        kernels::log_softmax(&mut log_probs, vocab);
        log_probs
    }
}
