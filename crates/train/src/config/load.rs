//! From a TOML file, and overrides of the command line, to an [`Experiment`]: right, or with all its faults.
//!
//! The text is parsed with the places of its keys, walked against the schema of the structs, and what is right in it
//! is read by serde and validated, so that one wrong value hides no other. A fault that follows from another one is
//! left out: a value cannot be judged by a key that is itself misspelt.

use super::fault::{ConfigError, Place, PlacedFault};
use super::resolved::Resolved;
use super::schema::Shape;
use super::suggest::nearest_name;
use super::syntax;
use super::walk::{Reading, Text, to_list};
use super::{Experiment, Fault};
use crate::error::tamed;
use miette::NamedSource;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// The largest file that is read.
const LIMIT_BYTES: u64 = 1 << 16;

/// So many faults are told at once.
pub(super) const MOST_FAULTS: usize = 50;

/// Overrides for every run, in the environment: `section.key=value`, with `;` between two. They come after the file and
/// before those of the command line.
pub const VARIABLE: &str = "ANUVADA_SET";

/// The experiment that the file at `path` describes, with the overrides of [`VARIABLE`] and then the
/// `section.key=value` of `overrides`, in their order.
///
/// Paths in the file are relative to the current directory.
///
/// # Errors
/// Everything that is wrong with the file and the overrides, at once; of very many faults the first 50.
pub fn load(path: &Path, overrides: &[String]) -> Result<Experiment, ConfigError> {
    resolve(path, overrides).map(|resolved| resolved.experiment)
}

/// As [`load`], with where each value comes from.
///
/// # Errors
/// Everything that is wrong with the file and the overrides, at once; of very many faults the first 50.
pub fn resolve(path: &Path, overrides: &[String]) -> Result<Resolved, ConfigError> {
    let variable = std::env::var_os(VARIABLE).unwrap_or_default();
    parse_with(&read(path)?, &path.display().to_string(), &variable.to_string_lossy(), overrides)
}

/// As [`load`], for the text of a file that is called `name` in messages.
///
/// # Errors
/// Everything that is wrong with the text and the overrides, at once; of very many faults the first 50.
pub fn parse(text: &str, name: &str, overrides: &[String]) -> Result<Experiment, ConfigError> {
    parse_with(text, name, "", overrides).map(|resolved| resolved.experiment)
}

/// As [`resolve`], for the text of a file that is called `name` in messages and an environment with this [`VARIABLE`].
pub(super) fn parse_with(
    text: &str,
    name: &str,
    variable: &str,
    overrides: &[String],
) -> Result<Resolved, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let schema = Shape::of::<Experiment>();
    let mut reading = Reading::new(&schema);

    let (table, errors) = DeTable::parse_recoverable(text);
    let recovered = errors.iter().all(syntax::is_local);
    let broken = syntax::faults(text, &errors);
    if recovered {
        reading.table(table.get_ref(), &[], Text::File(text));
    }
    for typed in variable.split(';').map(str::trim).filter(|typed| !typed.is_empty()) {
        reading.set(Place::Variable(typed.to_owned()));
    }
    for typed in overrides {
        reading.set(Place::Set(typed.clone()));
    }
    let experiment = experiment(&mut reading);
    if recovered {
        values(&experiment, &mut reading);
    }

    let lines: Vec<usize> = broken.iter().filter_map(|fault| fault.place.line()).collect();
    reading.faults.retain(|fault| fault.place.line().is_none_or(|line| !lines.contains(&line)));
    let mut faults = [broken, reading.faults].concat();
    if faults.is_empty() {
        return Ok(Resolved { experiment, file: name.to_owned(), places: reading.places });
    }
    faults.sort_by_key(|fault| match &fault.place {
        Place::At { span, .. } => (0, span.start),
        Place::Absent => (1, 0),
        Place::Variable(_) => (2, 0),
        Place::Set(_) => (3, 0),
    });
    if faults.len() > MOST_FAULTS {
        faults.truncate(MOST_FAULTS);
        let message = format!("there are more faults than these {MOST_FAULTS}");
        faults.push(PlacedFault { place: Place::Absent, message, help: "mend these first".to_owned() });
    }
    for fault in &mut faults {
        (fault.message, fault.help) = (tamed(&fault.message), tamed(&fault.help));
    }
    Err(ConfigError::Faults { source: NamedSource::new(name, tamed(text)).with_language("TOML"), faults })
}

/// What serde makes of the values that are right.
fn experiment(reading: &mut Reading<'_>) -> Experiment {
    let mut values = reading.values.clone();
    to_list(&mut values);
    match values.try_into() {
        Ok(experiment) => experiment,
        Err(error) => {
            // The schema accepted what the structs refuse; nothing may pass because of that.
            let help = "compare the file with configs/small.toml".to_owned();
            reading.faults.push(PlacedFault {
                place: Place::Absent,
                message: error.message().to_owned(),
                help,
            });
            Experiment::default()
        }
    }
}

/// Validates what could be read and finds the place of each fault.
fn values(experiment: &Experiment, reading: &mut Reading<'_>) {
    for fault in experiment.validate() {
        if follows(&fault.key, &fault.message, &reading.doubtful) {
            continue;
        }
        let default = reading.default(&fault.key);
        let (section, name) = fault.key.rsplit_once('.').unwrap_or(("", &fault.key));
        let written = reading.places.get(&fault.key);
        let (message, remedy) = remedy(&fault, experiment);
        let help = match (written, default, remedy) {
            (Some(_), _, Some(remedy)) => remedy,
            (Some(_), Some(default), None) => format!("change it; the default is {default}"),
            (Some(_), None, None) => "give it a value".to_owned(),
            (None, Some(default), Some(remedy)) => {
                format!("{remedy}; '{name}' is not set, the default is {default}; set it under [{section}]")
            }
            (None, Some(default), None) => {
                format!("'{name}' is not set, the default is {default}; set it under [{section}]")
            }
            (None, None, _) => format!("add {name} = \"…\" under [{section}]"),
        };
        let place = written.or_else(|| reading.places.get(section)).cloned().unwrap_or(Place::Absent);
        reading.fault(place, &fault.key, &message, help);
    }
}

/// What is wrong, and what to do about it if more can be said than that: what stands behind the `;` of a message, or the
/// nearest right values.
fn remedy(fault: &Fault, experiment: &Experiment) -> (String, Option<String>) {
    let model = &experiment.model;
    let remedy = match fault.key.as_str() {
        // Beyond its limit d_model has a fault of its own, and its divisors would be looked for for long.
        "model.n_heads" if model.d_model <= 1 << 16 && (1..model.d_model).contains(&model.n_heads) => {
            let divides = |n: &usize| model.d_model.is_multiple_of(*n);
            let below = (1..model.n_heads).rev().find(divides);
            let above = (model.n_heads + 1..=model.d_model).find(divides);
            let near: Vec<String> = [below, above].into_iter().flatten().map(|n| n.to_string()).collect();
            Some(format!("write {}, or change d_model", near.join(" or ")))
        }
        "model.d_model" if model.d_model % 2 == 1 => {
            Some(format!("write {} or {}", model.d_model - 1, model.d_model + 1))
        }
        _ => None,
    };
    match fault.message.rsplit_once("; ") {
        _ if remedy.is_some() => (fault.message.clone(), remedy),
        Some((message, remedy)) if message != "is not set" => (message.to_owned(), Some(remedy.to_owned())),
        _ => (fault.message.clone(), None),
    }
}

/// Whether a fault may be the consequence of another one: `doubtful` has its key, a section above it, or a key beside
/// it, or beside its section, that the message names.
fn follows(key: &str, message: &str, doubtful: &[String]) -> bool {
    let section = key.rsplit_once('.').map_or("", |(section, _)| section);
    let words: Vec<&str> = message.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    doubtful.iter().any(|path| {
        let above =
            key.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let (other, name) = path.rsplit_once('.').unwrap_or(("", path));
        let beside = section.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        above || (beside && words.contains(&name))
    })
}

/// The text of a file.
fn read(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => ConfigError::Missing { path: path.to_path_buf(), near: neighbour(path) },
        _ => ConfigError::Unreadable { path: path.to_path_buf(), source },
    };
    if path.is_dir() {
        return Err(ConfigError::IsDirectory { path: path.to_path_buf() });
    }
    // A pipe that nobody writes to would never answer.
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        let source = std::io::Error::other("it is a pipe or device, expected a regular file");
        return Err(ConfigError::Unreadable { path: path.to_path_buf(), source });
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LIMIT_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT_BYTES {
        return Err(ConfigError::TooLarge { path: path.to_path_buf(), limit_bytes: LIMIT_BYTES });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let end = before.len();
        match Place::at(&before, end..end) {
            Place::At { line, column, .. } => ConfigError::NotUtf8 { path: path.to_path_buf(), line, column },
            _ => unreachable!("`at` gives a line"),
        }
    })
}

/// A TOML file beside `path` with nearly its name.
fn neighbour(path: &Path) -> Option<PathBuf> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = std::fs::read_dir(directory.unwrap_or(Path::new("."))).ok()?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "toml"))
        .collect();
    names.sort();
    nearest_name(&names, path.file_name()?.to_str()?).map(|name| path.with_file_name(name))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "bad.rs"]
mod bad;
