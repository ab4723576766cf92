//! `train config …` and `train data split` as a user types them.

mod common;

use common::{Place, pairs, stdout};
use serde_json::Value;
use std::fmt::Write as _;

fn place() -> Place {
    let place = Place::new();
    let all: Vec<(String, String)> = ["train", "dev", "test"].iter().flat_map(|set| pairs(set)).collect();
    let (src, tgt): (Vec<String>, Vec<String>) = all.into_iter().unzip();
    place.write_lines("all.en", &src);
    place.write_lines("all.kn", &tgt);
    place
}

fn said(place: &Place, line: &str) -> String {
    stdout(&mut place.command(&line.split_whitespace().collect::<Vec<_>>()))
}

fn refused(place: &Place, line: &str, code: i32) -> String {
    let output = place.command(&line.split_whitespace().collect::<Vec<_>>()).assert().code(code);
    String::from_utf8_lossy(&output.get_output().stderr).into_owned()
}

#[test]
fn what_is_shown_is_a_configuration_again() {
    let place = place();
    let shown = said(&place, "config show --config config.toml --set model.dropout=0.25");
    assert!(shown.contains("dropout = 0.25  ") && shown.contains("# --set\n"), "{shown}");
    assert!(shown.contains("# config.toml:") && shown.contains("# default\n"), "{shown}");
    place.write("again.toml", shown.as_bytes());
    let values = |line: &str| -> Vec<(String, Value)> {
        let json: Value = serde_json::from_str(&said(&place, line)).unwrap();
        json.as_object().unwrap().iter().map(|(key, entry)| (key.clone(), entry["value"].clone())).collect()
    };
    let first = values("config show --config config.toml --set model.dropout=0.25 --json");
    assert_eq!(values("config show --config again.toml --json"), first);
}

#[test]
fn the_variable_comes_between_the_file_and_the_command_line() {
    let place = place();
    let mut command = place.command(&["config", "show", "--set", "run.seed=5", "--json"]);
    command.env("ANUVADA_SET", "run.seed=4; model.dropout=0.1").env("ANUVADA_CONFIG", "config.toml");
    let json: Value = serde_json::from_str(&stdout(&mut command)).unwrap();
    assert_eq!(json["run.seed"], serde_json::json!({"value": 5, "origin": "--set"}));
    assert_eq!(json["model.dropout"], serde_json::json!({"value": 0.1, "origin": "ANUVADA_SET"}));
    let mut wrong = place.command(&["config", "show", "--config", "config.toml"]);
    let output = wrong.env("ANUVADA_SET", "run.sede=4").assert().code(78);
    let told = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(told.contains("ANUVADA_SET run.sede=4: unknown key") && told.contains("'run.seed'"), "{told}");
}

#[test]
fn from_a_corpus_to_a_model_in_three_commands() {
    let place = place();
    let split = said(&place, "data split --src all.en --tgt all.kn --dev 6 --test 5 --output-dir cut");
    assert!(split.contains("cut/dev.kn: 6 pairs") && split.contains("cut/test.kn: 5 pairs"), "{split}");
    let count = |name: &str| place.read_text(name).lines().count();
    assert_eq!(["train", "dev", "test"].map(|set| count(&format!("cut/{set}.en"))), [29, 6, 5]);
    let again = refused(&place, "data split --src all.en --tgt all.kn --output-dir cut", 74);
    assert!(again.contains("cut/train.en") && again.contains("--output-dir"), "{again}");

    let init =
        said(&place, "config init --src cut/train.en --tgt cut/train.kn --name mine --output mine.toml");
    assert!(init.starts_with("wrote mine.toml for 29 pairs\n"), "{init}");
    let told = refused(&place, "config init --pairs 9 --output mine.toml", 74);
    assert!(told.contains("--force"), "{told}");

    // So small a text does not give 500 entries.
    let few = "--config mine.toml --set tokenizer.vocab_size=320";
    said(&place, &format!("data check {few}"));
    let short = "--set train.max_steps=3 --set validate.every=3 --set search.beam_size=1";
    let trained = said(&place, &format!("{few} {short}"));
    assert!(trained.contains("model: runs/mine/best"), "{trained}");
}

#[test]
fn a_configuration_for_each_size_loads() {
    let place = place();
    for n_pairs in [300, 9_000, 28_000, 150_000, 400_000, 2_000_000, 9_000_000] {
        let text = said(&place, &format!("config init --pairs {n_pairs} --name n{n_pairs}"));
        place.write("size.toml", text.as_bytes());
        let shown = said(&place, "config show --config size.toml");
        assert!(shown.contains(&format!("name = \"n{n_pairs}\"")), "{shown}");
    }
}

#[test]
fn a_corpus_without_dev_and_one_without_lines_to_spare_are_told_what_to_do() {
    let place = place();
    let told = refused(&place, "config init --src all.en --tgt all.kn", 2);
    assert!(told.contains("train data split --src all.en --tgt all.kn --dev 500"), "{told}");
    let told = refused(&place, "data split --src all.en --tgt all.kn --dev 30 --test 30 --output-dir cut", 2);
    assert!(told.contains("60 pairs were to be held out") && told.contains("ask for fewer"), "{told}");
    assert!(!place.path("cut").exists());
    assert!(refused(&place, "config init", 2).contains("--pairs N"));
    let told = refused(&place, "config init --pairs 5 --name a/b --output x.toml", 78);
    assert!(told.contains("run.name") && !place.path("x.toml").exists(), "{told}");
}

#[test]
fn the_outputs_in_json_keep_their_keys() {
    let place = Place::trained();
    let keys = |line: &str| -> Vec<String> {
        let json: Value =
            serde_json::from_str(&said(&place, line)).unwrap_or_else(|error| panic!("{line}: {error}"));
        let one = if json.is_array() { json[0].clone() } else { json };
        let mut keys: Vec<String> = one.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let mut all = String::new();
    for line in [
        "evaluate --hyp test.kn --ref test.kn --json",
        "evaluate --config config.toml --json",
        "data check --src train.en --tgt train.kn --json",
        "backends --json",
        "data list --json",
        "runs --json",
    ] {
        let _ = write!(all, "{line}\n  {}\n\n", keys(line).join("\n  "));
    }
    insta::assert_snapshot!(all);
    let shown: Value =
        serde_json::from_str(&said(&place, "config show --config config.toml --json")).unwrap();
    // All of them are described.
    let page = include_str!("../../../docs/src/reference/json.md");
    for key in all.lines().filter_map(|line| line.strip_prefix("  ")).chain(["value", "origin"]) {
        let set = ["dev", "test"].contains(&key);
        assert!(page.contains(&format!("| `{key}` | ")) || set, "docs/src/reference/json.md lacks {key}");
    }
    for (key, entry) in shown.as_object().unwrap() {
        let keys: Vec<&String> = entry.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["origin", "value"], "{key}");
    }
}
