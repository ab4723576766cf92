//! What a checkpoint says beside its model.

use crate::seeds::{sound, state};
use burn::tensor::Device;
use model::weights::{Array, Arrays, from_safetensors};
use std::path::Path;
use train::checkpoint;
use train::disk::SystemDisk;
use train::model_dir::WEIGHTS;

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
