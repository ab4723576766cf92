//! `runs`: a table of the runs in a directory, and what differs between some of them.

use super::report::read;
use crate::cli::stdout_error;
use crate::commands::evaluate::Format;
use crate::config::Metric;
use crate::disk::SystemDisk;
use crate::log::clock;
use crate::report::{compare_page, grouped};
use crate::runs::{self, Run, State};
use crate::{TrainError, files, lock};
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
const NOTHING: &str = "–";
/// Columns of a small plot.
const PLOT_WIDTH: usize = 40;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

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

/// Prints what differs between runs: configuration, scores, a small plot of the dev score; `html` is written, too.
///
/// # Errors
///
/// A name that is no run; the page cannot be written; standard output is closed.
pub fn compare(
    dir: &Path,
    names: &[String],
    html: Option<&Path>,
    out: &mut impl Write,
) -> Result<(), TrainError> {
    let one = |name: &String| {
        // A path is meant where there is one.
        let below = dir.join(name);
        read(if below.is_dir() { &below } else { Path::new(name) })
    };
    let runs: Vec<Run> = names.iter().map(one).collect::<Result<_, _>>()?;
    let (scores, differences) = (scores(&runs), differences(&runs));
    if let Some(path) = html {
        files::write_file(&SystemDisk, path, compare_page(&runs, &scores, &differences).as_bytes())?;
        tracing::info!("wrote {}", path.display());
    }
    print_table(&scores, out)?;
    writeln!(out).map_err(stdout_error)?;
    match differences.len() {
        1 => writeln!(out, "the configurations are the same").map_err(stdout_error)?,
        _ => print_table(&differences, out)?,
    }
    let plots = plots(&runs);
    if plots.len() > 1 {
        writeln!(out).map_err(stdout_error)?;
        print_table(&plots, out)?;
    }
    Ok(())
}

/// A row for each run.
fn scores(runs: &[Run]) -> Vec<Vec<String>> {
    let sets: BTreeSet<&str> =
        runs.iter().flat_map(|run| &run.rows.tests).map(|test| test.set.as_str()).collect();
    let head = ["run", "state", "step", "time", "best on dev", "dev loss"].map(str::to_owned);
    let of_sets =
        sets.iter().flat_map(|set| ["BLEU", "chrF++"].map(|score| format!("{} {score}", shown(set))));
    let row = |run: &Run| {
        let loss = run.best().map_or(NOTHING.into(), |best| format!("{:.4}", best.loss_nats_per_token));
        let state = run.state().name().into();
        let first = [shown(&run.name), state, grouped(run.rows.step()), time(run), best(run), loss];
        let of_set = |set: &&str| {
            let test = run.rows.tests.iter().find(|test| test.set == **set);
            let scores = test.map(|test| [test.scores.bleu.score, test.scores.chrf_plus_plus.score]);
            scores.map_or([NOTHING, NOTHING].map(str::to_owned), |scores| {
                scores.map(|score| format!("{score:.2}"))
            })
        };
        first.into_iter().chain(sets.iter().flat_map(of_set)).collect()
    };
    std::iter::once(head.into_iter().chain(of_sets).collect()).chain(runs.iter().map(row)).collect()
}

/// A row for each key whose values differ.
fn differences(runs: &[Run]) -> Vec<Vec<String>> {
    let configs: Vec<BTreeMap<String, String>> = runs.iter().map(Run::flat_config).collect();
    let keys: BTreeSet<&String> = configs.iter().flat_map(BTreeMap::keys).collect();
    let head = std::iter::once("key".to_owned()).chain(runs.iter().map(|run| shown(&run.name))).collect();
    // Every run has its own name.
    let differ = |key: &&&String| {
        ***key != "run.name" && configs.iter().any(|config| config.get(**key) != configs[0].get(**key))
    };
    let value = |config: &BTreeMap<String, String>, key: &String| {
        config.get(key).map_or(NOTHING.into(), |value| shown(value))
    };
    let row = |key: &String| {
        std::iter::once(shown(key)).chain(configs.iter().map(|config| value(config, key))).collect()
    };
    std::iter::once(head).chain(keys.iter().filter(differ).map(|key| row(key))).collect()
}

/// The dev score of each run over its steps, on common scales.
fn plots(runs: &[Run]) -> Vec<Vec<String>> {
    let metric = runs[0].metric();
    let value = |one: &crate::validate::Validation| one.merit(metric).abs();
    let all = || runs.iter().flat_map(|run| &run.rows.validations);
    let last = all().map(|one| one.step).max().unwrap_or(0);
    let least = all().map(value).fold(f64::INFINITY, f64::min);
    let most = all().map(value).fold(f64::NEG_INFINITY, f64::max);
    let title =
        format!("{} on dev, {least:.2} to {most:.2}, over {} steps", metric_name(metric), grouped(last));
    let plot = |run: &Run| {
        let line = sparkline(run, last, &|one| (value(one) - least) / (most - least).max(1e-9));
        vec![shown(&run.name), line]
    };
    let rows = runs.iter().filter(|run| !run.rows.validations.is_empty()).map(plot);
    std::iter::once(vec!["run".into(), title]).chain(rows).collect()
}

/// A bar for each share of the steps, as high as the last validation in it; where there is none, as the one before.
fn sparkline(run: &Run, last_step: u64, height: &dyn Fn(&crate::validate::Validation) -> f64) -> String {
    let validations = &run.rows.validations;
    let until = |column: usize| (column as u64 + 1) * last_step.max(1) / PLOT_WIDTH as u64;
    let end = validations.last().map_or(0, |one| one.step);
    let bar = |column: usize| {
        // Behind its end a run has no bars.
        let begun = column == 0 || until(column - 1) < end;
        let seen = validations.partition_point(|one| one.step <= until(column));
        match (begun, seen) {
            (true, 1..) => {
                let level = (height(&validations[seen - 1]) * (BARS.len() - 1) as f64).round();
                BARS[(level as usize).min(BARS.len() - 1)]
            }
            _ => ' ',
        }
    };
    (0..PLOT_WIDTH).map(bar).collect::<String>().trim_end().to_owned()
}

fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Loss => "loss",
        Metric::Bleu => "BLEU",
        Metric::Chrf => "chrF",
        Metric::ChrfPlusPlus => "chrF++",
    }
}

fn best(run: &Run) -> String {
    let metric = run.metric();
    run.best()
        .map_or(NOTHING.into(), |best| format!("{} {:.2}", metric_name(metric), best.merit(metric).abs()))
}

fn time(run: &Run) -> String {
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

/// A name that a stranger may have chosen: nothing in it moves the cursor.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Columns as wide as their widest cell, all to the left.
fn print_table(rows: &[Vec<String>], out: &mut impl Write) -> Result<(), TrainError> {
    let n = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| console_width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, &width) in row.iter().zip(&widths) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - console_width(cell)));
        }
        writeln!(out, "{}", line.trim_end()).map_err(stdout_error)?;
    }
    Ok(())
}

/// Characters, about: whoever names runs in Kannada sees columns a little askew.
fn console_width(text: &str) -> usize {
    unicode_segmentation::UnicodeSegmentation::graphemes(text, true).count()
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
        assert_eq!(shown("a\u{1b}[2J\nb"), "a\u{fffd}[2J\u{fffd}b");
    }
}
