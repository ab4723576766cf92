//! Time, disk and people: trains a Transformer on a parallel corpus, keeps what it learns, scores it, translates.
//!
//! ```text
//! config ─ corpora ─ trainer (tensors ─ loss ─ schedule ─ optimizer) ─ validate ─ checkpoint ─▶ model directory ─ translator
//! ```
//!
//! The binary `train` is a thin shell around [`cli::main`].
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, reason = "an `expect` says why it holds; what can panic is documented")]

pub mod error;
pub mod panics;
pub mod drill;
pub mod config;
pub mod device;
pub mod disk;
pub mod files;
mod tensorboard;
pub mod log;
pub mod corpora;
pub mod prepare;
pub mod tensors;
pub mod loss;
pub mod schedule;
pub mod optimizer;
pub mod metrics;
pub mod model_dir;
pub mod translator;
pub mod attention;
pub mod validate;
pub mod average;
pub mod guard;
pub mod checkpoint;
pub mod same_run;
pub mod history;
pub mod interrupt;
mod lock;
pub mod run_dir;
pub mod card;
pub mod runs;
pub mod report;
pub mod trainer;
pub mod commands;
pub mod cli;

pub use error::TrainError;
