//! However a step is cut, it is the same step.

#[path = "../../model/tests/fixture/mod.rs"]
mod fixture;

use burn::tensor::Device;
use data::batch::{Batch, ControlIds, Example};
use fixture::{Fixture, IDS, REORDERED, SIZES, TOLERANCE, assert_close, values};
use model::weights::to_arrays;
use model::{Model, ModelConfig, NormOrder, Pass, Tying};
use train::config::TrainConfig;
use train::loss::loss;
use train::optimizer::{Optimizer, StepGradients};
use train::tensors::BatchTensors;

/// Seven pairs of different lengths.
fn batch() -> Batch {
    let pairs: [(&[u32], &[u32]); 7] = [
        (&[5, 9, 3, 2], &[6, 3]),
        (&[8, 2], &[7, 7, 7, 10, 0, 5]),
        (&[0, 6, 10, 9, 3, 5, 2], &[9]),
        (&[3, 3, 2], &[8, 5, 6]),
        (&[7, 2], &[3]),
        (&[10, 0, 9, 8, 2], &[5, 6, 7, 8, 9, 10]),
        (&[6, 5, 2], &[0, 0, 3, 9]),
    ];
    let examples = pairs.map(|(src, tgt)| Example { src: src.to_vec(), tgt: tgt.to_vec() });
    let ids = ControlIds { pad: IDS.pad, bos: IDS.bos, eos: IDS.eos };
    Batch::new(&examples.each_ref(), &[0, 1, 2, 3, 4, 5, 6], ids)
}

/// The gradients of one step taken in these parts, and the loss per target token.
fn gradients(model: &Model, parts: &[Batch], tape: &Device) -> (StepGradients, f32) {
    let n_tokens: usize = parts.iter().map(Batch::n_tgt_tokens).sum();
    let (mut gradients, mut nats) = (StepGradients::default(), 0.0);
    for part in parts {
        let sums = loss(model, BatchTensors::new(part, tape), 0.1, &Pass::inference());
        nats += sums.loss.clone().into_scalar::<f32>();
        gradients.add(model, &mut (sums.loss / n_tokens as f64).backward());
    }
    (gradients, nats / n_tokens as f32)
}

#[test]
fn accumulated_micro_batches_are_one_large_batch() {
    let (tape, whole) = (Device::flex().autodiff(), batch());
    let cases = [
        ("model_pre_three_way", NormOrder::Pre, Tying::ThreeWay),
        ("model_post_none", NormOrder::Post, Tying::None),
    ];
    for (name, norm, tie_embeddings) in cases {
        let model_crate = concat!(env!("CARGO_MANIFEST_DIR"), "/../model");
        let shape = ModelConfig { norm, tie_embeddings, ..SIZES };
        let model = Fixture::open(model_crate, name).model("weights", &shape, &tape);
        for budget in [1, 14, 21] {
            let parts = whole.split(budget);
            assert!(parts.len() >= 3, "{budget}: {}", parts.len());
            let (once, once_nats) = gradients(&model, std::slice::from_ref(&whole), &tape);
            let (cut, cut_nats) = gradients(&model, &parts, &tape);
            assert_close("loss", &[cut_nats], &[once_nats], REORDERED);
            assert_close("norm", &[cut.norm() as f32], &[once.norm() as f32], TOLERANCE);
            for path in to_arrays(&model).into_keys() {
                let [cut, once] = [&cut, &once]
                    .map(|gradients| values(gradients.get(&path).expect("it takes part").clone()));
                assert_close(&path, &cut, &once, TOLERANCE);
            }
        }
    }
}

/// Where nothing is rounded otherwise, nothing differs at all: the same step twice gives the same bits.
#[test]
fn the_same_step_gives_the_same_weights_to_the_last_bit() {
    let tape = Device::flex().autodiff();
    let shape = ModelConfig { dropout: 0.2, ..SIZES };
    let config = TrainConfig::default();
    let train = || {
        let mut model = Model::new(&shape, fixture::VOCAB, IDS, 5, &tape);
        let mut optimizer = Optimizer::new(&config);
        for step in 1..=3 {
            let pass = Pass::training(shape.dropout, 5, step, 0);
            let sums = loss(&model, BatchTensors::new(&batch(), &tape), 0.1, &pass);
            let mut gradients = StepGradients::default();
            gradients.add(&model, &mut sums.loss.backward());
            let norm = gradients.norm();
            model = optimizer.step(model, gradients, norm, 1e-2);
        }
        to_arrays(&model)
    };
    assert_eq!(train(), train());
}

/// Updates happen in place where nobody else looks.
#[test]
fn an_update_leaves_other_handles_of_the_model_alone() {
    let tape = Device::flex().autodiff();
    let model = Model::new(&SIZES, fixture::VOCAB, IDS, 5, &tape);
    let (kept, before) = (model.clone(), to_arrays(&model));
    let (gradients, _) = gradients(&model, &[batch()], &tape);
    let norm = gradients.norm();
    let updated = Optimizer::new(&TrainConfig::default()).step(model, gradients, norm, 1e-2);
    assert_eq!(to_arrays(&kept), before);
    assert_ne!(to_arrays(&updated), before);
}
