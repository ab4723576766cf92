//! Faults of the disk, one at each call of a save: what was saved before or the new state is found whole, always.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "../common/mod.rs"]
mod common;
mod sim;

mod corruption;
mod faults;
mod material;
mod training;
