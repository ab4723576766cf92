//! What can go wrong, and the exit code of each: 2 usage, 65 data, 69 backend, 70 bug, 71 memory, 74 input or output,
//! 75 stopped by a signal, 76 diverged, 78 config.

use crate::config::ConfigError;
use crate::interrupt;
use crate::metrics::MetricsError;
use data::DataError;
use data::get::GetError;
use indicatif::HumanBytes;
use model::ModelError;
use page::png::PngError;
use std::path::{Path, PathBuf};

/// A text with bytes of a stranger's file in it, for a terminal: nothing in it moves the cursor or turns the direction of what
/// stands beside it. As many bytes as before, so that places in it stay right.
pub fn tamed(text: &str) -> String {
    let tame = |c: char| match (c, c.len_utf8()) {
        ('\n' | '\t', _) => c,
        ('\r', _) => ' ',
        _ if !page::is_unruly(c) => c,
        (_, 1) => '?',
        (_, 2) => '¿',
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().map(tame).collect()
}

/// An error of a command.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A corpus has faults that training would refuse or learn nonsense from.
    #[error(
        "{errors} of the findings are errors: mend them before training; they stand at the top of the page"
    )]
    Check {
        /// How many.
        errors: usize,
    },
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The text is wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A public corpus cannot be had.
    #[error(transparent)]
    Get(#[from] GetError),
    /// Weights do not fit.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Files cannot be scored.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A backend that this binary does not have, or that does not exist.
    #[error("backend '{kind}' {reason}; compiled in: {available}")]
    Backend {
        /// What the configuration asks for.
        kind: String,
        /// Why it cannot be had, and what to do.
        reason: String,
        /// What can be had.
        available: String,
    },
    /// A device failed in the middle of a computation.
    #[error(
        "the device failed while it computed: check its driver, or try another backend; what was saved before stays; \
         it said: {report}"
    )]
    Device {
        /// In the device's own words.
        report: String,
    },
    /// There is not enough memory.
    #[error("out of memory ({report}): {advice}; what was saved before stays")]
    Memory {
        /// What to do.
        advice: String,
        /// In the device's own words, or what was needed and what there is.
        report: String,
    },
    /// This program is wrong.
    #[error("this is a bug in the program, please report it with the command that you typed: {report}")]
    Bug {
        /// The message of the panic, with its place.
        report: String,
    },
    /// A file or directory could not be read or written.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried: `read`, `write`, `create`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no room for what was to be written.
    #[error(
        "cannot write {path}: {source}; it takes {}, {}; what was saved before is whole: make room, then the same \
         command goes on",
        HumanBytes(*needed),
        free.map_or("the system does not say how much is free".into(), |free| format!("{} are free", HumanBytes(free)))
    )]
    NoRoom {
        /// The file or directory.
        path: PathBuf,
        /// Bytes of it.
        needed: u64,
        /// Bytes that the system says are free on that disk.
        free: Option<u64>,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process trains in this directory.
    #[error("{dir} is in use by another run ({holder}); wait for it, or choose another run.name")]
    InUse {
        /// The run's directory.
        dir: PathBuf,
        /// What the other process wrote about itself.
        holder: String,
    },
    /// The run's directory is no longer the one that it began in.
    #[error(
        "{dir} was removed, or another put in its place, while the run went on; nothing more is written there. If it was \
         moved, the same command goes on once it is back"
    )]
    Gone {
        /// The run's directory.
        dir: PathBuf,
    },
    /// A file that must be there is not.
    #[error("{dir} has no {file}; {advice}")]
    MissingFile {
        /// The model directory or checkpoint.
        dir: PathBuf,
        /// The file's name.
        file: String,
        /// What to do.
        advice: &'static str,
    },
    /// A model in a format that is not read.
    #[error(
        "{path} is {format}; it was not opened. A model is a directory with config.json, model.safetensors and \
         tokenizer.json, such as runs/<name>/best: convert the weights to safetensors with the program that wrote them"
    )]
    ForeignModel {
        /// The file.
        path: PathBuf,
        /// What its name says that it is.
        format: &'static str,
    },
    /// A file is not what its manifest or its format says.
    #[error("{path} is damaged: {reason}; restore it from a copy or train again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A checkpoint of another experiment.
    #[error(
        "{checkpoint} was trained with another configuration:\n{differences}\n\
         put the saved values back, choose another run.name, go on without a part of the past (--reset data, …), \
         or start over with --fresh"
    )]
    Mismatch {
        /// The checkpoint.
        checkpoint: PathBuf,
        /// One line for each key: saved and present value.
        differences: String,
    },
    /// The dev set cannot be measured.
    #[error(
        "dev: no pair has text on both sides and fits train.batch_tokens; give it sentences of common length"
    )]
    NoDevPairs,
    /// A line that would take minutes to translate and is none that a translator knows.
    #[error("{path}:{line}: the line has more than {limit} bytes; cut it into sentences, one a line")]
    LineTooLong {
        /// The file, or what stands for it.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The most bytes a line may have.
        limit: usize,
    },
    /// A picture cannot be drawn on this machine.
    #[error("cannot draw {path}: {source}")]
    Picture {
        /// The file that it was to be.
        path: PathBuf,
        /// What is missing.
        source: PngError,
    },
    /// A command was given arguments that do not go together.
    #[error("{0}")]
    Usage(String),
    /// A signal asked the run to end.
    #[error("stopped by {signal} after step {step}, all of it saved; the same command goes on from there")]
    Interrupted {
        /// Its name.
        signal: &'static str,
        /// The last step that is saved.
        step: u64,
    },
    /// The numbers of a run are lost.
    #[error(
        "diverged at step {step}: {reason}; gone back {fallbacks} times. What was saved before stays. \
         Lower train.learning_rate, raise train.warmup_steps or set train.clip_norm"
    )]
    Diverged {
        /// What was seen.
        reason: String,
        /// The step, from 1.
        step: u64,
        /// How often the run had gone back to a checkpoint before it gave up.
        fallbacks: u32,
    },
}

impl TrainError {
    /// For `map_err`: an input or output error with its place.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Model(ModelError::Io { .. })
            | Self::Data(
                DataError::Unreadable { .. } | DataError::Unwritable { .. } | DataError::ShardsBusy { .. },
            )
            | Self::Get(GetError::Disk { .. } | GetError::Busy { .. })
            | Self::Io { .. }
            | Self::NoRoom { .. }
            | Self::InUse { .. }
            | Self::Gone { .. } => 74,
            Self::Data(_)
            | Self::Check { .. }
            | Self::Get(_)
            | Self::Model(_)
            | Self::Metrics(_)
            | Self::MissingFile { .. }
            | Self::ForeignModel { .. }
            | Self::Damaged { .. }
            | Self::NoDevPairs
            | Self::LineTooLong { .. } => 65,
            Self::Backend { .. } | Self::Device { .. } | Self::Picture { .. } => 69,
            Self::Bug { .. } => 70,
            Self::Memory { .. } => 71,
            Self::Interrupted { .. } => interrupt::EXIT_CODE,
            Self::Diverged { .. } => 76,
            Self::Config(_) | Self::Mismatch { .. } => 78,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tamed_text_has_as_many_bytes_and_moves_no_cursor() {
        let wild = "a\u{1b}[2J\u{85}b\r\n\tc\u{202e}\u{fffe}\u{7f} ಕ್\u{200d}ಷ";
        let tame = tamed(wild);
        assert_eq!(tame, "a?[2J¿b \n\tc\u{fffd}\u{fffd}? ಕ್\u{200d}ಷ");
        assert_eq!(tame.len(), wild.len());
    }
}
