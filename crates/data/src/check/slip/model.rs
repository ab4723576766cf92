//! How the lengths of the two sides go together.

use std::sync::LazyLock;

/// Lines that the target may be early or late.
pub(super) const REACH: usize = 5;
/// Share of lines whose lengths may be anything.
const STRAY: f32 = 0.05;
/// Steps of a logarithm of a length.
const STEP: f32 = 0.05;
/// Steps up to a length of 2¹⁶.
const STEPS: usize = 223;
/// Lines from which the spread of the ratio is read.
const WINDOW: usize = 64;
/// Fewer lines say nothing.
const LEAST_LINES: usize = 40;

/// The step of a length in characters.
static STEP_OF: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..1 << 16).map(|length: u32| ((length as f32 + 1.0).ln() / STEP).round() as u8).collect()
});

/// The step of a length, for [`Slips::push`](super::Slips::push).
pub(in crate::check) fn step(chars: usize) -> u8 {
    STEP_OF[chars.min(STEP_OF.len() - 1)]
}

/// True if the lengths of the sides vary, but not together at any offset.
pub(super) fn is_lost(lengths: &[[u8; 2]]) -> bool {
    if lengths.len() < 3 * LEAST_LINES {
        return false;
    }
    let limit = (6.0 / (lengths.len() as f64).sqrt()).clamp(0.1, 0.4);
    (0..=2 * REACH).all(|state| {
        let mut together = Together::default();
        let (src, tgt) = (&lengths[REACH.saturating_sub(state)..], &lengths[state.saturating_sub(REACH)..]);
        src.iter().zip(tgt).for_each(|([src, _], [_, tgt])| together.add(*src, *tgt));
        together.varies() && together.correlation() < limit
    })
}

/// Sums from which follows how two lengths vary together.
#[derive(Default)]
pub(super) struct Together {
    n: f64,
    sums: [f64; 2],
    squares: [f64; 2],
    product: f64,
}

impl Together {
    pub(super) fn add(&mut self, src: u8, tgt: u8) {
        let [x, y] = [src, tgt].map(|step| f64::from(step) * f64::from(STEP));
        self.n += 1.0;
        self.sums = [self.sums[0] + x, self.sums[1] + y];
        self.squares = [self.squares[0] + x * x, self.squares[1] + y * y];
        self.product += x * y;
    }

    fn variances(&self) -> [f64; 2] {
        [0, 1].map(|side| (self.squares[side] / self.n - (self.sums[side] / self.n).powi(2)).max(0.0))
    }

    /// True if both lengths differ from line to line, typically by a fifth.
    pub(super) fn varies(&self) -> bool {
        self.n > 0.0 && self.variances().iter().all(|variance| *variance > 0.04)
    }

    pub(super) fn correlation(&self) -> f64 {
        if self.n == 0.0 {
            return 0.0;
        }
        let [x, y] = self.variances();
        let both = self.product / self.n - self.sums[0] * self.sums[1] / (self.n * self.n);
        if x * y > 0.0 { both / (x * y).sqrt() } else { 0.0 }
    }
}

/// How lengths go together in a file.
pub(super) struct Model {
    /// The typical deviation `b`.
    pub(super) scale: f32,
    /// Evidence for lines belonging together, by the steps of both lengths.
    evidence: Vec<f32>,
}

impl Model {
    /// `None` if there are too few lines.
    pub(super) fn of(lengths: &[[u8; 2]], first_scale: Option<f32>) -> Option<Self> {
        if lengths.len() < LEAST_LINES {
            return None;
        }
        let centre = centre(lengths);
        // A later block is not taken for noisier than the first one by much: it may be all wrong.
        let scale = scale(lengths, centre).min(first_scale.map_or(f32::INFINITY, |first| 1.25 * first));
        let mut shares = [0.0_f32; STEPS];
        for [src, _] in lengths {
            shares[*src as usize] += 1.0 / lengths.len() as f32;
        }
        let density = |src: usize, tgt: usize| {
            let x = (src as f32 - tgt as f32) * STEP - centre;
            (-x.abs() / scale).exp() / (2.0 * scale)
        };
        let mut evidence = vec![0.0; STEPS * STEPS];
        for tgt in 0..STEPS {
            let random: f32 = shares.iter().enumerate().map(|(src, share)| share * density(src, tgt)).sum();
            for src in 0..STEPS {
                let likelier = density(src, tgt) / random.max(1e-9);
                evidence[src * STEPS + tgt] = ((1.0 - STRAY) * likelier + STRAY).ln();
            }
        }
        Some(Self { scale, evidence })
    }

    pub(super) fn evidence(&self, src: u8, tgt: u8) -> f32 {
        self.evidence[src as usize * STEPS + tgt as usize]
    }
}

/// The median of the differences.
fn centre(lengths: &[[u8; 2]]) -> f32 {
    let mut counts = [0_usize; 2 * STEPS];
    for [src, tgt] in lengths {
        counts[STEPS + *src as usize - *tgt as usize] += 1;
    }
    let mut so_far = 0;
    let half = |count: &usize| {
        so_far += count;
        2 * so_far >= lengths.len()
    };
    counts.iter().position(half).map_or(0.0, |place| (place as f32 - STEPS as f32) * STEP)
}

/// The typical deviation from the centre: of windows at their best offset, that in the middle of the
/// quieter two thirds; so that a corpus of which half has slipped gives the same.
fn scale(lengths: &[[u8; 2]], centre: f32) -> f32 {
    let mean = |first: usize, state: usize| {
        let window = first..(first + WINDOW).min(lengths.len());
        let deviation = |line: usize| {
            let tgt = (line + state).checked_sub(REACH).and_then(|line| lengths.get(line))?[1];
            Some(((f32::from(lengths[line][0]) - f32::from(tgt)) * STEP - centre).abs().min(1.5))
        };
        let (sum, n) = window.filter_map(deviation).fold((0.0, 0), |(sum, n), x| (sum + x, n + 1));
        if n == 0 { f32::INFINITY } else { sum / n as f32 }
    };
    let windows = (0..lengths.len()).step_by(WINDOW);
    let mut best: Vec<f32> = windows
        .map(|first| (0..=2 * REACH).map(|state| mean(first, state)).fold(f32::INFINITY, f32::min))
        .collect();
    best.sort_unstable_by(f32::total_cmp);
    (1.1 * best[best.len() * 2 / 5]).max(0.1)
}
