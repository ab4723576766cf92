//! Searches against brute force on a Markov chain: the next token depends on the last one alone.

use super::*;
use crate::SpecialIds;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };

/// log p(next | last), row-major; remembers nothing but what the protocol tells it.
struct MarkovChain {
    vocab: usize,
    transitions: Vec<f32>,
    rows: usize,
}

impl MarkovChain {
    fn random(vocab: usize, rows: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut transitions = Vec::new();
        for _ in 0..vocab {
            let weights: Vec<f32> = (0..vocab)
                .map(
                    |token| {
                        if token < 2 { 0.0 } else { (3.0 * rng.next_u32() as f32 / u32::MAX as f32).exp() }
                    },
                )
                .collect();
            let total: f32 = weights.iter().sum();
            transitions.extend(weights.iter().map(|weight| (weight / total).ln()));
        }
        Self { vocab, transitions, rows }
    }

    fn log_prob(&self, last: u32, token: u32) -> f32 {
        self.transitions[last as usize * self.vocab + token as usize]
    }

    /// Every target of at most `max_len` tokens, the end token included; cut ones only where they reach the limit.
    fn all(&self, max_len: usize, config: &SearchConfig) -> Vec<Hypothesis> {
        let mut found = Vec::new();
        let mut open: Vec<(Vec<u32>, f32)> = vec![(Vec::new(), 0.0)];
        while let Some((tokens, log_prob)) = open.pop() {
            let last = tokens.last().copied().unwrap_or(IDS.bos);
            if tokens.len() == max_len {
                let score = log_prob / config.penalty(tokens.len());
                found.push(Hypothesis { tokens, log_prob, score, ended: false });
                continue;
            }
            let end = log_prob + self.log_prob(last, IDS.eos);
            let score = end / config.penalty(tokens.len() + 1);
            found.push(Hypothesis { tokens: tokens.clone(), log_prob: end, score, ended: true });
            for token in 3..self.vocab as u32 {
                let longer = tokens.iter().copied().chain([token]).collect();
                open.push((longer, log_prob + self.log_prob(last, token)));
            }
        }
        found.sort_by(|a, b| b.ended.cmp(&a.ended).then(b.score.total_cmp(&a.score)));
        found
    }
}

impl NextToken for MarkovChain {
    fn vocab_size(&self) -> usize {
        self.vocab
    }
    fn advance(&mut self, parents: &[usize], last: &[u32]) -> Vec<f32> {
        assert!(parents.iter().all(|&parent| parent < self.rows), "{parents:?} of {} rows", self.rows);
        self.rows = parents.len();
        last.iter()
            .flat_map(|&last| self.transitions[last as usize * self.vocab..][..self.vocab].to_vec())
            .collect()
    }
}

fn config(beam_size: usize, length_penalty: f32) -> SearchConfig {
    SearchConfig { beam_size, length_penalty, ..Default::default() }
}

#[test]
fn a_beam_as_wide_as_everything_finds_the_best_of_all() {
    for seed in 0..20 {
        for length_penalty in [0.0, 0.6, 1.0, 2.0] {
            let config = config(300, length_penalty);
            let mut chain = MarkovChain::random(7, 1, seed);
            let all = chain.all(4, &config);
            let found = beam(&mut chain, IDS, &[4], &config, 5).remove(0);
            for (found, best) in found.iter().zip(&all) {
                assert_eq!(found.tokens, best.tokens, "seed {seed} length penalty {length_penalty}");
                assert!((found.score - best.score).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn a_beam_of_one_is_greedy() {
    for seed in 0..50 {
        let config = config(1, 0.6);
        let max_lens = [3, 9, 1, 6];
        let greedy = greedy(&mut MarkovChain::random(9, 4, seed), IDS, &max_lens, &config);
        let beam = beam(&mut MarkovChain::random(9, 4, seed), IDS, &max_lens, &config, 1);
        let beam: Vec<_> = beam.into_iter().map(|mut best| best.remove(0)).collect();
        assert_eq!(greedy, beam, "seed {seed}");
    }
}

#[test]
fn a_wider_beam_is_never_worse_here_and_hypotheses_are_ranked() {
    let mut better = 0;
    for seed in 0..30 {
        let score = |width| {
            let found =
                beam(&mut MarkovChain::random(8, 1, seed), IDS, &[8], &config(width, 0.0), width).remove(0);
            assert!(
                found
                    .windows(2)
                    .all(|pair| pair[0].score >= pair[1].score || pair[0].ended && !pair[1].ended)
            );
            found[0].score
        };
        let (narrow, wide) = (score(1), score(64));
        assert!(wide >= narrow - 1e-5, "seed {seed}: {wide} {narrow}");
        better += usize::from(wide > narrow + 1e-5);
    }
    assert!(better > 5, "the chains never ask for a beam: {better}");
}

#[test]
fn sentences_do_not_influence_each_other() {
    let config = config(3, 0.6);
    let max_lens = [2, 7, 5];
    let together = beam(&mut MarkovChain::random(9, 3, 5), IDS, &max_lens, &config, 2);
    for (max_len, together) in max_lens.into_iter().zip(together) {
        let alone = beam(&mut MarkovChain::random(9, 1, 5), IDS, &[max_len], &config, 2).remove(0);
        assert_eq!(alone, together);
    }
}

/// A chain that never ends by itself and always says token 3.
fn stuck(vocab: usize, rows: usize) -> MarkovChain {
    let mut row = vec![-20.0; vocab];
    row[3] = -0.001;
    row[4] = -8.0;
    MarkovChain { vocab, transitions: row.repeat(vocab), rows }
}

#[test]
fn no_loop_is_endless_and_repeats_can_be_forbidden() {
    let found = greedy(&mut stuck(6, 1), IDS, &[12], &config(1, 1.0));
    assert_eq!(found[0].tokens, [3; 12]);
    assert!(!found[0].ended);
    let config = SearchConfig { no_repeat_ngram: 2, ..config(4, 1.0) };
    let found = beam(&mut stuck(6, 1), IDS, &[12], &config, 1).remove(0).remove(0);
    let pairs: Vec<_> = found.tokens.windows(2).collect();
    for (index, pair) in pairs.iter().enumerate() {
        assert!(!pairs[..index].contains(pair), "{:?}", found.tokens);
    }
}

#[test]
fn samples_follow_the_distribution() {
    let chain = || MarkovChain::random(6, 4000, 2);
    let sampling = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, seed: 9 };
    let streams: Vec<u64> = (0..4000).collect();
    let found = sample(&mut chain(), IDS, &vec![1; 4000], &streams, &config(1, 0.0), &sampling);
    for token in 3..6_u32 {
        let expected = chain().log_prob(IDS.bos, token).exp();
        let got = found.iter().filter(|found| found.tokens == [token]).count() as f32 / 4000.0;
        assert!((got - expected).abs() < 0.03, "token {token}: {got} {expected}");
    }
    let again = sample(&mut chain(), IDS, &vec![1; 4000], &streams, &config(1, 0.0), &sampling);
    assert_eq!(found, again);
}

#[test]
fn top_k_top_p_and_temperature_cut_the_tail() {
    let streams: Vec<u64> = (0..200).collect();
    let best = greedy(&mut MarkovChain::random(6, 1, 2), IDS, &[5], &config(1, 0.0)).remove(0);
    for sampling in [
        Sampling { temperature: 1.0, top_k: 1, top_p: 1.0, seed: 1 },
        Sampling { temperature: 1.0, top_k: 0, top_p: 1e-6, seed: 1 },
        Sampling { temperature: 1e-3, top_k: 0, top_p: 1.0, seed: 1 },
    ] {
        let found =
            sample(&mut MarkovChain::random(6, 200, 2), IDS, &[5; 200], &streams, &config(1, 0.0), &sampling);
        assert!(found.iter().all(|found| found.tokens == best.tokens), "{sampling:?}");
    }
}
