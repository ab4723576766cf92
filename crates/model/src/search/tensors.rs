//! A model as a [`NextToken`], with tensors, on any device.

use super::NextToken;
use crate::cache::Cache;
use crate::{Memory, Model, Pass};
use burn::tensor::{Int, Tensor, TensorData};

/// Incremental decoding of `width` hypotheses for each sentence of a memory.
#[derive(Debug)]
pub struct TensorSearch<'a> {
    model: &'a Model,
    cache: Cache,
    pass: Pass,
    /// The row of the cache that each hypothesis has: the cache has `width` rows of every sentence.
    rows: Vec<usize>,
}

impl<'a> TensorSearch<'a> {
    /// Starts a search over the encoded sentences.
    pub fn new(model: &'a Model, memory: &Memory, width: usize) -> Self {
        let rows = (0..memory.states.dims()[0]).map(|sentence| sentence * width).collect();
        Self { model, cache: model.start(memory, width), pass: Pass::inference(), rows }
    }

    /// What the cache is asked for: parents and last tokens of all its rows. Rows that no hypothesis has repeat the first
    /// of their sentence.
    fn fill_up(&mut self, parents: &[usize], last: &[u32]) -> (Vec<usize>, Vec<i64>) {
        let width = self.cache.width();
        let parents: Vec<usize> = parents.iter().map(|&parent| self.rows[parent]).collect();
        let asked: Vec<(usize, i64)> =
            parents.into_iter().zip(last.iter().map(|&id| i64::from(id))).collect();
        self.rows.clear();
        let mut full = Vec::new();
        for sentence in asked.chunk_by(|(a, _), (b, _)| a / width == b / width) {
            self.rows.extend((full.len()..).take(sentence.len()));
            full.extend(sentence.iter().copied().chain(std::iter::repeat(sentence[0])).take(width));
        }
        full.into_iter().unzip()
    }
}

impl NextToken for TensorSearch<'_> {
    fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    fn advance(&mut self, parents: &[usize], last: &[u32]) -> Vec<f32> {
        let (parents, last) = self.fill_up(parents, last);
        self.cache.reorder(&parents);
        let rows = last.len();
        let last = Tensor::<1, Int>::from_data(TensorData::new(last, [rows]), &self.cache.padding.device());
        let logits = self.model.step(last, &mut self.cache, &self.pass);
        let mut log_probs: Vec<f32> = logits.into_data().try_to_vec().expect("logits are float32");
        let vocab = log_probs.len() / rows;
        if self.rows.len() < rows {
            let asked = self.rows.iter().flat_map(|row| &log_probs[row * vocab..(row + 1) * vocab]);
            log_probs = asked.copied().collect();
        }
        kernels::log_softmax(&mut log_probs, vocab);
        log_probs
    }
}
