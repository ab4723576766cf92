//! A run that is killed at any moment goes on by the same command, loses no more than what came after its last
//! checkpoint, and ends, bit for bit, as the run that was never killed.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, Running, events, failure, rounds};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use train::checkpoint;
use train::disk::SystemDisk;
use train::files;

const STEPS: u64 = 120;
const EVERY: u64 = 2;
const SEED: u64 = 2;

fn start(place: &Place, name: &str) -> Running {
    let (run, steps, every) = (
        format!("run.name={name}"),
        format!("train.max_steps={STEPS}"),
        format!("train.checkpoint_every={EVERY}"),
    );
    Running::start(place, &[&run, &steps, &every, "validate.every=10", "validate.metric=loss"])
}

/// A run on the disk, as it was left.
struct Left {
    path: PathBuf,
}

impl Left {
    fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    fn newest(&self) -> u64 {
        checkpoint::steps(&SystemDisk, &self.checkpoints()).unwrap().last().copied().unwrap_or(0)
    }

    /// Names of what is being written, replaced or removed.
    fn unfinished(&self) -> Vec<String> {
        let dirs = [self.path.clone(), self.checkpoints(), self.path.join("snapshots")];
        let names = dirs.iter().filter_map(|dir| fs::read_dir(dir).ok()).flat_map(Iterator::flatten);
        let names = names.map(|entry| entry.file_name().into_string().unwrap());
        names.filter(|name| name.starts_with('.') && name != ".lock").collect()
    }

    /// The last step in the log; a row may be cut short.
    fn last_row(&self) -> u64 {
        let text = fs::read_to_string(self.path.join("metrics.jsonl")).unwrap_or_default();
        let step = |row: &str| serde_json::from_str::<serde_json::Value>(row).ok()?["step"].as_u64();
        text.lines().filter_map(step).max().unwrap_or(0)
    }

    /// What must hold after every kill.
    fn is_sound(&self, case: &str) {
        if let Ok(lock) = OpenOptions::new().write(true).open(self.path.join(".lock")) {
            lock.try_lock().unwrap_or_else(|error| panic!("{case}: the lock is not free: {error}"));
        }
        for step in checkpoint::steps(&SystemDisk, &self.checkpoints()).unwrap() {
            let path = checkpoint::path(&self.checkpoints(), step);
            files::read_dir(&SystemDisk, &path).unwrap_or_else(|error| panic!("{case}: {error}"));
        }
        let (newest, last) = (self.newest(), self.last_row());
        assert!(last <= newest + EVERY, "{case}: step {last} was done, step {newest} is saved");
        if newest >= 10 {
            let best = files::read_dir(&SystemDisk, &self.path.join("best"));
            best.unwrap_or_else(|error| panic!("{case}: {error}"));
        }
        // Between two renames the old directory is still there under another name, beside the new one.
        let names = self.unfinished();
        assert!(names.iter().filter(|name| !name.contains(".old")).count() <= 1, "{case}: {names:?}");
    }
}

/// Pseudo-random numbers below a bound.
fn random(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

/// Waits until something holds or the process has ended.
fn wait_for(run: &mut Running, holds: impl Fn() -> bool) {
    while !holds() && !run.has_ended() {
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// The run's tensors and rows are those of the one that was never killed.
fn is_the_same(place: &Place, whole: &BTreeMap<String, Vec<u8>>, name: &str) {
    let files = place.run_files(name);
    assert_eq!(whole.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>(), "{name}");
    for (file, bytes) in whole.iter().filter(|(file, _)| file.ends_with(".safetensors")) {
        assert!(files[file] == *bytes, "{name}: {file} differs");
    }
    assert_eq!(place.training_rows("whole"), place.training_rows(name), "{name}");
    events::assert_agree(place, name);
}

#[test]
fn killed_at_any_moment() {
    let place = Place::new();
    let began = Instant::now();
    assert!(start(&place, "whole").wait().success());
    let time = began.elapsed();
    let whole = place.run_files("whole");
    let mut random = random(SEED);
    let kills = rounds(20, 100);
    let (mut killed, mut within, mut ended) = (0, 0, 0);
    while killed < kills {
        let name = format!("killed-{ended}");
        let left = Left { path: place.path("runs").join(&name) };
        let mut run = start(&place, &name);
        let aimed = killed % 2 == 1;
        if aimed {
            let from = left.newest() + EVERY * random(10);
            wait_for(&mut run, || left.newest() >= from && !left.unfinished().is_empty());
            std::thread::sleep(Duration::from_micros(random(3000)));
        } else {
            let until = Instant::now() + time.mul_f64(random(1000) as f64 / 1000.0);
            wait_for(&mut run, || Instant::now() >= until);
        }
        if run.kill() {
            killed += 1;
            within += usize::from(!left.unfinished().is_empty());
            left.is_sound(&format!("kill {killed} of seed {SEED}, run {name}"));
        } else {
            is_the_same(&place, &whole, &name);
            ended += 1;
        }
    }
    let last = format!("killed-{ended}");
    assert!(start(&place, &last).wait().success());
    is_the_same(&place, &whole, &last);
    println!("{killed} kills of {} runs, {within} within a save; uninterrupted: {time:?}", ended + 1);
    assert!(within > 0, "no kill came within a save");
}

/// What the system was asked for, in order, as `strace` sees it: nothing has its name before all of it is on the disk.
#[cfg(target_os = "linux")]
#[test]
fn what_is_saved_is_synced_before_it_has_its_name() {
    let place = Place::new();
    let calls = place.path("calls");
    let mut command = std::process::Command::new("strace");
    command.args(["-f", "-y", "-s", "4096", "-e", "trace=fsync,rename,renameat,renameat2", "-o"]).arg(&calls);
    command.arg(env!("CARGO_BIN_EXE_train")).args(["--config", "config.toml", "--set", "train.max_steps=1"]);
    command.current_dir(place.path("")).stdout(std::process::Stdio::null());
    if !command.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success()) {
        eprintln!("passed over: strace is not here or may not trace");
        return;
    }
    let calls = fs::read_to_string(calls).unwrap();
    let calls: Vec<&str> = calls.lines().collect();
    let run = fs::canonicalize(place.path("runs/run")).unwrap();
    for (parent, name) in
        [(run.join("checkpoints"), "step-1"), (run.join("snapshots"), "step-1"), (run.clone(), "best")]
    {
        let new = parent.join(format!(".{name}.new"));
        let renamed =
            |call: &&str| call.contains("rename") && call.contains(&format!("\"{}\"", new.display()));
        let renamed = calls.iter().position(renamed).unwrap_or_else(|| panic!("{name} was not put there"));
        let synced = |path: &std::path::Path, calls: &[&str]| {
            let place = format!("<{}>", path.display());
            assert!(
                calls.iter().any(|call| call.contains("fsync(") && call.contains(&place)),
                "{} was not synced in time:\n{}",
                path.display(),
                calls.join("\n")
            );
        };
        for file in fs::read_dir(parent.join(name)).unwrap() {
            synced(&new.join(file.unwrap().file_name()), &calls[..renamed]);
        }
        synced(&new, &calls[..renamed]);
        synced(&parent, &calls[renamed..]);
    }
}

#[test]
fn a_second_run_is_refused_before_it_reads_anything() {
    let place = Place::new();
    let mut first = Running::start(&place, &["train.max_steps=1000000"]);
    first.wait_for(|| place.path("runs/run/metrics.jsonl").exists());
    // A vocabulary that the text cannot give is found out only after the text was read.
    let message = failure(&mut place.train(&["tokenizer.vocab_size=9000"]), 74);
    let holder = place.read_text("runs/run/.lock");
    assert!(message.contains(&format!("is in use by another run ({holder})")), "{message}");
    let words: Vec<&str> = holder.split(' ').collect();
    assert_eq!(words[..2], ["process", &first.id().to_string()], "{holder}");
    assert!(matches!(words[2..], ["on", _, "since", _, _, "UTC"]), "{holder}");
    assert!(first.kill());
    failure(place.train(&["tokenizer.vocab_size=9000"]).arg("--fresh"), 65);
}
