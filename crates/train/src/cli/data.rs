//! `train data …`.

use crate::commands::evaluate::Format;
use crate::commands::split::Split;
use crate::{TrainError, commands, config};
use clap::{Args, Subcommand};
use data::get::Languages;
use data::{LanguagePair, ParallelFiles};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// One page about a corpus: lengths, scripts, duplicates, slips, overlap, what cleaning would drop; exit code 65 if
    /// something on it must be mended before training
    #[command(after_long_help = "Examples:\n  \
        train data check --src all.en --tgt all.kn --html check.html\n  \
        train data check --config configs/small.toml")]
    Check(CheckArgs),
    /// Clean, tokenize and write the training text to disk, for runs that then start at once (large text: training does
    /// it by itself)
    Prepare {
        /// The experiment's TOML file
        #[arg(long, value_name = "FILE", env = "ANUVADA_CONFIG", hide_env_values = true)]
        config: PathBuf,
        /// Use VALUE for a key of the file
        #[arg(long = "set", value_name = "KEY=VALUE")]
        overrides: Vec<String>,
    },
    /// Cut a corpus into training text, dev and test, with no line of dev or test in the training text
    #[command(
        after_long_help = "A pair is held out only if neither of its sides stands anywhere else, so that no score is of a \
        line that was learnt.\n\nExample:\n  \
        train data split --src all.en --tgt all.kn --dev 500 --test 500 --output-dir data/mine"
    )]
    Split(SplitArgs),
    /// The corpora that there are for two languages, with size, licence and use
    List {
        /// Codes of the two languages
        #[arg(long, value_name = "SRC-TGT", default_value = "en-kn")]
        languages: Languages,
        /// Print JSON: an array of corpora
        #[arg(long)]
        json: bool,
    },
    /// Download a corpus, verify it, unpack it into aligned text, and lock its hashes in data.lock
    #[command(after_long_help = "Examples:\n  \
        train data get opus:bible-uedin:v1\n  \
        train data get mine --url https://example.org/mine.tsv.gz --sha256 HEX")]
    Get {
        /// A name of `data list`, `opus:CORPUS:VERSION`, or with --url a name of your own
        name: String,
        /// Codes of the two languages
        #[arg(long, value_name = "SRC-TGT", default_value = "en-kn")]
        languages: Languages,
        /// Where corpora and their lock lie
        #[arg(long, value_name = "DIR", default_value = "data")]
        dir: PathBuf,
        /// An address of your own: an archive or a table, or twice: source and target text
        #[arg(long = "url", value_name = "URL", requires = "sha256")]
        urls: Vec<String>,
        /// The SHA-256 of what is at each --url
        #[arg(long, value_name = "HEX", requires = "urls")]
        sha256: Vec<String>,
    },
    /// Compare the corpora of a directory with its data.lock
    Verify {
        /// Where corpora and their lock lie
        #[arg(long, value_name = "DIR", default_value = "data")]
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct SplitArgs {
    /// The source lines of the corpus …
    #[arg(
        long,
        value_name = "FILE",
        requires = "tgt",
        conflicts_with = "file",
        required_unless_present = "file"
    )]
    src: Option<PathBuf>,
    /// … and its target lines
    #[arg(long, value_name = "FILE", requires = "src")]
    tgt: Option<PathBuf>,
    /// The corpus in one file: .tsv, .csv, .jsonl, .tmx
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Language code of the source, the ending of what is written [default: the ending of --src, or en]
    #[arg(long, value_name = "CODE")]
    src_lang: Option<String>,
    /// Language code of the target, the ending of what is written [default: the ending of --tgt, or kn]
    #[arg(long, value_name = "CODE")]
    tgt_lang: Option<String>,
    /// Pairs that choose the best checkpoint
    #[arg(long, value_name = "N", default_value_t = 500)]
    dev: usize,
    /// Pairs that are scored at the end
    #[arg(long, value_name = "N", default_value_t = 500)]
    test: usize,
    /// Where train, dev and test are written
    #[arg(long, value_name = "DIR")]
    output_dir: PathBuf,
    /// Another seed chooses other pairs
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Check the training text of this experiment, and its held-out sets against it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["src", "file"])]
    config: Option<PathBuf>,
    /// Use VALUE for a key of the file
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "config")]
    overrides: Vec<String>,
    /// Check these source lines …
    #[arg(long, value_name = "FILE", requires = "tgt", conflicts_with = "file")]
    src: Option<PathBuf>,
    /// … with these target lines
    #[arg(long, value_name = "FILE", requires = "src")]
    tgt: Option<PathBuf>,
    /// Check the pairs of this file: .tsv, .csv, .jsonl, .tmx
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Language code of the source, without --config
    #[arg(long, value_name = "CODE", default_value = "en", conflicts_with = "config")]
    src_lang: String,
    /// Language code of the target, without --config
    #[arg(long, value_name = "CODE", default_value = "kn", conflicts_with = "config")]
    tgt_lang: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write the page as HTML, with plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(super) fn run(command: Command, out: &mut impl Write) -> Result<(), TrainError> {
    match command {
        Command::Check(args) => run_check(&args, out),
        Command::Prepare { config, overrides } => {
            commands::data::prepare(&config::load(&config, &overrides)?, out)
        }
        Command::Split(args) => {
            let files = match (args.src, args.tgt, args.file) {
                (Some(src), Some(tgt), _) => ParallelFiles::pair(src, tgt),
                (_, _, file) => ParallelFiles::one(file.unwrap_or_default()),
            };
            let languages = commands::config::languages(&files, [args.src_lang, args.tgt_lang]);
            let (sizes, seed, dir) = ((args.dev, args.test), args.seed, args.output_dir);
            commands::split::run(&Split { files, languages, sizes, seed, dir }, out)
        }
        Command::List { languages, json } => {
            commands::data::list(&languages, if json { Format::Json } else { Format::Text }, out)
        }
        Command::Get { name, languages, dir, urls, sha256 } => {
            commands::data::download(&commands::data::recipe(&name, languages, &urls, &sha256)?, &dir, out)
        }
        Command::Verify { dir } => commands::data::verify(&dir, out),
    }
}

fn run_check(args: &CheckArgs, out: &mut impl Write) -> Result<(), TrainError> {
    let format = if args.json { Format::Json } else { Format::Text };
    let languages = LanguagePair::new(&args.src_lang, &args.tgt_lang);
    let (data, tokenizer) = match (&args.config, &args.src, &args.tgt, &args.file) {
        (Some(path), ..) => {
            let experiment = config::load(path, &args.overrides)?;
            (experiment.data, Some(experiment.tokenizer))
        }
        (None, Some(src), Some(tgt), _) => {
            (commands::data::of_files(ParallelFiles::pair(src, tgt), languages)?, None)
        }
        (None, _, _, Some(file)) => (commands::data::of_files(ParallelFiles::one(file), languages)?, None),
        _ => {
            return Err(TrainError::Usage(
                "data check takes --config FILE, or --src FILE --tgt FILE, or --file FILE".into(),
            ));
        }
    };
    commands::data::check(&data, tokenizer.as_ref(), format, args.html.as_deref(), out)
}
