//! One file for each subcommand.

pub mod train;
pub mod evaluate;
pub mod pictures;
pub mod translate;
pub mod backends;
pub mod version;
pub mod data;
pub mod split;
pub mod config;
pub mod learn;
pub mod report;
pub mod runs;
pub mod compare;
