//! `data.lock`: for each corpus where it came from, when, under which licence, and the hash of every file.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::error::GetError;
use super::hash::sum;
use super::recipe::Recipe;

/// The file's name in the data directory.
pub const LOCK_NAME: &str = "data.lock";
const VERSION: u32 = 1;
/// No lock is larger.
const MAX_BYTES: u64 = 16 << 20;

/// The lock of a data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// The corpora, in the order of their directories.
    #[serde(default, rename = "corpus")]
    pub corpora: Vec<Locked>,
}

/// A corpus as it was got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// The recipe's name.
    pub name: String,
    /// Its languages.
    pub languages: String,
    /// The directory under the data directory.
    pub directory: String,
    /// `training` or `benchmark`.
    pub purpose: String,
    /// The licence as the recipe states it.
    pub licence: String,
    /// The day it was got, in UTC.
    pub date: String,
    /// What was downloaded.
    #[serde(rename = "download")]
    pub downloads: Vec<LockedDownload>,
    /// What was unpacked.
    #[serde(rename = "file")]
    pub files: Vec<LockedFile>,
}

/// A downloaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedDownload {
    /// The address it came from.
    pub url: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

/// A file of the corpus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedFile {
    /// Its name in the corpus directory.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its lines.
    pub lines: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

/// What is wrong with a file that the lock names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// It is not there, or not a regular file.
    Missing,
    /// It has another length.
    Length {
        /// Bytes in the lock.
        locked: u64,
        /// Bytes on the disk.
        got: u64,
    },
    /// It has other bytes.
    Bytes {
        /// The hash in the lock.
        locked: String,
        /// The hash of the file.
        got: String,
    },
}

impl Lock {
    /// Reads the lock of `root`; an empty one if there is none.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is not a lock of this version, or names paths outside.
    pub fn read(root: &Path) -> Result<Self, GetError> {
        let path = root.join(LOCK_NAME);
        let meta = match fs::metadata(&path) {
            Err(fault) if fault.kind() == ErrorKind::NotFound => {
                return Ok(Self { version: VERSION, corpora: Vec::new() });
            }
            meta => meta.map_err(GetError::disk(&path, "reading"))?,
        };
        let bad = |reason: String| GetError::BadLock { path: path.clone(), reason };
        if !meta.is_file() {
            return Err(bad("it is no file".to_owned()));
        }
        if meta.len() > MAX_BYTES {
            return Err(bad(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let text = fs::read_to_string(&path).map_err(GetError::disk(&path, "reading"))?;
        let lock: Self = toml::from_str(&text).map_err(|fault| bad(fault.message().to_owned()))?;
        if lock.version != VERSION {
            return Err(bad(format!("version {}, expected {VERSION}", lock.version)));
        }
        for corpus in &lock.corpora {
            let names = corpus.files.iter().map(|file| &file.name).chain([&corpus.directory]);
            if let Some(name) = names.into_iter().find(|name| !is_name(name)) {
                return Err(bad(format!("'{}' is not a plain name", name.escape_debug())));
            }
        }
        Ok(lock)
    }

    /// The entry of a recipe.
    pub fn find(&self, recipe: &Recipe) -> Option<&Locked> {
        let directory = recipe.directory();
        self.corpora.iter().find(|corpus| corpus.directory == directory)
    }

    /// Adds or replaces an entry and writes the lock, whole or not at all.
    pub(super) fn put(&mut self, root: &Path, corpus: Locked) -> Result<(), GetError> {
        self.corpora.retain(|old| old.directory != corpus.directory);
        self.corpora.push(corpus);
        self.corpora.sort_by(|a, b| a.directory.cmp(&b.directory));
        let text = toml::to_string(self).expect("strings and numbers become toml");
        let (path, new) = (root.join(LOCK_NAME), root.join("data.lock.new"));
        let mut file = File::create(&new).map_err(GetError::disk(&new, "creating"))?;
        let head = "# What the corpora here are and where they came from. Written by the program; keep it in version control.\n";
        file.write_all(head.as_bytes()).map_err(GetError::disk(&new, "writing"))?;
        file.write_all(text.as_bytes()).map_err(GetError::disk(&new, "writing"))?;
        file.sync_all().map_err(GetError::disk(&new, "writing"))?;
        fs::rename(&new, &path).map_err(GetError::disk(&path, "renaming"))
    }
}

impl Locked {
    /// The files that are not as the lock says.
    ///
    /// # Errors
    ///
    /// A file that is there but cannot be read.
    pub fn faults(&self, root: &Path) -> Result<Vec<(PathBuf, FileFault)>, GetError> {
        let mut faults = Vec::new();
        for file in &self.files {
            let path = root.join(&self.directory).join(&file.name);
            let fault = match fs::symlink_metadata(&path) {
                Err(fault) if fault.kind() == ErrorKind::NotFound => Some(FileFault::Missing),
                Err(fault) => return Err(GetError::disk(&path, "reading")(fault)),
                Ok(meta) if !meta.is_file() => Some(FileFault::Missing),
                Ok(meta) if meta.len() != file.bytes => {
                    Some(FileFault::Length { locked: file.bytes, got: meta.len() })
                }
                Ok(_) => {
                    let got = sum(&path)?.sha256;
                    let same = got == file.sha256;
                    (!same).then(|| FileFault::Bytes { locked: file.sha256.clone(), got })
                }
            };
            faults.extend(fault.map(|fault| (path, fault)));
        }
        Ok(faults)
    }
}

/// A single name of a file or directory, and no path.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let sized = !name.is_empty() && name.len() <= 200;
    sized && !name.starts_with('.') && !name.ends_with('.') && name.chars().all(plain)
}

/// Today in UTC, as year-month-day.
pub(super) fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    civil_date(now.as_secs() / 86_400)
}

/// The Gregorian date of a day since 1970-01-01, as year-month-day. Years are counted from March, in eras of 400 years.
pub fn civil_date(days: u64) -> String {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        // From `date -d @…`.
        for (secs, date) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_603_200, "2024-12-31"),
            (1_772_236_800, "2026-02-28"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(civil_date(secs / 86_400), date);
        }
    }

    #[test]
    fn names_are_no_paths() {
        for bad in
            ["", ".", "..", "../a", "a/b", "/a", "a\\b", "a\0", ".hidden", "a.", "C:a", "a b", "ಕ", "a\n"]
        {
            assert!(!is_name(bad), "{bad:?}");
        }
        assert!(is_name("opus-Tatoeba-v2023-04-12.en-kn"));
    }
}
