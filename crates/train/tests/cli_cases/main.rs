//! The program in hostile surroundings: hundreds of command lines, each with its exit code, what it must name, and
//! what it may write. Every case runs in a directory of its own.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]
#![allow(clippy::print_stdout, reason = "what was skipped and counted is told with --nocapture")]

#[path = "../common/mod.rs"]
mod common;
mod case;
mod config;
mod damaged;
mod files;
mod globals;
mod lessons;
mod looks;
mod makes;
mod surroundings;
mod usage;
mod values;

use case::{Case, Template};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Cases that run at the same time.
const THREADS: usize = 4;

fn all() -> Vec<Case> {
    [
        usage::cases(),
        config::cases(),
        values::cases(),
        files::cases(),
        looks::cases(),
        damaged::cases(),
        lessons::cases(),
        makes::cases(),
        globals::cases(),
        surroundings::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn there_are_three_hundred_different_cases() {
    let cases = all();
    let names: BTreeSet<String> = cases.iter().map(Case::name).collect();
    assert_eq!(names.len(), cases.len(), "a case stands twice: {:?}", repeated(&cases));
    assert!(cases.len() >= 300, "{} cases", cases.len());
}

fn repeated(cases: &[Case]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    cases.iter().map(Case::name).filter(|name| !seen.insert(name.clone())).collect()
}

#[test]
fn every_case_ends_as_documented_and_names_its_cause() {
    let (cases, template) = (all(), Template::new());
    let (next, faults, skipped) = (AtomicUsize::new(0), Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match case.run(&template) {
                        Ok(true) => {}
                        Ok(false) => _ = skipped.fetch_add(1, Ordering::Relaxed),
                        Err(fault) => faults.lock().unwrap().push(fault),
                    }
                }
            });
        }
    });
    let (faults, skipped) = (faults.into_inner().unwrap(), skipped.into_inner());
    println!("{} cases, {skipped} of them cannot be had here", cases.len());
    assert!(faults.is_empty(), "{} of {} cases:\n\n{}", faults.len(), cases.len(), faults.join("\n\n"));
}
