//! Checkpoints of earlier versions load for ever: they translate as they did, and a run goes on from them.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use assert_cmd::Command;
use common::{assert_has, stderr_of, stdout};
use std::fs;
use std::path::{Path, PathBuf};

fn command(place: &Path, args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("train").unwrap();
    command.args(args).current_dir(place).env_remove("RUST_LOG");
    command
}

/// The directory of each version.
fn versions() -> Vec<PathBuf> {
    let versions = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints");
    fs::read_dir(versions).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

#[test]
fn they_translate_as_they_did() {
    assert!(versions().len() >= 2, "one is missing");
    for version in versions() {
        let translate = ["translate", "--model", "step-800", "--input", "sources.en"];
        let got = stdout(&mut command(&version, &translate));
        let expected = fs::read_to_string(version.join("translations.kn")).unwrap();
        assert_eq!(expected.lines().count(), 20);
        assert!(got == expected, "{}:\n{got}\nbefore:\n{expected}", version.display());
    }
}

#[test]
fn a_run_goes_on_from_them() {
    for version in versions() {
        let place = tempfile::tempdir().unwrap();
        copy(&version, place.path());
        copy(&version.join("step-800"), &place.path().join("runs/golden/checkpoints/step-800"));
        let files = |step: u64| {
            let dir = place.path().join(format!("runs/golden/checkpoints/step-{step}"));
            let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
            names.collect::<std::collections::BTreeSet<_>>()
        };
        let before = files(800);
        let more = ["--config", "config.toml", "--set", "train.max_steps=805", "--set", "train.log_every=1"];
        let output = command(place.path(), &more).output().unwrap();
        let told = stderr_of(&output);
        assert!(output.status.success(), "{told}");
        assert_has(&told, &["resuming after step 800 ", "step 801  loss", "stopped after step 805"]);
        assert!(!told.contains("warning"), "{told}");
        assert_eq!(files(805), before, "{}", version.display());
        assert!(place.path().join("runs/golden/best/model.safetensors").is_file());
    }
}
