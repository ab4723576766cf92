//! A run from beginning to end, begun again, and begun twice at once.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{MAX_STEPS, N_HELD_OUT, N_TRAIN, Place, Running, assert_has, failure, stderr_of, stdout};
use std::fs;

#[test]
fn a_run_shows_scores_and_translations_and_leaves_everything_in_its_directory() {
    let place = Place::new();
    let output = place.train(&[]).output().unwrap();
    let (shown, told) = (String::from_utf8(output.stdout.clone()).unwrap(), stderr_of(&output));
    assert!(output.status.success(), "{told}");
    assert_has(&shown, &["test (8 lines)\nBLEU ", "\nchrF2 ", "\nchrF2++ ", "\nTER ", "|version:anuvada-"]);
    for label in ["source     ", "reference  ", "model      "] {
        assert_eq!(shown.matches(label).count(), N_HELD_OUT, "{shown}");
    }
    assert_has(&shown, &["train translate --model"]);
    assert_has(
        &told,
        &[
            "train: 24 pairs",
            "kept 24 of 24 pairs",
            "step 1  loss",
            "step 12  dev loss",
            "train.max_steps = 12",
        ],
    );

    let files = place.run_files("run");
    for name in [
        "config.toml",
        "run.json",
        "metrics.jsonl",
        "checkpoints/step-12/state.json",
        "checkpoints/step-12/optimizer.safetensors",
    ] {
        assert!(files.contains_key(name), "{name}: {:?}", files.keys());
    }
    for name in ["README.md", "config.json", "model.safetensors", "tokenizer.json", "manifest.json"] {
        assert!(files.contains_key(&format!("best/{name}")), "{name}");
    }
    assert!(!files.keys().any(|name| name.contains(".new") || name.contains(".old")), "{:?}", files.keys());
    let card = place.read_text("runs/run/best/README.md");
    assert_has(
        &card,
        &["language: [en, kn]", &format!("{N_TRAIN} sentence pairs"), "BLEU ", "- test: BLAKE3"],
    );

    let rows = place.read_text("runs/run/metrics.jsonl");
    let rows: Vec<serde_json::Value> = rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let count = |kind: &str| rows.iter().filter(|row| row["kind"] == kind).count();
    assert_eq!((count("train"), count("validate"), count("test")), (12, 3, 1));
    assert_eq!((count("samples"), count("end")), (3, 1));
    assert_eq!(rows.len(), 20, "a row of another kind");
    // Training, validation, samples, the end.
    let at_the_end = rows.iter().filter(|row| row["step"] == MAX_STEPS && row["kind"] != "test").count();
    assert_eq!(at_the_end, 4);
    let run: serde_json::Value = serde_json::from_str(&place.read_text("runs/run/run.json")).unwrap();
    assert_eq!(run["data_blake3"].as_object().unwrap().len(), 3);
}

#[test]
fn the_epoch_of_a_row_is_that_of_its_batch() {
    let place = Place::new();
    place.train(&["train.max_epochs=2", "train.max_steps=0"]).assert().success();
    let rows = place.training_rows("run");
    let epochs: Vec<u64> = rows.iter().map(|row| row["epoch"].as_u64().unwrap()).collect();
    assert_eq!(epochs.iter().filter(|&&epoch| epoch == 0).count(), epochs.len() / 2, "{epochs:?}");
    assert!(epochs.is_sorted() && epochs.last() == Some(&1), "{epochs:?}");
}

#[test]
fn the_subcommand_may_be_left_out() {
    let place = Place::new();
    place.train(&["run.name=bare"]).assert().success();
    place.command(&["train", "--config", "config.toml", "--set", "run.name=named"]).assert().success();
    let weights = |run: &str| place.read(&format!("runs/{run}/best/model.safetensors"));
    assert_eq!(weights("bare"), weights("named"));
    assert_eq!(place.training_rows("bare"), place.training_rows("named"));
}

#[test]
fn the_resolved_configuration_repeats_the_run() {
    let place = Place::new();
    place.train(&["train.learning_rate=0.01"]).assert().success();
    fs::copy(place.path("runs/run/config.toml"), place.path("again.toml")).unwrap();
    place.command(&["--config", "again.toml", "--set", "run.name=again"]).assert().success();
    let weights = |run: &str| place.read(&format!("runs/{run}/best/model.safetensors"));
    assert_eq!(weights("run"), weights("again"));
}

#[test]
fn a_finished_run_is_not_trained_again_and_says_so() {
    let place = Place::trained();
    let before = place.run_files("run");
    let output = place.train(&[]).output().unwrap();
    assert!(output.status.success());
    assert_has(
        &stderr_of(&output),
        &[
            "resuming after step 12",
            "nothing left to train: the run ended after step 12 (train.max_steps = 12)",
        ],
    );
    assert_has(&String::from_utf8_lossy(&output.stdout), &["test (8 lines)", "train translate --model"]);
    assert_eq!(place.run_files("run"), before);
}

#[test]
fn fresh_starts_over() {
    let place = Place::trained();
    let before = place.read("runs/run/best/model.safetensors");
    let output = place.train(&["run.seed=2"]).arg("--fresh").output().unwrap();
    assert!(output.status.success(), "{}", stderr_of(&output));
    assert_has(&stderr_of(&output), &["step 1  loss"]);
    assert_ne!(place.read("runs/run/best/model.safetensors"), before);
    assert_eq!(place.training_rows("run").len(), 12);
    place.train(&[]).arg("--fresh").assert().success();
    assert_eq!(place.read("runs/run/best/model.safetensors"), before);
}

#[test]
fn a_fresh_start_that_cannot_begin_deletes_nothing() {
    let place = Place::trained();
    let before = place.run_files("run");
    failure(place.train(&["tokenizer.vocab_size=9000"]).arg("--fresh"), 65);
    assert_eq!(place.run_files("run"), before);
}

#[test]
fn a_second_process_in_one_run_directory_is_refused() {
    let place = Place::new();
    let mut first = Running::start(&place, &["train.max_steps=1000000"]);
    first.wait_for(|| place.path("runs/run/metrics.jsonl").exists());
    let message = failure(&mut place.train(&[]), 74);
    assert_has(&message, &["runs/run is in use", &format!("process {}", first.id()), "run.name"]);
    failure(place.train(&[]).arg("--fresh"), 74);
}

#[test]
fn a_reader_that_leaves_early_costs_nothing() {
    let place = Place::new();
    let mut run = Running::start(&place, &[]);
    run.close_stdout();
    assert!(run.wait().success());
    assert_has(&place.read_text("runs/run/best/README.md"), &["\ntest\n"]);
    let rows = place.read_text("runs/run/metrics.jsonl");
    assert_has(&rows, &["\"kind\":\"test\""]);
}

#[test]
fn nothing_but_scores_reaches_standard_output() {
    let place = Place::trained();
    let json = stdout(&mut place.command(&["evaluate", "--config", "config.toml", "--json"]));
    let _: serde_json::Value = serde_json::from_str(&json).unwrap();
}
