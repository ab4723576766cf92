//! From the `[data]` and `[tokenizer]` sections to examples: in memory (read, normalize, clean, check for overlap,
//! tokenize), or as a set on disk (see [`crate::prepare`]), which gives the same examples.

use crate::TrainError;
use crate::config::Experiment;
use crate::log;
use crate::prepare;
use data::prepared::Prepared;
use data::{
    BadUtf8, CleanReport, DataError, Example, Examples, LanguagePair, Limits, Normalizer, Pair,
    ParallelFiles, ReadNotes, SourceNotes, Sources, Tokenizer, clean, content_hash, encode_pairs, overlap,
    read_parallel, read_sources, refuse_overlap,
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
    /// Control tokens before its sources.
    pub tag: String,
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
        Ok(Self { name: name.into(), tag: files.tag.clone(), pairs })
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

/// The training text.
#[derive(Debug)]
pub enum TrainText {
    /// Cleaned, in memory.
    Pairs(Vec<Pair>),
    /// Cleaned and tokenized, on disk.
    Prepared(Box<Prepared>),
}

/// The examples of the training text.
#[derive(Debug)]
pub struct TrainExamples {
    /// In memory or on disk.
    pub examples: Examples,
    /// How many are from each source; sources stand one after the other.
    pub source_lens: Vec<usize>,
}

/// Refuses text that is not that of a run.
pub type CheckHashes<'a> = dyn Fn(&BTreeMap<String, String>) -> Result<(), TrainError> + 'a;

/// All text of a run.
#[derive(Debug)]
pub struct Corpora {
    /// What weights are learnt from.
    pub train: TrainText,
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
/// Files that cannot be read or do not line up; a held-out source that is too long to translate; training text in the
/// wrong script; held-out lines among the training lines; what `check` returns, which is asked with the hashes of all text
/// before any of it is prepared on disk.
pub fn read(experiment: &Experiment, check: &CheckHashes<'_>) -> Result<Corpora, TrainError> {
    let config = &experiment.data;
    let normalizer = Normalizer::new(&config.normalize);
    let mut hashes = BTreeMap::new();
    let mut sets = read_held_out(experiment, &mut hashes)?;
    let (train, clean_report) = if prepare::is_wanted(experiment)? {
        let prepared = prepare::open_or_prepare(experiment, &sets, &mut hashes, check)?;
        let report = prepared.clean_report.clone();
        (TrainText::Prepared(Box::new(prepared)), report)
    } else {
        let reading = log::spinner("reading and cleaning the training text");
        let pairs = read_train(&config.train, &config.languages(), config.on_bad_utf8, &mut hashes)?;
        let (pairs, report) = clean(pairs, &config.clean, &normalizer);
        drop(reading);
        report.refuse_wrong_script()?;
        for set in &sets {
            match refuse_overlap(&set.name, &overlap(&pairs, &set.pairs)) {
                Err(error) if config.clean.allow_overlap => tracing::warn!("{error}"),
                result => result?,
            }
        }
        (TrainText::Pairs(pairs), report)
    };
    let dev = sets.remove(0);
    Ok(Corpora { train, clean_report, dev, tests: sets, hashes, normalizer })
}

/// `dev`, `test` if there is one, the further sets by name.
pub(crate) fn read_held_out(
    experiment: &Experiment,
    hashes: &mut BTreeMap<String, String>,
) -> Result<Vec<HeldOut>, TrainError> {
    let (config, limits) = (&experiment.data, Limits::default());
    let mut sets = Vec::new();
    for (name, files) in config.held_out() {
        hashes.insert(name.to_owned(), content_hash(files, &limits)?);
        let (pairs, notes) = read_parallel(files, &config.languages(), &limits)?;
        tell(name, pairs.len(), notes);
        sets.push(HeldOut::new(name, files, pairs)?);
    }
    Ok(sets)
}

/// The sources of the training text in memory, one after the other.
fn read_train(
    sources: &Sources,
    languages: &LanguagePair,
    bad_utf8: BadUtf8,
    hashes: &mut BTreeMap<String, String>,
) -> Result<Vec<Pair>, TrainError> {
    let limits = Limits { bad_utf8, ..Limits::default() };
    let of_source = |source: &data::Source| content_hash(&source.files(), &limits);
    let text_hashes: Vec<String> = sources.0.iter().map(of_source).collect::<Result<_, _>>()?;
    let (pairs, notes) = read_sources(sources, languages, &limits)?;
    tell_sources(sources, &notes);
    hashes.insert("train".into(), train_hash(sources, &text_hashes));
    Ok(pairs)
}

/// One hash for the text of all sources, and for what decides the order of the data as their text does: how much of
/// several sources there is, and their tags.
pub(crate) fn train_hash(sources: &Sources, text_hashes: &[String]) -> String {
    let mut all = blake3::Hasher::new();
    for (source, hash) in sources.0.iter().zip(text_hashes) {
        all.update(hash.as_bytes());
        if sources.0.len() > 1 {
            all.update(&source.weight.to_le_bytes()).update(&(source.max_pairs as u64).to_le_bytes());
            all.update(source.tag.as_bytes());
        }
    }
    all.finalize().to_hex().to_string()
}

pub(crate) fn tell_sources(sources: &Sources, notes: &[SourceNotes]) {
    if let [one] = notes {
        return tell("train", one.taken, one.notes);
    }
    for (source, notes) in sources.0.iter().zip(notes) {
        let name = format!("train, {} (weight {})", source.files().main_path().display(), source.weight);
        tell(&name, notes.taken, notes.notes);
    }
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
        count(notes.bad_utf8, "lines that are not UTF-8 (data.on_bad_utf8)"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

impl Corpora {
    /// Pairs that weights are learnt from.
    pub fn n_train(&self) -> usize {
        self.clean_report.kept
    }

    /// The joint vocabulary of the training text.
    ///
    /// # Errors
    ///
    /// A vocabulary larger than the text supports.
    pub fn tokenizer(&self, experiment: &Experiment) -> Result<Tokenizer, TrainError> {
        match &self.train {
            TrainText::Prepared(prepared) => Ok(prepared.tokenizer.clone()),
            TrainText::Pairs(pairs) => {
                let lines = pairs.iter().flat_map(|pair| [pair.src.as_str(), pair.tgt.as_str()]);
                let tags = experiment.data.train.tags();
                let _task = log::spinner("learning the vocabulary");
                let learnt = Tokenizer::train_with_tags(lines, &experiment.tokenizer, &tags);
                // Why there is no text stands in the report, which is told where training begins.
                if matches!(learnt, Err(DataError::NoText)) {
                    tracing::warn!("cleaning: {}", self.clean_report);
                }
                Ok(learnt?)
            }
        }
    }

    /// The training examples; those of too many tokens are dropped and counted in the report. Empties the training text.
    ///
    /// # Errors
    ///
    /// None is left; prepared text of another tokenizer.
    pub fn train_examples(
        &mut self,
        experiment: &Experiment,
        tokenizer: &Tokenizer,
    ) -> Result<TrainExamples, TrainError> {
        let train = match std::mem::replace(&mut self.train, TrainText::Pairs(Vec::new())) {
            TrainText::Prepared(prepared) => {
                prepare::expect_vocabulary(&prepared, tokenizer)?;
                let source_lens = prepared.source_lens;
                TrainExamples { examples: prepared.reader.into(), source_lens }
            }
            TrainText::Pairs(pairs) => {
                let tags = tokenizer.source_tags(&experiment.data.train)?;
                let max_tokens = prepare::request(experiment).max_tokens;
                let _task = log::spinner("tokenizing the training text");
                let (examples, source_lens) =
                    encode_pairs(&pairs, tokenizer, &tags, max_tokens, &mut self.clean_report);
                TrainExamples { examples: examples.into(), source_lens }
            }
        };
        if train.examples.is_empty() {
            tracing::warn!("cleaning: {}", self.clean_report);
            return Err(DataError::NoExamples.into());
        }
        Ok(train)
    }

    /// The dev examples for the loss: normalised; blank ones and those that do not fit a batch are left out.
    ///
    /// # Errors
    ///
    /// None is left.
    pub fn dev_set(&self, tokenizer: &Tokenizer, batch_tokens: usize) -> Result<DevSet, TrainError> {
        let tags = tokenizer.tag_ids(&self.dev.tag)?;
        let normalized = self
            .dev
            .pairs
            .iter()
            .map(|pair| (self.normalizer.normalize(&pair.src), self.normalizer.normalize(&pair.tgt)));
        let filled = normalized.filter(|(src, tgt)| !src.is_empty() && !tgt.is_empty());
        let mut set = DevSet::default();
        let mut too_long = 0;
        for (src, tgt) in filled {
            let mut example = Example::new(tokenizer, &src, &tgt);
            example.src.splice(..0, tags.iter().copied());
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
