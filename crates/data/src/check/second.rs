//! The second reading: the texts of pairs that the first one chose by number.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::examples::Examples;
use super::repeats::Rows;
use super::tally::{Rule, Tally};
use crate::clean::{Reason, judge};
use crate::config::DataConfig;
use crate::corpus::{Limits, Pair, for_each_placed_chunk, is_taken};
use crate::error::DataError;

/// Pairs that the vocabulary is learned from, at most.
pub(super) const MOST_SAMPLED: usize = 100_000;

/// What the first reading chose.
pub(super) struct Chosen<'a> {
    pub(super) config: &'a DataConfig,
    pub(super) limits: &'a Limits,
    pub(super) rule: &'a Rule<'a>,
    pub(super) rows: &'a Rows,
}

/// A pair of the sample.
pub(super) struct Sampled {
    /// Its number among all pairs.
    pub(super) index: usize,
    /// Its normal form.
    pub(super) pair: Pair,
    /// Its file.
    pub(super) path: Arc<Path>,
    /// Lines of the files before that.
    pub(super) lines_before: usize,
}

impl Chosen<'_> {
    /// Fetches examples and a sample of the pairs that cleaning keeps, evenly spread, and takes the
    /// characters of duplicates back.
    pub(super) fn read(&self, examples: &mut Examples, tally: &mut Tally) -> Result<Vec<Sampled>, DataError> {
        let n = self.rows.len();
        let n_kept = (0..n).filter(|index| self.rows.reason(*index).is_none()).count();
        let n_sampled = n_kept.min(MOST_SAMPLED);
        let (mut seen, mut kept, mut sample) = (0, 0, Vec::with_capacity(n_sampled));
        let (sources, languages) = (&self.config.train, self.config.languages());
        for_each_placed_chunk(sources, &languages, self.limits, &mut |mut chunk| {
            let (first, end) = (chunk.first, chunk.first + chunk.pairs.len());
            seen = end;
            if end > n {
                return Ok(());
            }
            for index in examples.between(first, end) {
                examples.put(index, &chunk.pairs[index - first], &chunk.path, chunk.lines_before);
            }
            let mut taken = Vec::new();
            for (index, pair) in (first..end).zip(&mut chunk.pairs) {
                let reason = self.rows.reason(index);
                let sampled = reason.is_none() && n_sampled > 0 && is_taken(kept, n_kept, n_sampled);
                kept += usize::from(reason.is_none());
                if sampled || reason == Some(Reason::Duplicate) {
                    taken.push((index, std::mem::take(pair)));
                }
            }
            let normal = |(index, pair)| (index, judge(pair, &self.config.clean, &self.rule.normalizer).0);
            let normal: Vec<(usize, Pair)> = taken.into_par_iter().map(normal).collect();
            for (index, pair) in normal {
                if self.rows.reason(index).is_some() {
                    tally.chars.remove(&pair.src);
                    tally.chars.remove(&pair.tgt);
                } else {
                    let (path, lines_before) = (chunk.path.clone(), chunk.lines_before);
                    sample.push(Sampled { index, pair, path, lines_before });
                }
            }
            Ok(())
        })?;
        if seen != n {
            let files = self.config.train.0.first().map(crate::config::Source::files);
            let path = files.map_or_else(PathBuf::new, |files| files.main_path().to_path_buf());
            return Err(DataError::Changed { path });
        }
        Ok(sample)
    }
}
