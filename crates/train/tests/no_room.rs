//! The system's own ways to have no room.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]
#![allow(clippy::print_stderr, reason = "what was passed over is for whoever runs it")]

mod common;

use common::{Place, assert_has, failure, stderr_of};
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
