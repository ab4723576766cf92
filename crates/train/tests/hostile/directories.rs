//! Model directories and the state of a checkpoint.

use crate::harness::{Memory, Outcome, rounds, survive};
use crate::parts::{CUT, files};
use burn::tensor::Device;
use data::{Cursor, Tokenizer, TokenizerConfig};
use model::weights::{Array, Arrays, from_safetensors, to_arrays};
use model::{Model, ModelConfig};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use train::checkpoint::{self, State};
use train::config::Experiment;
use train::disk::SystemDisk;
use train::files::{Files, MANIFEST, read_dir, write_dir};
use train::guard::Guard;
use train::model_dir::{self, CONFIG, DirConfig, TOKENIZER, WEIGHTS};

/// A small model directory.
pub(crate) fn sound() -> Files {
    let config = TokenizerConfig { vocab_size: 265, min_char_count: 1 };
    let tokenizer = Tokenizer::train(["ba ba na", "ಕ ba ಕ"].into_iter(), &config).unwrap();
    let shape = ModelConfig {
        d_model: 4,
        d_ff: 6,
        n_heads: 2,
        n_encoder_layers: 1,
        n_decoder_layers: 1,
        ..Default::default()
    };
    let experiment = Experiment { model: shape, tokenizer: config, ..Experiment::default() };
    let (ids, device) = (model_dir::special_ids(&tokenizer), Device::flex());
    let model = Model::new(&experiment.model, tokenizer.vocab_size(), ids, 1, &device);
    let config = DirConfig::new(&experiment, &tokenizer);
    model_dir::to_files(&config, &tokenizer, &to_arrays(&model), "a card")
}

/// `config.json`, `tokenizer.json` and `model.safetensors`, past the manifest.
fn model(bytes: &[u8]) -> Outcome {
    let [config, tokenizer, weights] = files(bytes);
    let mut files: Files = [(CONFIG, config), (TOKENIZER, tokenizer), (WEIGHTS, weights)]
        .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
        .into();
    let read = model_dir::from_files(&mut files, Path::new("model"), &Device::flex());
    read.map(drop).map_err(|fault| fault.to_string())
}

#[test]
fn parts() {
    let sound = sound();
    let seed = [&sound[CONFIG][..], CUT, &sound[TOKENIZER], CUT, &sound[WEIGHTS]].concat();
    survive("model directory", &[seed], rounds(4000, 50_000), Memory::USUAL, model);
}

#[test]
fn configs() {
    fn config(bytes: &[u8]) -> Outcome {
        let mut files = SOUND.clone();
        files.insert(CONFIG.to_owned(), bytes.to_vec());
        let read = model_dir::from_files(&mut files, Path::new("model"), &Device::flex());
        read.map(drop).map_err(|fault| fault.to_string())
    }
    static SOUND: std::sync::LazyLock<Files> = std::sync::LazyLock::new(sound);
    survive("config.json", &[SOUND[CONFIG].clone()], rounds(10_000, 100_000), Memory::USUAL, config);
}

/// In memory where the system has a place for that: a checkpoint is synced.
fn place() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// A manifest beside the files that it should name.
fn manifest(bytes: &[u8]) -> Outcome {
    let place = place();
    fs::write(place.path().join("a.txt"), "text").unwrap();
    fs::write(place.path().join("b"), "").unwrap();
    fs::write(place.path().join(MANIFEST), bytes).unwrap();
    let files = read_dir(&SystemDisk, place.path()).map_err(|fault| fault.to_string())?;
    assert!(files.keys().all(|name| ["a.txt", "b", MANIFEST].contains(&name.as_str())), "{files:?}");
    Ok(())
}

#[test]
fn manifests() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("dir");
    write_dir(
        &SystemDisk,
        &dir,
        &[("a.txt", "text"), ("b", "")].map(|(n, t)| (n.to_owned(), t.as_bytes().to_vec())).into(),
    )
    .unwrap();
    let seed = fs::read(dir.join(MANIFEST)).unwrap();
    survive("manifest.json", &[seed], rounds(10_000, 100_000), Memory::USUAL, manifest);
}

/// `state.json` of a checkpoint, under a manifest that agrees with it.
fn state(bytes: &[u8]) -> Outcome {
    let place = place();
    let dir = place.path().join("step-7");
    write_dir(&SystemDisk, &dir, &[("state.json".to_owned(), bytes.to_vec())].into()).unwrap();
    checkpoint::load_state(&SystemDisk, &dir).map(drop).map_err(|fault| fault.to_string())
}

fn state_of_a_run() -> State {
    State {
        step: 7,
        cursor: Cursor { epoch: 1, batch: 2 },
        tgt_tokens: 345,
        elapsed_secs: 1.5,
        validations: Vec::new(),
        missed_updates: 0,
        guard: Guard::default(),
        experiment: Experiment::default(),
        data_hashes: [("train".to_owned(), "0123abcd".to_owned())].into(),
    }
}

#[test]
fn states() {
    let seed = serde_json::to_vec_pretty(&state_of_a_run()).unwrap();
    survive("state.json", &[seed], rounds(10_000, 100_000), Memory::USUAL, state);
}

#[test]
fn moments_and_averages_of_another_model_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let weights = from_safetensors(&sound()[WEIGHTS], Path::new("m")).unwrap();
    let flat = |array: &Array| Array { shape: vec![array.values.len()], values: array.values.clone() };
    let both =
        |(name, array): (&String, &Array)| ["first", "second"].map(|m| (format!("{m}.{name}"), flat(array)));
    let moments: Arrays = weights.iter().flat_map(both).collect();
    let load = |moments: &Arrays, ema: &Arrays| {
        checkpoint::save(&SystemDisk, place.path(), &state_of_a_run(), sound(), moments, Some(ema)).unwrap();
        checkpoint::load(&SystemDisk, &checkpoint::path(place.path(), 7), &Device::flex())
    };
    assert_eq!(load(&moments, &weights).unwrap().moments, moments);
    let other = Array { shape: vec![5], values: vec![0.0; 5] };
    for name in ["first.encoder.norm.beta", "second.nothing", "first", ""] {
        let mut moments = moments.clone();
        moments.insert(name.to_owned(), other.clone());
        let told = load(&moments, &weights).unwrap_err().to_string();
        assert!(told.contains("optimizer.safetensors is damaged") && told.contains(name), "{name}: {told}");
    }
    for name in ["encoder.norm.beta", "nothing"] {
        let mut ema = weights.clone();
        ema.insert(name.to_owned(), other.clone());
        let told = load(&moments, &ema).unwrap_err().to_string();
        assert!(told.contains("ema.safetensors") && told.contains(name), "{name}: {told}");
    }
}
