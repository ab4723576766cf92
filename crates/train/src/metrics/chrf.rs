//! chrF and chrF++: the F-score of character n-grams, and of word n-grams in chrF++.
//!
//! `chrFβ = (1 + β²) · P · R / (β² · P + R)`, where P and R are the mean precision and recall over those
//! orders that both sides have (Popović 2015, <https://aclanthology.org/W15-3049>; chrF++: Popović 2017,
//! <https://aclanthology.org/W17-4770>). Counts are summed over the corpus first. A character is a code
//! point; white space is left out of the character n-grams.

use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::ngrams::{matches, ngram_count};
use super::whitespace::{is_space, words};
use super::{MetricsError, VERSION, line_pairs};

/// Which n-grams chrF counts and how it weighs recall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChrfOrder {
    /// The longest character n-gram.
    pub char_order: usize,
    /// The longest word n-gram; zero for chrF, two for chrF++.
    pub word_order: usize,
    /// Recall counts β times as much as precision.
    pub beta: u32,
}

impl ChrfOrder {
    /// chrF2: character n-grams up to six.
    pub const CHRF2: Self = Self { char_order: 6, word_order: 0, beta: 2 };
    /// chrF2++: chrF2 and word n-grams up to two.
    pub const CHRF2_PLUS_PLUS: Self = Self { char_order: 6, word_order: 2, beta: 2 };
}

/// A chrF score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chrf {
    /// The score, 0 to 100.
    pub score: f64,
    signature: String,
    /// What was counted.
    #[serde(flatten)]
    pub order: ChrfOrder,
}

impl Chrf {
    /// The choices that make up this score, as `nrefs:1|case:mixed|…`; β is part of [`Chrf::name`].
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// `chrF2`, `chrF2++` and the like: β, then a plus for each word order.
    pub fn name(&self) -> String {
        format!("chrF{}{}", self.order.beta, "+".repeat(self.order.word_order))
    }
}

impl fmt::Display for Chrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:.2}  {}", self.name(), self.score, self.signature)
    }
}

/// chrF of a corpus with one reference a line.
///
/// # Errors
/// [`MetricsError`] if the line counts differ or are zero.
pub fn chrf(hypotheses: &[String], references: &[String], order: ChrfOrder) -> Result<Chrf, MetricsError> {
    let mut counts = vec![OrderCounts::default(); order.char_order + order.word_order];
    for (hypothesis, reference) in line_pairs(hypotheses, references)? {
        add_line(&mut counts, hypothesis, reference, order);
    }
    let ChrfOrder { char_order, word_order, .. } = order;
    let signature = format!("nrefs:1|case:mixed|eff:yes|nc:{char_order}|nw:{word_order}|space:no|{VERSION}");
    Ok(Chrf { score: f_score(&counts, order.beta), signature, order })
}

/// chrF of one line, 0 to 100: for ranking lines, since the corpus score is not the mean of these.
pub fn sentence_chrf(hypothesis: &str, reference: &str, order: ChrfOrder) -> f64 {
    let mut counts = vec![OrderCounts::default(); order.char_order + order.word_order];
    add_line(&mut counts, hypothesis, reference, order);
    f_score(&counts, order.beta)
}

/// What is counted for one n-gram order.
#[derive(Clone, Copy, Default)]
struct OrderCounts {
    hypothesis: usize,
    reference: usize,
    matched: usize,
}

/// Adds the counts of one line: character orders first, then word orders.
fn add_line(counts: &mut [OrderCounts], hypothesis: &str, reference: &str, order: ChrfOrder) {
    let (char_counts, word_counts) = counts.split_at_mut(order.char_order);
    add_orders(char_counts, &characters(hypothesis), &characters(reference));
    if order.word_order > 0 {
        add_orders(word_counts, &words_and_marks(hypothesis), &words_and_marks(reference));
    }
}

/// Hypothesis n-grams count only in lines whose reference has n-grams of that order.
fn add_orders<T: Eq + Hash>(counts: &mut [OrderCounts], hypothesis: &[T], reference: &[T]) {
    for (index, total) in counts.iter_mut().enumerate() {
        let in_reference = ngram_count(reference.len(), index + 1);
        if in_reference > 0 {
            total.hypothesis += ngram_count(hypothesis.len(), index + 1);
            total.reference += in_reference;
            total.matched += matches(hypothesis, reference, index + 1);
        }
    }
}

fn characters(line: &str) -> Vec<char> {
    line.chars().filter(|&c| !is_space(c)).collect()
}

/// The words of `line`, each parted from one ASCII punctuation mark: its last character, or else its first.
fn words_and_marks(line: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for word in words(line) {
        if word.len() == 1 {
            tokens.push(word);
        } else if word.ends_with(|c: char| c.is_ascii_punctuation()) {
            tokens.extend([&word[..word.len() - 1], &word[word.len() - 1..]]);
        } else if word.starts_with(|c: char| c.is_ascii_punctuation()) {
            tokens.extend([&word[..1], &word[1..]]);
        } else {
            tokens.push(word);
        }
    }
    tokens
}

/// The F-score in percent over the orders that both sides have; zero if there is none.
fn f_score(counts: &[OrderCounts], beta: u32) -> f64 {
    let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
    for order in counts.iter().filter(|order| order.hypothesis > 0 && order.reference > 0) {
        precision += order.matched as f64 / order.hypothesis as f64;
        recall += order.matched as f64 / order.reference as f64;
        orders += 1.0;
    }
    if precision + recall == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (precision / orders, recall / orders);
    let beta_squared = f64::from(beta * beta);
    100.0 * ((1.0 + beta_squared) * precision * recall / (beta_squared * precision + recall))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_example() {
        let order = ChrfOrder { char_order: 2, word_order: 1, beta: 2 };
        // Matched are 2 of 3 characters, 1 of 2 bigrams and no word, on both sides.
        let expected = 100.0 * (2.0 / 3.0 + 1.0 / 2.0) / 3.0;
        assert!((sentence_chrf("abc", "abd", order) - expected).abs() < 1e-9);
        assert!((sentence_chrf("ab c", "a bd", order) - expected).abs() < 1e-9);
        assert_eq!(sentence_chrf("ab c", " a\tbc ", ChrfOrder::CHRF2), 100.0);
        assert_eq!(sentence_chrf("", "abc", order), 0.0);
        assert_eq!(sentence_chrf("", "", order), 0.0);
    }

    #[test]
    fn recall_weighs_more_than_precision() {
        let short = sentence_chrf("ಬೆಕ್ಕು", "ಬೆಕ್ಕು ಬಂತು", ChrfOrder::CHRF2);
        let long = sentence_chrf("ಬೆಕ್ಕು ಬಂತು", "ಬೆಕ್ಕು", ChrfOrder::CHRF2);
        assert!(short < long, "{short} is not below {long}");
    }

    #[test]
    fn one_mark_leaves_a_word_and_the_last_goes_first() {
        assert_eq!(
            words_and_marks("(hi) (hi \"ಹೌದು\" . .. a, 😀! ಮನೆ"),
            ["(hi", ")", "(", "hi", "\"ಹೌದು", "\"", ".", ".", ".", "a", ",", "😀", "!", "ಮನೆ"]
        );
    }
}
