//! Every fast body against its plain one, values and gradients, at sizes that nobody chose: odd lengths, one row, one
//! column, all but one position hidden. What has no rows is refused.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use kernels::bits::Stream;
use kernels::{Activation, Dropout, Mask, Order, plain};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// Of the largest element: sums of a few hundred products in two orders.
const TOLERANCE: f32 = 3e-5;

fn cases(n: u32) -> Config {
    Config { cases: n, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default() }
}

fn numbers(key: u64, n: usize) -> Vec<f32> {
    let stream = Stream::new(key);
    (0..n as u32).map(|i| (stream.at(i) >> 8) as f32 / (1 << 22) as f32 - 2.0).collect()
}

fn flat(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}

fn floats<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().iter::<f32>().collect()
}

type Operation<'a> = &'a dyn Fn(&[Tensor<1>]) -> Tensor<1>;

/// Value and gradients of an operation on inputs of these sizes, under random weights of its outputs.
fn run(operation: Operation, sizes: &[usize]) -> Vec<Vec<f32>> {
    let device = Device::flex().autodiff();
    let leaf = |(key, &n): (usize, &usize)| flat(numbers(key as u64, n), &device).require_grad();
    let leaves: Vec<Tensor<1>> = sizes.iter().enumerate().map(leaf).collect();
    let y = operation(&leaves);
    let value = floats(y.clone().detach());
    let gradients = (y * flat(numbers(99, value.len()), &device)).sum().backward();
    let of_leaf = |leaf: &Tensor<1>| floats(leaf.grad(&gradients).expect("every input takes part"));
    [value].into_iter().chain(leaves.iter().map(of_leaf)).collect()
}

fn assert_same(what: &str, fast: Operation, plain: Operation, sizes: &[usize]) {
    for (part, (fast, plain)) in run(fast, sizes).iter().zip(run(plain, sizes)).enumerate() {
        assert_eq!(fast.len(), plain.len());
        let largest = plain.iter().fold(1e-3_f32, |largest, x| largest.max(x.abs()));
        for (at, (fast, plain)) in fast.iter().zip(&plain).enumerate() {
            let near = (fast - plain).abs() <= TOLERANCE * largest;
            assert!(near, "{what}, part {part} at {at}: {fast}, plain {plain}");
        }
    }
}

fn drops() -> impl Strategy<Value = Dropout> {
    prop_oneof![
        Just(Dropout::NONE),
        (0.05_f32..0.9, any::<u64>()).prop_map(|(probability, key)| Dropout { probability, key })
    ]
}

/// Sizes around those of tiles and blocks, and any others.
fn size(most: usize) -> impl Strategy<Value = usize> {
    prop_oneof![
        Just(1),
        1..=most,
        prop::sample::select(vec![7, 8, 9, 15, 16, 17, 31, 32, 33]).prop_map(move |n| n.min(most))
    ]
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn linear(n in size(300), d_in in size(600), d_out in size(150), biased: bool) {
        let body = |linear: fn(Tensor<2>, Tensor<2>, Option<Tensor<1>>) -> Tensor<2>| {
            move |x: &[Tensor<1>]| {
                let (input, weight) = (x[0].clone().reshape([n, d_in]), x[1].clone().reshape([d_in, d_out]));
                linear(input, weight, x.get(2).cloned()).reshape([-1])
            }
        };
        let sizes = [n * d_in, d_in * d_out, d_out];
        let sizes = if biased { &sizes[..] } else { &sizes[..2] };
        assert_same("linear", &body(kernels::linear), &body(plain::linear), sizes);
    }

    #[test]
    fn project(n in size(200), d_model in size(100), vocab in size(400)) {
        let body = |project: fn(Tensor<2>, Tensor<2>) -> Tensor<2>| {
            move |x: &[Tensor<1>]| {
                project(x[0].clone().reshape([n, d_model]), x[1].clone().reshape([vocab, d_model])).reshape([-1])
            }
        };
        assert_same("project", &body(kernels::project), &body(plain::project), &[n * d_model, vocab * d_model]);
    }

    #[test]
    fn attention(
        (batch, n_heads) in (1_usize..4, 1_usize..4),
        (q_len, k_more) in (size(70), 0_usize..40),
        d_head in size(40),
        hidden in prop::option::of((any::<u64>(), 0_u32..4)),
        causal: bool,
        drop in drops(),
    ) {
        let k_len = q_len + k_more;
        let width = batch * n_heads * d_head;
        let order = if causal { Order::Causal } else { Order::Any };
        let body = |attention: fn(Tensor<4>, Tensor<4>, Tensor<4>, &Mask, Dropout) -> Tensor<4>| {
            move |x: &[Tensor<1>]| {
                let view = |x: &Tensor<1>, len| x.clone().reshape([batch, len, n_heads, d_head]).swap_dims(1, 2);
                let padding = hidden.map(|(key, share)| {
                    // Of four keys `share` are hidden, and with 3 all but one of a row.
                    let stream = Stream::new(key);
                    let one = |at: usize| if share == 3 { !at.is_multiple_of(k_len) } else { stream.at(at as u32) % 4 < share };
                    let blocked: Vec<bool> = (0..batch * k_len).map(one).collect();
                    Tensor::<2, Bool>::from_data(TensorData::new(blocked, [batch, k_len]), &x[0].device())
                });
                let mask = Mask { padding, order };
                attention(view(&x[0], q_len), view(&x[1], k_len), view(&x[2], k_len), &mask, drop).reshape([-1])
            }
        };
        let sizes = [q_len * width, k_len * width, k_len * width];
        assert_same("attention", &body(kernels::attention), &body(plain::attention), &sizes);
    }

    #[test]
    fn layer_norm(n in size(90), d_model in 2_usize..300) {
        let body = |norm: fn(Tensor<2>, Tensor<1>, Tensor<1>, f64) -> Tensor<2>| {
            move |x: &[Tensor<1>]| {
                norm(x[0].clone().reshape([n, d_model]), x[1].clone(), x[2].clone(), 1e-3).reshape([-1])
            }
        };
        let sizes = [n * d_model, d_model, d_model];
        assert_same("layer norm", &body(kernels::layer_norm), &body(plain::layer_norm), &sizes);
    }

    #[test]
    fn activation(n in size(20_000), gelu: bool, drop in drops()) {
        let kind = if gelu { Activation::Gelu } else { Activation::Relu };
        let fast = |x: &[Tensor<1>]| kernels::activation(x[0].clone(), kind, drop);
        let plain = |x: &[Tensor<1>]| plain::activation(x[0].clone(), kind, drop);
        assert_same("activation", &fast, &plain, &[n]);
    }

    #[test]
    fn cross_entropy(n in size(60), vocab in 2_usize..700, smoothing in 0.0_f32..0.5, padded in 0_usize..4) {
        let body = |loss: fn(Tensor<2>, Tensor<1, Int>, u32, f32) -> kernels::CrossEntropy| {
            move |x: &[Tensor<1>]| {
                // With 3 all but the first target are padding, which has the id 1.
                let id = |i: usize| if (padded == 3 && i > 0) || (padded > 0 && i % 5 == padded) { 1 } else { i * 7 % vocab };
                let ids: Vec<i64> = (0..n).map(|i| id(i) as i64).collect();
                let targets = Tensor::<1, Int>::from_data(TensorData::new(ids, [n]), &x[0].device());
                let found = loss(x[0].clone().reshape([n, vocab]), targets, 1, smoothing);
                Tensor::cat(vec![found.loss, found.nll], 0)
            }
        };
        assert_same("cross-entropy", &body(kernels::cross_entropy), &body(plain::cross_entropy), &[n * vocab]);
    }
}

fn none<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::zeros(shape, &Device::flex())
}

#[test]
#[should_panic(expected = "attention: no queries or keys")]
fn attention_of_nothing() {
    let mask = Mask { padding: None, order: Order::Any };
    kernels::attention(none([0, 1, 2, 3]), none([0, 1, 2, 3]), none([0, 1, 2, 3]), &mask, Dropout::NONE);
}

#[test]
#[should_panic(expected = "linear: no rows")]
fn linear_of_nothing() {
    kernels::linear(none([0, 2]), none([2, 3]), None);
}

#[test]
#[should_panic(expected = "cross_entropy: no rows")]
fn loss_of_nothing() {
    let targets = Tensor::<1, Int>::zeros([0], &Device::flex());
    kernels::cross_entropy(none([0, 5]), targets, 0, 0.1);
}
