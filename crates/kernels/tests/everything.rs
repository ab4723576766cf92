//! A piece of a Transformer out of all operations: its values and gradients do not depend on the number of threads
//! (to the last bit) nor on the backend (up to rounding).

use burn::tensor::{Device, Int, Tensor, TensorData};
use kernels::bits::Stream;
use kernels::{Activation, Dropout, Mask, Order};
use rayon::ThreadPoolBuilder;

const DROP: Dropout = Dropout { probability: 0.2, key: 9 };
const ROWS: usize = 1030;
const D_MODEL: usize = 192;
const VOCAB: usize = 500;

fn leaf<const D: usize>(key: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let stream = Stream::new(key);
    let n: usize = shape.iter().product();
    let data: Vec<f32> = (0..n as u32).map(|i| (stream.at(i) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect();
    Tensor::from_data(TensorData::new(data, shape), device).require_grad()
}

fn ids(n: usize, device: &Device) -> Tensor<1, Int> {
    let ids: Vec<i64> = (0..n as i64).map(|i| i * 31 % VOCAB as i64).collect();
    Tensor::from_data(TensorData::new(ids, [n]), device)
}

fn floats<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().iter::<f32>().collect()
}

/// A little of everything, and the gradients of all leaves.
fn everything(device: &Device) -> Vec<Vec<f32>> {
    let (table, weight) = (leaf(1, [VOCAB, D_MODEL], device), leaf(2, [D_MODEL, D_MODEL], device));
    let (gamma, beta) = (leaf(3, [D_MODEL], device), leaf(4, [D_MODEL], device));
    let x = kernels::embedding(table.clone(), ids(ROWS, device).reshape([10, ROWS / 10]));
    let y = kernels::layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-5);
    // Scores of a few units: softmax makes errors of large ones larger.
    let y = kernels::linear(y, weight.clone() * 0.1, Some(beta.clone()));
    let heads = y.clone().reshape([10, ROWS / 10, 4, D_MODEL / 4]).swap_dims(1, 2);
    let blocked = (0..ROWS).map(|i| i % (ROWS / 10) > 90 + i / (ROWS / 10)).collect::<Vec<bool>>();
    let padding = Tensor::from_data(TensorData::new(blocked, [10, ROWS / 10]), device);
    let mask = Mask { padding: Some(padding), order: Order::Causal };
    let z = kernels::attention(heads.clone(), heads.clone(), heads, &mask, DROP);
    let z = kernels::dropout_add(z.swap_dims(1, 2).reshape([10, ROWS / 10, D_MODEL]), x, DROP);
    let z = kernels::activation(z, Activation::Gelu, DROP);
    let logits = kernels::project(z.reshape([ROWS, D_MODEL]), table.clone());
    let loss = kernels::cross_entropy(logits, ids(ROWS, device), 0, 0.1);
    let grads = loss.loss.clone().backward();
    let mut out = vec![floats(loss.loss), floats(loss.nll)];
    out.push(floats(table.grad(&grads).expect("the table is used")));
    out.push(floats(weight.grad(&grads).expect("the weight is used")));
    out.push(floats(gamma.grad(&grads).expect("gamma is used")));
    out.push(floats(beta.grad(&grads).expect("beta is used")));
    out
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let with = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
        pool.install(|| everything(&Device::flex().autodiff()))
    };
    let one = with(1);
    for threads in [2, 3, 5] {
        assert!(with(threads) == one, "{threads} threads differ from one");
    }
}

#[cfg(feature = "ndarray")]
#[test]
fn backends_agree() {
    #[allow(deprecated, reason = "Burn's next version drops this backend; until then it is one of ours")]
    let other = everything(&Device::ndarray().autodiff());
    for (fast, other) in everything(&Device::flex().autodiff()).iter().zip(&other) {
        let largest = other.iter().fold(0.0f32, |a, x| a.max(x.abs()));
        let error = fast.iter().zip(other).fold(0.0f32, |a, (x, y)| a.max((x - y).abs()));
        assert!(error <= 1e-5 * largest, "error {error} of {largest}");
    }
}
