//! `shards.json`: what a set holds and how it was made.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::DataError;

/// The version of the format that is written and read.
pub(super) const FORMAT: u32 = 1;
pub(super) const MANIFEST: &str = "shards.json";
pub(super) const INDEX: &str = "index.bin";
/// Larger manifests are refused, in bytes.
const MAX_MANIFEST_BYTES: u64 = 32 << 20;
/// A row is shorter than this, in tokens.
pub(super) const MAX_ROW_TOKENS: u32 = 1 << 30;
/// Names have five digits.
pub(super) const MAX_SHARDS: usize = 100_000;

/// The content of `shards.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the format.
    pub format: u32,
    /// Number of examples.
    pub examples: u64,
    /// Ids of all sources.
    pub src_tokens: u64,
    /// Ids of all targets.
    pub tgt_tokens: u64,
    /// Number of ids of the vocabulary; every id is below it.
    pub vocab_size: usize,
    /// Bytes of an id, 2 or 4.
    pub token_bytes: u8,
    /// [`Tokenizer::hash`](crate::Tokenizer::hash) of the tokenizer that gave the ids.
    pub tokenizer: String,
    /// What else decided the content, as its maker says it.
    pub settings: Map<String, Value>,
    /// BLAKE3 of the index, in hex.
    pub index_blake3: String,
    /// The shards in their order.
    pub shards: Vec<ShardEntry>,
}

/// One shard in `shards.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardEntry {
    /// Name of the file: `shard-00000.bin` and so on.
    pub file: String,
    /// Number of examples, at least 1.
    pub examples: u64,
    /// Size of the file.
    pub bytes: u64,
    /// BLAKE3 of the file, in hex.
    pub blake3: String,
}

/// The version alone, which is readable in a manifest of any version.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// `shard-00000.bin` and so on.
pub(super) fn shard_name(shard: usize) -> String {
    format!("shard-{shard:05}.bin")
}

/// Bytes of an id below `vocab_size`.
pub(super) fn token_bytes(vocab_size: usize) -> u8 {
    if vocab_size <= 1 << 16 { 2 } else { 4 }
}

impl Manifest {
    /// Reads the manifest of the set in `dir` and checks that it agrees with itself.
    pub(super) fn read(dir: &Path) -> Result<Self, DataError> {
        let path = dir.join(MANIFEST);
        let damaged = |reason: String| DataError::ShardsDamaged { path: path.clone(), reason };
        let (file, bytes) = open(&path)?;
        if bytes > MAX_MANIFEST_BYTES {
            return Err(damaged(format!("has {bytes} bytes, more than {MAX_MANIFEST_BYTES}")));
        }
        let mut text = Vec::with_capacity(bytes as usize);
        file.take(bytes).read_to_end(&mut text).map_err(|source| DataError::reading(&path, source))?;
        let syntax = |fault: serde_json::Error| damaged(fault.to_string());
        let Version { format } = serde_json::from_slice(&text).map_err(syntax)?;
        if format != FORMAT {
            let (got, expected) = (format.to_string(), FORMAT.to_string());
            return Err(DataError::ShardsForeign { path: dir.into(), what: "format", got, expected });
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(syntax)?;
        manifest.check().map_err(damaged)?;
        Ok(manifest)
    }

    /// Names, widths and sums.
    fn check(&self) -> Result<(), String> {
        if self.token_bytes != token_bytes(self.vocab_size) {
            return Err(format!("says {} bytes an id for {} ids", self.token_bytes, self.vocab_size));
        }
        if self.shards.len() > MAX_SHARDS {
            return Err(format!("names {} shards, more than {MAX_SHARDS}", self.shards.len()));
        }
        for (i, shard) in self.shards.iter().enumerate() {
            if shard.file != shard_name(i) {
                return Err(format!("names '{}', expected {}", shard.file.escape_debug(), shard_name(i)));
            }
            if shard.examples == 0 {
                return Err(format!("says that {} holds no examples", shard.file));
            }
        }
        let sum = |part: fn(&ShardEntry) -> u64| {
            self.shards.iter().try_fold(0_u64, |sum, shard| sum.checked_add(part(shard)))
        };
        let tokens = self.src_tokens.checked_add(self.tgt_tokens);
        let bytes = tokens.and_then(|tokens| tokens.checked_mul(self.token_bytes.into()));
        let fits = self.examples <= u32::MAX.into()
            && sum(|shard| shard.examples) == Some(self.examples)
            && bytes.is_some()
            && sum(|shard| shard.bytes) == bytes;
        if fits { Ok(()) } else { Err("its counts do not agree".to_owned()) }
    }
}

/// Opens a regular file that is no link, for reading; gives its size.
pub(super) fn open(path: &Path) -> Result<(File, u64), DataError> {
    let meta = std::fs::symlink_metadata(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => {
            DataError::ShardsDamaged { path: path.into(), reason: "is missing".to_owned() }
        }
        _ => DataError::reading(path, source),
    })?;
    if !meta.is_file() {
        let reason = "is a link, a directory or a device, not a file".to_owned();
        return Err(DataError::ShardsDamaged { path: path.into(), reason });
    }
    let file = File::open(path).map_err(|source| DataError::reading(path, source))?;
    Ok((file, meta.len()))
}
