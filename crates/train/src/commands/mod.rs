//! One file for each subcommand.

pub mod train;
pub mod evaluate;
pub mod translate;
pub mod backends;
pub mod data;
pub mod report;
pub mod runs;
