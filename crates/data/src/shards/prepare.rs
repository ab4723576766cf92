//! From text to a set of shards in one pass, with memory for a few chunks of pairs.

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
    /// Makes text uniform.
    pub normalizer: &'a Normalizer,
    /// Gives the ids; the writer's set must be named after it.
    pub tokenizer: &'a Tokenizer,
}

/// What [`prepare`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrepareReport {
    /// What cleaning dropped, rows of too many tokens included.
    pub clean: CleanReport,
    /// Pairs kept that later pairs were not compared with, since the memory for comparison was full.
    pub not_remembered: usize,
}

/// Cleans, tokenizes and writes chunks of pairs in their order, reading one while it works on another.
///
/// The set does not depend on the number of threads or on where chunks end. Memory is that of two
/// chunks (some ten thousand pairs each serve well), of the index, and of 16 bytes for each
/// different pair if `dedup` is set; see [`Cleaner`].
///
/// # Errors
///
/// Those of the chunks, of which the first ends the work, and of the writer.
///
/// # Panics
///
/// If the writer expects the ids of another tokenizer.
pub fn prepare<I>(chunks: I, recipe: &Recipe, writer: &mut Writer) -> Result<PrepareReport, DataError>
where
    I: IntoIterator<Item = Result<Vec<Pair>, DataError>>,
    I::IntoIter: Send,
{
    assert_eq!(writer.config().tokenizer, recipe.tokenizer.hash(), "the tokenizer of the writer");
    let mut chunks = chunks.into_iter();
    let mut cleaner = Cleaner::new(recipe.clean, recipe.normalizer);
    let mut next = chunks.next();
    while let Some(pairs) = next {
        let pairs = pairs?;
        let (read, written) =
            rayon::join(|| chunks.next(), || write_chunk(pairs, recipe, &mut cleaner, writer));
        written?;
        next = read;
    }
    Ok(PrepareReport { not_remembered: cleaner.not_remembered(), clean: cleaner.into_report() })
}

fn write_chunk(
    pairs: Vec<Pair>,
    recipe: &Recipe,
    cleaner: &mut Cleaner,
    writer: &mut Writer,
) -> Result<(), DataError> {
    let pairs = cleaner.clean(pairs);
    let (examples, _) = encode_pairs(&pairs, recipe.tokenizer, recipe.clean.max_tokens, cleaner.report_mut());
    examples.iter().try_for_each(|example| writer.push(&example.src, &example.tgt))
}
