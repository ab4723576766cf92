//! Commands that look at runs and models: `report`, `runs`, `learn`, `translate --attention`.

use crate::case::{Case, case, of, table};
use crate::config::pipe;
use crate::files::with_link;
use std::fs;
use std::path::Path;

pub(crate) fn cases() -> Vec<Case> {
    [usage(), directories(), pages(), streams()].into_iter().flatten().collect()
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
