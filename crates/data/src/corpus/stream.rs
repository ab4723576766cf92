//! A file's text as a stream, decompressed within limits; never a silently short one.

use std::cell::Cell;
use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

use super::zstd::ZstdReader;
use crate::config::{BadUtf8, DataConfig};
use crate::error::DataError;

/// How much text a file may hold, against mistakes and decompression bombs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of text in one file, after decompression.
    pub max_bytes: u64,
    /// Most bytes of text for a compressed byte, once a file yields more than
    /// [`Limits::RATIO_FREE_BYTES`].
    pub max_ratio: u64,
    /// Most bytes of a line, of a record of a table, and between two tags of a translation memory.
    pub max_line_bytes: usize,
    /// What is done about a line that is not UTF-8; of translation memories and Parquet it is always an error.
    pub bad_utf8: BadUtf8,
}

impl Limits {
    /// Text below this size is never a bomb.
    pub const RATIO_FREE_BYTES: u64 = 1 << 20;

    /// The default but for the size of a file: for readers whose memory does not grow with it.
    pub fn of_a_line() -> Self {
        Self { max_bytes: u64::MAX, ..Self::default() }
    }

    /// For the training text: line by line, whatever its size, and as the configuration treats bad lines.
    pub fn of_training(config: &DataConfig) -> Self {
        Self { bad_utf8: config.on_bad_utf8, ..Self::of_a_line() }
    }
}

impl Default for Limits {
    /// 4 GiB of text; 200 to 1, where real text stays under 30 to 1; 16 MiB in a line.
    fn default() -> Self {
        Self { max_bytes: 1 << 32, max_ratio: 200, max_line_bytes: 1 << 24, bad_utf8: BadUtf8::Error }
    }
}

/// Bytes that are read from disk at a time.
const CHUNK_BYTES: usize = 1 << 16;
/// Memory that a `.xz` file may ask for; `xz -9` asks for 65 MiB.
const XZ_MEMORY_KIB: u32 = 160 << 10;

/// The text of a regular file; `.gz`, `.zst` and `.xz` are decompressed on the fly.
///
/// As a [`Read`] it fails with a [`DataError`] inside the [`io::Error`]; [`fault_of`] takes it out.
pub(crate) struct TextStream {
    path: PathBuf,
    limits: Limits,
    source: Box<dyn Read>,
    /// The file again, and what it was when it was opened.
    file: File,
    opened: Metadata,
    /// Bytes taken from a compressed file.
    taken: Option<Rc<Cell<u64>>>,
    /// Bytes of text given.
    given: u64,
}

impl TextStream {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// A file that is missing, not regular, unreadable or empty. Reading fails if it is damaged, beyond
    /// `limits`, empty after decompression, or was changed since it was opened.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self, DataError> {
        let reading = |source| DataError::reading(path, source);
        let meta = fs::metadata(path).map_err(reading)?;
        if !meta.is_file() {
            let got = if meta.is_dir() { "a directory" } else { "a pipe, socket or device" };
            return Err(DataError::NotAFile { path: path.to_path_buf(), got });
        }
        let file = File::open(path).map_err(reading)?;
        let opened = file.metadata().map_err(reading)?;
        if opened.len() == 0 {
            return Err(DataError::Empty { path: path.to_path_buf() });
        }
        let counter = Rc::new(Cell::new(0));
        let counted = Counted { file: file.try_clone().map_err(reading)?, taken: counter.clone() };
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let (source, compressed) = decoder(counted, &extension.to_ascii_lowercase());
        let taken = compressed.then_some(counter);
        Ok(Self { path: path.to_path_buf(), limits: limits.clone(), source, file, opened, taken, given: 0 })
    }

    fn check_size(&self) -> Result<(), DataError> {
        let path = || self.path.clone();
        if self.given > self.limits.max_bytes {
            return Err(DataError::TooLarge { path: path(), limit: self.limits.max_bytes });
        }
        match &self.taken {
            Some(taken)
                if self.given > Limits::RATIO_FREE_BYTES
                    && self.given > taken.get().saturating_mul(self.limits.max_ratio) =>
            {
                Err(DataError::Bomb { path: path(), limit: self.limits.max_ratio })
            }
            _ => Ok(()),
        }
    }

    /// At the end: the file is still what was opened, and there was something in it.
    fn check_end(&self) -> Result<(), DataError> {
        let now = self.file.metadata().map_err(|source| DataError::reading(&self.path, source))?;
        let same = now.len() == self.opened.len() && now.modified().ok() == self.opened.modified().ok();
        if !same {
            return Err(DataError::Changed { path: self.path.clone() });
        }
        if self.given == 0 { Err(DataError::Empty { path: self.path.clone() }) } else { Ok(()) }
    }

    fn fault(&self, source: io::Error) -> DataError {
        match self.taken {
            Some(_) => DataError::Damaged { path: self.path.clone(), bytes: self.given, source },
            None => DataError::reading(&self.path, source),
        }
    }
}

impl Read for TextStream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let checked = match self.source.read(out) {
            Ok(0) => self.check_end().map(|()| 0),
            Ok(got) => {
                self.given += got as u64;
                self.check_size().map(|()| got)
            }
            Err(source) if source.kind() == io::ErrorKind::Interrupted => return Err(source),
            Err(source) => Err(self.fault(source)),
        };
        checked.map_err(io::Error::other)
    }
}

/// The decoder for an extension, and whether it decompresses.
fn decoder(file: Counted, extension: &str) -> (Box<dyn Read>, bool) {
    let file = BufReader::with_capacity(CHUNK_BYTES, file);
    match extension {
        "gz" => (Box::new(MultiGzDecoder::new(file)), true),
        "zst" => (Box::new(ZstdReader::new(file)), true),
        "xz" => (Box::new(XzReader::new_mem_limit(file, true, XZ_MEMORY_KIB)), true),
        _ => (Box::new(file), false),
    }
}

/// A file whose bytes are counted.
struct Counted {
    file: File,
    taken: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read(out)?;
        self.taken.set(self.taken.get() + got as u64);
        Ok(got)
    }
}

/// The fault behind an error of a [`TextStream`] of `path`.
pub(super) fn fault_of(path: &Path, error: io::Error) -> DataError {
    error.downcast::<DataError>().unwrap_or_else(|error| DataError::reading(path, error))
}

/// Reads a file whole, as a [`TextStream`].
///
/// # Errors
///
/// A file that is missing, not regular, unreadable, empty, damaged, beyond `limits`, or changed
/// meanwhile.
pub(crate) fn read_bytes(path: &Path, limits: &Limits) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    TextStream::open(path, limits)?.read_to_end(&mut bytes).map_err(|error| fault_of(path, error))?;
    Ok(bytes)
}
