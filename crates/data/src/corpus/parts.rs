//! The files behind the names of a set: a `*` stands for any text in the last part of a path.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::{FileFormat, ParallelFiles};
use crate::error::DataError;

/// Files that are read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Source and target.
    Two(PathBuf, PathBuf),
    /// Both sides in one.
    One(PathBuf, FileFormat),
}

/// The parts of a set, in the order in which they are read.
///
/// # Errors
///
/// No files given; a pattern that matches nothing, or has two stars; files of the two sides without a
/// partner; an unknown format.
pub(super) fn parts(files: &ParallelFiles) -> Result<Vec<Part>, DataError> {
    if !files.file.as_os_str().is_empty() {
        let one = |found: Found| match FileFormat::of(&found.path) {
            Some(format) => Ok(Part::One(found.path, format)),
            None => Err(DataError::UnknownFormat { path: found.path }),
        };
        return expand(&files.file)?.into_iter().map(one).collect();
    }
    if files.src.as_os_str().is_empty() || files.tgt.as_os_str().is_empty() {
        return Err(DataError::FilesNotSet);
    }
    let (src, tgt) = (expand(&files.src)?, expand(&files.tgt)?);
    let lonely = |these: &[Found], those: &[Found]| -> Option<PathBuf> {
        let stars: BTreeSet<&str> = those.iter().map(|found| found.star.as_str()).collect();
        these.iter().find(|found| !stars.contains(found.star.as_str())).map(|found| found.path.clone())
    };
    let odd = [(lonely(&src, &tgt), &files.tgt), (lonely(&tgt, &src), &files.src)];
    for (path, pattern) in odd {
        if let Some(path) = path {
            let counts = (src.len(), tgt.len());
            return Err(DataError::NoPartner { path, pattern: pattern.clone(), counts });
        }
    }
    Ok(src.into_iter().zip(tgt).map(|(src, tgt)| Part::Two(src.path, tgt.path)).collect())
}

/// A file, and the text that the star stood for.
struct Found {
    path: PathBuf,
    star: String,
}

/// The files that a path names, sorted by name; a path without a star, or to a file, is itself.
fn expand(pattern: &Path) -> Result<Vec<Found>, DataError> {
    let name = pattern.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some((head, tail)) = name.split_once('*').filter(|_| !pattern.exists()) else {
        return Ok(vec![Found { path: pattern.to_path_buf(), star: String::new() }]);
    };
    if tail.contains('*') {
        return Err(DataError::TwoStars { pattern: pattern.to_path_buf() });
    }
    let folder = match pattern.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let names = names_in(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let hint = format!("there is no directory '{}'", folder.display());
            DataError::NoMatch { pattern: pattern.to_path_buf(), hint }
        }
        _ => DataError::reading(folder, error),
    })?;
    let star = |name: &str| Some(name.strip_prefix(head)?.strip_suffix(tail)?.to_owned());
    // A name that is not UTF-8 takes part, so that no file is lost in silence.
    let mut found: Vec<Found> = names
        .iter()
        .filter_map(|(name, path)| Some(Found { star: star(name)?, path: path.clone() }))
        .collect();
    if found.is_empty() {
        let near = names.iter().min_by_key(|(other, _)| strsim::levenshtein(name, other));
        let hint = match near {
            Some((near, _)) => format!("the nearest name there is '{near}'"),
            None => format!("'{}' is empty", folder.display()),
        };
        return Err(DataError::NoMatch { pattern: pattern.to_path_buf(), hint });
    }
    found.sort_by(|a, b| (&a.star, &a.path).cmp(&(&b.star, &b.path)));
    Ok(found)
}

/// The names in a folder, sorted, with the paths.
fn names_in(folder: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        names.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    names.sort_unstable();
    Ok(names)
}
