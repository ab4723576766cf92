//! Corpus scores on detokenized text: BLEU, chrF, chrF++ and TER, equal to sacreBLEU 2.6.0.
//!
//! Each score carries its signature (Post 2018, arXiv:1804.08771), which names every choice that moves the
//! number, so that two scores with one signature may be compared.
//!
//! Deviation: the version in a signature is this program's, not sacreBLEU's. Lower-casing (in TER) follows
//! the Unicode version of the Rust standard library, which is newer than that of most Python interpreters.

mod whitespace;
mod ngrams;
mod tokenize_13a;
mod bleu;
mod chrf;
mod edit_distance;
mod ter;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use bleu::{Bleu, bleu};
pub use chrf::{Chrf, ChrfOrder, chrf, sentence_chrf};
pub use ter::{Ter, ter};

/// The `version` entry that ends each signature.
const VERSION: &str = concat!("version:anuvada-", env!("CARGO_PKG_VERSION"));

/// All four scores of one corpus; its JSON keys are `bleu`, `chrf`, `chrf++` and `ter`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// BLEU, 0 to 100, higher is better.
    pub bleu: Bleu,
    /// chrF2: character n-grams only; 0 to 100, higher is better.
    pub chrf: Chrf,
    /// chrF2++: character n-grams and word uni- and bigrams; 0 to 100, higher is better.
    #[serde(rename = "chrf++")]
    pub chrf_plus_plus: Chrf,
    /// TER in edits per 100 reference words, lower is better; it may exceed 100.
    pub ter: Ter,
}

impl fmt::Display for Scores {
    /// One line per score: name, value with two decimals, signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n{}", self.bleu, self.chrf, self.chrf_plus_plus, self.ter)
    }
}

/// Why a corpus cannot be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsError {
    /// The two sides do not pair up line by line.
    LineCounts {
        /// Lines in the hypotheses.
        hypotheses: usize,
        /// Lines in the references.
        references: usize,
    },
    /// Both sides have no lines, so that no score is defined.
    NoLines,
}

impl fmt::Display for MetricsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineCounts { hypotheses, references } => write!(
                f,
                "{hypotheses} hypothesis lines but {references} reference lines; \
                 give one line for each line, empty where there is no output"
            ),
            Self::NoLines => f.write_str("no lines to score; give at least one hypothesis and its reference"),
        }
    }
}

impl std::error::Error for MetricsError {}

/// Scores line i of `hypotheses` against line i of `references` with all four metrics.
///
/// ```
/// use train::metrics::evaluate;
///
/// let references = ["ಬೆಕ್ಕು ಇಂದು ಮನೆಯಲ್ಲಿ ಇದೆ".to_owned()];
/// let hypotheses = ["ಇಂದು ಬೆಕ್ಕು ಮನೆಯಲ್ಲಿ ಇದೆ".to_owned()];
/// let scores = evaluate(&hypotheses, &references)?;
/// assert_eq!(scores.ter.score, 25.0); // one shift for four words
/// assert_eq!(scores.bleu.counts, [4, 1, 0, 0]);
/// assert_eq!(evaluate(&references, &references)?.chrf.score, 100.0);
/// # Ok::<(), train::metrics::MetricsError>(())
/// ```
///
/// # Errors
/// [`MetricsError`] if the line counts differ or are zero.
pub fn evaluate(hypotheses: &[String], references: &[String]) -> Result<Scores, MetricsError> {
    Ok(Scores {
        bleu: bleu(hypotheses, references)?,
        chrf: chrf(hypotheses, references, ChrfOrder::CHRF2)?,
        chrf_plus_plus: chrf(hypotheses, references, ChrfOrder::CHRF2_PLUS_PLUS)?,
        ter: ter(hypotheses, references)?,
    })
}

/// The (hypothesis, reference) lines, after the checks that every metric needs.
fn line_pairs<'a>(
    hypotheses: &'a [String],
    references: &'a [String],
) -> Result<impl Iterator<Item = (&'a str, &'a str)>, MetricsError> {
    if hypotheses.len() != references.len() {
        return Err(MetricsError::LineCounts { hypotheses: hypotheses.len(), references: references.len() });
    }
    if hypotheses.is_empty() {
        return Err(MetricsError::NoLines);
    }
    Ok(hypotheses.iter().map(String::as_str).zip(references.iter().map(String::as_str)))
}
