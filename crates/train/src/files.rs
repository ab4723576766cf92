//! Directories that are there whole or not at all: written beside their place, synced, given a manifest with the size
//! and the BLAKE3 hash of every file, renamed.

use crate::TrainError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The manifest's own name.
pub const MANIFEST: &str = "manifest.json";

/// Longer manifests are refused.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;
/// Longer names in a manifest are refused.
const MAX_NAME_BYTES: usize = 200;

/// The contents of a directory by file name.
pub type Files = BTreeMap<String, Vec<u8>>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: u32,
    files: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Entry {
    bytes: u64,
    blake3: String,
}

impl Entry {
    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, blake3: blake3::hash(bytes).to_hex().to_string() }
    }
}

/// Writes `dir` with these files in one commit, in the place of what stood there.
///
/// # Errors
///
/// Whatever the file system says; then `dir` is as it was.
pub fn write_dir(dir: &Path, files: &Files) -> Result<(), TrainError> {
    let (new, old) = (beside(dir, "new"), beside(dir, "old"));
    remove_dir(&new)?;
    fs::create_dir_all(&new).map_err(TrainError::io("create", &new))?;
    let manifest = Manifest {
        format: 1,
        files: files.iter().map(|(name, bytes)| (name.clone(), Entry::of(bytes))).collect(),
    };
    let manifest = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain data");
    for (name, bytes) in files {
        write_synced(&new.join(name), bytes)?;
    }
    write_synced(&new.join(MANIFEST), &manifest)?;
    sync_dir(&new)?;
    if dir.exists() {
        remove_dir(&old)?;
        fs::rename(dir, &old).map_err(TrainError::io("rename", dir))?;
    }
    fs::rename(&new, dir).map_err(TrainError::io("rename", &new))?;
    if let Some(parent) = dir.parent() {
        sync_dir(parent)?;
    }
    remove_dir(&old)
}

/// Puts back what a crash in the middle of [`write_dir`] or [`write_file`] left aside in `parent`, and removes the
/// litter.
///
/// # Errors
///
/// Whatever the file system says.
pub fn recover(parent: &Path) -> Result<(), TrainError> {
    let entries = match fs::read_dir(parent) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(TrainError::io("list", parent))?,
    };
    for left in entries.flatten().map(|entry| entry.path()) {
        let name = left.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((name, suffix)) = name.strip_prefix('.').and_then(|name| name.rsplit_once('.')) else {
            continue;
        };
        let place = parent.join(name);
        match suffix {
            "old" if !place.exists() => fs::rename(&left, &place).map_err(TrainError::io("rename", &left))?,
            "old" | "new" if left.is_dir() => remove_dir(&left)?,
            "new" => fs::remove_file(&left).map_err(TrainError::io("remove", &left))?,
            _ => {}
        }
    }
    Ok(())
}

/// Reads `dir` and holds every file against the manifest.
///
/// # Errors
///
/// A missing directory, manifest or file; a file of another size or hash; a name that leaves the directory.
pub fn read_dir(dir: &Path) -> Result<Files, TrainError> {
    let path = dir.join(MANIFEST);
    let advice = "is it a model directory, such as runs/<name>/best?";
    let missing = |file: &str| TrainError::MissingFile { dir: dir.into(), file: file.into(), advice };
    let damaged = |path: &Path, reason: String| TrainError::Damaged { path: path.into(), reason };
    if !path.is_file() {
        return Err(missing(MANIFEST));
    }
    let size = |path: &Path| fs::metadata(path).map(|meta| meta.len()).map_err(TrainError::io("read", path));
    if size(&path)? > MAX_MANIFEST_BYTES {
        return Err(damaged(&path, format!("it has more than {MAX_MANIFEST_BYTES} bytes")));
    }
    let bytes = fs::read(&path).map_err(TrainError::io("read", &path))?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|error| damaged(&path, error.to_string()))?;
    let mut files = Files::new();
    for (name, expected) in manifest.files {
        if !is_plain_name(&name) {
            return Err(damaged(
                &path,
                format!("it names '{}', which is no plain file name", name.escape_debug()),
            ));
        }
        let file = dir.join(&name);
        if fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_symlink()) {
            return Err(damaged(&file, "it is a link; put the file itself there".to_owned()));
        }
        if !file.is_file() {
            return Err(TrainError::MissingFile {
                dir: dir.into(),
                file: name,
                advice: "copy the directory again, whole",
            });
        }
        let length =
            |got| damaged(&file, format!("it has {got} bytes, the manifest says {}", expected.bytes));
        // Before anything is read: what the manifest does not promise is not allocated.
        if size(&file)? != expected.bytes {
            return Err(length(size(&file)?));
        }
        let bytes = fs::read(&file).map_err(TrainError::io("read", &file))?;
        let got = Entry::of(&bytes);
        if got.bytes != expected.bytes {
            return Err(length(got.bytes));
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
    !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && name.chars().all(plain)
        && !name.starts_with('.')
        && !name.ends_with('.')
}

/// Takes one file out of a directory's contents.
///
/// # Errors
///
/// It is not there.
pub fn take(files: &mut Files, dir: &Path, name: &str) -> Result<Vec<u8>, TrainError> {
    files.remove(name).ok_or_else(|| TrainError::MissingFile {
        dir: dir.into(),
        file: name.into(),
        advice: "copy the directory again, whole",
    })
}

/// Writes one file in one commit.
///
/// # Errors
///
/// Whatever the file system says; then `path` is as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let new = beside(path, "new");
    write_synced(&new, bytes)?;
    fs::rename(&new, path).map_err(TrainError::io("rename", &new))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Removes a directory if it is there.
///
/// # Errors
///
/// Whatever the file system says.
pub fn remove_dir(dir: &Path) -> Result<(), TrainError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(TrainError::io("remove", dir)(error))
        }
        _ => Ok(()),
    }
}

/// `runs/x/best` → `runs/x/.best.new`
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{suffix}"))
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(TrainError::io("write", path))
}

/// Makes a rename durable. Systems that cannot open a directory keep it without.
fn sync_dir(dir: &Path) -> Result<(), TrainError> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    if cfg!(unix) {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(TrainError::io("sync", dir))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Files {
        [("a.txt", text), ("b.txt", "b")]
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .into()
    }

    #[test]
    fn what_is_written_is_read_and_replaced_whole() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("best");
        for text in ["first", "second"] {
            write_dir(&dir, &files(text)).unwrap();
            assert_eq!(read_dir(&dir).unwrap(), files(text));
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "litter");
    }

    #[test]
    fn damage_is_named() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("best");
        write_dir(&dir, &files("text")).unwrap();
        fs::write(dir.join("a.txt"), "tex!").unwrap();
        assert!(read_dir(&dir).unwrap_err().to_string().contains("a.txt is damaged: its BLAKE3"));
        fs::write(dir.join("a.txt"), "te").unwrap();
        assert!(read_dir(&dir).unwrap_err().to_string().contains("it has 2 bytes, the manifest says 4"));
        fs::remove_file(dir.join("a.txt")).unwrap();
        assert!(read_dir(&dir).unwrap_err().to_string().contains("has no a.txt"));
        fs::write(dir.join(MANIFEST), r#"{"format":1,"files":{"../x":{"bytes":1,"blake3":""}}}"#).unwrap();
        assert!(read_dir(&dir).unwrap_err().to_string().contains("no plain file name"));
        fs::remove_file(dir.join(MANIFEST)).unwrap();
        assert!(read_dir(&dir).unwrap_err().to_string().contains("has no manifest.json"));
    }

    #[test]
    fn a_crash_between_the_renames_loses_nothing() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("best");
        write_dir(&dir, &files("text")).unwrap();
        fs::rename(&dir, beside(&dir, "old")).unwrap();
        fs::create_dir(beside(&dir, "new")).unwrap();
        fs::create_dir(place.path().join(".step-20.new")).unwrap();
        fs::write(place.path().join(".metrics.jsonl.new"), "x").unwrap();
        recover(place.path()).unwrap();
        assert_eq!(read_dir(&dir).unwrap(), files("text"));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "litter");
    }
}
