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

mod model;

pub(super) use model::step;
use model::{Model, REACH, Together, is_lost};

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
/// Lines that are decided at a time …
const BLOCK: usize = 1 << 16;
/// … looking this far ahead.
const AHEAD: usize = 1 << 11;
/// Runs that are kept.
const MOST_RUNS: usize = 1000;

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
            Some(last) if self.state == LOST && last.offset.is_none() && last.to + 1 == from => {
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

#[cfg(test)]
mod tests;
