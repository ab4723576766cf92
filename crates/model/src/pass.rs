//! What one forward pass carries beside tensors: where its dropout comes from, and who looks at its attention.

use burn::tensor::Tensor;
use kernels::Dropout;
use std::cell::{Cell, RefCell};
use std::fmt::Debug;

/// One forward pass. Inference has no dropout; training draws every mask from a key that is a function of the
/// seed, the step and the micro-batch, so that a resumed run repeats it without any generator's state.
#[derive(Debug, Default)]
pub struct Pass {
    probability: f32,
    key: u64,
    draws: Cell<u64>,
    maps: Option<RefCell<AttentionMaps>>,
    watch: Option<RefCell<Box<dyn Watch>>>,
    /// The stack and the layer that computes now.
    layer: Cell<(&'static str, usize)>,
    future: Future,
}

/// Whether the decoder sees the target tokens that come after a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Future {
    #[default]
    Blocked,
    Seen,
}

/// Looks at the activations of a forward pass as they are computed: to find where numbers go wrong.
pub trait Watch: Debug {
    /// Sees the activations of that name, flattened, and gives them back. Names are paths: `encoder.layers.0.feed_forward`.
    fn see(&mut self, name: &str, activations: Tensor<1>) -> Tensor<1>;
}

/// The attention weights of one forward pass, a tensor `[batch, n_heads, q_len, k_len]` for each layer.
#[derive(Clone, Debug, Default)]
pub struct AttentionMaps {
    /// Encoder self-attention, from the first layer to the last.
    pub encoder: Vec<Tensor<4>>,
    /// Decoder self-attention.
    pub decoder: Vec<Tensor<4>>,
    /// Decoder cross-attention: rows are target positions, columns source positions.
    pub cross: Vec<Tensor<4>>,
}

/// Which of the three attentions of the Transformer (§3.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    Encoder,
    Decoder,
    Cross,
}

impl Site {
    /// The module's name in its layer.
    fn module(self) -> &'static str {
        match self {
            Self::Encoder | Self::Decoder => "self_attention",
            Self::Cross => "cross_attention",
        }
    }
}

impl Pass {
    /// A pass without dropout.
    pub fn inference() -> Self {
        Self::default()
    }

    /// A pass that drops with `probability`, for one micro-batch of one step.
    pub fn training(probability: f32, seed: u64, step: u64, micro_batch: u64) -> Self {
        let key = mix(mix(mix(seed) ^ step) ^ micro_batch);
        Self { probability, key, ..Self::default() }
    }

    /// A pass without dropout that records the attention weights; collect them with [`Pass::into_maps`].
    pub fn recording() -> Self {
        Self { maps: Some(RefCell::default()), ..Self::default() }
    }

    /// The same pass, watched.
    #[must_use]
    pub fn watched(self, watch: impl Watch + 'static) -> Self {
        Self { watch: Some(RefCell::new(Box::new(watch))), ..self }
    }

    /// The same pass, in which known targets see their own future: for showing what the causal mask is for. Such a decoder
    /// learns to copy the next token from its input and has nothing to copy when it searches.
    #[must_use]
    pub fn seeing_the_future(self) -> Self {
        Self { future: Future::Seen, ..self }
    }

    /// For the mask of the decoder's self-attention.
    pub(crate) fn future(&self) -> Future {
        self.future
    }

    /// From now on a layer of a stack computes: what is seen has its name.
    pub(crate) fn enter(&self, stack: &'static str, layer: usize) {
        self.layer.set((stack, layer));
    }

    /// Shows activations of the present layer to the watch, if there is one.
    pub(crate) fn see<const D: usize>(&self, part: &str, x: Tensor<D>) -> Tensor<D> {
        let (stack, layer) = self.layer.get();
        self.see_named(|| format!("{stack}.layers.{layer}.{part}"), x)
    }

    /// Shows activations to the watch, if there is one.
    pub(crate) fn see_named<const D: usize>(&self, name: impl FnOnce() -> String, x: Tensor<D>) -> Tensor<D> {
        let Some(watch) = &self.watch else { return x };
        let shape = x.dims();
        watch.borrow_mut().see(&name(), x.flatten(0, D - 1)).reshape(shape)
    }

    /// The attention weights seen by a [`Pass::recording`] pass; empty for the others.
    pub fn into_maps(self) -> AttentionMaps {
        self.maps.map(RefCell::into_inner).unwrap_or_default()
    }

    /// The next dropout of this pass: each call has a key of its own.
    pub(crate) fn dropout(&self) -> Dropout {
        if self.probability == 0.0 {
            return Dropout::NONE;
        }
        let draw = self.draws.get();
        self.draws.set(draw + 1);
        Dropout { probability: self.probability, key: mix(self.key ^ draw) }
    }

    /// [`Pass::see`] of a part of an attention.
    pub(crate) fn see_attention<const D: usize>(&self, site: Site, part: &str, x: Tensor<D>) -> Tensor<D> {
        if self.watch.is_none() {
            return x;
        }
        self.see(&format!("{}{part}", site.module()), x)
    }

    /// Hands the weights to the recorder, if there is one.
    pub(crate) fn record(&self, site: Site, weights: impl FnOnce() -> Tensor<4>) {
        let Some(maps) = &self.maps else { return };
        let mut maps = maps.borrow_mut();
        match site {
            Site::Encoder => maps.encoder.push(weights()),
            Site::Decoder => maps.decoder.push(weights()),
            Site::Cross => maps.cross.push(weights()),
        }
    }
}

/// A bijection on 64 bits that scatters neighbours (the finalizer of SplitMix64, Steele et al. 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_draw_step_and_micro_batch_has_its_own_key() {
        let mut keys = BTreeSet::new();
        for step in 0..10 {
            for micro_batch in 0..3 {
                let pass = Pass::training(0.1, 7, step, micro_batch);
                for _ in 0..20 {
                    keys.insert(pass.dropout().key);
                }
            }
        }
        assert_eq!(keys.len(), 10 * 3 * 20);
    }

    #[test]
    fn the_same_place_gives_the_same_key_and_inference_none() {
        let key = |seed| Pass::training(0.1, seed, 3, 1).dropout().key;
        assert_eq!(key(7), key(7));
        assert_ne!(key(7), key(8));
        assert_eq!(Pass::inference().dropout(), Dropout::NONE);
    }
}
