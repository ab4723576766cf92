//! Writing a set: beside its place, synced, then renamed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::mem::take;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::DataError;
use crate::tokenizer::Tokenizer;

use super::index::Index;
use super::manifest::{
    FORMAT, INDEX, MANIFEST, MAX_ROW_TOKENS, MAX_SHARDS, Manifest, ShardEntry, shard_name, token_bytes,
};

/// Bytes that are hashed and written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// How a set is written and what its manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterConfig {
    /// Every id is below it.
    pub vocab_size: usize,
    /// [`Tokenizer::hash`] of the tokenizer that gives the ids.
    pub tokenizer: String,
    /// What else decides the content, such as the hashes of the text; stored and not looked at.
    pub settings: Map<String, Value>,
    /// A shard ends with the example that brings it to this size.
    pub shard_bytes: u64,
}

impl WriterConfig {
    /// Shards of 256 MiB with the ids of a tokenizer, without settings.
    pub fn new(tokenizer: &Tokenizer) -> Self {
        Self {
            vocab_size: tokenizer.vocab_size(),
            tokenizer: tokenizer.hash(),
            settings: Map::new(),
            shard_bytes: 1 << 28,
        }
    }
}

/// Takes examples in their order and makes a set of them, which is there once
/// [`finish`](Self::finish) has returned and never before. A writer that is dropped leaves nothing.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    new: PathBuf,
    config: WriterConfig,
    index: Index,
    /// Open and locked from the start, so that two writers of one set notice each other.
    index_file: Option<File>,
    src_tokens: u64,
    shards: Vec<ShardEntry>,
    shard: Option<Shard>,
    finished: bool,
}

/// The shard that is being filled.
#[derive(Debug)]
struct Shard {
    file: File,
    path: PathBuf,
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
    entry: ShardEntry,
}

impl Writer {
    /// Begins a set that is to stand at `dir`. What a writer that was killed left beside it is removed.
    ///
    /// # Errors
    ///
    /// Something stands at `dir`; another process is writing the same set; what the operating system
    /// says.
    pub fn create(dir: &Path, config: WriterConfig) -> Result<Self, DataError> {
        refuse_existing(dir)?;
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        let new = dir.with_file_name(format!(".{name}.new"));
        let old = File::open(new.join(INDEX));
        if old.is_ok_and(|index| matches!(index.try_lock(), Err(TryLockError::WouldBlock))) {
            return Err(DataError::ShardsBusy { path: dir.into() });
        }
        if new.exists() {
            fs::remove_dir_all(&new).map_err(DataError::writing(&new))?;
        }
        fs::create_dir_all(&new).map_err(DataError::writing(&new))?;
        let path = new.join(INDEX);
        let index_file = File::create_new(&path).map_err(DataError::writing(&path))?;
        match index_file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(DataError::ShardsBusy { path: dir.into() }),
            Err(TryLockError::Error(fault)) if fault.kind() != io::ErrorKind::Unsupported => {
                return Err(DataError::writing(&path)(fault));
            }
            _ => {}
        }
        let dir = dir.to_path_buf();
        Ok(Self {
            dir,
            new,
            config,
            index: Index::new(),
            index_file: Some(index_file),
            src_tokens: 0,
            shards: Vec::new(),
            shard: None,
            finished: false,
        })
    }

    /// Number of examples so far.
    pub fn n_examples(&self) -> usize {
        self.index.len()
    }

    /// What the set is written with.
    pub fn config(&self) -> &WriterConfig {
        &self.config
    }

    /// Says a thing in the manifest that is known only once all examples are there.
    pub fn set(&mut self, key: &str, value: Value) {
        self.config.settings.insert(key.to_owned(), value);
    }

    /// Writes a file that belongs to the set, such as its tokenizer; the set does not read it.
    ///
    /// # Errors
    ///
    /// There is such a file; what the operating system says.
    pub fn put(&self, name: &str, content: &[u8]) -> Result<(), DataError> {
        let path = self.new.join(name);
        write_synced(&path, content).map_err(DataError::writing(&path))
    }

    /// Appends an example: the source with its `</s>`, the target without control tokens.
    ///
    /// # Errors
    ///
    /// More examples than 2³² − 1 or a row of 2³⁰ tokens; what the operating system says.
    ///
    /// # Panics
    ///
    /// If an id is not below `vocab_size`.
    pub fn push(&mut self, src: &[u32], tgt: &[u32]) -> Result<(), DataError> {
        let length = |row: &[u32]| {
            let fits = u32::try_from(row.len()).ok().filter(|length| *length < MAX_ROW_TOKENS);
            fits.ok_or(DataError::TooMany { what: "tokens in a row", limit: MAX_ROW_TOKENS.into() })
        };
        let (src_len, tgt_len) = (length(src)?, length(tgt)?);
        if self.index.len() >= u32::MAX as usize {
            return Err(DataError::TooMany { what: "examples", limit: u32::MAX.into() });
        }
        let width = usize::from(token_bytes(self.config.vocab_size));
        let shard = match &mut self.shard {
            Some(shard) => shard,
            None => self.shard.insert(Shard::create(&self.new, self.shards.len())?),
        };
        for id in src.iter().chain(tgt) {
            assert!((*id as usize) < self.config.vocab_size, "id {id} of {}", self.config.vocab_size);
            shard.buffer.extend(&id.to_le_bytes()[..width]);
        }
        shard.entry.examples += 1;
        shard.entry.bytes += (src.len() + tgt.len()) as u64 * width as u64;
        self.src_tokens += u64::from(src_len);
        self.index.push(src_len, tgt_len);
        if shard.buffer.len() >= BUFFER_BYTES {
            shard.flush()?;
        }
        if shard.entry.bytes >= self.config.shard_bytes { self.close_shard() } else { Ok(()) }
    }

    fn close_shard(&mut self) -> Result<(), DataError> {
        if let Some(mut shard) = self.shard.take() {
            shard.flush()?;
            shard.file.sync_all().map_err(DataError::writing(&shard.path))?;
            shard.entry.blake3 = shard.hasher.finalize().to_hex().to_string();
            self.shards.push(shard.entry);
        }
        Ok(())
    }

    /// Writes index and manifest, syncs everything and puts the set in its place.
    ///
    /// # Errors
    ///
    /// Something stands there by now; what the operating system says. Then nothing is left.
    #[expect(clippy::missing_panics_doc, reason = "the file is there until this takes it, and self with it")]
    pub fn finish(mut self) -> Result<Manifest, DataError> {
        self.close_shard()?;
        let path = self.new.join(INDEX);
        let file = self.index_file.take().expect("only this takes it");
        let written = self.index.write(&file, FORMAT);
        let hash = written.and_then(|hash| file.sync_all().map(|()| hash));
        let hash = hash.map_err(DataError::writing(&path))?;
        drop(file);
        let manifest = Manifest {
            format: FORMAT,
            examples: self.index.len() as u64,
            src_tokens: self.src_tokens,
            tgt_tokens: self.index.offset(self.index.len()) - self.src_tokens,
            vocab_size: self.config.vocab_size,
            token_bytes: token_bytes(self.config.vocab_size),
            tokenizer: take(&mut self.config.tokenizer),
            settings: take(&mut self.config.settings),
            index_blake3: hash.to_hex().to_string(),
            shards: take(&mut self.shards),
        };
        let path = self.new.join(MANIFEST);
        let json = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain data");
        write_synced(&path, &json).map_err(DataError::writing(&path))?;
        sync_dir(&self.new).map_err(DataError::writing(&self.new))?;
        refuse_existing(&self.dir)?;
        fs::rename(&self.new, &self.dir).map_err(DataError::writing(&self.dir))?;
        self.finished = true;
        let parent = self.dir.parent().unwrap_or(Path::new(""));
        sync_dir(parent).map_err(DataError::writing(parent))?;
        Ok(manifest)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.finished
            && let Err(fault) = fs::remove_dir_all(&self.new)
        {
            tracing::warn!("{}: an unfinished set is left there ({fault})", self.new.display());
        }
    }
}

impl Shard {
    fn create(dir: &Path, number: usize) -> Result<Self, DataError> {
        if number >= MAX_SHARDS {
            return Err(DataError::TooMany { what: "shards", limit: MAX_SHARDS as u64 });
        }
        let name = shard_name(number);
        let path = dir.join(&name);
        let file = File::create_new(&path).map_err(DataError::writing(&path))?;
        let entry = ShardEntry { file: name, examples: 0, bytes: 0, blake3: String::new() };
        let buffer = Vec::with_capacity(BUFFER_BYTES);
        Ok(Self { file, path, hasher: blake3::Hasher::new(), buffer, entry })
    }

    fn flush(&mut self) -> Result<(), DataError> {
        self.hasher.update(&self.buffer);
        self.file.write_all(&self.buffer).map_err(DataError::writing(&self.path))?;
        self.buffer.clear();
        Ok(())
    }
}

fn refuse_existing(dir: &Path) -> Result<(), DataError> {
    match fs::symlink_metadata(dir) {
        Ok(_) => Err(DataError::ShardsExist { path: dir.into() }),
        Err(_) => Ok(()),
    }
}

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Makes names durable. Systems that cannot open a directory keep them without.
fn sync_dir(dir: &Path) -> io::Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
