//! Pages about runs in every state.

use super::*;
use crate::disk::SystemDisk;
use std::fs;
use tempfile::TempDir;

const CONFIG: &str = "[run]\nname = \"r\"\n[data]\nsrc_lang = \"en\"\ntgt_lang = \"kn\"\n[train]\nmax_steps = 40\n\
                      [validate]\nmetric = \"chrf++\"\n";

fn train_row(step: u64, loss: &str) -> String {
    format!(
        r#"{{"kind":"train","step":{step},"epoch":1,"elapsed_secs":{step},"loss_nats_per_token":{loss},"nll_nats_per_token":{loss},"learning_rate":0.001,"gradient_norm":0.5,"tgt_tokens_per_sec":900}}"#
    )
}

fn validation(step: u64, score: f64) -> String {
    format!(
        r#"{{"kind":"validate","step":{step},"loss_nats_per_token":2.5,"loss_nats_per_char":0.5,"bleu":{score},"chrf":{score},"chrf++":{score}}}"#
    )
}

fn samples(step: u64, hyp: &str) -> String {
    let row = serde_json::json!({"src": "I am here <b>.", "ref": "ನಾನು ಇಲ್ಲಿ ಇದ್ದೇನೆ.", "hyp": hyp});
    serde_json::json!({"kind": "samples", "step": step, "samples": [row]}).to_string()
}

/// A run directory with these rows.
fn run(rows: &[String]) -> (TempDir, Run) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("config.toml"), CONFIG).unwrap();
    fs::write(
        dir.path().join("run.json"),
        r#"{"version":"0.1.0","threads":2,"started_unix_secs":1772236800,"git":"0123456789abcdef",
            "data_blake3":{"train":"ab12"},"held_out_lines":{"dev":7},
            "cleaning":{"read":12345,"kept":12000,"copies":3,"dropped":{"too_long":{"count":345,"first_line":9}}}}"#,
    )
    .unwrap();
    fs::write(dir.path().join("metrics.jsonl"), rows.join("\n")).unwrap();
    let run = Run::read(&SystemDisk, dir.path()).unwrap();
    (dir, run)
}

fn html(run: &Run) -> String {
    let beside =
        Beside { state: run.state(), n_parameters: Some(40_704), tgt_tokens: None, pictures: Vec::new() };
    page(run, beside)
}

#[track_caller]
fn assert_has(html: &str, parts: &[&str]) {
    for part in parts {
        assert!(html.contains(part), "no '{part}' in:\n{html}");
    }
    assert!(!html.contains("NaN") && !html.contains("inf ") && !html.contains("null"), "{html}");
}

#[test]
fn a_finished_run_shows_everything() {
    let rows = [
        train_row(1, "8.5"),
        train_row(20, "4.5"),
        validation(20, 31.5),
        samples(20, "ನಾನು"),
        train_row(40, "3.5"),
        validation(40, 42.25),
        samples(40, "ನಾನು"),
        r#"{"kind":"end","step":40,"state":"finished","reason":"train.max_steps = 40"}"#.into(),
    ];
    let (_dir, run) = run(&rows);
    assert_eq!(run.state(), State::Finished);
    assert_has(
        &html(&run),
        &[
            "en → kn, finished, step 40",
            "<dt>Steps</dt><dd>40 of 40</dd>",
            "<dt>Ended by</dt><dd>train.max_steps = 40</dd>",
            "<dt>Best validation</dt><dd>step 40: chrF++ 42.25, loss 2.5000</dd>",
            "<dt>Parameters</dt><dd>40,704</dd>",
            "<dt>Began</dt><dd>2026-02-28 00:00:00 UTC</dd>",
            "<dt>Pairs kept</dt><dd>12,000</dd>",
            "<dt>Dropped: too long</dt><dd>345 (first: line 9)</dd>",
            "<dt>Lines of dev</dt><dd>7</dd>",
            "<dd>ab12</dd>",
            // The same translation twice stands once, with the word of the reference marked.
            "<th scope=\"row\">20–40</th>",
            "lang=\"kn\"><mark>ನಾನು</mark></td>",
            "I am here &lt;b&gt;.",
            "Learning rate",
        ],
    );
}

#[test]
fn a_run_that_crashed_within_a_row_and_was_not_validated_yet() {
    let (_dir, run) = run(&[train_row(1, "8.5"), train_row(2, "8.25"), r#"{"kind":"train","st"#.into()]);
    assert_eq!(run.state(), State::Stopped);
    let html = html(&run);
    assert_has(&html, &["stopped before its end", "Of metrics.jsonl, 1 line cannot be read.", "2 of 40"]);
    assert!(!html.contains("Best validation") && !html.contains("Scores on dev"));
}

#[test]
fn numbers_that_are_not_finite_leave_gaps_and_are_told() {
    let bad = r#"{"kind":"train","step":2,"epoch":0,"loss_nats_per_token":null,"gradient_norm":null,"nonfinite":true}"#;
    let back = r#"{"kind":"go_back","from":3,"step":0,"reason":"the loss explodes","fallback":1}"#;
    let end = r#"{"kind":"end","step":4,"state":"diverged","reason":"the dev loss is too large"}"#;
    let (_dir, run) = run(&[train_row(1, "8.5"), bad.into(), back.into(), train_row(3, "8"), end.into()]);
    assert_eq!(run.state(), State::Diverged);
    assert_has(
        &html(&run),
        &[
            "The run diverged: the dev loss is too large",
            "Left out, because of numbers that are not finite: 1 step.",
            "Step 2: left out",
            "Step 3: the loss explodes; back to step 0",
        ],
    );
}

#[test]
fn a_run_that_goes_on_says_so() {
    let (dir, run) = run(&[train_row(7, "8.5")]);
    let lock = crate::lock::lock(dir.path()).unwrap();
    assert_eq!(run.state(), State::Running);
    assert_has(&html(&run), &["The run goes on: this page is as of step 7."]);
    drop(lock);
    assert_eq!(run.state(), State::Stopped);
}

#[test]
fn a_run_of_an_older_version_is_finished_where_it_was_tested() {
    let metrics = include_str!("older.jsonl");
    let (_dir, run) = run(&metrics.lines().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!((run.state(), run.rows.n_unreadable), (State::Finished, 0));
    assert_has(&html(&run), &["<th scope=\"row\">test</th><td>41.08</td>", "BLEU|nrefs:1"]);
}

#[test]
fn nothing_at_all_is_no_run_and_empty_files_are_one() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Run::read(&SystemDisk, dir.path()).is_none());
    for name in ["config.toml", "run.json", "metrics.jsonl"] {
        fs::write(dir.path().join(name), [0xff, 0, 10]).unwrap();
    }
    let run = Run::read(&SystemDisk, dir.path()).unwrap();
    assert_has(&html(&run), &["config.toml cannot be read"]);
}

#[test]
fn several_runs_are_laid_over_each_other() {
    let (_a, one) = run(&[train_row(1, "8.5"), validation(20, 31.5)]);
    let (_b, mut two) = run(&[]);
    two.name = "<two>".into();
    let scores = [vec!["run".to_owned()], vec!["<two>".to_owned()]];
    let html = compare_page(&[one, two], &scores, &[vec!["key".to_owned()]]);
    assert_has(&html, &["chrF++ on dev", "&lt;two&gt;", "<p>Nothing.</p>"]);
    assert!(!html.contains("<two>"));
}

#[test]
fn numbers_for_people() {
    assert_eq!([7, 1_234, 1_234_567].map(grouped), ["7", "1,234", "1,234,567"]);
    assert_eq!([1, 2, 3, 11, 42, 112].map(ordinal), ["1st", "2nd", "3rd", "11th", "42nd", "112th"]);
}
