//! Dropout of libtorch tensors on the CPU: one pass over the elements in place of a tensor of factors and a product.

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{
    Autodiff, Backend, Dispatch, backend_extension,
    libtorch::{LibTorch, TchTensor},
    tensor::FloatTensor,
};
use burn::tensor::Tensor;

use super::{Dropout, drop_slice};
use crate::host::{CHUNK, map_chunks};

pub(super) fn dropout<const D: usize>(x: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as DropoutOps>::dropout(x.into_dispatch(), dropout))
}

#[backend_extension(Autodiff, LibTorch)]
trait DropoutOps: Backend {
    fn dropout(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self>;
}

impl DropoutOps for LibTorch {
    fn dropout(x: TchTensor, dropout: Dropout) -> TchTensor {
        map_chunks::<LibTorch>(x, CHUNK, |i, xs| drop_slice(xs, (i * CHUNK) as u64, dropout))
    }
}

impl<C: CheckpointStrategy> DropoutOps for Autodiff<LibTorch, C> {
    fn dropout(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let y = LibTorch::dropout(x, dropout);
        match Step.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(dropout, y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }
}

#[derive(Debug)]
struct Step;

impl Backward<LibTorch, 1> for Step {
    type State = Dropout;

    fn backward(self, ops: Ops<Dropout, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<LibTorch>(&ops.node);
        if let [Some(parent)] = ops.parents {
            grads.register::<LibTorch>(parent.id, LibTorch::dropout(grad, ops.state));
        }
    }
}
