//! Sizes whose products leave 31 or 63 bits, or any memory: a clear error before anything is allocated.

use crate::harness::{alone, peak_of};
use crate::seeds::{gru, sound};
use burn::tensor::Device;
use serde_json::{Value, json};
use std::path::Path;
use train::config::{ConfigError, parse};
use train::files::Files;
use train::model_dir::{self, CONFIG};

fn told(text: &str) -> String {
    match parse(text, "c.toml", &[]) {
        Ok(_) => String::new(),
        Err(ConfigError::Faults { faults, .. }) => faults
            .iter()
            .map(|fault| format!("{}; {}", fault.message, fault.help))
            .collect::<Vec<_>>()
            .join("\n"),
        Err(other) => other.to_string(),
    }
}

#[test]
fn of_an_experiment() {
    let _alone = alone();
    for (text, said) in [
        ("[model]\nd_model = 1000000000", "model.d_model: must be between 1 and 65536, got 1000000000"),
        ("[model]\nn_encoder_layers = 1000000", "model.n_encoder_layers: must be between 1 and 256"),
        ("[model]\nd_model = 65536", "a matrix of 65536 × 65536 has more than 2147483647 numbers"),
        (
            "[model]\nkind = \"gru\"\nd_model = 30000",
            "a matrix of 30000 × 90000 has more than 2147483647 numbers",
        ),
        ("[model]\nd_model = 4096\n[tokenizer]\nvocab_size = 1048576", "a matrix of 1048576 × 4096"),
        ("[model]\nd_model = 32768\nn_encoder_layers = 64", "the weights need "),
        ("[model]\nd_model = 9223372036854775807", "d_model"),
        ("[train]\nbatch_tokens = 1000000000", "train.batch_tokens: the logits of one pass need 14902 GiB"),
        ("[train]\nbatch_tokens = 9223372036854775807", "the logits of one pass need more than 64 EiB"),
        (
            "[train]\nbatch_tokens = 640000\nmicro_batch_tokens = 600000",
            "train.micro_batch_tokens: the logits of one pass need 9 GiB: 600000 tokens × 4000 entries; \
             set micro_batch_tokens to 536870 or less",
        ),
        ("[train]\nbatch_tokens = 9000000\nmicro_batch_tokens = 4096", ""),
        (
            "[model]\nkind = 'gru'\nd_model = 30000",
            "a matrix of 30000 × 90000 has more than 2147483647 numbers",
        ),
        ("[model]\nkind = 'gru'\nd_model = 65536", "a matrix of 65536 × 65536"),
        ("[model]\nd_model = 2147483647\nn_heads = 3", "model.d_model: must be between 1 and 65536"),
        ("[model]\nkind = 'gru'\nd_model = 65538", "model.d_model: must be between 1 and 65536, got 65538"),
        (
            "[model]\nkind = 'gru'\nn_decoder_layers = 257",
            "model.n_decoder_layers: must be between 1 and 256",
        ),
        ("[model]\nkind = 'gru'\nd_model = 16384\nn_decoder_layers = 64", "the weights need "),
        (
            "[model]\nkind = 'gru'\nd_model = 4096\n[tokenizer]\nvocab_size = 1048576",
            "a matrix of 1048576 × 4096",
        ),
        (
            "[model]\nkind = 'gru'\n[train]\nbatch_tokens = 1000000000",
            "train.batch_tokens: the logits of one pass need 14902 GiB",
        ),
        ("[model]\nkind = 'gru'\nd_ff = 9223372036854775807\nn_heads = 9223372036854775807", ""),
    ] {
        let text =
            format!("[data]\ntrain = {{ src = 'a', tgt = 'b' }}\ndev = {{ src = 'c', tgt = 'd' }}\n{text}\n");
        let (bytes, told) = peak_of(|| told(&text));
        assert!(told.contains(said) && told.is_empty() == said.is_empty(), "{text}: {told}");
        assert!(bytes < 64 << 20, "{bytes}");
    }
}

/// Each value in the place of another in `config.json` is refused with these words.
fn refused(files: &Files, changes: &[(&str, &str, Value, &str)]) {
    let config: Value = serde_json::from_slice(&files[CONFIG]).unwrap();
    let _alone = alone();
    for (part, key, value, said) in changes {
        let mut changed = config.clone();
        let place = if part.is_empty() { &mut changed } else { &mut changed[*part] };
        place[*key] = value.clone();
        let mut files = files.clone();
        files.insert(CONFIG.to_owned(), changed.to_string().into_bytes());
        let load =
            || model_dir::from_files(&mut files, Path::new("m"), &Device::flex()).unwrap_err().to_string();
        let (bytes, told) = peak_of(load);
        assert!(told.contains(said), "{part}.{key} = {value}: {told}");
        assert!(bytes < 64 << 20, "{part}.{key} = {value}: {bytes}");
    }
}

#[test]
fn of_a_model_directory() {
    let changes = [
        ("model", "d_model", json!(1_000_000_000), "d_model: must be between"),
        ("model", "d_model", json!(65_536), "d_model: a matrix of 65536 × 65536"),
        (
            "model",
            "d_model",
            json!(16_384),
            "tensor 'decoder.layers.0.cross_attention.key.bias' has shape [4]",
        ),
        ("model", "d_ff", json!(65_536), "has shape [6], the model's configuration asks for [65536]"),
        ("model", "n_encoder_layers", json!(1_000_000), "n_encoder_layers: must be between"),
        ("model", "n_encoder_layers", json!(256), "has no tensor 'encoder.layers.1"),
        ("model", "d_ff", json!(u64::MAX), "d_ff: must be between"),
        ("model", "d_ff", json!(-1), "config.json is damaged"),
        ("model", "d_ff", json!(1e308), "config.json is damaged"),
        ("", "vocab_size", json!(u64::MAX), "a matrix of 18446744073709551615 × 4 has more than"),
        ("", "vocab_size", json!(1 << 28), "says vocab_size = 268435456"),
        ("ids", "pad", json!(u32::MAX), "ids: the tokenizer has SpecialIds { pad: 0"),
        ("ids", "eos", json!(1), "ids: the tokenizer has"),
        ("ids", "unk", json!(1), "unknown field `unk`"),
        ("search", "beam_size", json!(1_000_000), "beam_size: must be between"),
        (
            "model",
            "kind",
            json!("gru"),
            "'decoder.layers.0.cross_attention.key.bias' that the model does not have",
        ),
        ("model", "kind", json!("lstm"), "unknown variant `lstm`"),
    ];
    refused(&sound(), &changes);
}

#[test]
fn of_the_directory_of_a_recurrent_model() {
    let changes = [
        (
            "model",
            "kind",
            json!("transformer"),
            "tensor 'decoder.attention.key' that the model does not have",
        ),
        ("model", "d_model", json!(30_000), "d_model: a matrix of 30000 × 90000"),
        ("model", "d_model", json!(65_536), "d_model: a matrix of 65536 × 65536"),
        ("model", "d_model", json!(16_384), "has shape ["),
        ("model", "d_model", json!(5), "d_model: must be even"),
        ("model", "d_model", json!(u64::MAX), "d_model: must be between"),
        ("model", "n_encoder_layers", json!(256), "has no tensor 'encoder."),
        ("model", "n_decoder_layers", json!(u64::MAX), "n_decoder_layers: must be between"),
        ("model", "tie_embeddings", json!("none"), "has no tensor '"),
        ("", "vocab_size", json!(u64::MAX), "a matrix of 18446744073709551615 × 4 has more than"),
        ("", "vocab_size", json!(1 << 28), "says vocab_size = 268435456"),
    ];
    refused(&gru(), &changes);
}
