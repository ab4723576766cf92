//! The system's own ways to have no room, and places that cannot be written: what a run needs ends it with 74, what is only
//! looked at does not.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what was passed over or counted is for whoever runs it"
)]

mod common;

use common::{Place, Running, assert_has, events, failure, rounds, stderr_of};
use std::path::{Path, PathBuf};
use std::process::Command;
use train::disk::{Disk, SystemDisk};

/// The names in a directory.
fn names(dir: &Path) -> Vec<String> {
    let entries = SystemDisk.list(dir).unwrap();
    entries.into_iter().map(|entry| entry.name.into_string().unwrap()).collect()
}

#[test]
fn a_limit_on_the_size_of_files_is_told_and_survived() {
    let place = Place::new();
    place.train(&["train.max_steps=4"]).assert().success();
    let before = place.run_files("run");
    // 32 KiB: all but the tensors fit.
    let script = format!("ulimit -f 64; exec {} --config config.toml", env!("CARGO_BIN_EXE_train"));
    let limited = Command::new("sh").args(["-c", &script]).current_dir(place.path("")).output().unwrap();
    let told = stderr_of(&limited);
    assert_eq!(limited.status.code(), Some(74), "{told}");
    assert_has(&told, &["error: cannot write ", "File too large", "it takes ", " are free; what was saved"]);
    let after = place.run_files("run");
    for (name, bytes) in before.iter().filter(|(name, _)| name.contains('/')) {
        assert!(after.get(name) == Some(bytes), "{name} is another");
    }
    for dir in ["", "checkpoints", "snapshots"] {
        let names = names(&place.path("runs/run").join(dir));
        assert!(names.iter().all(|name| name == ".lock" || !name.starts_with('.')), "{names:?}");
    }
    let told = stderr_of(&place.train(&[]).output().unwrap());
    assert_has(&told, &["resuming after step 4 ", "stopped after step 12"]);
}

/// A small disk of its own, as long as it lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing where the system does not let us.
    fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(at);
        mount.output().ok()?.status.success().then(|| Self(at.into()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_survived() {
    let place = Place::new();
    let Some(disk) = SmallDisk::mount(&place.path("runs"), "1m") else {
        eprintln!("passed over: only root can mount a small disk");
        return;
    };
    place.train(&["train.max_steps=2"]).assert().success();
    let filler = disk.0.join("filler");
    let free = SystemDisk.free_bytes(&disk.0).unwrap();
    std::fs::write(&filler, vec![1; free as usize - 60_000]).unwrap();
    let told = failure(&mut place.train(&[]), 74);
    let warned = ", and two checkpoints take ";
    assert_has(
        &told,
        &[warned, "checkpoints/step-3: No space left", "it takes ", " are free; what was saved"],
    );
    assert!(names(&disk.0.join("run/checkpoints")).contains(&"step-2".into()));
    for dir in ["", "checkpoints", "snapshots"] {
        let names = names(&disk.0.join("run").join(dir));
        assert!(names.iter().all(|name| name == ".lock" || !name.starts_with('.')), "{names:?}");
    }
    std::fs::remove_file(filler).unwrap();
    let told = stderr_of(&place.train(&[]).output().unwrap());
    assert_has(&told, &["resuming after step 2 ", "stopped after step 12"]);
}

/// What a stopped run must have in common with one that never was.
#[track_caller]
fn assert_same_run(place: &Place, whole: &str, name: &str, case: &str) {
    let (whole_files, files) = (place.run_files(whole), place.run_files(name));
    for (file, bytes) in whole_files.iter().filter(|(file, _)| file.ends_with(".safetensors")) {
        assert!(files.get(file) == Some(bytes), "{case}: {file} differs");
    }
    assert_eq!(place.training_rows(whole), place.training_rows(name), "{case}");
    events::assert_agree(place, name);
}

/// Room for nothing, for a row, for a page, for a snapshot, … for nearly all that is still to come.
#[test]
fn a_disk_that_fills_at_any_point_is_told_and_survived() {
    let place = Place::new();
    let Some(disk) = SmallDisk::mount(&place.path("runs"), "64m") else {
        eprintln!("passed over: only root can mount a small disk");
        return;
    };
    place.train(&["run.name=whole"]).assert().success();
    place.train(&["train.max_steps=3"]).assert().success();
    let (from, case) = (place.path("runs/run"), place.path("runs/case"));
    let points = rounds(6, 20);
    let (mut warned, mut full) = (0, 0);
    for point in 0..points {
        let copied = Command::new("cp").arg("-a").arg(&from).arg(&case).status().unwrap();
        assert!(copied.success());
        let (filler, room) = (disk.0.join("filler"), (point * 300_000 / points) as u64);
        let free = SystemDisk.free_bytes(&disk.0).unwrap();
        std::fs::write(&filler, vec![1; (free - room) as usize]).unwrap();
        let ended = place.train(&["run.name=case"]).output().unwrap();
        let told = stderr_of(&ended);
        warned += usize::from(told.contains(", and two checkpoints take "));
        if !ended.status.success() {
            full += 1;
            assert_eq!(ended.status.code(), Some(74), "{room} bytes: {told}");
            assert_has(&told, &["error: cannot write ", "No space left", "it takes ", " free"]);
        }
        let harmed = |file: &&String| file.split('/').any(|part| part.starts_with('.') && part != ".lock");
        assert_eq!(place.run_files("case").keys().find(harmed), None, "{room} bytes");
        std::fs::remove_file(filler).unwrap();
        place.train(&["run.name=case"]).assert().success();
        assert_same_run(&place, "whole", "case", &format!("{room} bytes"));
        std::fs::remove_dir_all(&case).unwrap();
    }
    println!("{points} points: {full} times the disk was full, {warned} times that was foretold");
    assert!(full > points / 2 && warned > points / 2, "{full} full, {warned} warned");
}

/// Pages, pictures, events, and batches that are written down for whoever wants to look at them.
#[test]
fn what_is_only_looked_at_ends_nothing() {
    let place = Place::new();
    let drill = "nan@loss:5";
    let run = |name: &str| {
        place.train(&[&format!("run.name={name}")]).env("ANUVADA_DRILL", drill).output().unwrap()
    };
    assert!(run("whole").status.success());
    let dir = place.path("runs/run");
    std::fs::create_dir_all(dir.join("report.html")).unwrap();
    std::fs::write(dir.join("crash"), "a file in the way").unwrap();
    std::fs::write(dir.join("tensorboard"), "a file in the way").unwrap();
    let ended = run("run");
    let told = stderr_of(&ended);
    assert!(ended.status.success(), "{told}");
    for warning in ["the page about the run cannot be written", "TensorBoard's events cannot be written"] {
        assert_eq!(told.matches(warning).count(), 1, "{told}");
    }
    assert_has(&told, &["the batch of step 2 cannot be written down: "]);
    let kept = |name: &str| {
        let files = place.run_files(name).into_iter();
        files.filter(|(file, _)| file.ends_with(".safetensors")).collect::<Vec<_>>()
    };
    assert!(kept("whole") == kept("run") && !kept("run").is_empty());
    // Once they can be written, they have what they missed.
    std::fs::remove_dir(dir.join("report.html")).unwrap();
    std::fs::remove_file(dir.join("tensorboard")).unwrap();
    assert!(run("run").status.success());
    events::assert_agree(&place, "run");
}

#[test]
fn a_fault_of_the_page_ends_nothing() {
    let place = Place::new();
    let ended = place.train(&[]).env("ANUVADA_DRILL", "oom@report:1-,oom@pictures:1").output().unwrap();
    let told = stderr_of(&ended);
    assert!(ended.status.success(), "{told}");
    for warning in ["the page about the run cannot be written", "no pictures of attention"] {
        assert_eq!(told.matches(warning).count(), 1, "{told}");
    }
    place.train(&[]).assert().success();
    events::assert_agree(&place, "run");
}

/// It goes on without them from where it is, and with all of them once there is room.
#[test]
fn events_that_find_no_room_follow_later() {
    let place = Place::new();
    let Some(disk) = SmallDisk::mount(&place.path("small"), "64k") else {
        eprintln!("passed over: only root can mount a small disk");
        return;
    };
    std::fs::create_dir_all(place.path("runs/run")).unwrap();
    std::os::unix::fs::symlink(&disk.0, place.path("runs/run/tensorboard")).unwrap();
    let filler = disk.0.join("filler");
    let free = SystemDisk.free_bytes(&disk.0).unwrap();
    std::fs::write(&filler, vec![1; free as usize - 4096]).unwrap();
    let ended = place.train(&[]).output().unwrap();
    let told = stderr_of(&ended);
    assert!(ended.status.success(), "{told}");
    assert_eq!(told.matches("TensorBoard's events cannot be written").count(), 1, "{told}");
    std::fs::remove_file(filler).unwrap();
    place.train(&[]).assert().success();
    events::assert_agree(&place, "run");
}

/// A run whose directory was moved away writes nothing where it stood: another may train there by now.
#[test]
fn a_directory_that_is_moved_or_replaced_is_left_alone() {
    let place = Place::new();
    let sets = ["train.max_steps=1000000", "train.checkpoint_every=1000000", "validate.every=1000000"];
    let (dir, moved) = (place.path("runs/run"), place.path("runs/moved"));
    for replaced in [false, true] {
        let mut run = Running::start(&place, &sets);
        run.wait_for(|| dir.join("metrics.jsonl").exists());
        std::fs::rename(&dir, &moved).unwrap();
        if replaced {
            place.train(&["train.max_steps=4"]).assert().success();
        }
        assert_eq!(run.wait().code(), Some(74));
        if replaced {
            events::assert_agree(&place, "run");
            assert_eq!(place.rows("run", "train").len(), 4);
        } else {
            assert!(!dir.exists());
        }
        std::fs::remove_dir_all(&moved).unwrap();
    }
}

#[test]
fn room_for_two_checkpoints_is_looked_for_before_the_first_step() {
    let place = Place::new();
    let Some(disk) = SmallDisk::mount(&place.path("runs"), "8m") else {
        eprintln!("passed over: only root can mount a small disk");
        return;
    };
    place.train(&["train.max_steps=2"]).assert().success();
    let checkpoint: u64 = std::fs::read_dir(disk.0.join("run/checkpoints/step-2"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    let free = SystemDisk.free_bytes(&disk.0).unwrap();
    let warning = ", and two checkpoints take ";
    for (room, warns) in [(checkpoint, true), (4 * checkpoint, false)] {
        let filler = disk.0.join("filler");
        std::fs::write(&filler, vec![1; (free - room) as usize]).unwrap();
        let told = stderr_of(&place.train(&["train.max_steps=2"]).output().unwrap());
        assert_eq!(told.contains(warning), warns, "{room} bytes: {told}");
        std::fs::remove_file(filler).unwrap();
    }
}
