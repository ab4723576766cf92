//! Training text that is prepared on disk trains as text in memory does.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, assert_has, failure, pairs, stderr_of, stdout};
use std::fs;
use std::path::PathBuf;

const ALWAYS: &str = "data.prepare=always";

fn told(place: &Place, sets: &[&str]) -> String {
    let output = place.train(sets).output().unwrap();
    assert!(output.status.success(), "{}", stderr_of(&output));
    stderr_of(&output)
}

/// The one prepared set that there is.
fn prepared(place: &Place) -> PathBuf {
    let sets: Vec<PathBuf> =
        fs::read_dir(place.path("runs/prepared")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(sets.len(), 1, "{sets:?}");
    sets[0].clone()
}

#[test]
fn both_ways_give_the_same_run() {
    let place = Place::new();
    told(&place, &["run.name=text", "data.prepare=never"]);
    let first = told(&place, &["run.name=shards", ALWAYS]);
    assert_has(&first, &["the training text is prepared in ", "/runs/prepared/", "train: 24 pairs"]);
    let files = |run: &str| {
        let mut files = place.run_files(run);
        files.retain(|name, _| name.ends_with(".safetensors") || name.ends_with("tokenizer.json"));
        files
    };
    assert!(files("text").len() > 5);
    assert!(files("text") == files("shards"), "weights, moments, vocabulary");
    assert_eq!(place.training_rows("text"), place.training_rows("shards"));
    let described = |run: &str| -> serde_json::Value {
        let mut run: serde_json::Value = serde_json::from_slice(&place.run_files(run)["run.json"]).unwrap();
        run["started_unix_secs"].take();
        run
    };
    assert_eq!(described("text"), described("shards"), "hashes of the text, what cleaning did");

    let second = told(&place, &["run.name=again"]);
    assert_has(&second, &["train: 24 examples, prepared in ", "/runs/prepared/"]);
    assert!(!second.contains("the training text is prepared"), "auto takes what there is: {second}");
    assert!(files("text") == files("again"));
    // A run that began with one way goes on with the other.
    told(&place, &["run.name=mixed", "data.prepare=never", "train.max_steps=5"]);
    told(&place, &["run.name=mixed", ALWAYS]);
    let whole = place.run_files("text").remove("checkpoints/step-12/model.safetensors");
    assert!(place.run_files("mixed").remove("checkpoints/step-12/model.safetensors") == whole);
}

#[test]
fn the_command_says_what_became_of_the_text() {
    let place = Place::new();
    let mut command =
        place.command(&["data", "prepare", "--config", "config.toml", "--set", "tokenizer.vocab_size=315"]);
    let said = stdout(&mut command);
    let set = prepared(&place);
    let set = set.strip_prefix(place.path("")).unwrap().display().to_string();
    assert_has(&said, &["kept 24 of 24 pairs", "24 examples, ", "of a vocabulary of 315", &set]);
    assert!(place.path(&format!("{set}/tokenizer.json")).exists());
    let told = told(&place, &["tokenizer.vocab_size=315"]);
    assert_has(&told, &["/runs/prepared/"]);
    let message = failure(&mut place.train(&["run.name=prepared"]), 78);
    assert_has(&message, &["'prepared' is where prepared text lies"]);
}

#[test]
fn changed_text_and_damage_are_noticed() {
    let place = Place::new();
    told(&place, &[ALWAYS]);
    let mut changed: Vec<String> = pairs("train").into_iter().map(|(src, _)| src).collect();
    changed[0] = "my old cat sleeps.".into();
    place.write_lines("train.en", &changed);
    let before = fs::read(prepared(&place).join("shards.json")).unwrap();
    let message = failure(&mut place.train(&[ALWAYS, "run.name=run"]), 78);
    assert_has(&message, &["text of data.train (BLAKE3): saved "]);
    failure(&mut place.train(&[ALWAYS, "run.name=run", "tokenizer.vocab_size=315"]), 78);
    assert!(fs::read(prepared(&place).join("shards.json")).unwrap() == before, "the set of the run stays");
    told(&place, &[ALWAYS, "run.name=changed"]);
    prepared(&place);

    let shard = prepared(&place).join("shard-00000.bin");
    let mut bytes = fs::read(&shard).unwrap();
    bytes.pop();
    fs::write(&shard, bytes).unwrap();
    let mended = told(&place, &[ALWAYS, "run.name=mended"]);
    assert_has(&mended, &["shard-00000.bin", "this is done now"]);
    assert_eq!(place.training_rows("changed"), place.training_rows("mended"));
}

#[test]
fn held_out_lines_are_refused_in_prepared_text() {
    let place = Place::new();
    told(&place, &[ALWAYS]);
    let first = &pairs("train")[0];
    place.write_lines("test.en", &[&first.0]);
    place.write_lines("test.kn", &[&first.1]);
    for run in ["run.name=old", "run.name=again"] {
        let message = failure(&mut place.train(&[ALWAYS, run]), 65);
        assert_has(
            &message,
            &["test: of its lines 1 have their source and 1 their target in the training data"],
        );
    }
    let message = failure(&mut place.train(&[ALWAYS, "run.name=new", "tokenizer.vocab_size=311"]), 65);
    assert_has(&message, &["test: of its lines 1"]);
    told(&place, &[ALWAYS, "run.name=allowed", "data.clean.allow_overlap=true"]);
}
