//! `data check`: a page about a corpus, for people, for programs and for a browser.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, assert_has, failure, pairs, stderr_of, stdout};

const CHECK: [&str; 4] = ["data", "check", "--config", "config.toml"];

fn json(place: &Place, args: &[&str]) -> serde_json::Value {
    let output = place.command(args).arg("--json").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr_of(&output)))
}

#[test]
fn the_page_counts_what_there_is() {
    let place = Place::new();
    let page =
        stdout(place.command(&CHECK).args(["--set", "tokenizer.vocab_size=320", "--html", "page.html"]));
    assert_has(
        &page,
        &["24 pairs, en to kn", "dev: 8 lines, of which in train: source 0", "a vocabulary of 320 ids"],
    );
    assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    let html = place.read_text("page.html");
    assert!(
        html.starts_with("<!DOCTYPE html>") && html.contains("<svg") && html.contains("lang=\"kn\""),
        "{html}"
    );
    let report = json(&place, &CHECK);
    assert_eq!((&report["all"]["pairs"], &report["clean"]["all"]["kept"]), (&24.into(), &24.into()));
}

#[test]
fn files_need_no_configuration() {
    let place = Place::new();
    let two = ["data", "check", "--src", "train.en", "--tgt", "train.kn"];
    assert_eq!(json(&place, &two)["all"]["pairs"], 24);
    let table: Vec<String> = pairs("train").iter().map(|(src, tgt)| format!("{tgt}\t{src}")).collect();
    place.write_lines("train.tsv", &table);
    let one = ["data", "check", "--file", "train.tsv", "--src-lang", "kn", "--tgt-lang", "en"];
    let report = json(&place, &one);
    assert_eq!((&report["all"]["pairs"], &report["clean"]["all"]["kept"]), (&24.into(), &24.into()));
    for args in [&["data", "check"][..], &["data", "check", "--src", "train.en"]] {
        failure(&mut place.command(args), 2);
    }
    let message = failure(&mut place.command(&["data", "check", "--file", "train.txt"]), 2);
    assert_has(&message, &["got 'train.txt', expected a name that ends in .tsv"]);
    failure(&mut place.command(&["data", "check", "--file", "none.tsv"]), 65);
}

#[test]
fn what_must_be_mended_is_an_error() {
    let place = Place::new();
    let first = &pairs("train")[0];
    place.write_lines("dev.en", &[&first.0]);
    place.write_lines("dev.kn", &[&first.1]);
    let output = place.command(&CHECK).args(["--set", "tokenizer.vocab_size=320"]).output().unwrap();
    assert_eq!(output.status.code(), Some(65));
    assert_has(&String::from_utf8_lossy(&output.stdout), &["1 of 1 lines of dev stand in train"]);
    assert_has(&stderr_of(&output), &["1 of the findings are errors"]);
}
