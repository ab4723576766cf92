//! Held-out lines in the training text, as [`overlap`](crate::overlap) finds them, but the held-out
//! sets are kept and the training text streams by.

use std::collections::BTreeSet;

use serde::Serialize;

use super::examples::{Example, Examples, shown};
use crate::config::{DataConfig, ParallelFiles};
use crate::corpus::{Limits, Pair, for_each_pair, read_parallel};
use crate::error::DataError;
use crate::split::OverlapSearch;

/// The held-out sets, and what was met of them.
#[derive(Default)]
pub(super) struct HeldOut<'a> {
    sets: Vec<Set<'a>>,
    search: OverlapSearch,
}

struct Set<'a> {
    name: String,
    files: &'a ParallelFiles,
    lines: usize,
}

impl<'a> HeldOut<'a> {
    /// Reads the sets that are configured.
    pub(super) fn read(config: &'a DataConfig) -> Result<Self, DataError> {
        let (mut sets, mut texts) = (Vec::new(), Vec::new());
        for (name, files) in config.held_out() {
            let (pairs, _) = read_parallel(files, &config.languages(), &Limits::default())?;
            sets.push(Set { name: name.to_owned(), files, lines: pairs.len() });
            texts.push(pairs);
        }
        let search = OverlapSearch::new(texts.iter().map(Vec::as_slice));
        Ok(Self { sets, search })
    }

    /// Looks at a training pair that cleaning keeps.
    pub(super) fn meet(&self, pair: &Pair, index: usize) {
        self.search.meet(pair, index);
    }

    /// The training pairs that the report shows.
    pub(super) fn wanted(&self) -> impl Iterator<Item = usize> {
        let found = (0..self.sets.len()).flat_map(|set| self.search.found(set).examples);
        found.map(|(_, index)| index)
    }

    /// What was found, with the lines of both.
    pub(super) fn report(
        &self,
        config: &DataConfig,
        examples: &Examples,
    ) -> Result<Vec<SetOverlap>, DataError> {
        let mut sets = Vec::new();
        for (number, set) in self.sets.iter().enumerate() {
            let found = self.search.found(number);
            let wanted: BTreeSet<usize> = found.examples.iter().map(|(line, _)| *line).collect();
            let mut held = Vec::new();
            if !wanted.is_empty() {
                for_each_pair(set.files, &config.languages(), &Limits::default(), &mut |pair| {
                    if wanted.contains(&pair.line) {
                        let path = set.files.main_path().display().to_string();
                        let (src, tgt) = (shown(&pair.src), shown(&pair.tgt));
                        held.push(Example { source: 0, path, line: pair.line, src, tgt });
                    }
                    Ok(())
                })?;
            }
            let either = found.src + found.tgt - found.both;
            let train = found.examples.iter().map(|(_, index)| examples.at(*index));
            let examples = held.into_iter().zip(train).map(|(held_out, train)| Met { held_out, train });
            sets.push(SetOverlap {
                set: set.name.clone(),
                lines: set.lines,
                src: found.src,
                tgt: found.tgt,
                both: found.both,
                either,
                examples: examples.collect(),
            });
        }
        Ok(sets)
    }
}

/// Lines of a held-out set with a side in the training text that cleaning keeps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetOverlap {
    /// The set: `dev`, `test`, or the name of a further one.
    pub set: String,
    /// Its lines.
    pub lines: usize,
    /// Lines whose source is a training source.
    pub src: usize,
    /// Lines whose target is a training target.
    pub tgt: usize,
    /// Lines counted in both.
    pub both: usize,
    /// Lines counted in either.
    pub either: usize,
    /// The first of them.
    pub examples: Vec<Met>,
}

/// A held-out pair and the first training pair that shares a side with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Met {
    /// The held-out pair.
    pub held_out: Example,
    /// The training pair.
    pub train: Example,
}
