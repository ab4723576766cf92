//! Corpus BLEU: the geometric mean of clipped n-gram precisions, times a brevity penalty.
//!
//! `BLEU = BP · exp(¼ Σₙ ln pₙ)`, `BP = min(1, exp(1 − ref_len / sys_len))`
//! (Papineni et al. 2002, <https://aclanthology.org/P02-1040>).
//!
//! An order without a match counts 1/2, 1/4, … of a match, halved again at each such order: the smoothing
//! `exp`, method 3 of Chen and Cherry 2014, <https://aclanthology.org/W14-3346>.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ngrams::{matches, ngram_count};
use super::tokenize_13a::tokenize_13a;
use super::whitespace::trim_end;
use super::{MetricsError, VERSION, line_pairs};

/// The longest n-gram that BLEU counts.
const MAX_ORDER: usize = 4;

/// BLEU and the counts it is made of; index n − 1 holds what belongs to n-grams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bleu {
    /// The score, 0 to 100.
    pub score: f64,
    signature: String,
    /// Smoothed precisions, each 0 to 100.
    pub precisions: [f64; MAX_ORDER],
    /// The factor for short output, 0 to 1.
    pub brevity_penalty: f64,
    /// Tokens in the hypotheses.
    pub sys_len: usize,
    /// Tokens in the references.
    pub ref_len: usize,
    /// Matched n-grams.
    pub counts: [usize; MAX_ORDER],
    /// N-grams in the hypotheses.
    pub totals: [usize; MAX_ORDER],
}

impl Bleu {
    /// The choices that make up this score, as `nrefs:1|case:mixed|…`.
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

impl fmt::Display for Bleu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BLEU {:.2}  {}", self.score, self.signature)
    }
}

/// BLEU of a corpus with one reference a line: tokenizer `13a`, case kept, smoothing `exp`.
///
/// # Errors
/// [`MetricsError`] if the line counts differ or are zero.
pub fn bleu(hypotheses: &[String], references: &[String]) -> Result<Bleu, MetricsError> {
    let (mut counts, mut totals) = ([0; MAX_ORDER], [0; MAX_ORDER]);
    let (mut sys_len, mut ref_len) = (0, 0);
    for (hypothesis, reference) in line_pairs(hypotheses, references)? {
        let hypothesis = tokenize_13a(trim_end(hypothesis));
        let reference = tokenize_13a(trim_end(reference));
        sys_len += hypothesis.len();
        ref_len += reference.len();
        for order in 1..=MAX_ORDER {
            counts[order - 1] += matches(&hypothesis, &reference, order);
            totals[order - 1] += ngram_count(hypothesis.len(), order);
        }
    }
    let brevity_penalty = brevity_penalty(sys_len, ref_len);
    let precisions = smoothed_precisions(&counts, &totals);
    let score = brevity_penalty * geometric_mean(&precisions);
    let signature = format!("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|{VERSION}");
    Ok(Bleu { score, signature, precisions, brevity_penalty, sys_len, ref_len, counts, totals })
}

fn brevity_penalty(sys_len: usize, ref_len: usize) -> f64 {
    if sys_len >= ref_len {
        1.0
    } else if sys_len == 0 {
        0.0
    } else {
        (1.0 - ref_len as f64 / sys_len as f64).exp()
    }
}

/// Precisions in percent. All stay zero without any match, and an order without n-grams stays zero.
fn smoothed_precisions(counts: &[usize; MAX_ORDER], totals: &[usize; MAX_ORDER]) -> [f64; MAX_ORDER] {
    let mut precisions = [0.0; MAX_ORDER];
    if counts.iter().all(|&count| count == 0) {
        return precisions;
    }
    let mut smoothing = 1.0;
    for order in 0..MAX_ORDER {
        let total = totals[order] as f64;
        if totals[order] == 0 {
            break;
        }
        precisions[order] = if counts[order] == 0 {
            smoothing *= 2.0;
            100.0 / (smoothing * total)
        } else {
            100.0 * counts[order] as f64 / total
        };
    }
    precisions
}

/// Zero if any precision is zero.
fn geometric_mean(precisions: &[f64; MAX_ORDER]) -> f64 {
    if precisions.contains(&0.0) {
        return 0.0;
    }
    (precisions.iter().map(|p| p.ln()).sum::<f64>() / MAX_ORDER as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(hypothesis: &str, reference: &str) -> Bleu {
        bleu(&[hypothesis.to_owned()], &[reference.to_owned()]).expect("one line on each side")
    }

    #[test]
    fn worked_example() {
        let bleu = score("the cat sat on the mat", "the cat sat on a mat now");
        assert_eq!((bleu.counts, bleu.totals), ([5, 3, 2, 1], [6, 5, 4, 3]));
        let expected =
            100.0 * (-1.0 / 6.0_f64).exp() * (5.0 / 6.0 * 3.0 / 5.0 * 2.0 / 4.0 / 3.0_f64).powf(0.25);
        assert!((bleu.score - expected).abs() < 1e-9, "{} is not {expected}", bleu.score);
    }

    #[test]
    fn orders_without_a_match_are_halved_in_turn() {
        let bleu = score("a b c d e", "a b x d y");
        assert_eq!(bleu.precisions, [60.0, 25.0, 100.0 / 6.0, 100.0 / 8.0]);
    }

    #[test]
    fn lines_shorter_than_four_tokens_score_zero() {
        assert_eq!(score("a b c", "a b c").score, 0.0);
        assert_eq!(score("", "a").brevity_penalty, 0.0);
        assert_eq!(score("", "").brevity_penalty, 1.0);
    }
}
