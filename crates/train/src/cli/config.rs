//! `train config …`.

use crate::commands::config::{self as command, Corpus};
use crate::commands::evaluate::Format;
use crate::{TrainError, config};
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The configuration as it counts in the end, with where each value comes from
    #[command(after_long_help = "Examples:\n  \
        train config show --config configs/small.toml\n  \
        train config show --config configs/small.toml --set model.dropout=0.3 > my.toml\n  \
        train config show --config configs/small.toml --json")]
    Show {
        /// The experiment's TOML file
        #[arg(long, value_name = "FILE", env = "ANUVADA_CONFIG", hide_env_values = true)]
        config: PathBuf,
        /// Use VALUE for a key of the file
        #[arg(long = "set", value_name = "KEY=VALUE")]
        overrides: Vec<String>,
        /// Print JSON: an object of keys, each with `value` and `origin`
        #[arg(long)]
        json: bool,
    },
    /// Write a commented configuration that fits the size of a corpus
    #[command(after_long_help = "Examples:\n  \
        train data split --file all.tsv --dev 500 --test 500 --output-dir data/mine\n  \
        train config init --src data/mine/train.en --tgt data/mine/train.kn --name mine --output mine.toml\n  \
        train config init --pairs 30000 --minutes 60")]
    Init(InitArgs),
    /// A JSON Schema of the configuration, for editors
    #[command(after_long_help = "Example:\n  \
        train config schema > schema.json\n  \
        and `#:schema ./schema.json` as the first line of a configuration beside it: editors with Taplo (VS Code: Even \
        Better TOML) then complete, explain and check")]
    Schema,
    /// Every key with type, default, range and meaning, as Markdown
    Reference,
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Source lines to learn from; dev and test are looked for beside them: train.en, dev.en, test.en …
    #[arg(long, value_name = "FILE", requires = "tgt", conflicts_with = "file", help_heading = "Corpus")]
    src: Option<PathBuf>,
    /// Target lines to learn from
    #[arg(long, value_name = "FILE", requires = "src", help_heading = "Corpus")]
    tgt: Option<PathBuf>,
    /// Pairs to learn from in one file: .tsv, .csv, .jsonl, .tmx
    #[arg(long, value_name = "FILE", help_heading = "Corpus")]
    file: Option<PathBuf>,
    /// Language code of the source [default: the ending of --src, or en]
    #[arg(long, value_name = "CODE", help_heading = "Corpus")]
    src_lang: Option<String>,
    /// Language code of the target [default: the ending of --tgt, or kn]
    #[arg(long, value_name = "CODE", help_heading = "Corpus")]
    tgt_lang: Option<String>,
    /// So many pairs, instead of counting them
    #[arg(long, value_name = "N", help_heading = "Corpus", value_parser = clap::value_parser!(u64).range(1..))]
    pairs: Option<u64>,
    /// Minutes that training may take; few of them want less dropout
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: Option<u32>,
    /// Name of the run
    #[arg(long, value_name = "NAME", default_value = "first")]
    name: String,
    /// Write this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace --output if it is there
    #[arg(long, requires = "output")]
    force: bool,
}

pub(super) fn run(command: Command, out: &mut impl Write) -> Result<(), TrainError> {
    match command {
        Command::Show { config, overrides, json } => {
            let format = if json { Format::Json } else { Format::Text };
            command::show(&config::resolve(&config, &overrides)?, format, out)
        }
        Command::Init(args) => init(args, out),
        Command::Schema => command::print(&config::json_schema(), out),
        Command::Reference => command::print(&config::reference(), out),
    }
}

fn init(args: InitArgs, out: &mut impl Write) -> Result<(), TrainError> {
    let files = match (args.src, args.tgt, args.file) {
        (Some(src), Some(tgt), _) => Some(data::ParallelFiles::pair(src, tgt)),
        (_, _, Some(file)) => Some(data::ParallelFiles::one(file)),
        _ if args.pairs.is_some() => None,
        _ => {
            return Err(TrainError::Usage(
                "config init takes --src FILE --tgt FILE, or --file FILE, or --pairs N".into(),
            ));
        }
    };
    let corpus = Corpus { files, languages: [args.src_lang, args.tgt_lang], n_pairs: args.pairs };
    let plan = command::plan(corpus, args.name, args.minutes.map(f64::from))?;
    let place = args.output.as_deref().map(|path| (path, args.force));
    command::init(&plan, place, out)
}
