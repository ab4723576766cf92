//! What `--help`, `-h` and `--version` say, word by word, what a shell completes, and the manual.

mod common;

use common::{Place, stdout};
use std::process::Command;

/// Every command that is described here.
const COMMANDS: &[&str] = &[
    "train",
    "evaluate",
    "translate",
    "backends",
    "data",
    "data check",
    "data prepare",
    "data split",
    "data list",
    "data get",
    "data verify",
    "config",
    "config show",
    "config init",
    "config schema",
    "config reference",
    "report",
    "runs",
    "runs compare",
    "learn",
    "learn attention",
    "learn context",
    "learn positions",
    "learn masks",
    "learn heads",
    "learn cost",
    "completions",
    "man",
];

fn said(place: &Place, line: &str) -> String {
    stdout(&mut place.command(&line.split_whitespace().collect::<Vec<_>>()))
}

#[test]
fn without_a_command() {
    let place = Place::new();
    insta::assert_snapshot!("long", said(&place, "--help"));
    insta::assert_snapshot!("short", said(&place, "-h"));
}

#[test]
fn of_each_command() {
    let place = Place::new();
    for command in COMMANDS {
        insta::assert_snapshot!(
            command.replace(' ', "_"),
            without_globals(&said(&place, &format!("{command} --help")))
        );
    }
}

/// The options that all commands have stand in the help without a command.
fn without_globals(help: &str) -> String {
    let (before, globals) = help.split_once("\nGlobal options:\n").expect("every command has them");
    let after =
        globals.split_once("\nExample").map_or(String::new(), |(_, after)| format!("\nExample{after}"));
    format!("{before}{after}")
}

#[test]
fn a_version_is_one_line_and_many_with_verbose() {
    let place = Place::new();
    assert_eq!(said(&place, "--version"), format!("train {}\n", env!("CARGO_PKG_VERSION")));
    let long = said(&place, "--version --verbose");
    assert_eq!(long, said(&place, "-vV"));
    // What is behind the names differs from one machine to the next.
    let names: Vec<&str> = long.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !["backend", "without"].contains(name)).collect();
    assert_eq!(
        names,
        ["train", "revision", "rustc", "target", "system", "processor", "vectors", "threads", "memory"]
    );
    assert!(long.lines().any(|line| line.starts_with("backend    cpu: ")), "{long}");
    assert!(long.contains("rustc      rustc 1."), "{long}");
}

#[test]
fn bash_completes_every_command() {
    let place = Place::new();
    let script = said(&place, "completions bash");
    place.write("train.bash", script.as_bytes());
    let checked = Command::new("bash").args(["-n", "train.bash"]).current_dir(place.path("")).output();
    let checked = checked.expect("bash is there");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    for command in COMMANDS {
        let name = command.replace(' ', "__subcmd__").replace('-', "__");
        assert!(script.contains(&format!("train__subcmd__{name})")), "{command}");
    }
    // As the shell would ask: what may follow `train config i`?
    let ask = "source train.bash; COMP_WORDS=(train config i); COMP_CWORD=2; _train train i config; echo ${COMPREPLY[@]}";
    let answer = Command::new("bash").args(["-c", ask]).current_dir(place.path("")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "init");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(said(&place, &format!("completions {shell}")).contains("evaluate"), "{shell}");
    }
}

#[test]
fn every_command_has_a_page_that_troff_takes() {
    let place = Place::new();
    assert_eq!(said(&place, "man --dir pages"), "");
    let mut pages = vec!["train.1".to_owned()];
    pages.extend(COMMANDS.iter().map(|command| format!("train-{}.1", command.replace(' ', "-"))));
    for page in &pages {
        let text = place.read_text(&format!("pages/{page}"));
        assert!(text.contains(".SH NAME"), "{page}");
    }
    assert!(said(&place, "man").contains(".TH train 1"));
    // Not every machine has it.
    let troff = |page: &str| {
        Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-z", "-K", "utf8", page])
            .current_dir(place.path("pages"))
            .output()
    };
    for page in &pages {
        if let Ok(output) = troff(page) {
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && told.trim().is_empty(), "{page}: {told}");
        }
    }
}
