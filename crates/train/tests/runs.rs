//! What a run shows while it goes on, and what is seen of it later.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, assert_has, failure, stderr_of, stdout};
use serde_json::Value;
use std::fs;

/// A text with its numbers, and what a clock and a machine say, as `N`.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut in_number = false;
    for c in text.chars() {
        let of_number = c.is_ascii_digit() || (in_number && matches!(c, '.' | ':' | '-'));
        if of_number && !in_number {
            masked.push('N');
        } else if !of_number {
            masked.push(c);
        }
        in_number = of_number;
    }
    // Whether a validation is the best depends on the last bits.
    masked.replace("  best\n", "\n")
}

#[test]
fn plain_lines() {
    let place = Place::new();
    let output = place.train(&["train.log_every=4", "validate.every=6"]).output().unwrap();
    assert!(output.status.success());
    let told = stderr_of(&output).replace(&place.text(""), "PLACE/");
    assert!(!told.contains('\u{1b}') && !told.contains('\r'), "{told}");
    insta::assert_snapshot!(masked(&told));
}

#[test]
fn quiet_says_nothing_where_nothing_is_wrong_and_results_are_still_there() {
    let place = Place::new();
    let output = place.train(&[]).arg("--quiet").output().unwrap();
    assert_eq!(stderr_of(&output), "");
    assert_has(&String::from_utf8(output.stdout).unwrap(), &["test (8 lines)"]);
    let wrong = failure(place.train(&["train.lr=1"]).arg("--quiet"), 78);
    assert_has(&wrong, &["train.lr"]);
}

#[test]
fn rust_log_chooses_what_is_said() {
    let place = Place::new();
    let output = place.train(&[]).env("RUST_LOG", "train::validate=trace").output().unwrap();
    assert!(output.status.success());
    assert_eq!(stderr_of(&output), "");
}

/// The messages of a run as JSON.
fn messages(place: &Place, sets: &[&str]) -> Vec<Value> {
    let output = place.train(sets).args(["--log-format", "json"]).output().unwrap();
    let told = stderr_of(&output);
    told.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

#[test]
fn messages_as_json_have_their_place_in_spans() {
    let messages = messages(&Place::new(), &["validate.every=6"]);
    for message in &messages {
        let keys: Vec<&String> = message.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["fields", "level", "message", "spans", "target", "timestamp"], "{message}");
        let timestamp = message["timestamp"].as_str().unwrap();
        assert!(timestamp.starts_with("20") && timestamp.contains('T') && timestamp.ends_with('Z'));
        assert_eq!(message["spans"][0], serde_json::json!({"name": "run", "run": "run"}), "{message}");
    }
    let find = |part: &str| {
        let found = messages.iter().find(|message| message["message"].as_str().unwrap().contains(part));
        found.unwrap_or_else(|| panic!("nothing says '{part}'"))
    };
    let spans = |message: &Value| -> Vec<String> {
        message["spans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|span| span["name"].as_str().unwrap().into())
            .collect()
    };
    let step = find("step 2  loss");
    assert_eq!((spans(step), &step["fields"]["step"]), (vec!["run".into(), "epoch".into()], &2.into()));
    assert!(step["fields"]["loss_nats_per_token"].is_f64() && step["fields"]["tgt_tokens_per_sec"].is_f64());
    let validation = find("step 6  dev loss");
    assert_eq!(spans(validation), ["run", "epoch", "validate"]);
    assert_eq!((&validation["spans"][2]["step"], &validation["level"]), (&6.into(), &"INFO".into()));
    let evaluation = find("translating test");
    assert_eq!(evaluation["spans"][1], serde_json::json!({"name": "evaluate", "set": "test"}));
}

#[test]
fn an_error_is_json_too() {
    let place = Place::new();
    for (set, code) in [("train.lr=1", 78), ("tokenizer.vocab_size=9000", 65)] {
        let told = failure(place.train(&[set]).args(["--log-format", "json", "--color", "always"]), code);
        let last: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
        assert_eq!(last["level"], "ERROR", "{told}");
        assert!(!told.contains("\\u001b"), "{told}");
    }
}

/// Fields of a protocol buffer: their numbers, and their bytes or the bits of their numbers.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut fields = Vec::new();
    let number = |bytes: &mut &[u8]| {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (first, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                break;
            }
        }
        value
    };
    while !bytes.is_empty() {
        let key = number(&mut bytes);
        let length = match key & 7 {
            0 => {
                fields.push((key >> 3, number(&mut bytes).to_le_bytes().to_vec()));
                continue;
            }
            1 => 8,
            5 => 4,
            _ => number(&mut bytes) as usize,
        };
        let (value, rest) = bytes.split_at(length);
        fields.push((key >> 3, value.to_vec()));
        bytes = rest;
    }
    fields
}

fn field(fields: &[(u64, Vec<u8>)], number: u64) -> &[u8] {
    fields.iter().find(|(field, _)| *field == number).map_or(&[], |(_, value)| value)
}

/// The numbers of a run's event file: tag, step, number.
fn scalars(place: &Place, run: &str) -> Vec<(String, u64, f32)> {
    let dir = place.path("runs").join(run).join("tensorboard");
    let files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let bytes = fs::read(&files[0]).unwrap();
    let (mut scalars, mut rest) = (Vec::new(), bytes.as_slice());
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        let event = fields(&rest[12..12 + length]);
        rest = &rest[16 + length..];
        let value = fields(field(&fields(field(&event, 5)), 1));
        if let Ok(number) = field(&value, 2).try_into() {
            let mut step = [0; 8];
            step[..field(&event, 2).len()].copy_from_slice(field(&event, 2));
            let tag = String::from_utf8(field(&value, 1).to_vec()).unwrap();
            scalars.push((tag, u64::from_le_bytes(step), f32::from_le_bytes(number)));
        }
    }
    scalars
}

#[test]
fn events_are_those_of_the_rows_also_of_a_run_that_goes_on() {
    let place = Place::new();
    place.train(&["train.max_steps=7"]).assert().success();
    place.train(&[]).assert().success();
    let scalars = scalars(&place, "run");
    let of = |tag: &str| -> Vec<(u64, f32)> {
        scalars.iter().filter(|(one, ..)| one == tag).map(|(_, step, number)| (*step, *number)).collect()
    };
    for (kind, key, tag) in [
        ("train", "loss_nats_per_token", "train/loss_nats_per_token"),
        ("train", "tgt_tokens_per_sec", "train/tgt_tokens_per_sec"),
        ("validate", "chrf++", "dev/chrf++"),
    ] {
        let rows: Vec<(u64, f32)> = place
            .rows("run", kind)
            .iter()
            .map(|row| (row["step"].as_u64().unwrap(), row[key].as_f64().unwrap() as f32))
            .collect();
        assert!(!rows.is_empty());
        assert_eq!(of(tag), rows, "{tag}");
    }
    assert_eq!(of("test/test/bleu").len(), 1);
}

#[test]
fn the_same_dev_lines_are_kept_with_each_validation() {
    let place = Place::trained();
    let rows = place.rows("run", "samples");
    let steps = |kind: &str| -> Vec<u64> {
        place.rows("run", kind).iter().map(|row| row["step"].as_u64().unwrap()).collect()
    };
    assert_eq!(steps("samples"), steps("validate"));
    let sources = |row: &Value| -> Vec<String> {
        row["samples"].as_array().unwrap().iter().map(|one| one["src"].as_str().unwrap().into()).collect()
    };
    assert_eq!(sources(&rows[0]).len(), 5);
    assert!(rows.iter().all(|row| sources(row) == sources(&rows[0])));
}

#[test]
fn a_run_leaves_a_page_and_another_can_be_made_any_time() {
    let place = Place::trained();
    let left = place.read_text("runs/run/report.html");
    assert_has(&left, &["en → kn, finished, step 12", "train.max_steps = 12", "<svg class=\"heat\""]);
    let said = stdout(&mut place.command(&["report", "--run", "runs/run", "--output", "page.html"]));
    assert_eq!(said, "page.html\n");
    assert_eq!(place.read_text("page.html"), left);
    // What a crash leaves.
    fs::remove_dir_all(place.path("runs/run/best")).unwrap();
    let metrics = place.read("runs/run/metrics.jsonl");
    place.write("runs/run/metrics.jsonl", &metrics[..metrics.len() / 2]);
    stdout(&mut place.command(&["report", "--run", "runs/run"]));
    assert_has(&place.read_text("runs/run/report.html"), &["stopped before its end"]);
}

#[test]
fn a_run_that_diverged_says_so() {
    let place = Place::new();
    failure(
        &mut place.train(&["train.learning_rate=1e30", "train.warmup_steps=0", "train.on_divergence=stop"]),
        76,
    );
    let runs: Value = serde_json::from_str(&stdout(&mut place.command(&["runs", "--json"]))).unwrap();
    assert_eq!(runs[0]["state"], "diverged");
    assert_has(&place.read_text("runs/run/report.html"), &["The run diverged: "]);
}

#[test]
fn runs_are_listed_among_junk() {
    let place = Place::trained();
    place.train(&["run.name=short", "train.max_steps=3"]).assert().success();
    fs::create_dir_all(place.path("runs/notes/config.toml")).unwrap();
    fs::create_dir_all(place.path("runs/empty")).unwrap();
    fs::create_dir_all(place.path("runs/broken\u{1b}[2J")).unwrap();
    place.write("runs/broken\u{1b}[2J/config.toml", b"[run\n\xff");
    place.write("runs/broken\u{1b}[2J/run.json", b"[]");
    place.write("runs/a file", b"x");
    let table = stdout(&mut place.command(&["runs", "--sort", "name"]));
    let firsts: Vec<&str> = table.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(firsts, ["run", "broken\u{fffd}[2J", "run", "short"], "{table}");
    assert!(!table.contains('\u{1b}'), "{table}");
    let by_step: Value =
        serde_json::from_str(&stdout(&mut place.command(&["runs", "--sort", "step", "--json"]))).unwrap();
    let names: Vec<&str> =
        by_step.as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["run", "short", "broken\u{1b}[2J"]);
    assert_eq!((&by_step[0]["step"], &by_step[0]["state"]), (&12.into(), &"finished".into()));
    assert!(by_step[0]["tests"]["test"]["bleu"]["score"].is_f64());
    assert!(by_step[0]["n_parameters"].as_u64().unwrap() > 1000 && by_step[2]["n_parameters"].is_null());
}

#[test]
fn runs_are_compared() {
    let place = Place::trained();
    place.train(&["run.name=short", "train.max_steps=3"]).assert().success();
    let args = ["runs", "compare", "run", "runs/short", "--html", "compared.html"];
    let shown = stdout(&mut place.command(&args));
    assert_has(&shown, &["test chrF++", "train.max_steps  12   3", "on dev, "]);
    assert!(!shown.contains("run.name") && !shown.contains("model.d_model"), "{shown}");
    assert_has(&place.read_text("compared.html"), &["train.max_steps", "short", "<svg class=\"chart\""]);
    let same = stdout(&mut place.command(&["runs", "compare", "run", "run"]));
    assert_has(&same, &["the configurations are the same"]);
}

#[test]
fn what_is_no_run_is_refused_with_a_next_step() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).unwrap();
    let refused = |args: &[&str], code: i32, parts: &[&str]| {
        assert_has(&failure(&mut place.command(args), code), parts);
    };
    refused(&["report", "--run", "none"], 74, &["cannot read none"]);
    refused(&["report", "--run", "config.toml"], 74, &["config.toml", "ot a directory"]);
    refused(&["report", "--run", "empty"], 2, &["is not the directory of a run", "train runs --dir DIR"]);
    refused(&["report"], 2, &["--run <DIR>"]);
    refused(&["runs", "--dir", "none"], 74, &["cannot list none"]);
    refused(&["runs", "compare", "one"], 2, &["2 values required"]);
    refused(&["runs", "compare", "one", "two"], 74, &["cannot read one"]);
    refused(&["runs", "--sort", "beauty"], 2, &["age", "score"]);
    let none = place.command(&["runs", "--dir", "empty"]).output().unwrap();
    assert!(none.status.success() && stderr_of(&none).contains("no runs in empty"));
}

/// A terminal shows bars, and nothing of them is left where a message stands.
#[cfg(target_os = "linux")]
#[test]
fn bars_and_messages_do_not_mix_on_a_terminal() {
    let place = Place::new();
    let program = env!("CARGO_BIN_EXE_train");
    let command = format!("stty cols 70; '{program}' --config config.toml > out.txt");
    let script = std::process::Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(place.path(""))
        .env_remove("RUST_LOG")
        .env("TERM", "xterm")
        .output();
    // Not every machine has it.
    let Ok(output) = script else { return };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}");
    assert!(shown.contains("] 12/12"), "no bar in:\n{shown}");
    // What is left of a line is what came after its last erasure.
    let left: Vec<&str> = shown.split('\n').map(|line| line.rsplit("\u{1b}[2K").next().unwrap()).collect();
    let text = left.join("\n");
    assert_has(
        &text,
        &["train: 24 pairs\r", "step 12  dev loss", "stopped after step 12: train.max_steps = 12\r"],
    );
    assert!(!text.contains("12/12"), "a bar is left:\n{text}");
}
