//! Values and gradients do not depend on the number of threads, to the last bit.

use burn::tensor::{Device, Int, Tensor, TensorData};
use kernels::bits::Stream;
use kernels::{Activation, Dropout, Mask, Order};
use rayon::ThreadPoolBuilder;

const DROP: Dropout = Dropout { probability: 0.2, key: 9 };
const ROWS: usize = 1030;
const D_MODEL: usize = 96;
const VOCAB: usize = 500;

fn leaf<const D: usize>(key: u64, shape: [usize; D]) -> Tensor<D> {
    let stream = Stream::new(key);
    let n: usize = shape.iter().product();
    let data: Vec<f32> = (0..n as u32).map(|i| (stream.at(i) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect();
    Tensor::from_data(TensorData::new(data, shape), &Device::flex().autodiff()).require_grad()
}

fn ids(n: usize) -> Tensor<1, Int> {
    let ids: Vec<i64> = (0..n as i64).map(|i| i * 31 % VOCAB as i64).collect();
    Tensor::from_data(TensorData::new(ids, [n]), &Device::flex().autodiff())
}

fn bits<const D: usize>(x: Tensor<D>) -> Vec<u32> {
    x.into_data().iter::<f32>().map(f32::to_bits).collect()
}

/// A little of everything, and the gradients of all leaves.
fn everything() -> Vec<Vec<u32>> {
    let (table, weight) = (leaf(1, [VOCAB, D_MODEL]), leaf(2, [D_MODEL, D_MODEL]));
    let (gamma, beta) = (leaf(3, [D_MODEL]), leaf(4, [D_MODEL]));
    let x = kernels::embedding(table.clone(), ids(ROWS).reshape([10, ROWS / 10]));
    let y = kernels::layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-5);
    let y = kernels::linear(y, weight.clone(), Some(beta.clone()));
    let heads = y.clone().reshape([10, ROWS / 10, 4, D_MODEL / 4]).swap_dims(1, 2);
    let mask = Mask { padding: None, order: Order::Causal };
    let z = kernels::attention(heads.clone(), heads.clone(), heads, &mask, DROP);
    let z = kernels::dropout_add(z.swap_dims(1, 2).reshape([10, ROWS / 10, D_MODEL]), x, DROP);
    let z = kernels::activation(z, Activation::Gelu, DROP);
    let logits = kernels::project(z.reshape([ROWS, D_MODEL]), table.clone());
    let loss = kernels::cross_entropy(logits, ids(ROWS), 0, 0.1);
    let grads = loss.loss.clone().backward();
    let mut out = vec![bits(loss.loss), bits(loss.nll)];
    out.push(bits(table.grad(&grads).expect("the table is used")));
    out.push(bits(weight.grad(&grads).expect("the weight is used")));
    out.push(bits(gamma.grad(&grads).expect("gamma is used")));
    out.push(bits(beta.grad(&grads).expect("beta is used")));
    out
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let with = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
        pool.install(everything)
    };
    let one = with(1);
    for threads in [2, 3, 5] {
        assert!(with(threads) == one, "{threads} threads differ from one");
    }
}
