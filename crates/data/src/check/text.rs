//! The report for a terminal: at most 100 columns, no colours.

mod bars;

use std::fmt::{self, Formatter};

use super::examples::Example;
use super::report::Report;
use super::script_mix::ScriptMix;
use super::words::{file_name, percent, run_words, some, whole};
use super::worst::WorstList;

use bars::{BAR, bar, lengths, two_histograms};

/// Columns of the page.
const WIDTH: usize = 100;
/// Pairs shown of each list; the page in HTML and the data hold all.
const SHOWN: usize = 3;
/// Rare characters shown.
const SHOWN_RARE: usize = 10;

/// The first characters of a text that fit; its marks take no column, but may.
fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns - 1).collect();
    format!("{}…", kept.trim_end_matches('…'))
}

/// Words in lines of at most [`WIDTH`] columns, all but the first indented.
fn wrap(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let pages =
            [findings, sources, lengths, scripts, repeats, overlap, slips, clean, tokens, characters, worst];
        let [src, tgt] = &self.languages;
        write!(f, "{} pairs, {src} to {tgt}", whole(self.all.pairs))?;
        pages.into_iter().try_for_each(|page| page(self, f))
    }
}

fn heading(f: &mut Formatter<'_>, title: &str) -> fmt::Result {
    write!(f, "\n\n{title}\n{}", "─".repeat(title.chars().count()))
}

fn findings(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    heading(f, "Findings")?;
    if report.findings.is_empty() {
        write!(f, "\nnone")?;
    }
    for finding in &report.findings {
        let place = finding.place.as_ref().map(|place| format!(" [{place}]")).unwrap_or_default();
        let text = format!("{:<7}  {}{place}: {}", finding.level, finding.what, finding.next);
        // The level is padded to its column; wrapping folds spaces.
        let (level, rest) = text.split_at(9);
        let wrapped = wrap(&format!("{}{rest}", "x".repeat(9)), 9);
        write!(f, "\n{level}{}", &wrapped[9..])?;
    }
    Ok(())
}

fn sources(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    let [src, tgt] = &report.languages;
    heading(f, "Sources")?;
    let [src_words, tgt_words, src_chars, tgt_chars] =
        [(src, "words"), (tgt, "words"), (src, "chars"), (tgt, "chars")]
            .map(|(side, unit)| format!("{side} {unit}"));
    write!(f, "\n{:<28}{:>12}{src_words:>15}{tgt_words:>15}{src_chars:>15}{tgt_chars:>15}", "", "pairs")?;
    let row = |f: &mut Formatter<'_>, name: &str, totals: &super::Totals| {
        let counts = [totals.src_words, totals.tgt_words, totals.src_chars, totals.tgt_chars].map(whole);
        let [a, b, c, d] = counts;
        write!(f, "\n{:<28}{:>12}{a:>15}{b:>15}{c:>15}{d:>15}", cut(name, 27), whole(totals.pairs))
    };
    for source in &report.sources {
        row(f, &file_name(&source.path), &source.totals)?;
        if source.pairs_found as u64 != source.totals.pairs {
            write!(f, "\n  (of {} pairs, by max_pairs)", whole(source.pairs_found as u64))?;
        }
    }
    if report.sources.len() > 1 {
        row(f, "all", &report.all)?;
    }
    Ok(())
}

fn scripts(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    heading(f, "Scripts")?;
    let [src, tgt] = &report.languages;
    for (name, mix) in [(src, &report.src_scripts), (tgt, &report.tgt_scripts)] {
        one_mix(f, name, mix)?;
    }
    Ok(())
}

fn one_mix(f: &mut Formatter<'_>, name: &str, mix: &ScriptMix) -> fmt::Result {
    let expected = mix.expected.map_or_else(|| "any script".to_owned(), |script| script.to_string());
    let other = match mix.expected {
        Some(_) => format!(", {} of them mostly in another script", whole(mix.lines_mostly_other)),
        None => String::new(),
    };
    let lines = some(mix.lines_with_letters, "line");
    write!(f, "\n{name} ({expected}): {lines} with letters{other}, {} mixed", whole(mix.lines_mixed))?;
    for share in &mix.scripts {
        let bar = bar(share.share, BAR);
        let pad = " ".repeat(BAR - bar.chars().count());
        let (percent, lines) = (percent(share.share), whole(share.lines_mostly));
        write!(f, "\n  {:<12}{bar}{pad}{percent:>14} of letters{lines:>14} lines mostly", share.script)?;
    }
    Ok(())
}

fn repeats(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    heading(f, "Copies and repeats")?;
    let repeats = &report.repeats;
    let several =
        |several: &super::Several| format!("{} in {}", whole(several.texts), some(several.pairs, "pair"));
    write!(f, "\ncopies (source = target)              {}", whole(report.copies))?;
    let further = format!(
        "{} different, {} further times",
        whole(repeats.repeated_pairs),
        whole(repeats.repeated_pairs_further)
    );
    write!(f, "\nrepeated pairs                        {further}")?;
    write!(f, "\nsources with different targets        {}", several(&repeats.sources_with_other_targets))?;
    write!(f, "\ntargets with different sources        {}", several(&repeats.targets_with_other_sources))
}

fn overlap(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    heading(f, "Overlap of train with held-out sets")?;
    if report.overlap.is_empty() {
        return write!(f, "\nno held-out set is configured");
    }
    for set in &report.overlap {
        let [lines, src, tgt, both] = [set.lines, set.src, set.tgt, set.both].map(|n| whole(n as u64));
        write!(
            f,
            "\n{}: {lines} lines, of which in train: source {src}, target {tgt}, both {both}",
            cut(&set.set, 30)
        )?;
        for met in set.examples.iter().take(SHOWN) {
            write!(f, "\n  {} is {}", met.held_out.place(), met.train.place())?;
            sides(f, &report.languages, &met.held_out)?;
            sides(f, &report.languages, &met.train)?;
        }
    }
    Ok(())
}

fn sides(f: &mut Formatter<'_>, languages: &[String; 2], example: &Example) -> fmt::Result {
    let texts = [&example.src, &example.tgt];
    languages.iter().zip(texts).try_for_each(|(language, text)| {
        let language = cut(language, 7);
        write!(f, "\n    {language}  {}", cut(text, WIDTH - 6 - language.chars().count()))
    })
}

fn slips(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    heading(f, "Alignment by length")?;
    let slips = &report.slips;
    if slips.runs.is_empty() {
        return write!(f, "\nno place where the two sides slip against each other");
    }
    write!(f, "\n{} in {}", some(slips.lines as u64, "line"), some(slips.runs_found as u64, "run"))?;
    for run in slips.runs.iter().take(10) {
        let Some(first) = run.first.first() else { continue };
        let (lines, last) = (some(run.lines as u64, "line"), whole(run.last.line as u64));
        write!(f, "\n  {} to {last}, {lines}: {}", first.place(), run_words(run))?;
        for example in run.first.iter().take(2) {
            sides(f, &report.languages, example)?;
        }
    }
    Ok(())
}

fn clean(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    heading(f, "What cleaning would do")?;
    let clean = &report.clean;
    write!(f, "\n{}", clean.all)?;
    if report.sources.len() > 1 {
        for (source, cleaned) in report.sources.iter().zip(&clean.by_source) {
            let dropped: Vec<String> = cleaned
                .dropped
                .iter()
                .map(|(reason, tally)| format!("{reason} {}", whole(tally.count as u64)))
                .collect();
            let (kept, read) = (whole(cleaned.kept as u64), whole(cleaned.read as u64));
            let text = format!("{}: kept {kept} of {read}; {}", file_name(&source.path), dropped.join(", "));
            write!(f, "\n{}", wrap(text.trim_end_matches("; "), 2))?;
        }
    }
    for (reason, examples) in &clean.examples {
        write!(f, "\n  {reason}:")?;
        for example in examples.iter().take(SHOWN) {
            write!(f, " {}", example.place())?;
        }
        if let Some(example) = examples.first() {
            sides(f, &report.languages, example)?;
        }
    }
    Ok(())
}

fn tokens(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    heading(f, "Tokens")?;
    let tokens = &report.tokens;
    if let Some(fault) = &tokens.fault {
        write!(f, "\n{}", wrap(fault, 0))?;
    }
    if tokens.vocab_size == 0 {
        return write!(f, "\nno vocabulary could be learned");
    }
    let (size, sample) = (whole(tokens.vocab_size as u64), whole(tokens.sample_pairs as u64));
    write!(f, "\na vocabulary of {size} ids, learned from and counted on a sample of {sample} pairs")?;
    write!(
        f,
        "\nwith more than clean.max_tokens tokens: {} of them",
        whole(tokens.sample_pairs_too_long as u64)
    )?;
    let [src, tgt] = &report.languages;
    for (name, side) in [(src, &tokens.src), (tgt, &tokens.tgt)] {
        let (total, share) = (whole(side.tokens), percent(side.byte_share));
        write!(f, "\n{name}: {total} tokens, {:.2} a word, {share} are bytes", side.tokens_per_word)?;
    }
    two_histograms(f, "tokens a line", [&tokens.src.per_line, &tokens.tgt.per_line], [src, tgt])
}

fn characters(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    heading(f, "Characters")?;
    let found = &report.characters;
    let (different, rare) = (whole(found.different as u64), whole(found.rare as u64));
    write!(f, "\n{different} different ones, {rare} of them fewer than {} times", found.min_char_count)?;
    for rare in found.rare_list.iter().take(SHOWN_RARE) {
        let place = rare.first.place();
        write!(
            f,
            "\n  {:<8} {} ({}), {} times, first {place}",
            rare.code_point, rare.character, rare.block, rare.count
        )?;
    }
    let [src, tgt] = &report.languages;
    for noise in &found.noise {
        let counts = [(src, noise.src_lines), (tgt, noise.tgt_lines)].map(|(language, lines)| {
            format!(
                "{language} {} ({})",
                whole(lines),
                percent(lines as f64 / report.all.pairs.max(1) as f64)
            )
        });
        let (words, place) = (noise.kind.words(), noise.first.place());
        let text = format!("lines with {words}: {}, first {place}", counts.join(", "));
        write!(f, "\n{}", wrap(&text, 2))?;
    }
    Ok(())
}

fn worst(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    heading(f, "The worst pairs")?;
    report.worst.iter().filter(|list| !list.pairs.is_empty()).try_for_each(|list| worst_list(report, list, f))
}

fn worst_list(report: &Report, list: &WorstList, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "\n{}", list.scale.words())?;
    for worst in list.pairs.iter().take(SHOWN) {
        let dropped = worst.dropped.map(|reason| format!("  dropped: {reason}")).unwrap_or_default();
        write!(f, "\n  {:>8}  {}{dropped}", list.scale.show(worst.value), worst.pair.place())?;
        sides(f, &report.languages, &worst.pair)?;
    }
    Ok(())
}
