//! The fast body against the plain one and against differences.

use super::*;
use crate::testing::{assert_differentiates, assert_same, to_vec, uniform};
use burn::tensor::{Device, TensorData};

type Body = fn(Tensor<3>, Tensor<2>, Tensor<2>, Tensor<1>, &Walk) -> Tensor<3>;

fn inputs([batch, len, d]: [usize; 3]) -> Vec<Vec<f32>> {
    let x: Vec<f32> = uniform(1, batch * len * 3 * d).into_iter().map(|x| 3.0 * x).collect();
    vec![x, uniform(2, batch * d), uniform(3, d * 3 * d), uniform(4, 3 * d)]
}

/// Row `i` has `i % len` positions of padding at its end.
fn padding([batch, len, _]: [usize; 3], device: &Device) -> Tensor<2, Bool> {
    let blocked: Vec<bool> = (0..batch * len).map(|at| at % len >= len - (at / len) % len).collect();
    Tensor::from_data(TensorData::new(blocked, [batch, len]), device)
}

fn apply(body: Body, x: &[Tensor<1>], shape: [usize; 3], direction: Direction, pads: bool) -> Tensor<1> {
    let [batch, len, d] = shape;
    let walk = Walk { direction, padding: pads.then(|| padding(shape, &x[0].device())) };
    let states = body(
        x[0].clone().reshape([batch, len, 3 * d]),
        x[1].clone().reshape([batch, d]),
        x[2].clone().reshape([d, 3 * d]),
        x[3].clone(),
        &walk,
    );
    states.reshape([-1])
}

#[test]
fn fast_is_plain() {
    for shape in [[1, 1, 1], [2, 5, 3], [7, 4, 33], [50, 3, 17], [3, 9, 64]] {
        for direction in [Direction::Forward, Direction::Backward] {
            for pads in [false, true] {
                let run = |body: Body, x: &[Tensor<1>]| apply(body, x, shape, direction, pads);
                assert_same(&|x| run(gru, x), &|x| run(plain::gru, x), &inputs(shape), 1e-5);
            }
        }
    }
}

#[test]
fn gradients_are_slopes() {
    let shape = [3, 4, 5];
    for direction in [Direction::Forward, Direction::Backward] {
        assert_differentiates(&|x| apply(gru, x, shape, direction, true), &inputs(shape), 3e-3);
    }
}

#[test]
fn nan_is_seen_and_large_numbers_are_not_nan() {
    let device = Device::flex();
    let with = |value: f32| {
        let x = Tensor::<3>::full([1, 1, 3], value, &device);
        let [start, weight] = [Tensor::zeros([1, 1], &device), Tensor::zeros([1, 3], &device)];
        let walk = Walk { direction: Direction::Forward, padding: None };
        to_vec(gru(x, start, weight, Tensor::zeros([3], &device), &walk))[0]
    };
    assert!(with(f32::NAN).is_nan());
    for large in [-1e4, -100.0, 100.0, 1e4] {
        assert!(with(large).is_finite(), "{large}: {}", with(large));
    }
}
