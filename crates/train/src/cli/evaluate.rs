//! `train evaluate`.

use super::backend::BackendArgs;
use crate::commands::evaluate::{self, Format};
use crate::{TrainError, config};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    train evaluate --config configs/small.toml\n  \
    train evaluate --model runs/small/best --src test.en --ref test.kn\n  \
    train evaluate --hyp test.out --ref test.kn --json")]
pub(super) struct Args {
    /// Score the best model of this experiment's run on its dev and test sets
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "src", "reference", "hypothesis", "tag", "backend", "precision"], help_heading = "A run")]
    config: Option<PathBuf>,
    /// Use VALUE for a key of the file
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "config", conflicts_with_all = ["model", "hypothesis"], help_heading = "A run")]
    overrides: Vec<String>,
    /// Score this model directory's translations of --src against --ref
    #[arg(
        long,
        value_name = "DIR",
        requires = "src",
        conflicts_with = "hypothesis",
        help_heading = "A model on files"
    )]
    model: Option<PathBuf>,
    /// Source lines
    #[arg(
        long,
        value_name = "FILE",
        requires = "model",
        conflicts_with = "hypothesis",
        help_heading = "A model on files"
    )]
    src: Option<PathBuf>,
    /// Score these lines against --ref
    #[arg(long = "hyp", value_name = "FILE", conflicts_with_all = ["tag", "backend", "precision"], help_heading = "Two files")]
    hypothesis: Option<PathBuf>,
    /// Reference lines
    #[arg(long = "ref", value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Put these control tokens before every source, e.g. `<2kn>`
    #[arg(
        long,
        value_name = "TAG",
        default_value = "",
        hide_default_value = true,
        requires = "model",
        help_heading = "A model on files"
    )]
    tag: String,
    #[command(flatten)]
    backend: BackendArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args, out: &mut impl Write) -> Result<(), TrainError> {
    let format = if args.json { Format::Json } else { Format::Text };
    match (args.config, args.model, args.src, args.hypothesis, args.reference) {
        (Some(config), ..) => evaluate::run_of(&config::load(&config, &args.overrides)?, format, out),
        (None, Some(model), Some(src), None, Some(reference)) => {
            let files = [src.as_path(), reference.as_path()];
            evaluate::model_on_files(&model, files, &args.tag, &args.backend.config()?, format, out)
        }
        (None, None, None, Some(hypothesis), Some(reference)) => {
            evaluate::files(&hypothesis, &reference, format, out)
        }
        _ => Err(TrainError::Usage(
            "evaluate takes --config FILE, or --model DIR --src FILE --ref FILE, or --hyp FILE --ref FILE"
                .into(),
        )),
    }
}
