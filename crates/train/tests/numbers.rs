//! Numbers that are not finite, divergence and memory that runs out, each brought about in a real run.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, assert_has, failure, rounds, stderr_of};
use serde_json::Value;

/// Trains with faults on purpose; standard error of a run that went well.
fn drilled(place: &Place, drill: &str, sets: &[&str]) -> String {
    let output = place.train(sets).env("ANUVADA_DRILL", drill).output().unwrap();
    assert!(output.status.success(), "{drill}: {}", stderr_of(&output));
    stderr_of(&output)
}

/// One pass for each step, so that calls of an activation are counted in steps, and checkpoints after each.
const ONE_PASS: [&str; 2] = ["train.micro_batch_tokens=0", "train.max_steps=6"];

/// Faults that come and go, for step 3: where, at which calls (the faulty pass is computed once more to find the place),
/// and the words that tell it.
const PASSING: [(&str, &str, &str); 10] = [
    ("nan@forward.encoder.embedding", "3-4", "the loss (NaN), from encoder.embedding on"),
    ("nan@forward.decoder.embedding", "3-4", "from decoder.embedding on"),
    (
        "nan@forward.encoder.layers.0.self_attention.query",
        "3-4",
        "from encoder.layers.0.self_attention.query on",
    ),
    (
        "inf@forward.decoder.layers.0.cross_attention.query",
        "3-4",
        "from decoder.layers.0.cross_attention.query on",
    ),
    ("nan@forward.decoder.layers.0.norm", "7-12", "from decoder.layers.0.norm on"),
    ("inf@forward.encoder.layers.0.feed_forward", "3-4", "from encoder.layers.0.feed_forward on"),
    ("nan@forward.logits", "3-4", "from logits on"),
    ("inf@loss", "3", "the loss (inf)"),
    ("inf@gradient.embedding.weight", "3", "the gradient norm (inf), that of embedding.weight first"),
    (
        "nan@gradient.decoder.layers.0.cross_attention.value.bias",
        "3",
        "the gradient norm (NaN), that of decoder.layers.0.cross_attention.value.bias first",
    ),
];

/// The same for the parts of a recurrent model.
const RECURRENT: &str = "model.kind=gru";
const PASSING_RECURRENT: [(&str, &str, &str); 7] = [
    ("nan@forward.encoder.embedding", "3-4", "the loss (NaN), from encoder.embedding on"),
    ("nan@forward.encoder.layers.0.gru", "3-4", "from encoder.layers.0.gru on"),
    ("inf@forward.decoder.layers.0.gru", "3-4", "from decoder.layers.0.gru on"),
    ("nan@forward.decoder.layers.0.attention", "3-4", "from decoder.layers.0.attention on"),
    ("nan@forward.logits", "3-4", "from logits on"),
    (
        "inf@gradient.encoder.layers.0.backward.hidden.weight",
        "3",
        "the gradient norm (inf), that of encoder.layers.0.backward.hidden.weight first",
    ),
    (
        "nan@gradient.decoder.attention.key",
        "3",
        "the gradient norm (NaN), that of decoder.attention.key first",
    ),
];

#[test]
fn a_number_that_is_not_finite_is_found_in_its_step_named_and_not_applied() {
    is_found_named_and_not_applied("model.kind=transformer", &PASSING);
}

#[test]
fn a_number_of_a_recurrent_model_that_is_not_finite_is_found_and_named() {
    is_found_named_and_not_applied(RECURRENT, &PASSING_RECURRENT);
}

fn is_found_named_and_not_applied(kind: &str, faults: &[(&str, &str, &str)]) {
    let place = Place::new();
    for (index, (fault, calls, told)) in faults.iter().enumerate() {
        let (run, drill) = (format!("run-{index}"), format!("{fault}:{calls}"));
        let name = format!("run.name={run}");
        let sets = [&name, ONE_PASS[0], "train.max_steps=3", kind];
        let said = drilled(&place, &drill, &sets);
        assert_has(
            &said,
            &[told, "is not finite at step 3: the step is left out; its batch is in crash/step-3.json"],
        );
        for file in ["model.safetensors", "optimizer.safetensors"] {
            let of = |step: u64| place.read(&format!("runs/{run}/checkpoints/step-{step}/{file}"));
            assert!(of(2) == of(3), "{drill}: {file} changed");
        }
        let steps = place.rows(&run, "train");
        assert_eq!(
            steps.iter().map(|row| row["nonfinite"] == true).collect::<Vec<_>>(),
            [false, false, true]
        );
        let dump: Value =
            serde_json::from_str(&place.read_text(&format!("runs/{run}/crash/step-3.json"))).unwrap();
        assert_eq!((dump["step"].as_u64(), dump["batch"].as_u64()), (Some(3), Some(2)));
        let sentences = dump["rows"].as_array().unwrap();
        let is_training =
            |row: &Value| common::pairs("train").iter().any(|(src, _)| row["src"] == src.as_str());
        assert!(!sentences.is_empty() && sentences.iter().all(is_training), "{dump}");
        let said = stderr_of(&place.train(&[&name, kind, ONE_PASS[0], ONE_PASS[1]]).output().unwrap());
        assert_has(&said, &["resuming after step 3", "stopped after step 6"]);
    }
}

#[test]
fn a_step_that_is_left_out_is_left_out_again_on_the_way_from_an_older_checkpoint() {
    let place = Place::new();
    let drill = "nan@loss:3";
    drilled(&place, drill, &["run.name=whole", ONE_PASS[0]]);
    drilled(&place, drill, &["run.name=stopped", ONE_PASS[0], "train.max_steps=7"]);
    place.train(&["run.name=stopped", ONE_PASS[0]]).assert().success();
    for file in ["model.safetensors", "optimizer.safetensors"] {
        let of = |run: &str| place.read(&format!("runs/{run}/checkpoints/step-12/{file}"));
        assert!(of("whole") == of("stopped"), "{file} differs");
    }
}

/// Numbers that stay: where, and the words that tell it.
const STAYING: [(&str, &str); 3] = [
    (
        "nan@weight.decoder.layers.0.feed_forward.inner.weight:3",
        "the weights of decoder.layers.0.feed_forward.inner.weight",
    ),
    (
        "nan@moment.first.encoder.layers.0.feed_forward.inner.weight:2",
        "first.encoder.layers.0.feed_forward.inner.weight moment",
    ),
    ("inf@moment.second.decoder.norm.gamma:2", "the optimizer's second.decoder.norm.gamma moment"),
];
const STAYING_RECURRENT: [(&str, &str); 2] = [
    ("nan@weight.decoder.layers.0.start.weight:3", "the weights of decoder.layers.0.start.weight"),
    (
        "inf@moment.second.encoder.layers.0.forward.input.bias:2",
        "the optimizer's second.encoder.layers.0.forward.input.bias moment",
    ),
];

#[test]
fn what_stands_in_weights_or_moments_sends_the_run_back_to_its_checkpoint() {
    goes_back_to_its_checkpoint("model.kind=transformer", &STAYING);
    goes_back_to_its_checkpoint(RECURRENT, &STAYING_RECURRENT);
}

fn goes_back_to_its_checkpoint(kind: &str, faults: &[(&str, &str)]) {
    let place = Place::new();
    for (index, (drill, told)) in faults.iter().enumerate() {
        let (run, name) = (format!("run-{index}"), format!("run.name=run-{index}"));
        let sets = [&name, kind, ONE_PASS[0], ONE_PASS[1], "train.keep_checkpoints=9"];
        let said = drilled(&place, drill, &sets);
        assert_has(
            &said,
            &[
                told,
                "is not finite at step 3",
                "going back from step 2 to step 2 with 0.5 of the learning rate",
            ],
        );
        let back = place.rows(&run, "go_back");
        assert_eq!((back.len(), back[0]["step"].as_u64()), (1, Some(2)));
        let other = format!("run.name=other-{index}");
        place.train(&[&other, kind, ONE_PASS[0], "train.max_steps=2"]).assert().success();
        for file in ["model.safetensors", "optimizer.safetensors"] {
            let of = |run: String| place.read(&format!("runs/{run}/checkpoints/step-2/{file}"));
            assert!(of(run.clone()) == of(format!("other-{index}")), "{drill}: {file}");
        }
    }
}

/// The rate of a step makes weights infinite, of which the next step would know first; there is a checkpoint before.
#[test]
fn no_checkpoint_has_numbers_that_are_not_finite() {
    let place = Place::new();
    let said = drilled(&place, "=1e300@learning_rate:3", &[ONE_PASS[0], ONE_PASS[1]]);
    assert_has(
        &said,
        &["the weight ", " is not finite; going back from step 3 to step 1", "stopped after step 6"],
    );
    assert!(!said.contains("damaged"), "{said}");
}

#[test]
fn numbers_that_stay_not_finite_end_the_run() {
    let place = Place::new();
    let mut command = place.train(&ONE_PASS);
    let message = failure(command.env("ANUVADA_DRILL", "nan@loss:3-"), 76);
    let left_out = message.matches("the step is left out").count();
    assert_eq!((left_out, message.matches("going back").count()), (12, 3), "{message}");
    assert_has(&message, &["for the 4th step in a row", "gone back 3 times", "train.learning_rate"]);
    let stops = place.train(&[ONE_PASS[0], "run.name=stops", "train.on_divergence=stop"]);
    let mut stops = stops;
    let message = failure(stops.env("ANUVADA_DRILL", "nan@loss:3-"), 76);
    assert_eq!(message.matches("the step is left out").count(), 3, "{message}");
}

/// A run long enough for divergence to be one.
const LONG: [&str; 5] = [
    "train.max_steps=700",
    "train.checkpoint_every=20",
    "validate.every=200",
    "train.schedule=constant",
    "train.learning_rate=0.003",
];

#[test]
fn a_learning_rate_a_thousand_times_too_high_sends_the_run_back_and_it_recovers() {
    let place = Place::new();
    let said = drilled(&place, "x1000@learning_rate:500-509", &LONG);
    assert_has(
        &said,
        &["the mean loss of 10 steps rose to ", "of the learning rate in f32 (fallback 1 of 3)"],
    );
    let back = place.rows("run", "go_back");
    let from = back[0]["from"].as_u64().unwrap();
    assert!((500..=550).contains(&from), "found after step {from}");
    let to = back[0]["step"].as_u64().unwrap();
    assert!((from - 100..=from - 50).contains(&to), "a checkpoint 50 steps old, and no older one: {back:?}");
    assert_eq!(back[0]["learning_rate_factor"], 0.5);
    let steps = place.rows("run", "train");
    let epoch = |step: u64| steps[step as usize - 1]["epoch"].as_u64().unwrap();
    // Six batches make an epoch.
    assert!(epoch(to + 1) >= epoch(to) + (from - to) / 6, "what was read since is left out");
    let loss = |row: &Value| row["loss_nats_per_token"].as_f64().unwrap();
    assert_eq!(steps.last().unwrap()["step"].as_u64(), Some(700));
    assert!(loss(&steps[699]) < loss(&steps[300]), "the run recovered");
    assert!(
        steps.iter().all(|row| row["learning_rate"].as_f64().unwrap() < 0.0031),
        "only what was gone back from was faster"
    );
}

#[test]
fn a_learning_rate_that_stays_too_high_ends_the_run() {
    let place = Place::new();
    let mut command = place.train(&LONG);
    let message = failure(command.env("ANUVADA_DRILL", "x1e6@learning_rate:500-"), 76);
    assert_has(&message, &["(fallback 3 of 3)", "diverged at step ", "gone back 3 times"]);
    let ignored = ["run.name=ignored", "train.on_divergence=ignore"];
    let said = drilled(&place, "x1000@learning_rate:500-509", &[&LONG[..], &ignored].concat());
    assert!(!said.contains("going back"), "{said}");
}

/// Shorter, for a recurrent model. A run that is killed right after it went back goes on from there, with half the rate.
#[test]
fn a_recurrent_model_goes_back_as_well() {
    let place = Place::new();
    let sets = [&LONG[..], &[RECURRENT, ONE_PASS[0], "train.max_steps=260"]].concat();
    let said = drilled(&place, "x1000@learning_rate:200-209", &sets);
    assert_has(&said, &["the mean loss of 10 steps rose to ", "(fallback 1 of 3)", "stopped after step 260"]);
    let back = place.rows("run", "go_back");
    let (from, to) = (back[0]["from"].as_u64().unwrap(), back[0]["step"].as_u64().unwrap());
    assert!((200..=250).contains(&from), "{back:?}");

    let sets = [&sets[..], &["run.name=killed"]].concat();
    let drill = format!("x1000@learning_rate:200-209,kill@micro_batch:{}", from + 1);
    place.train(&sets).env("ANUVADA_DRILL", drill).assert().failure();
    let said = stderr_of(&place.train(&sets).output().unwrap());
    assert_has(&said, &[&format!("resuming after step {to} "), "stopped after step 260"]);
    let last = place.rows("killed", "train").pop().unwrap();
    assert!((last["learning_rate"].as_f64().unwrap() - 0.0015).abs() < 1e-9, "{last}");
}

#[test]
fn normal_runs_raise_no_alarm() {
    let variants: [&[&str]; 6] = [
        &["train.learning_rate=0.02"],
        &["train.schedule=noam", "train.learning_rate=2", "train.warmup_steps=60"],
        &["model.norm=post", "train.learning_rate=0.003", "train.warmup_steps=100"],
        &["train.optimizer=adam", "train.weight_decay=0", "model.dropout=0.3"],
        &["train.schedule=cosine", "data.augment.word_dropout=0.1", "train.average=ema"],
        &[RECURRENT, "train.learning_rate=0.01"],
    ];
    let place = Place::new();
    for round in 0..rounds(6, 24) {
        let (name, seed) = (format!("run.name=run-{round}"), format!("run.seed={round}"));
        let common = [
            name.as_str(),
            &seed,
            "train.log_every=50",
            "train.max_steps=400",
            "validate.every=50",
            "train.checkpoint_every=100",
        ];
        let output = place.train(&[&common[..], variants[round % 6]].concat()).output().unwrap();
        let said = stderr_of(&output);
        assert!(output.status.success() && !said.contains("warning"), "{name}: {said}");
    }
}

#[test]
fn a_model_that_takes_nothing_from_its_source_is_told() {
    for kind in ["model.kind=transformer", RECURRENT] {
        let place = Place::new();
        let sets = ["train.learning_rate=1e-9", "validate.every=2", "train.max_steps=20", kind];
        let said = stderr_of(&place.train(&sets).output().unwrap());
        assert_has(
            &said,
            &["3 validations in a row the model takes nothing from its source", "train data check"],
        );
        assert_eq!(said.matches("takes nothing").count(), 1);
    }
}

/// Memory runs out at a call of a place; losses are those of an undisturbed run.
#[test]
fn where_memory_runs_out_micro_batches_shrink_and_batches_stay() {
    let place = Place::new();
    let sets = |run: &str| {
        [format!("run.name={run}"), "model.dropout=0".into(), "train.micro_batch_tokens=0".into()]
    };
    let losses = |run: &str| -> Vec<f64> {
        place.rows(run, "train").iter().map(|row| row["loss_nats_per_token"].as_f64().unwrap()).collect()
    };
    let whole = sets("whole");
    place.train(&whole.each_ref().map(String::as_str)).assert().success();
    let points = [
        "largest_batch:1",
        "micro_batch:1",
        "micro_batch:2",
        "micro_batch:3",
        "micro_batch:5",
        "micro_batch:6",
        "micro_batch:7",
        "micro_batch:9",
        "micro_batch:12",
        "micro_batch:4-5",
    ];
    for (index, point) in points.into_iter().enumerate() {
        let run = format!("run-{index}");
        let said = drilled(&place, &format!("oom@{point}"), &sets(&run).each_ref().map(String::as_str));
        assert_has(&said, &["not enough memory for step ", "micro-batches now have at most "]);
        let (expected, got) = (losses("whole"), losses(&run));
        assert_eq!(got.len(), 12, "no batch is left out");
        for (step, (expected, got)) in expected.iter().zip(&got).enumerate() {
            assert!((expected - got).abs() < 1e-5, "{point}, step {}: {expected} {got}", step + 1);
        }
    }
    let recurrent = |run: &str| sets(run).into_iter().chain([RECURRENT.to_owned()]).collect::<Vec<_>>();
    let whole = recurrent("recurrent");
    place.train(&whole.iter().map(String::as_str).collect::<Vec<_>>()).assert().success();
    for (index, point) in ["largest_batch:1", "micro_batch:6"].into_iter().enumerate() {
        let run = format!("recurrent-{index}");
        let halved = recurrent(&run);
        let said =
            drilled(&place, &format!("oom@{point}"), &halved.iter().map(String::as_str).collect::<Vec<_>>());
        assert_has(&said, &["not enough memory for step ", "micro-batches now have at most "]);
        for (expected, got) in losses("recurrent").iter().zip(&losses(&run)) {
            assert!((expected - got).abs() < 1e-5, "{point}: {expected} {got}");
        }
    }
    let endless = sets("endless");
    let mut command = place.train(&endless.each_ref().map(String::as_str));
    let message = failure(command.env("ANUVADA_DRILL", "oom@micro_batch:4-"), 71);
    assert_has(
        &message,
        &[
            "out of memory (",
            "a drill): micro-batches of 12 tokens are too large: lower train.batch_tokens (now 96)",
        ],
    );
    assert!(place.path("runs/endless/checkpoints/step-3").exists(), "what was done is saved");
    let small = sets("small");
    let mut command = place.train(&small.each_ref().map(String::as_str));
    let message = failure(command.env("ANUVADA_DRILL", "=1000@available_memory:1"), 71);
    assert_has(&message, &["MiB needed, 0 MiB available"]);
}

#[test]
fn a_drill_that_cannot_be_read_is_refused() {
    let place = Place::new();
    let mut command = place.train(&[]);
    assert_has(
        &failure(command.env("ANUVADA_DRILL", "fire"), 2),
        &["ANUVADA_DRILL='fire' is no list of FAULT@PLACE:N"],
    );
}
