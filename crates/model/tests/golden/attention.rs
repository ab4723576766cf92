//! Scaled dot-product and multi-head attention.

use crate::fixture::{Fixture, IDS, SIZES, TOLERANCE, assert_close, values};
use crate::open;
use burn::tensor::{Device, Tensor};
use kernels::{Dropout, Mask, Order};
use model::mask::padding_only;
use model::{Linear, Memory, ModelConfig, Pass};

/// The cases of the fixture and whether each is causal.
const CASES: [(&str, Order); 5] = [
    ("padding", Order::Any),
    ("causal", Order::Causal),
    ("both", Order::Causal),
    ("last_queries", Order::Causal),
    ("none", Order::Any),
];

type Attention = fn(Tensor<4>, Tensor<4>, Tensor<4>, &Mask, Dropout) -> Tensor<4>;

/// The body that training takes and the plain one.
const BODIES: [Attention; 2] = [kernels::attention, kernels::plain::attention];

fn mask(fixture: &Fixture, case: &str, order: Order, device: &Device) -> Mask {
    let padded = matches!(case, "padding" | "both" | "last_queries");
    Mask { padding: padded.then(|| fixture.mask(&format!("{case}.padding"), device)), order }
}

#[test]
fn scaled_dot_product_attention_is_pytorchs() {
    let (fixture, device) = (open("attention"), Device::flex());
    for (case, order) in CASES {
        let input = |name: &str| fixture.tensor(&format!("{case}.{name}"), &device);
        let mask = mask(&fixture, case, order, &device);
        for attention in BODIES {
            let out = attention(input("q"), input("k"), input("v"), &mask, Dropout::NONE);
            fixture.assert_close(&format!("{case}.out"), out);
        }
    }
}

#[test]
fn gradients_of_attention_are_pytorchs() {
    let (fixture, tape) = (open("attention"), Device::flex().autodiff());
    for (case, order) in CASES {
        let input = |name: &str| fixture.tensor::<4>(&format!("{case}.{name}"), &tape);
        for attention in BODIES {
            let [q, k, v] = ["q", "k", "v"].map(|name| input(name).require_grad());
            let mask = mask(&fixture, case, order, &tape);
            let out = attention(q.clone(), k.clone(), v.clone(), &mask, Dropout::NONE);
            let gradients = (out * input("direction")).sum().backward();
            for (name, leaf) in [("q", q), ("k", k), ("v", v)] {
                let gradient = leaf.grad(&gradients).expect("a leaf of the tape");
                fixture.assert_close(&format!("{case}.{name}_gradient"), gradient);
            }
        }
    }
}

#[test]
fn attention_weights_are_pytorchs_and_their_rows_sum_to_one() {
    let (fixture, device) = (open("attention"), Device::flex());
    for (case, order) in CASES {
        let input = |name: &str| fixture.tensor(&format!("{case}.{name}"), &device);
        let weights =
            kernels::attention_weights(input("q"), input("k"), &mask(&fixture, case, order, &device));
        let sums = values(weights.clone().sum_dim(3));
        assert_close(&format!("{case}: sums"), &sums, &vec![1.0; sums.len()], TOLERANCE);
        let expected = fixture.array(&format!("{case}.weights")).values;
        for (got, expected) in values(weights.clone()).into_iter().zip(expected) {
            assert!(expected != 0.0 || got == 0.0, "{case}: a blocked key has weight {got}");
        }
        fixture.assert_close(&format!("{case}.weights"), weights);
    }
}

/// A sublayer that gives zeros, so that its residual block passes its input on.
fn silent(linear: &Linear) -> Linear {
    let mut linear = linear.clone();
    linear.weight = linear.weight.map(|weight| weight.zeros_like());
    linear.bias = linear.bias.map(|bias| bias.zeros_like());
    linear
}

/// Multi-head attention stands in a pre-norm layer whose other sublayers give zeros: what the layer adds to its input
/// is attention alone. Also compares the recorded weights of every head.
#[test]
fn multi_head_attention_is_pytorchs() {
    let (fixture, device) = (open("multi_head_attention"), Device::flex());
    let config = ModelConfig { n_encoder_layers: 1, n_decoder_layers: 1, ..SIZES };
    let model = fixture.transformer("weights", &config, &device);
    assert_eq!(model.ids(), IDS);
    let [x, y, states] = ["x", "y", "memory"].map(|name| fixture.tensor::<3>(name, &device));
    let memory = Memory { states, padding_mask: fixture.mask("padding", &device) };
    let mut encoder_layer = model.encoder.layers[0].clone();
    encoder_layer.feed_forward.outer = silent(&encoder_layer.feed_forward.outer);
    let mut own = model.decoder.layers[0].clone();
    own.feed_forward.outer = silent(&own.feed_forward.outer);
    let mut cross = own.clone();
    own.cross_attention.output = silent(&own.cross_attention.output);
    cross.self_attention.output = silent(&cross.self_attention.output);

    let [encoder_pass, own_pass, cross_pass] = [(); 3].map(|()| Pass::recording());
    let encoded = encoder_layer.forward(x.clone(), &padding_only(&memory.padding_mask), &encoder_pass);
    fixture.assert_close("encoder.out", encoded - x);
    fixture.assert_close("decoder.out", own.forward(y.clone(), &memory, &own_pass) - y.clone());
    fixture.assert_close("cross.out", cross.forward(y.clone(), &memory, &cross_pass) - y);
    fixture.assert_close("encoder.weights", encoder_pass.into_maps().encoder.remove(0));
    fixture.assert_close("decoder.weights", own_pass.into_maps().decoder.remove(0));
    fixture.assert_close("cross.weights", cross_pass.into_maps().cross.remove(0));
}
