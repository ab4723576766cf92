//! `train completions` and `train man`: made from the command line itself.

use super::{Cli, stdout_error};
use crate::TrainError;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    train completions bash > ~/.local/share/bash-completion/completions/train\n  \
    train completions zsh > ~/.zfunc/_train        # a directory in $fpath\n  \
    train completions fish > ~/.config/fish/completions/train.fish")]
pub(super) struct CompletionsArgs {
    /// Whose completions
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    train man --dir ~/.local/share/man/man1\n  \
    train man | man -l -")]
pub(super) struct ManArgs {
    /// Write a page for every command into this directory, instead of that of `train` to standard output
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs, out: &mut impl Write) -> Result<(), TrainError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "train", &mut script);
    out.write_all(&script).and_then(|()| out.flush()).map_err(stdout_error)
}

/// Writes the manual.
pub(super) fn man(args: &ManArgs, out: &mut impl Write) -> Result<(), TrainError> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(stdout_error)?;
        return out.write_all(&page).and_then(|()| out.flush()).map_err(stdout_error);
    };
    std::fs::create_dir_all(dir).map_err(TrainError::io("create", dir))?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(TrainError::io("write pages to", dir))
}
