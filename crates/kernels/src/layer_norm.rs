//! Layer normalisation: `γ·(x − μ)/√(σ² + ε) + β` over the last axis (Ba, Kiros & Hinton 2016, arXiv:1607.06450).

use burn::tensor::Tensor;

/// Normalises the last axis to mean zero and variance one, then scales and shifts it.
///
/// # Shapes
/// `x [.., d_model]`, `gamma` and `beta [d_model]` → the shape of `x`.
///
/// # Panics
/// If the shapes do not fit.
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    let d_model = x.dims()[D - 1];
    assert_eq!((gamma.dims(), beta.dims()), ([d_model], [d_model]), "layer_norm: gamma and beta against x");
    plain(x, gamma, beta, epsilon)
}

/// The plain body.
pub fn plain<const D: usize>(x: Tensor<D>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> Tensor<D> {
    let mean = x.clone().mean_dim(D - 1);
    let centred = x - mean;
    let variance = (centred.clone() * centred.clone()).mean_dim(D - 1);
    centred / (variance + epsilon).sqrt() * gamma.unsqueeze() + beta.unsqueeze()
}
