//! Beam search: keeps the `beam_size` likeliest prefixes of each sentence (Sutskever et al. 2014, arXiv:1409.3215, §3.2)
//! and ranks ended targets by log-probability divided by a length penalty (Wu et al. 2016, arXiv:1609.08144, §7).
//!
//! A sentence is finished when it has `beam_size` ended targets, when no live prefix can still beat the worst of the
//! ended ones that are asked for, or when the length limit is reached.

use super::{Hypothesis, NextToken, SearchConfig, forbid};
use crate::SpecialIds;

/// A prefix that may still grow.
#[derive(Clone)]
struct Live {
    tokens: Vec<u32>,
    log_prob: f32,
}

/// Log-probabilities that are looked at together for whether one of them is a candidate.
const PART: usize = 64;

/// One sentence's search.
struct Sentence {
    index: usize,
    max_len: usize,
    live: Vec<Live>,
    ended: Vec<Hypothesis>,
}

/// One way to continue: of which row, with which token.
#[derive(Clone, Copy)]
struct Candidate {
    row: usize,
    token: u32,
    log_prob: f32,
}

/// The `n_best` best targets of each sentence, best first. `max_lens`: the most tokens of each, the end token
/// included. `next` must be fresh and take `beam_size` rows of a sentence. A list is shorter where fewer
/// targets exist, and never empty.
pub fn beam(
    next: &mut (impl NextToken + ?Sized),
    ids: SpecialIds,
    max_lens: &[usize],
    config: &SearchConfig,
    n_best: usize,
) -> Vec<Vec<Hypothesis>> {
    let vocab = next.vocab_size();
    let mut found = vec![Vec::new(); max_lens.len()];
    let mut sentences: Vec<Sentence> =
        max_lens.iter().enumerate().map(|(index, &max_len)| Sentence::new(index, max_len)).collect();
    let mut parents: Vec<usize> = (0..sentences.len()).collect();
    while !sentences.is_empty() {
        let rows = sentences.iter().flat_map(|sentence| &sentence.live);
        let last: Vec<u32> = rows.map(|live| live.tokens.last().copied().unwrap_or(ids.bos)).collect();
        let mut log_probs = next.advance(&parents, &last);
        parents.clear();
        let mut unfinished = Vec::new();
        let (mut first, mut rest) = (0, log_probs.as_mut_slice());
        for mut sentence in sentences {
            let n_rows = sentence.live.len();
            let (rows, after) = rest.split_at_mut(n_rows * vocab);
            let candidates = sentence.candidates(rows, ids, config);
            let continued = sentence.extend(&candidates, ids, config);
            if sentence.is_finished(n_best, config) {
                let index = sentence.index;
                found[index] = sentence.finish(n_best, config);
            } else {
                parents.extend(continued.iter().map(|row| first + row));
                unfinished.push(sentence);
            }
            (first, rest) = (first + n_rows, after);
        }
        sentences = unfinished;
    }
    found
}

impl Sentence {
    fn new(index: usize, max_len: usize) -> Self {
        let live = vec![Live { tokens: Vec::new(), log_prob: 0.0 }];
        Self { index, max_len, live, ended: Vec::new() }
    }

    /// The best continuations of all rows, best first: enough for every one to end and the beam still to be full.
    fn candidates(&self, log_probs: &mut [f32], ids: SpecialIds, config: &SearchConfig) -> Vec<Candidate> {
        let vocab = log_probs.len() / self.live.len();
        let wanted = 2 * config.beam_size;
        let mut best: Vec<Candidate> = Vec::with_capacity(2 * wanted);
        let mut floor = f32::NEG_INFINITY;
        for (row, (live, log_probs)) in self.live.iter().zip(log_probs.chunks_mut(vocab)).enumerate() {
            forbid(log_probs, &live.tokens, ids, config.no_repeat_ngram);
            for (part, log_probs) in log_probs.chunks(PART).enumerate() {
                if live.log_prob + largest(log_probs) <= floor {
                    continue;
                }
                for (token, log_prob) in (part * PART..).zip(log_probs) {
                    let log_prob = live.log_prob + log_prob;
                    if log_prob > floor {
                        best.push(Candidate { row, token: token as u32, log_prob });
                        if best.len() == 2 * wanted {
                            keep_best(&mut best, wanted);
                            floor = best[wanted - 1].log_prob;
                        }
                    }
                }
            }
        }
        keep_best(&mut best, wanted);
        best
    }

    /// Replaces the live prefixes by the best candidates; those that end join the ended targets if they are among the
    /// first `beam_size`. Returns the row that each live prefix continues.
    fn extend(&mut self, candidates: &[Candidate], ids: SpecialIds, config: &SearchConfig) -> Vec<usize> {
        let width = config.beam_size;
        let (mut live, mut rows) = (Vec::with_capacity(width), Vec::with_capacity(width));
        for (rank, candidate) in candidates.iter().enumerate() {
            let prefix = &self.live[candidate.row].tokens;
            if candidate.token == ids.eos {
                if rank < width {
                    self.ended.push(hypothesis(prefix.clone(), candidate.log_prob, true, config));
                }
            } else if live.len() < width {
                let tokens = prefix.iter().copied().chain([candidate.token]).collect();
                live.push(Live { tokens, log_prob: candidate.log_prob });
                rows.push(candidate.row);
            }
        }
        self.live = live;
        rows
    }

    fn is_finished(&mut self, n_best: usize, config: &SearchConfig) -> bool {
        let Some(Live { tokens, log_prob: best_live }) = self.live.first() else { return true };
        if tokens.len() >= self.max_len || self.ended.len() >= config.beam_size.max(n_best) {
            return true;
        }
        // More tokens only lower the sum, and the largest divisor is that of the longest target.
        let bound = *best_live / config.penalty(self.max_len);
        self.ended.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.ended.get(n_best - 1).is_some_and(|worst| worst.score >= bound)
    }

    /// The best targets; those that the limit cut off count only where too few have ended.
    fn finish(mut self, n_best: usize, config: &SearchConfig) -> Vec<Hypothesis> {
        self.ended.sort_by(|a, b| b.score.total_cmp(&a.score));
        let cut = self.live.into_iter();
        let mut cut: Vec<_> = cut.map(|live| hypothesis(live.tokens, live.log_prob, false, config)).collect();
        cut.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.ended.extend(cut);
        self.ended.truncate(n_best);
        self.ended
    }
}

fn hypothesis(tokens: Vec<u32>, log_prob: f32, ended: bool, config: &SearchConfig) -> Hypothesis {
    let score = log_prob / config.penalty(tokens.len() + usize::from(ended));
    Hypothesis { tokens, log_prob, score, ended }
}

/// The largest number; a loop without a jump, which the compiler makes into vectors.
fn largest(numbers: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (chunks, rest) = numbers.as_chunks::<16>();
    for chunk in chunks {
        for (lane, &number) in lanes.iter_mut().zip(chunk) {
            *lane = if number > *lane { number } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |largest, &number| largest.max(number))
}

/// Best first; equal ones by row and token, so that the order never depends on anything else.
fn keep_best(candidates: &mut Vec<Candidate>, n: usize) {
    candidates
        .sort_by(|a, b| b.log_prob.total_cmp(&a.log_prob).then((a.row, a.token).cmp(&(b.row, b.token))));
    candidates.truncate(n);
}
