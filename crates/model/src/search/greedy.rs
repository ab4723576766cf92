//! Greedy search: the likeliest token at every position.

use super::{Hypothesis, NextToken, SearchConfig, argmax, forbid};
use crate::SpecialIds;

/// The greedy target of each sentence. `max_lens`: the most tokens of each, the end token included. `next` must be
/// fresh and have one row for each sentence.
pub fn greedy(next: &mut impl NextToken, ids: SpecialIds, max_lens: &[usize], config: &SearchConfig) -> Vec<Hypothesis> {
    let vocab = next.vocab_size();
    let mut found = vec![Hypothesis { tokens: Vec::new(), log_prob: 0.0, score: 0.0, ended: false }; max_lens.len()];
    let mut live: Vec<usize> = (0..max_lens.len()).filter(|&i| max_lens[i] > 0).collect();
    let mut parents = live.clone();
    while !live.is_empty() {
        let last: Vec<u32> = live.iter().map(|&i| found[i].tokens.last().copied().unwrap_or(ids.bos)).collect();
        let mut log_probs = next.advance(&parents, &last);
        for (&sentence, row) in live.iter().zip(log_probs.chunks_mut(vocab)) {
            let target = &mut found[sentence];
            forbid(row, &target.tokens, ids, config.no_repeat_ngram);
            let token = argmax(row);
            target.log_prob += row[token];
            target.ended = token as u32 == ids.eos;
            if !target.ended {
                target.tokens.push(token as u32);
            }
        }
        let goes_on = |&row: &usize| !found[live[row]].ended && found[live[row]].tokens.len() < max_lens[live[row]];
        parents = (0..live.len()).filter(goes_on).collect();
        live = parents.iter().map(|&row| live[row]).collect();
    }
    for target in &mut found {
        target.score = target.log_prob / config.penalty(target.tokens.len() + usize::from(target.ended));
    }
    found
}
