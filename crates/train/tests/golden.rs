//! Loss, optimizers and schedules against torch and the paper's formula.

#[path = "../../model/tests/fixture/mod.rs"]
mod fixture;

use burn::tensor::Device;
use fixture::{DOUBLE, Fixture, IDS, SIZES, TOLERANCE, assert_close, values};
use kernels::cross_entropy;
use model::weights::to_arrays;
use model::{Model, ModelConfig, Pass};
use train::config::{OptimizerKind, Schedule, TrainConfig};
use train::loss::loss;
use train::optimizer::{Optimizer, StepGradients};
use train::schedule::learning_rate;
use train::tensors::{BatchTensors, ids};

fn open(name: &str) -> Fixture {
    Fixture::open(env!("CARGO_MANIFEST_DIR"), name)
}

#[test]
fn smoothed_loss_and_its_gradient_are_pytorchs() {
    let (fixture, tape) = (open("loss"), Device::flex().autodiff());
    for name in ["0.0", "0.1", "0.3"] {
        let smoothing: f32 = name.parse().expect("a number");
        for criterion in [cross_entropy, kernels::plain::cross_entropy] {
            let logits = fixture.tensor::<2>("logits", &tape).require_grad();
            let sums = criterion(logits.clone(), fixture.ids("targets", &tape), IDS.pad, smoothing);
            fixture.assert_close("0.0.loss", sums.nll);
            fixture.assert_close(&format!("{name}.loss"), sums.loss.clone());
            let gradient = logits.grad(&sums.loss.backward()).expect("a leaf of the tape");
            fixture.assert_close(&format!("{name}.gradient"), gradient);
        }
    }
}

/// The batch of step `step`, from 1, and its real target tokens.
fn batch(fixture: &Fixture, step: usize, tape: &Device) -> (BatchTensors, usize) {
    let part = |name: &str, size: usize| -> Vec<u32> {
        let all = fixture.integers(name);
        all.chunks(size).nth(step - 1).expect("a batch for each step").iter().map(|&id| id as u32).collect()
    };
    let tgt_out = part("tgt_out", 14);
    let n_tokens = tgt_out.iter().filter(|id| **id != IDS.pad).count();
    let tensors = BatchTensors {
        src: ids(&part("src", 10), [2, 5], tape),
        tgt_in: ids(&part("tgt_in", 14), [2, 7], tape),
        tgt_out: ids(&tgt_out, [14], tape),
    };
    (tensors, n_tokens)
}

/// Ten steps of training on the model's own loss, some clipped and some not.
///
/// A bias of the keys has no gradient: it adds one number to every score of a query. Adam divides what rounding leaves
/// of it by itself, so that these biases wander as far as the learning rate lets them; they change no output. Torch
/// adds 1e-6 to the norm that it clips by, here to norms above 1.8: that moves a clipped gradient by less than 6e-7 of
/// itself, and Adam's update by less still.
fn ten_steps_are_pytorchs(name: &str, kind: OptimizerKind) {
    let (fixture, tape) = (open(name), Device::flex().autodiff());
    let [beta_1, beta_2, epsilon, weight_decay, clip_norm] = fixture.doubles("options")[..] else {
        panic!("five options")
    };
    let config = TrainConfig {
        optimizer: kind,
        beta_1,
        beta_2,
        epsilon,
        weight_decay,
        clip_norm,
        label_smoothing: 0.1,
        ..Default::default()
    };
    let mut optimizer = Optimizer::new(&config);
    let shape = ModelConfig { n_encoder_layers: 1, n_decoder_layers: 1, ..SIZES };
    let mut model: Model = fixture.model("step_0", &shape, &tape);
    let (rates, norms) = (fixture.doubles("learning_rates"), fixture.doubles("norms"));
    for step in 1..=10 {
        let (batch, n_tokens) = batch(&fixture, step, &tape);
        let sums = loss(&model, batch, config.label_smoothing, &Pass::inference());
        let mut gradients = StepGradients::default();
        gradients.add(&model, &mut (sums.loss / n_tokens as f64).backward());
        let (norm, expected) = (gradients.norm(), norms[step - 1]);
        assert!(
            (norm / expected - 1.0).abs() < f64::from(TOLERANCE),
            "step {step}: norm {norm}, expected {expected}"
        );
        model = optimizer.step(model, gradients, norm, rates[step - 1]);
        if [1, 5, 10].contains(&step) {
            let got = to_arrays(&model);
            let expected = fixture.arrays(&format!("step_{step}"));
            assert!(got.keys().eq(expected.keys()));
            for (path, expected) in expected {
                let noise = if path.ends_with("key.bias") { rates.iter().sum::<f64>() as f32 } else { 0.0 };
                let what = format!("{name}, step {step}: {path}");
                assert_close(&what, &got[&path].values, &expected.values, TOLERANCE + noise);
            }
        }
    }
    let clipped = norms.iter().filter(|norm| **norm > clip_norm).count();
    assert!((2..=8).contains(&clipped), "{clipped}");
}

#[test]
fn ten_steps_of_adam_with_clipping_are_pytorchs() {
    ten_steps_are_pytorchs("adam", OptimizerKind::Adam);
}

#[test]
fn ten_steps_of_adamw_with_clipping_are_pytorchs_and_vectors_do_not_decay() {
    ten_steps_are_pytorchs("adamw", OptimizerKind::Adamw);
}

#[test]
fn the_norm_is_that_of_all_gradients_together() {
    let tape = Device::flex().autodiff();
    let model = open("adam").model(
        "step_0",
        &ModelConfig { n_encoder_layers: 1, n_decoder_layers: 1, ..SIZES },
        &tape,
    );
    // d/dp of Σ 2p over two matrices of 132 and 144 numbers: each gradient is 2.
    let Model::Transformer(parts) = &model else { panic!("the shape is a Transformer's") };
    let weights = [&parts.embedding.weight, &parts.decoder.layers[0].cross_attention.query.weight];
    let sum = weights.map(|weight| weight.val().sum() * 2.0).into_iter().reduce(|a, b| a + b).expect("two");
    let mut gradients = StepGradients::default();
    gradients.add(&model, &mut sum.backward());
    assert!((gradients.norm() - 2.0 * f64::from(132 + 144).sqrt()).abs() < 1e-5, "{}", gradients.norm());
    let embedding = gradients.get("embedding.weight").expect("it takes part").clone();
    assert_eq!(values(embedding), vec![2.0; 132]);
}

fn relative(got: f64, expected: f64) -> f64 {
    // The last step of a schedule that ends is 0 but for rounding.
    (got - expected).abs() / expected.abs().max(1e-6)
}

#[test]
fn schedules_are_pytorchs() {
    let fixture = open("schedules");
    let [peak, warmup, end] = fixture.doubles("options")[..] else { panic!("three options") };
    let schedules = [
        ("inverse_sqrt", Schedule::InverseSqrt),
        ("linear", Schedule::Linear),
        ("cosine", Schedule::Cosine),
        ("constant", Schedule::Constant),
    ];
    for (name, schedule) in schedules {
        let config = TrainConfig {
            schedule,
            learning_rate: peak,
            warmup_steps: warmup as u64,
            max_steps: end as u64,
            ..Default::default()
        };
        let expected = fixture.doubles(name);
        assert_eq!(expected.len(), 90);
        for (step, expected) in (1..).zip(expected) {
            let got = learning_rate(&config, SIZES.d_model, step, 0);
            assert!(relative(got, expected) < DOUBLE, "{name}, step {step}: {got}, expected {expected}");
        }
    }
}

#[test]
fn noam_is_the_papers_formula() {
    let fixture = open("schedules");
    let [d_model, warmup] = fixture.integers("noam_options")[..] else { panic!("two options") };
    let config = TrainConfig {
        schedule: Schedule::Noam,
        learning_rate: 1.0,
        warmup_steps: warmup as u64,
        ..Default::default()
    };
    for (step, expected) in fixture.integers("noam_steps").into_iter().zip(fixture.doubles("noam")) {
        let got = learning_rate(&config, d_model as usize, step as u64, 0);
        assert!(relative(got, expected) < DOUBLE, "step {step}: {got}, expected {expected}");
    }
}

/// From ids to the sum over the real targets, with the logits' softmax in float64.
#[test]
fn the_criterion_of_training_is_the_loss_of_the_models_logits() {
    let (fixture, device) = (open("adam"), Device::flex());
    let shape = ModelConfig { n_encoder_layers: 1, n_decoder_layers: 1, ..SIZES };
    let model = fixture.model("step_0", &shape, &device);
    let (tensors, n_tokens) = batch(&fixture, 1, &device);
    assert_eq!(n_tokens, 7 + 5);
    let logits = model.forward(tensors.src.clone(), tensors.tgt_in.clone(), &Pass::inference());
    let targets: Vec<i64> = tensors.tgt_out.clone().into_data().iter::<i64>().collect();
    let rows = values(logits);
    let expected: f64 =
        rows.chunks(11).zip(targets).filter(|(_, id)| *id != i64::from(IDS.pad)).map(nll).sum();
    let got = loss(&model, tensors, 0.0, &Pass::inference()).loss;
    assert_close("nll", &values(got), &[expected as f32], TOLERANCE);
}

/// −log softmax of one row at its target, in float64.
fn nll((row, target): (&[f32], i64)) -> f64 {
    let sum: f64 = row.iter().map(|&logit| f64::from(logit).exp()).sum();
    sum.ln() - f64::from(row[target as usize])
}
