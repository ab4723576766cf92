//! Several sources, one after the other.

use serde::{Deserialize, Serialize};

use super::{EachPair, EachPlacedPair, Limits, Pair, ReadNotes, for_each_pair, for_each_pair_of_part};
use crate::config::{LanguagePair, Sources};
use crate::error::DataError;

/// What one of several sources gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceNotes {
    /// Pairs in its files.
    pub found: usize,
    /// Pairs handed over: all, or `max_pairs` of them.
    pub taken: usize,
    /// What was removed or looked odd.
    pub notes: ReadNotes,
}

/// As [`for_each_pair`] for each source in turn; [`Pair::source`] says which.
///
/// A source with `max_pairs` is read twice, the first time to count. Of `n` pairs are taken those `i`
/// with `⌊(i + 1) · max_pairs / n⌋ > ⌊i · max_pairs / n⌋`, so that they are spread evenly.
///
/// # Errors
///
/// As [`for_each_pair`].
pub fn for_each_source_pair(
    sources: &Sources,
    languages: &LanguagePair,
    limits: &Limits,
    each: &mut EachPair<'_>,
) -> Result<Vec<SourceNotes>, DataError> {
    for_each_placed_pair(sources, languages, limits, &mut |pair, _| each(pair))
}

/// [`for_each_source_pair`], with the place of each pair.
pub(crate) fn for_each_placed_pair(
    sources: &Sources,
    languages: &LanguagePair,
    limits: &Limits,
    each: &mut EachPlacedPair<'_>,
) -> Result<Vec<SourceNotes>, DataError> {
    let mut all = Vec::with_capacity(sources.0.len());
    for (number, source) in (0..).zip(&sources.0) {
        let files = source.files();
        let n_pairs = match source.max_pairs {
            0 => None,
            _ => Some(count(&files, languages, limits)?),
        };
        let mut given = SourceNotes::default();
        given.notes = for_each_pair_of_part(&files, languages, limits, &mut |pair, place| {
            let index = given.found;
            given.found += 1;
            if n_pairs.is_some_and(|n_pairs| !is_taken(index, n_pairs, source.max_pairs)) {
                return Ok(());
            }
            given.taken += 1;
            each(Pair { source: number, ..pair }, place)
        })?;
        if n_pairs.is_some_and(|n_pairs| n_pairs != given.found) {
            return Err(DataError::Changed { path: files.main_path().to_path_buf() });
        }
        all.push(given);
    }
    Ok(all)
}

/// Reads all sources into memory; otherwise as [`for_each_source_pair`].
///
/// # Errors
///
/// As [`for_each_pair`].
pub fn read_sources(
    sources: &Sources,
    languages: &LanguagePair,
    limits: &Limits,
) -> Result<(Vec<Pair>, Vec<SourceNotes>), DataError> {
    let mut pairs = Vec::new();
    let notes = for_each_source_pair(sources, languages, limits, &mut |pair| {
        pairs.push(pair);
        Ok(())
    })?;
    Ok((pairs, notes))
}

fn count(
    files: &crate::config::ParallelFiles,
    languages: &LanguagePair,
    limits: &Limits,
) -> Result<usize, DataError> {
    let mut pairs = 0;
    for_each_pair(files, languages, limits, &mut |_| {
        pairs += 1;
        Ok(())
    })?;
    Ok(pairs)
}

/// Whether a pair is one of `max_pairs` that are spread evenly over `n_pairs`.
pub(crate) fn is_taken(index: usize, n_pairs: usize, max_pairs: usize) -> bool {
    let share = |pairs: usize| pairs as u128 * max_pairs as u128 / n_pairs.max(1) as u128;
    max_pairs >= n_pairs || share(index + 1) > share(index)
}
