//! What incremental decoding remembers, so that each step computes one position only.
//!
//! Self-attention keeps the keys and values of every hypothesis and grows by one position a step. Cross-attention
//! keeps those of every *sentence* once, however many hypotheses the sentence has: in one step the hypotheses of a
//! sentence stand beside each other as queries.

use crate::attention::KeysValues;
use burn::tensor::{Bool, Int, Tensor, TensorData};

/// The state of incremental decoding for `sentences × width` hypotheses.
#[derive(Clone, Debug)]
pub struct Cache {
    pub(crate) layers: Vec<LayerCache>,
    /// Of the sources: `[sentences, src_len]`, `true` = blocked.
    pub(crate) padding: Tensor<2, Bool>,
    width: usize,
    position: usize,
}

/// One decoder layer's part.
#[derive(Clone, Debug)]
pub(crate) struct LayerCache {
    /// `[sentences · width, n_heads, position, d_head]`; nothing before the first step.
    pub(crate) own: Option<KeysValues>,
    /// `[sentences, n_heads, src_len, d_head]`
    pub(crate) cross: KeysValues,
}

impl LayerCache {
    /// Appends the newest position and returns all of them.
    pub(crate) fn append(&mut self, new: KeysValues) -> &KeysValues {
        let grown = match self.own.take() {
            None => new,
            Some(old) => KeysValues {
                keys: Tensor::cat(vec![old.keys, new.keys], 2),
                values: Tensor::cat(vec![old.values, new.values], 2),
            },
        };
        self.own.insert(grown)
    }
}

impl Cache {
    pub(crate) fn new(cross: Vec<KeysValues>, padding: Tensor<2, Bool>, width: usize) -> Self {
        let layers = cross.into_iter().map(|cross| LayerCache { own: None, cross }).collect();
        Self { layers, padding, width, position: 0 }
    }

    /// Hypotheses of each sentence.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The position that the next step computes: the number of steps so far.
    pub fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn advance(&mut self) {
        self.position += 1;
    }

    /// Row `i` of the new cache continues row `rows[i]` of the old one. Rows come in groups of [`Cache::width`]
    /// that belong to one sentence; a sentence that does not appear is forgotten.
    ///
    /// # Panics
    ///
    /// If the rows are no whole groups, or a group mixes sentences.
    pub fn reorder(&mut self, rows: &[usize]) {
        assert!(rows.len().is_multiple_of(self.width), "{} rows are no groups of {}", rows.len(), self.width);
        let groups: Vec<usize> = rows
            .chunks(self.width)
            .map(|group| {
                let sentence = group[0] / self.width;
                assert!(
                    group.iter().all(|row| row / self.width == sentence),
                    "a group mixes sentences: {group:?}"
                );
                sentence
            })
            .collect();
        let sentences = self.padding.dims()[0];
        let device = self.padding.device();
        let index = |ids: &[usize]| {
            let values: Vec<i64> = ids.iter().map(|&id| id as i64).collect();
            Tensor::<1, Int>::from_data(TensorData::new(values, [ids.len()]), &device)
        };
        if !rows.iter().copied().eq(0..sentences * self.width) {
            let rows = index(rows);
            for layer in &mut self.layers {
                layer.own = layer.own.take().map(|own| own.select(&rows));
            }
        }
        if !groups.iter().copied().eq(0..sentences) {
            let groups = index(&groups);
            for layer in &mut self.layers {
                layer.cross = layer.cross.clone().select(&groups);
            }
            self.padding = self.padding.clone().select(0, groups);
        }
    }
}
