//! Incremental decoding on the CPU.

use super::{CpuMemory, CpuModel};
use crate::embedding::positions_on_host;
use crate::search::NextToken;

/// Incremental decoding of any number of hypotheses for each sentence of a memory.
#[derive(Debug)]
pub struct CpuSearch<'a> {
    model: &'a CpuModel,
    /// Of each decoder layer: keys and values of the sources, `[Σ lens, 2·d_model]`.
    cross: Vec<Vec<f32>>,
    /// 0, 1, 2, … up to the number of source positions.
    slots_of_sources: Vec<u32>,
    /// Of each decoder layer: keys and values of all target positions computed so far, in the order of computation.
    own: Vec<Vec<f32>>,
    hypotheses: Vec<Live>,
    /// Target positions computed so far, of all hypotheses.
    n_slots: u32,
}

/// One hypothesis.
#[derive(Clone, Debug)]
struct Live {
    /// First source position, and one after the last.
    source: (usize, usize),
    /// Where its positions stand in `own`.
    slots: Vec<u32>,
}

impl<'a> CpuSearch<'a> {
    /// Starts a search over the encoded sentences.
    pub fn new(model: &'a CpuModel, memory: &CpuMemory) -> Self {
        let mut end = 0;
        let mut hypotheses = Vec::with_capacity(memory.lens.len());
        for len in &memory.lens {
            hypotheses.push(Live { source: (end, end + len), slots: Vec::new() });
            end += len;
        }
        Self {
            model,
            cross: model.decoder.iter().map(|layer| layer.cross_keys_values(&memory.states)).collect(),
            slots_of_sources: (0..end as u32).collect(),
            own: vec![Vec::new(); model.decoder.len()],
            hypotheses,
            n_slots: 0,
        }
    }
}

impl NextToken for CpuSearch<'_> {
    fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    fn advance(&mut self, parents: &[usize], last: &[u32]) -> Vec<f32> {
        let model = self.model;
        self.hypotheses = parents.iter().map(|&parent| self.hypotheses[parent].clone()).collect();
        let position = self.hypotheses[0].slots.len();
        let position = positions_on_host(position..position + 1, model.d_model);
        let mut x = Vec::with_capacity(last.len() * model.d_model);
        for ((live, &id), slot) in self.hypotheses.iter_mut().zip(last).zip(self.n_slots..) {
            live.slots.push(slot);
            let table = model.tgt_embedding.as_ref().unwrap_or(&model.src_embedding);
            model.embed(table, id, &position, &mut x);
        }
        self.n_slots += last.len() as u32;
        let slots: Vec<&[u32]> = self.hypotheses.iter().map(|live| live.slots.as_slice()).collect();
        let source = |live: &Live| &self.slots_of_sources[live.source.0..live.source.1];
        let sources: Vec<&[u32]> = self.hypotheses.iter().map(source).collect();
        for ((layer, own), cross) in model.decoder.iter().zip(&mut self.own).zip(&self.cross) {
            layer.step(&mut x, (own, &slots), (cross, &sources), model.n_heads);
        }
        if let Some(norm) = &model.decoder_norm {
            x = norm.forward(&x);
        }
        let mut log_probs = model.output.forward(&x, None);
        kernels::log_softmax(&mut log_probs, model.vocab_size());
        log_probs
    }
}
