//! A stopwatch, and how fast something grows.

use super::Pace;
use std::time::{Duration, Instant};

/// What is measured, and for how long.
#[derive(Clone, Debug)]
pub(super) struct Effort {
    /// Words for attention alone.
    pub(super) words: Vec<usize>,
    /// Words of a sentence for whole models.
    pub(super) sentences: Vec<usize>,
    /// Words of a batch.
    pub(super) batch_words: usize,
    /// At least so long is each number measured.
    each: Duration,
}

impl Effort {
    pub(super) fn of(pace: Pace) -> Self {
        let powers = |from: u32, to: u32| (from..=to).map(|power| 1 << power);
        match pace {
            Pace::Usual => Self {
                words: [1].into_iter().chain(powers(4, 11)).collect(),
                sentences: powers(3, 9).collect(),
                batch_words: 1024,
                each: Duration::from_millis(700),
            },
            Pace::Quick => Self {
                words: [1].into_iter().chain(powers(4, 8)).collect(),
                sentences: powers(3, 5).collect(),
                batch_words: 64,
                each: Duration::from_millis(20),
            },
        }
    }

    /// The seconds of the fastest of at least three repetitions, after one that nobody looks at: whatever else the machine
    /// does makes a repetition longer, never shorter.
    pub(super) fn fastest(&self, mut body: impl FnMut()) -> f64 {
        body();
        let (begin, mut best) = (Instant::now(), f64::INFINITY);
        for repetition in 1.. {
            let start = Instant::now();
            body();
            best = best.min(start.elapsed().as_secs_f64());
            if repetition >= 3 && begin.elapsed() >= self.each {
                break;
            }
        }
        best
    }
}

/// The slope of the line through the logarithms of points, by least squares: the exponent p of `y ∝ xᵖ`.
pub(super) fn exponent(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|log| log.0), mean(|log| log.1));
    let both: f64 = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum();
    both / logs.iter().map(|log| (log.0 - x).powi(2)).sum::<f64>()
}

/// [`exponent`] of the last points, from a quarter of the largest x on: what holds for short ones is overhead.
pub(super) fn last_exponent(points: &[(f64, f64)]) -> f64 {
    let largest = points.last().map_or(0.0, |point| point.0);
    exponent(&points.iter().copied().filter(|point| 4.0 * point.0 >= largest).collect::<Vec<_>>())
}

/// A time as it is read.
pub(super) fn seconds(time: f64) -> String {
    match time {
        1.0.. => format!("{time:.2} s"),
        1e-3.. => format!("{:.2} ms", time * 1e3),
        _ => format!("{:.1} µs", time * 1e6),
    }
}

/// Bytes as they are read.
pub(super) fn bytes(count: f64) -> String {
    match count {
        1_048_576.0.. => format!("{:.1} MiB", count / 1_048_576.0),
        1024.0.. => format!("{:.1} KiB", count / 1024.0),
        _ => format!("{count:.0} B"),
    }
}

/// How many times as much.
pub(super) fn ratio(times: f64) -> String {
    if times < 10.0 { format!("{times:.1}") } else { format!("{times:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_power_is_found() {
        let powers: Vec<(f64, f64)> = [1.0, 2.0, 5.0, 30.0].map(|x: f64| (x, 7.0 * x.powf(1.75))).to_vec();
        assert!((exponent(&powers) - 1.75).abs() < 1e-12);
        let bent = [(1.0, 9.0), (2.0, 9.0), (16.0, 256.0), (32.0, 1024.0), (64.0, 4096.0)];
        assert!((last_exponent(&bent) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn numbers_are_read() {
        assert_eq!([2.5, 0.0025, 2.5e-6].map(seconds), ["2.50 s", "2.50 ms", "2.5 µs"]);
        assert_eq!([12.0, 2048.0, 3_145_728.0].map(bytes), ["12 B", "2.0 KiB", "3.0 MiB"]);
        assert_eq!([1.26, 123.4].map(ratio), ["1.3", "123"]);
    }
}
