//! Clipped n-gram matches between two token sequences, which BLEU and chrF both count.

use std::collections::HashMap;
use std::hash::Hash;

/// The number of `order`-grams in a sequence of `len` tokens.
pub(super) fn ngram_count(len: usize, order: usize) -> usize {
    (len + 1).saturating_sub(order)
}

/// How many `order`-grams of `hypothesis` occur in `reference`, each at most as often as it occurs there.
///
/// # Panics
/// If `order` is zero.
pub(super) fn matches<T: Eq + Hash>(hypothesis: &[T], reference: &[T], order: usize) -> usize {
    let mut unmatched: HashMap<&[T], usize> = HashMap::with_capacity(ngram_count(reference.len(), order));
    for ngram in reference.windows(order) {
        *unmatched.entry(ngram).or_default() += 1;
    }
    let mut take = |ngram: &[T]| match unmatched.get_mut(ngram) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    hypothesis.windows(order).filter(|ngram| take(ngram)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_ngram_matches_as_often_as_the_reference_has_it() {
        let (hypothesis, reference) = (["a", "b", "a", "b", "a", "b"], ["a", "b", "c", "a", "b"]);
        assert_eq!(matches(&hypothesis, &reference, 1), 4);
        assert_eq!(matches(&hypothesis, &reference, 2), 2);
        assert_eq!(matches(&hypothesis, &reference, 3), 0);
        assert_eq!(
            (ngram_count(5, 2), ngram_count(2, 2), ngram_count(0, 2), ngram_count(0, 1)),
            (4, 1, 0, 0)
        );
    }
}
