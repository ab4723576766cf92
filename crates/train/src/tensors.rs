//! Batches of ids become tensors.

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::Batch;

/// One batch on a device.
#[derive(Clone, Debug)]
pub struct BatchTensors {
    /// `[batch, src_len]`
    pub src: Tensor<2, Int>,
    /// `[batch, tgt_len]`
    pub tgt_in: Tensor<2, Int>,
    /// `[batch · tgt_len]`
    pub tgt_out: Tensor<1, Int>,
}

impl BatchTensors {
    /// Uploads a batch.
    pub fn new(batch: &Batch, device: &Device) -> Self {
        Self {
            src: ids(&batch.src, [batch.rows, batch.src_len], device),
            tgt_in: ids(&batch.tgt_in, [batch.rows, batch.tgt_len], device),
            tgt_out: ids(&batch.tgt_out, [batch.rows * batch.tgt_len], device),
        }
    }
}

/// Ids as a tensor.
///
/// # Panics
///
/// If the ids do not fill the shape.
pub fn ids<const D: usize>(ids: &[u32], shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    let values: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}
