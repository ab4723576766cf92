//! `runs`: a table of the runs in a directory.

use super::text_width;
use crate::cli::stdout_error;
use crate::commands::evaluate::Format;
use crate::config::Metric;
use crate::disk::SystemDisk;
use crate::log::clock;
use crate::runs::{self, Run, State};
use crate::{TrainError, lock};
use page::{grouped, is_unruly};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// What comes first in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SortBy {
    /// The run that was written to last
    #[default]
    Age,
    /// By the alphabet
    Name,
    /// The best on dev
    Score,
    /// The one with the most steps
    Step,
    /// The longest
    Time,
    /// The largest
    Params,
}

/// What stands where nothing is known.
pub(super) const NOTHING: &str = "–";

/// A run with what takes a look at more files.
struct Listed {
    run: Run,
    state: State,
    n_parameters: Option<u64>,
    changed_unix_secs: Option<u64>,
}

impl Listed {
    fn new(run: Run) -> Self {
        let n_parameters = run.n_parameters(&SystemDisk);
        Self { state: run.state(), n_parameters, changed_unix_secs: run.changed_unix_secs(), run }
    }

    /// The best dev score, larger is better.
    fn merit(&self) -> f64 {
        self.run.best().map_or(f64::NEG_INFINITY, |best| best.merit(self.run.metric()))
    }

    /// The one to stand first is less.
    fn compare(&self, other: &Self, by: SortBy) -> Ordering {
        let order = match by {
            SortBy::Age => other.changed_unix_secs.cmp(&self.changed_unix_secs),
            SortBy::Name => Ordering::Equal,
            SortBy::Score => other.merit().total_cmp(&self.merit()),
            SortBy::Step => other.run.rows.step().cmp(&self.run.rows.step()),
            SortBy::Time => other.run.rows.elapsed_secs().total_cmp(&self.run.rows.elapsed_secs()),
            SortBy::Params => other.n_parameters.cmp(&self.n_parameters),
        };
        order.then_with(|| self.run.name.cmp(&other.run.name))
    }

    fn json(&self) -> Value {
        let Self { run, state, n_parameters, changed_unix_secs } = self;
        let tests: BTreeMap<&str, Value> =
            run.rows.tests.iter().map(|test| (test.set.as_str(), json!(test.scores))).collect();
        json!({
            "name": run.name,
            "path": run.path.to_string_lossy(),
            "state": state,
            "step": run.rows.step(),
            "metric": run.metric(),
            "best": run.best(),
            "tests": tests,
            "elapsed_secs": run.rows.elapsed_secs(),
            "n_parameters": n_parameters,
            "started_unix_secs": run.started_unix_secs(),
            "changed_unix_secs": changed_unix_secs,
        })
    }
}

/// Prints the runs in `dir`: a table, or a JSON array.
///
/// # Errors
///
/// The directory cannot be read; standard output is closed.
pub fn list(dir: &Path, sort: SortBy, format: Format, out: &mut impl Write) -> Result<(), TrainError> {
    let runs = runs::list(&SystemDisk, dir).map_err(TrainError::io("list", dir))?;
    let mut runs: Vec<Listed> = runs.into_iter().map(Listed::new).collect();
    runs.sort_by(|a, b| a.compare(b, sort));
    if format == Format::Json {
        let runs: Vec<Value> = runs.iter().map(Listed::json).collect();
        return writeln!(out, "{}", Value::Array(runs)).map_err(stdout_error);
    }
    if runs.is_empty() {
        tracing::info!("no runs in {}", dir.display());
        return Ok(());
    }
    print_table(&table(&runs), out)
}

fn table(runs: &[Listed]) -> Vec<Vec<String>> {
    let sets: BTreeSet<&str> =
        runs.iter().flat_map(|one| &one.run.rows.tests).map(|test| test.set.as_str()).collect();
    let head = ["run", "state", "step", "best on dev"].map(str::to_owned);
    let of_sets = sets.iter().map(|set| format!("{} chrF++", shown(set)));
    let rest = ["time", "params", "age"].map(str::to_owned);
    let head = head.into_iter().chain(of_sets).chain(rest).collect();
    let now = lock::now().as_secs();
    let row = |one: &Listed| {
        let rows = &one.run.rows;
        let score = |set: &&str| {
            let test = rows.tests.iter().find(|test| test.set == **set);
            test.map_or(NOTHING.into(), |test| format!("{:.2}", test.scores.chrf_plus_plus.score))
        };
        let age = one.changed_unix_secs.map_or(NOTHING.into(), |then| age(now.saturating_sub(then)));
        let first = [shown(&one.run.name), one.state.name().into(), grouped(rows.step()), best(&one.run)];
        let rest = [time(&one.run), one.n_parameters.map_or(NOTHING.into(), size), age];
        first.into_iter().chain(sets.iter().map(score)).chain(rest).collect()
    };
    std::iter::once(head).chain(runs.iter().map(row)).collect()
}

pub(super) fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Loss => "loss",
        Metric::Bleu => "BLEU",
        Metric::Chrf => "chrF",
        Metric::ChrfPlusPlus => "chrF++",
    }
}

pub(super) fn best(run: &Run) -> String {
    let metric = run.metric();
    run.best()
        .map_or(NOTHING.into(), |best| format!("{} {:.2}", metric_name(metric), best.merit(metric).abs()))
}

pub(super) fn time(run: &Run) -> String {
    let secs = run.rows.elapsed_secs();
    Duration::try_from_secs_f64(secs).ok().filter(|_| secs > 0.0).map_or(NOTHING.into(), clock)
}

/// A number of parameters in three digits.
fn size(n: u64) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..1_000_000 => format!("{:.0} k", n as f64 / 1e3),
        _ => format!("{:.1} M", n as f64 / 1e6),
    }
}

fn age(secs: u64) -> String {
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min", secs / 60),
        3_600..86_400 => format!("{} h", secs / 3_600),
        _ => format!("{} d", secs / 86_400),
    }
}

/// A name that a stranger may have chosen: nothing in it moves the cursor, or what stands beside it.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if is_unruly(c) { '\u{fffd}' } else { c }).collect()
}

/// Columns as wide as their widest cell, all to the left.
pub(super) fn print_table(rows: &[Vec<String>], out: &mut impl Write) -> Result<(), TrainError> {
    let n = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| text_width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, &width) in row.iter().zip(&widths) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - text_width(cell)));
        }
        writeln!(out, "{}", line.trim_end()).map_err(stdout_error)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes() {
        assert_eq!([5, 65, 7_300, 200_000].map(age), ["5 s", "1 min", "2 h", "2 d"]);
        assert_eq!([12, 45_600, 1_823_744].map(size), ["12", "46 k", "1.8 M"]);
    }

    #[test]
    fn names_do_not_move_the_cursor() {
        assert_eq!(shown("a\u{1b}[2J\nb\u{202e}"), "a\u{fffd}[2J\u{fffd}b\u{fffd}");
    }
}
