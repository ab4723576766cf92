//! The command line. Without a subcommand it trains.

mod global;
mod backend;
mod train;
mod evaluate;
mod translate;
mod data;
mod config;
mod shell;
mod learn;
mod report;
mod runs;

use crate::commands::evaluate::Format;
use crate::commands::{backends, version};
use crate::error::tamed;
use crate::{TrainError, device, disk, drill, log, panics};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Train a translator on parallel text, score it, translate with it.
#[derive(Debug, Parser)]
#[command(name = "train", version, subcommand_negates_reqs = true, after_long_help = train::EXAMPLES)]
#[command(override_usage = "train [OPTIONS] --config <FILE>\n       train [OPTIONS] <COMMAND>")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    // An `Option`, so that a subcommand does not want the arguments of training.
    #[command(flatten)]
    train: Option<train::Args>,
    #[command(flatten)]
    global: global::Global,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train, or go on with a stopped run (the default)
    Train(train::Args),
    /// BLEU, chrF, chrF++ and TER of a run, of a model on files, or of two files
    Evaluate(evaluate::Args),
    /// Translate arguments, a file or standard input, line by line
    Translate(translate::Args),
    /// Which backends this binary has, and what each finds on this machine
    Backends {
        /// Print JSON: an array of backends
        #[arg(long)]
        json: bool,
    },
    /// Write the page about a run: curves, scores, translations over time, attention
    Report(report::Args),
    /// List runs, or compare them
    Runs(runs::Args),
    /// Public corpora: list them, get them, verify them
    #[command(subcommand)]
    Data(data::Command),
    /// The configuration: show it, write one for a corpus, describe it
    #[command(subcommand)]
    Config(config::Command),
    /// Pages that show how the Transformer works, computed by its own code as you ask
    #[command(subcommand, after_long_help = learn::EXAMPLES)]
    Learn(learn::Command),
    /// A script that lets a shell complete commands and options
    Completions(shell::CompletionsArgs),
    /// The manual
    Man(shell::ManArgs),
}

/// Parses the arguments, runs the command, prints an error if there is one.
pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    if asks_for_all_about_the_version(&args) {
        return ended(version::run(&mut std::io::stdout().lock()), log::Options::default());
    }
    let cli = parse(args).unwrap_or_else(|error| error.exit());
    let log = cli.global.log();
    log::init(&log);
    panics::listen();
    let result = panics::caught(|| run(cli)).unwrap_or_else(|panic| Err(device::panic_error(&panic)));
    ended(result, log)
}

/// Prints an error if there is one.
fn ended(result: Result<(), TrainError>, log: log::Options) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever closes the pipe has read enough.
        Err(TrainError::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            let code = error.exit_code();
            report(error, log);
            ExitCode::from(code)
        }
    }
}

/// `--version` and `--verbose` in some form, and nothing else. (For clap `--version` alone is the end.)
fn asks_for_all_about_the_version(args: &[OsString]) -> bool {
    let mut letters = String::new();
    for arg in args.iter().skip(1) {
        match arg.to_str() {
            Some("--version") => letters.push('V'),
            Some("--verbose") => letters.push('v'),
            Some(short) if short.starts_with('-') && !short.starts_with("--") => {
                letters.push_str(&short[1..]);
            }
            _ => return false,
        }
    }
    letters.chars().all(|c| c == 'V' || c == 'v') && letters.contains('V') && letters.contains('v')
}

/// When clap colours its messages: `--color` is needed before it is parsed.
fn colour_choice(args: &[OsString]) -> ColorChoice {
    let words = || args.iter().filter_map(|arg| arg.to_str());
    let behind =
        words().zip(words().skip(1)).find(|(flag, _)| *flag == "--color").map(|(_, when)| when.to_owned());
    let joined = words().find_map(|arg| arg.strip_prefix("--color=")).map(str::to_owned);
    let when = behind.or(joined).or_else(|| std::env::var("ANUVADA_COLOR").ok());
    match when.as_deref() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

/// The arguments, those of training only where there is no subcommand. (Global ones may come before it; that is why this
/// is not left to clap.)
fn parse(args: Vec<OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command().color(colour_choice(&args));
    let matches = command.try_get_matches_from_mut(args)?;
    if let Some(name) = matches.subcommand_name() {
        let mut of_training = <train::Args as Args>::augment_args(clap::Command::new("train"));
        of_training.build();
        let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        if let Some(arg) = of_training.get_arguments().find(|arg| typed(arg.get_id().as_str())) {
            let name = name.to_owned();
            let message = format!("the subcommand '{name}' takes its own options: write '{arg}' after it");
            return Err(command.error(ErrorKind::ArgumentConflict, message));
        }
    }
    Cli::from_arg_matches(&matches)
}

fn run(cli: Cli) -> Result<(), TrainError> {
    drill::init()?;
    disk::limits_are_errors().map_err(TrainError::io("set the signals for", Path::new(".")))?;
    let out = &mut std::io::stdout().lock();
    match cli.command {
        None => train::run(&cli.train.expect("--config is required without a subcommand"), out),
        Some(Command::Train(args)) => train::run(&args, out),
        Some(Command::Evaluate(args)) => evaluate::run(args, out),
        Some(Command::Translate(args)) => translate::run(&args, out),
        Some(Command::Backends { json }) => {
            backends::run(if json { Format::Json } else { Format::Text }, out)
        }
        Some(Command::Completions(args)) => shell::completions(&args, out),
        Some(Command::Man(args)) => shell::man(&args, out),
        Some(Command::Report(args)) => report::run(&args, out),
        Some(Command::Runs(args)) => runs::run(&args, out),
        Some(Command::Data(command)) => data::run(command, out),
        Some(Command::Config(command)) => config::run(command, out),
        Some(Command::Learn(command)) => learn::run(command, cli.global.log().color, out),
    }
}

/// A failure to write to standard output.
pub fn stdout_error(source: std::io::Error) -> TrainError {
    TrainError::io("write", Path::new("standard output"))(source)
}

fn report(error: TrainError, log: log::Options) {
    let mut stderr = std::io::stderr().lock();
    let text = match error {
        TrainError::Config(error) => error.drawn(log.format == log::Format::Text && log.color.on(&stderr)),
        error @ TrainError::Interrupted { .. } => error.to_string(),
        error => tamed(&format!("error: {error}")),
    };
    if log.format == log::Format::Json {
        drop(stderr);
        return tracing::error!("{}", text.trim_start_matches("error: "));
    }
    let _ = writeln!(stderr, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cli(line: &str) -> Result<Cli, clap::Error> {
        parse(line.split_whitespace().map(OsString::from).collect())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_subcommand_it_trains() {
        let alone = cli("train --config a.toml --set run.name=b").unwrap();
        assert!(alone.command.is_none());
        assert_eq!(alone.train.unwrap().overrides, ["run.name=b"]);
        assert!(matches!(cli("train train --config a.toml").unwrap().command, Some(Command::Train(_))));
        assert!(cli("train").is_err());
        let translate = cli("train translate --model m hello").unwrap();
        assert!(matches!(translate.command, Some(Command::Translate(_))));
    }

    #[test]
    fn global_options_come_before_or_after_a_subcommand_and_those_of_training_after() {
        for line in ["train -q backends", "train backends -q", "train --quiet backends --color never"] {
            let log = cli(line).unwrap().global.log();
            assert!(log.quiet && log.verbose == 0, "{line}");
        }
        for (line, is_so) in
            [("-Vv", true), ("--version --verbose", true), ("-V", false), ("-v -V x", false), ("", false)]
        {
            let args: Vec<OsString> =
                ["train"].into_iter().chain(line.split_whitespace()).map(OsString::from).collect();
            assert_eq!(asks_for_all_about_the_version(&args), is_so, "{line}");
        }
        let log = cli("train -qvv --log-format json --config a.toml").unwrap().global.log();
        assert_eq!((log.quiet, log.verbose, log.format), (false, 2, log::Format::Json));
        let refused = cli("train --config a.toml backends").unwrap_err().to_string();
        assert!(
            refused.contains("'backends' takes its own options: write '--config <FILE>' after it"),
            "{refused}"
        );
    }
}
