//! Training pairs that cannot teach are dropped, and each drop is counted by its reason.
//!
//! Both sides are normalised first; the reasons are tried in the order of [`Reason`], and the first
//! that holds is counted.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{CleanConfig, Script};
use crate::corpus::Pair;
use crate::error::DataError;
use crate::normalize::Normalizer;

/// Characters that are free on each side when lengths are compared, so that `I` may be `ನಾನು`.
pub(crate) const FREE_CHARS: usize = 10;

/// Why a pair is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Both sides are blank.
    BothBlank,
    /// The source is blank.
    EmptySource,
    /// The target is blank.
    EmptyTarget,
    /// A side has more than `max_chars` characters.
    TooLong,
    /// The lengths differ by more than `max_length_ratio`.
    LengthRatio,
    /// The source is written in the script of the target.
    SourceScript,
    /// The target has too few letters of its script.
    TargetScript,
    /// Both sides came before.
    Duplicate,
    /// A side has more than `max_tokens` tokens.
    TooManyTokens,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BothBlank => "both sides blank",
            Self::EmptySource => "source blank",
            Self::EmptyTarget => "target blank",
            Self::TooLong => "too many characters",
            Self::LengthRatio => "lengths too different",
            Self::SourceScript => "source in the target's script",
            Self::TargetScript => "target not in its script",
            Self::Duplicate => "duplicate",
            Self::TooManyTokens => "too many tokens",
        })
    }
}

/// How often a reason held, and where first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Number of pairs.
    pub count: usize,
    /// The line of the first of them.
    pub first_line: usize,
}

/// What cleaning did. `Display` writes a line for the totals and one for each reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanReport {
    /// Pairs that came in.
    pub read: usize,
    /// Pairs that are left.
    pub kept: usize,
    /// Pairs left whose two sides are the same text, such as names and numbers.
    pub copies: usize,
    /// Pairs dropped, by reason.
    pub dropped: BTreeMap<Reason, Tally>,
}

impl CleanReport {
    /// Counts a pair that is dropped for `reason`.
    pub(crate) fn count(&mut self, reason: Reason, line: usize) {
        self.dropped.entry(reason).or_insert(Tally { count: 0, first_line: line }).count += 1;
    }

    /// Number of pairs dropped for `reason`.
    pub fn count_of(&self, reason: Reason) -> usize {
        self.dropped.get(&reason).map_or(0, |tally| tally.count)
    }
}

impl CleanReport {
    /// More of the pairs than this in the wrong script are worth a warning.
    const ODD_SHARE: f64 = 0.2;
    /// More of them are another corpus than was meant.
    const WRONG_SHARE: f64 = 0.8;

    /// Warns of a corpus of which much is not in the scripts of its languages.
    ///
    /// # Errors
    ///
    /// Nearly all of it is not.
    pub fn refuse_wrong_script(&self) -> Result<(), DataError> {
        let reasons = [Reason::SourceScript, Reason::TargetScript];
        let pairs: usize = reasons.iter().map(|reason| self.count_of(*reason)).sum();
        let first =
            reasons.iter().filter_map(|reason| self.dropped.get(reason)).map(|tally| tally.first_line).min();
        let share = pairs as f64 / self.read.max(1) as f64;
        let fault = DataError::WrongScript { pairs, read: self.read, first_line: first.unwrap_or(0) };
        if share > Self::WRONG_SHARE {
            return Err(fault);
        }
        if share > Self::ODD_SHARE {
            tracing::warn!("{fault}");
        }
        Ok(())
    }
}

impl fmt::Display for CleanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kept {} of {} pairs", self.kept, self.read)?;
        if self.copies > 0 {
            write!(f, ", {} of them with equal sides", self.copies)?;
        }
        for (reason, tally) in &self.dropped {
            write!(f, "\ndropped {} (first at line {}): {reason}", tally.count, tally.first_line)?;
        }
        Ok(())
    }
}

/// Normalises and filters training pairs; those that are left keep their order and line numbers.
///
/// The result does not depend on the number of threads.
pub fn clean(pairs: Vec<Pair>, config: &CleanConfig, normalizer: &Normalizer) -> (Vec<Pair>, CleanReport) {
    let mut cleaner = Cleaner::new(config, normalizer);
    let kept = cleaner.clean(pairs);
    (kept, cleaner.into_report())
}

/// [`clean`] for pairs that come in chunks; the result does not depend on where chunks end.
///
/// With `dedup` it remembers 16 bytes of hash for each pair that it keeps, 20 to 40 bytes with the
/// table around them (285 MB for ten million pairs, half as much again while the table grows), up to
/// [`Cleaner::MAX_REMEMBERED`] pairs.
#[derive(Debug)]
pub struct Cleaner<'a> {
    config: &'a CleanConfig,
    normalizer: &'a Normalizer,
    seen: Seen,
    report: CleanReport,
    not_remembered: usize,
}

impl<'a> Cleaner<'a> {
    /// Pairs that later ones are compared with: the first ones, in a table of 1.1 GB at most.
    pub const MAX_REMEMBERED: usize = 58_000_000;

    /// A cleaner that has seen nothing.
    pub fn new(config: &'a CleanConfig, normalizer: &'a Normalizer) -> Self {
        let (seen, report) = (Seen::default(), CleanReport::default());
        Self { config, normalizer, seen, report, not_remembered: 0 }
    }

    /// Cleans the next pairs.
    pub fn clean(&mut self, pairs: Vec<Pair>) -> Vec<Pair> {
        let (config, normalizer) = (self.config, self.normalizer);
        let judge = |pair| {
            let (pair, reason) = judge(pair, config, normalizer);
            let hash = if config.dedup && reason.is_none() { pair_hash(&pair) } else { 0 };
            (pair, reason, hash)
        };
        self.report.read += pairs.len();
        let judged: Vec<(Pair, Option<Reason>, u128)> = pairs.into_par_iter().map(judge).collect();
        let mut kept = Vec::with_capacity(judged.len());
        for (pair, reason, hash) in judged {
            let reason = reason.or_else(|| self.is_again(hash).then_some(Reason::Duplicate));
            if let Some(reason) = reason {
                self.report.count(reason, pair.line);
            } else {
                self.report.copies += usize::from(pair.src == pair.tgt);
                kept.push(pair);
            }
        }
        self.report.kept += kept.len();
        kept
    }

    /// Whether a pair came before; remembers it while there is room.
    fn is_again(&mut self, hash: u128) -> bool {
        if !self.config.dedup {
            return false;
        }
        if self.seen.len() < Self::MAX_REMEMBERED {
            return !self.seen.insert(hash);
        }
        let again = self.seen.contains(&hash);
        self.not_remembered += usize::from(!again);
        again
    }

    /// What was done so far.
    pub fn report(&self) -> &CleanReport {
        &self.report
    }

    /// For steps after this one that drop pairs.
    pub(crate) fn report_mut(&mut self) -> &mut CleanReport {
        &mut self.report
    }

    /// Pairs kept that later pairs are not compared with.
    pub fn not_remembered(&self) -> usize {
        self.not_remembered
    }

    /// What was done.
    pub fn into_report(self) -> CleanReport {
        self.report
    }
}

/// Hashes of pairs; what is a hash need not be hashed again.
type Seen = HashSet<u128, BuildHasherDefault<HighHalf>>;

/// The high half of a number, as its hash.
#[derive(Clone, Copy, Debug, Default)]
struct HighHalf(u64);

impl Hasher for HighHalf {
    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers of 128 bits are hashed");
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = (number >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A pair in its normal form, and why it must go, if it must.
pub(crate) fn judge(pair: Pair, config: &CleanConfig, normalizer: &Normalizer) -> (Pair, Option<Reason>) {
    let far_too_long = |text: &str| text.len() > config.max_chars.saturating_mul(16);
    if far_too_long(&pair.src) || far_too_long(&pair.tgt) {
        return (pair, Some(Reason::TooLong));
    }
    let [src, tgt] = [&pair.src, &pair.tgt].map(|text| normalizer.normalize(text));
    let pair = Pair { src, tgt, ..pair };
    let reason = fault(&pair, config);
    (pair, reason)
}

fn fault(pair: &Pair, config: &CleanConfig) -> Option<Reason> {
    match (pair.src.is_empty(), pair.tgt.is_empty()) {
        (true, true) => return Some(Reason::BothBlank),
        (true, false) => return Some(Reason::EmptySource),
        (false, true) => return Some(Reason::EmptyTarget),
        (false, false) => {}
    }
    let [src_chars, tgt_chars] = [&pair.src, &pair.tgt].map(|text| text.chars().count());
    let (short, long) = (src_chars.min(tgt_chars), src_chars.max(tgt_chars));
    if long > config.max_chars {
        return Some(Reason::TooLong);
    }
    if (long + FREE_CHARS) as f32 > config.max_length_ratio * (short + FREE_CHARS) as f32 {
        return Some(Reason::LengthRatio);
    }
    if config.target_script == Script::Any || config.min_target_script_share == 0.0 {
        return None;
    }
    let share = |text: &str| script_share(text, config.target_script);
    let least = config.min_target_script_share;
    match (share(&pair.src), share(&pair.tgt)) {
        _ if pair.src == pair.tgt => None,
        (Some(src), _) if src >= least && config.target_script != Script::Latin => Some(Reason::SourceScript),
        (_, Some(tgt)) if tgt < least => Some(Reason::TargetScript),
        _ => None,
    }
}

/// The share of the letters of `text` that stand in `script`; `None` without letters.
fn script_share(text: &str, script: Script) -> Option<f32> {
    let (mut letters, mut inside) = (0_usize, 0_usize);
    for c in text.chars().filter(|c| is_letter(*c)) {
        letters += 1;
        inside += usize::from(script.contains(c));
    }
    (letters > 0).then(|| inside as f32 / letters as f32)
}

/// Letters of the basic plane, a bit each: the standard library searches for each answer, which took most
/// of the time of cleaning.
static LETTERS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let is_letter = |code| char::from_u32(code).is_some_and(char::is_alphabetic);
    (0..1 << 10).map(|word| (0..64).map(|bit| u64::from(is_letter(64 * word + bit)) << bit).sum()).collect()
});

/// As [`char::is_alphabetic`].
pub(crate) fn is_letter(c: char) -> bool {
    match LETTERS.get(c as usize / 64) {
        Some(word) => word >> (c as usize % 64) & 1 == 1,
        None => c.is_alphabetic(),
    }
}

/// 128 bits of BLAKE3 over both sides: equal pairs meet without their text being kept twice.
fn pair_hash(pair: &Pair) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(pair.src.len() as u64).to_le_bytes());
    hasher.update(pair.src.as_bytes());
    hasher.update(pair.tgt.as_bytes());
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_le_bytes(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NormalizeConfig;

    fn pairs(sides: &[(&str, &str)]) -> Vec<Pair> {
        let pair = |(i, (src, tgt)): (usize, &(&str, &str))| Pair {
            src: (*src).to_owned(),
            tgt: (*tgt).to_owned(),
            line: i + 1,
            source: 0,
        };
        sides.iter().enumerate().map(pair).collect()
    }

    fn run(sides: &[(&str, &str)], config: &CleanConfig) -> (Vec<Pair>, CleanReport) {
        clean(pairs(sides), config, &Normalizer::new(&NormalizeConfig::default()))
    }

    #[test]
    fn every_drop_is_counted_by_its_reason() {
        let huge = "a".repeat(1_000_000);
        let long = "ಕ".repeat(41);
        let sides = [
            ("a  cat", "ಬೆಕ್ಕು\u{200B}"),
            (" \u{FEFF}", "\t"),
            ("", "ಬೆಕ್ಕು"),
            ("a dog", " "),
            ("a dog", &huge),
            (&long, "ನಾಯಿ"),
            ("I", "ನಾನು ನಿನ್ನೆ ಅಲ್ಲಿಗೆ ಬಂದಿದ್ದೆನು"),
            ("ಬೆಕ್ಕು", "ಬೆಕ್ಕು ಇದೆ"),
            ("a cat", "a cat here"),
            ("“a cat”", "ಬೆಕ್ಕು"),
            ("\"a cat\"", "ಬೆಕ್ಕು"),
            ("10:30", "೧೦:೩೦"),
            ("a cat", "ಬೆಕ್ಕು "),
        ];
        let config = CleanConfig { max_chars: 40, max_length_ratio: 3.0, ..CleanConfig::default() };
        let (kept, report) = run(&sides, &config);
        assert_eq!(kept.iter().map(|pair| pair.line).collect::<Vec<_>>(), [1, 10, 12]);
        assert_eq!((kept[0].src.as_str(), kept[0].tgt.as_str()), ("a cat", "ಬೆಕ್ಕು"));
        assert_eq!(
            report.to_string(),
            "kept 3 of 13 pairs, 1 of them with equal sides\n\
             dropped 1 (first at line 2): both sides blank\n\
             dropped 1 (first at line 3): source blank\n\
             dropped 1 (first at line 4): target blank\n\
             dropped 2 (first at line 5): too many characters\n\
             dropped 1 (first at line 7): lengths too different\n\
             dropped 1 (first at line 8): source in the target's script\n\
             dropped 1 (first at line 9): target not in its script\n\
             dropped 2 (first at line 11): duplicate"
        );
        let json = serde_json::to_value(&report).expect("a report is plain data");
        assert_eq!(json["dropped"]["too_long"]["count"], 2);
    }

    #[test]
    fn options_switch_their_checks_off() {
        let sides = [("a cat", "a cat here"), ("a cat", "a cat here")];
        assert_eq!(run(&sides, &CleanConfig::default()).1.count_of(Reason::TargetScript), 2);
        let config = CleanConfig { target_script: Script::Any, dedup: false, ..CleanConfig::default() };
        assert_eq!(run(&sides, &config).1.kept, 2);
        let config = CleanConfig { target_script: Script::Latin, ..CleanConfig::default() };
        assert_eq!(run(&sides, &config).1.kept, 1);
    }

    #[test]
    fn letters_are_those_of_the_standard_library() {
        let wrong: Vec<char> = ('\0'..=char::MAX).filter(|c| is_letter(*c) != c.is_alphabetic()).collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn chunks_do_not_show() {
        let texts: Vec<(String, String)> =
            (0..300).map(|n| (format!("cat {}", n % 70), "ಬೆಕ್ಕು ".repeat(n % 7))).collect();
        let sides: Vec<(&str, &str)> = texts.iter().map(|(src, tgt)| (src.as_str(), tgt.as_str())).collect();
        let (config, normalizer) = (CleanConfig::default(), Normalizer::new(&NormalizeConfig::default()));
        let whole = clean(pairs(&sides), &config, &normalizer);
        assert!(whole.1.count_of(Reason::Duplicate) > 0 && whole.1.count_of(Reason::EmptyTarget) > 0);
        for size in [1, 64, 299] {
            let mut cleaner = Cleaner::new(&config, &normalizer);
            let kept: Vec<Pair> =
                pairs(&sides).chunks(size).flat_map(|chunk| cleaner.clean(chunk.to_vec())).collect();
            assert_eq!((kept, cleaner.into_report()), whole, "chunks of {size}");
        }
    }

    #[test]
    fn thread_count_does_not_show() {
        let texts: Vec<(String, String)> =
            (0..2000).map(|n| (format!("cat {}", n % 700), "ಬೆಕ್ಕು ".repeat(n % 7))).collect();
        let sides: Vec<(&str, &str)> = texts.iter().map(|(src, tgt)| (src.as_str(), tgt.as_str())).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| run(&sides, &CleanConfig::default()))
        };
        assert_eq!(with(1), with(5));
    }
}
