//! Pairs in chunks, read ahead by a thread of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::parts::{Part, parts};
use super::{Limits, Pair, SourceNotes, for_each_placed_pair};
use crate::config::{LanguagePair, ParallelFiles, Sources};
use crate::error::DataError;

/// Pairs of a chunk, at most: enough to keep all threads busy.
const CHUNK_PAIRS: usize = 1 << 14;
/// Bytes of text after which a chunk ends: little against the memory of a program, also where lines are long.
const CHUNK_BYTES: usize = 1 << 23;

/// Pairs that follow each other in one file of one source.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    /// The file, or that of the source side.
    pub(crate) path: Arc<Path>,
    /// Source and number of the file in it.
    pub(crate) part: (u32, usize),
    /// Lines of files before it, which count in the lines of its pairs.
    pub(crate) lines_before: usize,
    /// The number of its first pair, among all pairs of all sources.
    pub(crate) first: usize,
    /// The pairs, as they stand in the file; at least one.
    pub(crate) pairs: Vec<Pair>,
}

/// As [`for_each_source_pair`](super::for_each_source_pair), but many pairs at once; while `each` works on a chunk the
/// next one is read.
///
/// # Errors
///
/// As [`for_each_source_pair`](super::for_each_source_pair); what `each` returns, which ends the reading.
pub fn for_each_chunk(
    sources: &Sources,
    languages: &LanguagePair,
    limits: &Limits,
    each: &mut dyn FnMut(Vec<Pair>) -> Result<(), DataError>,
) -> Result<Vec<SourceNotes>, DataError> {
    for_each_placed_chunk(sources, languages, limits, &mut |chunk| each(chunk.pairs))
}

/// [`for_each_chunk`], with the place of each chunk.
pub(crate) fn for_each_placed_chunk(
    sources: &Sources,
    languages: &LanguagePair,
    limits: &Limits,
    each: &mut dyn FnMut(Chunk) -> Result<(), DataError>,
) -> Result<Vec<SourceNotes>, DataError> {
    let (sender, chunks) = sync_channel(1);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            // Nobody listens any more after a fault of `each`, and that one is returned.
            let mut send = |chunk| sender.send(chunk).map_err(|_| DataError::NoText);
            read(sources, languages, limits, &mut send)
        });
        let done = chunks.iter().try_for_each(each);
        drop(chunks);
        let notes = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        done.and(notes)
    })
}

fn read(
    sources: &Sources,
    languages: &LanguagePair,
    limits: &Limits,
    send: &mut dyn FnMut(Chunk) -> Result<(), DataError>,
) -> Result<Vec<SourceNotes>, DataError> {
    let mut chunk: Option<Chunk> = None;
    let (mut bytes, mut read) = (0, 0);
    let notes = for_each_placed_pair(sources, languages, limits, &mut |pair, place| {
        let part = (pair.source, place.part);
        let is_full =
            |chunk: &mut Chunk| chunk.part != part || chunk.pairs.len() == CHUNK_PAIRS || bytes > CHUNK_BYTES;
        if let Some(full) = chunk.take_if(is_full) {
            send(full)?;
        }
        let chunk = chunk.get_or_insert_with(|| {
            bytes = 0;
            let (path, lines_before) = (place.path.into(), place.lines_before);
            Chunk { path, part, lines_before, first: read, pairs: Vec::with_capacity(CHUNK_PAIRS) }
        });
        bytes += pair.src.len() + pair.tgt.len();
        read += 1;
        chunk.pairs.push(pair);
        Ok(())
    })?;
    chunk.map_or(Ok(()), send)?;
    Ok(notes)
}

/// The files that a set is read from, patterns resolved, in the order of reading.
///
/// # Errors
///
/// As [`for_each_pair`](super::for_each_pair), for the names of the files.
pub fn paths(files: &ParallelFiles) -> Result<Vec<PathBuf>, DataError> {
    let of_part = |part| match part {
        Part::One(path, _) => vec![path],
        Part::Two(src, tgt) => vec![src, tgt],
    };
    Ok(parts(files)?.into_iter().flat_map(of_part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::read_sources;

    #[test]
    fn chunks_are_the_pairs_and_a_fault_ends_the_reading() {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let path = temp.path().join("a.tsv");
        let mut lines: Vec<String> = (0..CHUNK_PAIRS * 2 + 5).map(|i| format!("a {i}\tb {i}")).collect();
        lines.extend((0..3).map(|_| format!("{}\tb", "long ".repeat(CHUNK_BYTES / 9))));
        std::fs::write(&path, lines.join("\n")).expect("room");
        let other = temp.path().join("b.tsv");
        std::fs::write(&other, "a\tb\n").expect("room");
        let sources = Sources([&path, &other].map(|path| ParallelFiles::one(path.clone()).into()).into());
        let (languages, limits) = (LanguagePair::new("en", "kn"), Limits::default());
        let (mut pairs, mut sizes) = (Vec::new(), Vec::new());
        let notes = for_each_placed_chunk(&sources, &languages, &limits, &mut |chunk| {
            assert_eq!(chunk.first, pairs.len());
            sizes.push(chunk.pairs.len());
            pairs.extend(chunk.pairs);
            Ok(())
        });
        assert_eq!(sizes, [CHUNK_PAIRS, CHUNK_PAIRS, 7, 1, 1]);
        let expected = read_sources(&sources, &languages, &limits).expect("sound text");
        assert_eq!((pairs, notes.expect("sound text")), expected);

        let mut seen = 0;
        let fault = for_each_chunk(&sources, &languages, &limits, &mut |_| {
            seen += 1;
            Err(DataError::NoExamples)
        });
        assert!(matches!(fault, Err(DataError::NoExamples)) && seen == 1);
        std::fs::write(&path, "a\tb\nonly one cell\n").expect("room");
        let fault = for_each_chunk(&sources, &languages, &limits, &mut |_| Ok(()));
        assert!(matches!(fault, Err(DataError::Columns { line: 2, .. })), "{fault:?}");
        assert_eq!(paths(&sources.0[0].files()).expect("it is there"), [path]);
    }
}
