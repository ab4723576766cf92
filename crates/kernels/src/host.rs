//! Tensors of backends that compute in this process's memory as slices, and the other way round.
//!
//! The fast bodies are passes over slices, written once for all such backends; see [`Host`].

use burn::backend::{
    Backend, DispatchDevice, TensorMetadata,
    tensor::{FloatTensor, IntTensor},
};
use burn::tensor::{DType, Device, Shape, Tensor};
use rayon::prelude::*;

use crate::simd::vectorised;

/// Below this many elements a second thread costs more than it brings.
const WORTH_A_THREAD: usize = 1 << 14;

/// Elements that one thread takes at a time in passes over elements: half of a first-level cache.
pub(crate) const CHUNK: usize = 1 << 12;

/// Columns that one thread sums.
const COLUMNS: usize = 64;

/// A backend whose float32 tensors are slices of this process's memory.
pub(crate) trait Host: Backend {
    /// The tensor itself if it is dense and in order, else a copy that is.
    fn contiguous(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The elements of a contiguous float tensor.
    fn floats(x: &FloatTensor<Self>) -> &[f32];

    /// The elements of a contiguous float tensor, if nobody else holds them.
    fn floats_mut(x: &mut FloatTensor<Self>) -> Option<&mut [f32]>;

    /// The elements from the first of a float tensor on, and its strides.
    fn strided(x: &FloatTensor<Self>) -> (&[f32], Vec<isize>);

    /// A contiguous tensor that `fill` writes, without writing zeros first.
    ///
    /// # Safety
    /// `fill` must write every element and read none that it has not written.
    unsafe fn written(shape: Shape, fill: impl FnOnce(&mut [f32])) -> FloatTensor<Self>;

    /// The elements of an integer tensor as ids.
    ///
    /// # Panics
    /// If one is not in `0..limit`.
    fn ids(x: IntTensor<Self>, limit: usize) -> Vec<u32>;
}

/// Whether a float tensor lives in this process's memory, on the tape or off it, and has the type that the fast bodies
/// take.
pub(crate) fn is_fast<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && is_host(&x.device())
}

/// Whether a device has a backend that is a [`Host`].
fn is_host(device: &Device) -> bool {
    #[cfg(feature = "tch")]
    if crate::libtorch::is_libtorch_cpu(device) {
        return true;
    }
    is_cpu(device)
}

/// Whether a device is Burn's CPU backend Flex.
pub fn is_cpu(device: &Device) -> bool {
    matches!(device.as_dispatch().clone().inner(), DispatchDevice::Flex(_))
}

/// The id that an element of an integer tensor stands for.
///
/// # Panics
/// If it is not in `0..limit`.
pub(crate) fn id(value: i64, limit: usize) -> u32 {
    assert!((0..limit as i64).contains(&value), "id {value} is not in 0..{limit}");
    value as u32
}

/// The sum of the rows of a contiguous matrix, in their order.
pub(crate) fn column_sums<B: Host>(x: &FloatTensor<B>) -> FloatTensor<B> {
    let (cols, x) = (x.shape()[1], B::floats(x));
    for_columns::<B>(cols, x.len(), |sums, first| add_rows(sums, x, cols, first))
}

/// A tensor `[cols]` made by `body(part, first)` from zeros, some columns at a time, from `work` elements.
pub(crate) fn for_columns<B: Host>(
    cols: usize,
    work: usize,
    body: impl Fn(&mut [f32], usize) + Sync,
) -> FloatTensor<B> {
    let body = |(i, sums): (usize, &mut [f32])| {
        sums.fill(0.0);
        body(sums, i * COLUMNS);
    };
    let fill = |sums: &mut [f32]| {
        if work < WORTH_A_THREAD {
            sums.chunks_mut(COLUMNS).enumerate().for_each(body);
        } else {
            sums.par_chunks_mut(COLUMNS).enumerate().for_each(body);
        }
    };
    // SAFETY: the chunks cover the vector, and each is filled with zeros first.
    unsafe { B::written([cols].into(), fill) }
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
pub(crate) fn map_chunks<B: Host>(
    x: FloatTensor<B>,
    chunk: usize,
    body: impl Fn(usize, &mut [f32]) + Sync,
) -> FloatTensor<B> {
    let mut x = B::contiguous(x);
    if let Some(elements) = B::floats_mut(&mut x) {
        each_chunk(elements, chunk, body);
        return x;
    }
    let from = B::floats(&x);
    let copy_and_change = |to: &mut [f32]| {
        each_chunk(to, chunk, |i, to| {
            to.copy_from_slice(&from[i * chunk..i * chunk + to.len()]);
            body(i, to);
        });
    };
    // SAFETY: the chunks cover the vector, and each is overwritten by the copy before `body` sees it.
    unsafe { B::written(x.shape(), copy_and_change) }
}

/// The tensor itself if it is contiguous and nobody else holds it, else a copy.
pub(crate) fn owned<B: Host>(x: FloatTensor<B>) -> FloatTensor<B> {
    let mut x = B::contiguous(x);
    if B::floats_mut(&mut x).is_some() {
        return x;
    }
    // SAFETY: the copy writes every element.
    unsafe { B::written(x.shape(), |to| to.copy_from_slice(B::floats(&x))) }
}

/// The elements of a tensor that [`owned`] gave.
pub(crate) fn owned_floats<B: Host>(x: &mut FloatTensor<B>) -> &mut [f32] {
    B::floats_mut(x).expect("a tensor that nobody else holds: `owned` was called on it")
}

/// A tensor of one element.
pub(crate) fn single<B: Host>(x: f32) -> FloatTensor<B> {
    // SAFETY: the one element is written.
    unsafe { B::written([1].into(), |to| to[0] = x) }
}

/// The single element of a tensor `[1]`.
pub(crate) fn scalar<B: Host>(x: &FloatTensor<B>) -> f32 {
    B::strided(x).0[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{devices, flat, to_vec, uniform};

    /// `x + 1`.
    fn one_more<B: Host>(x: FloatTensor<B>) -> FloatTensor<B> {
        map_chunks::<B>(x, CHUNK, |_, xs| xs.iter_mut().for_each(|x| *x += 1.0))
    }

    #[test]
    fn devices_of_the_tests_take_the_fast_bodies() {
        for device in devices() {
            for device in [device.clone(), device.autodiff()] {
                assert!(is_fast(&flat(&[1.0], &device)), "{device:?}");
                assert!(!is_fast(&flat(&[1.0], &device).cast(burn::tensor::FloatDType::F64)), "{device:?}");
            }
        }
    }

    /// Both backends by name: a view is read in its own order, a shared tensor is not written, an own one is.
    fn check<B: Host>(
        of: impl Fn(Tensor<2>) -> FloatTensor<B>,
        back: impl Fn(FloatTensor<B>) -> Tensor<2>,
        device: &Device,
    ) {
        let x = || flat(&uniform(1, 3 * 50), device).reshape([3, 50]);
        let more = |x: Vec<f32>| x.into_iter().map(|x| x + 1.0).collect::<Vec<f32>>();
        let shared = x();
        assert_eq!(to_vec(back(one_more::<B>(of(shared.clone())))), more(uniform(1, 150)));
        assert_eq!(to_vec(shared.clone()), uniform(1, 150), "a shared tensor was written");
        let view = shared.slice([1..3, 10..20]).transpose();
        assert_eq!(to_vec(back(one_more::<B>(of(view.clone())))), more(to_vec(view)));
        let mut own = B::contiguous(of(x()));
        assert!(B::floats_mut(&mut own).is_some(), "nobody else holds it");
        let (elements, strides) = (B::floats(&own).len(), B::strided(&own).1);
        assert_eq!((elements, strides), (150, vec![50, 1]));
    }

    #[test]
    fn slices_are_those_of_the_tensor() {
        use burn::backend::Flex;
        let of = |x: Tensor<2>| x.try_into_primitive::<Flex>().expect("a tensor of Flex");
        check::<Flex>(of, Tensor::from_primitive::<Flex>, &Device::flex());
        #[cfg(feature = "tch")]
        {
            use burn::backend::LibTorch;
            let of = |x: Tensor<2>| x.try_into_primitive::<LibTorch>().expect("a tensor of libtorch");
            check::<LibTorch>(of, Tensor::from_primitive::<LibTorch>, &Device::libtorch());
        }
    }
}
