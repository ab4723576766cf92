//! `model.kind = "gru"` from the command line: trained by the same loop, scored, searched, saved and refused as the
//! Transformer is.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{N_HELD_OUT, Place, assert_has, failure, stderr_of, stdout};

const GRU: &str = "model.kind=gru";

/// A place where a recurrent model was trained, and what was told.
fn trained() -> (Place, String) {
    let place = Place::new();
    let output = place.train(&[GRU, "model.n_decoder_layers=2"]).output().unwrap();
    let told = stderr_of(&output);
    assert!(output.status.success(), "{told}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().matches("model      ").count(), N_HELD_OUT);
    (place, told)
}

#[test]
fn it_trains_scores_and_translates() {
    let (place, told) = trained();
    // 320 · 16 + two directions of (16 + 8) · 24 + 48, two layers of 32 · 48 + 96 + 8 · 16 + 16, and 3 · 16².
    assert_has(
        &told,
        &["model: GRU with attention of 10688 parameters (d_model 16, 1+2 layers), vocabulary 320"],
    );
    let config: serde_json::Value =
        serde_json::from_str(&place.read_text("runs/run/best/config.json")).unwrap();
    assert_eq!(config["model"]["kind"], "gru");
    let card = place.read_text("runs/run/best/README.md");
    assert_has(
        &card,
        &["An encoder–decoder GRU with attention of 10688 parameters (d_model 16, 1+2 layers) trained on"],
    );
    let arguments = ["evaluate", "--model", "runs/run/best", "--src", "test.en", "--ref", "test.kn"];
    assert_has(&stdout(&mut place.command(&arguments)), &["BLEU ", "chrF2++ "]);

    let lines = ["the cat sleeps.", "my goat sees me at home today.", "our hen runs."];
    let translate = |options: &[&str], lines: &[&str]| -> Vec<String> {
        let text = stdout(&mut place.translate(&[options, lines].concat()));
        text.lines().map(str::to_owned).collect()
    };
    for width in ["1", "3"] {
        let together = translate(&["--beam-size", width], &lines);
        let alone = lines.map(|line| translate(&["--beam-size", width], &[line]).concat());
        assert_eq!(together, alone, "beam {width}");
        assert_eq!(together.len(), 3);
    }
    assert_eq!(translate(&["--n-best", "2"], &lines).len(), 6);
    assert_eq!(translate(&["--sample"], &lines), translate(&["--sample"], &lines));
}

#[test]
fn the_run_is_the_same_to_the_last_bit_with_any_number_of_threads() {
    let place = Place::new();
    let weights = |run: &str, threads: &str| {
        let name = format!("run.name={run}");
        let mut command = place.train(&[GRU, &name]);
        command.env("RAYON_NUM_THREADS", threads).assert().success();
        place.read(&format!("runs/{run}/best/model.safetensors"))
    };
    assert!(weights("one", "1") == weights("three", "3"));
}

#[test]
fn micro_batches_change_the_last_bits_only() {
    let place = Place::new();
    let loss = |run: &str, tokens: &str| {
        let sets = [
            GRU,
            &format!("run.name={run}"),
            &format!("train.micro_batch_tokens={tokens}"),
            "model.dropout=0",
        ];
        place.train(&sets).assert().success();
        place
            .training_rows(run)
            .iter()
            .map(|row| row["loss_nats_per_token"].as_f64().unwrap())
            .collect::<Vec<_>>()
    };
    for (whole, parts) in loss("whole", "0").iter().zip(loss("parts", "32")) {
        assert!((whole - parts).abs() < 1e-3, "{whole} {parts}");
    }
}

#[test]
fn a_run_does_not_become_another_kind() {
    let (place, _) = trained();
    let message = failure(&mut place.train(&["model.n_decoder_layers=2", "train.max_steps=13"]), 78);
    assert_has(&message, &["model.kind: saved \"gru\", now \"transformer\""]);
}

#[test]
fn what_is_wrong_is_told() {
    let place = Place::new();
    let refused = |sets: &[&str]| failure(&mut place.train(sets), 78);
    assert_has(&refused(&["model.kind=lstm"]), &["\"transformer\"", "\"gru\""]);
    let odd = refused(&[GRU, "model.d_model=15"]);
    assert_has(&odd, &["model.d_model=15: must be even for the two directions", "write 14 or 16"]);
    // A Transformer's heads do not matter to it.
    stdout(&mut place.train(&[GRU, "model.d_model=14", "model.n_heads=4", "train.max_steps=5"]));
    let shown = failure(&mut place.command(&["learn", "attention", "--model", "runs/run/best"]), 2);
    assert_has(&shown, &["is recurrent (kind = \"gru\")"]);
}

#[test]
fn weights_of_another_shape_are_refused() {
    let (place, _) = trained();
    let config = place.read_text("runs/run/best/config.json");
    for (from, to) in [("\"gru\"", "\"transformer\""), ("\"n_decoder_layers\": 2", "\"n_decoder_layers\": 3")]
    {
        assert!(config.contains(from), "{config}");
        std::fs::remove_file(place.path("runs/run/best/manifest.json")).ok();
        place.write("runs/run/best/config.json", config.replace(from, to).as_bytes());
        let output = place.translate(&["the cat runs."]).output().unwrap();
        assert_eq!(output.status.code(), Some(65), "{}", stderr_of(&output));
    }
}

#[test]
fn two_finished_runs_are_compared() {
    let (place, _) = trained();
    place.train(&["run.name=other"]).assert().success();
    let arguments = ["learn", "cost", "--quick", "--runs", "runs/other", "runs/run", "--html", "cost.html"];
    let shown = stdout(&mut place.command(&arguments));
    assert_has(
        &shown,
        &["run (GRU with attention)", "other (Transformer)", "10688", "BLEU / chrF++", "12  "],
    );
    assert_eq!(
        shown.lines().filter(|line| line.starts_with('→')).count(),
        3 * N_HELD_OUT,
        "reference and two translations of each: {shown}"
    );
    assert_has(&place.read_text("cost.html"), &["<dd lang=\"kn\">", "class=\"chart\""]);
    std::fs::write(place.path("runs/run/metrics.jsonl"), "{\"kind\": \"tra").unwrap();
    let message = failure(&mut place.command(&["learn", "cost", "--quick", "--runs", "runs/run"]), 2);
    assert_has(&message, &["runs/run has no scores of test sets"]);
}
