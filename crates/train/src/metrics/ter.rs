//! Translation edit rate: insertions, deletions, substitutions and shifts of word spans, per reference word.
//!
//! `TER = 100 · Σ edits / Σ reference words`
//! (Snover et al. 2006, <https://aclanthology.org/2006.amta-papers.25>).
//!
//! The best shift is made greedily until none helps, by the rules and limits of Tercom as sacreBLEU has them:
//! a span moves only if it has a wrong word where it stands and one where it goes.
//!
//! Deviation: sacreBLEU keeps a cache of matrix rows by prefix; here each candidate reuses the rows of the
//! line it was made from. The costs are the same.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::edit_distance::{Edit, EditMatrix};
use super::whitespace::{trim_end, words};
use super::{MetricsError, VERSION, line_pairs};

/// The longest span that is shifted, in words.
const MAX_SHIFT_SIZE: usize = 10;
/// How far a span is shifted at most, in words.
const MAX_SHIFT_DISTANCE: usize = 50;
/// The search in a line ends, without the shift then in hand, once this many shifts were tried.
const MAX_SHIFTS_TRIED: usize = 1000;

/// TER and the counts it is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ter {
    /// Edits per 100 reference words; it may exceed 100.
    pub score: f64,
    signature: String,
    /// Edits, each shift counted once.
    pub num_edits: usize,
    /// Words in the references.
    pub ref_len: usize,
}

impl Ter {
    /// The choices that make up this score, as `nrefs:1|case:lc|…`.
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

impl fmt::Display for Ter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TER {:.2}  {}", self.score, self.signature)
    }
}

/// TER of a corpus with one reference a line: lower-cased, split at white space only.
///
/// Output where all references are empty scores 100.
///
/// # Errors
/// [`MetricsError`] if the line counts differ or are zero.
pub fn ter(hypotheses: &[String], references: &[String]) -> Result<Ter, MetricsError> {
    let (mut num_edits, mut ref_len) = (0, 0);
    for (hypothesis, reference) in line_pairs(hypotheses, references)? {
        let (hypothesis, reference) = word_ids(hypothesis, reference);
        num_edits += edits(hypothesis, &reference);
        ref_len += reference.len();
    }
    let rate = match (num_edits, ref_len) {
        (0, 0) => 0.0,
        (_, 0) => 1.0,
        _ => num_edits as f64 / ref_len as f64,
    };
    let signature = format!("nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|{VERSION}");
    Ok(Ter { score: 100.0 * rate, signature, num_edits, ref_len })
}

/// The lower-cased words of both lines as numbers, equal for equal words.
fn word_ids(hypothesis: &str, reference: &str) -> (Vec<u32>, Vec<u32>) {
    let (hypothesis, reference) = (trim_end(hypothesis).to_lowercase(), trim_end(reference).to_lowercase());
    let mut ids = HashMap::new();
    let mut id_of = |word| {
        let next = ids.len() as u32;
        *ids.entry(word).or_insert(next)
    };
    (words(&hypothesis).map(&mut id_of).collect(), words(&reference).map(&mut id_of).collect())
}

/// Shifts and edits that turn `hypothesis` into `reference`.
fn edits(mut hypothesis: Vec<u32>, reference: &[u32]) -> usize {
    if reference.is_empty() {
        return hypothesis.len();
    }
    let (mut shifts, mut tried) = (0, 0);
    loop {
        let matrix = EditMatrix::new(&hypothesis, reference);
        let cost = matrix.cost() as usize;
        match best_shift(&hypothesis, reference, &matrix, &mut tried) {
            Some(shift) if shift.gain > 0 && tried < MAX_SHIFTS_TRIED => {
                hypothesis = shift.words;
                shifts += 1;
            }
            _ => return shifts + cost,
        }
    }
}

/// A reordered hypothesis and the edits that it saves.
struct Shift {
    gain: i64,
    words: Vec<u32>,
}

/// The shift that saves most edits; among equals the longest, then the leftmost, then that to the leftmost
/// place. Adds to `tried` and stops at its limit.
fn best_shift(
    hypothesis: &[u32],
    reference: &[u32],
    matrix: &EditMatrix<'_>,
    tried: &mut usize,
) -> Option<Shift> {
    let alignment = Alignment::new(&matrix.edits());
    let mut best = None;
    for span in equal_spans(hypothesis, reference).filter(|span| alignment.wants(span)) {
        for target in alignment.targets(&span) {
            let words = shifted(hypothesis, span.start..span.start + span.len, target);
            let gain = i64::from(matrix.cost()) - i64::from(matrix.cost_of(&words));
            let rank = (gain, span.len, Reverse(span.start), Reverse(target));
            *tried += 1;
            if best.as_ref().is_none_or(|(best_rank, _)| rank > *best_rank) {
                best = Some((rank, words));
            }
        }
        if *tried >= MAX_SHIFTS_TRIED {
            break;
        }
    }
    best.map(|((gain, ..), words)| Shift { gain, words })
}

/// `len` equal words from `start` in the hypothesis and from `ref_start` in the reference.
struct Span {
    start: usize,
    ref_start: usize,
    len: usize,
}

/// All equal spans within the limits: by start, by start in the reference, and short before long.
fn equal_spans(hypothesis: &[u32], reference: &[u32]) -> impl Iterator<Item = Span> {
    (0..hypothesis.len()).flat_map(move |start| {
        let near =
            start.saturating_sub(MAX_SHIFT_DISTANCE)..reference.len().min(start + MAX_SHIFT_DISTANCE + 1);
        near.flat_map(move |ref_start| {
            let pairs = hypothesis[start..].iter().zip(&reference[ref_start..]);
            let longest = pairs.take(MAX_SHIFT_SIZE).take_while(|(a, b)| a == b).count();
            (1..=longest).map(move |len| Span { start, ref_start, len })
        })
    })
}

/// Where the edits put each reference word in the hypothesis, and which words they touch.
#[derive(Default)]
struct Alignment {
    /// For each reference word, the number of hypothesis words used up with it.
    end_of_ref: Vec<usize>,
    hypothesis_wrong: Vec<bool>,
    reference_wrong: Vec<bool>,
}

impl Alignment {
    fn new(edits: &[Edit]) -> Self {
        let mut alignment = Self::default();
        for &edit in edits {
            if edit != Edit::Insert {
                alignment.hypothesis_wrong.push(edit != Edit::Keep);
            }
            if edit != Edit::Delete {
                alignment.reference_wrong.push(edit != Edit::Keep);
                alignment.end_of_ref.push(alignment.hypothesis_wrong.len());
            }
        }
        alignment
    }

    /// Whether `span` has a wrong word on both sides and does not stand where it would go.
    fn wants(&self, span: &Span) -> bool {
        let end_of_first = self.end_of_ref[span.ref_start];
        let stays_inside = span.start < end_of_first && end_of_first <= span.start + span.len;
        self.hypothesis_wrong[span.start..][..span.len].contains(&true)
            && self.reference_wrong[span.ref_start..][..span.len].contains(&true)
            && !stays_inside
    }

    /// The places to try for `span`: after what is aligned to the reference word before it, and after that
    /// of each of its own words; a place equal to the last one is left out.
    fn targets(&self, span: &Span) -> Vec<usize> {
        let before = span.ref_start.checked_sub(1).map_or(0, |previous| self.end_of_ref[previous]);
        let own = &self.end_of_ref[span.ref_start..][..span.len];
        let mut targets = vec![before];
        targets.extend(own);
        targets.dedup();
        targets
    }
}

/// `words` with those in `span` moved to `target`, a place in the line as it was; a target inside the span
/// moves it right by as many words as the target lies after the span's start.
fn shifted(words: &[u32], span: Range<usize>, target: usize) -> Vec<u32> {
    let rest_ends = if target > span.end { target } else { (span.len() + target).min(words.len()) };
    let (head, between, tail) = if target < span.start {
        (&words[..target], &words[target..span.start], &words[span.end..])
    } else {
        (&words[..span.start], &words[span.end..rest_ends], &words[rest_ends..])
    };
    if target < span.start {
        [head, &words[span], between, tail].concat()
    } else {
        [head, between, &words[span], tail].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits_of(hypothesis: &str, reference: &str) -> usize {
        let (hypothesis, reference) = word_ids(hypothesis, reference);
        edits(hypothesis, &reference)
    }

    #[test]
    fn a_moved_span_is_one_edit() {
        assert_eq!(edits_of("d e f a b c", "a b c d e f"), 1);
        assert_eq!(edits_of("saw the man a dog", "a dog saw the man"), 1);
        assert_eq!(edits_of("a b c x y z", "x a b z c y"), 2);
    }

    #[test]
    fn case_is_ignored_and_punctuation_is_not() {
        assert_eq!(edits_of("The CAT ", "the cat"), 0);
        assert_eq!(edits_of("the cat", "the cat."), 1);
    }

    #[test]
    fn empty_sides_cost_the_other_side() {
        assert_eq!((edits_of("", "a b"), edits_of("a b c", ""), edits_of("", "")), (2, 3, 0));
        let score =
            |h: &str, r: &str| ter(&[h.to_owned()], &[r.to_owned()]).expect("one line on each side").score;
        assert_eq!((score("a b", ""), score("", ""), score("a b c", "x")), (100.0, 0.0, 300.0));
    }

    #[test]
    fn spans_move_left_right_and_within_themselves() {
        let words = [0, 1, 2, 3, 4, 5];
        assert_eq!(shifted(&words, 3..5, 1), [0, 3, 4, 1, 2, 5]);
        assert_eq!(shifted(&words, 1..3, 5), [0, 3, 4, 1, 2, 5]);
        assert_eq!(shifted(&words, 1..3, 2), [0, 3, 1, 2, 4, 5]);
        assert_eq!(shifted(&words, 3..6, 4), words);
    }
}
