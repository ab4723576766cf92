//! `runs compare`: what differs between runs.

use super::runs::{NOTHING, best, metric_name, print_table, shown, time};
use crate::cli::stdout_error;
use crate::commands::data::expect_place;
use crate::commands::report::read;
use crate::disk::SystemDisk;
use crate::report::compare_page;
use crate::runs::Run;
use crate::validate::Validation;
use crate::{TrainError, files};
use page::grouped;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

/// Columns of a small plot.
const PLOT_WIDTH: usize = 40;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

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
    html.map_or(Ok(()), expect_place)?;
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
    let value = |one: &Validation| one.merit(metric).abs();
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
fn sparkline(run: &Run, last_step: u64, height: &dyn Fn(&Validation) -> f64) -> String {
    let validations = &run.rows.validations;
    // Steps may be a stranger's: the product of two large numbers has room.
    let until =
        |column: usize| ((column as u128 + 1) * u128::from(last_step.max(1)) / PLOT_WIDTH as u128) as u64;
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
