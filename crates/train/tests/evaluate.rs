//! `evaluate`: of two files, of a model on files, of a run.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, assert_has, failure, stdout};
use serde_json::Value;

fn json(place: &Place, args: &[&str]) -> Value {
    serde_json::from_str(&stdout(place.command(&["evaluate", "--json"]).args(args))).unwrap()
}

/// Scores of two files with these bytes.
fn of_bytes(place: &Place, hypotheses: &str, references: &str) -> Value {
    place.write("hyp.txt", hypotheses.as_bytes());
    place.write("ref.txt", references.as_bytes());
    json(place, &["--hyp", "hyp.txt", "--ref", "ref.txt"])
}

#[test]
fn the_scores_of_two_files_have_their_keys_and_signatures() {
    let place = Place::new();
    let scores = of_bytes(&place, "the cat sat here now\n", "the cat sat here\n");
    let keys: Vec<&String> = scores.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["bleu", "chrf", "chrf++", "ter"]);
    for (key, signature) in [
        ("bleu", "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:"),
        ("chrf", "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:"),
        ("chrf++", "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:"),
        ("ter", "nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:"),
    ] {
        assert!(scores[key]["score"].is_f64(), "{key}: {scores}");
        assert_has(scores[key]["signature"].as_str().unwrap(), &[signature]);
    }
    assert_eq!(scores["ter"]["score"], 25.0);
    let text = stdout(&mut place.command(&["evaluate", "--hyp", "hyp.txt", "--ref", "ref.txt"]));
    assert_has(&text, &["BLEU 66.87  nrefs:1|", "\nTER 25.00  "]);
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn a_line_ends_at_the_newline_only() {
    let place = Place::new();
    let references = "one two three four five\nsix seven eight nine ten\n";
    let perfect = of_bytes(&place, references, references);
    assert_eq!(perfect["chrf"]["score"], 100.0);
    for separator in ["\u{2028}", "\u{85}", "\u{B}", "\u{C}"] {
        let text = format!("one two{separator}three four five\nsix seven eight nine ten\n");
        assert_eq!(of_bytes(&place, &text, &text)["bleu"]["sys_len"], 10, "{separator:?}");
    }
    // Without the last newline, and with the ends of another system.
    assert_eq!(of_bytes(&place, references.trim_end(), references), perfect);
    assert_eq!(of_bytes(&place, &references.replace('\n', "\r\n"), references), perfect);
    // Empty lines count.
    let holes = of_bytes(&place, "\none\n\n", "one\none\n\n");
    assert_eq!(holes["ter"]["num_edits"], 1);
    let message = failure(&mut unequal(&place, "a\nb\n\n", "a\nb\n"), 65);
    assert_has(&message, &["hyp.txt has 3 lines but ref.txt has 2"]);
    let message = failure(&mut unequal(&place, "", "a\n"), 65);
    assert_has(&message, &["hyp.txt: is empty"]);
}

fn unequal(place: &Place, hypotheses: &str, references: &str) -> assert_cmd::Command {
    place.write("hyp.txt", hypotheses.as_bytes());
    place.write("ref.txt", references.as_bytes());
    place.command(&["evaluate", "--hyp", "hyp.txt", "--ref", "ref.txt"])
}

#[test]
fn a_model_on_files_and_a_run_score_what_translate_says() {
    let place = Place::trained();
    place.write("hyp.txt", stdout(&mut place.translate(&["--input", "test.en"])).as_bytes());
    let of_files = json(&place, &["--hyp", "hyp.txt", "--ref", "test.kn"]);
    let of_model = json(&place, &["--model", "runs/run/best", "--src", "test.en", "--ref", "test.kn"]);
    assert_eq!(of_model, of_files);
    let of_run = json(&place, &["--config", "config.toml"]);
    assert_eq!(of_run.as_object().unwrap().keys().collect::<Vec<_>>(), ["dev", "test"]);
    assert_eq!(of_run["test"], of_files);
    let text = stdout(&mut place.command(&["evaluate", "--config", "config.toml"]));
    assert_has(&text, &["dev (8 lines)\nBLEU ", "test (8 lines)\nBLEU "]);
    let last = place.rows("run", "test").pop().unwrap();
    assert_eq!((&last["set"], &last["scores"]), (&Value::from("test"), &of_files));
}

#[test]
fn further_sets_are_scored_by_name() {
    let place = Place::new();
    let config =
        place.read_text("config.toml") + "\n[data.test_sets.again]\nsrc = 'test.en'\ntgt = 'test.kn'\n";
    place.write("config.toml", config.as_bytes());
    let shown = stdout(&mut place.train(&[]));
    assert_has(&shown, &["test (8 lines)", "again (8 lines)"]);
    let of_run = json(&place, &["--config", "config.toml"]);
    assert_eq!(of_run["again"], of_run["test"]);
}

#[test]
fn a_run_without_a_model_is_named() {
    let place = Place::new();
    let message = failure(&mut place.command(&["evaluate", "--config", "config.toml"]), 65);
    assert_has(&message, &["runs/run/best has no manifest.json"]);
}

#[test]
fn wrong_combinations_are_a_fault_of_use() {
    let place = Place::new();
    for args in [
        &[][..],
        &["--hyp", "test.en"],
        &["--ref", "test.en"],
        &["--model", "m", "--ref", "test.kn"],
        &["--model", "m", "--src", "test.en"],
        &["--src", "test.en", "--ref", "test.kn"],
        &["--hyp", "test.en", "--ref", "test.kn", "--model", "m", "--src", "s"],
        &["--hyp", "test.en", "--ref", "test.kn", "--src", "s"],
        &["--config", "config.toml", "--hyp", "test.en"],
        &["--config", "config.toml", "--ref", "test.en"],
        &["--set", "run.seed=1", "--hyp", "test.en", "--ref", "test.kn"],
    ] {
        failure(place.command(&["evaluate"]).args(args), 2);
    }
    failure(&mut place.command(&[]), 2);
    failure(&mut place.command(&["--config", "config.toml", "translate"]), 2);
    failure(&mut place.command(&["dance"]), 2);
}
