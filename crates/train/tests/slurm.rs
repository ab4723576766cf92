//! `scripts/slurm.sbatch` with a queue that only writes down what it is asked.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, Running};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

const ENDLESS: &str = "max_steps = 100000000";

/// A place whose run does not end before it is asked to, with a `scontrol` in `bin`.
fn place() -> Place {
    let place = Place::new();
    let config = place.read_text("config.toml");
    place.write("short.toml", config.as_bytes());
    place.write("config.toml", config.replace("max_steps = 12", ENDLESS).as_bytes());
    std::fs::create_dir(place.path("bin")).unwrap();
    place.write("bin/scontrol", b"#!/bin/sh\necho \"$@\" >> \"$ASKED\"\n");
    std::fs::set_permissions(place.path("bin/scontrol"), std::fs::Permissions::from_mode(0o755)).unwrap();
    place
}

fn job(place: &Place, config: &str) -> Running {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/slurm.sbatch");
    let path = format!("{}:{}", place.text("bin"), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.arg(script).arg(config).current_dir(place.path("")).env_remove("RUST_LOG");
    command.env("TRAIN", env!("CARGO_BIN_EXE_train")).env("PATH", path);
    command.env("SLURM_JOB_ID", "4711").env("ASKED", place.text("asked"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Running::of(command.spawn().unwrap())
}

/// What the queue was asked since the last time.
fn asked(place: &Place) -> String {
    let asked = std::fs::read_to_string(place.path("asked")).unwrap_or_default();
    let _ = std::fs::remove_file(place.path("asked"));
    asked
}

fn is_under_way(place: &Place, step: u64) -> bool {
    place.path(&format!("runs/run/checkpoints/step-{step}")).exists()
}

#[test]
fn a_warning_requeues_preemption_does_not_and_a_fault_does_not() {
    let place = place();
    let steps = |from: u64| move |place: &Place| (from..from + 40).any(|step| is_under_way(place, step));
    for (signal, begun, said) in
        [("USR1", 3, "requeue 4711\n"), ("TERM", 60, ""), ("USR1", 120, "requeue 4711\n")]
    {
        let mut job = job(&place, "config.toml");
        let begun = steps(begun);
        job.wait_for(|| begun(&place));
        job.signal(signal);
        assert_eq!(job.wait().code(), Some(75), "{signal}");
        assert_eq!(asked(&place), said, "{signal}");
    }
    assert_eq!(job(&place, "none.toml").wait().code(), Some(78));
    assert_eq!(asked(&place), "");
}

#[test]
fn the_end_of_the_run_is_the_end_of_the_job() {
    let place = place();
    assert_eq!(job(&place, "short.toml").wait().code(), Some(0));
    assert_eq!(asked(&place), "");
    assert!(place.path("runs/run/best").exists());
}

/// As preemption does it: the script, which passes it on, and the program both get the signal.
#[test]
fn a_signal_to_the_script_and_to_the_program_is_one_request() {
    let place = place();
    let mut job = job(&place, "config.toml");
    job.wait_for(|| is_under_way(&place, 3) || is_under_way(&place, 4) || is_under_way(&place, 5));
    let id = job.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let script = format!("kill -s TERM {id} {}", children.trim());
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    assert_eq!(job.wait().code(), Some(75));
    let saved = place.run_files("run");
    assert!(saved.keys().any(|name| name.starts_with("checkpoints/")), "{:?}", saved.keys());
}
