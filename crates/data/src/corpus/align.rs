//! Where two sides with different numbers of lines seem to part.
//!
//! If the longer side has `d` lines more, and all of them stand together before line `k`, then lines
//! below `k` fit unshifted and the others shifted by `d`. With `cost(i, j)` the distance of
//! `ln(len_i / len_j)` from its median, the suspect is the `k` with the least
//! `Σ_{i<k} cost(i, i) + Σ_{i≥k} cost(i + d, i)`.

use std::path::Path;

use super::Limits;
use super::lines::Lines;

/// Below this many lines the lengths say nothing.
const MIN_LINES: usize = 8;
/// The best cut must cost at most this share of the worse of the two trivial ones.
const CLEAR_GAIN: f64 = 0.8;

/// Above this many lines the search is not worth its memory.
const MAX_LINES: usize = 1 << 24;

/// The lengths of the lines of a file, in characters; `None` if it has too many, or does not read
/// again as it did before.
pub(super) fn lengths(path: &Path, limits: &Limits) -> Option<Vec<u32>> {
    let mut lines = Lines::open(path, limits).ok()?;
    let mut lengths = Vec::new();
    while let Some(line) = lines.next().ok()? {
        lengths.push(line.chars().count() as u32);
        if lengths.len() > MAX_LINES {
            return None;
        }
    }
    Some(lengths)
}

/// The first line, from 1, from which the sides fit better shifted; `None` if the lengths are
/// inconclusive.
pub(super) fn first_suspect(src: &[u32], tgt: &[u32]) -> Option<usize> {
    let (long, short) = if src.len() > tgt.len() { (src, tgt) } else { (tgt, src) };
    let shift = long.len() - short.len();
    if short.len() < MIN_LINES {
        return None;
    }
    let logs = |lengths: &[u32]| -> Vec<f64> {
        lengths.iter().map(|length| (f64::from(*length) + 1.0).ln()).collect()
    };
    let (long, short) = (logs(long), logs(short));
    let centre = median(&long) - median(&short);
    let cost = |i: usize, shift: usize| (long[i + shift] - short[i] - centre).abs();
    let unshifted: f64 = (0..short.len()).map(|i| cost(i, 0)).sum();
    let shifted: f64 = (0..short.len()).map(|i| cost(i, shift)).sum();

    let (mut total, mut best, mut cut) = (shifted, shifted, 0);
    for i in 0..short.len() {
        total += cost(i, 0) - cost(i, shift);
        if total < best {
            (best, cut) = (total, i + 1);
        }
    }
    (best < CLEAR_GAIN * unshifted.max(shifted)).then_some(cut + 1)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
