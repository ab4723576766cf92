//! Greedy search: the likeliest token at every position.

use super::{Hypothesis, NextToken, SearchConfig, argmax, walk};
use crate::SpecialIds;

/// The greedy target of each sentence. `max_lens`: the most tokens of each, the end token included. `next` must be
/// fresh and have one row for each sentence.
pub fn greedy(
    next: &mut (impl NextToken + ?Sized),
    ids: SpecialIds,
    max_lens: &[usize],
    config: &SearchConfig,
) -> Vec<Hypothesis> {
    walk(next, ids, max_lens, config, |_, log_probs| argmax(log_probs) as u32)
}
