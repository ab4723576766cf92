use burn::tensor::{Device, TensorData};

use super::*;
use crate::testing::{assert_close, assert_differentiates, assert_same, flat, run, to_vec, uniform};

type Body = fn(Tensor<4>, Tensor<4>, Tensor<4>, &Mask, Dropout) -> Tensor<4>;

const DROP: Dropout = Dropout { probability: 0.3, key: 5 };

#[derive(Clone, Copy)]
struct Shape {
    batch: usize,
    n_heads: usize,
    q_len: usize,
    k_len: usize,
    d_head: usize,
}

const SMALL: Shape = Shape { batch: 2, n_heads: 3, q_len: 5, k_len: 7, d_head: 4 };

impl Shape {
    fn inputs(self) -> Vec<Vec<f32>> {
        let width = self.batch * self.n_heads * self.d_head;
        let sizes = [self.q_len * width, self.k_len * width, self.k_len * width];
        (0..3).map(|i| uniform(i as u64, sizes[i]).into_iter().map(|x| 2.0 * x).collect()).collect()
    }

    /// Runs a body on views of `[batch, len, n_heads, d_head]`.
    fn apply(self, body: Body, x: &[Tensor<1>], mask: &Mask, dropout: Dropout) -> Tensor<1> {
        let view = |x: &Tensor<1>, len| {
            x.clone().reshape([self.batch, len, self.n_heads, self.d_head]).swap_dims(1, 2)
        };
        let (q, k, v) = (view(&x[0], self.q_len), view(&x[1], self.k_len), view(&x[2], self.k_len));
        body(q, k, v, mask, dropout).reshape([-1])
    }

    /// Sequences of different lengths; the second, if there is one, has a hole, the last sees nothing.
    fn padding(self, device: &Device) -> Tensor<2, Bool> {
        let blocked = |batch: usize, key: usize| {
            let length = self.k_len - batch % self.k_len;
            key >= length || (batch == 1 && key == 1) || (batch > 2 && batch == self.batch - 1)
        };
        let blocked: Vec<bool> =
            (0..self.batch * self.k_len).map(|i| blocked(i / self.k_len, i % self.k_len)).collect();
        Tensor::from_data(TensorData::new(blocked, [self.batch, self.k_len]), device)
    }

    fn masks(self, device: &Device) -> Vec<Mask> {
        let mut masks = Vec::new();
        for padding in [None, Some(self.padding(device))] {
            masks.push(Mask { padding: padding.clone(), order: Order::Any });
            if self.q_len <= self.k_len {
                masks.push(Mask { padding, order: Order::Causal });
            }
        }
        masks
    }
}

#[test]
fn fast_is_plain() {
    let device = Device::flex();
    for shape in [
        SMALL,
        Shape { batch: 1, n_heads: 1, q_len: 1, k_len: 1, d_head: 1 },
        Shape { batch: 4, n_heads: 2, q_len: 33, k_len: 33, d_head: 16 },
        Shape { batch: 1, n_heads: 2, q_len: 1, k_len: 19, d_head: 8 },
        Shape { batch: 2, n_heads: 1, q_len: 9, k_len: 3, d_head: 5 },
        Shape { batch: 1, n_heads: 1, q_len: 150, k_len: 700, d_head: 3 },
    ] {
        for mask in shape.masks(&device) {
            for drop in [Dropout::NONE, DROP] {
                let on = |x: &[Tensor<1>]| {
                    let padding = mask.padding.clone().map(|padding| padding.into_data());
                    let padding = padding.map(|padding| Tensor::from_data(padding, &x[0].device()));
                    Mask { padding, order: mask.order }
                };
                let fast = |x: &[Tensor<1>]| shape.apply(attention, x, &on(x), drop);
                let plain = |x: &[Tensor<1>]| shape.apply(plain::attention, x, &on(x), drop);
                assert_same(&fast, &plain, &shape.inputs(), 2e-5);
            }
        }
    }
}

#[test]
fn gradients_are_slopes() {
    for mask in SMALL.masks(&Device::flex()) {
        let body = |x: &[Tensor<1>]| SMALL.apply(attention, x, &mask, DROP);
        assert_differentiates(&body, &SMALL.inputs(), 3e-3);
    }
}

#[test]
fn dense_inputs_and_views_give_the_same() {
    let device = Device::flex();
    let [q, k, v]: [Tensor<4>; 3] = [5, 7, 7].map(|len| {
        flat(&uniform(len, 2 * len as usize * 12), &device).reshape([2, len as usize, 3, 4]).swap_dims(1, 2)
    });
    let mask = Mask { padding: None, order: Order::Causal };
    // Adding zero makes a dense copy; slicing the last axis leaves strides that are not those of a swap.
    let dense = attention(q.clone() + 0.0, k.clone() + 0.0, v.clone() + 0.0, &mask, DROP);
    let wide = Tensor::cat(vec![q.clone(), q.clone()], 3).slice([0..2, 0..3, 0..5, 0..4]);
    assert_eq!(to_vec(attention(q, k.clone(), v.clone(), &mask, DROP)), to_vec(dense.clone()));
    assert_eq!(to_vec(attention(wide, k, v, &mask, DROP)), to_vec(dense));
}

#[test]
fn hidden_keys_change_nothing() {
    let mask = Mask { padding: Some(SMALL.padding(&Device::flex())), order: Order::Causal };
    let body = |x: &[Tensor<1>]| SMALL.apply(attention, x, &mask, DROP);
    let inputs = SMALL.inputs();
    let (value, grads) = run(&body, &inputs);
    // Key 6 is the last of both sequences: the future of queries 0–3 in both, padding in the second.
    let mut moved = inputs.clone();
    for sequence in 0..2 {
        for at in 0..12 {
            moved[1][(sequence * 7 + 6) * 12 + at] += 3.0;
            moved[2][(sequence * 7 + 6) * 12 + at] += 3.0;
        }
    }
    let (after, _) = run(&body, &moved);
    let per_head = 5 * 4;
    for (i, (a, b)) in value.iter().zip(&after).enumerate() {
        let (sequence, query) = (i / (3 * per_head), i % per_head / 4);
        assert_eq!(a == b, sequence == 1 || query < 4, "sequence {sequence}, query {query}: {a}, then {b}");
    }
    assert!(grads[1][(7 + 6) * 12..].iter().all(|&g| g == 0.0), "gradient of a key that is padding");
}

#[test]
fn weights_sum_to_one_or_zero() {
    let shape = Shape { batch: 4, ..SMALL };
    let device = Device::flex();
    let x: Vec<_> = shape.inputs().iter().map(|x| flat(x, &device)).collect();
    let mask = Mask { padding: Some(shape.padding(&device)), order: Order::Any };
    let (q, k) = (x[0].clone().reshape([4, 3, 5, 4]), x[1].clone().reshape([4, 3, 7, 4]));
    let sums = to_vec(attention_weights(q.clone(), k.clone(), &mask).sum_dim(3));
    let expected: Vec<f32> = (0..sums.len()).map(|i| if i < 45 { 1.0 } else { 0.0 }).collect();
    assert_close(&sums, &expected, 1e-6, "sums of weights");
    let out = to_vec(attention(q, k.clone(), k, &mask, Dropout::NONE));
    assert!(out[3 * 60..].iter().all(|&y| y == 0.0), "a query that sees nothing gives zeros");
}

#[test]
fn nan_is_seen() {
    let mut inputs = SMALL.inputs();
    inputs[0].fill(f32::NAN);
    let device = Device::flex();
    let x: Vec<_> = inputs.iter().map(|x| flat(x, &device)).collect();
    let mask = Mask { padding: None, order: Order::Any };
    let y = to_vec(SMALL.apply(attention, &x, &mask, Dropout::NONE));
    assert!(y.iter().all(|y| y.is_nan()));
}
