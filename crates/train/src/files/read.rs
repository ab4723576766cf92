//! Reads a directory with a manifest: nothing that does not agree with it, nothing larger than it says, no name that leads
//! elsewhere. Both the directory and its manifest may be a stranger's.

use super::{Entry, FORMAT, Files, MANIFEST, Manifest, beside};
use crate::TrainError;
use crate::disk::Disk;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Longer manifests are refused.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// Longer names in a manifest are refused.
const MAX_NAME_BYTES: usize = 200;

/// How often a directory is read anew that was replaced while it was read.
const READS: usize = 5;

/// Reads `dir` and holds every file against the manifest. A run may be replacing `dir` at this moment, or may have been
/// stopped in the middle of that: then the old one is read where it lies.
///
/// # Errors
///
/// A missing directory, manifest or file; a file of another size or hash; a name that leaves the directory.
pub fn read_dir(disk: &dyn Disk, dir: &Path) -> Result<Files, TrainError> {
    let read = |seen: Result<(PathBuf, Vec<u8>), TrainError>| {
        let (place, manifest) = seen?;
        read_listed(disk, &place, &manifest)
    };
    let mut seen = find(disk, dir);
    for _ in 1..READS {
        let before = seen.as_ref().ok().cloned();
        let files = read(seen);
        if files.is_ok() {
            return files;
        }
        seen = find(disk, dir);
        if seen.as_ref().ok() == before.as_ref() {
            return files;
        }
    }
    read(seen)
}

/// Where the directory lies now, and its manifest.
fn find(disk: &dyn Disk, dir: &Path) -> Result<(PathBuf, Vec<u8>), TrainError> {
    let is_missing =
        |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory);
    let path = dir.join(MANIFEST);
    match disk.read_at_most(&path, MAX_MANIFEST_BYTES) {
        Ok(manifest) => Ok((dir.into(), manifest)),
        Err(error) if is_missing(error.kind()) => {
            let old = beside(dir, "old");
            if is_gone(disk, dir)
                && let Ok(manifest) = disk.read_at_most(&old.join(MANIFEST), MAX_MANIFEST_BYTES)
            {
                return Ok((old, manifest));
            }
            let advice = "is it a model directory, such as runs/<name>/best?";
            Err(TrainError::MissingFile { dir: dir.into(), file: MANIFEST.into(), advice })
        }
        Err(error) => Err(unread(&path, MAX_MANIFEST_BYTES, error)),
    }
}

fn is_gone(disk: &dyn Disk, dir: &Path) -> bool {
    disk.list(dir).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn read_listed(disk: &dyn Disk, dir: &Path, manifest: &[u8]) -> Result<Files, TrainError> {
    let path = dir.join(MANIFEST);
    let damaged = |path: &Path, reason: String| TrainError::Damaged { path: path.into(), reason };
    let manifest: Manifest =
        serde_json::from_slice(manifest).map_err(|error| damaged(&path, error.to_string()))?;
    if manifest.format != FORMAT {
        let reason = format!("format {} is not {FORMAT}, the one this program reads", manifest.format);
        return Err(damaged(&path, reason));
    }
    let mut files = Files::new();
    for (name, expected) in manifest.files {
        if !is_plain_name(&name) {
            return Err(damaged(
                &path,
                format!("it names '{}', which is no plain file name", name.escape_debug()),
            ));
        }
        let file = dir.join(&name);
        let bytes = match disk.read_at_most(&file, expected.bytes) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
                return Err(missing(dir, &name));
            }
            Err(error) => return Err(unread(&file, expected.bytes, error)),
        };
        let got = Entry::of(&bytes);
        if got.bytes != expected.bytes {
            return Err(damaged(
                &file,
                format!("it has {} bytes, the manifest says {}", got.bytes, expected.bytes),
            ));
        }
        if got != expected {
            return Err(damaged(&file, format!("its BLAKE3 hash is not that of {MANIFEST}")));
        }
        files.insert(name, bytes);
    }
    Ok(files)
}

/// Whether a name is that of a file of ours on every system: no path, no drive, no stream, nothing hidden.
fn is_plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let sized = !name.is_empty() && name.len() <= MAX_NAME_BYTES;
    sized && name.chars().all(plain) && !name.starts_with('.') && !name.ends_with('.')
}

/// Why a file that may have `most` bytes was not read.
fn unread(path: &Path, most: u64, error: std::io::Error) -> TrainError {
    let reason = match error.kind() {
        ErrorKind::FileTooLarge if path.ends_with(MANIFEST) => format!("it has more than {most} bytes"),
        ErrorKind::FileTooLarge => format!("it has more bytes than the manifest says, {most}"),
        ErrorKind::InvalidInput => "it is a link or a device; put the file itself there".to_owned(),
        _ => return TrainError::io("read", path)(error),
    };
    TrainError::Damaged { path: path.into(), reason }
}

fn missing(dir: &Path, name: &str) -> TrainError {
    TrainError::MissingFile { dir: dir.into(), file: name.into(), advice: "copy the directory again, whole" }
}

/// Takes one file out of a directory's contents.
///
/// # Errors
///
/// It is not there.
pub fn take(files: &mut Files, dir: &Path, name: &str) -> Result<Vec<u8>, TrainError> {
    files.remove(name).ok_or_else(|| missing(dir, name))
}
