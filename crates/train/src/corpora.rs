//! From the `[data]` and `[tokenizer]` sections to examples: read, normalize, clean, check for overlap, tokenize.

use crate::TrainError;
use crate::config::Experiment;
use data::{
    CleanReport, Example, Limits, Normalizer, Pair, ParallelFiles, ReadNotes, Tokenizer, clean, content_hash, encode_pairs,
    overlap, read_parallel, refuse_overlap,
};
use std::collections::BTreeMap;

/// A held-out set: lines as they stand in the files, because that is what scores are measured on.
#[derive(Clone, Debug)]
pub struct HeldOut {
    /// `dev`, `test` or a name of `[data.test_sets]`.
    pub name: String,
    /// Line `i` of both files.
    pub pairs: Vec<Pair>,
}

impl HeldOut {
    /// The source lines.
    pub fn sources(&self) -> Vec<String> {
        self.pairs.iter().map(|pair| pair.src.clone()).collect()
    }

    /// The reference lines.
    pub fn references(&self) -> Vec<String> {
        self.pairs.iter().map(|pair| pair.tgt.clone()).collect()
    }
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
/// Files that cannot be read or do not line up; nothing left after cleaning; held-out lines among the training lines.
pub fn read(experiment: &Experiment) -> Result<Corpora, TrainError> {
    let config = &experiment.data;
    let normalizer = Normalizer::new(&config.normalize);
    let mut hashes = BTreeMap::new();
    let mut load = |name: &str, files: &ParallelFiles| -> Result<Vec<Pair>, TrainError> {
        let limits = Limits::default();
        hashes.insert(name.to_owned(), content_hash(files, &limits)?);
        let (pairs, notes) = read_parallel(files, &limits)?;
        tracing::info!("{name}: {} pairs", pairs.len());
        if notes != ReadNotes::default() {
            let ReadNotes { boms, crlf_lines, odd_lines } = notes;
            tracing::warn!("{name}: {boms} byte order marks and {crlf_lines} carriage returns removed, {odd_lines} lines with control characters");
        }
        Ok(pairs)
    };
    let train = load("train", &config.train)?;
    let dev = HeldOut { name: "dev".into(), pairs: load("dev", &config.dev)? };
    let mut tests = Vec::new();
    if config.test.is_set() {
        tests.push(HeldOut { name: "test".into(), pairs: load("test", &config.test)? });
    }
    for (name, files) in &config.test_sets {
        tests.push(HeldOut { name: name.clone(), pairs: load(name, files)? });
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

    /// The training examples; those of more than `max_tokens` tokens are dropped and counted in the report.
    pub fn train_examples(&mut self, tokenizer: &Tokenizer, max_tokens: usize) -> Vec<Example> {
        encode_pairs(&self.train, tokenizer, max_tokens, &mut self.clean_report)
    }

    /// The dev examples for the loss: normalised, blank ones left out.
    pub fn dev_examples(&self, tokenizer: &Tokenizer) -> Vec<Example> {
        let normalized = self.dev.pairs.iter().map(|pair| {
            (self.normalizer.normalize(&pair.src), self.normalizer.normalize(&pair.tgt))
        });
        let filled = normalized.filter(|(src, tgt)| !src.is_empty() && !tgt.is_empty());
        filled.map(|(src, tgt)| Example::new(tokenizer, &src, &tgt)).collect()
    }

    /// Characters of the normalised dev targets, with one end for each line: the unit of a loss that does not depend
    /// on the vocabulary.
    pub fn dev_characters(&self) -> usize {
        let lengths = self.dev.pairs.iter().map(|pair| self.normalizer.normalize(&pair.tgt).chars().count() + 1);
        lengths.sum()
    }
}
