//! What the tests share: data from a key, values and gradients of an operation, finite differences.

use burn::tensor::{Device, Tensor, TensorData};

use crate::bits::Stream;

/// An operation on flat inputs; it gives its inputs their shapes itself and flattens its output.
pub(crate) type Operation<'a> = &'a dyn Fn(&[Tensor<1>]) -> Tensor<1>;

/// Uniform floats in `[-1, 1)`.
pub(crate) fn uniform(key: u64, n: usize) -> Vec<f32> {
    let stream = Stream::new(key);
    (0..n as u32).map(|i| (stream.at(i) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
}

/// Uniform integers below `limit`.
pub(crate) fn below(key: u64, n: usize, limit: usize) -> Vec<i64> {
    let stream = Stream::new(key);
    (0..n as u32).map(|i| i64::from(stream.at(i)) % limit as i64).collect()
}

pub(crate) fn flat(x: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(x.to_vec(), [x.len()]), device)
}

pub(crate) fn to_vec<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().iter::<f32>().collect()
}

/// The devices that have fast bodies, Flex first.
#[allow(deprecated, reason = "the pinned Burn is the last that has libtorch")]
pub(crate) fn devices() -> Vec<Device> {
    vec![
        Device::flex(),
        #[cfg(feature = "tch")]
        Device::libtorch(),
    ]
}

/// The value of an operation on Flex, and the gradients of a random weighting of it.
pub(crate) fn run(operation: Operation, inputs: &[Vec<f32>]) -> (Vec<f32>, Vec<Vec<f32>>) {
    run_on(&Device::flex(), operation, inputs)
}

/// [`run`] on any device.
pub(crate) fn run_on(
    device: &Device,
    operation: Operation,
    inputs: &[Vec<f32>],
) -> (Vec<f32>, Vec<Vec<f32>>) {
    let device = device.clone().autodiff();
    let leaves: Vec<_> = inputs.iter().map(|x| flat(x, &device).require_grad()).collect();
    let y = operation(&leaves);
    let value = to_vec(y.clone().detach());
    let weights = flat(&uniform(99, value.len()), &device);
    let grads = (y * weights).sum().backward();
    let grads = leaves.iter().map(|leaf| to_vec(leaf.grad(&grads).expect("a gradient for each input")));
    (value, grads.collect())
}

/// Values and gradients of two operations agree within `tolerance` of the largest element, on all devices.
pub(crate) fn assert_same(fast: Operation, plain: Operation, inputs: &[Vec<f32>], tolerance: f32) {
    for device in devices() {
        assert_same_on(&device, fast, plain, inputs, tolerance);
    }
}

fn assert_same_on(device: &Device, fast: Operation, plain: Operation, inputs: &[Vec<f32>], tolerance: f32) {
    let (value, grads) = run_on(device, fast, inputs);
    let (plain_value, plain_grads) = run_on(device, plain, inputs);
    assert_close(&value, &plain_value, tolerance, "value");
    for (i, (grad, plain_grad)) in grads.iter().zip(&plain_grads).enumerate() {
        assert_close(grad, plain_grad, tolerance, &format!("gradient of input {i}"));
    }
    let inputs: Vec<_> = inputs.iter().map(|x| flat(x, device)).collect();
    assert_eq!(to_vec(fast(&inputs)), value, "value off the tape");
}

/// The gradients agree with central differences at some coordinates of each input.
pub(crate) fn assert_differentiates(operation: Operation, inputs: &[Vec<f32>], tolerance: f64) {
    const H: f32 = 1e-2;
    let device = Device::flex();
    let weighted = |inputs: &[Vec<f32>]| -> f64 {
        let leaves: Vec<_> = inputs.iter().map(|x| flat(x, &device)).collect();
        let value = to_vec(operation(&leaves));
        value.iter().zip(uniform(99, value.len())).map(|(&y, w)| f64::from(y) * f64::from(w)).sum()
    };
    let (_, grads) = run(operation, inputs);
    for (i, grad) in grads.iter().enumerate() {
        let largest = grad.iter().fold(1e-3f32, |a, g| a.max(g.abs()));
        for at in below(i as u64, 8, grad.len()).into_iter().map(|at| at as usize) {
            let moved = |by: f32| {
                let mut inputs = inputs.to_vec();
                inputs[i][at] += by;
                weighted(&inputs)
            };
            let numeric = (moved(H) - moved(-H)) / f64::from(2.0 * H);
            let error = (numeric - f64::from(grad[at])).abs() / f64::from(largest);
            assert!(error < tolerance, "input {i} at {at}: gradient {}, by differences {numeric}", grad[at]);
        }
    }
}

/// Equal within `tolerance` of the largest expected element.
pub(crate) fn assert_close(got: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: length");
    let largest = expected.iter().fold(1e-6f32, |a, x| a.max(x.abs()));
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!((g - e).abs() <= tolerance * largest, "{what} at {i}: {g}, expected {e}");
    }
}
