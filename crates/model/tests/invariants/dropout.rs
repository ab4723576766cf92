//! Dropout is a function of seed, step and micro-batch.

use crate::fixture::{Fixture, values};
use crate::models;
use burn::tensor::Device;
use model::Pass;

#[test]
fn the_same_seed_step_and_micro_batch_drop_the_same_and_any_other_drops_otherwise() {
    let device = Device::flex();
    let fixture = Fixture::open(env!("CARGO_MANIFEST_DIR"), "model_pre_three_way");
    for model in models(&device) {
        let logits = |pass: Pass| {
            values(model.forward(fixture.ids("src", &device), fixture.ids("tgt_in", &device), &pass))
        };
        let places = [(7, 3, 0), (8, 3, 0), (7, 4, 0), (7, 3, 1)];
        let dropped =
            places.map(|(seed, step, micro_batch)| logits(Pass::training(0.3, seed, step, micro_batch)));
        assert_eq!(dropped[0], logits(Pass::training(0.3, 7, 3, 0)));
        for (i, one) in dropped.iter().enumerate() {
            assert!(one.iter().all(|logit| logit.is_finite()));
            assert!(dropped[i + 1..].iter().all(|other| other != one), "place {i} drops as a later one does");
        }
        assert_ne!(dropped[0], logits(Pass::inference()));
        assert_eq!(logits(Pass::training(0.0, 7, 3, 0)), logits(Pass::inference()));
    }
}
