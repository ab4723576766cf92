//! Tensors of the CPU backend Flex as slices, and the other way round.

use burn::backend::{
    DispatchDevice,
    flex::{FlexTensor, Layout},
};
use burn::tensor::{Bytes, DType, Device, Shape, Tensor};
use rayon::prelude::*;

/// Below this many elements a second thread costs more than it brings.
const WORTH_A_THREAD: usize = 1 << 14;

/// Whether a float tensor lives on Flex, on the tape or off it, and has the type that the fast bodies take.
pub(crate) fn is_fast<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && is_flex(&x.device())
}

fn is_flex(device: &Device) -> bool {
    matches!(device.as_dispatch().clone().inner(), DispatchDevice::Flex(_))
}

/// The tensor itself if it is dense and in order, else a copy that is.
pub(crate) fn contiguous(x: FlexTensor) -> FlexTensor {
    if x.layout().is_contiguous() { x } else { x.to_contiguous() }
}

/// The elements of a contiguous float tensor.
pub(crate) fn floats(x: &FlexTensor) -> &[f32] {
    x.as_slice().expect("a contiguous float32 tensor: `contiguous` was called on it")
}

/// The elements of an integer tensor as ids.
///
/// # Panics
/// If one is not in `0..limit`.
pub(crate) fn ids(x: FlexTensor, limit: usize) -> Vec<u32> {
    let x = contiguous(x);
    let id = |value: i64| {
        assert!((0..limit as i64).contains(&value), "id {value} is not in 0..{limit}");
        value as u32
    };
    match x.dtype() {
        DType::I32 => {
            x.as_slice::<i32>().expect("contiguous int32").iter().map(|&value| id(value.into())).collect()
        }
        DType::I64 => x.as_slice::<i64>().expect("contiguous int64").iter().map(|&value| id(value)).collect(),
        _ => x.into_data().iter::<i64>().map(id).collect(),
    }
}

/// A contiguous tensor of this shape.
pub(crate) fn tensor(elements: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(elements), Layout::contiguous(shape.into()), DType::F32)
}

/// A vector of `n` floats that `fill` writes, without writing zeros first.
///
/// # Safety
/// `fill` must write every element and read none that it has not written.
pub(crate) unsafe fn written(n: usize, fill: impl FnOnce(&mut [f32])) -> Vec<f32> {
    let mut elements: Vec<f32> = Vec::with_capacity(n);
    // SAFETY: the capacity is n, and by the contract of this function each element is written before it is read.
    #[allow(clippy::uninit_vec, reason = "the caller promises to write before reading")]
    unsafe {
        elements.set_len(n);
    }
    fill(&mut elements);
    elements
}

/// Runs `body(index, chunk)` on each chunk of `xs`, on all threads if there is enough to do.
/// Chunks do not depend on the number of threads.
pub(crate) fn each_chunk(xs: &mut [f32], chunk: usize, body: impl Fn(usize, &mut [f32]) + Sync) {
    if xs.len() < WORTH_A_THREAD {
        xs.chunks_mut(chunk).enumerate().for_each(|(i, xs)| body(i, xs));
    } else {
        xs.par_chunks_mut(chunk).enumerate().for_each(|(i, xs)| body(i, xs));
    }
}

/// Changes each chunk of a tensor: in place if nobody else holds it, else in a copy made chunk by chunk.
pub(crate) fn map_chunks(x: FlexTensor, chunk: usize, body: impl Fn(usize, &mut [f32]) + Sync) -> FlexTensor {
    let mut x = contiguous(x);
    let (start, end) = x.layout().contiguous_offsets().expect("contiguous");
    if let Some(storage) = x.try_storage_mut::<f32>() {
        each_chunk(&mut storage[start..end], chunk, body);
        return x;
    }
    let from = floats(&x);
    let copy_and_change = |to: &mut [f32]| {
        each_chunk(to, chunk, |i, to| {
            to.copy_from_slice(&from[i * chunk..i * chunk + to.len()]);
            body(i, to);
        });
    };
    // SAFETY: the chunks cover the vector, and each is overwritten by the copy before `body` sees it.
    let elements = unsafe { written(from.len(), copy_and_change) };
    tensor(elements, x.layout().shape().clone())
}

/// The single element of a tensor `[1]`.
pub(crate) fn scalar(x: &FlexTensor) -> f32 {
    x.storage::<f32>()[x.layout().start_offset()]
}
