//! One tiny model on every backend.

use crate::{others, tolerance};
use burn::tensor::Device;
use data::batch::{Batch, ControlIds, Example};
use model::search::{Hypothesis, SearchConfig, TensorSearch, beam, greedy};
use model::weights::{Arrays, to_arrays};
use model::{Activation, Model, ModelConfig, Pass, Precision, SpecialIds};
use std::collections::BTreeMap;
use train::config::{BackendConfig, TrainConfig};
use train::device::{Backend, open};
use train::loss::loss;
use train::optimizer::{Optimizer, StepGradients};
use train::tensors::{BatchTensors, ids};

const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };
const VOCAB: usize = 11;
const SEED: u64 = 5;

/// What a backend computes.
pub(crate) struct Outcome {
    pub(crate) logits: Vec<f32>,
    pub(crate) losses: Vec<f32>,
    gradients: BTreeMap<String, Vec<f32>>,
    updated: Arrays,
    greedy: Vec<Hypothesis>,
    beam: Vec<Vec<Hypothesis>>,
}

fn model(device: &Device, precision: Precision) -> Model {
    let config = ModelConfig {
        d_model: 12,
        d_ff: 13,
        n_heads: 3,
        n_encoder_layers: 2,
        n_decoder_layers: 1,
        dropout: 0.2,
        activation: Activation::Gelu,
        ..ModelConfig::default()
    };
    Model::new(&config, VOCAB, IDS, SEED, device).with_precision(precision)
}

/// Two pairs: 5 and 3 source tokens, 7 and 4 target tokens with their ends.
fn batch() -> Batch {
    let examples = [
        Example { src: vec![5, 9, 3, 10, 2], tgt: vec![6, 3, 8, 4, 7, 9] },
        Example { src: vec![8, 4, 2], tgt: vec![7, 7, 10] },
    ];
    Batch::new(&examples.each_ref(), &[0, 1], ControlIds { pad: IDS.pad, bos: IDS.bos, eos: IDS.eos })
}

pub(crate) fn device(backend: Backend, precision: Precision) -> Device {
    let config = BackendConfig { kind: backend.name().into(), device: 0, precision };
    open(&config).expect("the backend has a device")
}

pub(crate) fn compute(backend: Backend, precision: Precision) -> Outcome {
    let device = device(backend, precision);
    let (tape, batch) = (device.clone().autodiff(), batch());
    let tokens = batch.n_tgt_tokens() as f64;

    let plain = model(&device, precision);
    let tensors = BatchTensors::new(&batch, &device);
    let logits = plain.forward(tensors.src, tensors.tgt_in, &Pass::inference());
    let logits = logits.into_data().iter::<f32>().collect();

    let config = TrainConfig { clip_norm: 0.5, ..TrainConfig::default() };
    let (mut trained, mut optimizer) = (model(&tape, precision), Optimizer::new(&config));
    let (mut losses, mut first) = (Vec::new(), BTreeMap::new());
    for step in 1..=3 {
        let pass = Pass::training(0.2, SEED, step, 0);
        let sums = loss(&trained, BatchTensors::new(&batch, &tape), 0.1, &pass);
        losses.extend([sums.nll.into_scalar::<f32>(), sums.loss.clone().into_scalar::<f32>()]);
        let mut gradients = StepGradients::default();
        gradients.add(&trained, &mut (sums.loss / tokens).backward());
        if step == 1 {
            first = to_arrays(&trained)
                .into_keys()
                .map(|path| {
                    let gradient = gradients.get(&path).expect("every parameter takes part").clone();
                    (path, gradient.into_data().iter::<f32>().collect())
                })
                .collect();
        }
        let norm = gradients.norm();
        trained = optimizer.step(trained, gradients, norm, 1e-2);
    }

    let plain = plain.for_search();
    let sources = [5, 9, 3, 10, 2, 8, 4, 2, 0, 0];
    let memory = plain.encode(ids(&sources, [2, 5], &device), &Pass::inference());
    let search = SearchConfig { beam_size: 3, ..SearchConfig::default() };
    let lens = [9, 6];
    Outcome {
        logits,
        losses,
        gradients: first,
        updated: to_arrays(&trained),
        greedy: greedy(&mut TensorSearch::new(&plain, &memory, 1), IDS, &lens, &search),
        beam: beam(&mut TensorSearch::new(&plain, &memory, 3), IDS, &lens, &search, 3),
    }
}

/// The largest difference in parts of the largest expected number.
pub(crate) fn error(got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(1e-9_f32, |a, x| a.max(x.abs()));
    let difference = got.iter().zip(expected).fold(0.0_f32, |a, (x, y)| a.max((x - y).abs()));
    assert!(difference.is_finite());
    difference / largest
}

#[track_caller]
pub(crate) fn assert_close(what: &str, got: &[f32], expected: &[f32], tolerance: f32) {
    let error = error(got, expected);
    eprintln!("{what}: {error:.1e} of {tolerance:.0e}");
    assert!(error <= tolerance, "{what}: differs by {error}, allowed {tolerance}");
}

fn assert_same_search(what: &str, got: &[Hypothesis], expected: &[Hypothesis]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert_eq!(got.tokens, expected.tokens, "{what}");
        let error = (got.score - expected.score).abs();
        eprintln!("{what}, score: {error:.1e} of {:.0e}", tolerance::SCORE);
        assert!(error <= tolerance::SCORE, "{what}: scores differ by {error}");
    }
}

#[test]
fn one_model_is_one_model_on_every_backend() {
    let expected = compute(Backend::Cpu, Precision::F32);
    for backend in others() {
        let (name, got) = (backend.name(), compute(backend, Precision::F32));
        assert_close(&format!("{name}: logits"), &got.logits, &expected.logits, tolerance::FLOAT32);
        assert_close(
            &format!("{name}: first losses"),
            &got.losses[..2],
            &expected.losses[..2],
            tolerance::FLOAT32,
        );
        assert_close(&format!("{name}: losses"), &got.losses, &expected.losses, tolerance::UPDATED);
        // All gradients are held against the largest of any parameter: that of a key's bias is zero but for rounding.
        let all = |outcome: &Outcome| outcome.gradients.values().flatten().copied().collect::<Vec<f32>>();
        assert!(got.gradients.keys().eq(expected.gradients.keys()));
        assert_close(&format!("{name}: gradients"), &all(&got), &all(&expected), tolerance::FLOAT32);
        for (path, expected) in expected.updated.iter().filter(|(path, _)| !path.ends_with("key.bias")) {
            assert_close(
                &format!("{name}: {path}"),
                &got.updated[path].values,
                &expected.values,
                tolerance::UPDATED,
            );
        }
        assert_same_search(&format!("{name}: greedy"), &got.greedy, &expected.greedy);
        for (got, expected) in got.beam.iter().zip(&expected.beam) {
            assert_same_search(&format!("{name}: beam"), got, expected);
        }
    }
}
