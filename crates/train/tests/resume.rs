//! A run that is stopped and goes on is, bit for bit, the run that was never stopped.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{MAX_STEPS, Place, Running, assert_has, failure, stderr_of};
use std::collections::BTreeMap;

/// What must not depend on interruptions: weights, moments and averages, the best model, the history.
fn essence(place: &Place, run: &str, end: u64) -> BTreeMap<String, Vec<u8>> {
    let mut files = place.run_files(run);
    files.retain(|name, _| name.ends_with(".safetensors") || name == "best/README.md");
    files.retain(|name, _| !name.starts_with("checkpoints/") || name.contains(&format!("step-{end}/")));
    let rows: Vec<String> = place.training_rows(run).iter().map(ToString::to_string).collect();
    files.insert("rows".into(), rows.join("\n").into_bytes());
    files.insert("validations".into(), place.validations(run, end).to_string().into_bytes());
    files
}

#[track_caller]
fn assert_same(whole: &BTreeMap<String, Vec<u8>>, resumed: &BTreeMap<String, Vec<u8>>, what: &str) {
    for (name, bytes) in whole {
        assert!(resumed.get(name) == Some(bytes), "{what}: {name} differs");
    }
}

/// Stops a run after each of `stops` in turn and holds the end against that of one run.
fn stopped_at(stops: &[u64], further: &[&str]) {
    let end = MAX_STEPS;
    let place = Place::new();
    let train = |run: &str, steps: u64| {
        let (run, steps) = (format!("run.name={run}"), format!("train.max_steps={steps}"));
        let sets: Vec<&str> = further.iter().copied().chain([run.as_str(), steps.as_str()]).collect();
        let output = place.train(&sets).output().unwrap();
        assert!(output.status.success(), "{}", stderr_of(&output));
        stderr_of(&output)
    };
    train("whole", end);
    let whole = essence(&place, "whole", end);
    assert!(whole.contains_key("best/model.safetensors"));
    assert!(whole.contains_key(&format!("checkpoints/step-{end}/optimizer.safetensors")));
    for stop in stops {
        let run = format!("stopped-{stop}");
        train(&run, *stop);
        let told = train(&run, end);
        assert_has(&told, &[&format!("resuming after step {stop} ")]);
        assert_same_but_name(&whole, &essence(&place, &run, end), &run);
    }
    let again = "stopped-often";
    for stop in stops {
        train(again, *stop);
    }
    train(again, end);
    assert_same_but_name(&whole, &essence(&place, again, end), again);
}

/// The model card begins with the run's name.
#[track_caller]
fn assert_same_but_name(whole: &BTreeMap<String, Vec<u8>>, resumed: &BTreeMap<String, Vec<u8>>, name: &str) {
    let mut resumed = resumed.clone();
    let card = String::from_utf8(resumed["best/README.md"].clone()).unwrap();
    resumed.insert("best/README.md".into(), card.replace(name, "whole").into_bytes());
    assert_same(whole, &resumed, name);
}

#[test]
fn the_stops_stand_where_they_should() {
    // Below, 5 is right after a validation, and 6 and 7 are on the two sides of the edge of an epoch.
    let place = Place::new();
    let told = stderr_of(&place.train(&[]).output().unwrap());
    assert_has(&told, &["step 4  dev loss"]);
    let epochs: Vec<u64> =
        place.training_rows("run").iter().map(|row| row["epoch"].as_u64().unwrap()).collect();
    assert_eq!(epochs.iter().position(|&epoch| epoch == 1), Some(6), "{epochs:?}");
}

/// Where a run of twenty steps is stopped, by a signal that it takes (it saves and exits with 75) or by one that nothing
/// takes: within the accumulation of a step, at the edges of epochs (steps 7, 13 and 19 begin one), while dev is measured,
/// in the first and in the last step. A step makes three micro-batches or four.
const STOPS: [&str; 20] = [
    "kill@micro_batch:1",
    "term@micro_batch:1",
    "kill@micro_batch:2",
    "term@micro_batch:3",
    "kill@micro_batch:8",
    "term@micro_batch:11",
    "kill@micro_batch:17",
    "term@micro_batch:19",
    "kill@micro_batch:20",
    "term@micro_batch:22",
    "kill@micro_batch:26",
    "term@micro_batch:31",
    "kill@micro_batch:40",
    "term@micro_batch:42",
    "kill@micro_batch:57",
    "term@micro_batch:58",
    "kill@dev_batch:1",
    "term@dev_batch:1",
    "kill@dev_batch:3",
    "term@dev_batch:4",
];

#[test]
#[cfg(unix)]
fn twenty_stops_within_steps_and_validations() {
    stops_do_not_show("model.kind=transformer", &STOPS);
}

/// Some of the same: in the first step, within accumulations, at the edge of an epoch, while dev is measured.
#[test]
#[cfg(unix)]
fn stops_of_a_recurrent_model() {
    stops_do_not_show("model.kind=gru", &[STOPS[1], STOPS[4], STOPS[7], STOPS[12], STOPS[17]]);
}

#[cfg(unix)]
fn stops_do_not_show(kind: &str, stops: &[&str]) {
    use std::os::unix::process::ExitStatusExt;

    let place = Place::new();
    let of = |run: &str| {
        [
            format!("run.name={run}"),
            "train.max_steps=20".into(),
            "train.checkpoint_every=3".into(),
            kind.into(),
        ]
    };
    let whole = of("whole");
    place.train(&whole.each_ref().map(String::as_str)).assert().success();
    let all = |run: &str| {
        let mut essence = essence(&place, run, 20);
        // Those that only older checkpoints need depend on where checkpoints were made.
        essence.retain(|name, _| !name.starts_with("snapshots/"));
        let state = place.read_text(&format!("runs/{run}/checkpoints/step-20/state.json"));
        let state: serde_json::Value = serde_json::from_str(&state).unwrap();
        for part in ["step", "cursor", "tgt_tokens", "validations", "guard", "missed_updates"] {
            essence.insert(format!("state {part}"), state[part].to_string().into_bytes());
        }
        essence
    };
    let expected = all("whole");
    for (index, stop) in stops.iter().enumerate() {
        let run = format!("stopped-{index}");
        let sets = of(&run);
        let sets = sets.each_ref().map(String::as_str);
        let status = Running::drilled(&place, stop, &sets).wait();
        let ended =
            if stop.starts_with("kill") { status.signal() == Some(9) } else { status.code() == Some(75) };
        assert!(ended, "{stop}: {status}");
        let within_the_first_step = *stop == "term@micro_batch:3";
        let saved = place.path(&format!("runs/{run}/checkpoints")).exists();
        assert!(!(within_the_first_step && saved), "the step was not left, but ended and saved");
        place.train(&sets).assert().success();
        assert_same_but_name(&expected, &all(&run), &run);
    }
}

#[test]
fn weights_of_the_best_validation() {
    stopped_at(&[1, 4, 5, 6, 7, 11], &["train.average=none"]);
}

#[test]
fn mean_of_the_best_validations() {
    stopped_at(&[5, 8, 10], &["train.average=best", "train.average_checkpoints=2", "validate.every=2"]);
}

#[test]
fn mean_of_the_last_validations() {
    stopped_at(&[5, 8, 10], &["train.average=last", "train.average_checkpoints=2", "validate.every=2"]);
}

#[test]
fn moving_average() {
    stopped_at(&[3, 4, 7], &["train.average=ema", "train.ema_decay=0.8"]);
}

#[test]
fn best_by_loss_with_a_checkpoint_now_and_then() {
    stopped_at(&[6, 9], &["validate.metric=loss", "train.checkpoint_every=3", "train.keep_checkpoints=1"]);
}

#[test]
fn what_an_end_put_into_best_does_not_stay_there() {
    // So fast that the loss only rises: the first validation stays the best.
    let further =
        ["validate.metric=loss", "validate.every=2", "train.learning_rate=3", "train.schedule=constant"];
    let place = Place::new();
    let train = |run: &str, end: &str| {
        let (run, end) = (format!("run.name={run}"), format!("train.max_steps={end}"));
        place.train(&[&further[..], &[run.as_str(), end.as_str()]].concat()).assert().success();
    };
    train("whole", "5");
    train("stopped", "3");
    let best = essence(&place, "stopped", 3)["best/model.safetensors"].clone();
    // An average, or the model of step 3 if it had been better, would stand there like this.
    for (name, bytes) in place.run_files("stopped") {
        if let Some(file) = name.strip_prefix("checkpoints/step-3/") {
            place.write(&format!("runs/stopped/best/{file}"), &bytes);
        }
    }
    assert!(place.read("runs/stopped/best/model.safetensors") != best);
    train("stopped", "5");
    assert_same_but_name(&essence(&place, "whole", 5), &essence(&place, "stopped", 5), "stopped");
    assert!(place.read("runs/stopped/best/model.safetensors") == best);
}

#[test]
fn limits_beyond_all_measure_are_no_limits() {
    let place = Place::new();
    let sets = ["train.max_steps=9000000000000000000", "train.max_minutes=1e300", "train.max_epochs=1"];
    place.train(&sets).assert().success();
    place.train(&["run.name=minutes", "train.max_steps=0", sets[1], sets[2]]).assert().success();
}

#[test]
fn the_size_of_micro_batches_may_change_the_last_bits_only() {
    let place = Place::new();
    place.train(&["run.name=three", "model.dropout=0.0"]).assert().success();
    place.train(&["run.name=one", "model.dropout=0.0", "train.micro_batch_tokens=0"]).assert().success();
    let losses = |run: &str| -> Vec<f64> {
        place.training_rows(run).iter().map(|row| row["loss_nats_per_token"].as_f64().unwrap()).collect()
    };
    for (three, one) in losses("three").into_iter().zip(losses("one")) {
        assert!((three - one).abs() < 1e-4, "{three} {one}");
    }
}

#[test]
fn a_run_is_not_continued_as_another_one() {
    let place = Place::trained();
    let before = place.run_files("run");
    for (set, saved) in [
        ("model.d_model=32", "model.d_model: saved 16, now 32"),
        ("tokenizer.vocab_size=321", "tokenizer.vocab_size: saved 320, now 321"),
        ("run.seed=9", "run.seed: saved 1, now 9"),
        ("train.batch_tokens=97", "train.batch_tokens: saved 96, now 97"),
        ("train.average=last", "train.average: saved \"none\", now \"last\""),
        ("data.clean.max_chars=99", "data.clean.max_chars: saved 1000, now 99"),
        ("data.train.weight=2", "data.train.weight: saved 1.0, now 2.0"),
        ("data.train.max_pairs=9", "data.train.max_pairs: saved 0, now 9"),
    ] {
        let message = failure(&mut place.train(&[set]), 78);
        assert_has(&message, &["runs/run/checkpoints/step-12", saved, "--fresh", "run.name"]);
    }
    let both = failure(&mut place.train(&["run.seed=9", "model.d_ff=64"]), 78);
    assert_has(&both, &["run.seed: saved 1, now 9", "model.d_ff: saved 32, now 64"]);
    assert_eq!(place.run_files("run"), before);

    let text = place.read_text("train.en");
    place.write("train.en", text.replacen("the cat", "one cat", 1).as_bytes());
    let message = failure(&mut place.train(&[]), 78);
    assert_has(&message, &["text of data.train (BLAKE3): saved ", ", now "]);
    place.write("train.en", text.as_bytes());
    place.train(&["train.learning_rate=0.5", "train.max_steps=13"]).assert().success();
}

#[test]
fn the_number_of_threads_does_not_show() {
    let place = Place::new();
    for (run, threads) in [("whole", "1"), ("three", "3")] {
        place.train(&[&format!("run.name={run}")]).env("RAYON_NUM_THREADS", threads).assert().success();
    }
    assert_same_but_name(&essence(&place, "whole", MAX_STEPS), &essence(&place, "three", MAX_STEPS), "three");
}

#[test]
fn a_recurrent_model() {
    let sets =
        ["model.kind=gru", "model.n_encoder_layers=2", "model.n_decoder_layers=2", "train.average=ema"];
    stopped_at(&[1, 5, 7], &sets);
}

#[test]
fn with_varied_examples() {
    let sets = [
        "data.augment.bpe_dropout=0.2",
        "data.augment.word_dropout=0.1",
        "data.augment.lowercase=0.3",
        "data.augment.no_punctuation=0.3",
    ];
    stopped_at(&[1, 6, 7], &sets);
    let place = Place::new();
    for (run, sets) in [("plain", &[][..]), ("varied", &sets)] {
        let name = format!("run.name={run}");
        let sets: Vec<&str> = sets.iter().copied().chain([name.as_str()]).collect();
        place.train(&sets).assert().success();
    }
    assert_ne!(place.training_rows("plain"), place.training_rows("varied"));
    let message = failure(&mut place.train(&["run.name=plain", "data.augment.lowercase=0.3"]), 78);
    assert_has(&message, &["data.augment.lowercase: saved 0.0, now 0.3"]);
}

/// Goes on with parts of the past forgotten; standard error.
fn reset(place: &Place, parts: &str, sets: &[&str]) -> String {
    let output = place.train(sets).args(["--reset", parts]).output().unwrap();
    assert!(output.status.success(), "{}", stderr_of(&output));
    stderr_of(&output)
}

#[test]
fn parts_of_the_past_can_be_forgotten() {
    parts_are_forgotten("model.kind=transformer");
    parts_are_forgotten("model.kind=gru");
}

fn parts_are_forgotten(kind: &str) {
    let place = Place::new();
    let config = place.read_text("config.toml");
    let kind = kind.replace("model.kind=", "kind = \"") + "\"";
    place.write("config.toml", config.replace("[model]", &format!("[model]\n{kind}")).as_bytes());
    let longer = "train.max_steps=16";
    let trained = |run: &str| {
        place.train(&[&format!("run.name={run}")]).assert().success();
        format!("run.name={run}")
    };
    let state = |run: &str, step: u64| -> serde_json::Value {
        let state = place.read_text(&format!("runs/{run}/checkpoints/step-{step}/state.json"));
        serde_json::from_str(&state).unwrap()
    };
    let first_row = |run: &str| place.training_rows(run).into_iter().find(|row| row["step"] == 13).unwrap();

    let name = trained("plain");
    place.train(&[&name, longer]).assert().success();
    let plain = first_row("plain");

    let name = trained("optimizer");
    let told = reset(&place, "optimizer", &[&name, longer, "train.beta_1=0.5"]);
    assert_has(&told, &["resuming after step 12"]);
    assert_eq!(first_row("optimizer"), plain, "the first loss does not know the optimizer");
    let weights = |run: &str| place.read(&format!("runs/{run}/checkpoints/step-16/model.safetensors"));
    assert!(weights("optimizer") != weights("plain"));
    assert_eq!(state("optimizer", 16)["missed_updates"], 12);
    place.train(&[&name, "train.max_steps=17", "train.beta_1=0.5"]).assert().success();

    let name = trained("schedule");
    reset(&place, "schedule", &[&name, longer]);
    let rate = |row: &serde_json::Value| row["learning_rate"].as_f64().unwrap();
    assert!(
        rate(&plain) > 0.011 && (rate(&first_row("schedule")) - 0.005).abs() < 1e-9,
        "warm-up begins again"
    );

    let name = trained("data");
    let (src, tgt): (Vec<String>, Vec<String>) = common::pairs("train").into_iter().rev().skip(4).unzip();
    let before = (place.read("train.en"), place.read("train.kn"));
    place.write_lines("train.en", &src);
    place.write_lines("train.kn", &tgt);
    let message = failure(&mut place.train(&[&name, longer]), 78);
    assert_has(&message, &["text of data.train", "--reset data"]);
    reset(&place, "data", &[&name, longer]);
    assert_eq!(first_row("data")["epoch"], 0);
    place.train(&[&name, "train.max_steps=17"]).assert().success();
    place.write("train.en", &before.0);
    place.write("train.kn", &before.1);

    let name = trained("best");
    reset(&place, "best,schedule", &[&name, longer]);
    let validated: Vec<u64> = state("best", 16)["validations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["step"].as_u64().unwrap())
        .collect();
    assert_eq!(validated, [12, 16], "made anew where the run stands");

    let refuse = |parts: &str, sets: &[&str], code| failure(place.train(sets).args(["--reset", parts]), code);
    assert_has(&refuse("data", &["run.name=new"], 2), &["no checkpoint to go on from"]);
    assert_has(&refuse("weights", &[&name], 2), &["optimizer, schedule, data, best"]);
    assert_has(&refuse("optimizer", &[&name, "model.d_model=32"], 78), &["model.d_model: saved 16, now 32"]);
}
