//! The affine map `y = x·W + b`.

use burn::tensor::Tensor;

/// `x·W + b` over the last axis.
///
/// # Shapes
/// `x [.., d_in]`, `weight [d_in, d_out]`, `bias [d_out]` → `[.., d_out]`.
///
/// # Panics
/// If the shapes do not fit.
pub fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
    let shape = x.dims();
    let [d_in, d_out] = weight.dims();
    assert_eq!(shape[D - 1], d_in, "linear: last axis of x and first axis of weight");
    let n = shape[..D - 1].iter().product();
    let mut out_shape = shape;
    out_shape[D - 1] = d_out;
    plain(x.reshape([n, d_in]), weight, bias).reshape(out_shape)
}

/// The plain body.
pub fn plain(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let y = x.matmul(weight);
    match bias {
        Some(bias) => y + bias.unsqueeze(),
        None => y,
    }
}
