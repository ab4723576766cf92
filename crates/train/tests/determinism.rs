//! The same file and the same seed give the same bits: again, and with any number of threads.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, rounds};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A model so large that its products are shared among threads, on real text.
fn sets() -> Vec<String> {
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/starter");
    let file = |key: &str, name: &str| format!("data.{key}={}", starter.join(name).display());
    let mut sets = vec![
        file("train.src", "train.en"),
        file("train.tgt", "train.kn"),
        file("dev.src", "dev.en"),
        file("dev.tgt", "dev.kn"),
        file("test.src", "natural.en"),
        file("test.tgt", "natural.kn"),
    ];
    sets.extend(
        [
            "data.train.max_pairs=1500",
            "tokenizer.vocab_size=1500",
            "model.d_model=128",
            "model.d_ff=512",
            "model.n_heads=4",
            "train.batch_tokens=1024",
            "train.micro_batch_tokens=400",
            "train.max_steps=6",
            "train.average=best",
            "validate.every=2",
            "validate.max_lines=12",
        ]
        .map(str::to_owned),
    );
    sets
}

/// Every file of a run, what a clock or the number of threads says in it left out: `elapsed_secs` and the rate of each
/// row, the page, which is made of them, `elapsed_secs` of the state and therefore its hash in the manifest, `threads`.
fn outcome(place: &Place, kind: &str, dir: &str, threads: usize) -> BTreeMap<String, Vec<u8>> {
    let mut sets = sets();
    sets.push(format!("model.kind={kind}"));
    let run_dir = format!("run.dir={dir}");
    let sets: Vec<&str> = sets.iter().map(String::as_str).chain([run_dir.as_str()]).collect();
    place.train(&sets).env("RAYON_NUM_THREADS", threads.to_string()).assert().success();
    // `run_files` looks below `runs`.
    let mut files = place.run_files(&format!("../{dir}/run"));
    for (name, bytes) in &mut files {
        let text = || String::from_utf8(bytes.clone()).unwrap();
        let plain = match name.rsplit('/').next().unwrap() {
            "state.json" | "run.json" => without_clock(&text()),
            "manifest.json" if name.starts_with("checkpoints/") => without_clock(&text()),
            "metrics.jsonl" => text().lines().map(|row| without_clock(row) + "\n").collect(),
            "config.toml" | "README.md" => text().replace(dir, "runs"),
            // Made of the rows with the clock in them.
            "report.html" => String::new(),
            _ => continue,
        };
        *bytes = plain.into_bytes();
    }
    files
}

fn without_clock(json: &str) -> String {
    let mut json: Value = serde_json::from_str(json).unwrap();
    for path in [
        &["elapsed_secs"][..],
        &["tgt_tokens_per_sec"],
        &["threads"],
        &["started_unix_secs"],
        &["files", "state.json"],
        &["experiment", "run", "dir"],
    ] {
        let (last, above) = path.split_last().unwrap();
        let place = above.iter().try_fold(&mut json, |value, key| value.get_mut(key));
        if let Some(map) = place.and_then(Value::as_object_mut) {
            map.remove(*last);
        }
    }
    json.to_string()
}

#[test]
fn every_file_of_a_run_is_the_same_again_and_with_any_number_of_threads() {
    is_the_same_again("transformer", &[1, 2, 4]);
}

#[test]
fn so_is_every_file_of_a_run_of_a_recurrent_model() {
    is_the_same_again("gru", &[2, 4]);
}

fn is_the_same_again(kind: &str, threads: &[usize]) {
    let place = Place::new();
    std::fs::create_dir(place.path("runs")).unwrap();
    let first = outcome(&place, kind, "first", 1);
    assert!(
        first.contains_key("best/model.safetensors")
            && first.contains_key("checkpoints/step-6/optimizer.safetensors")
    );
    for &threads in threads {
        for again in 0..rounds(1, 3) {
            let dir = format!("threads-{threads}-{again}");
            let files = outcome(&place, kind, &dir, threads);
            assert_eq!(files.keys().collect::<Vec<_>>(), first.keys().collect::<Vec<_>>());
            for (name, bytes) in &files {
                assert!(first[name] == *bytes, "{name} differs with {threads} threads, run {again}");
            }
        }
    }
}
