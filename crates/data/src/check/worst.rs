//! The pairs at the far end of a scale.

use serde::Serialize;

use super::examples::Example;

/// How many pairs a list holds.
const MOST: usize = 20;

/// The pairs with the largest values; of equal ones the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Top {
    rows: Vec<(f64, usize)>,
}

impl Top {
    /// Takes a pair.
    pub(super) fn push(&mut self, value: f64, index: usize) {
        let is_before = |row: &(f64, usize)| row.0 > value || (row.0 == value && row.1 < index);
        if self.rows.len() == MOST && self.rows.last().is_some_and(is_before) {
            return;
        }
        let place = self.rows.partition_point(is_before);
        self.rows.insert(place, (value, index));
        self.rows.truncate(MOST);
    }

    /// Takes what another one holds.
    pub(super) fn merge(&mut self, other: &Self) {
        other.rows.iter().for_each(|(value, index)| self.push(*value, *index));
    }

    /// Values and pairs, the largest first.
    pub(super) fn rows(&self) -> &[(f64, usize)] {
        &self.rows
    }
}

/// What pairs are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Characters of the longer side.
    LongestSide,
    /// Ratio of the lengths in characters, ten being free on each side, as cleaning sees it.
    LengthRatio,
    /// Share of the target's letters in its script, least first.
    LeastTargetScript,
    /// Share of the source's letters in the target's script.
    MostTargetScriptInSource,
    /// Characters of a pair of equal sides.
    LongestCopy,
    /// How often a pair comes.
    MostRepeated,
    /// Tokens a word of the side with more of them, of the sample.
    TokensPerWord,
}

/// Scales of which every pair has a value when it is read.
pub(super) const N_READ: usize = 5;

impl Scale {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 7] = [
        Self::LongestSide,
        Self::LengthRatio,
        Self::LeastTargetScript,
        Self::MostTargetScriptInSource,
        Self::LongestCopy,
        Self::MostRepeated,
        Self::TokensPerWord,
    ];

    /// A heading.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::LongestSide => "longest side, in characters",
            Self::LengthRatio => "length ratio (ten characters free a side)",
            Self::LeastTargetScript => "least of the target's script in the target",
            Self::MostTargetScriptInSource => "most of the target's script in the source",
            Self::LongestCopy => "longest copy, in characters",
            Self::MostRepeated => "most often repeated, times",
            Self::TokensPerWord => "most tokens a word (of the sample)",
        }
    }

    /// A value as people read it.
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::LongestSide | Self::LongestCopy | Self::MostRepeated => super::words::whole(value as u64),
            Self::LeastTargetScript | Self::MostTargetScriptInSource => format!("{:.0} %", 100.0 * value),
            Self::LengthRatio | Self::TokensPerWord => format!("{value:.1}"),
        }
    }
}

/// The worst pairs by one scale.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstList {
    /// What they are ordered by.
    pub scale: Scale,
    /// The worst first, at most 20.
    pub pairs: Vec<WorstPair>,
}

/// One of the worst pairs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstPair {
    /// Its value on the scale.
    pub value: f64,
    /// Why cleaning drops it, if it does.
    pub dropped: Option<crate::clean::Reason>,
    /// Where and what it is.
    pub pair: Example,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_stay_and_the_first_of_equals() {
        let values: Vec<f64> = (0..500).map(|n| f64::from(n * 37 % 50)).collect();
        let (mut whole, mut one, mut two) = (Top::default(), Top::default(), Top::default());
        for (index, value) in values.iter().enumerate() {
            whole.push(*value, index);
            if index % 3 == 0 { one.push(*value, index) } else { two.push(*value, index) }
        }
        one.merge(&two);
        assert_eq!(one, whole);
        let mut sorted: Vec<(f64, usize)> = values.into_iter().zip(0..).collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        assert_eq!(whole.rows(), &sorted[..20]);
    }
}
