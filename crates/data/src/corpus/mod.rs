//! Files become [`Pair`]s, one after the other, and every fault names its file and line.
//!
//! Plain text: only `\n` ends a line, so the count is that of `wc -l`. One leading byte order mark and
//! the `\r` before a `\n` are removed and counted; other characters that some tools take for line ends
//! (U+000B, U+000C, U+0085, U+2028, U+2029, NUL) stay in their line, are counted, and become spaces
//! in [`normalize`](crate::normalize). The sides therefore stay aligned. A line break inside a cell, a
//! JSON text or a segment becomes a space: a sentence is one line everywhere else.
//!
//! [`for_each_pair`] holds one line of each file; memory does not grow with the corpus.

mod align;
mod chunks;
mod columns;
mod hash;
mod jsonl;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
mod parts;
mod sources;
mod stream;
mod table;
mod tmx;
mod zstd;
#[cfg(test)]
mod tests;

use std::ops::Add;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use chunks::{Chunk, for_each_placed_chunk};
pub use chunks::{for_each_chunk, paths};
pub use hash::content_hash;
pub use lines::read_lines;
pub use sources::{SourceNotes, for_each_source_pair, read_sources};
pub(crate) use sources::{for_each_placed_pair, is_taken};
pub use stream::Limits;
pub(crate) use stream::read_bytes;

use columns::Columns;
use lines::Lines;
use parts::{Part, parts};
use table::Cells;

use crate::config::{FileFormat, LanguagePair, ParallelFiles};
use crate::error::DataError;

/// One sentence and its translation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// The source sentence.
    pub src: String,
    /// The target sentence.
    pub tgt: String,
    /// The line in the file or files, from 1; of Parquet the row. With a pattern the lines of all its
    /// files count, one file after the other.
    pub line: usize,
    /// Which of several sources the pair comes from, from 0: it has that one's weight.
    pub source: u32,
}

/// What was removed or looks odd in the files that were read, for the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadNotes {
    /// Leading byte order marks removed.
    pub boms: usize,
    /// Lines whose final `\r` was removed.
    pub crlf_lines: usize,
    /// Lines with a control character or a separator inside, tabs aside.
    pub odd_lines: usize,
    /// Line breaks inside a cell, a JSON text or a segment that became a space.
    pub inner_breaks: usize,
    /// Units of a translation memory without one of the two languages.
    pub skipped_units: usize,
    /// Lines with bytes that are not UTF-8, skipped or mended as [`BadUtf8`](crate::config::BadUtf8) says.
    pub bad_utf8: usize,
}

impl Add for ReadNotes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            boms: self.boms + other.boms,
            crlf_lines: self.crlf_lines + other.crlf_lines,
            odd_lines: self.odd_lines + other.odd_lines,
            inner_breaks: self.inner_breaks + other.inner_breaks,
            skipped_units: self.skipped_units + other.skipped_units,
            bad_utf8: self.bad_utf8 + other.bad_utf8,
        }
    }
}

/// Takes a pair; its fault ends the reading.
pub type EachPair<'a> = dyn FnMut(Pair) -> Result<(), DataError> + 'a;

/// As [`EachPair`], with the file that the pair stands in.
pub(crate) type EachPlacedPair<'a> = dyn FnMut(Pair, &Place<'_>) -> Result<(), DataError> + 'a;

/// The file of a pair.
pub(crate) struct Place<'a> {
    /// The one file, or that of the source side.
    pub(crate) path: &'a Path,
    /// The number of the file, or of the two, among those of a pattern, from 0.
    pub(crate) part: usize,
    /// Lines of the files before it.
    pub(crate) lines_before: usize,
}

/// Reads a set and hands over its pairs in their order, blank ones included.
///
/// That two files have different numbers of lines is known only at the end of the shorter one, when
/// the pairs before it have been handed over.
///
/// # Errors
///
/// No files given; a pattern without matches, or whose matches do not pair up; a file that is missing,
/// not regular, unreadable, empty, damaged, beyond `limits`, of an unknown format, or changed meanwhile;
/// a line that is not UTF-8; sides with different numbers of lines; a row, an object or an XML file
/// that is not as its format wants it, or lacks a side; what `each` returns.
pub fn for_each_pair(
    files: &ParallelFiles,
    languages: &LanguagePair,
    limits: &Limits,
    each: &mut EachPair<'_>,
) -> Result<ReadNotes, DataError> {
    for_each_pair_of_part(files, languages, limits, &mut |pair, _| each(pair))
}

/// [`for_each_pair`], with the place of each pair.
fn for_each_pair_of_part(
    files: &ParallelFiles,
    languages: &LanguagePair,
    limits: &Limits,
    each: &mut EachPlacedPair<'_>,
) -> Result<ReadNotes, DataError> {
    let columns = Columns::new(files, languages);
    let path = PathBuf::new();
    let mut sink = Sink { each, path, part: 0, lines_before: 0, pairs: 0, notes: ReadNotes::default() };
    for (number, part) in parts(files)?.into_iter().enumerate() {
        let pairs_before = sink.pairs;
        let path = match &part {
            Part::Two(path, _) | Part::One(path, _) => path.clone(),
        };
        (sink.path, sink.part) = (path.clone(), number);
        let lines = match part {
            Part::Two(src, tgt) => read_two(&src, &tgt, limits, &mut sink)?,
            Part::One(path, format) => read_one(&path, format, &columns, limits, &mut sink)?,
        };
        if sink.pairs == pairs_before {
            return Err(DataError::Empty { path });
        }
        sink.lines_before += lines;
    }
    Ok(sink.notes)
}

/// Reads a set into memory; otherwise as [`for_each_pair`].
///
/// # Errors
///
/// As [`for_each_pair`].
pub fn read_parallel(
    files: &ParallelFiles,
    languages: &LanguagePair,
    limits: &Limits,
) -> Result<(Vec<Pair>, ReadNotes), DataError> {
    let mut pairs = Vec::new();
    let notes = for_each_pair(files, languages, limits, &mut |pair| {
        pairs.push(pair);
        Ok(())
    })?;
    Ok((pairs, notes))
}

/// Where readers put what they find.
struct Sink<'a> {
    each: &'a mut EachPlacedPair<'a>,
    /// The file that is read, or that of the source side.
    path: PathBuf,
    /// Its number.
    part: usize,
    /// Lines of the files that were read before.
    lines_before: usize,
    /// Pairs handed over.
    pairs: usize,
    notes: ReadNotes,
}

impl Sink<'_> {
    fn pair(&mut self, src: String, tgt: String, line: usize) -> Result<(), DataError> {
        self.pairs += 1;
        let place = Place { path: &self.path, part: self.part, lines_before: self.lines_before };
        (self.each)(Pair { src, tgt, line: self.lines_before + line, source: 0 }, &place)
    }
}

fn read_one(
    path: &Path,
    format: FileFormat,
    columns: &Columns<'_>,
    limits: &Limits,
    sink: &mut Sink<'_>,
) -> Result<usize, DataError> {
    match format {
        FileFormat::Tmx => return tmx::read(path, columns, limits, sink),
        #[cfg(feature = "parquet")]
        FileFormat::Parquet => return parquet::read(path, columns, limits, sink),
        #[cfg(not(feature = "parquet"))]
        FileFormat::Parquet => return Err(DataError::ParquetOff { path: path.to_path_buf() }),
        FileFormat::Tsv | FileFormat::Csv | FileFormat::Jsonl => {}
    }
    let mut lines = Lines::open(path, limits)?;
    match format {
        FileFormat::Jsonl => jsonl::read(&mut lines, columns, sink)?,
        FileFormat::Csv => table::read(&mut lines, Cells::Commas, columns, sink)?,
        _ => table::read(&mut lines, Cells::Tabs, columns, sink)?,
    }
    sink.notes = sink.notes + lines.notes;
    Ok(lines.number)
}

fn read_two(
    src_path: &Path,
    tgt_path: &Path,
    limits: &Limits,
    sink: &mut Sink<'_>,
) -> Result<usize, DataError> {
    let [mut src, mut tgt] = [Lines::open(src_path, limits)?, Lines::open(tgt_path, limits)?];
    let mut line = 0;
    loop {
        match (src.next()?, tgt.next()?) {
            (Some(src), Some(tgt)) => {
                line += 1;
                sink.pair(src.to_owned(), tgt.to_owned(), line)?;
            }
            (None, None) => break,
            _ => return Err(line_counts(src, tgt, limits)),
        }
    }
    sink.notes = sink.notes + src.notes + tgt.notes;
    Ok(line)
}

/// The fault of sides of which one has come to its end, or what is wrong in the rest of the other.
fn line_counts(mut src: Lines, mut tgt: Lines, limits: &Limits) -> DataError {
    for side in [&mut src, &mut tgt] {
        loop {
            match side.next() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(fault) => return fault,
            }
        }
    }
    let lengths = |side: &Lines| align::lengths(&side.path, limits);
    let first_suspect = match (lengths(&src), lengths(&tgt)) {
        (Some(src), Some(tgt)) => align::first_suspect(&src, &tgt),
        _ => None,
    };
    DataError::LineCounts {
        src_lines: src.number,
        tgt_lines: tgt.number,
        src: src.path,
        tgt: tgt.path,
        first_suspect,
    }
}

/// A text as one line: the parts around line breaks, trimmed, with a space between them.
fn one_line(text: String, notes: &mut ReadNotes) -> String {
    let breaks = text.trim().matches('\n').count();
    if !text.contains(['\n', '\r']) {
        return text;
    }
    notes.inner_breaks += breaks;
    let parts: Vec<&str> = text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}
