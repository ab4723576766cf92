//! The command line. Without a subcommand it trains.

mod backend;
mod train;
mod evaluate;
mod translate;
mod data;
mod learn;

use crate::commands::backends;
use crate::{TrainError, device, drill, log, panics};
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Train a translator on parallel text, score it, translate with it.
#[derive(Debug, Parser)]
#[command(name = "train", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    // An `Option`, so that a subcommand does not want the arguments of training.
    #[command(flatten)]
    train: Option<train::Args>,
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
    Backends,
    /// Public corpora: list them, get them, verify them
    #[command(subcommand)]
    Data(data::Command),
    /// Pages that show how the Transformer works, computed by its own code as you ask
    #[command(subcommand)]
    Learn(learn::Command),
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
        None => train::run(&cli.train.expect("--config is required without a subcommand"), out),
        Some(Command::Train(args)) => train::run(&args, out),
        Some(Command::Evaluate(args)) => evaluate::run(args, out),
        Some(Command::Translate(args)) => translate::run(&args, out),
        Some(Command::Backends) => backends::run(out),
        Some(Command::Data(command)) => data::run(command, out),
        Some(Command::Learn(command)) => learn::run(command, out),
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
