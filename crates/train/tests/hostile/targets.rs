//! What mutation tests and fuzzing do with a stranger's bytes: all that the program would. An error is its message.

use super::parts::files;
use super::seeds::{gru, sound};
use burn::tensor::Device;
use data::{LanguagePair, ParallelFiles};
use model::Precision;
use page::attention::{AttentionPage, picture};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;
use train::attention::Recorder;
use train::checkpoint;
use train::commands::evaluate::Format;
use train::commands::runs::SortBy;
use train::commands::split::{self, Split};
use train::commands::{compare, report, runs};
use train::config::parse;
use train::disk::SystemDisk;
use train::files::{Files, MANIFEST, read_dir, write_dir};
use train::model_dir::{self, CONFIG, TOKENIZER, WEIGHTS};
use train::translator::Translator;

/// Accepted, or the message of a typed error.
pub(crate) type Outcome = Result<(), String>;

fn told<T, E: ToString>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|fault| fault.to_string())
}

/// In memory where the system has a place for that: much of what is written is synced.
fn place() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a temporary directory")
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("the temporary directory can be written");
}

/// Nothing in it moves a cursor.
fn assert_tame(text: &str) {
    let wild = text.chars().find(|c| !"\n\t".contains(*c) && page::is_unruly(*c));
    assert!(wild.is_none(), "{wild:?} in {text:?}");
}

/// A configuration, as `train::config::load` reads a file.
pub(crate) fn experiment(bytes: &[u8]) -> Outcome {
    if bytes.len() > 1 << 16 {
        return Err("too large".to_owned());
    }
    let text = told(std::str::from_utf8(bytes))?;
    let experiment = parse(text, "config.toml", &[]).map_err(|error| {
        assert!(!error.faults().is_empty());
        assert_tame(&error.to_string());
        assert_tame(&error.drawn(false));
        error.faults()[0].message.clone()
    })?;
    assert!(experiment.validate().is_empty());
    Ok(())
}

/// What is typed after `--set`.
pub(crate) fn set(bytes: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let complete = include_str!("../../../../configs/tiny.toml");
    told(parse(complete, "config.toml", &[text])).map(drop)
}

/// Reads a model, translates with it and draws what it looks at.
fn load(mut files: Files) -> Outcome {
    let mut dir = told(model_dir::from_files(&mut files, Path::new("model"), &Device::flex()))?;
    let search = &mut dir.config.search;
    // What is asked for is within limits that would take a while.
    search.beam_size = search.beam_size.min(3);
    search.max_length_ratio = search.max_length_ratio.min(1.0);
    search.max_length_extra = search.max_length_extra.min(5);
    let recorder = Recorder::new(&dir, Precision::F32);
    let best = Translator::new(dir, Precision::F32).translate_n_best(&["ba ಕ </s>\u{1b}".to_owned()], 0);
    let mut page = AttentionPage::new("model");
    assert!(best.iter().flatten().all(|one| !one.text.contains(['\n', '\r'])), "{best:?}");
    for (sentence, _) in best[0][0].parts.iter().filter_map(|part| recorder.sentence(part)) {
        page.add(&sentence);
        assert_tame(&picture(&sentence).replace('\r', ""));
    }
    // Weights are digits of base 64, among which these letters may stand, too.
    assert!(!page.finish().contains("=\"NaN"));
    Ok(())
}

/// `config.json`, `tokenizer.json` and `model.safetensors`, past the manifest.
pub(crate) fn model(bytes: &[u8]) -> Outcome {
    let [config, tokenizer, weights] = files(bytes);
    let parts = [(CONFIG, config), (TOKENIZER, tokenizer), (WEIGHTS, weights)];
    load(parts.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).into())
}

/// `config.json` beside the weights of a Transformer and of a recurrent model.
pub(crate) fn config(bytes: &[u8]) -> Outcome {
    static SOUND: LazyLock<[Files; 2]> = LazyLock::new(|| [sound(), gru()]);
    let with = |sound: &Files| {
        let mut files = sound.clone();
        files.insert(CONFIG.to_owned(), bytes.to_vec());
        load(files)
    };
    let [transformer, gru] = SOUND.each_ref().map(with);
    assert!(transformer.is_err() || gru.is_err(), "weights of either kind fit");
    transformer.or(gru)
}

/// A manifest beside the files that it should name.
pub(crate) fn manifest(bytes: &[u8]) -> Outcome {
    let place = place();
    write(&place.path().join("a.txt"), b"text");
    write(&place.path().join("b"), b"");
    write(&place.path().join(MANIFEST), bytes);
    let files = told(read_dir(&SystemDisk, place.path()))?;
    assert!(files.keys().all(|name| ["a.txt", "b", MANIFEST].contains(&name.as_str())), "{files:?}");
    Ok(())
}

/// `state.json` of a checkpoint, under a manifest that agrees with it.
pub(crate) fn state(bytes: &[u8]) -> Outcome {
    let place = place();
    let dir = place.path().join("step-7");
    told(write_dir(&SystemDisk, &dir, &[("state.json".to_owned(), bytes.to_vec())].into()))?;
    told(checkpoint::load_state(&SystemDisk, &dir)).map(drop)
}

/// `config.toml`, `run.json` and `metrics.jsonl` of a run, for those who look at it: tables and pages.
pub(crate) fn run(bytes: &[u8]) -> Outcome {
    let place = place();
    let files: [&[u8]; 3] = files(bytes);
    for name in ["<script>a", "b"] {
        let dir = place.path().join(name);
        told(fs::create_dir(&dir))?;
        for (name, bytes) in ["config.toml", "run.json", "metrics.jsonl"].into_iter().zip(files) {
            write(&dir.join(name), bytes);
        }
    }
    let (mut table, mut json) = (Vec::new(), Vec::new());
    let list = |format, out: &mut Vec<u8>| told(runs::list(place.path(), SortBy::Score, format, out));
    list(Format::Text, &mut table)?;
    list(Format::Json, &mut json)?;
    let listed: serde_json::Value = told(serde_json::from_slice(&json))?;
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    let (page, both) = (place.path().join("one.html"), place.path().join("both.html"));
    let names = ["<script>a", "b"].map(str::to_owned);
    told(compare::compare(place.path(), &names, Some(&both), &mut table))?;
    told(report::run(&place.path().join("b"), Some(&page), &mut Vec::new()))?;
    assert_tame(&told(String::from_utf8(table))?);
    for page in [page, both] {
        let html = told(fs::read_to_string(page))?;
        assert!(!html.contains("<script") && html.contains("default-src 'none'"));
        assert!(!html.contains("=\"NaN") && !html.contains("=\"inf"), "{html}");
        assert_tame(&html.replace('\r', ""));
    }
    Ok(())
}

/// A table of which some lines are held out: in each set both sides have as many lines.
pub(crate) fn split(bytes: &[u8]) -> Outcome {
    let place = place();
    let (path, dir) = (place.path().join("a.csv"), place.path().join("out"));
    write(&path, bytes);
    let (files, languages) = (ParallelFiles::one(&path), LanguagePair::new("en", "kn"));
    told(split::run(&Split { files, languages, sizes: (1, 1), seed: 1, dir: dir.clone() }, &mut Vec::new()))?;
    for set in ["train", "dev", "test"] {
        let lines = |code: &str| {
            let text = fs::read_to_string(dir.join(format!("{set}.{code}"))).expect("it was written");
            text.matches('\n').count()
        };
        assert_eq!(lines("en"), lines("kn"), "{set}");
    }
    Ok(())
}
