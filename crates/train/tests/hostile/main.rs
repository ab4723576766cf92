//! Configurations, manifests, model directories and runs of strangers: every mutant is accepted or a typed error, in bounded
//! memory and time; no name leads out of a directory; no format that runs code is opened.
//!
//! The same functions are the bodies of the fuzz targets in `fuzz/`, which take the seeds for their corpora: with
//! `ANUVADA_FUZZ_CORPUS` set to a directory, they are written there.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "../../../data/tests/hostile/corpora.rs"]
mod corpora;
#[path = "../../../data/tests/hostile/harness.rs"]
mod harness;
#[path = "../../../data/tests/hostile/mutate.rs"]
mod mutate;
#[path = "../../../data/tests/hostile/parts.rs"]
mod parts;
#[path = "../../../data/tests/hostile/paths.rs"]
mod paths;
mod seeds;
mod targets;

mod directories;
mod escapes;
mod formats;
mod runs;
mod sizes;

use harness::{Memory, rounds, survive};
use targets::Outcome;

fn test(name: &str, count: u64, target: fn(&[u8]) -> Outcome) {
    let all = seeds::seeds();
    let (_, seeds) = all.iter().find(|(own, _)| *own == name).expect("seeds of this name");
    survive(name, seeds, count, Memory::USUAL, target);
}

#[test]
fn experiments() {
    test("experiment", rounds(10_000, 100_000), targets::experiment);
    test("set", rounds(1000, 50_000), targets::set);
}

#[test]
fn parts() {
    test("model", rounds(4000, 50_000), targets::model);
}

#[test]
fn configs() {
    test("config", rounds(10_000, 100_000), targets::config);
}

#[test]
fn manifests() {
    test("manifest", rounds(10_000, 100_000), targets::manifest);
}

#[test]
fn states() {
    test("state", rounds(10_000, 100_000), targets::state);
}

#[test]
fn runs_that_others_made() {
    test("run", rounds(2000, 50_000), targets::run);
}

#[test]
fn corpora_that_are_split() {
    test("split", rounds(1000, 50_000), targets::split);
}

#[test]
fn corpora_of_the_fuzz_targets_are_small() {
    corpora::are_small(seeds::seeds());
}
