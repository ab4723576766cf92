//! Public corpora by name: downloaded, verified, unpacked, and locked, so that a later run has the same bytes.
//!
//! ```text
//! recipe ─ download (continued, checked) ─ unpack (two aligned files) ─ lock
//! ```
//!
//! Nothing half done looks whole: a download grows as `.part`, text is unpacked beside its place and
//! renamed, the lock is written last. A benchmark comes as `test.*` or `dev.*`, training text as `train.*`.
//!
//! ```no_run
//! use data::get::{Options, get, recipe};
//! let languages = "en-kn".parse()?;
//! let recipe = recipe("opus:bible-uedin:v1", &languages)?;
//! let got = get(&recipe, "data".as_ref(), &Options::default(), &mut |step| eprintln!("{step:?}"))?;
//! println!("{} in {}: {}", got.corpus.files[0].lines, got.corpus.directory, recipe.purpose);
//! # Ok::<(), data::get::GetError>(())
//! ```

mod error;
mod languages;
mod recipe;
mod table;
mod hash;
mod http;
mod part;
mod download;
mod fetch;
mod frames;
mod archive;
mod unpack;
mod lock;
#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use archive::Caps;
pub use error::GetError;
pub use http::{Patience, Token};
pub use languages::Languages;
pub use lock::{FileFault, LOCK_NAME, Lock, Locked, LockedDownload, LockedFile, civil_date};
pub use recipe::{Custom, Purpose, Recipe, Source};
pub use table::{NAMES, recipe, recipes};

use fetch::{Fetched, fetch};
use hash::Sum;

/// What is under way, for a progress bar or a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Bytes begin to come; `from` is more than 0 where an earlier download is continued.
    Started {
        /// The address.
        url: &'a str,
        /// Bytes on the disk already.
        from: u64,
        /// The length of the whole file, if the server tells.
        whole: Option<u64>,
    },
    /// Bytes have come.
    Received {
        /// Bytes on the disk.
        bytes: u64,
        /// The length of the whole file, if the server tells.
        whole: Option<u64>,
    },
    /// A try failed; there will be another.
    Waiting {
        /// What failed.
        reason: &'a str,
        /// Until the next try.
        wait: Duration,
        /// Bytes on the disk.
        held: u64,
    },
    /// What was on the disk is thrown away.
    Restarted {
        /// Why.
        reason: &'a str,
    },
    /// Hashes are computed.
    Checking {
        /// Bytes to read.
        bytes: u64,
    },
    /// Text is unpacked.
    Unpacking {
        /// The archive.
        archive: &'a Path,
    },
}

/// Whether an archive stays after its text is unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Archives {
    /// They are removed: the lock has their hashes.
    #[default]
    Remove,
    /// They stay in `.downloads`.
    Keep,
}

/// How to download and unpack.
#[derive(Clone, Debug)]
pub struct Options {
    /// Most bytes to download for a corpus.
    pub max_download_bytes: u64,
    /// What may come out of an archive.
    pub caps: Caps,
    /// How long to wait for servers.
    pub patience: Patience,
    /// Whether archives stay.
    pub archives: Archives,
    /// An access token; it is sent for gated recipes only.
    pub token: Option<Token>,
}

impl Default for Options {
    /// 16 GiB to download; archives are removed.
    fn default() -> Self {
        Self {
            max_download_bytes: 1 << 34,
            caps: Caps::default(),
            patience: Patience::default(),
            archives: Archives::Remove,
            token: None,
        }
    }
}

/// A corpus on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// Its entry in the lock.
    pub corpus: Locked,
    /// Whether it was there already, locked and whole, so that nothing was done.
    pub was_whole: bool,
}

/// Gets a corpus into `root`; does nothing if it is locked there and whole.
///
/// # Errors
///
/// Everything in [`GetError`]; the lock and the corpora of `root` are as before then.
pub fn get(
    recipe: &Recipe,
    root: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Got, GetError> {
    let downloads = root.join(".downloads");
    fs::create_dir_all(&downloads).map_err(GetError::disk(&downloads, "creating"))?;
    let _guard = guard(&downloads)?;
    let mut lock = Lock::read(root)?;
    let old = lock.find(recipe).cloned();
    if let Some(corpus) = &old {
        same_files(recipe, corpus)?;
        progress(Progress::Checking { bytes: corpus.files.iter().map(|file| file.bytes).sum() });
        if corpus.faults(root)?.is_empty() {
            return Ok(Got { corpus: corpus.clone(), was_whole: true });
        }
    }
    let place = root.join(recipe.directory());
    if old.is_none() && fs::symlink_metadata(&place).is_ok() {
        return Err(GetError::Occupied { path: place });
    }
    let fetched = fetch(recipe, old.as_ref(), &downloads, options, progress)?;
    let archives: Vec<PathBuf> = fetched.iter().map(|fetched| fetched.path.clone()).collect();
    let files = settle(recipe, &archives, options, &place, progress)?;
    let corpus = Locked {
        name: recipe.name.clone(),
        languages: recipe.languages.to_string(),
        directory: recipe.directory(),
        purpose: recipe.purpose.word().to_owned(),
        licence: recipe.licence.clone(),
        date: lock::today(),
        downloads: fetched.into_iter().map(Fetched::lock).collect(),
        files: files.into_iter().map(|(name, sum)| lock_file(name, sum)).collect(),
    };
    lock.put(root, corpus.clone())?;
    if options.archives == Archives::Remove {
        for path in archives {
            fs::remove_file(&path).map_err(GetError::disk(&path, "removing"))?;
        }
    }
    Ok(Got { corpus, was_whole: false })
}

/// Unpacks what was downloaded for a recipe into the empty directory `stage`, and says what is there then.
///
/// # Errors
///
/// Archives that are damaged, unsafe, beyond `caps` or lack a side; sides that do not line up.
///
/// # Panics
///
/// If there are fewer archives than the recipe has sources.
pub fn unpack(
    recipe: &Recipe,
    archives: &[PathBuf],
    caps: &Caps,
    stage: &Path,
) -> Result<Vec<LockedFile>, GetError> {
    assert!(archives.len() >= recipe.sources.len(), "an archive for each source");
    let files = unpack::unpack(recipe, archives, caps, stage)?;
    Ok(files.into_iter().map(|(name, sum)| lock_file(name, sum)).collect())
}

/// A corpus of the lock, and which of its files are not as locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its entry in the lock.
    pub corpus: Locked,
    /// Path and fault of each bad file; none if all is whole.
    pub faults: Vec<(PathBuf, FileFault)>,
}

/// Compares every file that the lock of `root` names with its hash.
///
/// # Errors
///
/// A lock or a file that cannot be read.
pub fn verify(root: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Vec<Checked>, GetError> {
    let check = |corpus: Locked| {
        progress(Progress::Checking { bytes: corpus.files.iter().map(|file| file.bytes).sum() });
        let faults = corpus.faults(root)?;
        Ok(Checked { corpus, faults })
    };
    Lock::read(root)?.corpora.into_iter().map(check).collect()
}

/// Compares the hashes that the recipe knows with those in the lock.
fn same_files(recipe: &Recipe, corpus: &Locked) -> Result<(), GetError> {
    for (source, download) in recipe.sources.iter().zip(&corpus.downloads) {
        if let Some(wanted) = source.sha256.clone().filter(|wanted| *wanted != download.sha256) {
            let (name, locked) = (recipe.name.clone(), download.sha256.clone());
            return Err(GetError::OtherFile { name, locked, wanted });
        }
    }
    Ok(())
}

/// Holds the directory for this process until dropped.
fn guard(downloads: &Path) -> Result<File, GetError> {
    let path = downloads.join("busy");
    let file = File::create(&path).map_err(GetError::disk(&path, "creating"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(GetError::Busy { path: downloads.to_path_buf() }),
        Err(TryLockError::Error(fault)) => Err(GetError::disk(&path, "locking")(fault)),
    }
}

fn lock_file(name: String, sum: Sum) -> LockedFile {
    LockedFile { name, bytes: sum.bytes, lines: sum.lines, sha256: sum.sha256 }
}

/// Unpacks beside `place` and puts the result there in one step.
fn settle(
    recipe: &Recipe,
    archives: &[PathBuf],
    options: &Options,
    place: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<(String, Sum)>, GetError> {
    progress(Progress::Unpacking { archive: &archives[0] });
    let stage = archives[0].with_extension("unpacking");
    clear(&stage)?;
    fs::create_dir(&stage).map_err(GetError::disk(&stage, "creating"))?;
    let files = unpack::unpack(recipe, archives, &options.caps, &stage);
    let settled = files.and_then(|files| {
        clear(place)?;
        fs::rename(&stage, place).map_err(GetError::disk(place, "renaming"))?;
        Ok(files)
    });
    if let Err(fault) = &settled {
        clear(&stage)?;
        if matches!(fault, GetError::Damaged { .. }) {
            archives
                .iter()
                .try_for_each(|path| fs::remove_file(path).map_err(GetError::disk(path, "removing")))?;
        }
    }
    settled
}

/// Removes a directory, if there is one.
fn clear(directory: &Path) -> Result<(), GetError> {
    match fs::remove_dir_all(directory) {
        Err(fault) if fault.kind() != ErrorKind::NotFound => {
            Err(GetError::disk(directory, "removing")(fault))
        }
        _ => Ok(()),
    }
}
