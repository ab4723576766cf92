//! The lines of a file, one at a time.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::stream::{TextStream, fault_of};
use super::{Limits, ReadNotes};
use crate::config::BadUtf8;
use crate::error::DataError;

/// Bytes of text that are decoded at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// Reads a file line by line; what is removed or odd is noted.
pub(super) struct Lines {
    /// The file.
    pub(super) path: PathBuf,
    stream: BufReader<TextStream>,
    max_line_bytes: usize,
    bad_utf8: BadUtf8,
    line: Vec<u8>,
    /// A line whose bytes were replaced.
    mended: String,
    /// The first byte of the last line that is not UTF-8, if it was such a line.
    pub(super) bad_byte: Option<usize>,
    /// The number of the last line, from 1.
    pub(super) number: usize,
    /// What was removed or looked odd so far.
    pub(super) notes: ReadNotes,
}

impl Lines {
    /// Opens a file with at least one line.
    pub(super) fn open(path: &Path, limits: &Limits) -> Result<Self, DataError> {
        Ok(Self {
            path: path.to_path_buf(),
            stream: BufReader::with_capacity(BUFFER_BYTES, TextStream::open(path, limits)?),
            max_line_bytes: limits.max_line_bytes,
            bad_utf8: limits.bad_utf8,
            line: Vec::new(),
            mended: String::new(),
            bad_byte: None,
            number: 0,
            notes: ReadNotes::default(),
        })
    }

    /// The next line without its end, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<&str>, DataError> {
        let Some((from, to)) = self.next_bytes()? else { return Ok(None) };
        let line = std::str::from_utf8(&self.line[from..to]);
        self.bad_byte = line.err().map(|fault| fault.valid_up_to());
        let line = match line {
            Ok(line) => line,
            Err(_) if self.bad_utf8 == BadUtf8::Error => return self.refuse_bad_line().map(|()| None),
            Err(_) => {
                self.notes.bad_utf8 += 1;
                // A line that is skipped reads as a blank one, so that those of another file stay beside theirs.
                let mended = match self.bad_utf8 {
                    BadUtf8::Replace => String::from_utf8_lossy(&self.line[from..to]).into_owned(),
                    _ => String::new(),
                };
                self.mended = mended;
                &self.mended
            }
        };
        self.notes.odd_lines += usize::from(is_odd_line(line));
        Ok(Some(line))
    }

    /// Where in `self.line` the next line stands, without its end, if there is one.
    fn next_bytes(&mut self) -> Result<Option<(usize, usize)>, DataError> {
        self.line.clear();
        // Room for a mark and the end; what is longer than that is too long with or without them.
        let most = (self.max_line_bytes as u64).saturating_add(5);
        let mut bounded = (&mut self.stream).take(most);
        bounded.read_until(b'\n', &mut self.line).map_err(|error| fault_of(&self.path, error))?;
        if self.line.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let mut line = &self.line[..];
        let mut from = 0;
        if self.number == 1
            && let Some(rest) = line.strip_prefix("\u{FEFF}".as_bytes())
        {
            self.notes.boms += 1;
            (from, line) = (line.len() - rest.len(), rest);
            if line.is_empty() {
                return Err(DataError::Empty { path: self.path.clone() });
            }
        }
        if let Some(ended) = line.strip_suffix(b"\n") {
            line = ended.strip_suffix(b"\r").inspect(|_| self.notes.crlf_lines += 1).unwrap_or(ended);
        }
        if line.len() > self.max_line_bytes {
            return Err(too_long(&self.path, self.number, self.max_line_bytes));
        }
        Ok(Some((from, from + line.len())))
    }

    /// Whether a line that is not UTF-8 reads as a blank one.
    pub(super) fn skips_bad_lines(&self) -> bool {
        self.bad_utf8 == BadUtf8::Skip
    }

    /// Refuses the last line if it was not UTF-8, where it can be neither skipped nor mended.
    pub(super) fn refuse_bad_line(&self) -> Result<(), DataError> {
        let (path, line) = (self.path.clone(), self.number);
        self.bad_byte.map_or(Ok(()), |offset| Err(DataError::BadUtf8 { path, line, offset }))
    }

    /// Refuses a record that has grown over several lines beyond the limit.
    pub(super) fn check_record(&self, bytes: usize, line: usize) -> Result<(), DataError> {
        let limit = self.max_line_bytes;
        if bytes > limit { Err(too_long(&self.path, line, limit)) } else { Ok(()) }
    }
}

/// The fault of a line or a record beyond the limit.
pub(super) fn too_long(path: &Path, line: usize, limit: usize) -> DataError {
    DataError::LineTooLong { path: path.to_path_buf(), line, limit }
}

/// True if a control character other than a tab, or a separator, stands in `line`.
pub(super) fn is_odd_line(line: &str) -> bool {
    // Bytes that such a character has: most lines have none of them.
    let suspect = |byte: u8| (byte < 0x20 && byte != b'\t') || matches!(byte, 0x7F | 0xC2 | 0xE2);
    let any_suspect = line.bytes().fold(false, |any, byte| any | suspect(byte));
    any_suspect && line.contains(is_odd)
}

fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Reads the lines of one file, without their ends.
///
/// # Errors
///
/// A file that is missing, not regular, unreadable, empty, damaged, beyond `limits`, or changed
/// meanwhile; a line that is not UTF-8.
pub fn read_lines(path: &Path, limits: &Limits) -> Result<(Vec<String>, ReadNotes), DataError> {
    let mut lines = Lines::open(path, limits)?;
    let mut all = Vec::new();
    while let Some(line) = lines.next()? {
        all.push(line.to_owned());
    }
    Ok((all, lines.notes))
}
