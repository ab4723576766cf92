//! Sound files of each kind, small, from which mutants are made.

use super::parts::CUT;
use burn::tensor::Device;
use data::{Cursor, Tokenizer, TokenizerConfig};
use model::weights::to_arrays;
use model::{Model, ModelConfig, ModelKind, Tying};
use serde_json::json;
use std::fs;
use train::checkpoint::State;
use train::config::Experiment;
use train::disk::SystemDisk;
use train::files::{Files, MANIFEST, write_dir};
use train::guard::Guard;
use train::model_dir::{self, CONFIG, DirConfig, TOKENIZER, WEIGHTS};

/// A small model directory.
pub(crate) fn sound() -> Files {
    of(ModelKind::Transformer, Tying::ThreeWay)
}

/// A small model directory of a recurrent model.
pub(crate) fn gru() -> Files {
    of(ModelKind::Gru, Tying::ThreeWay)
}

/// A small model directory of a kind.
pub(crate) fn of(kind: ModelKind, tie_embeddings: Tying) -> Files {
    let config = TokenizerConfig { vocab_size: 265, min_char_count: 1 };
    let tokenizer = Tokenizer::train(["ba ba na", "ಕ ba ಕ"].into_iter(), &config).expect("such text");
    let shape = ModelConfig {
        kind,
        d_model: 4,
        d_ff: 6,
        n_heads: 2,
        n_encoder_layers: 1,
        n_decoder_layers: 1,
        tie_embeddings,
        ..Default::default()
    };
    let experiment = Experiment { model: shape, tokenizer: config, ..Experiment::default() };
    let (ids, device) = (model_dir::special_ids(&tokenizer), Device::flex());
    let model = Model::new(&experiment.model, tokenizer.vocab_size(), ids, 1, &device);
    let config = DirConfig::new(&experiment, &tokenizer);
    model_dir::to_files(&config, &tokenizer, &to_arrays(&model), "a card")
}

/// What a run knows after seven steps.
pub(crate) fn state() -> State {
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

/// The seeds of every target of `targets`, by its name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let configs = ["tiny", "small", "base", "bible", "gru"].map(|name| {
        let path = format!("{}/../../configs/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        fs::read(path).expect("a configuration that ships")
    });
    let sets = ["train.learning_rate=3e-4", "model={ d_model = 32 }", "data.train.src='x'", "run.name=a"];
    let dirs = [sound(), gru()];
    let model = |files: &Files| [&files[CONFIG][..], CUT, &files[TOKENIZER], CUT, &files[WEIGHTS]].concat();
    vec![
        ("experiment", configs.to_vec()),
        ("set", sets.map(|set| set.as_bytes().to_vec()).to_vec()),
        ("model", dirs.iter().map(model).collect()),
        ("config", dirs.iter().map(|files| files[CONFIG].clone()).collect()),
        ("manifest", vec![manifest()]),
        ("state", vec![serde_json::to_vec_pretty(&state()).expect("plain data")]),
        ("run", vec![run()]),
        (
            "split",
            vec![
                b"en,kn\nthe cat,\"\xE0\xB2\xAC, \"\"x\"\"\n\ny\"\na,b\r\nc d,\xE0\xB2\x95\n,\nit rains,12\n"
                    .to_vec(),
            ],
        ),
    ]
}

fn manifest() -> Vec<u8> {
    let place = tempfile::tempdir().expect("a temporary directory");
    let dir = place.path().join("dir");
    let files =
        [("a.txt", "text"), ("b", "")].map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    write_dir(&SystemDisk, &dir, &files.into()).expect("room");
    fs::read(dir.join(MANIFEST)).expect("what was written")
}

/// The files of a run that came to its end.
fn run() -> Vec<u8> {
    let config = "[run]\nname = \"r\"\nseed = 1\n[data]\nsrc_lang = \"en\"\ntgt_lang = \"kn\"\n[train]\nmax_steps = 40\n\
                  [validate]\nmetric = \"chrf++\"\n[backend]\nkind = \"cpu\"\nprecision = \"f32\"\n";
    let facts = json!({
        "version": "0.1.0", "threads": 2, "started_unix_secs": 1_772_236_800, "git": "0123456789abcdef",
        "machine": "x86_64 on linux", "data_blake3": {"train": "ab12"}, "held_out_lines": {"dev": 7},
        "cleaning": {"read": 9, "kept": 8, "copies": 3, "dropped": {"too_long": {"count": 1, "first_line": 9}}},
    });
    let train = |step: u64, loss: f64| {
        json!({"kind": "train", "step": step, "epoch": 1, "elapsed_secs": step, "loss_nats_per_token": loss,
            "nll_nats_per_token": loss, "learning_rate": 0.001, "gradient_norm": 0.5, "tgt_tokens_per_sec": 900})
    };
    let of_dev = |kind: &str, step: u64, score: f64| {
        json!({"kind": kind, "step": step, "loss_nats_per_token": 2.5, "loss_nats_per_char": 0.5, "bleu": score,
            "chrf": score, "chrf++": score})
    };
    let samples = |step: u64| {
        let sample = json!({"src": "I am <b>.", "ref": "ನಾನು ಇದ್ದೇನೆ.", "hyp": format!("ನಾನು {step}")});
        json!({"kind": "samples", "step": step, "samples": [sample]})
    };
    let none =
        json!({"kind": "train", "step": 21, "epoch": 1, "loss_nats_per_token": null, "nonfinite": true});
    let back =
        json!({"kind": "go_back", "from": 22, "step": 20, "reason": "the loss explodes", "fallback": 1});
    let end = json!({"kind": "end", "step": 40, "state": "finished", "reason": "train.max_steps = 40"});
    let older = include_str!("../../src/report/older.jsonl").lines().filter(|row| row.contains("\"test\""));
    let rows = [train(1, 8.5), train(20, 4.5), of_dev("validate", 20, 31.5), samples(20), none, back]
        .into_iter()
        .chain([train(40, 3.5), of_dev("validate", 40, 42.25), samples(40), of_dev("average", 40, 43.0), end])
        .map(|row| row.to_string())
        .chain(older.map(str::to_owned));
    let rows: String = rows.map(|row| row + "\n").collect();
    [config.as_bytes(), CUT, facts.to_string().as_bytes(), CUT, rows.as_bytes()].concat()
}
