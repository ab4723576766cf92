//! What incremental decoding remembers, so that each step computes one position only.
//!
//! Self-attention keeps the keys and values of every hypothesis and grows by one position a step. Cross-attention
//! keeps those of every *sentence* once, however many hypotheses the sentence has: in one step the hypotheses of a
//! sentence stand beside each other as queries. A recurrent decoder remembers one state for each layer instead, however
//! long the target is, and one set of keys and values.

use crate::attention::KeysValues;
use burn::tensor::{Bool, Int, Tensor, TensorData};

/// The state of incremental decoding for `sentences × width` hypotheses.
#[derive(Clone, Debug)]
pub struct Cache {
    kind: Kind,
    /// Of the sources: `[sentences, src_len]`, `true` = blocked.
    pub(crate) padding: Tensor<2, Bool>,
    width: usize,
    position: usize,
}

/// What depends on the model.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a search has one cache")]
enum Kind {
    Layers(Vec<LayerCache>),
    Recurrent(Recurrent),
}

/// The part of a recurrent decoder.
#[derive(Clone, Debug)]
pub(crate) struct Recurrent {
    /// Of each layer: `[sentences · width, d_model]`.
    pub(crate) states: Vec<Tensor<2>>,
    /// Of the sources: `[sentences, 1, src_len, d_model]`.
    pub(crate) seen: KeysValues,
}

/// One layer's part of the Transformer.
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
    /// The Transformer's, from the keys and values of its cross-attentions.
    pub(crate) fn of_layers(cross: Vec<KeysValues>, padding: Tensor<2, Bool>, width: usize) -> Self {
        let layers = cross.into_iter().map(|cross| LayerCache { own: None, cross }).collect();
        Self { kind: Kind::Layers(layers), padding, width, position: 0 }
    }

    /// A recurrent decoder's, from its states before the first step: `[sentences, d_model]` for each layer.
    pub(crate) fn of_states(
        starts: Vec<Tensor<2>>,
        seen: KeysValues,
        padding: Tensor<2, Bool>,
        width: usize,
    ) -> Self {
        let states = starts.into_iter().map(|start| {
            let [sentences, d_model] = start.dims();
            start.unsqueeze_dim::<3>(1).repeat_dim(1, width).reshape([sentences * width, d_model])
        });
        let kind = Kind::Recurrent(Recurrent { states: states.collect(), seen });
        Self { kind, padding, width, position: 0 }
    }

    pub(crate) fn layers_mut(&mut self) -> &mut [LayerCache] {
        match &mut self.kind {
            Kind::Layers(layers) => layers,
            Kind::Recurrent(_) => panic!("the cache of a recurrent decoder has no layers of attention"),
        }
    }

    pub(crate) fn recurrent_mut(&mut self) -> &mut Recurrent {
        match &mut self.kind {
            Kind::Recurrent(recurrent) => recurrent,
            Kind::Layers(_) => panic!("the cache of a Transformer has no states"),
        }
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
            self.kind.select_rows(&index(rows));
        }
        if !groups.iter().copied().eq(0..sentences) {
            let groups = index(&groups);
            self.kind.select_sentences(&groups);
            self.padding = self.padding.clone().select(0, groups);
        }
    }
}

impl Kind {
    /// The given hypotheses, in that order.
    fn select_rows(&mut self, rows: &Tensor<1, Int>) {
        match self {
            Self::Layers(layers) => {
                for layer in layers {
                    layer.own = layer.own.take().map(|own| own.select(rows));
                }
            }
            Self::Recurrent(Recurrent { states, .. }) => {
                for state in states {
                    *state = state.clone().select(0, rows.clone());
                }
            }
        }
    }

    /// The given sentences, in that order.
    fn select_sentences(&mut self, sentences: &Tensor<1, Int>) {
        match self {
            Self::Layers(layers) => {
                for layer in layers {
                    layer.cross = layer.cross.clone().select(sentences);
                }
            }
            Self::Recurrent(Recurrent { seen, .. }) => *seen = seen.clone().select(sentences),
        }
    }
}
