//! Aligned files become [`Pair`]s, and every fault names its file and line.
//!
//! Only `\n` ends a line, so the count is that of `wc -l`. One leading byte order mark and the `\r`
//! before a `\n` are removed and counted; other characters that some tools take for line ends
//! (U+000B, U+000C, U+0085, U+2028, U+2029, NUL) stay in their line, are counted, and become spaces
//! in [`normalize`](crate::normalize). The sides therefore stay aligned.

mod align;
mod bytes;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use bytes::Limits;
pub(crate) use bytes::read_bytes;

use crate::config::ParallelFiles;
use crate::error::DataError;

/// One sentence and its translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The source sentence.
    pub src: String,
    /// The target sentence.
    pub tgt: String,
    /// The line in the file or files, from 1.
    pub line: usize,
}

/// What was removed or looks odd in the files that were read, for the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadNotes {
    /// Leading byte order marks removed.
    pub boms: usize,
    /// Lines whose final `\r` was removed.
    pub crlf_lines: usize,
    /// Lines with a control character or a separator inside, tabs aside.
    pub odd_lines: usize,
}

impl ReadNotes {
    fn add(self, other: Self) -> Self {
        Self {
            boms: self.boms + other.boms,
            crlf_lines: self.crlf_lines + other.crlf_lines,
            odd_lines: self.odd_lines + other.odd_lines,
        }
    }
}

/// Reads aligned files into pairs, blank ones included.
///
/// # Errors
///
/// No files given; a file that is missing, not regular, unreadable, empty, damaged or beyond
/// `limits`; a line that is not UTF-8; sides with different numbers of lines; a line of a `.tsv`
/// without exactly one tab (a blank line is a blank pair).
pub fn read_parallel(files: &ParallelFiles, limits: &Limits) -> Result<(Vec<Pair>, ReadNotes), DataError> {
    if let Some(path) = &files.tsv {
        return read_tsv(path, limits);
    }
    if files.src.as_os_str().is_empty() || files.tgt.as_os_str().is_empty() {
        return Err(DataError::FilesNotSet);
    }
    let (src, src_notes) = read_lines(&files.src, limits)?;
    let (tgt, tgt_notes) = read_lines(&files.tgt, limits)?;
    if src.len() != tgt.len() {
        return Err(DataError::LineCounts {
            src: files.src.clone(),
            tgt: files.tgt.clone(),
            src_lines: src.len(),
            tgt_lines: tgt.len(),
            first_suspect: align::first_suspect(&src, &tgt),
        });
    }
    let sides = src.into_iter().zip(tgt);
    let pairs = sides.enumerate().map(|(i, (src, tgt))| Pair { src, tgt, line: i + 1 }).collect();
    Ok((pairs, src_notes.add(tgt_notes)))
}

fn read_tsv(path: &Path, limits: &Limits) -> Result<(Vec<Pair>, ReadNotes), DataError> {
    let (lines, notes) = read_lines(path, limits)?;
    let pair = |(i, text): (usize, String)| {
        let line = i + 1;
        let columns: Vec<&str> = text.split('\t').collect();
        match columns[..] {
            [""] => Ok(Pair { src: String::new(), tgt: String::new(), line }),
            [src, tgt] => Ok(Pair { src: src.to_owned(), tgt: tgt.to_owned(), line }),
            _ => Err(DataError::Columns { path: path.to_path_buf(), line, got: columns.len() }),
        }
    };
    let pairs = lines.into_iter().enumerate().map(pair).collect::<Result<_, _>>()?;
    Ok((pairs, notes))
}

/// Reads the lines of one file, without their ends.
///
/// # Errors
///
/// As [`read_parallel`] for a single file.
pub fn read_lines(path: &Path, limits: &Limits) -> Result<(Vec<String>, ReadNotes), DataError> {
    let bytes = read_bytes(path, limits)?;
    let mut notes = ReadNotes::default();
    let mut text = &bytes[..];
    if let Some(rest) = text.strip_prefix("\u{FEFF}".as_bytes()) {
        notes.boms = 1;
        text = rest;
    }
    if text.is_empty() {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let mut lines = Vec::new();
    for (i, raw) in text.split(|&byte| byte == b'\n').enumerate() {
        let raw = raw.strip_suffix(b"\r").inspect(|_| notes.crlf_lines += 1).unwrap_or(raw);
        let line = std::str::from_utf8(raw).map_err(|fault| DataError::BadUtf8 {
            path: path.to_path_buf(),
            line: i + 1,
            offset: fault.valid_up_to(),
        })?;
        notes.odd_lines += usize::from(line.contains(is_odd));
        lines.push(line.to_owned());
    }
    Ok((lines, notes))
}

fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')
}

/// BLAKE3 of the text of a set, in hex: the same for a file and its compressed form.
///
/// Hashed are the decompressed bytes of each file after their length (u64, little endian), source
/// before target.
///
/// # Errors
///
/// As [`read_parallel`], but for what is inside the lines.
pub fn content_hash(files: &ParallelFiles, limits: &Limits) -> Result<String, DataError> {
    let paths: Vec<&Path> = match &files.tsv {
        Some(tsv) => vec![tsv],
        None if files.is_set() => vec![&files.src, &files.tgt],
        None => return Err(DataError::FilesNotSet),
    };
    let mut hasher = blake3::Hasher::new();
    for path in paths {
        let bytes = read_bytes(path, limits)?;
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    Ok(hasher.finalize().to_hex().to_string())
}
