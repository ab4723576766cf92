//! The command line. Without a subcommand it trains.

use crate::commands::evaluate::{self, Format};
use crate::commands::train::{self, Beginning};
use crate::commands::{backends, translate};
use crate::config::{self, BackendConfig};
use crate::same_run::Part;
use crate::translator::Translator;
use crate::{TrainError, commands, device, drill, log, panics};
use clap::{Args, Parser, Subcommand};
use data::get::Languages;
use data::{LanguagePair, ParallelFiles};
use model::Precision;
use model::search::Sampling;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Train a translator on parallel text, score it, translate with it.
#[derive(Debug, Parser)]
#[command(name = "train", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    // An `Option`, so that a subcommand does not want the arguments of training.
    #[command(flatten)]
    train: Option<TrainArgs>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train, or go on with a stopped run (the default)
    Train(TrainArgs),
    /// BLEU, chrF, chrF++ and TER of a run, of a model on files, or of two files
    Evaluate(EvaluateArgs),
    /// Translate arguments, a file or standard input, line by line
    Translate(TranslateArgs),
    /// Which backends this binary has, and what each finds on this machine
    Backends,
    /// Public corpora: list them, get them, verify them
    #[command(subcommand)]
    Data(DataCommand),
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// One page about a corpus: lengths, scripts, duplicates, slips, overlap, what cleaning would drop; exit code 65 if
    /// something on it must be mended before training
    Check(CheckArgs),
    /// Clean, tokenize and write the training text to disk, for runs that then start at once (large text: training does
    /// it by itself)
    Prepare {
        /// The experiment's TOML file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Use VALUE for a key of the file
        #[arg(long = "set", value_name = "KEY=VALUE")]
        overrides: Vec<String>,
    },
    /// The corpora that there are for two languages, with size, licence and use
    List {
        /// Codes of the two languages
        #[arg(long, value_name = "SRC-TGT", default_value = "en-kn")]
        languages: Languages,
    },
    /// Download a corpus, verify it, unpack it into aligned text, and lock its hashes in data.lock
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
struct CheckArgs {
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

#[derive(Debug, Args)]
struct TrainArgs {
    /// The experiment's TOML file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Use VALUE for a key of the file, e.g. `train.max_steps=100`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Start over: delete what the run has so far
    #[arg(long)]
    fresh: bool,
    /// Go on, but forget parts of the past: optimizer, schedule, data, best (docs/PROMISES.md)
    #[arg(
        long,
        value_name = "PARTS",
        value_delimiter = ',',
        conflicts_with = "fresh",
        hide_possible_values = true
    )]
    reset: Vec<Part>,
}

#[derive(Debug, Args)]
struct BackendArgs {
    /// Where the model runs: a name that `train backends` lists, such as `wgpu` or `tch-cuda:1`, or `auto`
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    backend: String,
    /// What the model computes in: f32, bf16 or f16
    #[arg(long, value_name = "NAME", default_value = "f32", value_parser = precision)]
    precision: Precision,
}

impl BackendArgs {
    fn config(&self) -> BackendConfig {
        BackendConfig { kind: self.backend.clone(), device: 0, precision: self.precision }
    }
}

fn precision(name: &str) -> Result<Precision, String> {
    let known = [Precision::F32, Precision::Bf16, Precision::F16];
    known.into_iter().find(|one| one.name() == name).ok_or_else(|| "expected f32, bf16 or f16".into())
}

#[derive(Debug, Args)]
struct EvaluateArgs {
    /// Score the best model of this experiment's run on its dev and test sets
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "src", "reference", "hypothesis", "tag", "backend", "precision"])]
    config: Option<PathBuf>,
    /// Use VALUE for a key of the file
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "config", conflicts_with_all = ["model", "hypothesis"])]
    overrides: Vec<String>,
    /// Score this model directory's translations of --src against --ref
    #[arg(long, value_name = "DIR", requires = "src", conflicts_with = "hypothesis")]
    model: Option<PathBuf>,
    /// Source lines
    #[arg(long, value_name = "FILE", requires = "model", conflicts_with = "hypothesis")]
    src: Option<PathBuf>,
    /// Score these lines against --ref
    #[arg(long = "hyp", value_name = "FILE", conflicts_with_all = ["tag", "backend", "precision"])]
    hypothesis: Option<PathBuf>,
    /// Reference lines
    #[arg(long = "ref", value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Put these control tokens before every source, e.g. `<2kn>`
    #[arg(long, value_name = "TAG", default_value = "", hide_default_value = true, requires = "model")]
    tag: String,
    #[command(flatten)]
    backend: BackendArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct TranslateArgs {
    /// A model directory, such as runs/small/best
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Put these control tokens before every line, e.g. `<2kn>`
    #[arg(long, value_name = "TAG", default_value = "", hide_default_value = true)]
    tag: String,
    /// Hypotheses kept for each line; 1 is greedy [default: the model's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    beam_size: Option<u16>,
    /// Length penalty α [default: the model's own]
    #[arg(long, value_name = "ALPHA")]
    length_penalty: Option<f32>,
    /// Print the N best of each line as `line<TAB>score<TAB>text`
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    n_best: u16,
    /// Never say the same N tokens twice in a line; 0 allows it [default: the model's own]
    #[arg(long, value_name = "N")]
    no_repeat_ngram: Option<usize>,
    /// Draw a translation at random instead of searching the best
    #[arg(long, conflicts_with_all = ["beam_size", "n_best"])]
    sample: bool,
    /// Below 1 bolder, above 1 more random
    #[arg(long, default_value_t = 1.0, requires = "sample")]
    temperature: f32,
    /// Draw among the K likeliest tokens; 0: all
    #[arg(long, value_name = "K", default_value_t = 0, requires = "sample")]
    top_k: usize,
    /// Draw among the likeliest tokens that together have this probability
    #[arg(long, value_name = "P", default_value_t = 1.0, requires = "sample")]
    top_p: f32,
    /// The same seed draws the same translations
    #[arg(long, default_value_t = 1, requires = "sample")]
    seed: u64,
    /// Translate the lines of this file
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    input: Option<PathBuf>,
    #[command(flatten)]
    backend: BackendArgs,
    /// Texts to translate; without any, the lines of standard input
    text: Vec<String>,
}

/// Parses the arguments, runs the command, prints an error if there is one.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log::init();
    panics::listen();
    match panics::caught(|| run(cli)).unwrap_or_else(|panic| Err(device::panic_error(&panic))) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever closes the pipe has read enough.
        Err(TrainError::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            let code = error.exit_code();
            report(error);
            ExitCode::from(code)
        }
    }
}

fn run(cli: Cli) -> Result<(), TrainError> {
    drill::init()?;
    let out = &mut std::io::stdout().lock();
    match cli.command {
        None => run_train(&cli.train.expect("--config is required without a subcommand"), out),
        Some(Command::Train(args)) => run_train(&args, out),
        Some(Command::Evaluate(args)) => run_evaluate(args, out),
        Some(Command::Translate(args)) => run_translate(&args, out),
        Some(Command::Backends) => backends::run(out),
        Some(Command::Data(command)) => run_data(command, out),
    }
}

/// A failure to write to standard output.
pub fn stdout_error(source: std::io::Error) -> TrainError {
    TrainError::io("write", Path::new("standard output"))(source)
}

fn report(error: TrainError) {
    let mut stderr = std::io::stderr().lock();
    let text = match error {
        TrainError::Config(error) => format!("{:?}", miette::Report::new(error)),
        error @ TrainError::Interrupted { .. } => error.to_string(),
        error => format!("error: {error}"),
    };
    let _ = writeln!(stderr, "{text}");
}

fn run_data(command: DataCommand, out: &mut impl Write) -> Result<(), TrainError> {
    match command {
        DataCommand::Check(args) => run_check(&args, out),
        DataCommand::Prepare { config, overrides } => {
            commands::data::prepare(&config::load(&config, &overrides)?, out)
        }
        DataCommand::List { languages } => commands::data::list(&languages, out),
        DataCommand::Get { name, languages, dir, urls, sha256 } => {
            commands::data::download(&commands::data::recipe(&name, languages, &urls, &sha256)?, &dir, out)
        }
        DataCommand::Verify { dir } => commands::data::verify(&dir, out),
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

fn run_train(args: &TrainArgs, out: &mut impl Write) -> Result<(), TrainError> {
    let beginning = match (args.fresh, &args.reset[..]) {
        (true, _) => Beginning::Fresh,
        (false, []) => Beginning::Resume,
        (false, parts) => Beginning::Reset(parts.iter().copied().collect()),
    };
    train::run(&config::load(&args.config, &args.overrides)?, &beginning, out)
}

fn run_evaluate(args: EvaluateArgs, out: &mut impl Write) -> Result<(), TrainError> {
    let format = if args.json { Format::Json } else { Format::Text };
    match (args.config, args.model, args.src, args.hypothesis, args.reference) {
        (Some(config), ..) => evaluate::run_of(&config::load(&config, &args.overrides)?, format, out),
        (None, Some(model), Some(src), None, Some(reference)) => {
            let files = [src.as_path(), reference.as_path()];
            evaluate::model_on_files(&model, files, &args.tag, &args.backend.config(), format, out)
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

fn run_translate(args: &TranslateArgs, out: &mut impl Write) -> Result<(), TrainError> {
    let positive = |value: f32| value.is_finite() && value > 0.0;
    if !positive(args.temperature) || !positive(args.top_p) || args.top_p > 1.0 {
        let reason = "--temperature must be above 0, --top-p above 0 and at most 1";
        return Err(TrainError::Usage(reason.into()));
    }
    let device = device::open(&args.backend.config())?;
    let mut translator = Translator::load(&args.model, &device, args.backend.precision)?;
    translator.set_tags(&args.tag)?;
    let search = &mut translator.search;
    search.beam_size = args.beam_size.map_or(search.beam_size, usize::from);
    search.length_penalty = args.length_penalty.unwrap_or(search.length_penalty);
    search.no_repeat_ngram = args.no_repeat_ngram.unwrap_or(search.no_repeat_ngram);
    if let Some(fault) = search.validate().first() {
        return Err(TrainError::Usage(format!("{}: {}", fault.key, fault.message)));
    }
    let (temperature, top_k, top_p, seed) = (args.temperature, args.top_k, args.top_p, args.seed);
    translator.sampling = args.sample.then_some(Sampling { temperature, top_k, top_p, seed });
    translator.n_best = usize::from(args.n_best);
    if !args.text.is_empty() {
        return translate::texts(&translator, &args.text, out);
    }
    let Some(input) = &args.input else {
        let stdin = BufReader::new(std::io::stdin());
        return translate::stream(&translator, stdin, Path::new("standard input"), out);
    };
    let file = File::open(input).map_err(TrainError::io("read", input))?;
    translate::stream(&translator, BufReader::new(file), input, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_subcommand_it_trains() {
        let cli = Cli::parse_from(["train", "--config", "a.toml", "--set", "run.name=b"]);
        assert!(cli.command.is_none());
        assert_eq!(cli.train.unwrap().overrides, ["run.name=b"]);
        let cli = Cli::parse_from(["train", "train", "--config", "a.toml"]);
        assert!(matches!(cli.command, Some(Command::Train(_))));
        assert!(Cli::try_parse_from(["train"]).is_err());
        let cli = Cli::parse_from(["train", "translate", "--model", "m", "hello"]);
        assert!(matches!(cli.command, Some(Command::Translate(_))));
    }
}
