//! Where two sides slipped against each other, found by the lengths of their lines alone.
//!
//! With `s`, `t` the logarithms of one and the length in characters, and `c` the median of `s − t`, a
//! target of length `t` has beside its own source the density `f(t | s) = exp(−|s − t − c| / b) / 2b`,
//! and beside any other on average `g(t)`, the mean of `f(t | s)` over all sources. Line `i` speaks
//! for the offset `d` by `ln(0.95 · f(t[i + d] | s[i]) / g(t[i + d]) + 0.05)` nats, and neither for
//! nor against "the lengths do not go together", the *lost* state. The best path through offsets
//! −5 … 5 and the lost state is Viterbi's, a change of state costing [`SWITCH_NATS`]. If all lines are
//! about as long as each other, nothing speaks for anything, and nothing is found.
//!
//! The idea of aligning by length is Gale and Church's (1993, Computational Linguistics 19:1).
//! Deviation: lines are given, so that only shifts are looked for; ratios instead of differences.

use std::sync::LazyLock;

/// Lines that the target may be early or late.
const REACH: usize = 5;
/// The offsets, and the lost state.
const STATES: usize = 2 * REACH + 2;
/// The state of lines that stand where they belong.
const ALIGNED: usize = REACH;
/// The state of lines whose lengths do not go together.
const LOST: usize = STATES - 1;
/// A change of state costs this. There and back it is e⁻²⁴, a false alarm in 10¹⁰ lines.
const SWITCH_NATS: f32 = 12.0;
/// A run must be this much better than no slip.
const RUN_NATS: f64 = 24.0;
/// Share of lines whose lengths may be anything.
const STRAY: f32 = 0.05;
/// Steps of a logarithm of a length.
const STEP: f32 = 0.05;
/// Steps up to a length of 2¹⁶.
const STEPS: usize = 223;
/// Lines that are decided at a time …
const BLOCK: usize = 1 << 16;
/// … looking this far ahead.
const AHEAD: usize = 1 << 11;
/// Lines from which the spread of the ratio is read.
const WINDOW: usize = 64;
/// Fewer lines say nothing.
const LEAST_LINES: usize = 40;
/// Runs that are kept.
const MOST_RUNS: usize = 1000;

/// The step of a length in characters.
static STEP_OF: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..1 << 16).map(|length: u32| ((length as f32 + 1.0).ln() / STEP).round() as u8).collect()
});

/// The step of a length, for [`Slips::push`].
pub(super) fn step(chars: usize) -> u8 {
    STEP_OF[chars.min(STEP_OF.len() - 1)]
}

/// Lines that do not stand where they belong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    /// The first.
    pub(super) from: usize,
    /// The last.
    pub(super) to: usize,
    /// Lines by which the target is late; `None`: the lengths do not go together.
    pub(super) offset: Option<i32>,
    /// How much better it explains the lengths than no slip, in nats.
    pub(super) gain_nats: f64,
}

/// Looks for slips in lines as they come.
#[derive(Default)]
pub(super) struct Slips {
    /// Steps of the lines, a few of which are already decided.
    lengths: Vec<[u8; 2]>,
    /// The number of the first of them.
    base: usize,
    /// How many of them are decided.
    decided: usize,
    /// The state of the last decided one.
    state: usize,
    /// The first estimate of the file.
    scale: Option<f32>,
    open: Option<Open>,
    /// What was found.
    pub(super) runs: Vec<Run>,
    /// Lines in runs, those included that are not kept.
    pub(super) lines: usize,
    /// Runs found, those included that are not kept.
    pub(super) n_runs: usize,
}

/// A run whose end is not known.
struct Open {
    run: Run,
    state: usize,
    here: Together,
    there: Together,
}

impl Slips {
    /// Starts a file, whose first line has this number; the one before must be finished.
    pub(super) fn start(&mut self, first: usize) {
        self.lengths.clear();
        (self.base, self.decided, self.state, self.scale) = (first, 0, ALIGNED, None);
    }

    /// Takes the next line: the steps of both lengths.
    pub(super) fn push(&mut self, lengths: [u8; 2]) {
        self.lengths.push(lengths);
        if self.lengths.len() - self.decided >= BLOCK + AHEAD {
            self.decide(BLOCK);
        }
    }

    /// Ends a file.
    pub(super) fn finish(&mut self) {
        self.decide(self.lengths.len() - self.decided);
        self.close();
    }

    /// Decides the next lines.
    fn decide(&mut self, lines: usize) {
        let undecided = &self.lengths[self.decided..];
        let states = if is_lost(&undecided[..lines]) {
            self.close();
            self.lose_all(lines);
            vec![LOST; lines]
        } else if let Some(model) = Model::of(undecided, self.scale) {
            self.scale.get_or_insert(model.scale);
            let mut states = self.best_path(&model);
            states.truncate(lines);
            self.extend_runs(&states, &model);
            states
        } else {
            self.close();
            vec![ALIGNED; lines]
        };
        self.state = states.last().copied().unwrap_or(self.state);
        let end = self.decided + lines;
        let context = end.min(REACH);
        self.lengths.drain(..end - context);
        self.base += end - context;
        self.decided = context;
    }

    /// A block without any sign that the sides belong together.
    fn lose_all(&mut self, lines: usize) {
        let from = self.base + self.decided;
        let to = from + lines - 1;
        match self.runs.last_mut() {
            Some(last) if last.offset.is_none() && last.to + 1 == from => {
                last.to = to;
                self.lines += lines;
            }
            _ => self.keep(Run { from, to, offset: None, gain_nats: 0.0 }),
        }
    }

    fn keep(&mut self, run: Run) {
        self.n_runs += 1;
        self.lines += run.to + 1 - run.from;
        if self.runs.len() < MOST_RUNS {
            self.runs.push(run);
        }
    }

    /// The target that an offset gives to a line of `lengths`.
    fn target(&self, line: usize, state: usize) -> Option<u8> {
        (line + state).checked_sub(REACH).and_then(|line| self.lengths.get(line)).map(|lengths| lengths[1])
    }

    /// The best states of all undecided lines.
    fn best_path(&self, model: &Model) -> Vec<usize> {
        let n = self.lengths.len() - self.decided;
        let mut from: Vec<[u8; STATES]> = Vec::with_capacity(n);
        let mut scores = [-SWITCH_NATS; STATES];
        scores[self.state] = 0.0;
        for line in self.decided..self.lengths.len() {
            let (best, best_score) = best_of(&scores);
            let mut back = [0; STATES];
            for state in 0..STATES {
                let stays = scores[state] >= best_score - SWITCH_NATS;
                back[state] = if stays { state as u8 } else { best as u8 };
                let before = if stays { scores[state] } else { best_score - SWITCH_NATS };
                scores[state] = before - best_score + self.evidence(model, line, state);
            }
            from.push(back);
        }
        let mut state = best_of(&scores).0;
        let mut states = vec![0; n];
        for (place, back) in states.iter_mut().zip(&from).rev() {
            *place = state;
            state = back[state] as usize;
        }
        states
    }

    /// What a line says for a state.
    fn evidence(&self, model: &Model, line: usize, state: usize) -> f32 {
        if state == LOST {
            return 0.0;
        }
        let [src, _] = self.lengths[line];
        self.target(line, state).map_or(0.0, |tgt| model.evidence(src, tgt))
    }

    fn extend_runs(&mut self, states: &[usize], model: &Model) {
        for (place, state) in states.iter().enumerate() {
            let line = self.decided + place;
            if self.open.as_ref().is_some_and(|open| open.state != *state) {
                self.close();
            }
            if *state == ALIGNED {
                continue;
            }
            let [src, tgt] = self.lengths[line];
            let shifted = self.target(line, if *state == LOST { ALIGNED } else { *state });
            let gain = self.evidence(model, line, *state) - self.evidence(model, line, ALIGNED);
            let number = self.base + line;
            let offset = (*state != LOST).then_some(*state as i32 - REACH as i32);
            let run = Run { from: number, to: number, offset, gain_nats: 0.0 };
            let open = self.open.get_or_insert_with(|| Open {
                run,
                state: *state,
                here: Together::default(),
                there: Together::default(),
            });
            open.run.to = number;
            open.run.gain_nats += f64::from(gain);
            open.here.add(src, tgt);
            if let Some(shifted) = shifted {
                open.there.add(src, shifted);
            }
        }
    }

    /// Ends the open run, and keeps it if it is beyond doubt.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let (here, there) = (open.here.correlation(), open.there.correlation());
        let sound = match open.run.offset {
            None => open.here.varies() && here < 0.3,
            Some(_) => there > here + 0.2,
        };
        if sound && open.run.gain_nats >= RUN_NATS {
            self.keep(open.run);
        }
    }
}

fn best_of(scores: &[f32; STATES]) -> (usize, f32) {
    let mut best = (ALIGNED, scores[ALIGNED]);
    for (state, score) in scores.iter().enumerate() {
        if *score > best.1 {
            best = (state, *score);
        }
    }
    best
}

/// True if the lengths of the sides vary, but not together at any offset.
fn is_lost(lengths: &[[u8; 2]]) -> bool {
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
struct Together {
    n: f64,
    sums: [f64; 2],
    squares: [f64; 2],
    product: f64,
}

impl Together {
    fn add(&mut self, src: u8, tgt: u8) {
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
    fn varies(&self) -> bool {
        self.n > 0.0 && self.variances().iter().all(|variance| *variance > 0.04)
    }

    fn correlation(&self) -> f64 {
        if self.n == 0.0 {
            return 0.0;
        }
        let [x, y] = self.variances();
        let both = self.product / self.n - self.sums[0] * self.sums[1] / (self.n * self.n);
        if x * y > 0.0 { both / (x * y).sqrt() } else { 0.0 }
    }
}

/// How lengths go together in a file.
struct Model {
    /// The typical deviation `b`.
    scale: f32,
    /// Evidence for lines belonging together, by the steps of both lengths.
    evidence: Vec<f32>,
}

impl Model {
    /// `None` if there are too few lines.
    fn of(lengths: &[[u8; 2]], first_scale: Option<f32>) -> Option<Self> {
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

    fn evidence(&self, src: u8, tgt: u8) -> f32 {
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

#[cfg(test)]
mod tests;
