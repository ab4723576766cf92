//! Attention alone against the number of words.

use super::measure::{Effort, bytes, last_exponent};
use super::{Lesson, chart, ratio, seconds};
use crate::trainer::{forget_peak, resident};
use burn::tensor::{Device, Distribution, Tensor};
use kernels::{Dropout, Mask, Order};

/// Heads and their width: those of configs/small.toml.
const N_HEADS: usize = 4;
const D_HEAD: usize = 32;

type Body = fn(Tensor<4>, Tensor<4>, Tensor<4>, &Mask, Dropout) -> Tensor<4>;

/// What one length costs.
struct Cost {
    words: usize,
    forward: f64,
    /// Forward and backward.
    both: f64,
    /// Bytes by which the process has been larger than before the first length, if the system tells.
    grown: Option<f64>,
}

pub(super) fn add(lesson: &mut Lesson, effort: &Effort) {
    // The one that needs less comes first: what the process has taken once it keeps.
    let tiles = costs(kernels::attention, effort);
    let plain = costs(kernels::plain::attention, effort);
    lesson.heading("Attention alone, against the number of words");
    lesson.text(format!(
        "softmax(Q Kᵀ / √d) V with {N_HEADS} heads of {D_HEAD}, one sentence. Plain: every score is written down, \
         N × N for each head, and kept for the way back. In tiles: the same numbers, but the scores of a few words at a \
         time, which never leave the cache and are computed again on the way back (Dao et al. 2022, arXiv:2205.14135); this \
         is what trains here."
    ));
    lesson.text(format!("Scores of one head: {}.", sizes(effort)));
    table(lesson, "Plain", &plain);
    table(lesson, "In tiles", &tiles);
    charts(lesson, &plain, &tiles);
    verdict(lesson, &plain, &tiles);
}

fn sizes(effort: &Effort) -> String {
    let size = |&words: &usize| format!("{words} × {words} = {}", words * words);
    effort.words.iter().skip(1).step_by(2).map(size).collect::<Vec<_>>().join(", ")
}

/// The bytes of the scores of all heads, float32: exactly that.
fn matrix_bytes(words: usize) -> f64 {
    (N_HEADS * words * words * 4) as f64
}

fn costs(body: Body, effort: &Effort) -> Vec<Cost> {
    let before = forget_peak();
    let mask = Mask { padding: None, order: Order::Any };
    let measure = |&words: &usize| {
        let inputs = |device: &Device| {
            [(); 3].map(|()| Tensor::<4>::random([1, N_HEADS, words, D_HEAD], Distribution::Default, device))
        };
        let [q, k, v] = inputs(&Device::flex());
        let forward = effort.fastest(|| {
            let _ = body(q.clone(), k.clone(), v.clone(), &mask, Dropout::NONE);
        });
        let [q, k, v] = inputs(&Device::flex().autodiff()).map(Tensor::require_grad);
        let both = effort.fastest(|| {
            let y = body(q.clone(), k.clone(), v.clone(), &mask, Dropout::NONE);
            let _ = y.sum().backward();
        });
        let grown = resident("VmHWM").zip(before).map(|(now, before)| (now - before).max(0.0));
        Cost { words, forward, both, grown }
    };
    effort.words.iter().map(measure).collect()
}

fn table(lesson: &mut Lesson, name: &str, costs: &[Cost]) {
    let stored = |cost: &Cost| {
        if name == "Plain" { bytes(matrix_bytes(cost.words)) } else { "never whole".into() }
    };
    let rows = costs.iter().map(|cost| {
        let grown = cost.grown.map_or("–".into(), bytes);
        let words = cost.words.to_string();
        [words, seconds(cost.forward), seconds(cost.both), stored(cost), grown]
    });
    lesson.table(
        &format!("{name}: time, the matrix of scores, and by how much the process had grown by then"),
        ["words", "forward", "and back", "scores", "process"],
        rows.collect(),
    );
}

fn times(costs: &[Cost]) -> Vec<(f64, f64)> {
    costs.iter().map(|cost| (cost.words as f64, cost.both)).collect()
}

fn charts(lesson: &mut Lesson, plain: &[Cost], tiles: &[Cost]) {
    // A line of slope 2 and one of slope 1 through the last plain point, to compare with.
    let lines = times(plain);
    let &(most, slowest) = lines.last().expect("there are lengths");
    let ideal = |power: f64| -> Vec<(f64, f64)> {
        [most / 8.0, most].map(|words| (words, slowest * (words / most).powf(power))).to_vec()
    };
    lesson.chart(chart(
        "Time of attention, forward and backward",
        "words N",
        "seconds",
        vec![("plain", lines), ("in tiles", times(tiles)), ("N²", ideal(2.0)), ("N", ideal(1.0))],
    ));
    let grown = |costs: &[Cost]| {
        costs.iter().filter_map(|cost| Some((cost.words as f64, cost.grown?))).collect::<Vec<_>>()
    };
    let scores = plain.iter().map(|cost| (cost.words as f64, matrix_bytes(cost.words))).collect();
    lesson.chart(chart(
        "Memory of attention, forward and backward",
        "words N",
        "bytes",
        vec![("process, plain", grown(plain)), ("process, in tiles", grown(tiles)), ("the scores", scores)],
    ));
}

fn verdict(lesson: &mut Lesson, plain: &[Cost], tiles: &[Cost]) {
    let at = |costs: &[Cost], place: usize| (costs[place].words, costs[place].both);
    let last = plain.len() - 1;
    for (name, costs) in [("Plain", plain), ("In tiles", tiles)] {
        let (few, (most, slow)) = (at(costs, last - 2), at(costs, last));
        lesson.text(format!(
            "{name}: from {} to {most} words the time grows as N^{:.2}: {} times for {} times the words.",
            few.0,
            last_exponent(&times(costs)),
            ratio(slow / few.1),
            most / few.0
        ));
    }
    let ((one, short), (most, long)) = (at(tiles, 0), at(tiles, last));
    lesson.text(format!(
        "Is it O(1), so that {most} words take as long as {one}? No: {} times as long in tiles, {} times plainly. What is \
         O(1) is the number of steps that must wait for each other: all words are computed side by side, as far as there \
         are processors for them. The work is N².",
        ratio(long / short),
        ratio(at(plain, last).1 / at(plain, 0).1)
    ));
    lesson.text(format!(
        "In tiles the work is N², too; the memory is not: of {} scores for {most} words no more than a few tiles exist at a \
         time. Time and memory are two things, and only the memory has been got rid of.",
        N_HEADS * most * most
    ));
}
