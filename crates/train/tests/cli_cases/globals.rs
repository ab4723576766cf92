//! Options and variables that every command has, and `--version --verbose`.

use crate::case::{Case, case, of};

pub(crate) fn cases() -> Vec<Case> {
    [globals(), variables(), versions()].into_iter().flatten().collect()
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
    let train = "--log-format json -vv --config config.toml --set run.name=new --set train.max_steps=2";
    for script in ["\"$@\" 2>/dev/full", "\"$@\" 2>&-", "\"$@\" 2>&1 >/dev/null | true", "exec env -i \"$@\""]
    {
        cases.push(case(train, 0, &[]).shell(script).writes());
    }
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
