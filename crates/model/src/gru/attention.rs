//! Attention to the source (Luong et al. 2015, arXiv:1508.04025 §3.1): `s̃ = tanh(W_c [c ; s])` with the context
//! `c = Σ_j softmax_j(sᵀ W_a h_j / √d_model) h_j`.
//!
//! `W_c [c ; s] = V c + W s`, and `V c` is the average of `V h_j`: so that `W_a` and `V` are applied to the states of the
//! encoder once, and what is left is the attention of the Transformer with one head.

use crate::attention::KeysValues;
use crate::mask::padding_only;
use crate::pass::Site;
use crate::{Init, Memory, ModelConfig, Pass};
use burn::module::{Module, Param};
use burn::tensor::{Bool, Tensor};

/// Attention with its three matrices, `[d_model, d_model]` each.
#[derive(Module, Debug)]
pub struct Attention {
    /// `W_a`: what of the source is compared with the states.
    pub key: Param<Tensor<2>>,
    /// The half of `W_c` for the context.
    pub value: Param<Tensor<2>>,
    /// The half of `W_c` for the state.
    pub state: Param<Tensor<2>>,
}

impl Attention {
    /// Fresh weights.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        let matrix = |name| init.child(name).xavier_uniform(config.d_model, config.d_model);
        Self { key: matrix("key"), value: matrix("value"), state: matrix("state") }
    }

    /// What is looked at: keys and values `[batch, 1, src_len, d_model]`.
    pub(crate) fn seen(&self, memory: &Memory) -> KeysValues {
        let of = |matrix: &Param<Tensor<2>>| {
            kernels::linear(memory.states.clone(), matrix.val(), None).unsqueeze_dim(1)
        };
        KeysValues { keys: of(&self.key), values: of(&self.value) }
    }

    /// The attentional states s̃ of all target positions at once.
    ///
    /// # Shapes
    ///
    /// `states`: `[batch, tgt_len, d_model]` → the same
    pub(crate) fn forward(
        &self,
        states: Tensor<3>,
        seen: &KeysValues,
        padding: &Tensor<2, Bool>,
        pass: &Pass,
    ) -> Tensor<3> {
        let (queries, mask) = (states.clone().unsqueeze_dim(1), padding_only(padding));
        pass.record(Site::Cross, || kernels::attention_weights(queries.clone(), seen.keys.clone(), &mask));
        let (keys, values) = (seen.keys.clone(), seen.values.clone());
        let context = kernels::attention(queries, keys, values, &mask, kernels::Dropout::NONE);
        (context.squeeze_dim::<3>(1) + kernels::linear(states, self.state.val(), None)).tanh()
    }
}
