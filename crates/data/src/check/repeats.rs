//! What comes more than once: pairs, sources with other targets, targets with other sources.
//!
//! Of each pair 17 bytes are kept until all are read: a hash of each side, and what cleaning said. The
//! hashes are then sorted a part at a time, so that sorting takes a sixteenth of that again.

use rayon::prelude::*;
use serde::Serialize;

use super::worst::Top;
use crate::clean::{Cleaner, Reason};

/// Parts in which hashes are sorted.
const PARTS: u64 = 16;
/// Pairs that are compared with each other: as many as cleaning remembers.
const MOST_COMPARED: usize = Cleaner::MAX_REMEMBERED;

/// What is known of each pair, in their order.
#[derive(Default)]
pub(super) struct Rows {
    /// Hashes of source and target.
    hashes: Vec<[u64; 2]>,
    /// Why cleaning drops it, if it does, and whether its sides are equal.
    flags: Vec<u8>,
}

/// Flag of a pair with equal sides.
const COPY: u8 = 1 << 4;
/// Flag of a pair with a blank side.
const BLANK: u8 = 1 << 5;
const REASON: u8 = COPY - 1;

const REASONS: [Reason; 9] = [
    Reason::BothBlank,
    Reason::EmptySource,
    Reason::EmptyTarget,
    Reason::TooLong,
    Reason::LengthRatio,
    Reason::SourceScript,
    Reason::TargetScript,
    Reason::Duplicate,
    Reason::TooManyTokens,
];

fn code(reason: Option<Reason>) -> u8 {
    reason.and_then(|reason| REASONS.iter().position(|other| *other == reason)).map_or(0, |at| at as u8 + 1)
}

/// What is known of one pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    hashes: [u64; 2],
    flags: u8,
}

impl Row {
    /// A pair in its normal form, and what cleaning says before it compares pairs.
    pub(super) fn new(src: &str, tgt: &str, reason: Option<Reason>) -> Self {
        let blank = if src.is_empty() || tgt.is_empty() { BLANK } else { 0 };
        let copy = if src == tgt { COPY } else { 0 };
        Self { hashes: [hash(src), hash(tgt)], flags: code(reason) | copy | blank }
    }
}

/// 64 bits of BLAKE3: among ten million lines two share them by chance once in 370,000 corpora.
fn hash(text: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

impl Rows {
    /// Takes the next pair.
    pub(super) fn push(&mut self, row: Row) {
        self.flags.push(row.flags);
        if self.hashes.len() < MOST_COMPARED {
            self.hashes.push(row.hashes);
        }
    }

    /// Number of pairs.
    pub(super) fn len(&self) -> usize {
        self.flags.len()
    }

    /// Why cleaning drops a pair; duplicates are known after [`compare`](Self::compare).
    pub(super) fn reason(&self, index: usize) -> Option<Reason> {
        match self.flags[index] & REASON {
            0 => None,
            code => Some(REASONS[code as usize - 1]),
        }
    }

    /// Whether the sides of a pair are equal.
    pub(super) fn is_copy(&self, index: usize) -> bool {
        self.flags[index] & COPY != 0
    }

    /// Counts repeats, marks duplicates if they are dropped, and lets go of the hashes.
    pub(super) fn compare(&mut self, dedup: bool) -> (Repeats, Top) {
        let mut found =
            Repeats { pairs_not_compared: (self.len() - self.hashes.len()) as u64, ..<_>::default() };
        let mut most = Top::default();
        for part in 0..PARTS {
            for side in 0..2 {
                let sorted = self.sorted(part, side);
                for group in sorted.chunk_by(|one, other| one.0 == other.0) {
                    let mut several = 0_u64;
                    for same in group.chunk_by(|one, other| one.1 == other.1) {
                        several += 1;
                        if side == 0 && same.len() > 1 {
                            found.repeated_pairs += 1;
                            found.repeated_pairs_further += same.len() as u64 - 1;
                            most.push(same.len() as f64, same[0].2);
                            self.mark(same, dedup);
                        }
                    }
                    if several > 1 {
                        let count = match side {
                            0 => &mut found.sources_with_other_targets,
                            _ => &mut found.targets_with_other_sources,
                        };
                        count.texts += 1;
                        count.pairs += group.len() as u64;
                        count.first =
                            count.first.min(group.iter().map(|row| row.2).min().unwrap_or(usize::MAX));
                    }
                }
            }
        }
        self.hashes = Vec::new();
        (found, most)
    }

    /// Of the pairs with both sides whose hash of a side is in a part: that hash, the other, the number.
    fn sorted(&self, part: u64, side: usize) -> Vec<(u64, u64, usize)> {
        let rows = self.hashes.iter().zip(&self.flags).enumerate();
        let inside = rows.filter(|(_, (hashes, flags))| hashes[side] % PARTS == part && *flags & BLANK == 0);
        let mut rows: Vec<(u64, u64, usize)> =
            inside.map(|(index, (hashes, _))| (hashes[side], hashes[1 - side], index)).collect();
        rows.par_sort_unstable();
        rows
    }

    /// Marks all but the first of equal pairs that are otherwise kept.
    fn mark(&mut self, same: &[(u64, u64, usize)], dedup: bool) {
        if !dedup {
            return;
        }
        let mut kept = same.iter().map(|row| row.2).filter(|index| self.flags[*index] & REASON == 0);
        let again: Vec<usize> = kept.by_ref().skip(1).collect();
        for index in again {
            self.flags[index] |= code(Some(Reason::Duplicate));
        }
    }
}

/// What comes more than once, in normal form; pairs with a blank side are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repeats {
    /// Different pairs that come more than once.
    pub repeated_pairs: u64,
    /// Pairs beyond the first of each of them.
    pub repeated_pairs_further: u64,
    /// Sources that come with different targets.
    pub sources_with_other_targets: Several,
    /// Targets that come with different sources.
    pub targets_with_other_sources: Several,
    /// Pairs at the end that were not compared, because there are too many.
    pub pairs_not_compared: u64,
}

/// Texts of one side that come with different texts of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Several {
    /// Different texts.
    pub texts: u64,
    /// Pairs with one of them.
    pub pairs: u64,
    #[serde(skip)]
    pub(super) first: usize,
}

impl Default for Several {
    fn default() -> Self {
        Self { texts: 0, pairs: 0, first: usize::MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_counted_as_by_hand() {
        let pairs = [
            ("a", "1"),
            ("b", "2"),
            ("a", "1"),
            ("a", "3"),
            ("c", "2"),
            ("a", "1"),
            ("", "1"),
            ("", "1"),
            ("b", "2"),
        ];
        let mut rows = Rows::default();
        for (src, tgt) in pairs {
            rows.push(Row::new(src, tgt, src.is_empty().then_some(Reason::EmptySource)));
        }
        let (found, most) = rows.compare(true);
        assert_eq!((found.repeated_pairs, found.repeated_pairs_further), (2, 3));
        assert_eq!(found.sources_with_other_targets, Several { texts: 1, pairs: 4, first: 0 });
        assert_eq!(found.targets_with_other_sources, Several { texts: 1, pairs: 3, first: 1 });
        assert_eq!(most.rows(), [(3.0, 0), (2.0, 1)]);
        let dropped: Vec<Option<Reason>> = (0..pairs.len()).map(|index| rows.reason(index)).collect();
        let (again, empty) = (Some(Reason::Duplicate), Some(Reason::EmptySource));
        assert_eq!(dropped, [None, None, again, None, None, again, empty, empty, again]);
    }

    #[test]
    fn without_dedup_nothing_is_marked() {
        let mut rows = Rows::default();
        for _ in 0..3 {
            rows.push(Row::new("x", "x", None));
        }
        assert_eq!(rows.compare(false).0.repeated_pairs_further, 2);
        assert!((0..3).all(|index| rows.reason(index).is_none() && rows.is_copy(index)));
    }
}
