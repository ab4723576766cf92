//! What is found about a corpus, as plain data.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::chars::NoiseKind;
use super::examples::Example;
use super::histogram::Histogram;
use super::overlap::SetOverlap;
use super::repeats::Repeats;
use super::script_mix::ScriptMix;
use super::tokens::Tokens;
use super::worst::WorstList;
use crate::clean::{CleanReport, Reason};
use crate::corpus::ReadNotes;

/// One page about a corpus. `Display` writes it for a terminal, [`to_html`](Self::to_html) as a page;
/// serialised it is a stable format of its own.
///
/// Lengths are those of normalised text, in characters (code points) and in words (what stands
/// between spaces).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The number of this format; it grows when a name is changed or taken away.
    pub format: u32,
    /// Language codes of source and target.
    pub languages: [String; 2],
    /// What to do something about, most severe first.
    pub findings: Vec<Finding>,
    /// The sources in the order of the configuration.
    pub sources: Vec<SourceReport>,
    /// All sources together.
    pub all: Totals,
    /// How long lines are.
    pub lengths: Lengths,
    /// Scripts of the source side.
    pub src_scripts: ScriptMix,
    /// Scripts of the target side.
    pub tgt_scripts: ScriptMix,
    /// Pairs whose sides are the same text.
    pub copies: u64,
    /// What comes more than once.
    pub repeats: Repeats,
    /// Held-out lines in the training text.
    pub overlap: Vec<SetOverlap>,
    /// Lines that do not stand where they belong.
    pub slips: SlipReport,
    /// What cleaning would drop.
    pub clean: CleanSummary,
    /// Tokens of a sample.
    pub tokens: Tokens,
    /// Characters.
    pub characters: Characters,
    /// The worst pairs by several scales.
    pub worst: Vec<WorstList>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Training would refuse the corpus or learn nonsense from it.
    Error,
    /// Quality suffers.
    Warning,
    /// Good to know.
    Note,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One thing to do something about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What it is, with its number.
    pub what: String,
    /// `file:line` of the first place, if there is one.
    pub place: Option<String>,
    /// What to do.
    pub next: String,
    /// How many lines it concerns, by which findings of a level are ordered.
    pub lines: u64,
}

/// Pairs, words and characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Pairs, blank ones included.
    pub pairs: u64,
    /// Words of the sources.
    pub src_words: u64,
    /// Words of the targets.
    pub tgt_words: u64,
    /// Characters of the sources.
    pub src_chars: u64,
    /// Characters of the targets.
    pub tgt_chars: u64,
}

/// One of the sources.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceReport {
    /// Its file, or that of the source side, as configured.
    pub path: String,
    /// Its weight.
    pub weight: f64,
    /// Pairs in its files, of which `max_pairs` may take fewer.
    pub pairs_found: usize,
    /// What was taken of it.
    pub totals: Totals,
    /// What was removed from its files or looks odd in them.
    #[serde(flatten)]
    pub notes: ReadNotes,
}

/// How long lines are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lengths {
    /// Characters of the sources.
    pub src_chars: Histogram,
    /// Characters of the targets.
    pub tgt_chars: Histogram,
    /// Words of the sources.
    pub src_words: Histogram,
    /// Words of the targets.
    pub tgt_words: Histogram,
    /// Characters of the target divided by those of the source, of pairs without a blank side.
    pub tgt_src_ratio: Histogram,
}

/// Where the sides have slipped against each other, by the lengths of lines.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SlipReport {
    /// Lines in runs.
    pub lines: usize,
    /// Runs found; the report holds the first 50.
    pub runs_found: usize,
    /// Runs in the order of the text.
    pub runs: Vec<SlipRun>,
}

/// Lines that do not stand beside their translation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SlipRun {
    /// How many.
    pub lines: usize,
    /// The target fits better this many lines later (earlier, if negative); `None`: the lengths of
    /// the two sides do not go together.
    pub offset_lines: Option<i32>,
    /// How much better that explains the lengths than no slip, in nats; 0 if a whole block is lost.
    pub gain_nats: f64,
    /// The last pair.
    pub last: Example,
    /// The first pairs.
    pub first: Vec<Example>,
}

/// What cleaning would drop, before rows of too many tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CleanSummary {
    /// All sources.
    pub all: CleanReport,
    /// By source.
    pub by_source: Vec<CleanReport>,
    /// The first pairs that are dropped for a reason.
    pub examples: BTreeMap<Reason, Vec<Example>>,
}

/// Characters of the pairs that cleaning keeps, and noise in the files as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Characters {
    /// Different characters, without the space.
    pub different: usize,
    /// A character seen less often than this becomes bytes: `tokenizer.min_char_count`.
    pub min_char_count: usize,
    /// Characters that would become bytes.
    pub rare: usize,
    /// The first 100 of them by code point.
    pub rare_list: Vec<RareChar>,
    /// Lines with noise, by kind; kinds that do not occur are left out.
    pub noise: Vec<NoiseLines>,
}

/// A character too rare for the vocabulary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RareChar {
    /// As `U+0CB3`.
    pub code_point: String,
    /// Itself.
    pub character: String,
    /// Its block.
    pub block: &'static str,
    /// How often it comes.
    pub count: u64,
    /// Where first.
    pub first: Example,
}

/// Lines with a kind of noise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoiseLines {
    /// The kind.
    pub kind: NoiseKind,
    /// Lines of the source.
    pub src_lines: u64,
    /// Lines of the target.
    pub tgt_lines: u64,
    /// The first of either.
    pub first: Example,
}
