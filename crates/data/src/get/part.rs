//! The unfinished file of a download and the note of what it is from.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::GetError;

/// Larger notes are not read.
const MAX_BYTES: u64 = 1 << 16;

/// What the bytes of a part are from.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) url: String,
    /// The strong `ETag` or the date that proves that it is still the same file.
    pub(super) validator: Option<String>,
    /// The length of the whole file.
    pub(super) whole: Option<u64>,
}

impl Record {
    fn read(path: &Path) -> Self {
        let small = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_BYTES);
        let text = if small { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// The address that an unfinished file at `to` is from.
pub(super) fn begun_from(to: &Path) -> Option<String> {
    Some(Record::read(&beside(to, ".part.json")).url).filter(|url| !url.is_empty())
}

/// An unfinished file.
pub(super) struct Part {
    pub(super) path: PathBuf,
    record_path: PathBuf,
    pub(super) record: Record,
    file: File,
    /// Bytes on the disk.
    pub(super) held: u64,
}

impl Part {
    /// Opens the part of an earlier run if it is from `url` and can be continued, else an empty one.
    pub(super) fn open(to: &Path, url: &str) -> Result<Self, GetError> {
        let (path, record_path) = (beside(to, ".part"), beside(to, ".part.json"));
        let record = Record::read(&record_path);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(GetError::disk(&path, "opening"))?;
        let held = file.metadata().map_err(GetError::disk(&path, "reading"))?.len();
        let mut part = Self { path, record_path, record, file, held };
        let fits = part.record.whole.is_none_or(|whole| held <= whole);
        if part.record.url != url || !fits || (part.record.validator.is_none() && !part.is_complete()) {
            url.clone_into(&mut part.record.url);
            part.restart()?;
        }
        Ok(part)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.record.whole == Some(self.held)
    }

    pub(super) fn restart(&mut self) -> Result<(), GetError> {
        self.record = Record { url: self.record.url.clone(), ..Record::default() };
        self.save()?;
        self.file.set_len(0).map_err(GetError::disk(&self.path, "emptying"))?;
        self.held = 0;
        Ok(())
    }

    pub(super) fn save(&self) -> Result<(), GetError> {
        let text = serde_json::to_string(&self.record).expect("strings and numbers become json");
        fs::write(&self.record_path, text).map_err(GetError::disk(&self.record_path, "writing"))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), GetError> {
        self.file.write_all(bytes).map_err(GetError::disk(&self.path, "writing"))?;
        self.held += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn finish(self, to: &Path) -> Result<(), GetError> {
        self.file.sync_all().map_err(GetError::disk(&self.path, "writing"))?;
        fs::rename(&self.path, to).map_err(GetError::disk(to, "renaming"))?;
        fs::remove_file(&self.record_path).map_err(GetError::disk(&self.record_path, "removing"))
    }

    pub(super) fn remove(&self) -> Result<(), GetError> {
        fs::remove_file(&self.path).map_err(GetError::disk(&self.path, "removing"))?;
        fs::remove_file(&self.record_path).or_else(|fault| match fault.kind() {
            ErrorKind::NotFound => Ok(()),
            _ => Err(GetError::disk(&self.record_path, "removing")(fault)),
        })
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}
