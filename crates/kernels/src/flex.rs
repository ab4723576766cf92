//! Tensors of Burn's CPU backend Flex as slices, and the other way round.

use burn::backend::{
    Flex,
    flex::{FlexTensor, Layout},
};
use burn::tensor::{Bytes, DType, Shape};

use crate::host::{Host, id, written};
use crate::matrix::Matrix;

impl Host for Flex {
    fn contiguous(x: FlexTensor) -> FlexTensor {
        if x.layout().is_contiguous() { x } else { x.to_contiguous() }
    }

    fn floats(x: &FlexTensor) -> &[f32] {
        x.as_slice().expect("a contiguous float32 tensor: `contiguous` was called on it")
    }

    fn floats_mut(x: &mut FlexTensor) -> Option<&mut [f32]> {
        let (start, end) = x.layout().contiguous_offsets().expect("contiguous");
        x.try_storage_mut::<f32>().map(|storage| &mut storage[start..end])
    }

    fn strided(x: &FlexTensor) -> (&[f32], Vec<isize>) {
        (&x.storage::<f32>()[x.layout().start_offset()..], x.layout().strides().to_vec())
    }

    unsafe fn written(shape: Shape, fill: impl FnOnce(&mut [f32])) -> FlexTensor {
        // SAFETY: by the contract of this function.
        let elements = unsafe { written(shape.num_elements(), fill) };
        FlexTensor::new(Bytes::from_elems(elements), Layout::contiguous(shape), DType::F32)
    }

    fn ids(x: FlexTensor, limit: usize) -> Vec<u32> {
        let x = Self::contiguous(x);
        match x.dtype() {
            DType::I32 => {
                let values = x.as_slice::<i32>().expect("contiguous int32");
                values.iter().map(|&value| id(value.into(), limit)).collect()
            }
            DType::I64 => {
                let values = x.as_slice::<i64>().expect("contiguous int64");
                values.iter().map(|&value| id(value, limit)).collect()
            }
            _ => x.into_data().iter::<i64>().map(|value| id(value, limit)).collect(),
        }
    }
}

/// The tensor itself if all its strides are positive, else a copy (of an expanded or reversed axis).
pub(crate) fn positive(x: FlexTensor) -> FlexTensor {
    if x.layout().strides().iter().all(|&stride| stride > 0) { x } else { x.to_contiguous() }
}

/// A tensor of two axes with positive strides as a view.
pub(crate) fn matrix(x: &FlexTensor) -> Matrix<'_> {
    let (shape, (elements, strides)) = (x.layout().shape(), Flex::strided(x));
    Matrix {
        elements,
        rows: shape[0],
        cols: shape[1],
        row_stride: strides[0] as usize,
        col_stride: strides[1] as usize,
    }
}
