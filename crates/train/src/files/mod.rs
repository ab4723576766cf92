//! Directories that are there whole or not at all: written beside their place, synced, given a manifest with the size
//! and the BLAKE3 hash of every file, renamed.
//!
//! Three names beside a place are used on the way: `.<name>.new` is being written, `.<name>.old` is what a new one is
//! about to replace, `.<name>.gone` is being removed. [`recover`] clears up what a crash left of them.

mod read;

pub use read::{read_dir, take};

use crate::TrainError;
use crate::disk::{self, Disk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The manifest's own name.
pub const MANIFEST: &str = "manifest.json";

/// The version of the manifest.
const FORMAT: u32 = 1;

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
/// Whatever the disk says; then `dir` is as it was, or already the new one, and nothing else is left if the disk lets
/// itself be cleared up.
pub fn write_dir(disk: &dyn Disk, dir: &Path, files: &Files) -> Result<(), TrainError> {
    let new = beside(dir, "new");
    remove_dir(disk, &new)?;
    let written = fill(disk, &new, files).and_then(|()| put(disk, &new, dir));
    written.map_err(|error| {
        let _ = remove_dir(disk, &new);
        let needed = files.values().map(|bytes| bytes.len() as u64).sum();
        no_room(disk, error, dir, needed)
    })
}

fn fill(disk: &dyn Disk, new: &Path, files: &Files) -> Result<(), TrainError> {
    disk.create_dir(new).map_err(TrainError::io("create", new))?;
    let entries = files.iter().map(|(name, bytes)| (name.clone(), Entry::of(bytes))).collect();
    let manifest = serde_json::to_vec_pretty(&Manifest { format: FORMAT, files: entries });
    let manifest = manifest.expect("a manifest is plain data");
    let names = files.iter().map(|(name, bytes)| (name.as_str(), bytes));
    for (name, bytes) in names.chain([(MANIFEST, &manifest)]) {
        let path = new.join(name);
        disk.write(&path, bytes).map_err(TrainError::io("write", &path))?;
    }
    sync(disk, new)
}

/// Puts what is written and synced at `new` in the place of `dir`.
fn put(disk: &dyn Disk, new: &Path, dir: &Path) -> Result<(), TrainError> {
    let old = beside(dir, "old");
    let replaces = disk.list(dir).is_ok();
    if replaces {
        remove_dir(disk, &old)?;
        disk.rename(dir, &old).map_err(TrainError::io("rename", dir))?;
    }
    if let Err(error) = disk.rename(new, dir) {
        if replaces {
            let _ = disk.rename(&old, dir);
        }
        return Err(TrainError::io("rename", new)(error));
    }
    sync_parent(disk, dir)?;
    if replaces { remove_dir(disk, &old) } else { Ok(()) }
}

/// Clears up what a crash left in `parent` beside the places for whose names `ours` holds: an old directory whose
/// successor did not come returns to its place, the rest is removed.
///
/// # Errors
///
/// Whatever the disk says.
pub fn recover(disk: &dyn Disk, parent: &Path, ours: impl Fn(&str) -> bool) -> Result<(), TrainError> {
    let entries = list(disk, parent)?;
    let there = |name: &str| entries.iter().any(|entry| entry.name == name);
    for entry in &entries {
        let parts = entry.name.to_str().and_then(|name| name.strip_prefix('.')?.rsplit_once('.'));
        let Some((name, suffix @ ("new" | "old" | "gone"))) = parts.filter(|(name, _)| ours(name)) else {
            continue;
        };
        let left = parent.join(&entry.name);
        match suffix {
            "old" if entry.is_dir && !there(name) => {
                disk.rename(&left, &parent.join(name)).map_err(TrainError::io("rename", &left))?;
                sync(disk, parent)?;
            }
            _ if entry.is_dir => remove_dir(disk, &left)?,
            _ => disk.remove_file(&left).map_err(TrainError::io("remove", &left))?,
        }
    }
    Ok(())
}

/// Writes one file in one commit.
///
/// # Errors
///
/// Whatever the disk says; then `path` is as it was, or already the new one.
pub fn write_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let new = beside(path, "new");
    let written = disk
        .write(&new, bytes)
        .map_err(TrainError::io("write", path))
        .and_then(|()| disk.rename(&new, path).map_err(TrainError::io("rename", &new)));
    if let Err(error) = written {
        let _ = disk.remove_file(&new);
        return Err(no_room(disk, error, path, bytes.len() as u64));
    }
    sync_parent(disk, path)
}

/// Writes behind what a file has.
///
/// # Errors
///
/// Whatever the disk says.
pub fn append(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let written = disk.append(path, bytes).map_err(TrainError::io("write", path));
    written.map_err(|error| no_room(disk, error, path, bytes.len() as u64))
}

/// Creates a directory and those above it where needed, so that no power cut takes them away again.
///
/// # Errors
///
/// Whatever the disk says.
pub fn create_dir(disk: &dyn Disk, dir: &Path) -> Result<(), TrainError> {
    let mut created = disk.create_dir(dir);
    if let (Err(error), Some(parent)) = (&created, dir.parent())
        && error.kind() == ErrorKind::NotFound
        && !parent.as_os_str().is_empty()
    {
        create_dir(disk, parent)?;
        created = disk.create_dir(dir);
    }
    match created {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(no_room(disk, TrainError::io("create", dir)(error), dir, 0))
        }
        // A process that was killed may have created it and not have synced.
        _ => sync_parent(disk, dir),
    }
}

/// Takes a directory away if it is there: whole or not at all, whatever happens meanwhile.
///
/// # Errors
///
/// Whatever the disk says.
pub fn take_away(disk: &dyn Disk, dir: &Path) -> Result<(), TrainError> {
    let gone = beside(dir, "gone");
    remove_dir(disk, &gone)?;
    match disk.rename(dir, &gone) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        renamed => renamed.map_err(TrainError::io("remove", dir))?,
    }
    sync_parent(disk, dir)?;
    remove_dir(disk, &gone)
}

/// What lies in a directory; nothing if it is none.
///
/// # Errors
///
/// Whatever the disk says.
pub fn list(disk: &dyn Disk, dir: &Path) -> Result<Vec<disk::Entry>, TrainError> {
    match disk.list(dir) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        entries => entries.map_err(TrainError::io("list", dir)),
    }
}

/// Removes a directory, file by file, if it is there.
fn remove_dir(disk: &dyn Disk, dir: &Path) -> Result<(), TrainError> {
    let entries = match disk.list(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(TrainError::io("list", dir))?,
    };
    for entry in entries {
        let path = dir.join(&entry.name);
        if entry.is_dir {
            remove_dir(disk, &path)?;
        } else {
            disk.remove_file(&path).map_err(TrainError::io("remove", &path))?;
        }
    }
    disk.remove_dir(dir).map_err(TrainError::io("remove", dir))
}

/// `runs/x/best` → `runs/x/.best.new`
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{suffix}"))
}

fn sync(disk: &dyn Disk, path: &Path) -> Result<(), TrainError> {
    disk.sync(path).map_err(TrainError::io("sync", path))
}

fn sync_parent(disk: &dyn Disk, path: &Path) -> Result<(), TrainError> {
    path.parent().map_or(Ok(()), |parent| sync(disk, parent))
}

/// Says what was to be written and how much room there is, if that is what an error is about.
pub(crate) fn no_room(disk: &dyn Disk, error: TrainError, path: &Path, needed: u64) -> TrainError {
    match error {
        TrainError::Io { source, .. } if disk::is_full(&source) => {
            let free = path.parent().and_then(|parent| disk.free_bytes(parent));
            TrainError::NoRoom { path: path.into(), needed, free, source }
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SystemDisk;
    use std::fs;

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
            write_dir(&SystemDisk, &dir, &files(text)).unwrap();
            assert_eq!(read_dir(&SystemDisk, &dir).unwrap(), files(text));
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "litter");
    }

    #[test]
    fn damage_is_named() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("best");
        write_dir(&SystemDisk, &dir, &files("text")).unwrap();
        fs::write(dir.join("a.txt"), "tex!").unwrap();
        assert!(
            read_dir(&SystemDisk, &dir).unwrap_err().to_string().contains("a.txt is damaged: its BLAKE3")
        );
        fs::write(dir.join("a.txt"), "te").unwrap();
        assert!(
            read_dir(&SystemDisk, &dir)
                .unwrap_err()
                .to_string()
                .contains("it has 2 bytes, the manifest says 4")
        );
        fs::remove_file(dir.join("a.txt")).unwrap();
        assert!(read_dir(&SystemDisk, &dir).unwrap_err().to_string().contains("has no a.txt"));
        fs::write(dir.join(MANIFEST), r#"{"format":1,"files":{"../x":{"bytes":1,"blake3":""}}}"#).unwrap();
        assert!(read_dir(&SystemDisk, &dir).unwrap_err().to_string().contains("no plain file name"));
        fs::remove_file(dir.join(MANIFEST)).unwrap();
        assert!(read_dir(&SystemDisk, &dir).unwrap_err().to_string().contains("has no manifest.json"));
    }

    #[test]
    fn what_is_replaced_while_it_is_read_is_whole() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("best");
        write_dir(&SystemDisk, &dir, &files("0")).unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 1..200 {
                    write_dir(&SystemDisk, &dir, &files(&round.to_string())).unwrap();
                    // A run has some seconds between two; a reader that is always too late gives up.
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
                done.store(true, std::sync::atomic::Ordering::Relaxed);
            });
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let read = read_dir(&SystemDisk, &dir).unwrap();
                let round = String::from_utf8(read["a.txt"].clone()).unwrap();
                assert_eq!(read, files(&round));
            }
        });
    }

    #[test]
    fn a_crash_between_the_renames_loses_nothing() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("best");
        write_dir(&SystemDisk, &dir, &files("text")).unwrap();
        fs::rename(&dir, beside(&dir, "old")).unwrap();
        fs::create_dir(beside(&dir, "new")).unwrap();
        fs::create_dir(place.path().join(".step-20.new")).unwrap();
        fs::write(place.path().join(".metrics.jsonl.new"), "x").unwrap();
        let foreign = [".notes.old", ".notes.new", "notes.new", ".best.txt", ".new", ".old"];
        for name in foreign {
            fs::write(place.path().join(name), "x").unwrap();
        }
        let ours = |name: &str| ["best", "step-20", "metrics.jsonl"].contains(&name);
        // A reader does not wait for that.
        assert_eq!(read_dir(&SystemDisk, &dir).unwrap(), files("text"));
        recover(&SystemDisk, place.path(), ours).unwrap();
        assert_eq!(read_dir(&SystemDisk, &dir).unwrap(), files("text"));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1 + foreign.len(), "litter");
    }
}
