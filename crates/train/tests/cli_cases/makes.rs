//! Commands that write configurations, corpora, completions and manuals; global options and variables.

use crate::case::{Case, Make, case, of, table};
use crate::config::{forbidden, pipe};
use crate::files::{with_dir, with_file, with_link};
use std::fs;

pub(crate) fn cases() -> Vec<Case> {
    [configurations(), splits(), manuals(), globals(), variables(), versions()]
        .into_iter()
        .flatten()
        .collect()
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

/// Options that every command has.
fn globals() -> Vec<Case> {
    let mut cases = Vec::new();
    for (rest, says) in [
        ("--color", "--color"),
        ("--color=", "--color"),
        ("--color Always", "Always"),
        ("--log-format", "--log-format"),
        ("--log-format=", "--log-format"),
        ("--log-format JSON", "JSON"),
        ("--log-format text --log-format json", "--log-format"),
        ("--quiet --quiet", "--quiet"),
        ("--quiet=no", "--quiet"),
        ("-v=2", "-="),
        ("--verbose 2", "2"),
    ] {
        for line in ["runs", "config schema", "data list"] {
            cases.push(case(&format!("{line} {rest}"), 2, &[says]));
        }
    }
    for global in [
        "--log-format json",
        "--log-format=json -vv",
        "-q",
        "-qqv",
        "-v",
        "-vvvv",
        "--color always",
        "--color never",
    ] {
        if global == "-qqv" {
            cases.push(case("runs -qqv", 2, &["--quiet"]));
            continue;
        }
        cases.push(case(&format!("--config none.toml {global}"), 78, &["none.toml"]));
        cases.push(case(&format!("report --run nowhere {global}"), 74, &["nowhere"]));
        cases.push(case(&format!("translate --model nowhere hello {global}"), 65, &["nowhere"]));
        cases.push(case(&format!("translate --model runs/run/best hello {global}"), 0, &[]));
        cases.push(case(&format!("runs {global}"), 0, &["finished"]));
        let train = format!("--config config.toml --set run.name=new --set train.max_steps=2 {global}");
        cases.push(case(&train, 0, &["model: "]).writes());
    }
    cases.push(
        case("report --run nowhere --log-format json", 74, &["\"level\":\"ERROR\""]).env("RUST_LOG", b"info"),
    );
    cases.push(case("-vvvvvvvvvvvvvvvv runs", 0, &["finished"]));
    let many = format!("runs -{}", "v".repeat(300));
    cases.push(case(&many, 0, &["finished"]));
    cases
}

fn variables() -> Vec<Case> {
    let mut cases = Vec::new();
    let runs = |key, value: &'static [u8], code, says: &str| case("runs", code, &[says]).env(key, value);
    for (key, value, code, says) in [
        ("ANUVADA_QUIET", &b""[..], 0, "finished"),
        ("ANUVADA_QUIET", b"maybe", 0, "finished"),
        ("ANUVADA_QUIET", b"\xFF", 2, "UTF-8"),
        ("ANUVADA_VERBOSE", b"2", 0, "finished"),
        ("ANUVADA_VERBOSE", b"much", 2, "much"),
        ("ANUVADA_VERBOSE", b"-1", 2, "-1"),
        ("ANUVADA_VERBOSE", b"256", 2, "256"),
        ("ANUVADA_LOG_FORMAT", b"json", 0, "finished"),
        ("ANUVADA_LOG_FORMAT", b"yaml", 2, "yaml"),
        ("ANUVADA_LOG_FORMAT", b"\xFF", 2, ""),
        ("ANUVADA_COLOR", b"never", 0, "finished"),
        ("ANUVADA_COLOR", b"green", 2, "green"),
        ("ANUVADA_COLOR", b"\xFF", 2, ""),
        ("ANUVADA_CONFIG", b"none.toml", 0, "finished"),
        ("ANUVADA_MODEL", b"nowhere", 0, "finished"),
        ("ANUVADA_SET", b"x", 0, "finished"),
        ("ANUVADA_BACKEND", b"abacus", 0, "finished"),
        ("ANUVADA_DRILL", b"", 2, "ANUVADA_DRILL"),
        ("ANUVADA_DRILL", b"kill", 2, "kill"),
        ("ANUVADA_DRILL", b"kill@micro_batch:7,", 2, "kill@micro_batch:7,"),
        ("ANUVADA_DRILL", b"nan@loss:-1", 2, "nan@loss:-1"),
        ("ANUVADA_DRILL", b"\xFF", 2, "ANUVADA_DRILL"),
        ("ANUVADA_DRILL", b"nan@nowhere:1", 0, "finished"),
        ("NO_COLOR", b"\xFF", 0, "finished"),
    ] {
        cases.push(runs(key, value, code, says));
    }
    for (value, code, says) in [
        (&b"none.toml"[..], 78, "none.toml"),
        (b"", 2, ""),
        (b".", 78, "directory"),
        (b"\xFF", 78, "does not exist"),
    ] {
        cases.push(of([""; 0], code, &[says]).env("ANUVADA_CONFIG", value));
        cases.push(case("config show", code, &[says]).env("ANUVADA_CONFIG", value));
        cases.push(case("data prepare", code, &[says]).env("ANUVADA_CONFIG", value));
    }
    for (value, code, says) in
        [(&b"nowhere"[..], 65, "nowhere"), (b"", 2, ""), (b"\xFF", 65, "manifest.json")]
    {
        cases.push(case("translate hello", code, &[says]).env("ANUVADA_MODEL", value));
    }
    let show = "config show --config config.toml";
    for (value, code, says) in [
        (&b""[..], 0, "[train]"),
        (b";", 0, "[train]"),
        (b"x", 78, "x"),
        (b"=", 78, "="),
        (b"run.nmae=1", 78, "name"),
        (b"train.max_steps=-1", 78, "max_steps"),
        (b"train.max_steps=5;x", 78, "x"),
        (b"train.max_steps=5;;run.seed=2", 0, "ANUVADA_SET"),
        (b"train.max_steps=five", 78, "max_steps"),
        (b"run.name=\xFF", 78, "ANUVADA_SET"),
        ("run.name=ಓಟ".as_bytes(), 0, "ಓಟ"),
    ] {
        cases.push(case(show, code, &[says]).env("ANUVADA_SET", value));
        if code != 0 {
            cases.push(case("--config config.toml", code, &[says]).env("ANUVADA_SET", value));
            cases.push(case("evaluate --config config.toml", code, &[says]).env("ANUVADA_SET", value));
            cases.push(case("data check --config config.toml", code, &[says]).env("ANUVADA_SET", value));
        }
    }
    let model = "translate --model runs/run/best hello";
    for (key, value, code, says) in [
        ("ANUVADA_BACKEND", &b""[..], 0, ""),
        ("ANUVADA_BACKEND", b"abacus", 69, "'abacus' does not exist"),
        ("ANUVADA_BACKEND", b"cpu:1", 69, "no device 1"),
        ("ANUVADA_BACKEND", b"\xFF", 69, "does not exist"),
        ("ANUVADA_PRECISION", b"", 0, ""),
        ("ANUVADA_PRECISION", b"f64", 2, "ANUVADA_PRECISION"),
        ("ANUVADA_PRECISION", b"\xFF", 2, "ANUVADA_PRECISION"),
        ("ANUVADA_PRECISION", b"bf16", 69, "f32 alone"),
    ] {
        cases.push(case(model, code, &[says]).env(key, value));
        let evaluate = "evaluate --model runs/run/best --src test.en --ref test.kn";
        cases.push(case(evaluate, code, &[says]).env(key, value));
    }
    cases
}

fn versions() -> Vec<Case> {
    let gone = "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"";
    let mut cases = Vec::new();
    for line in ["--version --verbose", "-Vv", "-V"] {
        cases.push(case(line, 0, &["train "]).shell(gone));
        cases.push(case(line, 0, &["train "]).env("PATH", b"").without("HOME"));
        cases.push(case(line, 0, &["train "]).env("LC_ALL", b"C").env("COLUMNS", b"0"));
        cases.push(case(line, 0, &[]).into_nobody());
        cases.push(case(line, 0, &[]).shell("exec \"$@\" >&- 2>&-"));
        cases.push(case(line, 0, &["train "]).env("RAYON_NUM_THREADS", b"many"));
    }
    cases.push(case("--version --verbose", 74, &["cannot write standard output"]).into_full());
    cases.push(case("--version --verbose more", 0, &["train "]));
    cases.push(case("--verbose --version --config none.toml", 0, &["train "]));
    cases.push(case("--version --verbose=2", 0, &["train "]));
    cases
}
