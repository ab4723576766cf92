//! Finding words: from a model's next-token distributions to the best, or to sampled, target sequences.
//!
//! The searches see the model only as a [`NextToken`], so that they can be tested on anything that gives
//! probabilities; [`TensorSearch`] is the real one.

mod greedy;
mod beam;
mod sample;
mod tensors;
mod cpu;
mod searcher;

pub use beam::beam;
pub use cpu::{CpuMemory, CpuModel, CpuSearch};
pub use greedy::greedy;
pub use sample::{Sampling, sample};
pub use searcher::Searcher;
pub use tensors::TensorSearch;

use crate::{Fault, SpecialIds};
use serde::{Deserialize, Serialize};

/// Something that knows the distribution of the next token.
pub trait NextToken {
    /// Entries of the vocabulary.
    fn vocab_size(&self) -> usize;

    /// Hypotheses stand in rows, at most `width` of a sentence, beside each other and in the order of the sentences.
    /// Row `i` of this call continues row `parents[i]` of the call before with the token `last[i]`; in the first call
    /// each sentence has one row, and `parents[i] = i`. A sentence whose rows do not appear is finished; a call has at
    /// least one row. Returns log-probabilities, row-major: `[rows, vocab]`.
    fn advance(&mut self, parents: &[usize], last: &[u32]) -> Vec<f32>;
}

/// How targets are searched: the `[search]` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchConfig {
    /// Hypotheses kept for each sentence; 1 is greedy search.
    pub beam_size: usize,
    /// α of the length penalty ((5 + length) / 6)^α by which log-probabilities are divided (Wu et al. 2016,
    /// arXiv:1609.08144, eq. 14). 0 is none, larger prefers longer targets.
    pub length_penalty: f32,
    /// A target has at most `max_length_ratio` · source tokens + `max_length_extra` tokens.
    pub max_length_ratio: f32,
    /// See `max_length_ratio`.
    pub max_length_extra: usize,
    /// No sequence of this many tokens may come twice in a target; 0 allows repetition.
    pub no_repeat_ngram: usize,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self {
            beam_size: 4,
            length_penalty: 1.0,
            max_length_ratio: 2.0,
            max_length_extra: 10,
            no_repeat_ngram: 0,
        }
    }
}

impl SearchConfig {
    /// Everything that is wrong with the values, all at once.
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |key: &str, message: String| faults.push(Fault { key: key.into(), message });
        if !(1..=256).contains(&self.beam_size) {
            fault("beam_size", format!("must be between 1 and 256, got {}", self.beam_size));
        }
        if !(0.0..=10.0).contains(&self.length_penalty) {
            fault("length_penalty", format!("must be between 0 and 10, got {}", self.length_penalty));
        }
        if !(0.0..=100.0).contains(&self.max_length_ratio) {
            fault("max_length_ratio", format!("must be between 0 and 100, got {}", self.max_length_ratio));
        }
        if self.max_length_extra == 0 || self.max_length_extra > 10_000 {
            fault("max_length_extra", format!("must be between 1 and 10000, got {}", self.max_length_extra));
        }
        faults
    }

    /// The most tokens that the target of a source of `src_len` tokens may have, the end token included.
    pub fn max_len(&self, src_len: usize) -> usize {
        (self.max_length_ratio * src_len as f32) as usize + self.max_length_extra
    }

    /// The length penalty of a target of `len` tokens, the end token included.
    fn penalty(&self, len: usize) -> f32 {
        ((5.0 + len as f32) / 6.0).powf(self.length_penalty)
    }
}

/// A target that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Without start and end.
    pub tokens: Vec<u32>,
    /// Σ log p, nats, the end token included.
    pub log_prob: f32,
    /// `log_prob` divided by the length penalty: what the beam ranks by.
    pub score: f32,
    /// Whether the model ended it; otherwise it reached the length limit.
    pub ended: bool,
}

/// Extends one prefix for each sentence by the token that `choose(sentence, log-probabilities)` names, until each ends
/// or reaches its limit. Finished sentences leave the batch.
fn walk(
    next: &mut (impl NextToken + ?Sized),
    ids: SpecialIds,
    max_lens: &[usize],
    config: &SearchConfig,
    mut choose: impl FnMut(usize, &[f32]) -> u32,
) -> Vec<Hypothesis> {
    let vocab = next.vocab_size();
    let mut found =
        vec![Hypothesis { tokens: Vec::new(), log_prob: 0.0, score: 0.0, ended: false }; max_lens.len()];
    let mut live: Vec<usize> = (0..max_lens.len()).collect();
    let mut parents = live.clone();
    while !live.is_empty() {
        let last: Vec<u32> =
            live.iter().map(|&i| found[i].tokens.last().copied().unwrap_or(ids.bos)).collect();
        let mut log_probs = next.advance(&parents, &last);
        for (&sentence, row) in live.iter().zip(log_probs.chunks_mut(vocab)) {
            let target = &mut found[sentence];
            forbid(row, &target.tokens, ids, config.no_repeat_ngram);
            let token = choose(sentence, row);
            target.log_prob += row[token as usize];
            target.ended = token == ids.eos;
            if !target.ended {
                target.tokens.push(token);
            }
        }
        let goes_on =
            |&row: &usize| !found[live[row]].ended && found[live[row]].tokens.len() < max_lens[live[row]];
        parents = (0..live.len()).filter(goes_on).collect();
        live = parents.iter().map(|&row| live[row]).collect();
    }
    for target in &mut found {
        target.score = target.log_prob / config.penalty(target.tokens.len() + usize::from(target.ended));
    }
    found
}

/// Takes the tokens away that no target may contain, and those that would repeat an n-gram of `prefix`.
fn forbid(row: &mut [f32], prefix: &[u32], ids: SpecialIds, no_repeat_ngram: usize) {
    row[ids.pad as usize] = f32::NEG_INFINITY;
    row[ids.bos as usize] = f32::NEG_INFINITY;
    if no_repeat_ngram == 0 || prefix.len() + 1 < no_repeat_ngram {
        return;
    }
    let tail = &prefix[prefix.len() + 1 - no_repeat_ngram..];
    for window in prefix.windows(no_repeat_ngram) {
        if window.starts_with(tail) {
            row[window[no_repeat_ngram - 1] as usize] = f32::NEG_INFINITY;
        }
    }
}

/// The index of the largest number; of equal ones the first, so that no search depends on anything but its numbers.
fn argmax(row: &[f32]) -> usize {
    let mut best = 0;
    for (index, &value) in row.iter().enumerate() {
        if value > row[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests;
