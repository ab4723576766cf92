//! What of all that is worth doing something about.

use super::chars::NoiseKind;
use super::report::{Finding, Level, Report};
use super::script_mix::{ScriptMix, Writing};
use super::words::{percent, some, whole};
use crate::clean::Reason;
use crate::config::DataConfig;

/// Above this share of lines in another script, the wrong file was named.
const WRONG_FILE: f64 = 0.8;
/// Above this share of lines in another script, something is said.
const MANY_WRONG: f64 = 0.2;
/// Above this share of misaligned lines, training learns nonsense.
const MANY_SLIPPED: f64 = 0.1;
/// Above this share of lines that cleaning drops, something is said.
const MANY_DROPPED: f64 = 0.1;
/// Above this share, repeats, copies and noise are more than a note.
const SOME: f64 = 0.01;
/// Byte tokens above this share cost more than a larger alphabet.
const MANY_BYTES: f64 = 0.01;

/// Places that the report does not hold otherwise.
pub(super) struct Places {
    pub(super) wrong_script: [Option<String>; 2],
    pub(super) copy: Option<String>,
    pub(super) other_targets: Option<String>,
}

struct Findings<'a> {
    report: &'a Report,
    places: &'a Places,
    found: Vec<Finding>,
}

/// All findings, the most severe first, of a level those of the most lines first.
pub(super) fn findings(report: &Report, config: &DataConfig, places: &Places) -> Vec<Finding> {
    let mut all = Findings { report, places, found: Vec::new() };
    all.overlap(config);
    all.scripts();
    all.slips();
    all.vocabulary();
    all.cleaning();
    all.repeats(config);
    all.noise();
    all.files();
    all.found.sort_by_key(|finding| (finding.level, std::cmp::Reverse(finding.lines)));
    all.found
}

impl Findings<'_> {
    fn push(&mut self, level: Level, lines: u64, what: String, place: Option<String>, next: &str) {
        self.found.push(Finding { level, what, place, next: next.to_owned(), lines });
    }

    fn share(&self, lines: u64) -> f64 {
        lines as f64 / self.report.all.pairs.max(1) as f64
    }

    fn overlap(&mut self, config: &DataConfig) {
        for set in self.report.overlap.iter().filter(|set| set.either > 0) {
            let what = format!(
                "{} of {} lines of {} stand in train (source {}, target {}, both {})",
                whole(set.either as u64),
                whole(set.lines as u64),
                set.set,
                whole(set.src as u64),
                whole(set.tgt as u64),
                whole(set.both as u64)
            );
            let place = set.examples.first().map(|met| met.train.place());
            let (level, next) = if config.clean.allow_overlap {
                (
                    Level::Warning,
                    "training goes on because of clean.allow_overlap, but scores will be too good",
                )
            } else {
                (Level::Error, "training refuses them: remove them from train, or set clean.allow_overlap")
            };
            self.push(level, set.either as u64, what, place, next);
        }
    }

    fn scripts(&mut self) {
        let report = self.report;
        for (side, mix) in [&report.src_scripts, &report.tgt_scripts].into_iter().enumerate() {
            let Some(expected) = mix.expected else { continue };
            let share = mix.lines_mostly_other as f64 / mix.lines_with_letters.max(1) as f64;
            let level = match share {
                share if share > WRONG_FILE => Level::Error,
                share if share > MANY_WRONG => Level::Warning,
                share if share > 0.0 => Level::Note,
                _ => continue,
            };
            let name = ["sources", "targets"][side];
            let other = most_other(mix, expected);
            let what = format!(
                "{} of {name} ({}) are mostly in another script than {expected}, {other}",
                percent(share),
                whole(mix.lines_mostly_other)
            );
            let next = match level {
                Level::Error => "check that the files are of the right languages and not swapped",
                _ if side == 1 => "look at them; cleaning drops targets below clean.min_target_script_share",
                _ => "look at them; cleaning drops only sources in the target's script",
            };
            self.push(level, mix.lines_mostly_other, what, self.places.wrong_script[side].clone(), next);
        }
    }

    fn slips(&mut self) {
        const SHOWN: usize = 5;
        let slips = &self.report.slips;
        let share = self.share(slips.lines as u64);
        let level = if share > MANY_SLIPPED { Level::Error } else { Level::Warning };
        for run in slips.runs.iter().take(SHOWN) {
            let from = run.first.first().map(|first| first.line).unwrap_or_default();
            let lines = format!("from line {} to {}", whole(from as u64), whole(run.last.line as u64));
            let plural = |n: i32| if n.abs() == 1 { "line" } else { "lines" };
            let (what, next) = match run.offset_lines {
                Some(n) if n > 0 => (
                    format!("{lines} the target fits better {n} {} later", plural(n)),
                    "a line is missing in the source, or one too many in the target, just before: align them",
                ),
                Some(n) => (
                    format!("{lines} the target fits better {} {} earlier", -n, plural(n)),
                    "a line is missing in the target, or one too many in the source, just before: align them",
                ),
                None => (
                    format!("{lines} the lengths of source and target do not go together"),
                    "read some of these pairs; if they are no translations, remove or align them",
                ),
            };
            let place = run.first.first().map(super::examples::Example::place);
            self.push(level, run.lines as u64, what, place, next);
        }
        let shown = slips.runs.len().min(SHOWN);
        if slips.runs_found > shown {
            let rest = slips.runs_found - shown;
            let what = format!("{} more where the sides slip", some(rest as u64, "place"));
            self.push(level, 0, what, None, "see the section on alignment");
        }
    }

    fn vocabulary(&mut self) {
        let tokens = &self.report.tokens;
        if let Some(fault) = &tokens.fault {
            let (what, next) = fault.rsplit_once("; ").unwrap_or((fault, "change tokenizer.vocab_size"));
            let of_sample = tokens.sample_pairs < self.report.clean.all.kept;
            let level = if of_sample && tokens.vocab_size > 0 { Level::Warning } else { Level::Error };
            self.push(level, 0, what.to_owned(), None, next);
        }
        for (name, side) in [("source", &tokens.src), ("target", &tokens.tgt)] {
            if side.byte_share > MANY_BYTES {
                let what = format!("{} of the {name}'s tokens are bytes", percent(side.byte_share));
                self.push(
                    Level::Warning,
                    0,
                    what,
                    None,
                    "lower tokenizer.min_char_count, or clean odd scripts out",
                );
            }
        }
        if tokens.sample_pairs_too_long > 0 {
            let share = tokens.sample_pairs_too_long as f64 / tokens.sample_pairs.max(1) as f64;
            let what = format!("{} of sampled pairs have more than clean.max_tokens tokens", percent(share));
            let level = if share > SOME { Level::Warning } else { Level::Note };
            let next = "training drops them: split them, raise clean.max_tokens, or leave it so";
            self.push(level, tokens.sample_pairs_too_long as u64, what, None, next);
        }
    }

    fn cleaning(&mut self) {
        let clean = &self.report.clean;
        if clean.all.kept == 0 {
            let what = format!("cleaning drops all of {}", some(clean.all.read as u64, "pair"));
            self.push(
                Level::Error,
                clean.all.read as u64,
                what,
                None,
                "nothing is left to learn from: see why below",
            );
            return;
        }
        for (reason, tally) in &clean.all.dropped {
            let share = self.share(tally.count as u64);
            let level = if share > MANY_DROPPED { Level::Warning } else { Level::Note };
            if *reason == Reason::Duplicate && level == Level::Note {
                continue;
            }
            let what =
                format!("cleaning drops {} ({}): {reason}", some(tally.count as u64, "pair"), percent(share));
            let place = clean.examples.get(reason).and_then(|pairs| pairs.first()).map(super::Example::place);
            self.push(level, tally.count as u64, what, place, "see the examples, and the keys of clean");
        }
    }

    fn repeats(&mut self, config: &DataConfig) {
        let repeats = &self.report.repeats;
        let further = repeats.repeated_pairs_further;
        if further > 0 && !config.clean.dedup {
            let level = if self.share(further) > SOME { Level::Warning } else { Level::Note };
            let what = format!("{} after an equal one, and kept", some(further, "pair"));
            self.push(level, further, what, None, "set clean.dedup, unless their weight is wanted");
        }
        let several = repeats.sources_with_other_targets;
        if several.texts > 0 {
            let what = format!(
                "{} with different targets, in {}",
                some(several.texts, "source"),
                some(several.pairs, "pair")
            );
            let place = self.places.other_targets.clone();
            self.push(Level::Note, several.pairs, what, place, "fine if all are good translations");
        }
        let copies = self.report.copies;
        if copies > 0 {
            let level = if self.share(copies) > SOME { Level::Warning } else { Level::Note };
            let what = format!("{} with equal sides ({})", some(copies, "pair"), percent(self.share(copies)));
            let place = self.places.copy.clone();
            self.push(
                level,
                copies,
                what,
                place,
                "names and numbers are fine; whole sentences teach copying",
            );
        }
    }

    fn noise(&mut self) {
        for noise in &self.report.characters.noise {
            let lines = noise.src_lines + noise.tgt_lines;
            let share = lines as f64 / (2 * self.report.all.pairs).max(1) as f64;
            let (least, next) = match noise.kind {
                NoiseKind::Replacement => {
                    (0.0, "text was lost when an encoding was converted: get the original")
                }
                NoiseKind::PrivateUse | NoiseKind::Unassigned => {
                    (0.0, "text from a font of its own, or damaged: convert or drop these lines")
                }
                NoiseKind::SignAtWordStart => (SOME, "typing or scanning noise: correct or drop the lines"),
                NoiseKind::Control => (SOME, "they become spaces"),
                NoiseKind::StrayJoiner => (SOME, "the normaliser drops them"),
                NoiseKind::ViramaBeforeSpace => continue,
            };
            let level = if share > least { Level::Warning } else { Level::Note };
            let what = format!("{} in {}", noise.kind.words(), some(lines, "line"));
            self.push(level, lines, what, Some(noise.first.place()), next);
        }
        let characters = &self.report.characters;
        if characters.rare > 0 {
            let what = format!(
                "{} of {} characters come fewer than {} times and would be written as bytes",
                whole(characters.rare as u64),
                whole(characters.different as u64),
                characters.min_char_count
            );
            let place = characters.rare_list.first().map(|rare| rare.first.place());
            self.push(Level::Note, 0, what, place, "look through their list for stray scripts and symbols");
        }
    }

    fn files(&mut self) {
        let not_compared = self.report.repeats.pairs_not_compared;
        if not_compared > 0 {
            let what = format!("the last {} pairs were not compared with others", whole(not_compared));
            self.push(Level::Note, not_compared, what, None, "repeats among them are not counted");
        }
        for source in &self.report.sources {
            let notes = [
                (source.notes.boms, "byte order mark", " removed"),
                (source.notes.crlf_lines, "line", " with a carriage return at its end, which was removed"),
                (
                    source.notes.odd_lines,
                    "line",
                    " with a control character or separator, which becomes a space",
                ),
                (source.notes.inner_breaks, "line break", " inside a cell or segment, which became a space"),
                (source.notes.skipped_units, "unit", " without one of the two languages"),
            ];
            let place = || Some(super::words::file_name(&source.path));
            for (count, noun, rest) in notes.into_iter().filter(|(count, ..)| *count > 0) {
                let what = format!("{}{rest}", some(count as u64, noun));
                self.push(Level::Note, count as u64, what, place(), "nothing need be done");
            }
            if source.notes.bad_utf8 > 0 {
                let what = format!("{} not UTF-8", some(source.notes.bad_utf8 as u64, "line"));
                let next = "convert the file; until then data.on_bad_utf8 decides what becomes of them";
                self.push(Level::Warning, source.notes.bad_utf8 as u64, what, place(), next);
            }
        }
    }
}

/// The script that most of the lines in another one are in.
fn most_other(mix: &ScriptMix, expected: Writing) -> String {
    let others = mix.scripts.iter().filter(|share| share.script != expected);
    let most = others.max_by_key(|share| share.lines_mostly);
    most.map_or_else(String::new, |most| format!("most of them {}", most.script))
}
