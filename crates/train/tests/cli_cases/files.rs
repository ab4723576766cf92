//! Files and directories that are missing, of another kind, unreadable, or strangely named.

use crate::case::{Case, Made, Make, case, of, set};
use crate::config::{forbidden, pipe};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

pub(crate) fn cases() -> Vec<Case> {
    [corpora(), names(), runs(), models(), inputs(), pages()].into_iter().flatten().collect()
}

type Given = (&'static str, Make);

/// Something under the name `given.en` that is no text.
const NO_TEXT: [(Given, i32, &str); 9] = [
    (("nothing", |_| true), 65, "no such file"),
    (("a directory", |dir| fs::create_dir(dir.join("given.en")).is_ok()), 65, "a directory"),
    (("an empty file", |dir| fs::write(dir.join("given.en"), "").is_ok()), 65, "is empty"),
    (("a pipe that nobody writes to", |dir| pipe(&dir.join("given.en"))), 65, "a pipe"),
    (("a link to itself", |dir| symlink("given.en", dir.join("given.en")).is_ok()), 74, "given.en"),
    (("a link to nothing", |dir| symlink("none", dir.join("given.en")).is_ok()), 65, "no such file"),
    (("a link to a device", |dir| symlink("/dev/zero", dir.join("given.en")).is_ok()), 65, "device"),
    (
        ("a file that is not UTF-8", |dir| fs::write(dir.join("given.en"), b"a\n\xC3(\n").is_ok()),
        65,
        "given.en:2",
    ),
    (
        ("no permission", |dir| {
            let path = dir.join("given.en");
            fs::write(&path, "a\n").is_ok() && forbidden(&path)
        }),
        74,
        "ermission",
    ),
];

fn corpora() -> Vec<Case> {
    let mut cases = Vec::new();
    for ((what, make), code, says) in NO_TEXT {
        let new = ["--set", "run.name=new"];
        for key in ["data.train.src", "data.train.tgt", "data.dev.src", "data.test.tgt"] {
            let value = format!("{key}=given.en");
            let args = ["--config", "config.toml", "--set", &value].into_iter().chain(new);
            cases.push(of(args, code, &["given.en", says]).given(what, make));
        }
        for line in [
            "data check --src given.en --tgt train.kn",
            "evaluate --hyp given.en --ref test.kn",
            "evaluate --model runs/run/best --src test.en --ref given.en",
        ] {
            cases.push(case(line, code, &["given.en", says]).given(what, make));
        }
    }
    for (name, says) in [("/dev/zero", "device"), ("/dev/full", "device"), ("/proc/self/mem", "")] {
        cases.push(set(&format!("data.train.src={name}"), 65, &[name, says]));
    }
    cases.push(set(&format!("data.train.src={}", "s".repeat(300)), 74, &["sss"]));
    cases.push(set("data.train.src=train.en/x", 74, &["train.en/x"]));
    cases.push(set("data.train.src=dev.en", 65, &["train.kn"]));
    cases.push(case(
        "evaluate --hyp train.en --ref test.kn",
        65,
        &["train.en has 24 lines", "test.kn has 8"],
    ));
    cases.push(case("data check --file given.tsv", 65, &["given.tsv", "no such file"]));
    cases.push(case("data check --src train.en --tgt dev.kn", 65, &["train.en has 24 lines"]));
    cases
}

fn renamed(dir: &Path, name: &str) -> Made {
    fs::rename(dir.join("test.en"), dir.join(name)).is_ok()
}

/// Names that are strange and right.
fn names() -> Vec<Case> {
    let names: [(&'static str, &'static str, Make); 6] = [
        ("a Kannada name", "ಪಠ್ಯ.en", |dir| renamed(dir, "ಪಠ್ಯ.en")),
        ("a name with spaces", "a b  c.en", |dir| renamed(dir, "a b  c.en")),
        ("a name with a newline", "a\nb.en", |dir| renamed(dir, "a\nb.en")),
        ("a name with a leading dash", "./-x.en", |dir| renamed(dir, "-x.en")),
        ("a name with quotes", "a'\"b$HOME.en", |dir| renamed(dir, "a'\"b$HOME.en")),
        ("a name with brackets", "{a}[b]*.en", |dir| renamed(dir, "{a}[b]*.en")),
    ];
    let mut cases = Vec::new();
    for (what, name, make) in names {
        let model = ["--model", "runs/run/best"];
        let evaluate = ["evaluate"].into_iter().chain(model).chain(["--ref", "test.kn", "--src", name]);
        cases.push(of(evaluate, 0, &["BLEU"]).given(what, make));
        let translate = ["translate"].into_iter().chain(model).chain(["--input", name]);
        cases.push(of(translate, 0, &[]).given(what, make));
        cases.push(of(["data", "check", "--src", name, "--tgt", "test.kn"], 0, &[]).given(what, make));
    }
    let bytes = b"\xFF\xFE.en";
    let raw = |dir: &Path| {
        use std::os::unix::ffi::OsStrExt;
        fs::rename(dir.join("test.en"), dir.join(std::ffi::OsStr::from_bytes(b"\xFF\xFE.en"))).is_ok()
    };
    cases.push(
        of(["translate", "--model", "runs/run/best", "--input"], 0, &[])
            .arg(bytes)
            .given("a name that is no text", raw),
    );
    cases.push(
        of(["evaluate", "--model", "runs/run/best", "--ref", "test.kn", "--src"], 0, &["BLEU"])
            .arg(bytes)
            .given("a name that is no text", raw),
    );
    // Whole runs in strange places.
    for value in
        ["run.dir=ಓಟಗಳು", "run.dir=with space", "run.dir=./-dash", "run.name=ಓಟ-ಕನ್ನಡ", "run.dir=a\nb"]
    {
        let value = if value.contains('\n') { "run.dir=\"a\\nb\"" } else { value };
        cases.push(set(value, 0, &["model: "]).writes());
    }
    cases
}

/// Run directories that cannot be what they must.
fn runs() -> Vec<Case> {
    let mut cases = Vec::new();
    for (dir, says) in [
        ("train.en", "train.en"),
        ("train.en/deep", "train.en"),
        ("/dev/null", "/dev/null"),
        ("/dev/null/x", "/dev/null"),
        ("/proc/none", "/proc/none"),
    ] {
        cases.push(set(&format!("run.dir={dir}"), 74, &["cannot create", says]));
    }
    cases.push(set(&format!("run.name={}", "r".repeat(256)), 78, &["rrr"]));
    cases.push(set(&format!("run.dir={}", "d/".repeat(2500)), 74, &["d/d"]));
    let rows: [(&'static str, Make, i32, &str); 10] = [
        ("a file for the run", |dir| with_file(dir, "runs/run"), 74, "runs/run"),
        ("a file for the runs", |dir| with_file(dir, "runs"), 74, "runs"),
        (
            "a file for the checkpoints",
            |dir| with_file(dir, "runs/run/checkpoints"),
            74,
            "runs/run/checkpoints",
        ),
        ("a directory for the lock", |dir| with_dir(dir, "runs/run/.lock"), 74, "runs/run/.lock"),
        ("a directory for the log", |dir| with_dir(dir, "runs/run/metrics.jsonl"), 74, "metrics.jsonl"),
        ("a directory for the configuration", |dir| with_dir(dir, "runs/run/config.toml"), 74, "config.toml"),
        ("a link to itself for the run", |dir| with_link(dir, "runs/run", "run"), 74, "runs/run"),
        ("a link to nothing for the runs", |dir| with_link(dir, "runs", "none"), 74, "runs"),
        ("a pipe for the lock", |dir| with_pipe(dir, "runs/run/.lock"), 74, ".lock"),
        ("a run that only can be read", |dir| read_only(&dir.join("runs/run")), 74, "runs/run"),
    ];
    for (what, make, code, says) in rows {
        let more = set("train.max_steps=14", code, &[says]).given(what, make);
        // The lock is taken, and what a crash left is cleaned, before the rest can be seen.
        cases.push(if what.contains("log") || what.contains("configuration") { more.writes() } else { more });
    }
    cases.push(
        of(["--config", "config.toml", "--fresh"], 74, &["runs/run"])
            .given("a file for the run", |dir| with_file(dir, "runs/run")),
    );
    cases.push(
        of(["evaluate", "--config", "config.toml"], 65, &["runs/run/best"])
            .given("a file for the model", |dir| with_file(dir, "runs/run/best")),
    );
    cases.push(
        of(["evaluate", "--config", "config.toml"], 65, &["runs/run/best"])
            .given("no model", |dir| fs::remove_dir_all(dir.join("runs/run/best")).is_ok()),
    );
    cases.push(
        of(["data", "prepare", "--config", "config.toml"], 74, &["runs"])
            .given("a file for the runs", |dir| with_file(dir, "runs")),
    );
    cases
}

fn cleared(dir: &Path, name: &str) -> std::path::PathBuf {
    let path = dir.join(name);
    let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    path
}

pub(crate) fn with_file(dir: &Path, name: &str) -> Made {
    fs::write(cleared(dir, name), "a file").is_ok()
}

pub(crate) fn with_dir(dir: &Path, name: &str) -> Made {
    fs::create_dir(cleared(dir, name)).is_ok()
}

pub(crate) fn with_link(dir: &Path, name: &str, to: &str) -> Made {
    symlink(to, cleared(dir, name)).is_ok()
}

pub(crate) fn with_pipe(dir: &Path, name: &str) -> Made {
    pipe(&cleared(dir, name))
}

/// See [`forbidden`].
pub(crate) fn forbidden_file(dir: &Path, name: &str) -> Made {
    forbidden(&dir.join(name))
}

/// Not made where permissions do not bite.
fn read_only(dir: &Path) -> Made {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o555)).is_ok()
        && fs::write(dir.join("probe"), "").is_err()
}

/// Model directories that are none.
fn models() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in
        ["nowhere", "train.en", ".", "/", "runs", "runs/run", "/dev/null", "runs/run/best/config.json"]
    {
        cases.push(case(&format!("translate --model {name} hello"), 65, &[name, "director"]));
    }
    cases.push(of(["translate", "hello", "--model", &"m".repeat(300)], 74, &["mmm"]));
    cases.push(of(["translate", "hello", "--model", "a b"], 65, &["a b"]));
    cases.push(of(["translate", "hello", "--model=-m"], 65, &["-m"]));
    cases.push(case("evaluate --model nowhere --src test.en --ref test.kn", 65, &["nowhere"]));
    let rows: [(&'static str, Make, &str); 8] = [
        (
            "an empty manifest",
            |dir| fs::write(dir.join("runs/run/best/manifest.json"), "").is_ok(),
            "manifest.json",
        ),
        (
            "a manifest of zeros",
            |dir| fs::write(dir.join("runs/run/best/manifest.json"), [0; 99]).is_ok(),
            "manifest.json",
        ),
        ("a pipe for the manifest", |dir| with_pipe(dir, "runs/run/best/manifest.json"), "manifest.json"),
        (
            "a pipe for the weights",
            |dir| with_pipe(dir, "runs/run/best/model.safetensors"),
            "model.safetensors",
        ),
        (
            "a directory for the weights",
            |dir| with_dir(dir, "runs/run/best/model.safetensors"),
            "model.safetensors",
        ),
        (
            "a link to itself for the weights",
            |dir| with_link(dir, "runs/run/best/model.safetensors", "model.safetensors"),
            "model.safetensors",
        ),
        (
            "a device for the weights",
            |dir| with_link(dir, "runs/run/best/model.safetensors", "/dev/zero"),
            "model.safetensors",
        ),
        (
            "an empty tokenizer",
            |dir| fs::write(dir.join("runs/run/best/tokenizer.json"), "").is_ok(),
            "tokenizer.json",
        ),
    ];
    for (what, make, says) in rows {
        cases.push(
            case("translate --model runs/run/best hello", 65, &["runs/run/best", says]).given(what, make),
        );
    }
    cases.push(
        case("translate --model loop hello", 74, &["loop"])
            .given("a link to itself", |dir| with_link(dir, "loop", "loop")),
    );
    cases
}

/// What is to be translated.
fn inputs() -> Vec<Case> {
    let model = "translate --model runs/run/best --input";
    let mut cases = Vec::new();
    for name in ["none.txt", "runs", "train.en/x", "."] {
        cases.push(case(&format!("{model} {name}"), 74, &["cannot read", name]));
    }
    cases.push(
        case(&format!("{model} loop"), 74, &["loop"])
            .given("a link to itself", |dir| with_link(dir, "loop", "loop")),
    );
    cases.push(
        case(&format!("{model} test.en"), 74, &["ermission"])
            .given("no permission", |dir| forbidden(&dir.join("test.en"))),
    );
    cases.push(case(&format!("{model} /dev/null"), 0, &[]));
    cases.push(case(&format!("{model} /dev/zero"), 65, &["/dev/zero:1", "65536"]));
    cases.push(case(&format!("{model} runs/run/best/model.safetensors"), 65, &["model.safetensors:"]));
    cases.push(case(&format!("{model} given.txt"), 0, &[]).given("a pipe that somebody writes to", |dir| {
        let path = dir.join("given.txt");
        let made = pipe(&path);
        std::thread::spawn(move || fs::write(path, "the cat runs.\n"));
        made
    }));
    let stdin = "translate --model runs/run/best";
    for (bytes, code, says) in [
        (&b""[..], 0, ""),
        (b"\n\n\n", 0, ""),
        (b"\0\0\0\n", 0, ""),
        (b"the cat runs.", 0, ""),
        (b"\xEF\xBB\xBFthe cat runs.\r\n", 0, ""),
        (b"the\x0Bcat\x0C \x1B[31mruns\x07.\n", 0, ""),
        (b"</s> <pad> <unk> <s>\n", 0, ""),
        (b"\xFF\xFE\n", 65, "standard input:1: invalid utf-8 at byte 0"),
        (b"a\nb\nc \xED\xA0\x80\n", 65, "standard input:3: invalid utf-8 at byte 2"),
        (b"\xF4\x90\x80\x80\n", 65, "standard input:1: invalid utf-8"),
    ] {
        cases.push(case(stdin, code, &[says]).stdin(bytes));
    }
    cases.push(
        case(stdin, 65, &["standard input:2", "65536"])
            .stdin(&[b"a\n".to_vec(), vec![b'x'; 70_000]].concat()),
    );
    cases
}

/// Where the page of `data check` cannot go.
fn pages() -> Vec<Case> {
    let line = "data check --src train.en --tgt train.kn --html";
    let mut cases = Vec::new();
    for name in ["runs", "none/page.html", "train.en/page.html"] {
        cases.push(case(&format!("{line} {name}"), 74, &[name]));
    }
    // By a link, so that a program that replaces what it should not replaces the link.
    for (what, make) in [
        ("a link to a full device", (|dir| with_link(dir, "page", "/dev/full")) as Make),
        ("a link to a device", |dir| with_link(dir, "page", "/dev/null")),
    ] {
        cases.push(case(&format!("{line} page"), 74, &["page", "no regular file"]).given(what, make));
    }
    cases.push(
        case(&format!("{line} pipe"), 74, &["pipe"])
            .given("a pipe that nobody reads", |dir| pipe(&dir.join("pipe"))),
    );
    cases.push(of(
        ["data", "check", "--src", "train.en", "--tgt", "train.kn", "--html", &"h".repeat(300)],
        74,
        &["hhh"],
    ));
    cases.push(case(&format!("{line} page.html"), 0, &[]).writes());
    cases.push(
        of(["data", "check", "--src", "train.en", "--tgt", "train.kn", "--html", "ಪುಟ 1.html"], 0, &[])
            .writes(),
    );
    cases
}
