//! Pairs in chunks, read ahead by a thread of their own.

use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::parts::{Part, parts};
use super::{Limits, Pair, SourceNotes, for_each_source_pair};
use crate::config::{LanguagePair, ParallelFiles, Sources};
use crate::error::DataError;

/// Pairs of a chunk: enough to keep all threads busy, little against the memory of a program.
const CHUNK_PAIRS: usize = 1 << 14;

/// As [`for_each_source_pair`], but many pairs at once; while `each` works on a chunk the next one is read.
///
/// # Errors
///
/// As [`for_each_source_pair`]; what `each` returns, which ends the reading.
pub fn for_each_chunk(
    sources: &Sources,
    languages: &LanguagePair,
    limits: &Limits,
    each: &mut dyn FnMut(Vec<Pair>) -> Result<(), DataError>,
) -> Result<Vec<SourceNotes>, DataError> {
    let (sender, chunks) = sync_channel(1);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut chunk = Vec::with_capacity(CHUNK_PAIRS);
            let notes = for_each_source_pair(sources, languages, limits, &mut |pair| {
                chunk.push(pair);
                if chunk.len() == CHUNK_PAIRS {
                    let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_PAIRS));
                    // Nobody listens any more after a fault of `each`, and that one is returned.
                    sender.send(full).map_err(|_| DataError::NoText)?;
                }
                Ok(())
            })?;
            if !chunk.is_empty() {
                let _ = sender.send(chunk);
            }
            Ok(notes)
        });
        let done = chunks.iter().try_for_each(each);
        drop(chunks);
        let notes = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        done.and(notes)
    })
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
        let lines: Vec<String> = (0..CHUNK_PAIRS * 2 + 5).map(|i| format!("a {i}\tb {i}")).collect();
        std::fs::write(&path, lines.join("\n")).expect("room");
        let sources = Sources::from(ParallelFiles::one(path.clone()));
        let (languages, limits) = (LanguagePair::new("en", "kn"), Limits::default());
        let (mut pairs, mut sizes) = (Vec::new(), Vec::new());
        let notes = for_each_chunk(&sources, &languages, &limits, &mut |chunk| {
            sizes.push(chunk.len());
            pairs.extend(chunk);
            Ok(())
        });
        assert_eq!(sizes, [CHUNK_PAIRS, CHUNK_PAIRS, 5]);
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
