//! The training text of an experiment as shards: made once, used by every run with the same text and settings.
//!
//! ```text
//! DIR/shards.json, index.bin, shard-00000.bin …   the examples, see shards
//! DIR/tokenizer.json                              the vocabulary that was learnt from the text
//! DIR/held-out.json                               what was found of held-out sets in the text, by their hashes
//! DIR.lock                                        while it is made
//! ```
//!
//! The text is hashed and then read twice: the first time to clean it, count its words and look for held-out lines; the
//! second time to clean it again, tokenize and write. What grows with the text in memory is the table against duplicates
//! (see [`Cleaner`]) and the index: 30 to 50 bytes a pair. The examples are those that training from text would make, in the same order.
//!
//! A set is used as long as its text is the same: files whose size and time of change are those that were noted are
//! taken for unchanged, others are hashed.

mod origin;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::clean::{CleanReport, Cleaner};
use crate::config::{DataConfig, TokenizerConfig};
use crate::corpus::{Limits, Pair, SourceNotes, for_each_chunk, paths};
use crate::error::DataError;
use crate::normalize::Normalizer;
use crate::shards::{Filling, Reader, Recipe, Writer, WriterConfig};
use crate::split::{Overlap, OverlapSearch, refuse_overlap};
use crate::tokenizer::{Tokenizer, WordCounts};

use origin::{Origin, Text};

const TOKENIZER: &str = "tokenizer.json";
const HELD_OUT: &str = "held-out.json";
/// Larger notes of held-out sets are not read.
const MAX_HELD_OUT_BYTES: u64 = 64 << 20;
/// The key of [`Origin`] in the settings of the shards.
const ORIGIN: &str = "origin";

/// Bytes of text in a byte of a compressed file, and in a pair of sentences; guesses.
const PACKED_RATIO: u64 = 4;
const BYTES_OF_A_PAIR: u64 = 300;

/// What a set is made of.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The training text and how it is treated.
    pub data: &'a DataConfig,
    /// The vocabulary.
    pub tokenizer: &'a TokenizerConfig,
    /// Longest row in tokens, at most `data.clean.max_tokens`.
    pub max_tokens: usize,
}

impl Request<'_> {
    /// Names what decides the examples beside the content of the text: 16 hexadecimal digits.
    pub fn key(&self) -> String {
        origin::key(self)
    }
}

/// A held-out set, which should not stand in the training text.
#[derive(Clone, Copy, Debug)]
pub struct HeldOutText<'a> {
    /// For messages.
    pub name: &'a str,
    /// Its pairs.
    pub pairs: &'a [Pair],
}

impl HeldOutText<'_> {
    /// Stands for the text of its pairs, whatever files that was read from.
    fn key(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for text in self.pairs.iter().flat_map(|pair| [&pair.src, &pair.tgt]) {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Another process is making the same set.
    Waiting,
    /// The first pass has read so many pairs.
    Reading(usize),
    /// The vocabulary is learnt from so many different words.
    Learning(usize),
    /// The second pass has read so many pairs.
    Writing(usize),
}

/// A set that is open.
#[derive(Debug)]
pub struct Prepared {
    /// Where it stands.
    pub dir: PathBuf,
    /// The examples.
    pub reader: Reader,
    /// The vocabulary.
    pub tokenizer: Tokenizer,
    /// What cleaning dropped.
    pub clean_report: CleanReport,
    /// Examples by source.
    pub source_lens: Vec<usize>,
    /// What was found in the sources.
    pub notes: Vec<SourceNotes>,
    /// [`content_hash`](crate::content_hash) of each source.
    pub text_hashes: Vec<String>,
}

/// Opens the set in `dir`, if there is one of this text.
///
/// # Errors
///
/// A set that is damaged or that this version cannot read; text that cannot be read.
pub fn open(dir: &Path, request: &Request) -> Result<Option<Prepared>, DataError> {
    if !dir.exists() {
        return Ok(None);
    }
    let reader = Reader::open(dir)?;
    let damaged = |reason: String| DataError::ShardsDamaged { path: dir.into(), reason };
    let origin = reader.manifest().settings.get(ORIGIN).cloned().unwrap_or_default();
    let origin: Origin = serde_json::from_value(origin).map_err(|fault| damaged(fault.to_string()))?;
    if origin.key != request.key() {
        let (got, expected) = (origin.key, request.key());
        return Err(DataError::ShardsForeign {
            path: dir.into(),
            what: "key of the settings",
            got,
            expected,
        });
    }
    let lens = &origin.fill.source_lens;
    let sum = lens.iter().try_fold(0_usize, |sum, len| sum.checked_add(*len));
    if sum != Some(reader.len()) || lens.len() > request.data.train.0.len() {
        return Err(damaged("the examples of its sources do not add up".to_owned()));
    }
    if !origin.text.is_unchanged(request.data)? {
        return Ok(None);
    }
    let path = dir.join(TOKENIZER);
    let broken =
        |fault: DataError| DataError::ShardsDamaged { path: path.clone(), reason: fault.to_string() };
    let tokenizer = Tokenizer::load(&path).map_err(broken)?;
    reader.expect_tokenizer(&tokenizer)?;
    Ok(Some(Prepared {
        dir: dir.into(),
        reader,
        tokenizer,
        clean_report: origin.fill.clean,
        source_lens: origin.fill.source_lens,
        notes: origin.notes,
        text_hashes: origin.text.hashes,
    }))
}

/// Makes the set in `dir`, unless there is one of this text, in place of one that stands there, and opens it. If another
/// process is making it, waits for that one and opens what it made.
///
/// # Errors
///
/// Text that cannot be read, changes meanwhile, or has not enough for the vocabulary; held-out lines in it, unless
/// `clean.allow_overlap`; what the operating system says. The set that stood there then stays.
pub fn prepare(
    dir: &Path,
    request: &Request,
    held_out: &[HeldOutText],
    progress: &mut dyn FnMut(Progress),
) -> Result<Prepared, DataError> {
    let _lock = Lock::take(dir, progress)?;
    if let Ok(Some(made)) = open(dir, request) {
        check_held_out(dir, request, held_out, progress)?;
        return Ok(made);
    }
    let (old, new) = (dir.with_extension("old"), dir.with_extension("new"));
    remove(&old)?;
    remove(&new)?;
    write_set(&new, request, held_out, progress)?;
    if dir.exists() {
        fs::rename(dir, &old).map_err(DataError::writing(dir))?;
    }
    fs::rename(&new, dir).map_err(DataError::writing(dir))?;
    remove(&old)?;
    open(dir, request)?.ok_or_else(|| DataError::Changed { path: dir.into() })
}

/// The right to make a set, as long as it lives.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn take(dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Self, DataError> {
        let parent = dir.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(parent).map_err(DataError::writing(parent))?;
        let path = dir.with_extension("lock");
        let file = File::create(&path).map_err(DataError::writing(&path))?;
        // Systems without locks go without.
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            progress(Progress::Waiting);
            file.lock().map_err(DataError::writing(&path))?;
        }
        Ok(Self { path, _file: file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Both passes, into a directory that does not exist.
fn write_set(
    new: &Path,
    request: &Request,
    held_out: &[HeldOutText],
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DataError> {
    let data = request.data;
    let normalizer = Normalizer::new(&data.normalize);
    let text = Text::of(data)?;
    let mut counts = WordCounts::new();
    let (overlaps, report) =
        first_pass(request, &normalizer, held_out, progress, &mut |lines| counts.add(lines))?;
    report.refuse_wrong_script()?;
    judge(held_out, &overlaps, data.clean.allow_overlap)?;
    progress(Progress::Learning(counts.n_words()));
    if counts.n_forgotten() > 0 {
        let n = counts.n_forgotten();
        tracing::warn!(
            "the vocabulary is learnt without rare words: {n} times one was forgotten for want of memory"
        );
    }
    let tokenizer = Tokenizer::from_counts(&counts, request.tokenizer, &data.train.tags())?;
    drop(counts);

    let mut writer = Writer::create(new, WriterConfig::new(&tokenizer))?;
    writer.put(TOKENIZER, tokenizer.to_json().as_bytes())?;
    let known: BTreeMap<String, Overlap> = held_out.iter().map(HeldOutText::key).zip(overlaps).collect();
    writer.put(HELD_OUT, &serde_json::to_vec_pretty(&known).expect("overlaps are plain data"))?;
    let tags = tokenizer.source_tags(&data.train)?;
    let recipe = Recipe {
        clean: &data.clean,
        max_tokens: request.max_tokens,
        normalizer: &normalizer,
        tokenizer: &tokenizer,
        tags: &tags,
    };
    let mut filling = Filling::new(recipe, &mut writer);
    let notes = each_chunk(data, Progress::Writing, progress, &mut |chunk| filling.take(chunk))?;
    let fill = filling.finish();
    if fill.not_remembered > 0 {
        let n = fill.not_remembered;
        tracing::warn!("repeats of the last {n} different pairs were not looked for, for want of memory");
    }
    if !text.is_unchanged(data)? {
        return Err(DataError::Changed { path: data.train.0[0].files().main_path().into() });
    }
    let origin = Origin { key: request.key(), text, notes, fill };
    writer.set(ORIGIN, serde_json::to_value(&origin).expect("an origin is plain data"));
    writer.finish()?;
    Ok(())
}

/// [`content_hash`](crate::content_hash) of each source of the training text as it is now.
///
/// # Errors
///
/// Text that cannot be read.
pub fn text_hashes(data: &DataConfig) -> Result<Vec<String>, DataError> {
    origin::hashes(data)
}

/// The size of the training text in bytes; of compressed files a guess.
///
/// # Errors
///
/// Files that are not there.
pub fn text_bytes(data: &DataConfig) -> Result<u64, DataError> {
    let mut bytes = 0;
    for source in &data.train.0 {
        let mut of_source = 0;
        for path in paths(&source.files())? {
            let size = fs::metadata(&path).map_err(|source| DataError::reading(&path, source))?.len();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let packed = ["gz", "zst", "xz", "parquet"].contains(&ending.to_ascii_lowercase().as_str());
            of_source += if packed { size * PACKED_RATIO } else { size };
        }
        let most = if source.max_pairs == 0 { u64::MAX } else { source.max_pairs as u64 * BYTES_OF_A_PAIR };
        bytes += of_source.min(most);
    }
    Ok(bytes)
}

/// What was noted of held-out sets, if it can be read and is no giant.
fn read_held_out(path: &Path) -> Option<Vec<u8>> {
    let small = fs::symlink_metadata(path).ok()?;
    (small.is_file() && small.len() <= MAX_HELD_OUT_BYTES).then(|| fs::read(path).ok())?
}

/// Looks for held-out lines in the text of a set, unless that was done before.
///
/// # Errors
///
/// Text that cannot be read; held-out lines in it, unless `clean.allow_overlap`.
#[expect(clippy::missing_panics_doc, reason = "overlaps are plain data")]
pub fn check_held_out(
    dir: &Path,
    request: &Request,
    held_out: &[HeldOutText],
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DataError> {
    let path = dir.join(HELD_OUT);
    let mut known: BTreeMap<String, Overlap> =
        read_held_out(&path).and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let keys: Vec<String> = held_out.iter().map(HeldOutText::key).collect();
    if !keys.iter().all(|key| known.contains_key(key)) {
        let normalizer = Normalizer::new(&request.data.normalize);
        let (found, _) = first_pass(request, &normalizer, held_out, progress, &mut |_| {})?;
        known.extend(keys.iter().cloned().zip(found));
        // Only spares the next run the search.
        let json = serde_json::to_vec_pretty(&known).expect("overlaps are plain data");
        if let Err(fault) = fs::write(&path, json) {
            tracing::warn!("{}: {fault}", path.display());
        }
    }
    let overlaps: Vec<Overlap> = keys.iter().map(|key| known[key].clone()).collect();
    judge(held_out, &overlaps, request.data.clean.allow_overlap)
}

/// Hands the clean lines of the text to `take`, and finds what stands in it of each held-out set.
fn first_pass(
    request: &Request,
    normalizer: &Normalizer,
    held_out: &[HeldOutText],
    progress: &mut dyn FnMut(Progress),
    take: &mut dyn FnMut(&[&str]),
) -> Result<(Vec<Overlap>, CleanReport), DataError> {
    let mut cleaner = Cleaner::new(&request.data.clean, normalizer);
    let search = OverlapSearch::new(held_out.iter().map(|set| set.pairs));
    each_chunk(request.data, Progress::Reading, progress, &mut |chunk| {
        let pairs = cleaner.clean(chunk);
        search.look(&pairs);
        let lines: Vec<&str> = pairs.iter().flat_map(|pair| [pair.src.as_str(), pair.tgt.as_str()]).collect();
        take(&lines);
        Ok(())
    })?;
    let overlaps = (0..held_out.len()).map(|set| search.found(set)).collect();
    Ok((overlaps, cleaner.into_report()))
}

/// Reads the training text and says how far it is.
fn each_chunk(
    data: &DataConfig,
    pass: fn(usize) -> Progress,
    progress: &mut dyn FnMut(Progress),
    each: &mut dyn FnMut(Vec<Pair>) -> Result<(), DataError>,
) -> Result<Vec<SourceNotes>, DataError> {
    let mut pairs = 0;
    for_each_chunk(&data.train, &data.languages(), &Limits::of_training(data), &mut |chunk| {
        pairs += chunk.len();
        each(chunk)?;
        progress(pass(pairs));
        Ok(())
    })
}

/// Refuses held-out lines in the training text, or warns of them.
fn judge(held_out: &[HeldOutText], overlaps: &[Overlap], allow: bool) -> Result<(), DataError> {
    for (set, overlap) in held_out.iter().zip(overlaps) {
        match refuse_overlap(set.name, overlap) {
            Err(fault) if allow => tracing::warn!("{fault}"),
            result => result?,
        }
    }
    Ok(())
}

fn remove(dir: &Path) -> Result<(), DataError> {
    match fs::remove_dir_all(dir) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(DataError::writing(dir)(fault)),
        _ => Ok(()),
    }
}
