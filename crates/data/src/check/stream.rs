//! Pairs in chunks, read by a thread of their own while earlier ones are worked on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::config::DataConfig;
use crate::corpus::{Limits, Pair, SourceNotes, for_each_placed_pair};
use crate::error::DataError;

/// Pairs in a chunk, at most.
const CHUNK_PAIRS: usize = 1 << 13;
/// Bytes of text after which a chunk ends.
const CHUNK_BYTES: usize = 1 << 22;
/// Chunks that wait.
const WAITING: usize = 2;

/// Pairs that follow each other in one file of one source.
pub(super) struct Chunk {
    /// The file, or that of the source side.
    pub(super) path: Arc<Path>,
    /// Source and number of the file in it.
    pub(super) part: (u32, usize),
    /// Lines of files before it, which count in the lines of its pairs.
    pub(super) lines_before: usize,
    /// The number of its first pair, among all pairs of all sources.
    pub(super) first: usize,
    /// The pairs, as they stand in the file.
    pub(super) pairs: Vec<Pair>,
}

/// Hands over all training pairs in their order.
pub(super) fn for_each_chunk(
    config: &DataConfig,
    limits: &Limits,
    mut each: impl FnMut(Chunk),
) -> Result<Vec<SourceNotes>, DataError> {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
        let reader = scope.spawn(move || read(config, limits, &mut |chunk| drop(sender.send(chunk))));
        receiver.into_iter().for_each(&mut each);
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn read(
    config: &DataConfig,
    limits: &Limits,
    send: &mut dyn FnMut(Chunk),
) -> Result<Vec<SourceNotes>, DataError> {
    let empty: Arc<Path> = PathBuf::new().into();
    let mut chunk = Chunk { path: empty, part: (0, 0), lines_before: 0, first: 0, pairs: Vec::new() };
    let mut bytes = 0;
    let mut end = |chunk: &mut Chunk, bytes: &mut usize| {
        *bytes = 0;
        let first = chunk.first + chunk.pairs.len();
        let (path, part, lines_before) = (chunk.path.clone(), chunk.part, chunk.lines_before);
        let next = Chunk { path, part, lines_before, first, pairs: Vec::with_capacity(CHUNK_PAIRS) };
        let full = std::mem::replace(chunk, next);
        if !full.pairs.is_empty() {
            send(full);
        }
    };
    let notes = for_each_placed_pair(&config.train, &config.languages(), limits, &mut |pair, place| {
        let part = (pair.source, place.part);
        if part != chunk.part || chunk.path.as_os_str().is_empty() {
            end(&mut chunk, &mut bytes);
            (chunk.path, chunk.part, chunk.lines_before) = (place.path.into(), part, place.lines_before);
        }
        bytes += pair.src.len() + pair.tgt.len();
        chunk.pairs.push(pair);
        if chunk.pairs.len() == CHUNK_PAIRS || bytes > CHUNK_BYTES {
            end(&mut chunk, &mut bytes);
        }
        Ok(())
    })?;
    end(&mut chunk, &mut bytes);
    Ok(notes)
}
