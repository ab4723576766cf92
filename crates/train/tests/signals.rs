//! A run that is asked to end saves, says so by its exit code, and goes on as if nothing had been.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]
#![allow(clippy::print_stdout, reason = "what was skipped and counted is told with --nocapture")]

mod common;

use common::{Place, Running, events, rounds};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const STEPS: u64 = 400;

fn sets(name: &str) -> Vec<String> {
    // Checkpoints so seldom that what is saved was saved because of the signal.
    let run = format!("run.name={name}");
    [
        run,
        format!("train.max_steps={STEPS}"),
        "train.checkpoint_every=1000".into(),
        "validate.every=40".into(),
    ]
    .into()
}

fn start(place: &Place, name: &str) -> Running {
    let sets = sets(name);
    Running::start(place, &sets.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The last step in the log of a run, 0 without one.
fn last_step(place: &Place, name: &str) -> u64 {
    let path = place.path("runs").join(name).join("metrics.jsonl");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let step = |row: &str| serde_json::from_str::<serde_json::Value>(row).ok()?["step"].as_u64();
    text.lines().filter_map(step).max().unwrap_or(0)
}

/// The step of the newest checkpoint of a run, 0 without one.
fn newest(place: &Place, name: &str) -> u64 {
    let checkpoints = place.path("runs").join(name).join("checkpoints");
    train::checkpoint::steps(&train::disk::SystemDisk, &checkpoints).unwrap().last().copied().unwrap_or(0)
}

#[test]
fn a_signal_saves_and_the_run_goes_on_exactly() {
    let place = Place::new();
    start(&place, "whole").wait();
    let whole = place.run_files("whole");
    let mut saved = 0;
    for (signal, from) in
        [("TERM", 3), ("INT", 70), ("USR1", 130), ("TERM", 160), ("TERM", 199), ("INT", 240)]
    {
        let mut run = start(&place, "stopped");
        run.wait_for(|| last_step(&place, "stopped") >= from);
        run.signal(signal);
        let code = run.wait().code();
        assert_eq!(code, Some(75), "after {signal} at step {from} or later");
        saved += usize::from(last_step(&place, "stopped") < STEPS);
    }
    assert_eq!(saved, 6, "the run ended before the signals came");
    assert!(start(&place, "stopped").wait().success());
    let stopped = place.run_files("stopped");
    let kept = |name: &str| name.starts_with("best/") || name.starts_with("checkpoints/step-400/");
    let weights = whole.iter().filter(|(name, _)| kept(name) && name.ends_with(".safetensors"));
    assert_eq!(weights.clone().count(), 3);
    for (name, bytes) in weights {
        let got = stopped.get(name).unwrap_or_else(|| panic!("{name} is not there: {:?}", stopped.keys()));
        assert!(got == bytes, "{name} differs");
    }
    assert_eq!(place.training_rows("whole"), place.training_rows("stopped"));
    assert_eq!(place.validations("whole", STEPS), place.validations("stopped", STEPS));
}

/// The first step takes many seconds in one piece, in which only a second signal can end the process.
#[cfg(target_os = "linux")]
#[test]
fn a_second_signal_ends_the_run_at_once() {
    let place = Place::new();
    let starter = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/starter");
    let file = |key: &str, name: &str| format!("data.train.{key}={}", starter.join(name).display());
    let (src, tgt) = (file("src", "train.en"), file("tgt", "train.kn"));
    let slow = [
        "run.name=slow",
        &src,
        &tgt,
        "data.clean.allow_overlap=true",
        "tokenizer.vocab_size=1000",
        "model.d_model=512",
        "model.d_ff=2048",
        "model.n_heads=8",
        "train.batch_tokens=20000",
        "train.micro_batch_tokens=0",
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
    command.args(["--config", "config.toml"]).args(slow.iter().flat_map(|set| ["--set", set]));
    command.current_dir(place.path("")).env("RAYON_NUM_THREADS", "1");
    let told = std::fs::File::create(place.path("told")).unwrap();
    let mut run = Running::of(command.stdout(Stdio::null()).stderr(told).spawn().unwrap());
    let id = run.id();
    run.wait_for(|| trains(id));
    run.signal("TERM");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!run.has_ended(), "one signal is a request");
    run.signal("TERM");
    assert_eq!(run.wait().code(), Some(75));
    let told = place.read_text("told");
    assert!(!told.contains("stopped by"), "it ended by itself, as after one signal:\n{told}");
    assert_eq!(last_step(&place, "slow"), 0, "the step was waited for");
    let goes_on =
        [&slow[..], &["model.d_model=16", "model.d_ff=32", "train.max_steps=2", "train.batch_tokens=400"]]
            .concat();
    assert!(Running::start(&place, &goes_on).wait().success(), "what it left is in the way");
}

/// As `timeout` does it, and a scheduler that signals a script and its children: both get it, and the script passes it on.
#[test]
fn the_same_request_twice_is_no_second_signal() {
    let place = Place::new();
    for (round, second) in ["INT", "TERM", "USR1", "INT"].into_iter().enumerate() {
        let mut run = start(&place, "run");
        let from = 20 * (round as u64 + 1);
        run.wait_for(|| last_step(&place, "run") >= from);
        let script = format!("kill -s TERM {0}; kill -s {second} {0}; kill -s TERM {0}", run.id());
        assert!(Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status().is_ok());
        assert_eq!(run.wait().code(), Some(75));
        let saved = std::fs::read_dir(place.path("runs/run/checkpoints")).unwrap().count();
        assert!(saved > 0, "nothing was saved after TERM and {second}");
    }
    assert!(start(&place, "run").wait().success());
    assert!(start(&place, "whole").wait().success());
    assert_eq!(place.training_rows("whole"), place.training_rows("run"));
}

#[test]
fn before_the_first_step_a_signal_loses_nothing() {
    let place = Place::new();
    let mut run = start(&place, "run");
    run.signal("TERM");
    assert!(!run.wait().success());
    assert!(start(&place, "run").wait().success());
}

/// A run with checkpoints and validations so often that many moments lie inside of one.
const BUSY: [&str; 5] = [
    "train.max_steps=240",
    "train.checkpoint_every=7",
    "validate.every=20",
    "train.average=best",
    "train.average_checkpoints=3",
];

fn busy(place: &Place, name: &str) -> Running {
    let name = format!("run.name={name}");
    Running::start(place, &[&BUSY[..], &[name.as_str()]].concat())
}

/// Whether the process takes SIGTERM: before that it ends by it, as every program does.
#[cfg(target_os = "linux")]
fn listens(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> 14 & 1 == 1)
}

/// Whether the first step, or the trial of its memory, has begun: from then on a thread waits for the first signal.
#[cfg(target_os = "linux")]
fn trains(id: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let name = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("comm")).ok();
    threads.filter_map(name).any(|name| name.trim() == "signals")
}

/// Numbers below `limit` that look like chance.
fn chance(state: &mut u64, limit: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % limit
}

/// What must not depend on interruptions.
fn assert_same_end(place: &Place, whole: &str, stopped: &str) {
    let (whole_files, stopped_files) = (place.run_files(whole), place.run_files(stopped));
    // A signal makes a checkpoint where the whole run has none, which takes the place of an older one.
    let of_end = |name: &&String| name.starts_with("best/") || name.starts_with("checkpoints/step-240/");
    let weights: Vec<&String> =
        whole_files.keys().filter(of_end).filter(|name| name.ends_with(".safetensors")).collect();
    assert_eq!(weights.len(), 3, "{weights:?}");
    for name in weights {
        assert!(stopped_files.get(name) == whole_files.get(name), "{stopped}: {name} differs");
    }
    let litter = |name: &&String| name.rsplit('/').any(|part| part.starts_with('.'));
    assert_eq!(stopped_files.keys().find(litter), None, "{stopped}");
    assert_eq!(place.training_rows(whole), place.training_rows(stopped));
    assert_eq!(place.validations(whole, 240), place.validations(stopped, 240));
    events::assert_agree(place, stopped);
}

/// How long a run may take to end after a signal: what schedulers grant at least.
const GRACE: Duration = Duration::from_secs(10);

/// Of seven signals five are SIGTERM and two SIGUSR1, at any moment from when they are taken to the end of the run. One that
/// comes when all is done does not count: it is sent again, earlier.
#[cfg(target_os = "linux")]
#[test]
fn signals_at_any_moment_lose_nothing() {
    let place = Place::new();
    let start = Instant::now();
    assert!(busy(&place, "whole").wait().success());
    let whole_run = start.elapsed().as_millis() as u64;
    let (mut late, mut ends, mut longest) = (0, 0, Duration::ZERO);
    let mut state = 7;
    let hits = rounds(9, 70);
    for round in 0..hits {
        let signal = ["TERM", "TERM", "USR1", "TERM", "TERM", "USR1", "TERM"][round % 7];
        let mut latest = whole_run * 2 / 5;
        loop {
            let name = format!("stopped-{ends}");
            let mut run = busy(&place, &name);
            let id = run.id();
            run.wait_for(|| listens(id));
            std::thread::sleep(Duration::from_millis(chance(&mut state, latest.max(1))));
            let sent = Instant::now();
            run.signal(signal);
            let status = run.wait();
            if status.code() == Some(75) {
                longest = longest.max(sent.elapsed());
                assert_eq!(newest(&place, &name), last_step(&place, &name), "{signal} in round {round}");
                break;
            }
            assert!(status.success(), "after {signal} in round {round}: {status}");
            assert_same_end(&place, "whole", &name);
            (late, ends, latest) = (late + 1, ends + 1, latest / 2);
        }
    }
    let last = format!("stopped-{ends}");
    assert!(busy(&place, &last).wait().success());
    assert_same_end(&place, "whole", &last);
    println!(
        "{hits} of {hits} ended with 75, the slowest {longest:?} after its signal; {late} more came after the end; {} runs",
        ends + 1
    );
    assert!(longest < GRACE, "one took {longest:?}");
}

/// Runs with a signal at a place, then without, until the end.
fn stopped_at(place: &Place, name: &str, drill: &str, code: i32) {
    let name_set = format!("run.name={name}");
    let sets = ["train.max_steps=8", "train.checkpoint_every=100", &name_set];
    assert_eq!(Running::drilled(place, drill, &sets).wait().code(), Some(code), "{drill}");
    if code == 0 {
        assert_eq!(place.rows(name, "end").len(), 1, "{drill}: it did not come to its end");
    }
    assert!(Running::start(place, &sets).wait().success(), "after {drill}");
    assert_eq!(place.training_rows("whole"), place.training_rows(name), "{drill}");
    let best = |run: &str| place.read(&format!("runs/{run}/best/model.safetensors"));
    assert!(best("whole") == best(name), "{drill}: another model");
    assert_eq!(place.validations("whole", 8), place.validations(name, 8), "{drill}");
    assert_eq!(place.rows(name, "test").len(), 1, "{drill}");
    events::assert_agree(place, name);
}

/// Before the first step it ends at once, while dev and test sets are measured it is asked for, and what is only written at
/// the end is finished first.
#[test]
fn a_signal_in_each_phase_of_a_run_ends_as_documented() {
    let place = Place::new();
    let sets = ["train.max_steps=8", "train.checkpoint_every=100", "run.name=whole"];
    assert!(Running::start(&place, &sets).wait().success());
    for (phase, (drill, code)) in [
        ("term@vocabulary:1", 75),
        ("term@largest_batch:1", 75),
        ("term@largest_batch:2", 75),
        ("term@micro_batch:5", 75),
        // Step 4 is validated, then step 8; then the test set is translated.
        ("term@dev_batch:1", 75),
        ("term@search_batch:1", 75),
        ("term@best:1", 75),
        ("term@report:1", 75),
        ("term@search_batch:2", 75),
        ("term@report:2", 75),
        ("term@search_batch:3", 75),
        ("term@pictures:1", 0),
        ("term@report:3", 0),
    ]
    .into_iter()
    .enumerate()
    {
        stopped_at(&place, &format!("phase-{phase}"), drill, code);
    }
}

/// A program that is process 1 of a container is sent no signal that it has no handler for.
#[cfg(target_os = "linux")]
#[test]
fn as_process_1_it_stops_and_goes_on() {
    let place = Place::new();
    let start = |name: &str| {
        let mut command = Command::new("unshare");
        command.args([
            "--fork",
            "--pid",
            "--mount-proc",
            env!("CARGO_BIN_EXE_train"),
            "--config",
            "config.toml",
        ]);
        command.args(sets(name).iter().flat_map(|set| ["--set", set.as_str()]));
        command.current_dir(place.path("")).env_remove("RUST_LOG");
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    };
    let can = Command::new("unshare")
        .args(["--fork", "--pid", "--mount-proc", "true"])
        .stderr(Stdio::null())
        .status();
    if !can.is_ok_and(|status| status.success()) {
        println!("skipped: no new process namespace can be had here");
        return;
    }
    for (signal, from) in [("TERM", 0), ("TERM", 3), ("USR1", 40)] {
        let mut outer = Running::of(start("first").unwrap());
        let id = outer.id();
        let inner = || {
            let children =
                std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            children.split_whitespace().next().and_then(|id| id.parse::<u32>().ok())
        };
        outer.wait_for(|| inner().is_some_and(listens) && last_step(&place, "first") >= from);
        let inner = inner().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", signal, &inner]).status().unwrap().success());
        assert_eq!(outer.wait().code(), Some(75), "{signal} to process 1 at step {from} or later");
    }
    let mut outer = Running::of(start("first").unwrap());
    assert!(outer.wait().success());
    assert!(self::start(&place, "whole").wait().success());
    assert_eq!(place.training_rows("whole"), place.training_rows("first"));
}

/// The clock of a run never goes back, and what it stood still for is no reason to stop.
#[test]
fn a_run_that_was_suspended_goes_on() {
    let place = Place::new();
    let mut whole = start(&place, "whole");
    let mut run = start(&place, "suspended");
    run.wait_for(|| last_step(&place, "suspended") >= 20);
    run.signal("STOP");
    std::thread::sleep(Duration::from_secs(2));
    assert!(last_step(&place, "suspended") < STEPS, "it was stopped too late");
    run.signal("CONT");
    assert!(run.wait().success() && whole.wait().success());
    assert_eq!(place.training_rows("whole"), place.training_rows("suspended"));
    let mut elapsed_before = 0.0;
    for row in place.rows("suspended", "train") {
        let (rate, elapsed) = (row["tgt_tokens_per_sec"].as_f64(), row["elapsed_secs"].as_f64());
        assert!(rate.is_some_and(|rate| rate > 0.0), "{row}");
        assert!(elapsed.is_some_and(|elapsed| elapsed >= elapsed_before), "{row}");
        elapsed_before = elapsed.unwrap();
    }
    assert!(elapsed_before >= 2.0, "time that it stood still counts: {elapsed_before}");
}

/// Two signals one after the other leave what the first checkpoint had, whatever was being written.
#[cfg(target_os = "linux")]
#[test]
fn two_signals_at_any_moment_leave_a_run_that_goes_on() {
    let place = Place::new();
    assert!(busy(&place, "whole").wait().success());
    let mut state = 3;
    for round in 0..rounds(4, 20) {
        let name = format!("stopped-{}", round / 4);
        let mut run = busy(&place, &name);
        let (from, id) = (1 + chance(&mut state, 40) + 30 * (round as u64 % 4), run.id());
        run.wait_for(|| listens(id) && last_step(&place, &name) >= from);
        run.signal("TERM");
        std::thread::sleep(Duration::from_millis(chance(&mut state, 12)));
        // It may have ended by the first one.
        let _ =
            Command::new("kill").args(["-s", "USR1", &run.id().to_string()]).stderr(Stdio::null()).status();
        let status = run.wait();
        assert!(
            status.code() == Some(75) || status.success(),
            "round {round}: {status}, {:?}",
            status.signal()
        );
    }
    assert!(busy(&place, "stopped").wait().success());
    assert_same_end(&place, "whole", "stopped");
}
