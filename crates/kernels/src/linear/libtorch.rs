//! The products of an affine map are those of libtorch.

use burn::backend::libtorch::{LibTorch, TchTensor};

use super::Affine;

impl Affine for LibTorch {
    fn ready(x: TchTensor) -> TchTensor {
        x
    }

    fn forward(x: &TchTensor, weight: &TchTensor, bias: Option<&TchTensor>) -> TchTensor {
        TchTensor::new(match bias {
            Some(bias) => bias.tensor.addmm(&x.tensor, &weight.tensor),
            None => x.tensor.mm(&weight.tensor),
        })
    }

    fn x_gradient(grad: &TchTensor, weight: &TchTensor) -> TchTensor {
        TchTensor::new(grad.tensor.mm(&weight.tensor.transpose(0, 1)))
    }

    fn weight_gradient(grad: &TchTensor, x: &TchTensor, weight: &TchTensor) -> TchTensor {
        let strides = weight.tensor.stride();
        if strides[0] >= strides[1] {
            return TchTensor::new(x.tensor.transpose(0, 1).mm(&grad.tensor));
        }
        let dw = TchTensor::new(grad.tensor.transpose(0, 1).mm(&x.tensor));
        TchTensor::from_existing(dw.tensor.transpose(0, 1), dw.storage)
    }
}
