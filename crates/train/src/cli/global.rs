//! What every command understands: how much is said, and in which form.
#![allow(clippy::doc_markdown, reason = "what is documented here is shown in a terminal")]

use crate::log::{Color, Format, Options};
use clap::ArgAction;
use clap::builder::FalseyValueParser;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Say warnings and errors only, and show no progress bars
    #[arg(short, long, global = true, env = "ANUVADA_QUIET", hide_env_values = true, value_parser = FalseyValueParser::new())]
    quiet: bool,
    /// Say more; twice: everything. Counts for more than --quiet
    #[arg(short, long, global = true, env = "ANUVADA_VERBOSE", hide_env_values = true, action = ArgAction::Count)]
    verbose: u8,
    /// Form of the messages on standard error: `text`, or `json` (an object on each line)
    #[arg(long, global = true, env = "ANUVADA_LOG_FORMAT", hide_env_values = true)]
    #[arg(value_name = "FORMAT", value_enum, default_value_t, hide_possible_values = true)]
    log_format: Format,
    /// When there is colour: `auto` (on a terminal, unless NO_COLOR is set), `always` or `never`
    #[arg(long, global = true, env = "ANUVADA_COLOR", hide_env_values = true)]
    #[arg(value_name = "WHEN", value_enum, default_value_t, hide_possible_values = true)]
    color: Color,
}

impl Global {
    /// As the log wants it.
    pub(super) fn log(&self) -> Options {
        Options {
            quiet: self.quiet && self.verbose == 0,
            verbose: self.verbose,
            format: self.log_format,
            color: self.color,
        }
    }
}
