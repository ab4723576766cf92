//! The binary on every backend.

use crate::common::{Place, assert_has, failure, stdout};
use crate::{others, tolerance};
use train::device::Backend;

fn losses(place: &Place, run: &str) -> Vec<f64> {
    let rows = place.training_rows(run);
    rows.iter().map(|row| row["loss_nats_per_token"].as_f64().expect("a loss")).collect()
}

#[track_caller]
fn assert_same_curve(place: &Place, run: &str, expected: &[f64]) {
    let got = losses(place, run);
    assert_eq!(got.len(), expected.len(), "{run}");
    let errors = got.iter().zip(expected).map(|(got, expected)| (got / expected - 1.0).abs());
    let largest = errors.fold(0.0, f64::max);
    eprintln!("{run}: losses: {largest:.1e} of {:.0e}", tolerance::CURVE);
    assert!(largest <= tolerance::CURVE, "{run}: {got:?}, expected {expected:?}");
}

#[test]
fn a_run_has_the_same_losses_everywhere_and_can_move_between_backends() {
    let place = Place::new();
    place.train(&["run.name=cpu"]).assert().success();
    let expected = losses(&place, "cpu");
    for backend in others() {
        let (name, kind) = (backend.name(), format!("backend.kind={}", backend.name()));
        place.train(&[&format!("run.name={name}"), &kind]).assert().success();
        assert_same_curve(&place, name, &expected);
        // Half of it on the CPU, the rest there; and the other way round.
        let other_kind = [kind.as_str(), "backend.kind=cpu"];
        for (run, [first, second]) in
            [(format!("to-{name}"), ["backend.kind=cpu", &kind]), (format!("from-{name}"), other_kind)]
        {
            let run_name = format!("run.name={run}");
            place.train(&[&run_name, first, "train.max_steps=6"]).assert().success();
            place.train(&[&run_name, second]).assert().success();
            assert_same_curve(&place, &run, &expected);
        }
        let translate = |backend: &str| {
            let model = format!("runs/{name}/best");
            stdout(&mut place.command(&[
                "translate",
                "--model",
                &model,
                "--backend",
                backend,
                "the cat runs.",
            ]))
        };
        assert_eq!(translate(name), translate("cpu"), "{name}");
    }
}

#[test]
fn backends_are_listed_with_devices_or_reasons() {
    let text = stdout(&mut Place::new().command(&["backends"]));
    for backend in Backend::ALL {
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(backend.name()));
        let line = line.unwrap_or_else(|| panic!("{} is not listed:\n{text}", backend.name()));
        assert_has(line, &[if backend.devices().is_ok() { "device 0" } else { " -  " }]);
    }
}

#[test]
fn an_index_out_of_range_says_what_there_is() {
    let place = Place::new();
    for backend in others().into_iter().chain([Backend::Cpu]) {
        let message = failure(&mut place.train(&[&format!("backend.kind={}:97", backend.name())]), 69);
        assert_has(&message, &["has no device 97; this machine has: 0 "]);
    }
    let message = failure(&mut place.train(&["backend.device=97"]), 69);
    assert_has(&message, &["backend 'cpu' has no device 97"]);
}

#[test]
fn auto_says_what_it_chose() {
    let place = Place::new();
    let output =
        place.train(&["backend.kind=auto", "train.max_steps=2"]).output().expect("the binary starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_has(&stderr, &["backend auto: chose "]);
}

#[test]
fn without_an_adapter_wgpu_is_refused_with_advice() {
    let place = Place::new();
    let blind = |args: &[&str]| {
        let mut command = place.command(args);
        for name in ["VK_ICD_FILENAMES", "VK_DRIVER_FILES", "__EGL_VENDOR_LIBRARY_FILENAMES"] {
            command.env(name, "/nowhere.json");
        }
        command
    };
    let listed = stdout(&mut blind(&["backends"]));
    let line = listed.lines().find(|line| line.starts_with("wgpu")).expect("it is listed");
    if line.contains("device 0") || line.contains("not compiled in") {
        eprintln!("not tested: {line}");
        return;
    }
    assert_has(line, &["finds no adapter: install the driver"]);
    let message = failure(&mut blind(&["--config", "config.toml", "--set", "backend.kind=wgpu"]), 69);
    assert_has(&message, &["backend 'wgpu' finds no adapter", "compiled in: cpu"]);
    assert!(!place.path("runs").exists());
}
