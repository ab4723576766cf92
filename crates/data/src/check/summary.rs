//! From counts and numbers of pairs to the report.

use std::collections::BTreeMap;

use super::blocks::block;
use super::chars::NoiseKind;
use super::cleaned::{Cleaned, Dropped};
use super::examples::Examples;
use super::findings::findings;
use super::overlap::SetOverlap;
use super::repeats::{Repeats, Rows};
use super::report::{
    Characters, CleanSummary, Lengths, NoiseLines, RareChar, Report, SlipReport, SlipRun, SourceReport,
    Totals,
};
use super::second::Sampled;
use super::slip::Slips;
use super::tally::{Rule, SourceTally, Tally};
use super::tokens::Tokens;
use super::worst::{Scale, Top, WorstList, WorstPair};
use crate::config::{DataConfig, TokenizerConfig};
use crate::corpus::SourceNotes;

/// The number of the format.
const FORMAT: u32 = 1;
/// Runs of slipped lines that are shown.
const MOST_RUNS: usize = 50;
/// Pairs that are shown at the start of a run.
const RUN_EXAMPLES: usize = 3;
/// Rare characters that are listed.
const MOST_RARE: usize = 100;
/// Characters whose first pair is fetched, since duplicates may turn out to be most of their pairs.
const MOST_FETCHED: usize = 2000;

/// What both readings found.
pub(super) struct Found {
    pub(super) notes: Vec<SourceNotes>,
    pub(super) tally: Tally,
    pub(super) slips: Slips,
    pub(super) repeats: Repeats,
    pub(super) most_repeated: Top,
    pub(super) most_tokens: Top,
    pub(super) overlap: Vec<SetOverlap>,
    pub(super) tokens: Tokens,
}

/// Makes the report.
pub(super) struct Summary<'a> {
    config: &'a DataConfig,
    tokenizer: &'a TokenizerConfig,
    rule: &'a Rule<'a>,
    rows: &'a Rows,
    totals: Vec<SourceTally>,
    cleaned: Vec<Cleaned>,
    pub(super) examples: Examples,
}

impl<'a> Summary<'a> {
    pub(super) fn new(
        config: &'a DataConfig,
        tokenizer: &'a TokenizerConfig,
        rule: &'a Rule<'a>,
        rows: &'a Rows,
        sources: &BTreeMap<u32, SourceTally>,
    ) -> Self {
        let of_source = |number: usize| sources.get(&(number as u32)).copied().unwrap_or_default();
        let totals: Vec<SourceTally> = (0..config.train.0.len()).map(of_source).collect();
        let mut first = 0;
        let mut cleaned = Vec::new();
        for tally in &totals {
            let end = first + tally.pairs as usize;
            cleaned.push(Cleaned::of(rows, first..end));
            first = end;
        }
        Self { config, tokenizer, rule, rows, totals, cleaned, examples: Examples::default() }
    }

    /// Chooses the pairs that the second reading is to fetch.
    pub(super) fn choose(&mut self, tally: &Tally, slips: &Slips, repeats: &Repeats, most_repeated: &Top) {
        let mut wanted: Vec<usize> = Vec::new();
        for cleaned in &self.cleaned {
            wanted.extend(cleaned.dropped.values().flat_map(|dropped| &dropped.first));
        }
        for run in slips.runs.iter().take(MOST_RUNS) {
            wanted.extend((run.from..=run.to).take(RUN_EXAMPLES));
            wanted.push(run.to);
        }
        let tops = tally.worst.iter().chain([most_repeated]);
        wanted.extend(tops.flat_map(Top::rows).map(|(_, index)| *index));
        for (side, writing) in tally.sides.iter().zip(self.rule.writings) {
            wanted.extend(side.scripts.wrong(writing).1);
            wanted.extend(side.noise.0.iter().map(|lines| lines.first));
        }
        wanted.push(tally.copies.first);
        wanted.extend(
            [repeats.sources_with_other_targets, repeats.targets_with_other_sources].map(|s| s.first),
        );
        let least = 100 * self.tokenizer.min_char_count as u64;
        let rare = tally.chars.iter().filter(|(_, count)| count.count < least);
        wanted.extend(rare.map(|(_, count)| count.first).take(MOST_FETCHED));
        wanted.extend(self.rule.held_out.wanted());
        wanted
            .into_iter()
            .filter(|index| *index < self.rows.len())
            .for_each(|index| self.examples.want(index));
    }

    /// Pairs of the sample are at hand.
    pub(super) fn choose_late(&mut self, most_tokens: &Top, sample: &[Sampled]) {
        for (_, index) in most_tokens.rows() {
            if let Ok(place) = sample.binary_search_by_key(index, |one| one.index) {
                let one = &sample[place];
                self.examples.put_late(*index, &one.pair, &one.path, one.lines_before);
            }
        }
    }

    /// Puts all together.
    pub(super) fn report(&self, found: Found) -> Report {
        let Found { notes, tally, slips, repeats, most_repeated, most_tokens, overlap, tokens } = found;
        let [src, tgt] = &tally.sides;
        let [src_writing, tgt_writing] = self.rule.writings;
        let sources = self.sources(&notes);
        let mut report = Report {
            format: FORMAT,
            languages: [self.config.src_lang.clone(), self.config.tgt_lang.clone()],
            findings: Vec::new(),
            all: total(&sources),
            sources,
            lengths: Lengths {
                src_chars: src.chars.report(),
                tgt_chars: tgt.chars.report(),
                src_words: src.words.report(),
                tgt_words: tgt.words.report(),
                tgt_src_ratio: tally.ratios.report(),
            },
            src_scripts: src.scripts.report(src_writing),
            tgt_scripts: tgt.scripts.report(tgt_writing),
            copies: tally.copies.count,
            repeats,
            overlap,
            slips: self.slips(&slips),
            clean: self.clean(),
            tokens,
            characters: self.characters(&tally),
            worst: self.worst(&tally, &most_repeated, &most_tokens),
        };
        let place = |index: Option<usize>| {
            index.filter(|index| *index < self.rows.len()).map(|index| self.examples.at(index).place())
        };
        let places = super::findings::Places {
            wrong_script: [place(src.scripts.wrong(src_writing).1), place(tgt.scripts.wrong(tgt_writing).1)],
            copy: place(Some(tally.copies.first)),
            other_targets: place(Some(repeats.sources_with_other_targets.first)),
        };
        report.findings = findings(&report, self.config, &places);
        report
    }

    fn sources(&self, notes: &[SourceNotes]) -> Vec<SourceReport> {
        let sources = self.config.train.0.iter().zip(notes).zip(&self.totals);
        let one =
            |((source, given), tally): ((&crate::config::Source, &SourceNotes), &SourceTally)| SourceReport {
                path: source.files().main_path().display().to_string(),
                weight: source.weight,
                pairs_found: given.found,
                totals: Totals {
                    pairs: tally.pairs,
                    src_words: tally.words[0],
                    tgt_words: tally.words[1],
                    src_chars: tally.chars[0],
                    tgt_chars: tally.chars[1],
                },
                notes: given.notes,
            };
        sources.map(one).collect()
    }

    fn slips(&self, slips: &Slips) -> SlipReport {
        let run = |run: &super::slip::Run| SlipRun {
            lines: run.to + 1 - run.from,
            offset_lines: run.offset,
            gain_nats: run.gain_nats,
            last: self.examples.at(run.to),
            first: (run.from..=run.to).take(RUN_EXAMPLES).map(|index| self.examples.at(index)).collect(),
        };
        SlipReport {
            lines: slips.lines,
            runs_found: slips.n_runs,
            runs: slips.runs.iter().take(MOST_RUNS).map(run).collect(),
        }
    }

    fn clean(&self) -> CleanSummary {
        let all = self.cleaned.iter().fold(Cleaned::default(), Cleaned::and);
        let examples =
            |dropped: &Dropped| dropped.first.iter().map(|index| self.examples.at(*index)).collect();
        CleanSummary {
            by_source: self.cleaned.iter().map(|one| one.report(&self.examples)).collect(),
            examples: all.dropped.iter().map(|(reason, dropped)| (*reason, examples(dropped))).collect(),
            all: all.report(&self.examples),
        }
    }

    fn characters(&self, tally: &Tally) -> Characters {
        let least = self.tokenizer.min_char_count as u64;
        let rare: Vec<_> = tally.chars.iter().filter(|(c, count)| *c != ' ' && count.count < least).collect();
        let rare_char = |(c, count): &(char, super::chars::CharCount)| RareChar {
            code_point: format!("U+{:04X}", *c as u32),
            character: super::examples::shown(&c.to_string()),
            block: block(*c),
            count: count.count,
            first: self.examples.at(count.first),
        };
        let noise = |kind: NoiseKind| {
            let [src, tgt] = [0, 1].map(|side: usize| tally.sides[side].noise.0[kind as usize]);
            (src.count + tgt.count > 0).then(|| NoiseLines {
                kind,
                src_lines: src.count,
                tgt_lines: tgt.count,
                first: self.examples.at(src.first.min(tgt.first)),
            })
        };
        Characters {
            different: tally.chars.iter().filter(|(c, _)| *c != ' ').count(),
            min_char_count: self.tokenizer.min_char_count,
            rare: rare.len(),
            rare_list: rare.iter().take(MOST_RARE).map(rare_char).collect(),
            noise: NoiseKind::ALL.into_iter().filter_map(noise).collect(),
        }
    }

    fn worst(&self, tally: &Tally, most_repeated: &Top, most_tokens: &Top) -> Vec<WorstList> {
        let list = |scale: Scale| {
            let top = match scale {
                Scale::MostRepeated => most_repeated,
                Scale::TokensPerWord => most_tokens,
                scale => &tally.worst[scale as usize],
            };
            let sign = if scale == Scale::LeastTargetScript { -1.0 } else { 1.0 };
            let pair = |(value, index): &(f64, usize)| WorstPair {
                value: sign * value,
                dropped: self.rows.reason(*index),
                pair: self.examples.at(*index),
            };
            WorstList { scale, pairs: top.rows().iter().map(pair).collect() }
        };
        Scale::ALL.into_iter().map(list).collect()
    }
}

fn total(sources: &[SourceReport]) -> Totals {
    sources.iter().fold(Totals::default(), |all, source| Totals {
        pairs: all.pairs + source.totals.pairs,
        src_words: all.src_words + source.totals.src_words,
        tgt_words: all.tgt_words + source.totals.tgt_words,
        src_chars: all.src_chars + source.totals.src_chars,
        tgt_chars: all.tgt_chars + source.totals.tgt_chars,
    })
}
