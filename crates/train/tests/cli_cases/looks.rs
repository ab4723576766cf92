//! Commands that look at runs and models: `report`, `runs`, `learn`, `translate --attention`.

use crate::case::{Case, Made, Make, case, of, table};
use crate::config::pipe;
use crate::files::{forbidden_file, with_dir, with_file, with_link, with_pipe};
use std::fs;
use std::path::Path;

pub(crate) fn cases() -> Vec<Case> {
    [usage(), directories(), damaged(), pages(), lessons(), attention(), streams()]
        .into_iter()
        .flatten()
        .collect()
}

fn usage() -> Vec<Case> {
    table(
        2,
        &[
            ("report", "--run"),
            ("report --run", "--run"),
            ("report --run=", "--run"),
            ("report runs/run", "runs/run"),
            ("report --run runs/run --run runs/run", "--run"),
            ("report --run runs/run --output", "--output"),
            ("report --run runs/run --output=", "--output"),
            ("report --run runs/run --html page.html", "--html"),
            ("report --run runs/run --json", "--json"),
            ("report --run runs", "runs is not the directory of a run"),
            ("report --run .", "is not the directory of a run"),
            ("report --run /", "is not the directory of a run"),
            ("report --run runs/run/best", "is not the directory of a run"),
            ("report --config config.toml", "--config"),
            ("runs --dir", "--dir"),
            ("runs --dir=", "--dir"),
            ("runs --dir runs --dir runs", "--dir"),
            ("runs --sort", "--sort"),
            ("runs --sort size", "size"),
            ("runs --sort=", "--sort"),
            ("runs --sort Age", "Age"),
            ("runs --json=1", "--json"),
            ("runs more", "more"),
            ("runs --html a.html", "--html"),
            ("runs compare", "RUN"),
            ("runs compare run", "RUN"),
            ("runs compare run run --json", "--json"),
            ("runs compare run run --html", "--html"),
            ("runs compare run run --dir", "--dir"),
            ("runs compare run run --sort age", "--sort"),
            ("runs --json compare run run", "--json"),
            ("runs compare run .", ". is not the directory of a run"),
            ("learn", "Usage"),
            ("learn dance", "dance"),
            ("learn attention hello", "hello"),
            ("learn attention --sentence", "--sentence"),
            ("learn attention --sentence a --sentence b", "--sentence"),
            ("learn attention --html", "--html"),
            ("learn attention --html=", "--html"),
            ("learn attention --model", "--model"),
            ("learn attention --json", "--json"),
            ("learn context", "--model"),
            ("learn context --model", "--model"),
            ("learn context --model runs/run/best --word cat", "--sentences"),
            ("learn context --model runs/run/best --sentences a b", "--word"),
            ("learn context --model runs/run/best --word cat --sentences one", "--sentences"),
            ("learn context --model runs/run/best --word= --sentences a b", "--word"),
            ("learn positions more", "more"),
            ("learn positions --model runs/run/best", "--model"),
            ("learn masks --model runs/run/best", "--model"),
            ("learn heads", "--model"),
            ("learn heads --model runs/run/best --ref test.kn", "--src"),
            ("learn heads --model runs/run/best --src", "--src"),
            ("learn cost --quick=1", "--quick"),
            ("learn cost --slow", "--slow"),
            ("learn cost --runs", "--runs"),
            ("translate --model runs/run/best --attention", "--attention"),
            ("translate --model runs/run/best --attention= hello", "--attention"),
            ("translate --model runs/run/best --attention looks hello", "looks"),
            ("translate --model runs/run/best --attention looks.gif hello", "looks.gif"),
            ("translate --model runs/run/best --attention .html hello", ".html"),
            ("translate --model runs/run/best --attention a.svg --attention a.svg hello", "--attention"),
            ("translate --model runs/run/best --alignment=yes hello", "--alignment"),
            ("translate --model runs/run/best --alignment --alignment hello", "--alignment"),
        ],
    )
}

/// What is no directory of runs, of a run or of a model.
fn directories() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in ["nowhere", "train.en", "train.en/x", "/dev/null", "ಎಲ್ಲಿಯೂ-ಇಲ್ಲ"] {
        cases.push(case(&format!("report --run {name}"), 74, &["cannot read", name]));
        cases.push(case(&format!("runs --dir {name}"), 74, &["cannot list", name]));
        cases.push(case(&format!("runs compare run {name}"), 74, &["cannot read", name]));
        for line in ["learn attention", "learn context", "learn heads"] {
            cases.push(case(&format!("{line} --model {name}"), 65, &[name]));
        }
    }
    cases.push(case("runs --dir runs/run", 0, &["no runs in runs/run"]));
    cases.push(case("runs --dir /proc/self", 0, &[]));
    cases.push(case("runs compare run nowhere --dir none", 74, &["cannot read"]));
    cases.push(case("learn attention --model runs/run", 65, &["runs/run"]));
    cases.push(case("learn heads --model runs/run/checkpoints", 65, &["runs/run/checkpoints"]));
    cases.push(case("learn cost --runs nowhere", 78, &["nowhere/config.toml"]));
    cases.push(case("learn cost --runs train.en", 78, &["train.en/config.toml"]));
    cases.push(case("learn cost --runs runs", 78, &["runs/config.toml"]));
    let long = "r".repeat(300);
    cases.push(of(["report", "--run", &long], 74, &["rrr"]));
    cases.push(of(["runs", "--dir", &long], 74, &["rrr"]));
    cases.push(of(["report", "--run"], 74, &["cannot read"]).arg(b"\xFF\xFE"));
    cases.push(of(["runs", "--dir"], 74, &["cannot list"]).arg(b"\xFF\xFE"));
    cases.push(of(["runs", "compare", "run"], 2, &["UTF-8"]).arg(b"\xFF"));
    cases.push(of(["learn", "heads", "--model"], 65, &[]).arg(b"\xFF"));
    cases.push(
        case("report --run loop", 74, &["loop"])
            .given("a link to itself", |dir| with_link(dir, "loop", "loop")),
    );
    cases.push(
        case("runs --dir loop", 74, &["loop"])
            .given("a link to itself", |dir| with_link(dir, "loop", "loop")),
    );
    // Strange names that are right.
    let renamed = |dir: &Path| fs::rename(dir.join("runs/run"), dir.join("runs/ಓಟ 1")).is_ok();
    cases.push(
        of(["report", "--run", "runs/ಓಟ 1"], 0, &["ಓಟ 1/report.html"])
            .given("a Kannada name", renamed)
            .writes(),
    );
    cases.push(case("runs", 0, &["ಓಟ 1"]).given("a Kannada name", renamed));
    cases.push(of(["runs", "compare", "ಓಟ 1", "runs/ಓಟ 1"], 0, &["ಓಟ 1"]).given("a Kannada name", renamed));
    let raw = |dir: &Path| {
        use std::os::unix::ffi::OsStrExt;
        fs::rename(dir.join("runs/run"), dir.join(std::ffi::OsStr::from_bytes(b"\xFF\x1B"))).is_ok()
    };
    cases.push(
        of(["report", "--run"], 0, &["report.html"])
            .arg(b"\xFF\x1B")
            .given("a name that is no text", raw)
            .writes(),
    );
    cases.push(case("runs --dir .", 0, &["finished"]).given("a name that is no text", raw));
    cases.push(case("runs --dir . --json", 0, &["finished"]).given("a name that is no text", raw));
    cases
}

fn row(dir: &Path, row: &str) -> Made {
    fs::write(dir.join("runs/run/metrics.jsonl"), row).is_ok()
}

/// Runs that something happened to: there is a page and a line about each that is still a run.
fn damaged() -> Vec<Case> {
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
    // The same for those that train and learn from it.
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

/// Where pages cannot go, and where they can.
fn pages() -> Vec<Case> {
    let mut cases = Vec::new();
    for line in [
        "report --run runs/run --output",
        "runs compare run run --html",
        "learn positions --html",
        "translate --model runs/run/best hello --attention",
    ] {
        let at = |name: &str| of(line.split(' ').chain([name]), 74, &["cannot write", name]);
        cases.push(at("none/page.html"));
        cases.push(at("train.en/page.html"));
        cases.push(at(&("p".repeat(300) + ".html")));
        cases.push(at("page.html").given("a directory", |dir| fs::create_dir(dir.join("page.html")).is_ok()));
        // By a link, so that a program that replaces what it should not replaces the link.
        cases.push(
            at("page.html").given("a link to a device", |dir| with_link(dir, "page.html", "/dev/null")),
        );
        cases.push(
            at("page.html").given("a link to a full device", |dir| with_link(dir, "page.html", "/dev/full")),
        );
        cases.push(at("page.html").given("a pipe that nobody reads", |dir| pipe(&dir.join("page.html"))));
        cases.push(of(line.split(' ').chain(["ಪುಟ 1.html"]), 0, &[]).writes());
        cases.push(of(line.split(' '), 0, &[]).arg(b"\xFF.html").writes());
        cases.push(
            of(line.split(' ').chain(["page.html"]), 74, &["page.html", "File too large"])
                .shell("ulimit -f 1; exec \"$@\"")
                .given("a limit of 512 bytes", |_| true),
        );
    }
    cases
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

/// Standard output that is full, left or closed.
fn streams() -> Vec<Case> {
    let mut cases = Vec::new();
    for line in [
        "report --run runs/run --output page.html",
        "runs",
        "runs --json",
        "runs compare run run",
        "learn positions",
        "learn attention",
    ] {
        let one = |case: Case| if line.starts_with("report") { case.writes() } else { case };
        cases.push(one(case(line, 74, &["cannot write standard output"]).into_full()));
        cases.push(one(case(line, 0, &[]).into_nobody()));
        cases.push(one(case(line, 0, &[]).shell("exec \"$@\" >&-")));
        cases.push(one(case(line, 0, &[]).shell("exec \"$@\" <&- 2>&-")));
        cases.push(one(case(line, 0, &[]).shell("\"$@\" 2>/dev/full")));
        cases.push(one(case(line, 0, &[]).shell("\"$@\" | head -n 1")));
        cases.push(one(case(line, 0, &[]).shell("ulimit -n 16; exec \"$@\"")));
    }
    cases
}
