//! Damaged checkpoints and model directories: named, and never half used.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, assert_has, failure, stderr_of};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::fs;

/// What may happen to a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Flipped,
    Short,
    Gone,
}

fn damage(place: &Place, name: &str, how: Damage) {
    let mut bytes = place.read(name);
    match how {
        Damage::Flipped => {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        Damage::Short => bytes.truncate(bytes.len() / 2),
        Damage::Gone => return fs::remove_file(place.path(name)).unwrap(),
    }
    place.write(name, &bytes);
}

fn words(file: &str, how: Damage) -> String {
    match how {
        Damage::Flipped => format!("{file} is damaged: its BLAKE3 hash is not that of manifest.json"),
        Damage::Short => format!("{file} is damaged: it has "),
        Damage::Gone => {
            let (dir, name) = file.rsplit_once('/').unwrap();
            format!("{dir} has no {name}; ")
        }
    }
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_is_used() {
    let cases = [
        ("model.safetensors", Damage::Flipped),
        ("optimizer.safetensors", Damage::Short),
        ("state.json", Damage::Gone),
        ("tokenizer.json", Damage::Flipped),
        ("manifest.json", Damage::Gone),
    ];
    let place = Place::trained();
    let whole = place.run_files("run");
    for (file, how) in cases {
        damage(&place, &format!("runs/run/checkpoints/step-12/{file}"), how);
        let output = place.train(&[]).output().unwrap();
        let told = stderr_of(&output);
        assert!(output.status.success(), "{told}");
        let named = words(&format!("runs/run/checkpoints/step-12/{file}"), how);
        assert_has(&told, &[&named, "looking for an older checkpoint", "resuming after step 11"]);
        let again = place.run_files("run");
        for (name, bytes) in whole.iter().filter(|(name, _)| name.ends_with(".safetensors")) {
            assert!(again[name] == *bytes, "{name} differs after {file} was {how:?}");
        }
    }
}

#[test]
fn a_manifest_that_is_cut_short_is_damage() {
    let place = Place::trained();
    damage(&place, "runs/run/checkpoints/step-12/manifest.json", Damage::Short);
    let told = stderr_of(&place.train(&[]).output().unwrap());
    assert_has(&told, &["step-12/manifest.json is damaged: ", "resuming after step 11"]);
}

#[test]
fn a_run_without_a_whole_checkpoint_ends() {
    let place = Place::trained();
    damage(&place, "runs/run/checkpoints/step-12/model.safetensors", Damage::Flipped);
    damage(&place, "runs/run/checkpoints/step-11/state.json", Damage::Short);
    damage(&place, "runs/run/checkpoints/step-1/manifest.json", Damage::Gone);
    let before = place.run_files("run");
    let message = failure(&mut place.train(&[]), 65);
    assert_has(
        &message,
        &["step-12/model.safetensors", "step-11/state.json", "no checkpoint of this run is whole", "--fresh"],
    );
    assert_eq!(place.run_files("run"), before);
    place.train(&[]).arg("--fresh").assert().success();
}

#[test]
fn a_damaged_checkpoint_that_is_kept_does_not_stop_the_run() {
    let place = Place::new();
    let sets = ["train.checkpoint_every=3", "train.keep_checkpoints=9"];
    place.train(&[&sets[..], &["train.max_steps=6"]].concat()).assert().success();
    damage(&place, "runs/run/checkpoints/step-3/state.json", Damage::Short);
    place.train(&sets).assert().success();
    assert!(place.path("runs/run/checkpoints/step-12").exists());
}

#[test]
fn a_damaged_model_directory_is_refused_by_name() {
    let place = Place::trained();
    let best = place.run_files("run");
    let restore = || {
        for (name, bytes) in best.iter().filter(|(name, _)| name.starts_with("best/")) {
            place.write(&format!("runs/run/{name}"), bytes);
        }
    };
    for file in ["config.json", "model.safetensors", "tokenizer.json", "README.md"] {
        for how in [Damage::Flipped, Damage::Short, Damage::Gone] {
            damage(&place, &format!("runs/run/best/{file}"), how);
            let message = failure(&mut place.translate(&["hello"]), 65);
            assert_has(&message, &[&words(&format!("runs/run/best/{file}"), how)]);
            restore();
        }
    }
    damage(&place, "runs/run/best/manifest.json", Damage::Gone);
    let message = failure(&mut place.translate(&["hello"]), 65);
    assert_has(&message, &["runs/run/best has no manifest.json; is it a model directory, such as"]);
    let message = failure(&mut place.command(&["translate", "--model", "nowhere", "hello"]), 65);
    assert_has(&message, &["nowhere has no manifest.json"]);
}

/// Writes a model directory's file and a manifest that agrees with it.
fn replace(place: &Place, file: &str, bytes: &[u8]) {
    place.write(&format!("runs/run/best/{file}"), bytes);
    let manifest = "runs/run/best/manifest.json";
    let mut json: serde_json::Value = serde_json::from_str(&place.read_text(manifest)).unwrap();
    json["files"][file] =
        serde_json::json!({"bytes": bytes.len(), "blake3": blake3::hash(bytes).to_hex().to_string()});
    place.write(manifest, json.to_string().as_bytes());
}

#[test]
fn parts_that_do_not_fit_each_other_are_refused() {
    let place = Place::trained();
    place.train(&["run.name=other", "tokenizer.vocab_size=330"]).assert().success();
    let before = (place.read("runs/run/best/tokenizer.json"), place.read("runs/run/best/model.safetensors"));

    replace(&place, "tokenizer.json", &place.read("runs/other/best/tokenizer.json"));
    let message = failure(&mut place.translate(&["hello"]), 65);
    assert_has(&message, &["best/tokenizer.json is damaged: 330 entries, config.json says vocab_size = 320"]);
    replace(&place, "tokenizer.json", &before.0);

    replace(&place, "model.safetensors", &place.read("runs/other/best/model.safetensors"));
    let message = failure(&mut place.translate(&["hello"]), 65);
    assert_has(&message, &["best/model.safetensors: tensor '", "has shape [330, 16]", "asks for [320, 16]"]);

    replace(&place, "model.safetensors", &with_all(&before.1, f32::NAN));
    let message = failure(&mut place.translate(&["hello"]), 65);
    assert_has(&message, &["best/model.safetensors is damaged: ", "not finite"]);
    replace(&place, "model.safetensors", &before.1);

    let config = place.read_text("runs/run/best/config.json");
    for (from, to, said) in [
        ("\"n_heads\": 2", "\"n_heads\": 3", "n_heads"),
        ("\"format\": 1", "\"format\": 2", "format 2 is not 1"),
        ("\"d_ff\": 32", "\"d_ff\": 64", "has shape"),
        ("\"n_decoder_layers\": 1", "\"n_decoder_layers\": 2", "has no tensor 'decoder.layers.1."),
        ("\"n_decoder_layers\": 1", "\"n_decoder_layers\": -1", "config.json is damaged"),
        ("\"src_lang\"", "\"language\"", "config.json is damaged: unknown field `language`"),
    ] {
        assert!(config.contains(from), "{from}");
        replace(&place, "config.json", config.replace(from, to).as_bytes());
        assert_has(&failure(&mut place.translate(&["hello"]), 65), &["runs/run/best", said]);
    }
    replace(&place, "config.json", config.as_bytes());
    place.translate(&["hello"]).assert().success();
}

/// A safetensors file with every number replaced.
fn with_all(bytes: &[u8], value: f32) -> Vec<u8> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let data: Vec<_> = file
        .iter()
        .map(|(name, view)| (name, view.shape().to_vec(), value.to_le_bytes().repeat(view.data().len() / 4)))
        .collect();
    let views = data
        .iter()
        .map(|(name, shape, data)| (*name, TensorView::new(Dtype::F32, shape.clone(), data).unwrap()));
    serialize(views, None).unwrap()
}
