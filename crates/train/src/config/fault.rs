//! What can be wrong with a configuration, and how it is told: place, cause, next step.

use super::VARIABLE;
use miette::{
    Diagnostic, LabeledSpan, MietteHandler, MietteHandlerOpts, NamedSource, ReportHandler, SourceCode,
};
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// Faults that are told; the rest is counted.
const SHOWN: usize = 20;

/// Where a fault is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the file.
    At {
        /// Bytes of the text, a byte order mark not counted.
        span: Range<usize>,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
    /// In the file, but nothing of it can be pointed at.
    Absent,
    /// In an override, as typed after `--set`.
    Set(String),
    /// In an override of the environment variable [`VARIABLE`](super::VARIABLE).
    Variable(String),
}

impl Place {
    /// The place of the bytes `span` in `text`.
    pub(super) fn at(text: &str, span: Range<usize>) -> Self {
        let before = &text[..text.floor_char_boundary(span.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        Self::At { line, column: before[line_start..].chars().count() + 1, span }
    }

    /// What was typed, if it is an override.
    pub(super) fn typed(&self) -> Option<&str> {
        match self {
            Self::At { .. } | Self::Absent => None,
            Self::Set(typed) | Self::Variable(typed) => Some(typed),
        }
    }

    /// The line, if it is in the file.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::At { line, .. } => Some(*line),
            Self::Absent | Self::Set(_) | Self::Variable(_) => None,
        }
    }
}

/// One fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFault {
    /// Where it is.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// A configuration that cannot be used.
///
/// [`fmt::Display`] is complete and plain, for logs; as a [`Diagnostic`] it also has the lines of the file.
#[derive(Debug)]
pub enum ConfigError {
    /// The text has faults: syntax, keys, types or values.
    Faults {
        /// The file's name and text.
        source: NamedSource<String>,
        /// In the order of the file, then those without a line, then those of the environment, then those of `--set`.
        faults: Vec<PlacedFault>,
    },
    /// There is no such file.
    Missing {
        /// The file.
        path: PathBuf,
        /// A configuration in the same directory with nearly the same name.
        near: Option<PathBuf>,
    },
    /// A directory was given.
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The file is not text.
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line of the first byte that is not, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
    },
    /// The file is far larger than any configuration.
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What is accepted.
        limit_bytes: u64,
    },
    /// The operating system refuses.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl ConfigError {
    /// The faults of the text, if that is what is wrong.
    pub fn faults(&self) -> &[PlacedFault] {
        match self {
            Self::Faults { faults, .. } => faults,
            _ => &[],
        }
    }

    /// As a person reads it: with the lines of the file, and marks below them.
    pub fn drawn(&self, color: bool) -> String {
        struct Drawn<'a>(&'a ConfigError, MietteHandler);
        impl fmt::Display for Drawn<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.1.debug(self.0, f)
            }
        }
        Drawn(self, MietteHandlerOpts::new().color(color).build()).to_string()
    }

    /// What is wrong apart from faults of the text, and the next step.
    fn cause(&self) -> (String, String) {
        match self {
            Self::Faults { source, faults } => {
                (format!("{} has {} faults", source.name(), faults.len()), String::new())
            }
            Self::Missing { path, near } => (
                format!("{} does not exist", path.display()),
                near.as_ref().map_or_else(
                    || "check the path; it is relative to the current directory".to_owned(),
                    |near| format!("did you mean {}?", near.display()),
                ),
            ),
            Self::IsDirectory { path } => (
                format!("{} is a directory", path.display()),
                "name a toml file, such as configs/small.toml".to_owned(),
            ),
            Self::NotUtf8 { path, line, column } => (
                format!("{}:{line}:{column} is not utf-8", path.display()),
                "save the file as utf-8".to_owned(),
            ),
            Self::TooLarge { path, limit_bytes } => (
                format!("{} has more than {limit_bytes} bytes", path.display()),
                "name a toml file, such as configs/small.toml".to_owned(),
            ),
            Self::Unreadable { path, source } => (
                format!("{} cannot be read: {source}", path.display()),
                "check its permissions and those of its directory".to_owned(),
            ),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Faults { source, faults } = self else {
            let (message, help) = self.cause();
            return write!(f, "{message}\n  help: {help}");
        };
        for (index, fault) in faults.iter().take(SHOWN).enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            match &fault.place {
                Place::At { line, column, .. } => write!(f, "{separator}{}:{line}:{column} ", source.name())?,
                Place::Absent => write!(f, "{separator}{}: ", source.name())?,
                Place::Set(typed) => write!(f, "{separator}--set {typed}: ")?,
                Place::Variable(typed) => write!(f, "{separator}{VARIABLE} {typed}: ")?,
            }
            write!(f, "{}\n  help: {}", fault.message, fault.help)?;
        }
        match faults.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            1 => write!(f, "\nand 1 more fault"),
            more => write!(f, "\nand {more} more faults"),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Diagnostic for ConfigError {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        match self {
            Self::Faults { source, .. } => Some(source),
            _ => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = |fault: &PlacedFault| match &fault.place {
            Place::At { span, .. } => {
                Some(LabeledSpan::new_with_span(Some(fault.help.clone()), span.clone()))
            }
            _ => None,
        };
        let labels: Vec<_> = self.faults().iter().take(SHOWN).filter_map(label).collect();
        (!labels.is_empty()).then(|| Box::new(labels.into_iter()) as Box<_>)
    }
}
