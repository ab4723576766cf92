//! `learn`, and attention beside translations.

use crate::case::{Case, case, of};
use crate::config::pipe;
use std::fs;

pub(crate) fn cases() -> Vec<Case> {
    [lessons(), attention()].into_iter().flatten().collect()
}

fn lessons() -> Vec<Case> {
    let attention = ["learn", "attention", "--sentence"];
    let mut cases = vec![
        of(attention.into_iter().chain([""]), 2, &["the sentence is empty"]),
        of(attention.into_iter().chain([" \n\t"]), 2, &["the sentence is empty"]),
        of(attention.into_iter().chain([&*"word ".repeat(2000)]), 2, &["shorten it"]),
        of(attention.into_iter().chain([&*"x".repeat(70_000)]), 2, &["shorten it"]),
        of(attention.into_iter().chain(["ನಾನು ಮನೆಗೆ ಹೋದೆ"]), 0, &["ಮನೆಗೆ"]),
        of(attention.into_iter().chain(["\u{1B}[31m<b>&\u{7}"]), 0, &["\u{fffd}[31m<b>"]),
        of(attention, 2, &["UTF-8"]).arg(b"\xFF"),
        of(attention.into_iter().chain(["the cat", "--model", "runs/run/best"]), 0, &["cat"]),
        case("learn heads --model runs/run/best --src none.en", 65, &["none.en", "no such file"]),
        case("learn heads --model runs/run/best --src runs", 65, &["runs", "a directory"]),
        case("learn heads --model runs/run/best --src test.en --ref train.kn", 65, &["train.kn has 24"]),
        case("learn heads --model runs/run/best --tag <2xx>", 65, &["tag"]),
        case("learn heads --model runs/run/best --src given.en", 65, &["given.en", "a pipe"])
            .given("a pipe that nobody writes to", |dir| pipe(&dir.join("given.en"))),
        case("learn heads --model runs/run/best --src given.en", 65, &["given.en"])
            .given("an empty file", |dir| fs::write(dir.join("given.en"), "").is_ok()),
        case("learn heads --model runs/run/best --src given.en", 65, &["given.en:2"])
            .given("a file that is not UTF-8", |dir| fs::write(dir.join("given.en"), b"a\n\xC3(\n").is_ok()),
        of(
            [
                "learn",
                "context",
                "--model",
                "runs/run/best",
                "--word",
                "cat",
                "--sentences",
                "a dog",
                "a cow",
            ],
            2,
            &["cat"],
        ),
        of(
            [
                "learn",
                "context",
                "--model",
                "runs/run/best",
                "--word",
                " ",
                "--sentences",
                "a cat",
                "the cat",
            ],
            2,
            &[],
        ),
    ];
    for (key, value) in [
        ("COLUMNS", "0"),
        ("COLUMNS", "1"),
        ("COLUMNS", "-1"),
        ("COLUMNS", "many"),
        ("COLUMNS", "18446744073709551616"),
        ("COLUMNS", "1000000000"),
        ("TERM", "dumb"),
        ("LC_ALL", "C"),
        ("HOME", ""),
    ] {
        cases.push(case("learn positions", 0, &[]).env(key, value.as_bytes()));
        cases.push(case("runs", 0, &["finished"]).env(key, value.as_bytes()));
    }
    for line in
        ["learn positions", "runs", "runs compare run run", "report --run runs/run --output page.html"]
    {
        for (key, value) in
            [("COLUMNS", &b"\xFF"[..]), ("LANG", b"\xFF"), ("PATH", b""), ("TMPDIR", b"/none")]
        {
            let one = case(line, 0, &[]).env(key, value);
            cases.push(if line.starts_with("report") { one.writes() } else { one });
        }
        let one = case(line, 0, &[]).without("HOME");
        cases.push(if line.starts_with("report") { one.writes() } else { one });
    }
    cases.push(case("learn positions --color always", 0, &["\u{1b}["]));
    cases.push(case("learn positions --color never", 0, &[]));
    cases
}

fn attention() -> Vec<Case> {
    let model = "translate --model runs/run/best";
    vec![
        case(&format!("{model} --alignment hello"), 0, &[" ||| "]),
        case(&format!("{model} --alignment --n-best 2 the cat"), 0, &[" ||| "]),
        case(&format!("{model} --alignment"), 0, &[]).stdin(b"\n\n"),
        case(&format!("{model} --alignment"), 0, &[" ||| "]).stdin("</s> <pad> ಬೆಕ್ಕು\n".as_bytes()),
        case(&format!("{model} --alignment"), 65, &["standard input:2"]).stdin(b"a\n\xFF\n"),
        case(&format!("{model} --alignment --sample hello"), 0, &[" ||| "]),
        case(&format!("{model} --alignment hello"), 74, &["cannot write standard output"]).into_full(),
        case(&format!("{model} --alignment hello"), 0, &[]).into_nobody(),
        case(&format!("{model} --attention looks.svg the cat"), 0, &[]).writes(),
        case(&format!("{model} --attention looks.html"), 0, &[]).stdin(b"").writes(),
        case(&format!("{model} --attention looks.svg"), 0, &[]).stdin(b"\n\n").writes(),
        case(&format!("{model} --attention looks.html"), 65, &["standard input:2"]).stdin(b"a\n\xFF\n"),
        case(&format!("{model} --attention looks.html --input none.en"), 74, &["none.en"]),
        case(&format!("{model} --attention looks.html hello"), 74, &["cannot write standard output"])
            .into_full(),
    ]
}
