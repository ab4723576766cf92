//! Environment variables, streams and working directories as no one sets them.

use crate::case::{Case, case};

const TRANSLATE: &str = "translate --model runs/run/best hello";
const TRAIN: &str = "--config config.toml --set run.name=new --set train.max_steps=2";

pub(crate) fn cases() -> Vec<Case> {
    [variables(), streams(), places()].into_iter().flatten().collect()
}

fn variables() -> Vec<Case> {
    let settings: [(&'static str, Option<&[u8]>); 22] = [
        ("HOME", None),
        ("HOME", Some(b"/none")),
        ("HOME", Some(b"\xFF")),
        ("LC_ALL", Some(b"C")),
        ("LC_ALL", Some(b"xx_YY.nonsense")),
        ("LANG", Some(b"\xFF\xFE")),
        ("TERM", None),
        ("TERM", Some(b"dumb")),
        ("TERM", Some(b"no-such-terminal")),
        ("NO_COLOR", Some(b"1")),
        ("CLICOLOR_FORCE", Some(b"1")),
        ("COLUMNS", Some(b"0")),
        ("COLUMNS", Some(b"-1")),
        ("TMPDIR", Some(b"/none/there")),
        ("PATH", Some(b"")),
        ("RUST_LOG", Some(b"==,,[")),
        ("RUST_LOG", Some(b"\xFF")),
        ("RUST_BACKTRACE", Some(b"full")),
        ("RAYON_NUM_THREADS", Some(b"many")),
        ("RAYON_NUM_THREADS", Some(b"-1")),
        ("RAYON_NUM_THREADS", Some(b"0")),
        ("TZ", Some(b":/etc/passwd")),
    ];
    let mut cases = Vec::new();
    for (key, value) in settings {
        for (line, code) in
            [(TRANSLATE, 0), ("--config none.toml", 78), ("translate --model nowhere hello", 65)]
        {
            let case = case(line, code, &[]);
            cases.push(match value {
                Some(value) => case.env(key, value),
                None => case.without(key),
            });
        }
    }
    for (key, value) in [
        ("HOME", ""),
        ("LC_ALL", "C"),
        ("TERM", "dumb"),
        ("TMPDIR", "/none/there"),
        ("PATH", ""),
        ("RUST_LOG", "off"),
    ] {
        cases.push(case(TRAIN, 0, &["model: "]).env(key, value.as_bytes()).writes());
    }
    cases.push(case("data list", 0, &["samanantar"]).env("HF_TOKEN", b"\xFF"));
    cases.push(case("backends", 0, &["cpu"]).env("XDG_RUNTIME_DIR", b"/none").env("DISPLAY", b":99"));
    cases
}

fn streams() -> Vec<Case> {
    let mut cases = vec![
        case(TRANSLATE, 0, &[]).into_nobody(),
        case(TRANSLATE, 74, &["cannot write standard output"]).into_full(),
        case("backends", 74, &["cannot write standard output"]).into_full(),
        case("data list", 74, &["cannot write standard output"]).into_full(),
        case("evaluate --hyp test.kn --ref test.kn", 74, &["cannot write standard output"]).into_full(),
        case("evaluate --hyp test.kn --ref test.kn --json", 74, &["cannot write standard output"])
            .into_full(),
        case("evaluate --hyp test.kn --ref test.kn", 0, &[]).into_nobody(),
        case("evaluate --config config.toml", 74, &["cannot write standard output"]).into_full(),
        case("evaluate --config config.toml", 0, &[]).into_nobody(),
        case("data check --src train.en --tgt train.kn", 74, &["cannot write standard output"]).into_full(),
        case("data check --src train.en --tgt train.kn", 0, &[]).into_nobody(),
        // What was trained stays, whoever listens.
        case(TRAIN, 74, &["cannot write standard output"]).into_full().writes(),
        case(TRAIN, 0, &[]).into_nobody().writes(),
    ];
    for (line, code) in
        [(TRANSLATE, 0), ("--config none.toml", 78), ("evaluate --hyp test.kn --ref test.kn", 0)]
    {
        cases.push(case(line, code, &[]).shell("exec \"$@\" >&-"));
        cases.push(case(line, code, &[]).shell("exec \"$@\" <&-"));
        cases.push(case(line, code, &[]).shell("exec \"$@\" <&- >&-"));
        cases
            .push(case(line, code, &[]).shell("exec 4>&2; \"$@\" 2>&-; code=$?; echo ended >&4; exit $code"));
        cases.push(
            case(line, code, &[]).shell("exec 4>&2; \"$@\" 2>/dev/full; code=$?; echo ended >&4; exit $code"),
        );
        cases.push(
            case(line, code, &[]).shell("exec 4>&2; \"$@\" 2>&1 >/dev/null | true; echo ended >&4; \"$@\""),
        );
        cases.push(case(line, code, &[]).shell("ulimit -n 16; exec \"$@\""));
        cases.push(case(line, code, &[]).shell("ulimit -c 0; umask 777; exec \"$@\""));
    }
    cases.push(case("translate --model runs/run/best", 0, &[]).shell("exec \"$@\" <&-"));
    cases.push(
        case("translate --model runs/run/best", 74, &["cannot read standard input"]).shell("exec \"$@\" <."),
    );
    cases.push(case("translate --model runs/run/best --input test.en", 0, &[]).shell("\"$@\" | head -n 1"));
    cases.push(case(TRAIN, 0, &[]).shell("exec \"$@\" >&- 2>&- <&-").writes());
    cases.push(case(TRAIN, 0, &[]).shell("\"$@\" 2>/dev/full").writes());
    cases.push(case(TRAIN, 0, &[]).shell("\"$@\" | head -n 1").writes());
    cases
}

fn places() -> Vec<Case> {
    let gone = "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"";
    vec![
        case("--version", 0, &["train "]).shell(gone),
        case("backends", 0, &["cpu"]).shell(gone),
        case("--config config.toml", 78, &["config.toml does not exist"]).shell(gone),
        case("translate --model runs/run/best hello", 65, &["runs/run/best"]).shell(gone),
        case("evaluate --hyp test.kn --ref test.kn", 65, &["test.kn", "no such file"]).shell(gone),
        case("data verify", 65, &["data"]).shell(gone),
        case(TRANSLATE, 0, &[]).shell("PWD=/none; export PWD; exec \"$@\""),
        case("evaluate --config ../config.toml", 65, &["runs/run/best"]).shell("cd runs && exec \"$@\""),
    ]
}
