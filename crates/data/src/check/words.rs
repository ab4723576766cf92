//! Numbers and places in words, for both pages.

pub(super) use page::grouped as whole;

use super::examples::shown;
use super::report::SlipRun;

/// A count with its noun, whose plural ends in s.
pub(super) fn some(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", whole(number), if number == 1 { "" } else { "s" })
}

/// A share as a percentage, with as many digits as it needs to differ from 0.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        0.0 => "0 %".to_owned(),
        p if p < 0.01 => "under 0.01 %".to_owned(),
        p if p < 1.0 => format!("{p:.2} %"),
        p if p < 10.0 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// A number of a spread: whole if it is, else with two digits.
pub(super) fn number(value: f64) -> String {
    if value.fract() == 0.0 { whole(value as u64) } else { format!("{value:.2}") }
}

/// The last two parts of a path, harmless: several sources are often files of one name.
pub(super) fn file_name(path: &str) -> String {
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    shown(&parts[parts.len().saturating_sub(2)..].join("/"))
}

/// How the edges of bars are written.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Unit {
    /// Whole numbers, both ends included.
    Count,
    /// Ratios, the upper end not included.
    Ratio,
}

/// The numbers of a bar.
pub(super) fn range(bar: &super::Bar, unit: Unit) -> String {
    match (unit, bar.to) {
        (Unit::Count, Some(to)) if bar.from + 1.0 == to => whole(bar.from as u64),
        (Unit::Count, Some(to)) => format!("{}–{}", whole(bar.from as u64), whole(to as u64 - 1)),
        (Unit::Count, None) => format!("{} or more", whole(bar.from as u64)),
        (Unit::Ratio, Some(to)) => format!("{} to {to}", bar.from),
        (Unit::Ratio, None) => format!("{} or more", bar.from),
    }
}

/// What a run says, in words.
pub(super) fn run_words(run: &SlipRun) -> String {
    match run.offset_lines {
        None => "lengths do not go together".to_owned(),
        Some(n) => {
            let (lines, way) =
                (some(n.unsigned_abs().into(), "line"), if n > 0 { "later" } else { "earlier" });
            format!("the target fits {lines} {way}")
        }
    }
}
