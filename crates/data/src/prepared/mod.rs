//! The training text of an experiment as shards: made once, used by every run with the same text and settings.
//!
//! ```text
//! DIR/shards.json, index.bin, shard-00000.bin …   the examples, see shards
//! DIR/tokenizer.json                              the vocabulary that was learnt from the text
//! DIR/held-out.json                               what was found of held-out sets in the text, by their hashes
//! ```
//!
//! Two passes over the text: the first cleans it, counts its words and looks for held-out lines; the second cleans it
//! again, tokenizes and writes. So nothing is kept in memory that grows with the text but 16 bytes for each pair against
//! duplicates, and the index. The examples are those that training from text would make, in the same order.
//!
//! A set is used as long as its text is the same: files whose size and time of change are those that were noted are
//! taken for unchanged, others are hashed.

mod origin;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::clean::{CleanReport, Cleaner};
use crate::config::{DataConfig, TokenizerConfig};
use crate::corpus::{Pair, SourceNotes, for_each_chunk, paths};
use crate::error::DataError;
use crate::normalize::Normalizer;
use crate::shards::{Filling, Reader, Recipe, Writer, WriterConfig};
use crate::split::{Overlap, OverlapSearch, refuse_overlap};
use crate::tokenizer::{Tokenizer, WordCounts};

use origin::{Origin, Text};

const TOKENIZER: &str = "tokenizer.json";
const HELD_OUT: &str = "held-out.json";
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
    /// [`content_hash`](crate::content_hash) of its text.
    pub hash: &'a str,
    /// Its pairs.
    pub pairs: &'a [Pair],
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
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
    if origin.fill.source_lens.iter().sum::<usize>() != reader.len() {
        return Err(damaged("the examples of its sources do not add up".to_owned()));
    }
    if !origin.text.is_unchanged(request.data)? {
        return Ok(None);
    }
    let tokenizer = Tokenizer::load(&dir.join(TOKENIZER))?;
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

/// Makes the set in `dir`, in place of one that stands there, and opens it.
///
/// # Errors
///
/// Text that cannot be read, changes meanwhile, or has not enough for the vocabulary; held-out lines in it, unless
/// `clean.allow_overlap`; another process at the same work; what the operating system says. The set that stood there
/// then stays.
#[expect(clippy::missing_panics_doc, reason = "an origin is plain data")]
pub fn prepare(
    dir: &Path,
    request: &Request,
    held_out: &[HeldOutText],
    progress: &mut dyn FnMut(Progress),
) -> Result<Prepared, DataError> {
    let data = request.data;
    let normalizer = Normalizer::new(&data.normalize);
    let text = Text::of(data)?;
    let (counts, overlaps, report) = first_pass(request, &normalizer, held_out, progress)?;
    report.refuse_wrong_script()?;
    judge(held_out, &overlaps, data.clean.allow_overlap)?;
    progress(Progress::Learning(counts.n_words()));
    let tokenizer = Tokenizer::from_counts(&counts, request.tokenizer, &data.train.tags())?;
    drop(counts);

    let new = dir.with_extension("new");
    remove(&new)?;
    let mut writer = Writer::create(&new, WriterConfig::new(&tokenizer))?;
    writer.put(TOKENIZER, tokenizer.to_json().as_bytes())?;
    writer.put(HELD_OUT, &by_hash(held_out, &overlaps))?;
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
    if !text.is_unchanged(data)? {
        return Err(DataError::Changed { path: data.train.0[0].files().main_path().into() });
    }
    let origin = Origin { key: request.key(), text, notes, fill };
    writer.set(ORIGIN, serde_json::to_value(&origin).expect("an origin is plain data"));
    writer.finish()?;
    remove(dir)?;
    fs::rename(&new, dir).map_err(DataError::writing(dir))?;
    open(dir, request)?.ok_or_else(|| DataError::Changed { path: dir.into() })
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

/// Looks for held-out lines in the text of a set, unless that was done before.
///
/// # Errors
///
/// Text that cannot be read; held-out lines in it, unless `clean.allow_overlap`.
pub fn check_held_out(
    dir: &Path,
    request: &Request,
    held_out: &[HeldOutText],
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DataError> {
    let path = dir.join(HELD_OUT);
    let known: BTreeMap<String, Overlap> =
        fs::read(&path).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let overlaps = if held_out.iter().all(|set| known.contains_key(set.hash)) {
        held_out.iter().map(|set| known[set.hash].clone()).collect()
    } else {
        let normalizer = Normalizer::new(&request.data.normalize);
        let found = first_pass(request, &normalizer, held_out, progress)?.1;
        // Only spares the next run the search.
        if let Err(fault) = fs::write(&path, by_hash(held_out, &found)) {
            tracing::warn!("{}: {fault}", path.display());
        }
        found
    };
    judge(held_out, &overlaps, request.data.clean.allow_overlap)
}

/// Words of the clean text, and what stands in it of each held-out set.
fn first_pass(
    request: &Request,
    normalizer: &Normalizer,
    held_out: &[HeldOutText],
    progress: &mut dyn FnMut(Progress),
) -> Result<(WordCounts, Vec<Overlap>, CleanReport), DataError> {
    let mut cleaner = Cleaner::new(&request.data.clean, normalizer);
    let search = OverlapSearch::new(held_out.iter().map(|set| set.pairs));
    let mut counts = WordCounts::new();
    each_chunk(request.data, Progress::Reading, progress, &mut |chunk| {
        let pairs = cleaner.clean(chunk);
        search.look(&pairs);
        let lines: Vec<&str> = pairs.iter().flat_map(|pair| [pair.src.as_str(), pair.tgt.as_str()]).collect();
        counts.add(&lines);
        Ok(())
    })?;
    let overlaps = (0..held_out.len()).map(|set| search.found(set)).collect();
    Ok((counts, overlaps, cleaner.into_report()))
}

/// Reads the training text and says how far it is.
fn each_chunk(
    data: &DataConfig,
    pass: fn(usize) -> Progress,
    progress: &mut dyn FnMut(Progress),
    each: &mut dyn FnMut(Vec<Pair>) -> Result<(), DataError>,
) -> Result<Vec<SourceNotes>, DataError> {
    let mut pairs = 0;
    for_each_chunk(&data.train, &data.languages(), &data.limits(), &mut |chunk| {
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

fn by_hash(held_out: &[HeldOutText], overlaps: &[Overlap]) -> Vec<u8> {
    let by_hash: BTreeMap<&str, &Overlap> = held_out.iter().map(|set| set.hash).zip(overlaps).collect();
    serde_json::to_vec_pretty(&by_hash).expect("overlaps are plain data")
}

fn remove(dir: &Path) -> Result<(), DataError> {
    match fs::remove_dir_all(dir) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(DataError::writing(dir)(fault)),
        _ => Ok(()),
    }
}
