//! What `--help` says, word by word.

mod common;

use common::{Place, stdout};

fn help(args: &[&str]) -> String {
    stdout(&mut Place::new().command(args))
}

#[test]
fn without_a_command() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn train() {
    insta::assert_snapshot!(help(&["train", "--help"]));
}

#[test]
fn evaluate() {
    insta::assert_snapshot!(help(&["evaluate", "--help"]));
}

#[test]
fn translate() {
    insta::assert_snapshot!(help(&["translate", "--help"]));
}

#[test]
fn data_check() {
    insta::assert_snapshot!(help(&["data", "check", "--help"]));
}

#[test]
fn data_prepare() {
    insta::assert_snapshot!(help(&["data", "prepare", "--help"]));
}
