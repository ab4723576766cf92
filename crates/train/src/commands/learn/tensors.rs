//! Between tensors and the numbers of a page.

use burn::tensor::{Device, Tensor, TensorData};

/// All numbers, row by row.
pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Numbers as a tensor.
pub(super) fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

/// A shape as it is written: `[1, 4, 8]`.
pub(super) fn shape<const D: usize>(tensor: &Tensor<D>) -> String {
    format!("{:?}", tensor.dims())
}

/// The largest difference between two lists of numbers.
pub(super) fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "lists of one length are compared");
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The cosine of the angle between two vectors; 0 where one has no direction.
pub(super) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

/// A largest difference as it is told.
pub(super) fn difference(value: f32) -> String {
    match value {
        0.0 => "0".into(),
        value if value < 1e-3 => format!("{value:.0e}"),
        value => format!("{value:.3}"),
    }
}
