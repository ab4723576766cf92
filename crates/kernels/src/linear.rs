//! The affine map `y = x·W + b`; with the gradient g of y: `dx = g·Wᵀ`, `dW = xᵀ·g`, `db = Σ_rows g`.
//!
//! The fast body starts the sums of the product from the bias.

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::{FloatDType, Tensor};

use crate::flex::{matrix, positive};
use crate::host::{Host, column_sums, is_fast};
use crate::matrix::MatrixMut;
use crate::product::{product, product_biased};

#[cfg(feature = "tch")]
mod libtorch;

/// `x·W + b` over the last axis, in the precision of `x`.
///
/// # Shapes
/// `x [.., d_in]`, `weight [d_in, d_out]`, `bias [d_out]` → `[.., d_out]`.
///
/// # Panics
/// If the shapes do not fit or there are no rows.
pub fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
    let shape = x.dims();
    let [d_in, d_out] = weight.dims();
    assert_eq!(shape[D - 1], d_in, "linear: last axis of x and first axis of weight");
    if let Some(bias) = &bias {
        assert_eq!(bias.dims(), [d_out], "linear: bias and last axis of weight");
    }
    let n = shape[..D - 1].iter().product();
    assert!(n > 0, "linear: no rows");
    let mut out_shape = shape;
    out_shape[D - 1] = d_out;
    affine(x.reshape([n, d_in]), weight, bias).reshape(out_shape)
}

/// [`linear`] on two axes; the weight may be a transposed view.
pub(crate) fn affine(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    if !is_fast(&x) {
        return plain(x, weight, bias);
    }
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => <Dispatch as LinearOps>::biased(x, weight, bias.into_dispatch()),
        None => <Dispatch as LinearOps>::unbiased(x, weight),
    })
}

/// The plain body.
pub fn plain(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let precision = FloatDType::from(x.dtype());
    let y = x.matmul(weight.cast(precision));
    match bias {
        Some(bias) => y + bias.cast(precision).unsqueeze(),
        None => y,
    }
}

#[backend_extension(Autodiff, Flex, LibTorch: cfg(feature = "tch"))]
trait LinearOps: Backend {
    fn unbiased(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn biased(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The three products of an affine map and its backward pass, all of two axes; a weight may be a transposed view.
trait Affine: Host {
    /// The tensor itself if the products can take it, else a copy that they can.
    fn ready(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `x·W + b`.
    fn forward(
        x: &FloatTensor<Self>,
        weight: &FloatTensor<Self>,
        bias: Option<&FloatTensor<Self>>,
    ) -> FloatTensor<Self>;

    /// `g·Wᵀ`.
    fn x_gradient(grad: &FloatTensor<Self>, weight: &FloatTensor<Self>) -> FloatTensor<Self>;

    /// `xᵀ·g`, in the layout of the weight: that of a transposed view is transposed.
    fn weight_gradient(
        grad: &FloatTensor<Self>,
        x: &FloatTensor<Self>,
        weight: &FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl<B: Affine> LinearOps for B {
    fn unbiased(x: FloatTensor<B>, weight: FloatTensor<B>) -> FloatTensor<B> {
        B::forward(&B::ready(x), &B::ready(weight), None)
    }

    fn biased(x: FloatTensor<B>, weight: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
        B::forward(&B::ready(x), &B::ready(weight), Some(&B::contiguous(bias)))
    }
}

impl<B: Affine, C: CheckpointStrategy> LinearOps for Autodiff<B, C> {
    fn unbiased(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let (x, weight) = (B::ready(x), B::ready(weight));
        let y = B::forward(&x, &weight, None);
        match Backward::<B, 2>::prepare::<C>(Step, [x_node, weight_node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish([x, weight], y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }

    fn biased(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let (bias, bias_node) = bias.into_parts();
        let (x, weight) = (B::ready(x), B::ready(weight));
        let y = B::forward(&x, &weight, Some(&B::contiguous(bias)));
        let nodes = [x_node, weight_node, bias_node];
        match Backward::<B, 3>::prepare::<C>(Step, nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish([x, weight], y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }
}

#[derive(Debug)]
struct Step;

/// Parents: x, weight and, if there is one, the bias. The state is x and weight.
impl<B: Affine, const N: usize> Backward<B, N> for Step {
    type State = [FloatTensor<B>; 2];

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = B::contiguous(grads.consume::<B>(&ops.node));
        let [x, weight] = &ops.state;
        for (i, parent) in ops.parents.into_iter().enumerate() {
            let Some(parent) = parent else { continue };
            let gradient = match i {
                0 => B::x_gradient(&grad, weight),
                1 => B::weight_gradient(&grad, x, weight),
                _ => column_sums::<B>(&grad),
            };
            grads.register::<B>(parent.id, gradient);
        }
    }
}

impl Affine for Flex {
    fn ready(x: FlexTensor) -> FlexTensor {
        positive(x)
    }

    fn forward(x: &FlexTensor, weight: &FlexTensor, bias: Option<&FlexTensor>) -> FlexTensor {
        let (x, weight) = (matrix(x), matrix(weight));
        let shape = [x.rows, weight.cols];
        made(shape, |y| product_biased(y, x, weight, bias.map(Flex::floats)))
    }

    fn x_gradient(grad: &FlexTensor, weight: &FlexTensor) -> FlexTensor {
        let (grad, weight) = (matrix(grad), matrix(weight).transposed());
        made([grad.rows, weight.cols], |dx| product(dx, grad, weight))
    }

    fn weight_gradient(grad: &FlexTensor, x: &FlexTensor, weight: &FlexTensor) -> FlexTensor {
        let (grad, x) = (matrix(grad), matrix(x));
        let view = matrix(weight);
        let transposed = view.row_stride < view.col_stride;
        let (lhs, rhs) = if transposed { (grad.transposed(), x) } else { (x.transposed(), grad) };
        let dw = made([lhs.rows, rhs.cols], |dw| product(dw, lhs, rhs));
        if transposed {
            let layout = dw.layout().transpose(0, 1);
            return dw.with_layout(layout);
        }
        dw
    }
}

/// A matrix that a product writes.
fn made([rows, cols]: [usize; 2], product: impl FnOnce(MatrixMut)) -> FlexTensor {
    // SAFETY: a product writes every element and reads none before.
    unsafe { Flex::written([rows, cols].into(), |y| product(MatrixMut::dense(y, rows, cols))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_differentiates, assert_same, uniform};

    const SHAPES: [[usize; 3]; 5] = [[1, 1, 1], [5, 7, 3], [33, 64, 17], [600, 31, 257], [3, 300, 1000]];

    fn inputs([n, d_in, d_out]: [usize; 3]) -> Vec<Vec<f32>> {
        vec![uniform(1, n * d_in), uniform(2, d_in * d_out), uniform(3, d_out)]
    }

    type Body = fn(Tensor<2>, Tensor<2>, Option<Tensor<1>>) -> Tensor<2>;

    fn apply(body: Body, x: &[Tensor<1>], [n, d_in, d_out]: [usize; 3]) -> Tensor<1> {
        let (input, weight) = (x[0].clone().reshape([n, d_in]), x[1].clone().reshape([d_in, d_out]));
        body(input, weight, x.get(2).cloned()).reshape([-1])
    }

    #[test]
    fn fast_is_plain() {
        for shape in SHAPES {
            for inputs in [&inputs(shape)[..], &inputs(shape)[..2]] {
                assert_same(&|x| apply(linear, x, shape), &|x| apply(plain, x, shape), inputs, 1e-5);
            }
        }
    }

    #[test]
    fn gradients_are_slopes() {
        assert_differentiates(&|x| apply(linear, x, [5, 7, 3]), &inputs([5, 7, 3]), 2e-3);
    }

    #[test]
    fn leading_axes_are_kept() {
        let x = Tensor::<4>::zeros([2, 3, 5, 7], &burn::tensor::Device::flex());
        let weight = Tensor::<2>::zeros([7, 11], &x.device());
        assert_eq!(linear(x, weight, None).dims(), [2, 3, 5, 11]);
    }
}
