//! A place with a small corpus and a configuration, and the binary to run there.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod events;

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const SUBJECTS: [(&str, &str); 8] = [
    ("the cat", "ಬೆಕ್ಕು"),
    ("the dog", "ನಾಯಿ"),
    ("a bird", "ಹಕ್ಕಿ"),
    ("the cow", "ಹಸು"),
    ("my goat", "ನನ್ನ ಆಡು"),
    ("a horse", "ಕುದುರೆ"),
    ("the fish", "ಮೀನು"),
    ("our hen", "ನಮ್ಮ ಕೋಳಿ"),
];
const VERBS: [(&str, &str); 5] = [
    ("sleeps", "ಮಲಗುತ್ತದೆ"),
    ("runs", "ಓಡುತ್ತದೆ"),
    ("eats", "ತಿನ್ನುತ್ತದೆ"),
    ("comes", "ಬರುತ್ತದೆ"),
    ("sees me", "ನನ್ನನ್ನು ನೋಡುತ್ತದೆ"),
];
const ADVERBS: [(&str, &str); 4] =
    [("", ""), ("now", "ಈಗ"), ("here", "ಇಲ್ಲಿ"), ("at home today", "ಇಂದು ಮನೆಯಲ್ಲಿ")];

/// Training pairs of the corpus.
pub(crate) const N_TRAIN: usize = 24;
/// Lines of `dev` and of `test`.
pub(crate) const N_HELD_OUT: usize = 8;
/// Optimizer steps of the configuration.
pub(crate) const MAX_STEPS: u64 = 12;

/// The sentences of a set: of the forty that there are, three in five are for training.
pub(crate) fn pairs(set: &str) -> Vec<(String, String)> {
    let join = |words: [&str; 3]| {
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ") + "."
    };
    let place = |i: usize| match (i + i / 5) % 5 {
        3 => "dev",
        4 => "test",
        _ => "train",
    };
    let pair = |i: usize| {
        let (subject, verb, adverb) = (SUBJECTS[i / 5], VERBS[i % 5], ADVERBS[(i * 3 + i / 5) % 4]);
        (join([subject.0, verb.0, adverb.0]), join([subject.1, adverb.1, verb.1]))
    };
    (0..40).filter(|&i| place(i) == set).map(pair).collect()
}

/// A temporary directory with `train.en`, `train.kn`, … and `config.toml`.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().expect("a temporary directory") };
        for set in ["train", "dev", "test"] {
            let (src, tgt): (Vec<String>, Vec<String>) = pairs(set).into_iter().unzip();
            place.write_lines(&format!("{set}.en"), &src);
            place.write_lines(&format!("{set}.kn"), &tgt);
        }
        let set = |name: &str| {
            format!(
                "{name} = {{ src = '{}', tgt = '{}' }}\n",
                place.text(&format!("{name}.en")),
                place.text(&format!("{name}.kn"))
            )
        };
        let config = format!(
            "[run]\ndir = '{}'\n\n[data]\n{}{}{}{CONFIG}",
            place.text("runs"),
            set("train"),
            set("dev"),
            set("test")
        );
        place.write("config.toml", config.as_bytes());
        place
    }

    /// A place where a run has ended.
    pub(crate) fn trained() -> Self {
        let place = Self::new();
        place.train(&[]).assert().success();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("a temporary directory has a plain name").to_owned()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("the place can be written");
    }

    pub(crate) fn write_lines(&self, name: &str, lines: &[impl AsRef<str>]) {
        let text: String = lines.iter().flat_map(|line| [line.as_ref(), "\n"]).collect();
        self.write(name, text.as_bytes());
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("a text file")
    }

    /// The binary with these arguments.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("train").expect("cargo builds the binary");
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("RUST_LOG")
            .timeout(Duration::from_mins(5));
        command
    }

    /// Training with these values of keys.
    pub(crate) fn train(&self, sets: &[&str]) -> Command {
        let mut command = self.command(&["--config", "config.toml"]);
        for set in sets {
            command.args(["--set", set]);
        }
        command
    }

    /// `translate` with the run's model and further arguments.
    pub(crate) fn translate(&self, args: &[&str]) -> Command {
        let mut command = self.command(&["translate", "--model", "runs/run/best"]);
        command.args(args);
        command
    }

    /// Every file of the run by its path there, but for the lock and TensorBoard's events, in whose names and bytes
    /// there is a clock.
    pub(crate) fn run_files(&self, run: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.path("runs").join(run);
        let mut files = BTreeMap::new();
        walk(&root, &root, &mut files);
        files.remove(".lock");
        files.retain(|name, _| !name.starts_with("tensorboard/"));
        files
    }

    /// The validations that the checkpoint of a step knows.
    pub(crate) fn validations(&self, run: &str, step: u64) -> serde_json::Value {
        let state = self.read_text(&format!("runs/{run}/checkpoints/step-{step}/state.json"));
        let mut state: serde_json::Value = serde_json::from_str(&state).expect("a state is JSON");
        state["validations"].take()
    }

    /// The rows of a kind in the log.
    pub(crate) fn rows(&self, run: &str, kind: &str) -> Vec<serde_json::Value> {
        let text = self.read_text(&format!("runs/{run}/metrics.jsonl"));
        let rows = text.lines().map(|row| serde_json::from_str(row).expect("a row is JSON"));
        rows.filter(|row: &serde_json::Value| row["kind"] == kind).collect()
    }

    /// The training rows of the log without what a clock moves.
    pub(crate) fn training_rows(&self, run: &str) -> Vec<serde_json::Value> {
        let mut rows = self.rows(run, "train");
        for row in rows.iter_mut().filter_map(|row| row.as_object_mut()) {
            row.remove("elapsed_secs");
            row.remove("tgt_tokens_per_sec");
        }
        rows
    }
}

fn walk(root: &Path, dir: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("inside").to_str().expect("plain names").to_owned();
            files.insert(name, fs::read(&path).expect("a file"));
        }
    }
}

/// How often a test repeats itself: `short` in the gate, `long` under `scripts/torture.sh`.
pub(crate) fn rounds(short: usize, long: usize) -> usize {
    if std::env::var_os("ANUVADA_TORTURE").is_some() { long } else { short }
}

/// Exit code 0 and standard output as text.
pub(crate) fn stdout(command: &mut Command) -> String {
    let output = command.output().expect("the binary starts");
    assert!(output.status.success(), "{}", stderr_of(&output));
    String::from_utf8(output.stdout).expect("output is text")
}

/// Standard error after the expected exit code.
#[track_caller]
pub(crate) fn failure(command: &mut Command, code: i32) -> String {
    let output = command.output().expect("the binary starts");
    let stderr = stderr_of(&output);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr
}

pub(crate) fn stderr_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
pub(crate) fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no '{part}' in:\n{text}");
    }
}

/// A training process; killed when dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(place: &Place, sets: &[&str]) -> Self {
        Self::drilled(place, "", sets)
    }

    /// With faults on purpose; see `train::drill`.
    pub(crate) fn drilled(place: &Place, drill: &str, sets: &[&str]) -> Self {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_train"));
        command.args(["--config", "config.toml"]).current_dir(place.path("")).env_remove("RUST_LOG");
        if !drill.is_empty() {
            command.env("ANUVADA_DRILL", drill);
        }
        for set in sets {
            command.args(["--set", set]);
        }
        Self(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts"))
    }

    /// A process that was started otherwise.
    pub(crate) fn of(child: Child) -> Self {
        Self(child)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn close_stdout(&mut self) {
        drop(self.0.stdout.take());
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = std::process::Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(status.expect("kill is everywhere").success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.0.wait().expect("a child of this process")
    }

    /// Waits until something holds; a process that ends before it does is a failure.
    pub(crate) fn wait_for(&mut self, holds: impl Fn() -> bool) {
        while !holds() {
            let ended = self.0.try_wait().expect("a child of this process");
            assert!(ended.is_none() || holds(), "the process ended too soon");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child of this process").is_some()
    }

    /// Ends it without giving it a chance to clean up; whether it had not ended by itself.
    pub(crate) fn kill(&mut self) -> bool {
        let _ = self.0.kill();
        self.wait().code().is_none()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A full batch makes at least three micro-batches, and an epoch has six batches.
const CONFIG: &str = "
[tokenizer]
vocab_size = 320

[model]
d_model = 16
d_ff = 32
n_heads = 2
n_encoder_layers = 1
n_decoder_layers = 1
dropout = 0.1

[train]
max_steps = 12
batch_tokens = 96
micro_batch_tokens = 32
learning_rate = 0.02
warmup_steps = 4
checkpoint_every = 1
log_every = 1

[validate]
every = 4

[search]
beam_size = 3
max_length_ratio = 1.0
";
