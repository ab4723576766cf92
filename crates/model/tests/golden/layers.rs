//! One layer of the encoder and one of the decoder, by norm order and activation.

use crate::fixture::{Fixture, SIZES};
use crate::open;
use burn::tensor::{Device, Tensor};
use model::mask::padding_only;
use model::{Activation, Memory, ModelConfig, NormOrder, Pass};

const CASES: [(&str, NormOrder, Activation); 4] = [
    ("layers_pre_relu", NormOrder::Pre, Activation::Relu),
    ("layers_pre_gelu", NormOrder::Pre, Activation::Gelu),
    ("layers_post_relu", NormOrder::Post, Activation::Relu),
    ("layers_post_gelu", NormOrder::Post, Activation::Gelu),
];

/// The outputs of both layers.
fn outputs(
    fixture: &Fixture,
    (norm, activation): (NormOrder, Activation),
    [x, y, states]: [Tensor<3>; 3],
) -> [Tensor<3>; 2] {
    let device = x.device();
    let config = ModelConfig { n_encoder_layers: 1, n_decoder_layers: 1, norm, activation, ..SIZES };
    let model = fixture.transformer("weights", &config, &device);
    let (pass, padding_mask) = (Pass::inference(), fixture.mask("padding", &device));
    let encoded = model.encoder.layers[0].forward(x, &padding_only(&padding_mask), &pass);
    let decoded = model.decoder.layers[0].forward(y, &Memory { states, padding_mask }, &pass);
    [encoded, decoded]
}

#[test]
fn layers_are_pytorchs() {
    for (name, norm, activation) in CASES {
        let (fixture, device) = (open(name), Device::flex());
        let inputs = ["x", "y", "memory"].map(|name| fixture.tensor(name, &device));
        let [encoded, decoded] = outputs(&fixture, (norm, activation), inputs);
        fixture.assert_close("encoder.out", encoded);
        fixture.assert_close("decoder.out", decoded);
    }
}

#[test]
fn gradients_of_layers_by_their_inputs_are_pytorchs() {
    for (name, norm, activation) in CASES {
        let (fixture, tape) = (open(name), Device::flex().autodiff());
        let inputs = ["x", "y", "memory"].map(|name| fixture.tensor::<3>(name, &tape).require_grad());
        let [encoded, decoded] = outputs(&fixture, (norm, activation), inputs.clone());
        let [encoder_direction, decoder_direction] =
            ["encoder", "decoder"].map(|name| fixture.tensor::<3>(&format!("{name}.direction"), &tape));
        let loss = (encoded * encoder_direction).sum() + (decoded * decoder_direction).sum();
        let gradients = loss.backward();
        for (name, leaf) in ["x", "y", "memory"].into_iter().zip(inputs) {
            let gradient = leaf.grad(&gradients).expect("a leaf of the tape");
            fixture.assert_close(&format!("{name}_gradient"), gradient);
        }
    }
}
