//! Counts of numbers: spread and bars.

use serde::Serialize;

/// Numbers above this are counted as this one; their largest is kept.
const MOST: usize = 1 << 16;
/// Bars of a histogram, the last of which is open.
const BARS: usize = 12;
/// Steps of a ratio in a doubling.
const STEPS: f64 = 64.0;
/// Where the bars of ratios begin.
const EDGES: [f64; 11] = [0.0, 0.25, 0.35, 0.5, 0.71, 1.0, 1.41, 2.0, 2.83, 4.0, 8.0];
/// Doublings of a ratio above and below 1 that are told apart.
const DOUBLINGS: f64 = 10.0;

/// How often each number came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    by_number: Vec<u64>,
    n: u64,
    sum: u64,
    max: usize,
}

impl Counts {
    /// Counts a number.
    pub(super) fn add(&mut self, number: usize) {
        let place = number.min(MOST);
        if place >= self.by_number.len() {
            self.by_number.resize(place + 1, 0);
        }
        self.by_number[place] += 1;
        self.n += 1;
        self.sum += number as u64;
        self.max = self.max.max(number);
    }

    /// Adds what another one counted.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.by_number.len() < other.by_number.len() {
            self.by_number.resize(other.by_number.len(), 0);
        }
        for (all, these) in self.by_number.iter_mut().zip(&other.by_number) {
            *all += these;
        }
        self.n += other.n;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// The sum of the numbers.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    /// The least number that at least `share` of all do not exceed.
    fn quantile(&self, share: f64) -> usize {
        let wanted = ((share * self.n as f64).ceil() as u64).max(1);
        let mut so_far = 0;
        for (number, count) in self.by_number.iter().enumerate() {
            so_far += count;
            if so_far >= wanted {
                return number;
            }
        }
        self.max
    }

    /// Spread and bars.
    pub(super) fn report(&self) -> Histogram {
        let min = self.by_number.iter().position(|count| *count > 0).unwrap_or(0);
        let spread = Spread {
            min: min as f64,
            median: self.quantile(0.5) as f64,
            p95: self.quantile(0.95) as f64,
            max: self.max as f64,
            mean: self.sum as f64 / self.n.max(1) as f64,
        };
        let width = nice_width(self.quantile(0.99) + 1);
        let bar = |bar: usize| {
            let open = bar + 1 == BARS;
            let (from, to) = (bar * width, (bar + 1) * width);
            let inside = self.by_number.iter().skip(from).take(if open { usize::MAX } else { width });
            Bar { from: from as f64, to: (!open).then_some(to as f64), count: inside.sum() }
        };
        let mut bars: Vec<Bar> = (0..BARS).map(bar).collect();
        while bars.last().is_some_and(|bar| bar.count == 0) {
            bars.pop();
        }
        Histogram { count: self.n, spread, bars }
    }
}

/// The least of 1, 2, 5, 10, 20 … with which all but one bar reach `end`.
fn nice_width(end: usize) -> usize {
    let mut unit = 1;
    loop {
        for step in [1, 2, 5] {
            if step * unit * (BARS - 1) >= end {
                return step * unit;
            }
        }
        unit *= 10;
    }
}

/// Ratios, counted in steps of about a hundredth.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ratios {
    steps: Counts,
    min: f64,
    max: f64,
}

impl Default for Ratios {
    fn default() -> Self {
        Self { steps: Counts::default(), min: f64::INFINITY, max: 0.0 }
    }
}

impl Ratios {
    /// Counts a ratio, more than 0.
    pub(super) fn add(&mut self, ratio: f64) {
        let doublings = ratio.log2().clamp(-DOUBLINGS, DOUBLINGS);
        self.steps.add(((doublings + DOUBLINGS) * STEPS).round() as usize);
        (self.min, self.max) = (self.min.min(ratio), self.max.max(ratio));
    }

    /// Adds what another one counted.
    pub(super) fn merge(&mut self, other: &Self) {
        self.steps.merge(&other.steps);
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
    }

    /// Spread and bars.
    pub(super) fn report(&self) -> Histogram {
        if self.steps.n == 0 {
            return Histogram::default();
        }
        let ratio = |step: f64| (step / STEPS - DOUBLINGS).exp2();
        let quantile = |share| ratio(self.steps.quantile(share) as f64).clamp(self.min, self.max);
        let spread = Spread {
            min: self.min,
            median: quantile(0.5),
            p95: quantile(0.95),
            max: self.max,
            mean: ratio(self.steps.sum as f64 / self.steps.n as f64).clamp(self.min, self.max),
        };
        let bars = EDGES.iter().enumerate().map(|(i, from)| {
            let to = EDGES.get(i + 1).copied();
            let inside =
                |step: usize| ratio(step as f64) >= *from && to.is_none_or(|to| ratio(step as f64) < to);
            let counts = self.steps.by_number.iter().enumerate();
            Bar { from: *from, to, count: counts.filter(|(step, _)| inside(*step)).map(|(_, n)| n).sum() }
        });
        Histogram { count: self.steps.n, spread, bars: bars.collect() }
    }
}

/// The spread of some numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// Half of them are at most this; of ratios to a hundredth.
    pub median: f64,
    /// 95 of 100 are at most this; of ratios to a hundredth.
    pub p95: f64,
    /// The largest.
    pub max: f64,
    /// Their mean; of ratios the geometric one, to a hundredth.
    pub mean: f64,
}

/// One bar of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// Numbers from this one on …
    pub from: f64,
    /// … and below this one; `None`: all larger ones.
    pub to: Option<f64>,
    /// How many.
    pub count: u64,
}

/// How some numbers are spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// How many numbers there are.
    pub count: u64,
    /// In figures.
    pub spread: Spread,
    /// In bars, without empty ones at the end.
    pub bars: Vec<Bar>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_and_bars_are_those_of_the_sorted_numbers() {
        let numbers: Vec<usize> = (0..1000).map(|n| n * n % 997).collect();
        let mut counts = Counts::default();
        for n in &numbers {
            counts.add(*n);
        }
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        let report = counts.report();
        assert_eq!(report.spread.median, sorted[499] as f64);
        assert_eq!(report.spread.p95, sorted[949] as f64);
        assert_eq!((report.spread.min, report.spread.max), (0.0, sorted[999] as f64));
        assert_eq!(report.bars.iter().map(|bar| bar.count).sum::<u64>(), 1000);
        let in_second = numbers.iter().filter(|n| (100..200).contains(*n)).count() as u64;
        assert_eq!(report.bars[1], Bar { from: 100.0, to: Some(200.0), count: in_second });
    }

    #[test]
    fn huge_numbers_keep_their_largest() {
        let mut counts = Counts::default();
        counts.add(3);
        counts.add(1_000_000);
        let mut other = Counts::default();
        other.add(2_000_000);
        counts.merge(&other);
        let report = counts.report();
        assert_eq!((report.spread.max, report.spread.median, counts.sum()), (2e6, 65536.0, 3_000_003));
        assert_eq!(report.bars.iter().map(|bar| bar.count).sum::<u64>(), 3);
        assert_eq!(Counts::default().report().bars, []);
    }

    #[test]
    fn ratios_are_near() {
        let mut ratios = Ratios::default();
        for ratio in [0.1, 0.5, 0.9, 1.1, 20.0] {
            ratios.add(ratio);
        }
        let report = ratios.report();
        assert!((report.spread.median - 0.9).abs() < 0.01, "{}", report.spread.median);
        assert_eq!((report.spread.min, report.spread.max), (0.1, 20.0));
        assert_eq!(
            report.bars.iter().map(|bar| bar.count).collect::<Vec<_>>(),
            [1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1]
        );
    }
}
