//! The plain body: a loop over time of Burn's operations.

use burn::tensor::{Bool, FloatDType, Tensor, activation::sigmoid};

use super::{Direction, Walk};
use crate::linear;

/// The plain body.
pub fn gru(x: Tensor<3>, start: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>, walk: &Walk) -> Tensor<3> {
    let [_, len, _] = x.dims();
    let precision = FloatDType::from(x.dtype());
    let kept =
        walk.padding.clone().map(|padding: Tensor<2, Bool>| padding.bool_not().float().cast(precision));
    let mut state = start.cast(precision);
    let mut states = Vec::with_capacity(len);
    for step in 0..len {
        let position = if walk.direction == Direction::Forward { step } else { len - 1 - step };
        let inputs = x.clone().narrow(1, position, 1).squeeze_dim(1);
        state = cell(inputs, linear::plain(state.clone(), weight.clone(), Some(bias.clone())), state);
        if let Some(kept) = &kept {
            state = state * kept.clone().narrow(1, position, 1);
        }
        states.push(state.clone());
    }
    if walk.direction == Direction::Backward {
        states.reverse();
    }
    Tensor::stack(states, 1)
}

/// One step: `x [batch, 3·d]`, `product [batch, 3·d]`, `state [batch, d]` → the next state.
fn cell(x: Tensor<2>, product: Tensor<2>, state: Tensor<2>) -> Tensor<2> {
    let d = state.dims()[1];
    let [x_r, x_z, x_n] = [0, 1, 2].map(|gate| x.clone().narrow(1, gate * d, d));
    let [u_r, u_z, u_n] = [0, 1, 2].map(|gate| product.clone().narrow(1, gate * d, d));
    let (r, z) = (sigmoid(x_r + u_r), sigmoid(x_z + u_z));
    let n = (x_n + r * u_n).tanh();
    n.clone() + z * (state - n)
}
