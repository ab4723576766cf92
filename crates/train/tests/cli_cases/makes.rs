//! Commands that write configurations, corpora, completions and manuals.

use crate::case::{Case, Make, case, of, table};
use crate::config::{forbidden, pipe};
use crate::files::{with_dir, with_file, with_link};
use std::fs;

pub(crate) fn cases() -> Vec<Case> {
    [configurations(), splits(), manuals()].into_iter().flatten().collect()
}

fn configurations() -> Vec<Case> {
    let mut cases = table(
        78,
        &[
            ("config show --config none.toml", "none.toml"),
            ("config show --config .", "directory"),
            ("config show --config /dev/zero", "regular file"),
            ("config show --config train.en", "train.en"),
            ("config show --config config.toml --set x", "x"),
            ("config show --config config.toml --set run.nmae=1", "name"),
            ("config show --config config.toml --set train.max_steps=-1 --json", "max_steps"),
            ("config init --pairs 5 --name ../up --output new.toml", "run.name"),
            ("config init --pairs 5 --name= --output new.toml", "run.name"),
        ],
    );
    cases.extend(table(
        2,
        &[
            ("config show --config config.toml more", "more"),
            ("config show --config config.toml --json=1", "--json"),
            ("config show --config config.toml --set", "--set"),
            ("config init --pairs -1", "-1"),
            ("config init --pairs 1e6", "1e6"),
            ("config init --pairs 18446744073709551616", "18446744073709551616"),
            ("config init --pairs 5 --minutes 4294967296", "4294967296"),
            ("config init --pairs 5 --output", "--output"),
            ("config init --pairs 5 --output a.toml --force=yes", "--force"),
            ("config init --src none.en --tgt none.kn", "dev set"),
            ("config init --src . --tgt .", "dev set"),
            ("config init --file none.tsv", "dev set"),
            ("config reference --json", "--json"),
            ("config schema --config config.toml", "--config"),
        ],
    ));
    let missing = |dir: &std::path::Path| fs::remove_file(dir.join("train.en")).is_ok();
    let init = "config init --src train.en --tgt train.kn";
    cases.push(case(init, 65, &["train.en", "no such file"]).given("no training text", missing));
    cases.push(case(init, 65, &["train.en", "a pipe"]).given("a pipe that nobody writes to", |dir| {
        fs::remove_file(dir.join("train.en")).is_ok() && pipe(&dir.join("train.en"))
    }));
    cases.push(
        case(init, 65, &["is empty"])
            .given("an empty text", |dir| fs::write(dir.join("train.en"), "").is_ok()),
    );
    cases.push(case(init, 74, &["ermission"]).given("no permission", |dir| forbidden(&dir.join("train.en"))));
    cases.push(case(&format!("{init} --src-lang=../x"), 78, &["src_lang", "../x"]));
    for (name, says) in [
        ("config.toml", "--force"),
        ("runs", "it is there already"),
        ("none/new.toml", "none/new.toml"),
        ("train.en/new.toml", "train.en/new.toml"),
        ("/dev/null", "it is there already"),
    ] {
        cases.push(case(&format!("config init --pairs 5 --output {name}"), 74, &[name, says]));
        if name != "config.toml" {
            cases.push(case(&format!("config init --pairs 5 --output {name} --force"), 74, &[name, says]));
        }
    }
    let there: [(&'static str, Make); 3] = [
        ("a link to a device", |dir| with_link(dir, "new.toml", "/dev/null")),
        ("a link to a full device", |dir| with_link(dir, "new.toml", "/dev/full")),
        ("a pipe that nobody reads", |dir| pipe(&dir.join("new.toml"))),
    ];
    for (what, make) in there {
        for force in ["", " --force"] {
            let line = format!("config init --pairs 5 --output new.toml{force}");
            cases.push(case(&line, 74, &["new.toml", "it is there already"]).given(what, make));
        }
    }
    cases.push(
        of(
            ["config", "init", "--pairs", "5", "--output", "ಹೊಸ ಕಡತ.toml", "--name", "ಓಟ"],
            0,
            &["ಹೊಸ ಕಡತ.toml"],
        )
        .writes(),
    );
    cases.push(of(["config", "init", "--pairs", "5", "--output"], 0, &["wrote"]).arg(b"\xFF.toml").writes());
    cases.push(case("config init --pairs 18446744073709551615 --minutes 4294967295", 0, &["[tokenizer]"]));
    cases.push(case("config init --pairs 1", 0, &["[tokenizer]"]));
    for line in
        ["config show --config config.toml", "config schema", "config reference", "config init --pairs 5"]
    {
        outputs(&mut cases, line);
    }
    cases
}

/// Standard output that is full, left or closed, and no variables.
fn outputs(cases: &mut Vec<Case>, line: &str) {
    cases.push(case(line, 74, &["cannot write standard output"]).into_full());
    cases.push(case(line, 0, &[]).into_nobody());
    cases.push(case(line, 0, &[]).shell("exec \"$@\" >&-"));
    cases.push(case(line, 0, &[]).shell("\"$@\" | head -n 1"));
    cases.push(case(line, 0, &[]).shell("exec env -i \"$@\""));
    cases.push(case(line, 0, &[]).env("LC_ALL", b"C").env("TERM", b"dumb").env("COLUMNS", b"1"));
}

fn splits() -> Vec<Case> {
    let split = "data split --src train.en --tgt train.kn";
    let mut cases = Vec::new();
    for (rest, says) in [
        ("--dev x --output-dir cut", "x"),
        ("--dev 1.5 --output-dir cut", "1.5"),
        ("--dev 18446744073709551616 --output-dir cut", "18446744073709551616"),
        ("--dev 18446744073709551615 --test 18446744073709551615 --output-dir cut", "ask for fewer"),
        ("--dev 18446744073709551615 --test 0 --output-dir cut", "ask for fewer"),
        ("--dev 24 --test 0 --output-dir cut", "ask for fewer"),
        ("--seed -1 --output-dir cut", "-1"),
        ("--seed=1e3 --output-dir cut", "1e3"),
        ("--output-dir", "--output-dir"),
        ("--output-dir=", "--output-dir"),
        ("--output-dir cut --output-dir cut", "--output-dir"),
        ("--file a.tsv --output-dir cut", "--file"),
        ("--output-dir cut more", "more"),
    ] {
        cases.push(case(&format!("{split} {rest}"), 2, &[says]));
    }
    let small = format!("{split} --dev 2 --test 2 --output-dir");
    for name in ["train.en", "train.en/cut", "/dev/null", "/dev/null/cut", "/proc/none"] {
        cases.push(case(&format!("{small} {name}"), 74, &[name]));
    }
    cases.push(case(&format!("{small} ."), 74, &["it is there already"]));
    cases.push(
        case(&format!("{small} cut"), 74, &["cut/dev.kn", "it is there already"])
            .given("one of the files", |dir| {
                fs::create_dir(dir.join("cut")).is_ok() && with_file(dir, "cut/dev.kn")
            }),
    );
    cases.push(
        case(&format!("{small} cut"), 74, &["cut"])
            .given("a link to nothing", |dir| with_link(dir, "cut", "none")),
    );
    cases.push(case(&format!("{small} cut"), 0, &["next: "]).writes());
    cases.push(case(&format!("{small} cut"), 74, &["cannot write standard output"]).into_full().writes());
    cases.push(case(&format!("{small} cut"), 0, &[]).into_nobody().writes());
    cases.push(of(small.split(' ').chain(["ಕನ್ನಡ ಪಠ್ಯ"]), 0, &["ಕನ್ನಡ ಪಠ್ಯ"]).writes());
    cases.push(of(small.split(' '), 0, &["next: "]).arg(b"\xFF").writes());
    cases.push(case(&format!("{small} cut --src-lang ../../up"), 2, &["../../up"]));
    cases.push(case(&format!("{small} cut --src-lang a/b"), 2, &["a/b"]));
    cases.push(case(&format!("{small} cut --src-lang="), 2, &["--src-lang"]));
    let given: [(&'static str, Make, i32, &str); 6] = [
        ("no text", |dir| fs::remove_file(dir.join("train.en")).is_ok(), 65, "no such file"),
        ("a directory", |dir| with_dir(dir, "train.en"), 65, "a directory"),
        ("an empty file", |dir| fs::write(dir.join("train.en"), "").is_ok(), 65, "is empty"),
        (
            "a pipe that nobody writes to",
            |dir| fs::remove_file(dir.join("train.en")).is_ok() && pipe(&dir.join("train.en")),
            65,
            "a pipe",
        ),
        (
            "a file that is not UTF-8",
            |dir| fs::write(dir.join("train.en"), b"a\n\xC3(\n").is_ok(),
            65,
            "train.en:2",
        ),
        ("fewer lines", |dir| fs::write(dir.join("train.en"), "a\nb\n").is_ok(), 65, "has 2 lines"),
    ];
    for (what, make, code, says) in given {
        cases.push(case(&format!("{small} cut"), code, &["train.en", says]).given(what, make));
    }
    cases
}

fn manuals() -> Vec<Case> {
    let mut cases = Vec::new();
    for line in ["completions bash", "completions zsh", "completions fish", "man"] {
        outputs(&mut cases, line);
    }
    cases.extend(table(
        2,
        &[
            ("completions Bash", "Bash"),
            ("completions bash zsh", "zsh"),
            ("completions --shell bash", "--shell"),
            ("man --dir", "--dir"),
            ("man --dir=", "--dir"),
            ("man --dir a --dir b", "--dir"),
        ],
    ));
    for name in ["train.en", "train.en/man", "/dev/null", "/proc/none"] {
        cases.push(case(&format!("man --dir {name}"), 74, &[name]));
    }
    cases.push(
        case("man --dir man", 74, &["man"])
            .given("a directory for a page", |dir| fs::create_dir_all(dir.join("man/train.1")).is_ok())
            .writes(),
    );
    cases.push(case("man --dir deep/er/man1", 0, &[]).writes());
    cases.push(of(["man", "--dir", "ಕೈಪಿಡಿ 1"], 0, &[]).writes());
    cases.push(of(["man", "--dir"], 0, &[]).arg(b"\xFF").writes());
    cases
}
