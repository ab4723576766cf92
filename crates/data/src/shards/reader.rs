//! Reading a set: by position, from any place, by any number of threads.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::batch::Example;
use crate::error::DataError;
use crate::tokenizer::Tokenizer;

use super::index::{Index, little_endian};
use super::manifest::{INDEX, Manifest, open};

/// Bytes that are hashed at once.
const CHUNK_BYTES: usize = 1 << 20;

/// A set that is open: its lengths in memory, its files on disk. See the [module](super).
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    manifest: Manifest,
    index: Index,
    shards: Vec<OpenShard>,
}

#[derive(Debug)]
struct OpenShard {
    file: File,
    /// The first example.
    first: usize,
    /// Tokens of the shards before.
    offset: u64,
}

impl Reader {
    /// Opens the set in `dir` and checks everything that can be checked without reading the shards.
    ///
    /// # Errors
    ///
    /// A file that is missing, a link, of another size than the manifest says or unreadable; a manifest of
    /// another format or in discord with itself; an index that differs from its hash.
    pub fn open(dir: &Path) -> Result<Self, DataError> {
        let manifest = Manifest::read(dir)?;
        let index = Index::read(&dir.join(INDEX), &manifest)?;
        let mut shards = Vec::with_capacity(manifest.shards.len());
        let (mut first, mut offset) = (0, 0);
        for entry in &manifest.shards {
            let path = dir.join(&entry.file);
            let damaged = |reason: String| Err(DataError::ShardsDamaged { path: path.clone(), reason });
            let (file, bytes) = open(&path)?;
            if bytes != entry.bytes {
                return damaged(format!("has {bytes} bytes, the manifest says {}", entry.bytes));
            }
            shards.push(OpenShard { file, first, offset });
            first += entry.examples as usize;
            let end = index.offset(first);
            if (end - offset) * u64::from(manifest.token_bytes) != bytes {
                return damaged("its size is not that of its examples in the index".to_owned());
            }
            offset = end;
        }
        Ok(Self { dir: dir.into(), manifest, index, shards })
    }

    /// Refuses a set whose ids are those of another tokenizer.
    ///
    /// # Errors
    ///
    /// [`DataError::ShardsForeign`] with both hashes, or both sizes.
    pub fn expect_tokenizer(&self, tokenizer: &Tokenizer) -> Result<(), DataError> {
        let (got, expected) = (self.manifest.tokenizer.clone(), tokenizer.hash());
        let (ids, own) = (self.manifest.vocab_size, tokenizer.vocab_size());
        let (what, got, expected) = if got != expected {
            ("hash of the tokenizer", got, expected)
        } else if ids != own {
            // Ids are held against the manifest's number alone when they are read.
            ("size of the vocabulary", ids.to_string(), own.to_string())
        } else {
            return Ok(());
        };
        Err(DataError::ShardsForeign { path: self.dir.clone(), what, got, expected })
    }

    /// What the set says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// True of a set without examples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As [`Example::lengths`], without reading the example.
    ///
    /// # Panics
    ///
    /// If there is no such example.
    pub fn lengths(&self, example: usize) -> (u32, u32) {
        let (src, tgt) = self.index.lengths(example);
        (src, tgt + 1)
    }

    /// Reads an example.
    ///
    /// # Errors
    ///
    /// A file that has become shorter since it was opened; an id beyond the vocabulary; what the
    /// operating system says.
    ///
    /// # Panics
    ///
    /// If there is no such example.
    pub fn get(&self, example: usize) -> Result<Example, DataError> {
        let (src_len, tgt_len) = self.index.lengths(example);
        let number = self.shards.partition_point(|shard| shard.first <= example) - 1;
        let shard = &self.shards[number];
        let width = usize::from(self.manifest.token_bytes);
        let mut bytes = vec![0; (src_len as usize + tgt_len as usize) * width];
        let place = (self.index.offset(example) - shard.offset) * width as u64;
        read_exact_at(&shard.file, &mut bytes, place).map_err(|fault| self.fault(number, fault))?;
        let mut src: Vec<u32> = bytes.chunks_exact(width).map(little_endian).collect();
        if let Some(id) = src.iter().find(|id| **id as usize >= self.manifest.vocab_size) {
            let reason =
                format!("example {example} has the id {id}, beyond {} ids", self.manifest.vocab_size);
            return Err(DataError::ShardsDamaged { path: self.path(number), reason });
        }
        let tgt = src.split_off(src_len as usize);
        Ok(Example { src, tgt })
    }

    /// Reads all shards and holds them against their hashes.
    ///
    /// # Errors
    ///
    /// The first shard that differs; what the operating system says.
    pub fn verify(&self) -> Result<(), DataError> {
        self.manifest.shards.par_iter().enumerate().try_for_each(|(number, entry)| {
            let mut hasher = blake3::Hasher::new();
            let mut bytes = vec![0; CHUNK_BYTES];
            let mut at = 0;
            while at < entry.bytes {
                let chunk = &mut bytes[..CHUNK_BYTES.min((entry.bytes - at) as usize)];
                read_exact_at(&self.shards[number].file, chunk, at)
                    .map_err(|fault| self.fault(number, fault))?;
                hasher.update(chunk);
                at += chunk.len() as u64;
            }
            if hasher.finalize().to_hex().as_str() == entry.blake3 {
                return Ok(());
            }
            let reason = "its BLAKE3 hash is not that of the manifest".to_owned();
            Err(DataError::ShardsDamaged { path: self.path(number), reason })
        })
    }

    fn path(&self, shard: usize) -> PathBuf {
        self.dir.join(&self.manifest.shards[shard].file)
    }

    fn fault(&self, shard: usize, fault: io::Error) -> DataError {
        let path = self.path(shard);
        match fault.kind() {
            io::ErrorKind::UnexpectedEof => {
                let reason = "has been cut short since it was opened".to_owned();
                DataError::ShardsDamaged { path, reason }
            }
            _ => DataError::Unreadable { path, source: fault },
        }
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], place: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, place)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut place: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, place) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(got) => {
                bytes = &mut bytes[got..];
                place += got as u64;
            }
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}
