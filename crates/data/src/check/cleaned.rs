//! What cleaning does to a source, from what is known of each pair.

use std::collections::BTreeMap;

use super::examples::Examples;
use super::repeats::Rows;
use crate::clean::{self, CleanReport, Reason};

/// Pairs that are shown for each reason of cleaning.
const REASON_EXAMPLES: usize = 5;

/// Pairs of a reason: how many, and the first of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Dropped {
    pub(super) count: usize,
    pub(super) first: Vec<usize>,
}

/// What cleaning does to a source.
#[derive(Clone, Debug, Default)]
pub(super) struct Cleaned {
    pub(super) read: usize,
    pub(super) kept: usize,
    pub(super) copies: usize,
    pub(super) dropped: BTreeMap<Reason, Dropped>,
}

impl Cleaned {
    pub(super) fn of(rows: &Rows, pairs: std::ops::Range<usize>) -> Self {
        let mut all = Self { read: pairs.len(), ..Self::default() };
        for index in pairs {
            let Some(reason) = rows.reason(index) else {
                all.kept += 1;
                all.copies += usize::from(rows.is_copy(index));
                continue;
            };
            let dropped = all.dropped.entry(reason).or_default();
            dropped.count += 1;
            if dropped.first.len() < REASON_EXAMPLES {
                dropped.first.push(index);
            }
        }
        all
    }

    /// With what comes after it.
    pub(super) fn and(mut self, other: &Self) -> Self {
        (self.read, self.kept) = (self.read + other.read, self.kept + other.kept);
        self.copies += other.copies;
        for (reason, theirs) in &other.dropped {
            let dropped = self.dropped.entry(*reason).or_default();
            dropped.count += theirs.count;
            let room = REASON_EXAMPLES - dropped.first.len();
            dropped.first.extend(theirs.first.iter().take(room));
        }
        self
    }

    pub(super) fn report(&self, examples: &Examples) -> CleanReport {
        let tally = |(reason, dropped): (&Reason, &Dropped)| {
            let first_line = dropped.first.first().map_or(0, |index| examples.line(*index));
            (*reason, clean::Tally { count: dropped.count, first_line })
        };
        let dropped = self.dropped.iter().map(tally).collect();
        CleanReport { read: self.read, kept: self.kept, copies: self.copies, dropped }
    }
}
