//! A run that is asked to end saves, says so by its exit code, and goes on as if nothing had been.
#![cfg(unix)]

mod common;

use common::{Place, Running};

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

#[test]
fn a_second_signal_ends_the_run_at_once() {
    let place = Place::new();
    let mut run = start(&place, "run");
    run.wait_for(|| last_step(&place, "run") >= 5);
    run.signal("TERM");
    run.signal("TERM");
    assert_eq!(run.wait().code(), Some(75));
    assert!(start(&place, "run").wait().success(), "what it left can be gone on with");
}

#[test]
fn before_the_first_step_a_signal_loses_nothing() {
    let place = Place::new();
    let mut run = start(&place, "run");
    run.signal("TERM");
    assert!(!run.wait().success());
    assert!(start(&place, "run").wait().success());
}
