//! Configuration files that cannot be read or make no sense.

use crate::case::{Case, Made, Make, of, table};
use std::fs;
use std::path::Path;

pub(crate) fn cases() -> Vec<Case> {
    [texts(), places(), overrides()].into_iter().flatten().collect()
}

fn given(path: &Path, bytes: &[u8]) -> Made {
    fs::write(path.join("given.toml"), bytes).is_ok()
}

fn texts() -> Vec<Case> {
    let texts: [(&'static str, Make, &str); 22] = [
        ("an empty file", |dir| given(dir, b""), "src"),
        ("a byte order mark alone", |dir| given(dir, b"\xEF\xBB\xBF"), "src"),
        ("comments alone", |dir| given(dir, b"# nothing\n"), "src"),
        ("zero bytes", |dir| given(dir, &[0; 512]), "given.toml"),
        ("a program", |dir| given(dir, b"\x7FELF\x02\x01\x01\x00\x00\xFF\xFE"), "is not utf-8"),
        ("UTF-16", |dir| given(dir, b"\xFF\xFE[\x00r\x00"), "is not utf-8"),
        ("a byte that is no UTF-8", |dir| given(dir, b"[run]\nname = \"\xC3(\"\n"), "given.toml:2"),
        ("a megabyte", |dir| given(dir, &b"# x\n".repeat(1 << 18)), "65536"),
        ("an open string", |dir| given(dir, b"[run]\nname = \"a\n"), "given.toml:2"),
        ("an open table", |dir| given(dir, b"[run\nname = 'a'\n"), "given.toml:1"),
        ("a key twice", |dir| given(dir, b"[run]\nname = 'a'\nname = 'b'\n"), "given.toml:3"),
        ("a table twice", |dir| given(dir, b"[run]\n[run]\n"), "given.toml:2"),
        ("an unknown table", |dir| given(dir, b"[rnu]\nname = 'a'\n"), "rnu"),
        ("an unknown key", |dir| given(dir, b"[run]\nnmae = 'a'\n"), "did you mean 'name'"),
        ("a text for a number", |dir| given(dir, b"[train]\nmax_steps = 'a'\n"), "max_steps"),
        ("a table for a number", |dir| given(dir, b"[train.max_steps]\na = 1\n"), "max_steps"),
        ("a number for a table", |dir| given(dir, b"train = 1\n"), "train"),
        ("a date for a number", |dir| given(dir, b"[train]\nmax_steps = 2020-01-01\n"), "max_steps"),
        ("JSON", |dir| given(dir, b"{\"run\": {\"name\": \"a\"}}"), "given.toml:1"),
        ("YAML", |dir| given(dir, b"run:\n  name: a\n"), "given.toml:1"),
        ("brackets without end", |dir| given(dir, &b"[".repeat(60_000)), "given.toml:1"),
        (
            "nests without end",
            |dir| given(dir, (String::from("a = ") + &"[".repeat(60_000)).as_bytes()),
            "given.toml",
        ),
    ];
    let mut cases = Vec::new();
    for (what, make, says) in texts {
        cases.push(of(["--config", "given.toml"], 78, &[says]).given(what, make));
    }
    for command in
        [&["evaluate", "--config"][..], &["data", "check", "--config"], &["data", "prepare", "--config"]]
    {
        let args = |file: &'static str| command.iter().copied().chain([file]);
        cases.push(of(args("none.toml"), 78, &["none.toml", "does not exist"]));
        cases.push(of(args("."), 78, &["directory"]));
        cases.push(
            of(args("given.toml"), 78, &["did you mean 'name'"])
                .given("an unknown key", |dir| given(dir, b"[run]\nnmae = 'a'\n")),
        );
    }
    cases
}

fn places() -> Vec<Case> {
    let mut cases = table(
        78,
        &[
            ("--config none.toml", "none.toml"),
            ("--config confg.toml", "config.toml"),
            ("--config .", "directory"),
            ("--config /", "directory"),
            ("--config config.toml/", "config.toml/"),
            ("--config config.toml/x", "config.toml/x"),
            ("--config /dev/null", "regular file"),
            ("--config /dev/zero", "regular file"),
            ("--config train.en", "train.en"),
            ("--config runs/run/best/model.safetensors", "model.safetensors"),
        ],
    );
    cases.push(of(["--config=-x.toml"], 78, &["-x.toml", "does not exist"]));
    cases.push(of(["--config", &"c".repeat(300)], 78, &["ccc"]));
    cases.push(of(["--config", &"c/".repeat(3000)], 78, &["c/c"]));
    cases.push(of(["--config", "loop.toml"], 78, &["loop.toml"]).given("a link to itself", |dir| {
        std::os::unix::fs::symlink("loop.toml", dir.join("loop.toml")).is_ok()
    }));
    cases.push(of(["--config", "gone.toml"], 78, &["gone.toml"]).given("a link to nothing", |dir| {
        std::os::unix::fs::symlink("none.toml", dir.join("gone.toml")).is_ok()
    }));
    cases.push(
        of(["--config", "pipe.toml"], 78, &["pipe.toml", "pipe"])
            .given("a pipe that nobody writes to", |dir| pipe(&dir.join("pipe.toml"))),
    );
    cases.push(
        of(["--config", "config.toml"], 78, &["config.toml", "ermission"])
            .given("no permission", |dir| forbidden(&dir.join("config.toml"))),
    );
    cases.push(of(["--config", "data check.toml"], 78, &["data check.toml"]));
    cases
}

/// A named pipe.
pub(crate) fn pipe(path: &Path) -> Made {
    std::process::Command::new("mkfifo").arg(path).status().is_ok_and(|status| status.success())
}

/// Takes the permissions of a file away; not made where they do not bite.
pub(crate) fn forbidden(path: &Path) -> Made {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).is_ok() && fs::File::open(path).is_err()
}

/// `--set` that names no key or gives no value.
fn overrides() -> Vec<Case> {
    let mut cases = Vec::new();
    for (typed, says) in [
        ("x", "x"),
        ("=", "="),
        ("=1", "=1"),
        ("", ""),
        ("train.max_steps", "train.max_steps"),
        ("train.max_steps=", "max_steps"),
        ("train.max_steps==5", "max_steps"),
        ("train.max_stepz=5", "max_steps"),
        ("trian.max_steps=5", "train"),
        ("max_steps=5", "max_steps"),
        ("train=5", "train"),
        ("train.=5", "train"),
        (".max_steps=5", "max_steps"),
        ("train..max_steps=5", "max_steps"),
        ("train.max_steps.more=5", "max_steps"),
        ("TRAIN.MAX_STEPS=5", "TRAIN"),
        ("train max_steps=5", "max_steps"),
        ("train.max_steps=five", "max_steps"),
        ("train.max_steps=[5]", "max_steps"),
        ("train.max_steps={a=5}", "max_steps"),
        ("train.max_steps=5\nrun.seed=2", "max_steps"),
        ("train.max_steps=೫", "max_steps"),
        ("data.train.src=", "src"),
        ("data.test_sets.news=5", "test_sets"),
        ("ಕನ್ನಡ=5", "ಕನ್ನಡ"),
    ] {
        cases.push(of(["--config", "config.toml", "--set", typed], 78, &[says]));
    }
    let long = format!("train.max_steps={}", "9".repeat(50_000));
    cases.push(of(["--config", "config.toml", "--set", &long], 78, &["max_steps"]));
    cases.push(of(["evaluate", "--config", "config.toml", "--set", "run.nmae=1"], 78, &["name"]));
    cases.push(of(
        ["data", "check", "--config", "config.toml", "--set", "data.src_lagn=1"],
        78,
        &["src_lang"],
    ));
    cases.push(of(["data", "prepare", "--config", "config.toml", "--set", "x=1"], 78, &["x"]));
    cases
}
