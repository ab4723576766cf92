//! Tensors of the CPU backend Flex as slices, and the other way round.

use burn::backend::{
    DispatchDevice,
    flex::{FlexTensor, Layout},
};
use burn::tensor::{Bytes, DType, Device, Shape, Tensor};
use rayon::prelude::*;

use crate::matrix::Matrix;
use crate::simd::vectorised;

/// Below this many elements a second thread costs more than it brings.
const WORTH_A_THREAD: usize = 1 << 14;

/// Elements that one thread takes at a time in passes over elements: half of a first-level cache.
pub(crate) const CHUNK: usize = 1 << 12;

/// Columns that one thread sums.
const COLUMNS: usize = 64;

/// Whether a float tensor lives on Flex, on the tape or off it, and has the type that the fast bodies take.
pub(crate) fn is_fast<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && is_cpu(&x.device())
}

/// Whether a device is Burn's CPU backend Flex, for which there are fast bodies.
pub fn is_cpu(device: &Device) -> bool {
    matches!(device.as_dispatch().clone().inner(), DispatchDevice::Flex(_))
}

/// The tensor itself if it is dense and in order, else a copy that is.
pub(crate) fn contiguous(x: FlexTensor) -> FlexTensor {
    if x.layout().is_contiguous() { x } else { x.to_contiguous() }
}

/// The tensor itself if all its strides are positive, else a copy (of an expanded or reversed axis).
pub(crate) fn positive(x: FlexTensor) -> FlexTensor {
    if x.layout().strides().iter().all(|&stride| stride > 0) { x } else { x.to_contiguous() }
}

/// A tensor of two axes with positive strides as a view.
pub(crate) fn matrix(x: &FlexTensor) -> Matrix<'_> {
    let (shape, strides) = (x.layout().shape(), x.layout().strides());
    Matrix {
        elements: &x.storage::<f32>()[x.layout().start_offset()..],
        rows: shape[0],
        cols: shape[1],
        row_stride: strides[0] as usize,
        col_stride: strides[1] as usize,
    }
}

/// The sum of the rows of a contiguous matrix, in their order.
pub(crate) fn column_sums(x: &FlexTensor) -> FlexTensor {
    let (x, cols) = (floats(x), x.layout().shape()[1]);
    for_columns(cols, x.len(), |sums, first| add_rows(sums, x, cols, first))
}

/// A tensor `[cols]` made by `body(part, first)`, some columns at a time, from `work` elements.
pub(crate) fn for_columns(cols: usize, work: usize, body: impl Fn(&mut [f32], usize) + Sync) -> FlexTensor {
    let mut sums = vec![0.0; cols];
    if work < WORTH_A_THREAD {
        sums.chunks_mut(COLUMNS).enumerate().for_each(|(i, sums)| body(sums, i * COLUMNS));
    } else {
        sums.par_chunks_mut(COLUMNS).enumerate().for_each(|(i, sums)| body(sums, i * COLUMNS));
    }
    tensor(sums, [cols])
}

vectorised! {
    fn add_rows(sums: &mut [f32], x: &[f32], cols: usize, first: usize) {
        for row in x.chunks_exact(cols) {
            for (sum, x) in sums.iter_mut().zip(&row[first..]) {
                *sum += x;
            }
        }
    }
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

/// The tensor itself if it is contiguous and nobody else holds it, else a copy.
pub(crate) fn owned(x: FlexTensor) -> FlexTensor {
    let x = contiguous(x);
    if x.is_unique() { x } else { tensor(floats(&x).to_vec(), x.layout().shape().clone()) }
}

/// The elements of a tensor that [`owned`] gave.
pub(crate) fn owned_floats(x: &mut FlexTensor) -> &mut [f32] {
    let (start, end) = x.layout().contiguous_offsets().expect("contiguous");
    &mut x.storage_mut::<f32>()[start..end]
}

/// The single element of a tensor `[1]`.
pub(crate) fn scalar(x: &FlexTensor) -> f32 {
    x.storage::<f32>()[x.layout().start_offset()]
}
