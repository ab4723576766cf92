//! `train report`.

use crate::TrainError;
use crate::commands::report;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  train report --run runs/small --output report.html")]
pub(super) struct Args {
    /// The run's directory
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    /// Write the page here [default: report.html in the run's directory]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut impl Write) -> Result<(), TrainError> {
    report::run(&args.run, args.output.as_deref(), out)
}
