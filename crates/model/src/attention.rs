//! Multi-head attention (§3.2.2): `Concat(head_1, …, head_h) W^O`, `head_i = Attention(Q W^Q_i, K W^K_i, V W^V_i)`,
//! `Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V` (§3.2.1, eq. 1).
//!
//! Deviation: the projections have biases, as in the authors' code and in every toolkit since; dropout also falls on
//! the attention weights.

use crate::pass::Site;
use crate::{Init, Linear, ModelConfig, Pass};
use burn::module::Module;
use burn::tensor::{Int, Tensor};
use kernels::Mask;

/// The keys and values that queries look at, split into heads: both `[batch, n_heads, k_len, d_head]`.
#[derive(Clone, Debug)]
pub struct KeysValues {
    /// What is compared with the queries.
    pub keys: Tensor<4>,
    /// What is averaged.
    pub values: Tensor<4>,
}

impl KeysValues {
    /// The given rows of the batch, in that order.
    pub(crate) fn select(self, rows: &Tensor<1, Int>) -> Self {
        Self { keys: self.keys.select(0, rows.clone()), values: self.values.select(0, rows.clone()) }
    }
}

/// Multi-head attention with its four projections.
#[derive(Module, Debug)]
pub struct MultiHeadAttention {
    /// W^Q of all heads side by side: `[d_model, d_model]`.
    pub query: Linear,
    /// W^K.
    pub key: Linear,
    /// W^V.
    pub value: Linear,
    /// W^O.
    pub output: Linear,
    n_heads: usize,
}

impl MultiHeadAttention {
    /// Projections from `d_model` to `n_heads · d_head = d_model`.
    pub fn new(config: &ModelConfig, init: &Init) -> Self {
        let linear = |name| Linear::new(config.d_model, config.d_model, &init.child(name));
        Self {
            query: linear("query"),
            key: linear("key"),
            value: linear("value"),
            output: linear("output"),
            n_heads: config.n_heads,
        }
    }

    /// Heads.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }

    /// Keys and values of `x`: `[batch, k_len, d_model]`.
    pub fn keys_values(&self, x: Tensor<3>) -> KeysValues {
        KeysValues {
            keys: self.split(self.key.forward(x.clone())),
            values: self.split(self.value.forward(x)),
        }
    }

    /// What the queries of `x` find among keys and values.
    ///
    /// # Shapes
    ///
    /// `x`: `[batch, q_len, d_model]` → `[batch, q_len, d_model]`
    pub(crate) fn forward(
        &self,
        x: Tensor<3>,
        seen: &KeysValues,
        mask: &Mask,
        site: Site,
        pass: &Pass,
    ) -> Tensor<3> {
        let queries = pass.see_attention(site, ".query", self.split(self.query.forward(x)));
        pass.record(site, || kernels::attention_weights(queries.clone(), seen.keys.clone(), mask));
        let heads = kernels::attention(queries, seen.keys.clone(), seen.values.clone(), mask, pass.dropout());
        pass.see_attention(site, "", self.output.forward(merge(heads)))
    }

    /// `[batch, len, d_model]` → `[batch, n_heads, len, d_head]`
    fn split(&self, x: Tensor<3>) -> Tensor<4> {
        let [batch, len, d_model] = x.dims();
        x.reshape([batch, len, self.n_heads, d_model / self.n_heads]).swap_dims(1, 2)
    }
}

/// `[batch, n_heads, len, d_head]` → `[batch, len, d_model]`
fn merge(heads: Tensor<4>) -> Tensor<3> {
    let [batch, n_heads, len, d_head] = heads.dims();
    heads.swap_dims(1, 2).reshape([batch, len, n_heads * d_head])
}
