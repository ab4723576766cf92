//! A gated recurrent unit over a sequence (Cho et al. 2014, arXiv:1406.1078), from the inputs' products on:
//!
//! ```text
//! u = h·U + b       r = σ(x_r + u_r)     z = σ(x_z + u_z)     n = tanh(x_n + r∘u_n)     h' = n + z∘(h − n)
//! ```
//!
//! `x = input·W + c` of all steps is one product, made before. Deviation: r falls on the product with h, not on h: the
//! form of cuDNN and PyTorch, which needs one product a step. At padding the state is zero.
//!
//! The fast body walks through time with a block of rows at once, and each thread has blocks of its own: no step waits
//! for another thread. It is one operation on the tape, whose backward pass makes the gradient of U in one product.

mod fast;
pub(crate) mod plain;
#[cfg(test)]
mod tests;

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::{Bool, Tensor};

use crate::host::{Host, column_sums, is_fast};
use fast::Saved;

/// The order of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the first position to the last.
    Forward,
    /// From the last position to the first.
    Backward,
}

/// How a sequence is walked through.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The order of the steps.
    pub direction: Direction,
    /// `[batch, len]`, true where the state is zero. `None`: nowhere.
    pub padding: Option<Tensor<2, Bool>>,
}

/// The states of every step.
///
/// # Shapes
/// `x [batch, len, 3·d]` in the order r, z, n; `start [batch, d]`, the state before the first step; `weight [d, 3·d]`,
/// `bias [3·d]` → `[batch, len, d]`.
///
/// # Panics
/// If the shapes do not fit or an axis is empty.
pub fn gru(x: Tensor<3>, start: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>, walk: &Walk) -> Tensor<3> {
    let ([batch, len, wide], [rows, d]) = (x.dims(), start.dims());
    assert!(batch * len * d > 0, "gru: an empty axis");
    assert_eq!((wide, rows, weight.dims(), bias.dims()), (3 * d, batch, [d, wide], [wide]), "gru: shapes");
    if let Some(padding) = &walk.padding {
        assert_eq!(padding.dims(), [batch, len], "gru: padding is [batch, len]");
    }
    if !is_fast(&x) {
        return plain::gru(x, start, weight, bias, walk);
    }
    let padding = walk.padding.clone().map(|padding| padding.into_data().iter::<bool>().collect());
    let steps = Steps { direction: walk.direction, padding: padding.unwrap_or_default() };
    Tensor::from_dispatch(<Dispatch as GruOps>::gru(
        x.into_dispatch(),
        start.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        steps,
    ))
}

/// [`Walk`] on the host.
#[derive(Clone, Debug)]
struct Steps {
    direction: Direction,
    /// `[batch, len]`; empty if nothing is padding.
    padding: Vec<bool>,
}

impl Steps {
    /// The position of a step.
    fn position(&self, step: usize, len: usize) -> usize {
        match self.direction {
            Direction::Forward => step,
            Direction::Backward => len - 1 - step,
        }
    }

    /// Whether an element of `[batch, len]` is padding.
    fn is_padding(&self, at: usize) -> bool {
        self.padding.get(at).is_some_and(|&padding| padding)
    }
}

#[backend_extension(Autodiff, Flex, LibTorch: cfg(feature = "tch"))]
trait GruOps: Backend {
    fn gru(
        x: FloatTensor<Self>,
        start: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self>;
}

impl<B: Host> GruOps for B {
    fn gru(
        x: FloatTensor<B>,
        start: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        steps: Steps,
    ) -> FloatTensor<B> {
        fast::forward::<B>([x, start, weight, bias].map(B::contiguous), steps, None)
    }
}

impl<B: Host, C: CheckpointStrategy> GruOps for Autodiff<B, C> {
    fn gru(
        x: FloatTensor<Self>,
        start: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (start, start_node)) = (x.into_parts(), start.into_parts());
        let ((weight, weight_node), (bias, bias_node)) = (weight.into_parts(), bias.into_parts());
        let inputs = [x, start.clone(), weight.clone(), bias].map(B::contiguous);
        let nodes = [x_node, start_node, weight_node, bias_node];
        match Backward::<B, 4>::prepare::<C>(Step, nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                let mut gates = Vec::new();
                let states = fast::forward::<B>(inputs, steps.clone(), Some(&mut gates));
                let [start, weight] = [start, weight].map(B::contiguous);
                step.finish(Saved { start, weight, states: states.clone(), gates, steps }, states)
            }
            OpsKind::UnTracked(step) => step.finish(fast::forward::<B>(inputs, steps, None)),
        }
    }
}

#[derive(Debug)]
struct Step;

impl<B: Host> Backward<B, 4> for Step {
    type State = Saved<B>;

    fn backward(self, ops: Ops<Saved<B>, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = B::contiguous(grads.consume::<B>(&ops.node));
        let [x, start, weight, bias] = ops.parents;
        let found = fast::gradients(&ops.state, &grad);
        if let Some(weight) = weight {
            grads.register::<B>(weight.id, fast::weight_gradient(&ops.state, &found.product));
        }
        if let Some(bias) = bias {
            grads.register::<B>(bias.id, column_sums::<B>(&found.product));
        }
        if let Some(start) = start {
            grads.register::<B>(start.id, found.start);
        }
        if let Some(x) = x {
            grads.register::<B>(x.id, found.x);
        }
    }
}
