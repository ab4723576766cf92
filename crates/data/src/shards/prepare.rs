//! From text to a set of shards in one pass, with memory for a chunk of pairs.

use serde::{Deserialize, Serialize};

use crate::batch::encode_pairs;
use crate::clean::{CleanReport, Cleaner};
use crate::config::CleanConfig;
use crate::corpus::Pair;
use crate::error::DataError;
use crate::normalize::Normalizer;
use crate::tokenizer::Tokenizer;

use super::Writer;

/// What turns pairs of text into examples.
#[derive(Clone, Copy, Debug)]
pub struct Recipe<'a> {
    /// Which pairs are dropped.
    pub clean: &'a CleanConfig,
    /// Longest row in tokens; longer ones are dropped.
    pub max_tokens: usize,
    /// Makes text uniform.
    pub normalizer: &'a Normalizer,
    /// Gives the ids; the writer's set must be named after it.
    pub tokenizer: &'a Tokenizer,
    /// Control tokens before the sources, by the number of the corpus; none for numbers beyond.
    pub tags: &'a [Vec<u32>],
}

/// What [`Filling`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FillReport {
    /// What cleaning dropped, rows of too many tokens included.
    pub clean: CleanReport,
    /// Pairs kept that later pairs were not compared with, since the memory for comparison was full.
    pub not_remembered: usize,
    /// Examples by the number of the corpus that they are from, in whose order they stand.
    pub source_lens: Vec<usize>,
}

/// Fills a set: cleans, tokenizes and writes chunks of pairs in their order.
///
/// The set does not depend on the number of threads or on where chunks end. Memory is that of a chunk,
/// of the index, and of the [`Cleaner`].
#[derive(Debug)]
pub struct Filling<'a> {
    recipe: Recipe<'a>,
    cleaner: Cleaner<'a>,
    writer: &'a mut Writer,
    source_lens: Vec<usize>,
}

impl<'a> Filling<'a> {
    /// Nothing filled in yet.
    ///
    /// # Panics
    ///
    /// If the writer expects the ids of another tokenizer.
    pub fn new(recipe: Recipe<'a>, writer: &'a mut Writer) -> Self {
        assert_eq!(writer.config().tokenizer, recipe.tokenizer.hash(), "the tokenizer of the writer");
        let cleaner = Cleaner::new(recipe.clean, recipe.normalizer);
        Self { recipe, cleaner, writer, source_lens: Vec::new() }
    }

    /// Takes the next pairs.
    ///
    /// # Errors
    ///
    /// As [`Writer::push`].
    pub fn take(&mut self, pairs: Vec<Pair>) -> Result<(), DataError> {
        let pairs = self.cleaner.clean(pairs);
        let Recipe { tokenizer, tags, max_tokens, .. } = self.recipe;
        let (examples, lens) = encode_pairs(&pairs, tokenizer, tags, max_tokens, self.cleaner.report_mut());
        if self.source_lens.len() < lens.len() {
            self.source_lens.resize(lens.len(), 0);
        }
        self.source_lens.iter_mut().zip(lens).for_each(|(sum, len)| *sum += len);
        examples.iter().try_for_each(|example| self.writer.push(&example.src, &example.tgt))
    }

    /// What was done.
    pub fn finish(self) -> FillReport {
        let (not_remembered, source_lens) = (self.cleaner.not_remembered(), self.source_lens);
        FillReport { not_remembered, source_lens, clean: self.cleaner.into_report() }
    }
}
