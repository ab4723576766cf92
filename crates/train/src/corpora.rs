//! From the `[data]` and `[tokenizer]` sections to examples: read, normalize, clean, check for overlap, tokenize.

use crate::TrainError;
use crate::config::Experiment;
use data::{
    CleanReport, Example, LanguagePair, Limits, Normalizer, Pair, ParallelFiles, ReadNotes, Sources,
    Tokenizer, clean, content_hash, encode_pairs, overlap, read_parallel, read_sources, refuse_overlap,
};
use std::collections::BTreeMap;

/// A longer line, in bytes, is refused where it is to be translated: it would take minutes, and is a file without line
/// ends.
pub const MAX_LINE_BYTES: usize = 1 << 16;

/// A held-out set: lines as they stand in the files, because that is what scores are measured on.
#[derive(Clone, Debug)]
pub struct HeldOut {
    /// `dev`, `test` or a name of `[data.test_sets]`.
    pub name: String,
    /// Line `i` of both files.
    pub pairs: Vec<Pair>,
}

impl HeldOut {
    /// The set that was read from `files`.
    ///
    /// # Errors
    ///
    /// A source is too long to translate.
    pub fn new(name: &str, files: &ParallelFiles, pairs: Vec<Pair>) -> Result<Self, TrainError> {
        if let Some(long) = pairs.iter().find(|pair| pair.src.len() > MAX_LINE_BYTES) {
            let path = files.main_path().to_path_buf();
            return Err(TrainError::LineTooLong { path, line: long.line, limit: MAX_LINE_BYTES });
        }
        Ok(Self { name: name.into(), pairs })
    }

    /// The source lines.
    pub fn sources(&self) -> Vec<String> {
        self.pairs.iter().map(|pair| pair.src.clone()).collect()
    }

    /// The reference lines.
    pub fn references(&self) -> Vec<String> {
        self.pairs.iter().map(|pair| pair.tgt.clone()).collect()
    }
}

/// What the dev loss is measured on.
#[derive(Clone, Debug, Default)]
pub struct DevSet {
    /// Pairs as ids.
    pub examples: Vec<Example>,
    /// Characters of the normalised targets, with one end for each line: the unit of a loss that does not depend on
    /// the vocabulary.
    pub characters: usize,
}

/// All text of a run.
#[derive(Debug)]
pub struct Corpora {
    /// Cleaned training pairs.
    pub train: Vec<Pair>,
    /// What cleaning dropped.
    pub clean_report: CleanReport,
    /// For validation.
    pub dev: HeldOut,
    /// For the end: `test`, then the further sets by name.
    pub tests: Vec<HeldOut>,
    /// BLAKE3 of each set's text.
    pub hashes: BTreeMap<String, String>,
    /// The one normaliser.
    pub normalizer: Normalizer,
}

/// Reads everything that the experiment names.
///
/// # Errors
///
/// Files that cannot be read or do not line up; a held-out source that is too long to translate; nothing left after cleaning; held-out lines among the training lines.
pub fn read(experiment: &Experiment) -> Result<Corpora, TrainError> {
    let config = &experiment.data;
    let normalizer = Normalizer::new(&config.normalize);
    let mut hashes = BTreeMap::new();
    let languages = config.languages();
    let train = read_train(&config.train, &languages, &mut hashes)?;
    let mut load = |name: &str, files: &ParallelFiles| -> Result<Vec<Pair>, TrainError> {
        let limits = Limits::default();
        hashes.insert(name.to_owned(), content_hash(files, &limits)?);
        let (pairs, notes) = read_parallel(files, &languages, &limits)?;
        tell(name, pairs.len(), notes);
        Ok(pairs)
    };
    let dev = HeldOut::new("dev", &config.dev, load("dev", &config.dev)?)?;
    let mut tests = Vec::new();
    if config.test.is_set() {
        tests.push(HeldOut::new("test", &config.test, load("test", &config.test)?)?);
    }
    for (name, files) in &config.test_sets {
        tests.push(HeldOut::new(name, files, load(name, files)?)?);
    }
    let (train, clean_report) = clean(train, &config.clean, &normalizer);
    for set in [&dev].into_iter().chain(&tests) {
        let overlap = overlap(&train, &set.pairs);
        match refuse_overlap(&set.name, &overlap) {
            Err(error) if config.clean.allow_overlap => tracing::warn!("{error}"),
            result => result?,
        }
    }
    Ok(Corpora { train, clean_report, dev, tests, hashes, normalizer })
}

/// The sources of the training text, one after the other.
fn read_train(
    sources: &Sources,
    languages: &LanguagePair,
    hashes: &mut BTreeMap<String, String>,
) -> Result<Vec<Pair>, TrainError> {
    let limits = Limits::default();
    let mut all = blake3::Hasher::new();
    for source in &sources.0 {
        all.update(content_hash(&source.files(), &limits)?.as_bytes());
        // How much of several sources there is decides the order of the data as their text does.
        if sources.0.len() > 1 {
            all.update(&source.weight.to_le_bytes()).update(&(source.max_pairs as u64).to_le_bytes());
        }
    }
    let (pairs, notes) = read_sources(sources, languages, &limits)?;
    match &notes[..] {
        [one] => tell("train", one.taken, one.notes),
        several => {
            for (source, notes) in sources.0.iter().zip(several) {
                let name =
                    format!("train, {} (weight {})", source.files().main_path().display(), source.weight);
                tell(&name, notes.taken, notes.notes);
            }
        }
    }
    hashes.insert("train".into(), all.finalize().to_hex().to_string());
    Ok(pairs)
}

fn tell(name: &str, pairs: usize, notes: ReadNotes) {
    tracing::info!("{name}: {pairs} pairs");
    if let Some(odd) = in_words(notes) {
        tracing::warn!("{name}: {odd}");
    }
}

/// What was odd in the files, if anything was.
fn in_words(notes: ReadNotes) -> Option<String> {
    let count = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}"));
    let parts = [
        count(notes.boms, "byte order marks removed"),
        count(notes.crlf_lines, "carriage returns removed"),
        count(notes.odd_lines, "lines with control characters or separators inside"),
        count(notes.inner_breaks, "line breaks inside a sentence became spaces"),
        count(notes.skipped_units, "units without both languages skipped"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

impl Corpora {
    /// Learns the joint vocabulary of the training text.
    ///
    /// # Errors
    ///
    /// A vocabulary larger than the text supports.
    pub fn train_tokenizer(&self, experiment: &Experiment) -> Result<Tokenizer, TrainError> {
        let lines = self.train.iter().flat_map(|pair| [pair.src.as_str(), pair.tgt.as_str()]);
        Ok(Tokenizer::train(lines, &experiment.tokenizer)?)
    }

    /// The training examples and the source of each; those of more than `max_tokens` tokens are dropped and counted in
    /// the report.
    pub fn train_examples(&mut self, tokenizer: &Tokenizer, max_tokens: usize) -> (Vec<Example>, Vec<u32>) {
        encode_pairs(&self.train, tokenizer, max_tokens, &mut self.clean_report)
    }

    /// The dev examples for the loss: normalised; blank ones and those that do not fit a batch are left out.
    ///
    /// # Errors
    ///
    /// None is left.
    pub fn dev_set(&self, tokenizer: &Tokenizer, batch_tokens: usize) -> Result<DevSet, TrainError> {
        let normalized = self
            .dev
            .pairs
            .iter()
            .map(|pair| (self.normalizer.normalize(&pair.src), self.normalizer.normalize(&pair.tgt)));
        let filled = normalized.filter(|(src, tgt)| !src.is_empty() && !tgt.is_empty());
        let mut set = DevSet::default();
        let mut too_long = 0;
        for (src, tgt) in filled {
            let example = Example::new(tokenizer, &src, &tgt);
            let (src_len, tgt_len) = example.lengths();
            if src_len.max(tgt_len) as usize > batch_tokens {
                too_long += 1;
                continue;
            }
            set.characters += tgt.chars().count() + 1;
            set.examples.push(example);
        }
        if too_long > 0 {
            tracing::warn!(
                "dev: {too_long} pairs of more than train.batch_tokens tokens do not count in the dev loss"
            );
        }
        if set.examples.is_empty() { Err(TrainError::NoDevPairs) } else { Ok(set) }
    }
}
