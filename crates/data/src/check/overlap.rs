//! Held-out lines in the training text, as [`overlap`](crate::overlap) finds them, but the held-out
//! sets are kept and the training text streams by.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::Serialize;

use super::examples::{Example, Examples, shown};
use crate::config::{DataConfig, ParallelFiles};
use crate::corpus::{Limits, Pair, for_each_pair, read_parallel};
use crate::error::DataError;
use crate::split::{MAX_EXAMPLES, Overlap, strict_key};

/// The keys of all held-out sets, each with the first training pair that has it.
#[derive(Default)]
pub(super) struct HeldOut<'a> {
    sets: Vec<Set<'a>>,
    sides: [Keys; 2],
}

struct Set<'a> {
    name: String,
    files: &'a ParallelFiles,
    /// Line, and key of each side if it is not blank.
    lines: Vec<(usize, [Option<usize>; 2])>,
}

#[derive(Default)]
struct Keys {
    ids: HashMap<String, usize>,
    first: Vec<AtomicUsize>,
}

impl Keys {
    fn id(&mut self, key: String) -> usize {
        let next = self.first.len();
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.first.push(AtomicUsize::new(usize::MAX));
        }
        id
    }

    fn meet(&self, text: &str, index: usize) {
        if let Some(id) = strict_key(text).and_then(|key| self.ids.get(&key)) {
            self.first[*id].fetch_min(index, Ordering::Relaxed);
        }
    }

    /// The first training pair with a key.
    fn first(&self, id: Option<usize>) -> Option<usize> {
        id.map(|id| self.first[id].load(Ordering::Relaxed)).filter(|index| *index != usize::MAX)
    }
}

impl<'a> HeldOut<'a> {
    /// Reads the sets that are configured.
    pub(super) fn read(config: &'a DataConfig, limits: &Limits) -> Result<Self, DataError> {
        let named = [("dev", &config.dev), ("test", &config.test)];
        let named = named.into_iter().filter(|(_, files)| files.is_set());
        let further = config.test_sets.iter().map(|(name, files)| (name.as_str(), files));
        let mut held_out = Self::default();
        for (name, files) in named.chain(further) {
            let (pairs, _) = read_parallel(files, &config.languages(), limits)?;
            let keys: Vec<[Option<String>; 2]> =
                pairs.par_iter().map(|pair| [strict_key(&pair.src), strict_key(&pair.tgt)]).collect();
            let mut lines = Vec::with_capacity(pairs.len());
            for (pair, [src, tgt]) in pairs.iter().zip(keys) {
                let [src_keys, tgt_keys] = &mut held_out.sides;
                let ids = [src.map(|key| src_keys.id(key)), tgt.map(|key| tgt_keys.id(key))];
                lines.push((pair.line, ids));
            }
            held_out.sets.push(Set { name: name.to_owned(), files, lines });
        }
        Ok(held_out)
    }

    /// Looks at a training pair that cleaning keeps.
    pub(super) fn meet(&self, pair: &Pair, index: usize) {
        if !self.sets.is_empty() {
            self.sides[0].meet(&pair.src, index);
            self.sides[1].meet(&pair.tgt, index);
        }
    }

    /// What was met, by set; the second parts are training pairs.
    fn found(&self, set: &Set<'_>) -> Overlap {
        let mut found = Overlap::default();
        for (line, [src, tgt]) in &set.lines {
            let (src, tgt) = (self.sides[0].first(*src), self.sides[1].first(*tgt));
            found.src += usize::from(src.is_some());
            found.tgt += usize::from(tgt.is_some());
            found.both += usize::from(src.is_some() && tgt.is_some());
            if let Some(index) = src.or(tgt)
                && found.examples.len() < MAX_EXAMPLES
            {
                found.examples.push((*line, index));
            }
        }
        found
    }

    /// The training pairs that the report shows.
    pub(super) fn wanted(&self) -> impl Iterator<Item = usize> {
        let found = self.sets.iter().flat_map(|set| self.found(set).examples);
        found.map(|(_, index)| index)
    }

    /// What was found, with the lines of both.
    pub(super) fn report(
        &self,
        config: &DataConfig,
        limits: &Limits,
        examples: &Examples,
    ) -> Result<Vec<SetOverlap>, DataError> {
        let mut sets = Vec::new();
        for set in &self.sets {
            let found = self.found(set);
            let wanted: BTreeSet<usize> = found.examples.iter().map(|(line, _)| *line).collect();
            let mut held = Vec::new();
            if !wanted.is_empty() {
                for_each_pair(set.files, &config.languages(), limits, &mut |pair| {
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
                lines: set.lines.len(),
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
