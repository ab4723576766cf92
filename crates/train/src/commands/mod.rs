//! One file for each subcommand.

pub mod train;
pub mod evaluate;
pub mod pictures;
pub mod translate;
pub mod backends;
pub mod data;
pub mod report;
pub mod runs;
pub mod compare;
pub mod split;
pub mod config;
pub mod learn;
