//! The first reading: everything that is counted pair by pair.

use std::collections::BTreeMap;
use std::mem::take;

use rayon::prelude::*;

use super::chars::{CharCounts, Lines, Noise};
use super::histogram::{Counts, Ratios};
use super::overlap::HeldOut;
use super::repeats::{Row, Rows};
use super::script_mix::{Letters, ScriptTally, Writing};
use super::slip::{self, Slips};
use super::worst::{N_READ, Scale, Top};
use crate::clean::{FREE_CHARS, judge};
use crate::config::{DataConfig, Script};
use crate::corpus::{Chunk, Pair};
use crate::normalize::Normalizer;

/// Pairs that a thread takes at a time.
const PART_PAIRS: usize = 512;

/// What is kept of a pair: hashes and verdict, and the lengths of its sides.
type Measured = (Row, [usize; 2]);

/// What pairs are held to.
pub(super) struct Rule<'a> {
    pub(super) config: &'a DataConfig,
    pub(super) normalizer: Normalizer,
    pub(super) held_out: HeldOut<'a>,
    /// The scripts of the two sides, where they are known.
    pub(super) writings: [Option<Writing>; 2],
}

impl<'a> Rule<'a> {
    pub(super) fn new(config: &'a DataConfig, held_out: HeldOut<'a>) -> Self {
        let tgt = match config.clean.target_script {
            Script::Any => None,
            script => Writing::of_language(&config.tgt_lang).or_else(|| Writing::of_script(script)),
        };
        let writings = [Writing::of_language(&config.src_lang), tgt];
        Self { config, normalizer: Normalizer::new(&config.normalize), held_out, writings }
    }
}

/// What is counted on each side.
#[derive(Clone, Debug, Default)]
pub(super) struct SideTally {
    pub(super) chars: Counts,
    pub(super) words: Counts,
    pub(super) scripts: ScriptTally,
    pub(super) noise: Noise,
}

/// Pairs, words and characters of a source.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SourceTally {
    pub(super) pairs: u64,
    pub(super) words: [u64; 2],
    pub(super) chars: [u64; 2],
}

/// What is counted of some pairs.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) sides: [SideTally; 2],
    pub(super) ratios: Ratios,
    pub(super) copies: Lines,
    pub(super) chars: CharCounts,
    pub(super) worst: [Top; N_READ],
}

impl Tally {
    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.sides.iter_mut().zip(&other.sides) {
            mine.chars.merge(&theirs.chars);
            mine.words.merge(&theirs.words);
            mine.scripts.merge(&theirs.scripts);
            mine.noise.merge(&theirs.noise);
        }
        self.ratios.merge(&other.ratios);
        self.copies.merge(other.copies);
        self.chars.merge(other.chars);
        self.worst.iter_mut().zip(&other.worst).for_each(|(mine, theirs)| mine.merge(theirs));
    }

    /// Counts a pair, which it takes apart.
    fn add(&mut self, pair: &mut Pair, index: usize, rule: &Rule<'_>) -> Measured {
        self.sides[0].noise.add(&pair.src, index);
        self.sides[1].noise.add(&pair.tgt, index);
        let (pair, reason) = judge(take(pair), &rule.config.clean, &rule.normalizer);
        let (src_chars, src_letters) = Letters::of(&pair.src);
        let (tgt_chars, tgt_letters) = Letters::of(&pair.tgt);
        let (chars, letters) = ([src_chars, tgt_chars], [src_letters, tgt_letters]);
        for (side, text) in [&pair.src, &pair.tgt].into_iter().enumerate() {
            let tally = &mut self.sides[side];
            tally.chars.add(chars[side]);
            tally.words.add(words(text));
            tally.scripts.add(&letters[side], index);
        }
        if src_chars > 0 && tgt_chars > 0 {
            self.ratios.add(tgt_chars as f64 / src_chars as f64);
            self.copies.add(pair.src == pair.tgt, index);
        }
        if reason.is_none() {
            self.chars.add(&pair.src, index);
            self.chars.add(&pair.tgt, index);
            rule.held_out.meet(&pair, index);
        }
        self.rank(&pair, index, chars, &letters, rule.writings[1]);
        (Row::new(&pair.src, &pair.tgt, reason), chars)
    }

    fn rank(
        &mut self,
        pair: &Pair,
        index: usize,
        chars: [usize; 2],
        letters: &[Letters; 2],
        writing: Option<Writing>,
    ) {
        let (long, short) = (chars[0].max(chars[1]), chars[0].min(chars[1]));
        let mut push = |scale: Scale, value: f64| self.worst[scale as usize].push(value, index);
        push(Scale::LongestSide, long as f64);
        if short > 0 {
            push(Scale::LengthRatio, (long + FREE_CHARS) as f64 / (short + FREE_CHARS) as f64);
        }
        if long > 0 && pair.src == pair.tgt {
            push(Scale::LongestCopy, long as f64);
            return;
        }
        let Some(writing) = writing else { return };
        if let Some(share) = letters[1].share(writing).filter(|share| *share < 1.0) {
            push(Scale::LeastTargetScript, -share);
        }
        if let Some(share) = letters[0].share(writing).filter(|share| *share > 0.0) {
            push(Scale::MostTargetScriptInSource, share);
        }
    }
}

/// Words of a normalised text: what stands between spaces.
pub(super) fn words(text: &str) -> usize {
    if text.is_empty() { 0 } else { 1 + text.bytes().filter(|byte| *byte == b' ').count() }
}

/// All that the first reading finds.
#[derive(Default)]
pub(super) struct FirstReading {
    pub(super) tally: Tally,
    pub(super) rows: Rows,
    pub(super) slips: Slips,
    /// By source.
    pub(super) sources: BTreeMap<u32, SourceTally>,
    part: Option<(u32, usize)>,
}

impl FirstReading {
    /// Counts the pairs of a chunk; what is found does not depend on threads or on where chunks end.
    pub(super) fn take(&mut self, mut chunk: Chunk, rule: &Rule<'_>) {
        let first = chunk.first;
        let parts = chunk.pairs.par_chunks_mut(PART_PAIRS).enumerate().map(|(number, pairs)| {
            let mut tally = Tally::default();
            let indexed = pairs.iter_mut().zip(first + number * PART_PAIRS..);
            let rows = indexed.map(|(pair, index)| tally.add(pair, index, rule)).collect::<Vec<_>>();
            (tally, rows)
        });
        let parts: Vec<(Tally, Vec<Measured>)> = parts.collect();
        if self.part != Some(chunk.part) {
            self.end_file();
            self.slips.start(first);
            self.part = Some(chunk.part);
        }
        let source = self.sources.entry(chunk.part.0).or_default();
        for (tally, rows) in parts {
            source.pairs += rows.len() as u64;
            for side in 0..2 {
                source.words[side] += tally.sides[side].words.sum();
                source.chars[side] += tally.sides[side].chars.sum();
            }
            self.tally.merge(tally);
            for (row, chars) in rows {
                self.rows.push(row);
                self.slips.push(chars.map(slip::step));
            }
        }
    }

    /// Ends the last file.
    pub(super) fn end_file(&mut self) {
        if self.part.take().is_some() {
            self.slips.finish();
        }
    }
}
