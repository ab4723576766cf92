//! Tensors of Burn's libtorch backend on the CPU as slices, and the other way round.
//!
//! Products of matrices are libtorch's own (see `linear/libtorch.rs`). Passes over elements are ours, on libtorch's
//! memory: what libtorch fuses (the backward pass of its layer norm, its Adam) the crate `tch` does not offer, and what
//! `tch` offers takes several passes where ours take one.

use burn::backend::{
    DispatchDevice,
    libtorch::{LibTorch, LibTorchDevice, TchTensor},
};
use burn::tensor::{Device, Shape};
use tch::{Kind, Tensor};

use crate::host::{Host, id};

/// Whether a device is libtorch on the CPU.
pub(crate) fn is_libtorch_cpu(device: &Device) -> bool {
    matches!(device.as_dispatch().clone().inner(), DispatchDevice::LibTorch(LibTorchDevice::Cpu))
}

impl Host for LibTorch {
    fn contiguous(x: TchTensor) -> TchTensor {
        if x.tensor.is_contiguous() { x } else { TchTensor::new(x.tensor.contiguous()) }
    }

    fn floats(x: &TchTensor) -> &[f32] {
        check(&x.tensor);
        let n = x.tensor.numel();
        // SAFETY: a contiguous float32 tensor on the CPU has n floats there, which live as long as it does; Burn writes
        // into a tensor's memory only while nobody else holds it.
        unsafe { slice(x.tensor.data_ptr().cast(), n) }
    }

    fn floats_mut(x: &mut TchTensor) -> Option<&mut [f32]> {
        check(&x.tensor);
        if !x.can_mut() {
            return None;
        }
        let (start, n) = (x.tensor.data_ptr().cast(), x.tensor.numel());
        // SAFETY: as above, and `can_mut` says that nobody else holds the memory.
        Some(unsafe { slice_mut(start, n) })
    }

    fn strided(x: &TchTensor) -> (&[f32], Vec<isize>) {
        let strides = x.tensor.stride();
        assert!(is_float_on_cpu(&x.tensor) && strides.iter().all(|&stride| stride >= 0), "strided: {x:?}");
        let (size, is_empty) = (x.tensor.size(), x.tensor.numel() == 0);
        let last: i64 = size.iter().zip(&strides).map(|(&size, &stride)| (size - 1) * stride).sum();
        let span = if is_empty { 0 } else { last as usize + 1 };
        // SAFETY: a tensor's elements lie between its first and its last one; else as above.
        let elements = unsafe { slice(x.tensor.data_ptr().cast(), span) };
        (elements, strides.into_iter().map(|stride| stride as isize).collect())
    }

    unsafe fn written(shape: Shape, fill: impl FnOnce(&mut [f32])) -> TchTensor {
        let (tensor, n) = (empty(&shape), shape.num_elements());
        // SAFETY: the tensor is new, contiguous and float32; by the contract of this function each element is written
        // before it is read.
        fill(unsafe { slice_mut(tensor.data_ptr().cast(), n) });
        TchTensor::new(tensor)
    }

    fn ids(x: TchTensor, limit: usize) -> Vec<u32> {
        let values = Vec::<i64>::try_from(&x.tensor.reshape(-1)).expect("integers on the CPU");
        values.into_iter().map(|value| id(value, limit)).collect()
    }
}

/// A new float32 tensor on the CPU.
fn empty(shape: &Shape) -> Tensor {
    let sizes: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
    Tensor::empty(sizes, (Kind::Float, tch::Device::Cpu))
}

fn is_float_on_cpu(x: &Tensor) -> bool {
    x.kind() == Kind::Float && x.device() == tch::Device::Cpu
}

fn check(x: &Tensor) {
    assert!(is_float_on_cpu(x) && x.is_contiguous(), "a contiguous float32 tensor on the CPU: {x:?}");
}

/// # Safety
/// As [`std::slice::from_raw_parts`], but nothing may be null.
unsafe fn slice<'a>(start: *const f32, n: usize) -> &'a [f32] {
    // SAFETY: by the contract of this function.
    if n == 0 { &[] } else { unsafe { std::slice::from_raw_parts(start, n) } }
}

/// # Safety
/// As [`std::slice::from_raw_parts_mut`], but nothing may be null.
unsafe fn slice_mut<'a>(start: *mut f32, n: usize) -> &'a mut [f32] {
    // SAFETY: by the contract of this function.
    if n == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(start, n) } }
}
