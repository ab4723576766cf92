//! One test for each exit code.

mod common;

use common::{Place, Running, assert_has, failure, stdout};

#[test]
fn code_0_after_success() {
    let place = Place::new();
    assert!(stdout(&mut place.command(&["--version"])).starts_with("train "));
}

#[test]
fn code_2_after_a_fault_of_use() {
    failure(&mut Place::new().command(&["--confg", "config.toml"]), 2);
}

#[test]
fn code_65_after_a_fault_of_the_data() {
    let place = Place::new();
    place.write("train.en", b"one line.\n");
    assert_has(&failure(&mut place.train(&[]), 65), &["error: "]);
}

#[test]
fn code_69_where_the_backend_is_not_there() {
    failure(&mut Place::new().train(&["backend.kind=tch-cuda"]), 69);
}

#[test]
fn code_74_where_files_cannot_be_written() {
    let place = Place::new();
    place.write("runs", b"a file");
    assert_has(&failure(&mut place.train(&[]), 74), &["cannot create ", "runs/run"]);
}

#[cfg(unix)]
#[test]
fn code_75_after_a_request_to_end() {
    let place = Place::new();
    let mut run = Running::start(&place, &["train.max_steps=100000"]);
    run.wait_for(|| place.path("runs/run/checkpoints/step-3").exists());
    run.signal("TERM");
    assert_eq!(run.wait().code(), Some(75));
}

#[test]
fn code_76_after_numbers_that_are_not_finite() {
    let place = Place::new();
    let sets = ["train.learning_rate=1e30", "train.warmup_steps=0"];
    let message = failure(&mut place.train(&sets), 76);
    assert_has(&message, &["at step 2", "train.learning_rate"]);
    let message = failure(
        &mut place.train(&["run.name=dev", sets[0], sets[1], "validate.every=1", "validate.beam_size=3"]),
        76,
    );
    assert_has(&message, &["diverged at step 1: the dev loss is NaN"]);
    assert!(!place.path("runs/dev/best").exists());
    // What was kept is whole: the run can go on with better values.
    place.train(&["train.learning_rate=1e-3"]).arg("--fresh").assert().success();
}

#[test]
fn code_78_after_a_fault_of_the_configuration() {
    failure(&mut Place::new().train(&["train.max_stepz=3"]), 78);
}
