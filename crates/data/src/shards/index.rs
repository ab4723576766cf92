//! The lengths of all examples, and with them where each one stands.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::error::DataError;

use super::manifest::{MAX_ROW_TOKENS, Manifest, open};

/// Examples between two offsets that are kept.
const BLOCK: usize = 64;
/// What the file begins with, the version of the format after it.
const MAGIC: [u8; 8] = *b"TOKINDEX";
/// Magic, version (u32), bytes of a length (u32), number of examples (u64).
const HEADER_BYTES: usize = 24;
/// Bytes that are read or written at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Lengths of sources and targets, in the fewest bytes that hold them all.
#[derive(Debug)]
enum Lengths {
    Short(Vec<[u16; 2]>),
    Long(Vec<[u32; 2]>),
}

/// Lengths and offsets in tokens. Grows at its end.
#[derive(Debug)]
pub(super) struct Index {
    lengths: Lengths,
    /// The offset of every 64th example.
    blocks: Vec<u64>,
    /// Tokens of all examples.
    end: u64,
    /// The longest row.
    longest: u32,
}

impl Index {
    pub(super) fn new() -> Self {
        Self { lengths: Lengths::Short(Vec::new()), blocks: Vec::new(), end: 0, longest: 0 }
    }

    pub(super) fn len(&self) -> usize {
        match &self.lengths {
            Lengths::Short(lengths) => lengths.len(),
            Lengths::Long(lengths) => lengths.len(),
        }
    }

    /// Tokens of source and target of an example, as they are stored.
    pub(super) fn lengths(&self, example: usize) -> (u32, u32) {
        match &self.lengths {
            Lengths::Short(lengths) => lengths[example].map(u32::from).into(),
            Lengths::Long(lengths) => lengths[example].into(),
        }
    }

    /// Tokens before an example, or before the end.
    pub(super) fn offset(&self, example: usize) -> u64 {
        if example == self.len() {
            return self.end;
        }
        let block = example / BLOCK;
        let between = block * BLOCK..example;
        self.blocks[block] + between.map(|example| self.tokens(example)).sum::<u64>()
    }

    /// Tokens of an example.
    fn tokens(&self, example: usize) -> u64 {
        let (src, tgt) = self.lengths(example);
        u64::from(src) + u64::from(tgt)
    }

    /// Appends an example.
    pub(super) fn push(&mut self, src: u32, tgt: u32) {
        if self.len().is_multiple_of(BLOCK) {
            self.blocks.push(self.end);
        }
        self.end = self.end.saturating_add(u64::from(src) + u64::from(tgt));
        self.longest = self.longest.max(src).max(tgt);
        if let Lengths::Short(lengths) = &mut self.lengths {
            if let (Ok(src), Ok(tgt)) = (u16::try_from(src), u16::try_from(tgt)) {
                return lengths.push([src, tgt]);
            }
            self.lengths = Lengths::Long(lengths.iter().map(|both| both.map(u32::from)).collect());
        }
        if let Lengths::Long(lengths) = &mut self.lengths {
            lengths.push([src, tgt]);
        }
    }

    /// Bytes of a length.
    fn width(&self) -> usize {
        match self.lengths {
            Lengths::Short(_) => 2,
            Lengths::Long(_) => 4,
        }
    }

    /// Writes the index and gives its hash.
    pub(super) fn write(&self, mut file: &File, format: u32) -> io::Result<blake3::Hash> {
        let mut hasher = blake3::Hasher::new();
        let mut bytes = Vec::with_capacity(CHUNK_BYTES + HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(format.to_le_bytes());
        bytes.extend((self.width() as u32).to_le_bytes());
        bytes.extend((self.len() as u64).to_le_bytes());
        let rows = CHUNK_BYTES / self.width() / 2;
        for first in (0..self.len().max(1)).step_by(rows) {
            for example in first..self.len().min(first + rows) {
                let (src, tgt) = self.lengths(example);
                bytes.extend(&src.to_le_bytes()[..self.width()]);
                bytes.extend(&tgt.to_le_bytes()[..self.width()]);
            }
            hasher.update(&bytes);
            file.write_all(&bytes)?;
            bytes.clear();
        }
        Ok(hasher.finalize())
    }

    /// Reads the index of a set and holds it against the manifest: version, size, hash and sum.
    pub(super) fn read(path: &Path, manifest: &Manifest) -> Result<Self, DataError> {
        let damaged = |reason: String| DataError::ShardsDamaged { path: path.into(), reason };
        let faulty = |source| DataError::reading(path, source);
        let (mut file, bytes) = open(path)?;
        let mut header = [0; HEADER_BYTES];
        if bytes < HEADER_BYTES as u64 {
            return Err(damaged(format!("has {bytes} bytes, less than its header")));
        }
        file.read_exact(&mut header).map_err(faulty)?;
        let width = u64::from(header[12]);
        let expected = header_of(manifest, width as u32);
        let size = width.checked_mul(2 * manifest.examples).and_then(|n| n.checked_add(HEADER_BYTES as u64));
        if header != expected || ![2, 4].contains(&width) {
            return Err(damaged("its header is not that of this format and manifest".to_owned()));
        }
        if size != Some(bytes) {
            return Err(damaged(format!("has {bytes} bytes for {} examples", manifest.examples)));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&header);
        let index = Self::read_lengths(&mut file, manifest.examples as usize, width as usize, &mut hasher);
        let index = index.map_err(faulty)?;
        if hasher.finalize().to_hex().as_str() != manifest.index_blake3 {
            return Err(damaged("its BLAKE3 hash is not that of the manifest".to_owned()));
        }
        if index.longest >= MAX_ROW_TOKENS {
            return Err(damaged(format!("has a row of {} tokens", index.longest)));
        }
        if index.end != manifest.src_tokens + manifest.tgt_tokens {
            return Err(damaged("its lengths do not add up to the tokens of the manifest".to_owned()));
        }
        Ok(index)
    }

    fn read_lengths(
        file: &mut File,
        n: usize,
        width: usize,
        hasher: &mut blake3::Hasher,
    ) -> io::Result<Self> {
        let lengths = match width {
            2 => Lengths::Short(Vec::with_capacity(n)),
            _ => Lengths::Long(Vec::with_capacity(n)),
        };
        let blocks = Vec::with_capacity(n.div_ceil(BLOCK));
        let mut index = Self { lengths, blocks, ..Self::new() };
        let mut bytes = vec![0; CHUNK_BYTES.min(2 * width * n)];
        let mut left = 2 * width * n;
        while left > 0 {
            let chunk = &mut bytes[..CHUNK_BYTES.min(left)];
            file.read_exact(chunk)?;
            hasher.update(chunk);
            left -= chunk.len();
            for row in chunk.chunks_exact(2 * width) {
                let (src, tgt) = row.split_at(width);
                index.push(little_endian(src), little_endian(tgt));
            }
        }
        Ok(index)
    }
}

fn header_of(manifest: &Manifest, width: u32) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&manifest.format.to_le_bytes());
    header[12..16].copy_from_slice(&width.to_le_bytes());
    header[16..].copy_from_slice(&manifest.examples.to_le_bytes());
    header
}

/// The number of two or four bytes.
pub(super) fn little_endian(bytes: &[u8]) -> u32 {
    match *bytes {
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        _ => unreachable!("numbers of two or four bytes, got {}", bytes.len()),
    }
}
