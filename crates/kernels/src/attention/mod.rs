//! Scaled dot-product attention: `softmax(q·kᵀ/√d_head)·v` (Vaswani et al. 2017 §3.2.1 eq. 1, arXiv:1706.03762).
//!
//! Deviation: a query that may see no key gives zeros (the paper leaves it undefined), and dropout falls on the
//! weights, as in the authors' own code.

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::{Bool, Tensor};

use crate::dropout::Dropout;
use crate::host::{Host, is_fast};
use fast::{Inputs, rows_dense};

mod fast;
pub(crate) mod plain;
mod rows;
mod slices;

pub use slices::{attention_cached, attention_within};

/// Which keys a query may see.
#[derive(Clone, Debug)]
pub struct Mask {
    /// `[batch, k_len]`, true where a key is padding and blocked. `None`: no key is padding.
    pub padding: Option<Tensor<2, Bool>>,
    /// Whether the future is blocked, too.
    pub order: Order,
}

/// Whether a query may see keys after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Every query sees every key.
    Any,
    /// Query i sees the keys `j ≤ i + (k_len − q_len)`: the last query sees all of them.
    Causal,
}

/// `dropout(softmax(q·kᵀ/√d_head + mask))·v`. Views (swapped axes) are taken as they are, and the output is a view of
/// `[batch, q_len, n_heads, d_head]`: merging its heads costs nothing.
///
/// # Shapes
/// `q [batch, n_heads, q_len, d_head]`, `k` and `v [batch, n_heads, k_len, d_head]` →
/// `[batch, n_heads, q_len, d_head]`.
///
/// # Panics
/// If the shapes do not fit, an axis is empty, or the probability of dropout is not in `[0, 1)`.
pub fn attention(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, mask: &Mask, dropout: Dropout) -> Tensor<4> {
    assert_eq!(k.dims(), v.dims(), "attention: shapes of k and v");
    check(&q, &k, mask);
    if !is_fast(&q) {
        return plain::attention(q, k, v, mask, dropout);
    }
    let padding = mask.padding.clone().map(|padding| padding.into_data().iter::<bool>().collect());
    let visible = Visible { padding: padding.unwrap_or_default(), order: mask.order };
    Tensor::from_dispatch(<Dispatch as AttentionOps>::attention(
        q.into_dispatch(),
        k.into_dispatch(),
        v.into_dispatch(),
        visible,
        dropout,
    ))
}

/// The weights `softmax(q·kᵀ/√d_head + mask)` themselves, without dropout, for pictures and tests.
///
/// # Shapes
/// As [`attention`], → `[batch, n_heads, q_len, k_len]`. Rows sum to one, or to zero where nothing may be seen.
///
/// # Panics
/// If the shapes do not fit.
pub fn attention_weights(q: Tensor<4>, k: Tensor<4>, mask: &Mask) -> Tensor<4> {
    check(&q, &k, mask);
    plain::weights(q, k, mask)
}

/// [`Mask`] on the host.
#[derive(Clone, Debug)]
struct Visible {
    /// `[batch, k_len]`, true where blocked; empty if nothing is padding.
    padding: Vec<bool>,
    order: Order,
}

impl Visible {
    /// The padding of one sequence up to its last visible key; empty and `k_len` if none is blocked before it.
    fn of(&self, batch: usize, k_len: usize) -> (&[bool], usize) {
        if self.padding.is_empty() {
            return (&[], k_len);
        }
        let padding = &self.padding[batch * k_len..(batch + 1) * k_len];
        let seen = padding.iter().rposition(|&blocked| !blocked).map_or(0, |last| last + 1);
        let padding = &padding[..seen];
        (if padding.contains(&true) { padding } else { &[] }, seen)
    }
}

fn check(q: &Tensor<4>, k: &Tensor<4>, mask: &Mask) {
    let [batch, n_heads, q_len, d_head] = q.dims();
    let [k_batch, k_heads, k_len, k_width] = k.dims();
    let (left, right) = ((batch, n_heads, d_head), (k_batch, k_heads, k_width));
    assert_eq!(left, right, "attention: batch, n_heads, d_head of q and k");
    assert!(batch * n_heads * q_len * k_len * d_head > 0, "attention: no queries or keys");
    if let Some(padding) = &mask.padding {
        assert_eq!(padding.dims(), [batch, k_len], "attention: padding is [batch, k_len]");
    }
    assert!(mask.order == Order::Any || q_len <= k_len, "attention: {q_len} causal queries, {k_len} keys");
}

#[backend_extension(Autodiff, Flex, LibTorch: cfg(feature = "tch"))]
trait AttentionOps: Backend {
    fn attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        visible: Visible,
        dropout: Dropout,
    ) -> FloatTensor<Self>;
}

impl<B: Host> AttentionOps for B {
    fn attention(
        q: FloatTensor<B>,
        k: FloatTensor<B>,
        v: FloatTensor<B>,
        visible: Visible,
        dropout: Dropout,
    ) -> FloatTensor<B> {
        let [q, k, v] = [q, k, v].map(rows_dense::<B>);
        fast::forward(&Inputs::<B> { q, k, v, visible, dropout }).0
    }
}

impl<B: Host, C: CheckpointStrategy> AttentionOps for Autodiff<B, C> {
    fn attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        visible: Visible,
        dropout: Dropout,
    ) -> FloatTensor<Self> {
        let ((q, q_node), (k, k_node), (v, v_node)) = (q.into_parts(), k.into_parts(), v.into_parts());
        let [q, k, v] = [q, k, v].map(rows_dense::<B>);
        let inputs = Inputs::<B> { q, k, v, visible, dropout };
        let (out, log_sums) = fast::forward(&inputs);
        match Backward::<B, 3>::prepare::<C>(Step, [q_node, k_node, v_node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((inputs, log_sums), out),
            OpsKind::UnTracked(step) => step.finish(out),
        }
    }
}

#[derive(Debug)]
struct Step;

impl<B: Host> Backward<B, 3> for Step {
    type State = (Inputs<B>, Vec<f32>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (inputs, log_sums) = ops.state;
        let gradients = fast::backward(&inputs, &log_sums, grad);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

#[cfg(test)]
mod tests;
