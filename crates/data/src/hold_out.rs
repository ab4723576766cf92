//! Which pairs of a corpus are kept from training, so that none of them teaches its own translation.
//!
//! A pair is held out only if neither of its sides stands anywhere else in the corpus, under the key by which
//! [`split`](crate::split) finds leaks. What is chosen is a function of the text and the seed: the order of the corpus, or
//! lines added to it, change little.

use std::collections::HashMap;

use ahash::RandomState;
use rayon::prelude::*;

use crate::corpus::Pair;
use crate::split::strict_key;

/// Characters of the longer side of a pair that is held out: longer ones are seldom sentences.
const MAX_CHARS: usize = 400;

/// The places of pairs in their corpus, from 0, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldOut {
    /// To choose the best checkpoint by.
    pub dev: Vec<usize>,
    /// To score at the end.
    pub test: Vec<usize>,
    /// How many pairs could have been held out.
    pub n_candidates: usize,
}

/// Chooses `n_dev` and `n_test` pairs; fewer if there are not so many that stand alone.
///
/// ```
/// use data::{Pair, hold_out::hold_out};
///
/// let pair = |src: &str, tgt: &str| Pair { src: src.into(), tgt: tgt.into(), ..Pair::default() };
/// let pairs = [pair("Yes.", "ಹೌದು"), pair("Come!", "ಬಾ"), pair("yes", "ಹೌದು ಹೌದು"), pair("No", "ಇಲ್ಲ")];
/// let held_out = hold_out(&pairs, (1, 1), 7);
/// assert_eq!(held_out.n_candidates, 2);
/// let mut both = [held_out.dev, held_out.test].concat();
/// both.sort();
/// assert_eq!(both, [1, 3]);
/// ```
pub fn hold_out(pairs: &[Pair], (n_dev, n_test): (usize, usize), seed: u64) -> HeldOut {
    // Fixed, so that the same text gives the same choice everywhere.
    let hasher = RandomState::with_seeds(seed, 0x616e_7576, 0x6164_612e, 0x6b6e);
    let key = |text: &str| strict_key(text).map(|key| hasher.hash_one(key.as_bytes()));
    let keys: Vec<[Option<u64>; 2]> = pairs.par_iter().map(|pair| [key(&pair.src), key(&pair.tgt)]).collect();
    let mut seen: HashMap<u64, u32> = HashMap::new();
    for key in keys.iter().flatten().flatten() {
        *seen.entry(*key).or_default() += 1;
    }
    let alone = |key: Option<u64>| key.filter(|key| seen.get(key) == Some(&1));
    let short = |text: &str| text.chars().take(MAX_CHARS + 1).count() <= MAX_CHARS;
    let mut candidates: Vec<(u64, usize)> = (0..pairs.len())
        .filter(|&place| short(&pairs[place].src) && short(&pairs[place].tgt))
        .filter_map(|place| alone(keys[place][1]).and(alone(keys[place][0])).map(|key| (key, place)))
        .collect();
    candidates.sort_unstable();
    let n_candidates = candidates.len();
    let mut places = candidates.into_iter().map(|(_, place)| place);
    let mut take = |n: usize| {
        let mut taken: Vec<usize> = places.by_ref().take(n).collect();
        taken.sort_unstable();
        taken
    };
    HeldOut { dev: take(n_dev), test: take(n_test), n_candidates }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::overlap;

    /// Sentences of which every third comes again with another sign at its end, or another translation.
    fn corpus(n: usize) -> Vec<Pair> {
        let pair = |(line, (src, tgt))| Pair { src, tgt, line, source: 0 };
        let sentence = |i: usize| match i % 3 {
            0 => (format!("Sentence {}?", i / 6), format!("ವಾಕ್ಯ {i}")),
            1 => (format!("line {i}"), format!("ಸಾಲು {}!", i / 4)),
            _ => (format!("word {i}"), format!("ಪದ {i}")),
        };
        (0..n).map(|i| (i + 1, sentence(i))).map(pair).collect()
    }

    #[test]
    fn nothing_that_is_held_out_stands_elsewhere() {
        let pairs = corpus(600);
        let chosen = hold_out(&pairs, (40, 50), 1);
        assert_eq!((chosen.dev.len(), chosen.test.len()), (40, 50));
        let set = |places: &[usize]| places.iter().map(|&place| pairs[place].clone()).collect::<Vec<_>>();
        let rest: Vec<Pair> = (0..pairs.len())
            .filter(|place| !chosen.dev.contains(place) && !chosen.test.contains(place))
            .map(|place| pairs[place].clone())
            .collect();
        assert_eq!(rest.len(), 510);
        for set in [set(&chosen.dev), set(&chosen.test)] {
            assert!(overlap(&rest, &set).is_empty());
        }
        assert!(overlap(&set(&chosen.dev), &set(&chosen.test)).is_empty());
    }

    #[test]
    fn the_choice_is_that_of_the_text_and_the_seed() {
        let pairs = corpus(600);
        let sources = |pairs: &[Pair], seed| {
            let chosen = hold_out(pairs, (30, 30), seed);
            let mut all: Vec<String> = chosen.dev.iter().map(|&place| pairs[place].src.clone()).collect();
            all.sort();
            all
        };
        let mut reversed = pairs.clone();
        reversed.reverse();
        assert_eq!(sources(&pairs, 1), sources(&reversed, 1));
        assert_ne!(sources(&pairs, 1), sources(&pairs, 2));
    }

    #[test]
    fn there_may_be_too_few_or_none() {
        let chosen = hold_out(&corpus(30), (100, 100), 1);
        assert_eq!(chosen.dev.len(), chosen.n_candidates);
        assert!(chosen.test.is_empty() && chosen.n_candidates > 0);
        assert_eq!(hold_out(&[], (1, 1), 1), HeldOut::default());
        let blank = [Pair { src: " ".into(), tgt: "ಕ".into(), line: 1, source: 0 }];
        assert_eq!(hold_out(&blank, (1, 1), 1).n_candidates, 0);
    }
}
