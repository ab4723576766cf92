//! What a checkpoint says beside its model, and a model that writes what it should not.

use crate::seeds::{of, sound, state};
use burn::tensor::Device;
use data::Tokenizer;
use model::weights::{Array, Arrays, from_safetensors, to_safetensors};
use model::{ModelKind, Precision, Tying};
use std::path::Path;
use train::checkpoint;
use train::disk::SystemDisk;
use train::model_dir::{self, TOKENIZER, WEIGHTS};
use train::translator::Translator;

#[test]
fn moments_and_averages_of_another_model_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let weights = from_safetensors(&sound()[WEIGHTS], Path::new("m")).unwrap();
    let flat = |array: &Array| Array { shape: vec![array.values.len()], values: array.values.clone() };
    let both =
        |(name, array): (&String, &Array)| ["first", "second"].map(|m| (format!("{m}.{name}"), flat(array)));
    let moments: Arrays = weights.iter().flat_map(both).collect();
    let load = |moments: &Arrays, ema: &Arrays| {
        checkpoint::save(&SystemDisk, place.path(), &state(), sound(), moments, Some(ema)).unwrap();
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

#[test]
fn a_model_that_writes_ends_of_lines_gives_one_line() {
    let mut files = of(ModelKind::Transformer, Tying::None);
    let tokenizer = Tokenizer::from_bytes(&files[TOKENIZER]).unwrap();
    let n = tokenizer.vocab_size();
    let end_of_line = (0..n).find(|&id| tokenizer.token(id as u32) == Some("<0x0A>")).unwrap();
    let mut weights = from_safetensors(&files[WEIGHTS], Path::new("m")).unwrap();
    let bias = weights.values_mut().find(|array| array.shape == [n]).unwrap();
    bias.values[end_of_line] = 1e6;
    files.insert(WEIGHTS.to_owned(), to_safetensors(&weights, [].into()));
    let dir = model_dir::from_files(&mut files, Path::new("m"), &Device::flex()).unwrap();
    let translated = Translator::new(dir, Precision::F32).translate(&["ba".to_owned()], 0);
    assert!(translated[0].len() > 1 && translated[0].chars().all(|c| c == ' '), "{translated:?}");
}
