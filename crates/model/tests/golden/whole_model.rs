//! Ids to logits, loss and the gradient of every parameter, of the Transformer by norm order and of the recurrent model,
//! by tying.

use crate::fixture::{Fixture, IDS, SIZES, TOLERANCE, VOCAB, assert_close, gradients_by_path, values};
use crate::open;
use burn::tensor::Device;
use model::{ModelConfig, ModelKind, NormOrder, Pass, Tying};

/// What the generator smooths labels by.
const SMOOTHING: f32 = 0.1;

/// Every fixture with the shape of its model.
fn cases() -> impl Iterator<Item = (Fixture, ModelConfig)> {
    transformers().chain(TYINGS.into_iter().map(|(name, tie_embeddings)| {
        let config = ModelConfig { kind: ModelKind::Gru, tie_embeddings, ..SIZES };
        (open(&format!("gru_{name}")), config)
    }))
}

const TYINGS: [(&str, Tying); 3] =
    [("three_way", Tying::ThreeWay), ("two_way", Tying::TwoWay), ("none", Tying::None)];

fn transformers() -> impl Iterator<Item = (Fixture, ModelConfig)> {
    let norms = [("pre", NormOrder::Pre), ("post", NormOrder::Post)];
    norms.into_iter().flat_map(move |(norm_name, norm)| {
        TYINGS.into_iter().map(move |(tying_name, tie_embeddings)| {
            let config = ModelConfig { norm, tie_embeddings, ..SIZES };
            (open(&format!("model_{norm_name}_{tying_name}")), config)
        })
    })
}

/// Rows of logits whose target is a real token. The others are free: nobody looks at them, and torch's model, unlike
/// ours, blocks the padding among the targets.
fn real_rows(logits: &[f32], targets: &[i64]) -> Vec<f32> {
    let rows = logits.chunks(VOCAB).zip(targets).filter(|(_, target)| **target != i64::from(IDS.pad));
    rows.flat_map(|(row, _)| row.to_vec()).collect()
}

#[test]
fn memory_and_logits_are_pytorchs() {
    let device = Device::flex();
    for (fixture, config) in cases() {
        let model = fixture.model("weights", &config, &device);
        let memory = model.encode(fixture.ids("src", &device), &Pass::inference());
        let logits = model.decode(fixture.ids("tgt_in", &device), &memory, &Pass::inference());
        fixture.assert_close("memory", memory.states);
        let targets = fixture.integers("tgt_out");
        let [got, expected] =
            [values(logits), fixture.array("logits").values].map(|l| real_rows(&l, &targets));
        assert_eq!(got.len(), 11 * VOCAB);
        assert_close("logits", &got, &expected, TOLERANCE);
    }
}

#[test]
fn the_recurrent_models_attention_is_pytorchs() {
    let device = Device::flex();
    for (fixture, config) in cases().filter(|(_, config)| config.kind == ModelKind::Gru) {
        let model = fixture.model("weights", &config, &device);
        let pass = Pass::recording();
        model.forward(fixture.ids("src", &device), fixture.ids("tgt_in", &device), &pass);
        let maps = pass.into_maps();
        assert_eq!((maps.encoder.len(), maps.decoder.len(), maps.cross.len()), (0, 0, 1));
        fixture.assert_close("maps", maps.cross[0].clone());
    }
}

#[test]
fn loss_and_gradients_of_every_parameter_are_pytorchs() {
    let tape = Device::flex().autodiff();
    for (fixture, config) in cases() {
        let model = fixture.model("weights", &config, &tape);
        let logits =
            model.forward(fixture.ids("src", &tape), fixture.ids("tgt_in", &tape), &Pass::inference());
        let targets = fixture.ids::<2>("tgt_out", &tape).flatten(0, 1);
        let sums = kernels::cross_entropy(logits.flatten(0, 1), targets, IDS.pad, SMOOTHING);
        fixture.assert_close("loss", sums.loss.clone());
        fixture.assert_close("nll", sums.nll);
        let found = gradients_by_path(&model, sums.loss.backward());
        let expected = fixture.arrays("gradients");
        assert!(found.keys().eq(expected.keys()), "{:?}", found.keys());
        for (path, expected) in expected {
            // Adding one number to every score changes no weight: a bias of the keys has no gradient. The others
            // must be large enough that the tolerance says something.
            let largest = expected.values.iter().fold(0.0_f32, |max, value| max.max(value.abs()));
            assert!(path.ends_with("key.bias") || largest > 500.0 * TOLERANCE, "{path}: {largest}");
            assert_close(&path, &found[&path], &expected.values, TOLERANCE);
        }
    }
}
