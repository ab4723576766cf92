//! Every backend that is compiled in and finds a device gives what the CPU gives: logits, loss, gradients, updates,
//! translations, and a run that moves from one to the other.
//!
//! A backend without a device is passed over with a line on standard error, unless `ANUVADA_BACKENDS` names it.

#![allow(clippy::print_stderr, reason = "what was measured and what was passed over is for whoever runs it")]

#[path = "../common/mod.rs"]
mod common;
mod outcome;
mod precision;
mod run;
mod tolerance;

use train::device::Backend;

/// The backends to hold against the CPU.
pub(crate) fn others() -> Vec<Backend> {
    let wanted = std::env::var("ANUVADA_BACKENDS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|name| !name.is_empty()).collect();
    let is_there = |backend: &Backend| match backend.devices() {
        Ok(_) => true,
        Err(reason) => {
            assert!(!wanted.contains(&backend.name()), "{} must be tested and {reason}", backend.name());
            eprintln!("not tested: {} {reason}", backend.name());
            false
        }
    };
    for name in &wanted {
        assert!(Backend::ALL.iter().any(|backend| backend.name() == *name), "no backend is called '{name}'");
    }
    Backend::ALL.into_iter().filter(|backend| *backend != Backend::Cpu && is_there(backend)).collect()
}
