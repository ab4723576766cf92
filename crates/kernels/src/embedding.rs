//! Rows of a table: the embedding of token ids (Vaswani et al. 2017 §3.4). Burn's own operation: a millisecond a step.

use burn::tensor::{Int, Tensor, module};

/// The rows of `weight` at `ids`; the backward pass adds into the rows.
///
/// # Shapes
/// `weight [vocab, d_model]`, `ids [batch, len]` → `[batch, len, d_model]`.
///
/// # Panics
/// If an id is not below `vocab`.
pub fn embedding(weight: Tensor<2>, ids: Tensor<2, Int>) -> Tensor<3> {
    module::embedding(weight, ids)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::testing::{flat, to_vec, uniform};

    #[test]
    fn rows_are_taken_and_gradients_added() {
        let device = Device::flex().autodiff();
        let weight = flat(&uniform(1, 11 * 3), &device).reshape([11, 3]).require_grad();
        let ids = Tensor::<2, Int>::from_data([[4, 0, 4], [10, 4, 2]], &device);
        let rows = embedding(weight.clone(), ids);
        let all = uniform(1, 33);
        let expected: Vec<f32> =
            [4, 0, 4, 10, 4, 2].iter().flat_map(|&id| all[3 * id..3 * id + 3].to_vec()).collect();
        assert_eq!(to_vec(rows.clone()), expected);
        let grad = to_vec(weight.grad(&rows.sum().backward()).expect("a gradient"));
        let counts: Vec<f32> = (0..11).map(|id| [1., 0., 1., 0., 3., 0., 0., 0., 0., 0., 1.][id]).collect();
        assert!(grad.iter().enumerate().all(|(i, &g)| g == counts[i / 3]), "{grad:?}");
    }
}
