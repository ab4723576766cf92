//! Lengths and bars of blocks.

use std::fmt::{self, Formatter};

use super::{cut, heading};
use crate::check::histogram::Histogram;
use crate::check::report::Report;
use crate::check::words::{Unit, number, range, whole};

/// Columns of a bar at its longest.
pub(super) const BAR: usize = 28;

/// A bar of eighths of blocks.
pub(super) fn bar(share: f64, columns: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share * 8.0 * columns as f64).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

pub(super) fn lengths(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    let [src, tgt] = &report.languages;
    heading(f, "Lengths")?;
    let lengths = &report.lengths;
    write!(f, "\n{:<24}{:>12}{:>12}{:>12}{:>12}{:>12}", "", "least", "median", "mean", "95 %", "most")?;
    for (name, histogram) in [
        (format!("characters, {src}"), &lengths.src_chars),
        (format!("characters, {tgt}"), &lengths.tgt_chars),
        (format!("words, {src}"), &lengths.src_words),
        (format!("words, {tgt}"), &lengths.tgt_words),
        (format!("characters, {tgt}/{src}"), &lengths.tgt_src_ratio),
    ] {
        let spread = &histogram.spread;
        let columns = [spread.min, spread.median, spread.mean, spread.p95, spread.max].map(number);
        write!(f, "\n{:<24}", cut(&name, 23))?;
        columns.iter().try_for_each(|column| write!(f, "{column:>12}"))?;
    }
    two_histograms(f, "characters a line", [&lengths.src_chars, &lengths.tgt_chars], [src, tgt])?;
    two_histograms(f, "words a line", [&lengths.src_words, &lengths.tgt_words], [src, tgt])?;
    write!(f, "\n\ncharacters, {tgt}/{src}")?;
    let most = lengths.tgt_src_ratio.bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    for one in &lengths.tgt_src_ratio.bars {
        let bar = bar(one.count as f64 / most as f64, 2 * BAR);
        write!(f, "\n{:>14}  {bar}{}{}", range(one, Unit::Ratio), gap(&bar), whole(one.count))?;
    }
    Ok(())
}

fn gap(bar: &str) -> &'static str {
    if bar.is_empty() { "" } else { " " }
}

pub(super) fn two_histograms(
    f: &mut Formatter<'_>,
    title: &str,
    sides: [&Histogram; 2],
    names: [&String; 2],
) -> fmt::Result {
    for (histogram, name) in sides.into_iter().zip(names) {
        write!(f, "\n\n{title}, {name}")?;
        let most = histogram.bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
        for one in &histogram.bars {
            let bar = bar(one.count as f64 / most as f64, 2 * BAR);
            write!(f, "\n{:>14}  {bar}{}{}", range(one, Unit::Count), gap(&bar), whole(one.count))?;
        }
    }
    Ok(())
}
