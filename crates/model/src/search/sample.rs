//! Sampling: draws each token from the distribution, sharpened by a temperature and cut to its likeliest part
//! (top-k: Fan et al. 2018, arXiv:1805.04833; top-p: Holtzman et al. 2020, arXiv:1904.09751).

use super::{Hypothesis, NextToken, SearchConfig, walk};
use crate::SpecialIds;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Log-probabilities are divided by it; below 1 is bolder, above 1 more random. Positive.
    pub temperature: f32,
    /// Only the `top_k` likeliest tokens; 0 is all.
    pub top_k: usize,
    /// Only the likeliest tokens whose probabilities reach `top_p` together; 1 is all.
    pub top_p: f32,
    /// The draws of sentence `i` are a function of `seed` and its entry of `streams`.
    pub seed: u64,
}

/// One drawn target for each sentence. `streams` tells the sentences' random numbers apart (its number in the
/// input, say), so that a draw does not depend on the batch. `next` must be fresh, with one row for each sentence.
///
/// # Panics
///
/// If `streams` and `max_lens` differ in length.
pub fn sample(
    next: &mut (impl NextToken + ?Sized),
    ids: SpecialIds,
    max_lens: &[usize],
    streams: &[u64],
    config: &SearchConfig,
    sampling: &Sampling,
) -> Vec<Hypothesis> {
    assert_eq!(streams.len(), max_lens.len(), "a stream for each sentence");
    let mut rngs: Vec<_> = streams.iter().map(|&stream| rng(sampling.seed, stream)).collect();
    walk(next, ids, max_lens, config, |sentence, log_probs| draw(log_probs, sampling, &mut rngs[sentence]))
}

fn rng(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&stream.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

fn draw(log_probs: &[f32], sampling: &Sampling, rng: &mut ChaCha8Rng) -> u32 {
    let mut tokens: Vec<u32> = (0..log_probs.len() as u32).collect();
    tokens.sort_by(|&a, &b| log_probs[b as usize].total_cmp(&log_probs[a as usize]).then(a.cmp(&b)));
    if sampling.top_k > 0 {
        tokens.truncate(sampling.top_k);
    }
    let best = f64::from(log_probs[tokens[0] as usize]);
    let weight = |&token: &u32| {
        ((f64::from(log_probs[token as usize]) - best) / f64::from(sampling.temperature)).exp()
    };
    let weights: Vec<f64> = tokens.iter().map(weight).collect();
    let limit = f64::from(sampling.top_p) * weights.iter().sum::<f64>();
    let mut total = 0.0;
    let kept = 1 + weights
        .iter()
        .take_while(|&&weight| {
            total += weight;
            total < limit
        })
        .count();
    let kept = kept.min(weights.len());
    let unit = (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut point = unit * weights[..kept].iter().sum::<f64>();
    for (token, weight) in tokens.iter().zip(&weights[..kept]) {
        point -= weight;
        if point < 0.0 {
            return *token;
        }
    }
    tokens[kept - 1]
}
