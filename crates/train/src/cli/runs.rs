//! `train runs`.

use crate::TrainError;
use crate::commands::compare::compare;
use crate::commands::evaluate::Format;
use crate::commands::runs::{self, SortBy};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "Examples:\n  \
    train runs --sort score\n  \
    train runs compare small gru --html compare.html"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// The directory of all runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    dir: PathBuf,
    /// What comes first
    #[arg(long, value_name = "BY", value_enum, default_value_t)]
    sort: SortBy,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// What differs between runs: configuration, scores, curves
    Compare {
        /// Names of runs, or their directories
        #[arg(value_name = "RUN", required = true, num_args = 2..)]
        names: Vec<String>,
        /// The directory of all runs
        #[arg(long, value_name = "DIR", default_value = "runs")]
        dir: PathBuf,
        /// Write a page with the curves in common pictures
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
}

pub(super) fn run(args: &Args, out: &mut impl Write) -> Result<(), TrainError> {
    match &args.command {
        Some(Command::Compare { names, dir, html }) => compare(dir, names, html.as_deref(), out),
        None => {
            let format = if args.json { Format::Json } else { Format::Text };
            runs::list(&args.dir, args.sort, format, out)
        }
    }
}
