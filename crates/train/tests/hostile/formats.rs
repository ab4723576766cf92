//! Formats that run code or unpack when they are read: not opened, with advice; and no parser of them is a dependency.

use burn::tensor::Device;
use std::fs;
use train::TrainError;
use train::model_dir;

const NAMES: [&str; 18] = [
    "model.pt",
    "model.pth",
    "pytorch_model.bin",
    "model.PKL",
    "model.pickle",
    "model.ckpt",
    "model.npz",
    "model.npy",
    "model.keras",
    "model.h5",
    "model.hdf5",
    "model.nemo",
    "model.tar",
    "model.tar.gz",
    "model.zip",
    "model.onnx",
    "saved_model.pb",
    "model.gguf",
];

fn refusal(path: &std::path::Path) -> String {
    let fault = model_dir::load(path, &Device::flex()).unwrap_err();
    assert!(matches!(fault, TrainError::ForeignModel { .. }), "{fault:?}");
    assert_eq!(fault.exit_code(), 65);
    fault.to_string()
}

#[test]
fn none_is_opened() {
    let place = tempfile::tempdir().unwrap();
    for name in NAMES {
        let dir = place.path().join(name).with_extension("dir");
        fs::create_dir(&dir).unwrap();
        let file = dir.join(name);
        // A pickle that would call `os.system`.
        fs::write(&file, b"cos\nsystem\n(S'touch owned'\ntR.").unwrap();
        for path in [&file, &dir] {
            let told = refusal(path);
            assert!(told.contains(name) && told.contains("was not opened"), "{told}");
            assert!(told.contains("convert the weights to safetensors"), "{told}");
        }
        fs::write(dir.join("config.json"), "{}").unwrap();
        fs::write(dir.join("tokenizer.json"), "{}").unwrap();
        refusal(&dir);
        fs::remove_dir_all(&dir).unwrap();
    }
    let file = place.path().join("model.safetensors");
    fs::write(&file, "").unwrap();
    assert!(refusal(&file).contains("model.safetensors is a file, not a directory"));
}

#[test]
fn no_parser_of_them_is_a_dependency() {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let names: Vec<&str> =
        lock["package"].as_array().unwrap().iter().map(|package| package["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"safetensors") && names.len() > 300);
    // `zip` and `tar` are there: corpora come in archives. No model is read through them.
    for word in ["pickle", "hdf5", "npyz", "npy", "keras", "onnx", "tflite"] {
        let found: Vec<_> = names.iter().filter(|name| name.contains(word)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}
