//! Runs that something happened to, for those that look at them and for those that go on with them.

use crate::case::{Case, Made, Make, case};
use crate::files::{forbidden_file, with_dir, with_file, with_link, with_pipe};
use std::fs;
use std::path::Path;

fn row(dir: &Path, row: &str) -> Made {
    fs::write(dir.join("runs/run/metrics.jsonl"), row).is_ok()
}

pub(crate) fn cases() -> Vec<Case> {
    [looked_at(), gone_on_with()].into_iter().flatten().collect()
}

/// Runs that something happened to: there is a page and a line about each that is still a run.
fn looked_at() -> Vec<Case> {
    let damages: [(&'static str, Make); 24] = [
        ("an empty log", |dir| row(dir, "")),
        ("a log of zeros", |dir| row(dir, &"\0".repeat(4096))),
        ("a log that is no JSON", |dir| row(dir, "step 1 loss 2\n<html>\n")),
        ("a log of one open bracket", |dir| row(dir, &"[".repeat(100_000))),
        ("a log cut short", |dir| row(dir, "{\"kind\":\"train\",\"step\":1,\"loss_na")),
        ("no log", |dir| fs::remove_file(dir.join("runs/run/metrics.jsonl")).is_ok()),
        ("a pipe for the log", |dir| with_pipe(dir, "runs/run/metrics.jsonl")),
        ("a directory for the log", |dir| with_dir(dir, "runs/run/metrics.jsonl")),
        ("a device for the log", |dir| with_link(dir, "runs/run/metrics.jsonl", "/dev/zero")),
        ("a log that is not to be read", |dir| forbidden_file(dir, "runs/run/metrics.jsonl")),
        ("times without end", |dir| {
            row(
                dir,
                "{\"kind\":\"train\",\"step\":18446744073709551615,\"epoch\":18446744073709551615,\
                 \"loss_nats_per_token\":1e308,\"nll_nats_per_token\":-1e308,\"learning_rate\":1e308,\
                 \"gradient_norm\":1e308,\"tgt_tokens\":1,\"tgt_tokens_per_sec\":1e308,\"elapsed_secs\":1e300}\n\
                 {\"kind\":\"validate\",\"step\":18446744073709551615,\"loss_nats_per_token\":1e308,\
                 \"loss_nats_per_char\":1e308,\"bleu\":1e308,\"chrf\":-1e308,\"chrf++\":1e308}\n",
            )
        }),
        ("a pipe for the facts", |dir| with_pipe(dir, "runs/run/run.json")),
        ("facts of zeros", |dir| fs::write(dir.join("runs/run/run.json"), [0; 99]).is_ok()),
        ("facts of another kind", |dir| {
            let facts = r#"{"started_unix_secs":1e99,"git":5,"threads":-1,"cleaning":[],"data_blake3":7}"#;
            fs::write(dir.join("runs/run/run.json"), facts).is_ok()
        }),
        ("a configuration of zeros", |dir| fs::write(dir.join("runs/run/config.toml"), [0; 99]).is_ok()),
        ("a pipe for the lock", |dir| with_pipe(dir, "runs/run/.lock")),
        ("a directory for the lock", |dir| with_dir(dir, "runs/run/.lock")),
        ("a device for the lock", |dir| with_link(dir, "runs/run/.lock", "/dev/zero")),
        ("no lock", |dir| fs::remove_file(dir.join("runs/run/.lock")).is_ok()),
        ("no model", |dir| fs::remove_dir_all(dir.join("runs/run/best")).is_ok()),
        ("a pipe for the weights", |dir| with_pipe(dir, "runs/run/best/model.safetensors")),
        ("weights of zeros", |dir| fs::write(dir.join("runs/run/best/model.safetensors"), [0; 4096]).is_ok()),
        ("weights with a long head", |dir| {
            fs::write(dir.join("runs/run/best/model.safetensors"), [0xFF; 4096]).is_ok()
        }),
        ("files for the checkpoints", |dir| {
            with_file(dir, "runs/run/checkpoints") && with_file(dir, "runs/run/snapshots")
        }),
    ];
    let mut cases = Vec::new();
    for (what, make) in damages {
        cases.push(
            case("report --run runs/run --output page.html", 0, &["page.html"]).given(what, make).writes(),
        );
        cases.push(case("runs", 0, &["run"]).given(what, make));
        cases.push(case("runs --json --sort params", 0, &["\"name\":\"run\""]).given(what, make));
        cases.push(
            case("runs compare run run --html page.html", 0, &["the configurations are the same"])
                .given(what, make)
                .writes(),
        );
    }
    let none: [(&'static str, Make); 4] = [
        ("a pipe for the configuration", |dir| with_pipe(dir, "runs/run/config.toml")),
        ("a directory for the configuration", |dir| with_dir(dir, "runs/run/config.toml")),
        ("a device for the configuration", |dir| with_link(dir, "runs/run/config.toml", "/dev/zero")),
        ("neither log nor facts", |dir| {
            let remove = |name: &str| fs::remove_file(dir.join("runs/run").join(name)).is_ok();
            remove("run.json") && remove("metrics.jsonl")
        }),
    ];
    for (what, make) in none {
        cases.push(case("report --run runs/run", 2, &["is not the directory of a run"]).given(what, make));
        cases.push(case("runs", 0, &["no runs in runs"]).given(what, make));
    }
    cases
}

/// The same for those that go on with it or learn from it.
fn gone_on_with() -> Vec<Case> {
    let mut cases = Vec::new();
    for (what, make, code, says) in [
        ("a pipe for the log", (|dir| with_pipe(dir, "runs/run/metrics.jsonl")) as Make, 74, "metrics.jsonl"),
        (
            "a device for the log",
            |dir| with_link(dir, "runs/run/metrics.jsonl", "/dev/zero"),
            74,
            "metrics.jsonl",
        ),
        ("a pipe for the facts", |dir| with_pipe(dir, "runs/run/run.json"), 0, "stopped after step 14"),
        (
            "a directory for the page",
            |dir| with_dir(dir, "runs/run/report.html"),
            0,
            "the page about the run cannot be written",
        ),
        ("a pipe for the page", |dir| with_pipe(dir, "runs/run/report.html"), 0, "stopped after step 14"),
        (
            "a file for the events",
            |dir| with_file(dir, "runs/run/tensorboard"),
            0,
            "TensorBoard's events cannot be written",
        ),
        ("a pipe for the events", |dir| events(dir, with_pipe), 0, "TensorBoard's events cannot be written"),
        (
            "a device for the events",
            |dir| events(dir, |dir, name| with_link(dir, name, "/dev/full")),
            0,
            "TensorBoard's events cannot be written",
        ),
        (
            "events of zeros",
            |dir| events(dir, |dir, name| fs::write(dir.join(name), [0; 999]).is_ok()),
            0,
            "stopped after step 14",
        ),
    ] {
        cases.push(
            case("--config config.toml --set train.max_steps=14", code, &[says]).given(what, make).writes(),
        );
    }
    cases.push(
        case("learn cost --runs runs/run", 74, &["metrics.jsonl"])
            .given("a pipe for the log", |dir| with_pipe(dir, "runs/run/metrics.jsonl")),
    );
    cases
}

/// Puts something in the place of the event file.
fn events(dir: &Path, put: fn(&Path, &str) -> Made) -> Made {
    let Some(Ok(file)) =
        fs::read_dir(dir.join("runs/run/tensorboard")).ok().and_then(|mut files| files.next())
    else {
        return false;
    };
    put(dir, &format!("runs/run/tensorboard/{}", file.file_name().to_str().unwrap()))
}
