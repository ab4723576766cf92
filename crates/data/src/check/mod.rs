//! One page about a corpus, before a second of training is spent on it.
//!
//! The text is read twice. The first reading counts and chooses: lengths, scripts, noise, repeats,
//! overlap with held-out sets, what cleaning would drop, and where the sides have slipped. The second
//! fetches the texts of the pairs that were chosen, and a sample from which a vocabulary is learned.
//! Memory holds 17 bytes a pair for the first 58 million of them (one byte a pair after that), the
//! held-out sets, a few chunks of text and then the sample; nothing depends on the number of threads.
//!
//! ```no_run
//! use data::check::check;
//! use data::{DataConfig, Limits, ParallelFiles, TokenizerConfig};
//!
//! let train = ParallelFiles::pair("train.en", "train.kn").into();
//! let config = DataConfig { train, ..DataConfig::default() };
//! let report = check(&config, Some(&TokenizerConfig::default()), &Limits::of_a_line())?;
//! println!("{report}");
//! # Ok::<(), data::DataError>(())
//! ```

mod histogram;
mod script_mix;
mod chars;
mod blocks;
mod slip;
mod examples;
mod words;
mod worst;
mod repeats;
mod overlap;
mod tally;
mod second;
mod tokens;
mod findings;
mod report;
mod cleaned;
mod summary;
mod text;
mod html;
#[cfg(test)]
mod tests;

pub use chars::NoiseKind;
pub use examples::Example;
pub use histogram::{Bar, Histogram, Spread};
pub use overlap::{Met, SetOverlap};
pub use repeats::{Repeats, Several};
pub use report::{
    Characters, CleanSummary, Finding, Lengths, Level, NoiseLines, RareChar, Report, SlipReport, SlipRun,
    SourceReport, Totals,
};
pub use script_mix::{ScriptMix, Writing, WritingShare};
pub use tokens::{SideTokens, Tokens};
pub use worst::{Scale, WorstList, WorstPair};

use crate::config::{DataConfig, TokenizerConfig};
use crate::corpus::{Limits, for_each_placed_chunk};
use crate::error::DataError;

use overlap::HeldOut;
use second::Chosen;
use summary::Summary;
use tally::{FirstReading, Rule};

/// Looks at the training text, and at the held-out sets that are configured.
///
/// A vocabulary size that the text does not support is a finding, as are misaligned lines, overlap
/// and text in the wrong script. Without a wish for one, the vocabulary has the usual size or the largest that
/// the text supports.
///
/// # Errors
///
/// Files that cannot be read or do not line up, as [`for_each_pair`](crate::for_each_pair); files that
/// change between the two readings.
pub fn check(
    config: &DataConfig,
    tokenizer: Option<&TokenizerConfig>,
    limits: &Limits,
) -> Result<Report, DataError> {
    let (usual, is_wish) = (TokenizerConfig::default(), tokenizer.is_some());
    let tokenizer = tokenizer.unwrap_or(&usual);
    let rule = Rule::new(config, HeldOut::read(config)?);
    let mut first = FirstReading::default();
    let notes = for_each_placed_chunk(&config.train, &config.languages(), limits, &mut |chunk| {
        first.take(chunk, &rule);
        Ok(())
    })?;
    first.end_file();
    let FirstReading { mut tally, mut rows, slips, sources, .. } = first;
    let (repeats, most_repeated) = rows.compare(config.clean.dedup);

    let mut summary = Summary::new(config, tokenizer, &rule, &rows, &sources);
    summary.choose(&tally, &slips, &repeats, &most_repeated);
    let chosen = Chosen { config, limits, rule: &rule, rows: &rows };
    let sample = chosen.read(&mut summary.examples, &mut tally)?;
    let (mut tokens, most_tokens) =
        tokens::tokens(&sample, tokenizer, &config.train.tags(), config.clean.max_tokens)?;
    if !is_wish && tokens.vocab_size > 0 {
        tokens.fault = None;
    }
    summary.choose_late(&most_tokens, &sample);
    drop(sample);
    let overlap = rule.held_out.report(config, &summary.examples)?;
    Ok(summary.report(summary::Found {
        notes,
        tally,
        slips,
        repeats,
        most_repeated,
        most_tokens,
        overlap,
        tokens,
    }))
}
