//! A run is not gone on with as another one: what differs is named with the saved and the new value, and nothing changes.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, assert_has, failure};
use serde_json::{Value, json};

const CHECKPOINTS: [&str; 2] = ["runs/run/checkpoints/step-11", "runs/run/checkpoints/step-12"];

type ChangeText = fn(&str) -> String;
/// The new contents of a file, or nothing to take it out.
type ChangeFile = fn(Value) -> Option<Value>;

/// A key whose change makes another run, its saved and its new value.
const KEYS: [(&str, &str, &str); 15] = [
    ("tokenizer.vocab_size", "320", "321"),
    ("tokenizer.min_char_count", "2", "1"),
    ("model.kind", "\"transformer\"", "\"gru\""),
    ("model.d_model", "16", "32"),
    ("model.d_ff", "32", "64"),
    ("model.n_encoder_layers", "1", "2"),
    ("model.n_decoder_layers", "1", "2"),
    ("model.n_heads", "2", "4"),
    ("model.dropout", "0.1", "0.2"),
    ("run.seed", "1", "2"),
    ("train.batch_tokens", "96", "128"),
    ("train.label_smoothing", "0.1", "0.2"),
    ("data.normalize.digits", "\"ascii\"", "\"keep\""),
    ("data.clean.max_chars", "1000", "999"),
    ("data.tgt_lang", "\"kn\"", "\"hi\""),
];

#[test]
fn a_changed_key_is_named_with_both_values() {
    let place = Place::trained();
    let before = place.run_files("run");
    for (key, saved, now) in KEYS {
        let mut sets = vec![format!("{key}={now}")];
        if key == "data.tgt_lang" {
            sets.push("data.clean.target_script=any".into());
        }
        let message = failure(&mut place.train(&sets.iter().map(String::as_str).collect::<Vec<_>>()), 78);
        assert_has(&message, &[CHECKPOINTS[1], &format!("{key}: saved {saved}, now {now}"), "--fresh"]);
        assert_eq!(place.run_files("run"), before, "{key}");
    }
}

#[test]
fn changed_text_is_named_with_both_hashes() {
    let place = Place::trained();
    let before = place.run_files("run");
    let whole = |side: &str| place.read_text(&format!("train.{side}"));
    let texts = ["en", "kn"].map(whole);
    let changes: [(&str, ChangeText); 3] = [
        ("a word", |text| text.replacen("the cat", "one cat", 1)),
        ("fewer lines", |text| text.lines().take(20).map(|line| line.to_owned() + "\n").collect()),
        ("another order", |text| text.lines().rev().map(|line| line.to_owned() + "\n").collect()),
    ];
    for (what, change) in changes {
        for (side, text) in ["en", "kn"].iter().zip(&texts) {
            place.write(&format!("train.{side}"), change(text).as_bytes());
        }
        let message = failure(&mut place.train(&["tokenizer.vocab_size=320"]), 78);
        assert_has(&message, &["text of data.train (BLAKE3): saved ", ", now "]);
        assert_eq!(place.run_files("run"), before, "{what}");
    }
    for (side, text) in ["en", "kn"].iter().zip(&texts) {
        place.write(&format!("train.{side}"), text.as_bytes());
    }
    let dev = place.read_text("dev.kn");
    place.write("dev.kn", dev.replacen('.', "!", 1).as_bytes());
    assert_has(&failure(&mut place.train(&[]), 78), &["text of data.dev (BLAKE3): saved ", ", now "]);
}

/// Changes a file of a checkpoint, or takes it out, and lets the manifest say so.
fn edit(place: &Place, checkpoint: &str, file: &str, change: impl Fn(Value) -> Option<Value>) {
    let (path, manifest) = (format!("{checkpoint}/{file}"), format!("{checkpoint}/manifest.json"));
    let mut listed: Value = serde_json::from_str(&place.read_text(&manifest)).unwrap();
    let is_json = std::path::Path::new(file).extension().is_some_and(|extension| extension == "json");
    let value = if is_json { serde_json::from_str(&place.read_text(&path)).unwrap() } else { Value::Null };
    if let Some(value) = change(value) {
        let bytes = value.to_string().into_bytes();
        place.write(&path, &bytes);
        listed["files"][file] = json!({"bytes": bytes.len(), "blake3": blake3::hash(&bytes).to_string()});
    } else {
        std::fs::remove_file(place.path(&path)).unwrap();
        listed["files"].as_object_mut().unwrap().remove(file);
    }
    place.write(&manifest, listed.to_string().as_bytes());
}

/// All checkpoints are changed, so that there is no older one to go on from.
#[test]
fn a_checkpoint_of_another_version_or_without_a_part_is_refused_by_name() {
    let cases: [(&str, ChangeFile, &str); 4] = [
        (
            "config.json",
            |mut config| {
                config["format"] = json!(99);
                Some(config)
            },
            "format 99 is not 1, the one this program reads",
        ),
        ("optimizer.safetensors", |_| None, "has no optimizer.safetensors"),
        ("tokenizer.json", |_| None, "has no tokenizer.json"),
        (
            "state.json",
            |mut state| {
                state["from_the_future"] = json!(1);
                Some(state)
            },
            "from_the_future",
        ),
    ];
    for (file, change, says) in cases {
        let place = Place::trained();
        for checkpoint in CHECKPOINTS.into_iter().chain(["runs/run/checkpoints/step-1"]) {
            edit(&place, checkpoint, file, change);
        }
        let before = place.run_files("run");
        let message = failure(&mut place.train(&[]), 65);
        assert_has(&message, &[CHECKPOINTS[0], CHECKPOINTS[1], says, "--fresh"]);
        assert_eq!(place.run_files("run"), before, "{file}");
    }
}

/// What may change without another run: the rest of the training.
#[test]
fn what_may_change_goes_on() {
    let place = Place::trained();
    let sets = [
        "train.max_steps=14",
        "train.learning_rate=0.01",
        "train.log_every=2",
        "train.keep_checkpoints=1",
        "validate.every=5",
    ];
    place.train(&sets).assert().success();
    assert!(place.path("runs/run/checkpoints/step-14").exists());
}
