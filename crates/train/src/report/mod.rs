//! `report.html`: a run on one page that needs nothing but itself. It can be made at any time: of a run that goes on, has
//! crashed, or has not been validated yet.

mod curves;
mod attention;
mod compare;

pub use attention::pictures;
pub use compare::compare_page;

use crate::config::BackendConfig;
use crate::lock::utc;
use crate::log::clock;
use crate::metrics::{ChrfOrder, Scores, sentence_chrf};
use crate::runs::{Run, State};
use crate::{TrainError, device};
use page::{AttentionPicture, RunPage, SampleHistory, grouped};
use serde_json::Value;
use std::time::Duration;

/// What the files of a run do not say, or only those that take long to read.
#[derive(Clone, Debug)]
pub struct Beside {
    /// How the run stands.
    pub state: State,
    /// Numbers of its model.
    pub n_parameters: Option<u64>,
    /// Target tokens it was trained on.
    pub tgt_tokens: Option<u64>,
    /// Pictures of attention.
    pub pictures: Vec<AttentionPicture>,
}

/// The page about a run.
pub fn page(run: &Run, beside: Beside) -> String {
    let (src, tgt) = (run.text("data.src_lang"), run.text("data.tgt_lang"));
    let mut signatures = Vec::new();
    let scores = scores(run, &mut signatures);
    let page = RunPage {
        title: run.name.clone(),
        subtitle: format!("{src} → {tgt}, {}, step {}", beside.state.name(), run.rows.step()),
        tgt_lang: tgt.into(),
        notices: notices(run, beside.state),
        facts: facts(run, &beside),
        scores,
        signatures,
        charts: curves::charts(&run.rows),
        samples: samples(run),
        pictures: beside.pictures,
        data: data(&run.facts),
        events: events(run),
        config: run.config_text.clone(),
        hashes: hashes(&run.facts),
    };
    page.html()
}

/// The attention of a run's best model on its samples, on the CPU, wherever the run is.
///
/// # Errors
///
/// As [`pictures`].
pub fn pictures_of(run: &Run) -> Result<Vec<AttentionPicture>, TrainError> {
    let Some(last) = run.rows.samples.last() else { return Ok(Vec::new()) };
    let sentences: Vec<String> = last.samples.iter().map(|sample| sample.src.clone()).collect();
    let device = device::open(&BackendConfig::default())?;
    pictures(&run.path.join("best"), &device, run.text("data.dev.tag"), &sentences)
}

fn notices(run: &Run, state: State) -> Vec<String> {
    let rows = &run.rows;
    let mut notices = Vec::new();
    match (state, &rows.end) {
        (State::Running, _) => {
            notices.push(format!("The run goes on: this page is as of step {}.", rows.step()));
        }
        (State::Stopped, _) => {
            notices.push(
                "The run was stopped before its end; the command that began it goes on with it.".into(),
            );
        }
        (State::Diverged, Some(end)) => notices.push(format!("The run diverged: {}", end.reason)),
        (State::Finished | State::Diverged, _) => {}
    }
    let n_left_out = rows.train.iter().filter(|row| row.nonfinite).count();
    if n_left_out > 0 {
        notices.push(format!(
            "Left out, because of numbers that are not finite: {}.",
            counted(n_left_out, "step")
        ));
    }
    if rows.n_unreadable > 0 {
        notices.push(format!("Of metrics.jsonl, {} cannot be read.", counted(rows.n_unreadable, "line")));
    }
    if run.config.is_empty() {
        notices.push("config.toml cannot be read.".into());
    }
    notices
}

fn facts(run: &Run, beside: &Beside) -> Vec<(String, String)> {
    let rows = &run.rows;
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut fact =
        |name: &str, value: Option<String>| facts.extend(value.map(|value| (name.to_owned(), value)));
    fact("State", Some(beside.state.name().into()));
    let end = run.value("train.max_steps").and_then(toml::Value::as_integer).filter(|&end| end > 0);
    let of = end.map_or(String::new(), |end| format!(" of {}", grouped(end as u64)));
    fact("Steps", Some(format!("{}{of}", grouped(rows.step()))));
    fact("Ended by", rows.end.as_ref().map(|end| end.reason.clone()));
    fact("Epochs", rows.train.last().map(|row| format!("in the {}", ordinal(row.epoch.saturating_add(1)))));
    fact(
        "Best validation",
        run.best().map(|best| {
            let averaged = rows.average.as_ref() == Some(best);
            let of = if averaged { "the average" } else { "step" };
            let step = if averaged { String::new() } else { format!(" {}", grouped(best.step)) };
            format!("{of}{step}: chrF++ {:.2}, loss {:.4}", best.chrf_plus_plus, best.loss_nats_per_token)
        }),
    );
    let time = Duration::try_from_secs_f64(rows.elapsed_secs()).ok().filter(|time| !time.is_zero());
    fact("Training time", time.map(clock));
    fact("Target tokens", beside.tgt_tokens.map(grouped));
    fact("Parameters", beside.n_parameters.map(grouped));
    fact("Began", run.started_unix_secs().map(|secs| utc(Duration::from_secs(secs))));
    let threads = run.facts["threads"].as_u64().map(|n| counted(n as usize, "thread"));
    let machine = [run.facts["machine"].as_str().map(str::to_owned), threads];
    let machine: Vec<String> = machine.into_iter().flatten().collect();
    fact("Machine", (!machine.is_empty()).then(|| machine.join(", ")));
    let (backend, precision) = (run.text("backend.kind"), run.text("backend.precision"));
    fact("Backend", (!backend.is_empty()).then(|| format!("{backend}, {precision}")));
    fact(
        "Program",
        run.facts["version"].as_str().map(|version| {
            let git = run.facts["git"].as_str().and_then(|git| git.get(..12));
            git.map_or(version.into(), |git| format!("{version}, revision {git}"))
        }),
    );
    facts
}

fn scores(run: &Run, signatures: &mut Vec<String>) -> (Vec<String>, Vec<Vec<String>>) {
    let head = ["set", "BLEU", "chrF", "chrF++", "TER", "loss"].map(str::to_owned).to_vec();
    let mut table = Vec::new();
    if let Some(best) = run.best() {
        let scores = [best.bleu, best.chrf, best.chrf_plus_plus].map(|score| format!("{score:.2}"));
        let [bleu, chrf, chrf_plus_plus] = scores;
        let loss = format!("{:.4}", best.loss_nats_per_token);
        table.push(vec!["dev, while training".into(), bleu, chrf, chrf_plus_plus, "–".into(), loss]);
    }
    for row in &run.rows.tests {
        let Scores { bleu, chrf, chrf_plus_plus, ter } = &row.scores;
        let scores =
            [bleu.score, chrf.score, chrf_plus_plus.score, ter.score].map(|score| format!("{score:.2}"));
        table.push([vec![row.set.clone()], scores.to_vec(), vec!["–".into()]].concat());
    }
    if let Some(row) = run.rows.tests.first() {
        let Scores { bleu, chrf, chrf_plus_plus, ter } = &row.scores;
        let named = [
            ("BLEU", bleu.signature()),
            ("chrF2", chrf.signature()),
            ("chrF2++", chrf_plus_plus.signature()),
            ("TER", ter.signature()),
        ];
        signatures.extend(named.map(|(name, signature)| format!("{name}|{signature}")));
    }
    (head, table)
}

fn samples(run: &Run) -> Vec<SampleHistory> {
    let mut histories: Vec<SampleHistory> = Vec::new();
    for at in &run.rows.samples {
        for sample in &at.samples {
            let same = |one: &SampleHistory| one.src == sample.src && one.reference == sample.reference;
            let place = histories.iter().position(same).unwrap_or_else(|| {
                let (src, reference) = (sample.src.clone(), sample.reference.clone());
                histories.push(SampleHistory { src, reference, versions: Vec::new() });
                histories.len() - 1
            });
            let history = &mut histories[place];
            let score = sentence_chrf(&sample.hyp, &sample.reference, ChrfOrder::CHRF2);
            match history.versions.last_mut() {
                Some((when, _, text)) if *text == sample.hyp => {
                    let first = when.split('–').next().unwrap_or_default().to_owned();
                    *when = format!("{first}–{}", at.step);
                }
                _ => history.versions.push((at.step.to_string(), format!("{score:.0}"), sample.hyp.clone())),
            }
        }
    }
    histories
}

/// About the text, as far as `run.json` says it.
fn data(facts: &Value) -> Vec<(String, String)> {
    let mut data: Vec<(String, String)> = Vec::new();
    let cleaning = &facts["cleaning"];
    for (name, key) in [("Pairs read", "read"), ("Pairs kept", "kept"), ("Of these, equal sides", "copies")] {
        data.extend(cleaning[key].as_u64().map(|n| (name.to_owned(), grouped(n))));
    }
    for (reason, tally) in cleaning["dropped"].as_object().into_iter().flatten() {
        let Some(count) = tally["count"].as_u64() else { continue };
        let first =
            tally["first_line"].as_u64().map_or(String::new(), |line| format!(" (first: line {line})"));
        data.push((format!("Dropped: {}", reason.replace('_', " ")), format!("{}{first}", grouped(count))));
    }
    for (set, lines) in facts["held_out_lines"].as_object().into_iter().flatten() {
        data.extend(lines.as_u64().map(|n| (format!("Lines of {set}"), grouped(n))));
    }
    data
}

fn events(run: &Run) -> Vec<String> {
    let rows = &run.rows;
    let left_out = rows
        .train
        .iter()
        .filter(|row| row.nonfinite)
        .map(|row| (row.step, format!("Step {}: left out, its numbers were not finite", row.step)));
    let back = rows
        .go_backs
        .iter()
        .map(|back| (back.from, format!("Step {}: {}; back to step {}", back.from, back.reason, back.step)));
    let mut events: Vec<(u64, String)> = left_out.chain(back).collect();
    events.sort_by_key(|(step, _)| *step);
    events.into_iter().map(|(_, event)| event).collect()
}

fn hashes(facts: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of_sets = facts["data_blake3"].as_object().into_iter().flatten();
    let mut hashes: Vec<(String, String)> =
        of_sets.map(|(set, hash)| (format!("{set} (BLAKE3)"), text(hash))).collect();
    if facts["git"].is_string() {
        hashes.push(("source tree (git)".into(), text(&facts["git"])));
    }
    hashes
}

/// `1 line`, `2 lines`
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn ordinal(n: u64) -> String {
    let suffix = match (n % 10, n % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{n}{suffix}")
}

#[cfg(test)]
mod tests;
