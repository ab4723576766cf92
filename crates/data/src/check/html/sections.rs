//! The sections of the page.

use super::Page;
use crate::check::histogram::Histogram;
use crate::check::script_mix::ScriptMix;
use crate::check::words::{Unit, file_name, number, percent, run_words, some, whole};
use page::escape;

impl Page<'_> {
    pub(super) fn findings(&mut self) {
        self.heading("Findings");
        if self.report.findings.is_empty() {
            self.add(format_args!("<p>None.</p>\n"));
        }
        self.add(format_args!("<ul class=\"findings\">\n"));
        for finding in &self.report.findings {
            let (level, what, next) =
                (finding.level.to_string(), escape(&finding.what), escape(&finding.next));
            let place = finding.place.as_ref().map(|place| format!(" <code>{}</code>", escape(place)));
            let place = place.unwrap_or_default();
            self.add(format_args!(
                "<li class=\"{level}\"><b class=\"level\">{level}</b><div><strong>{what}</strong>{place}\
                 <br><span class=\"next\">{next}</span></div></li>\n"
            ));
        }
        self.add(format_args!("</ul>\n"));
    }

    pub(super) fn sources(&mut self) {
        self.heading("Sources");
        let [src, tgt] = &self.report.languages;
        let mut head = vec!["file".to_owned(), "pairs".to_owned()];
        head.extend(
            [(src, "words"), (tgt, "words"), (src, "characters"), (tgt, "characters")]
                .map(|(l, u)| format!("{l} {u}")),
        );
        let row = |name: String, totals: &crate::check::Totals| {
            let counts =
                [totals.pairs, totals.src_words, totals.tgt_words, totals.src_chars, totals.tgt_chars];
            std::iter::once(name).chain(counts.map(whole)).collect::<Vec<_>>()
        };
        let mut rows: Vec<Vec<String>> =
            self.report.sources.iter().map(|source| row(file_name(&source.path), &source.totals)).collect();
        if rows.len() > 1 {
            rows.push(row("all".to_owned(), &self.report.all));
        }
        self.table(&head, &rows);
    }

    pub(super) fn lengths(&mut self) {
        self.heading("Lengths");
        let (lengths, [src, tgt]) = (&self.report.lengths, &self.report.languages);
        let histograms = [
            (format!("characters a line, {src}"), &lengths.src_chars, Unit::Count),
            (format!("characters a line, {tgt}"), &lengths.tgt_chars, Unit::Count),
            (format!("words a line, {src}"), &lengths.src_words, Unit::Count),
            (format!("words a line, {tgt}"), &lengths.tgt_words, Unit::Count),
            (format!("characters, {tgt} divided by {src}"), &lengths.tgt_src_ratio, Unit::Ratio),
        ];
        let head = ["", "least", "median", "mean", "95 %", "most"].map(str::to_owned);
        let row = |(name, histogram, _): &(String, &Histogram, Unit)| {
            let spread = &histogram.spread;
            let numbers = [spread.min, spread.median, spread.mean, spread.p95, spread.max].map(number);
            std::iter::once(name.clone()).chain(numbers).collect::<Vec<_>>()
        };
        let rows: Vec<Vec<String>> = histograms.iter().map(row).collect();
        self.table(&head, &rows);
        self.plots(&histograms);
    }

    pub(super) fn scripts(&mut self) {
        self.heading("Scripts");
        let report = self.report;
        for (side, mix) in [&report.src_scripts, &report.tgt_scripts].into_iter().enumerate() {
            self.mix(&report.languages[side], mix);
        }
    }

    fn mix(&mut self, language: &str, mix: &ScriptMix) {
        let other = match mix.expected {
            Some(expected) => format!(
                " expected {expected}; {} lines are mostly in another script,",
                whole(mix.lines_mostly_other)
            ),
            None => String::new(),
        };
        let (language, lines, mixed) =
            (escape(language), whole(mix.lines_with_letters), whole(mix.lines_mixed));
        self.add(format_args!("<p><b>{language}</b>:{other} {mixed} mixed, of {lines} with letters.</p>\n"));
        let head = ["script", "letters", "share", "lines mostly in it"].map(str::to_owned);
        let row = |share: &crate::check::WritingShare| {
            vec![
                share.script.to_string(),
                whole(share.letters),
                percent(share.share),
                whole(share.lines_mostly),
            ]
        };
        let rows: Vec<Vec<String>> = mix.scripts.iter().map(row).collect();
        self.table(&head, &rows);
    }

    pub(super) fn repeats(&mut self) {
        self.heading("Copies and repeats");
        let repeats = &self.report.repeats;
        let (sources, targets) = (&repeats.sources_with_other_targets, &repeats.targets_with_other_sources);
        let head = ["", "different texts", "pairs"].map(str::to_owned);
        let row = |name: &str, texts: String, pairs: u64| vec![name.to_owned(), texts, whole(pairs)];
        self.table(
            &head,
            &[
                row("copies (source = target)", String::new(), self.report.copies),
                row(
                    "repeated pairs, beyond the first",
                    whole(repeats.repeated_pairs),
                    repeats.repeated_pairs_further,
                ),
                row("sources with different targets", whole(sources.texts), sources.pairs),
                row("targets with different sources", whole(targets.texts), targets.pairs),
            ],
        );
    }

    pub(super) fn overlap(&mut self) {
        self.heading("Overlap of train with held-out sets");
        let report = self.report;
        if report.overlap.is_empty() {
            self.add(format_args!("<p>No held-out set is configured.</p>\n"));
            return;
        }
        let head = ["set", "lines", "source in train", "target in train", "both"].map(str::to_owned);
        let row = |set: &crate::check::SetOverlap| {
            let counts = [set.lines, set.src, set.tgt, set.both].map(|count| whole(count as u64));
            std::iter::once(set.set.clone()).chain(counts).collect::<Vec<_>>()
        };
        let rows: Vec<Vec<String>> = report.overlap.iter().map(row).collect();
        self.table(&head, &rows);
        for set in report.overlap.iter().filter(|set| !set.examples.is_empty()) {
            self.add(format_args!("<h3>{}</h3>\n", escape(&set.set)));
            self.pairs(set.examples.iter().flat_map(|met| {
                [("held out".to_owned(), &met.held_out), ("in train".to_owned(), &met.train)]
            }));
        }
    }

    pub(super) fn slips(&mut self) {
        self.heading("Alignment by length");
        let slips = &self.report.slips;
        if slips.runs.is_empty() {
            self.add(format_args!("<p>No place where the two sides slip against each other.</p>\n"));
            return;
        }
        let (lines, runs) = (some(slips.lines as u64, "line"), some(slips.runs_found as u64, "run"));
        self.add(format_args!("<p>{lines} in {runs}.</p>\n"));
        for run in &slips.runs {
            let Some(first) = run.first.first() else { continue };
            let (from, to) = (escape(&first.place()), whole(run.last.line as u64));
            let (lines, words) = (some(run.lines as u64, "line"), run_words(run));
            self.add(format_args!(
                "<details><summary><code>{from}</code> to {to}, {lines}: {words}</summary>\n"
            ));
            self.pairs(run.first.iter().map(|example| (String::new(), example)));
            self.add(format_args!("</details>\n"));
        }
    }

    pub(super) fn clean(&mut self) {
        self.heading("What cleaning would do");
        let report = self.report;
        let clean = &report.clean;
        let (kept, read, copies) =
            (whole(clean.all.kept as u64), whole(clean.all.read as u64), whole(clean.all.copies as u64));
        self.add(format_args!("<p>Kept {kept} of {read} pairs, {copies} of them with equal sides.</p>\n"));
        let several = report.sources.len() > 1;
        let mut head = vec!["dropped because".to_owned(), "pairs".to_owned(), "first line".to_owned()];
        if several {
            head.extend(report.sources.iter().map(|source| file_name(&source.path)));
        }
        let row = |(reason, tally): (&crate::Reason, &crate::clean::Tally)| {
            let mut row = vec![reason.to_string(), whole(tally.count as u64), whole(tally.first_line as u64)];
            if several {
                row.extend(clean.by_source.iter().map(|one| whole(one.count_of(*reason) as u64)));
            }
            row
        };
        let rows: Vec<Vec<String>> = clean.all.dropped.iter().map(row).collect();
        self.table(&head, &rows);
        for (reason, examples) in &clean.examples {
            self.add(format_args!("<details><summary>{}</summary>\n", escape(&reason.to_string())));
            self.pairs(examples.iter().map(|example| (String::new(), example)));
            self.add(format_args!("</details>\n"));
        }
    }

    pub(super) fn tokens(&mut self) {
        self.heading("Tokens");
        let report = self.report;
        let tokens = &report.tokens;
        if let Some(fault) = &tokens.fault {
            self.add(format_args!("<p>{}.</p>\n", escape(fault)));
        }
        if tokens.vocab_size == 0 {
            self.add(format_args!("<p>No vocabulary could be learned.</p>\n"));
            return;
        }
        let (size, sample) = (whole(tokens.vocab_size as u64), whole(tokens.sample_pairs as u64));
        let long = whole(tokens.sample_pairs_too_long as u64);
        self.add(format_args!(
            "<p>A vocabulary of {size} ids, learned from and counted on a sample of {sample} pairs, evenly spread \
             over those that cleaning keeps; {long} of them have more than <code>clean.max_tokens</code> tokens.</p>\n"
        ));
        let [src, tgt] = &report.languages;
        let head = ["", "tokens", "tokens a word", "are bytes"].map(str::to_owned);
        let row = |name: &String, side: &crate::check::SideTokens| {
            vec![
                name.clone(),
                whole(side.tokens),
                format!("{:.2}", side.tokens_per_word),
                percent(side.byte_share),
            ]
        };
        self.table(&head, &[row(src, &tokens.src), row(tgt, &tokens.tgt)]);
        self.plots(&[
            (format!("tokens a line, {src}"), &tokens.src.per_line, Unit::Count),
            (format!("tokens a line, {tgt}"), &tokens.tgt.per_line, Unit::Count),
        ]);
    }

    pub(super) fn characters(&mut self) {
        self.heading("Characters");
        let report = self.report;
        let found = &report.characters;
        let (different, rare) = (whole(found.different as u64), whole(found.rare as u64));
        let least = found.min_char_count;
        self.add(format_args!(
            "<p>{different} different ones, {rare} of them fewer than {least} times.</p>\n"
        ));
        if !found.noise.is_empty() {
            let [src, tgt] = &report.languages;
            let head = ["lines with", src, "share", tgt, "share", "first"].map(str::to_owned);
            let share = |lines: u64| percent(lines as f64 / report.all.pairs.max(1) as f64);
            let row = |noise: &crate::check::NoiseLines| {
                let (src, tgt) = (noise.src_lines, noise.tgt_lines);
                let counts = [whole(src), share(src), whole(tgt), share(tgt), noise.first.place()];
                std::iter::once(noise.kind.words().to_owned()).chain(counts).collect::<Vec<_>>()
            };
            let rows: Vec<Vec<String>> = found.noise.iter().map(row).collect();
            self.table(&head, &rows);
        }
        if !found.rare_list.is_empty() {
            let head = ["rare", "itself", "block", "times", "first"].map(str::to_owned);
            let row = |rare: &crate::check::RareChar| {
                let (code, itself) = (rare.code_point.clone(), rare.character.clone());
                vec![code, itself, rare.block.to_owned(), whole(rare.count), rare.first.place()]
            };
            let rows: Vec<Vec<String>> = found.rare_list.iter().map(row).collect();
            self.add(format_args!("<details><summary>Rare characters</summary>\n"));
            self.table(&head, &rows);
            self.add(format_args!("</details>\n"));
        }
    }

    pub(super) fn worst(&mut self) {
        self.heading("The worst pairs");
        let report = self.report;
        for list in report.worst.iter().filter(|list| !list.pairs.is_empty()) {
            self.add(format_args!("<details><summary>{}</summary>\n", escape(list.scale.words())));
            self.pairs(list.pairs.iter().map(|worst| {
                let dropped = worst.dropped.map(|reason| format!(", dropped: {reason}")).unwrap_or_default();
                (format!("{}{dropped}", list.scale.show(worst.value)), &worst.pair)
            }));
            self.add(format_args!("</details>\n"));
        }
    }
}
