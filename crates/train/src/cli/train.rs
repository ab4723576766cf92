//! `train train`, and `train` alone.

use crate::commands::train::{self, Beginning};
use crate::same_run::Part;
use crate::{TrainError, config};
use std::io::Write;
use std::path::PathBuf;

/// They stand below the help of `train`, too.
pub(super) const EXAMPLES: &str = "Examples:
  train --config configs/small.toml
  train --config configs/small.toml --set run.name=wide --set model.d_model=256
  train --config configs/small.toml --fresh

Variables: ANUVADA_SET=\"train.max_minutes=5;run.seed=2\" sets keys of every configuration, before --set.
Exit codes: 0 done, 2 usage, 65 data, 69 backend, 70 bug, 71 memory, 74 input or output, 75 stopped by a signal and \
saved, 76 diverged, 78 configuration.";

#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Args {
    /// The experiment's TOML file
    #[arg(long, value_name = "FILE", env = "ANUVADA_CONFIG", hide_env_values = true)]
    config: PathBuf,
    /// Use VALUE for a key of the file, e.g. `train.max_steps=100`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) overrides: Vec<String>,
    /// Start over: delete what the run has so far
    #[arg(long)]
    fresh: bool,
    /// Go on, but forget parts of the past: optimizer, schedule, data, best (docs/src/promises.md)
    #[arg(
        long,
        value_name = "PARTS",
        value_delimiter = ',',
        conflicts_with = "fresh",
        hide_possible_values = true
    )]
    reset: Vec<Part>,
}

pub(super) fn run(args: &Args, out: &mut impl Write) -> Result<(), TrainError> {
    let beginning = match (args.fresh, &args.reset[..]) {
        (true, _) => Beginning::Fresh,
        (false, []) => Beginning::Resume,
        (false, parts) => Beginning::Reset(parts.iter().copied().collect()),
    };
    train::run(&config::load(&args.config, &args.overrides)?, &beginning, out)
}
