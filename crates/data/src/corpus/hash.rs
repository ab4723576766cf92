//! A fingerprint of the text of a set.

use std::io::{ErrorKind, Read};
use std::path::Path;

use super::Limits;
use super::parts::{Part, parts};
use super::stream::{TextStream, fault_of};
use crate::config::ParallelFiles;
use crate::error::DataError;

/// Bytes that are hashed at a time.
const CHUNK_BYTES: usize = 1 << 16;

/// BLAKE3 of the text of a set, in hex: the same for a file and its compressed form, and for files
/// and their lines in several files of a pattern.
///
/// Hashed are the hashes of the sides, source before target, or that of the one file. The hash of a
/// side is that of the decompressed bytes of its files, with a `\n` after a file that lacks one.
///
/// # Errors
///
/// As [`read_parallel`](super::read_parallel), but for what is inside the lines.
pub fn content_hash(files: &ParallelFiles, limits: &Limits) -> Result<String, DataError> {
    let mut sides = [blake3::Hasher::new(), blake3::Hasher::new()];
    let mut n_sides = 0;
    for part in parts(files)? {
        let paths = match part {
            Part::One(file, _) => vec![file],
            Part::Two(src, tgt) => vec![src, tgt],
        };
        n_sides = paths.len();
        for (side, path) in sides.iter_mut().zip(&paths) {
            hash_text(side, path, limits)?;
        }
    }
    let mut hasher = blake3::Hasher::new();
    for side in &sides[..n_sides] {
        hasher.update(side.finalize().as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn hash_text(hasher: &mut blake3::Hasher, path: &Path, limits: &Limits) -> Result<(), DataError> {
    let mut stream = TextStream::open(path, limits)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut last = b'\n';
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(got) => {
                hasher.update(&chunk[..got]);
                last = chunk[got - 1];
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(fault_of(path, error)),
        }
    }
    if last != b'\n' {
        hasher.update(b"\n");
    }
    Ok(())
}
