//! BPE-dropout: other tokens for the same text each time it is seen (Provilkov et al. 2020 §3,
//! Algorithm 1, arXiv:1910.13267).
//!
//! Before each merge in a word every merge that is possible there is left out with probability `p`; of
//! the rest the one of best rank is done, the leftmost of several; when none is left, the word is done,
//! be it because none was possible or because the dice left out all. So `p = 0` is plain encoding and
//! `p = 1` gives characters.

use std::collections::HashMap;

use ahash::RandomState;
use rand_chacha::rand_core::RngCore;

use super::Tokenizer;
use super::pieces::for_each_piece;

/// What is needed to merge by oneself; the model of the library does not show its own.
#[derive(Debug)]
pub(super) struct Merges {
    /// Ids of single characters.
    chars: HashMap<char, u32, RandomState>,
    /// The id of `<0x00>`.
    first_byte: u32,
    /// Rank and joined token by pair.
    pairs: HashMap<(u32, u32), Merge, RandomState>,
}

/// A merge that is possible: compared by rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Merge {
    rank: u32,
    id: u32,
}

/// The symbols of a word, and for each but the last what it and its neighbour can become.
#[derive(Default)]
struct Word {
    symbols: Vec<u32>,
    possible: Vec<Option<Merge>>,
}

impl Tokenizer {
    /// The ids of a normalised text with merges left out at random, without control tokens:
    /// [`detokenize`](Self::detokenize) gives the text back whatever was left out.
    ///
    /// `dropout` is the probability that a possible merge is left out in a step; 0.1 is usual. One
    /// 32-bit draw is taken for each possible merge of each step, pieces and merges from left to right;
    /// none if `dropout` is 0. To have the same tokens again whatever came before, seed `rng` for each
    /// text, such as by seed, epoch and number of the example.
    ///
    /// ```
    /// use data::{Tokenizer, TokenizerConfig};
    /// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    ///
    /// let config = TokenizerConfig { vocab_size: 267, min_char_count: 1 };
    /// let tokenizer = Tokenizer::train(["ba ba", "ba na na"].into_iter(), &config)?;
    /// let mut rng = ChaCha8Rng::seed_from_u64(1);
    /// assert_eq!(tokenizer.encode_with_dropout("ba na", 0.0, &mut rng).len(), 2);
    /// assert_eq!(tokenizer.encode_with_dropout("ba na", 1.0, &mut rng).len(), 6);
    /// # Ok::<(), data::DataError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// `dropout` outside 0 to 1.
    pub fn encode_with_dropout(&self, text: &str, dropout: f64, rng: &mut impl RngCore) -> Vec<u32> {
        assert!((0.0..=1.0).contains(&dropout), "dropout: got {dropout}, expected 0 to 1");
        if dropout == 0.0 {
            return self.encode(text);
        }
        let below = (dropout * 2_f64.powi(32)).round() as u64;
        self.encode_with(text, || u64::from(rng.next_u32()) < below)
    }

    /// Encodes, asking `left_out` for each possible merge of each step.
    fn encode_with(&self, text: &str, mut left_out: impl FnMut() -> bool) -> Vec<u32> {
        if text.is_empty() {
            return Vec::new();
        }
        let merges = self.merges.get_or_init(|| self.merges_of_model());
        let mut ids = Vec::with_capacity(text.len() / 2);
        let mut word = Word::default();
        for_each_piece(&format!(" {text}"), |piece| {
            word.start(piece, merges);
            while word.merge_once(merges, &mut left_out) {}
            ids.extend(&word.symbols);
        });
        ids
    }

    fn merges_of_model(&self) -> Merges {
        let (tokens, merges) = self.learned();
        let ids: HashMap<&str, u32> = tokens.iter().map(String::as_str).zip(0..).collect();
        let single = tokens.iter().zip(0..).filter_map(|(token, id)| {
            let mut chars = token.chars();
            Some((chars.next().filter(|_| chars.next().is_none())?, id))
        });
        let ranked = merges.iter().zip(0..).map(|((left, right), rank)| {
            let id = ids[format!("{left}{right}").as_str()];
            ((ids[left.as_str()], ids[right.as_str()]), Merge { rank, id })
        });
        Merges { chars: single.collect(), first_byte: ids["<0x00>"], pairs: ranked.collect() }
    }
}

impl Merges {
    fn of(&self, left: u32, right: u32) -> Option<Merge> {
        self.pairs.get(&(left, right)).copied()
    }
}

impl Word {
    /// Begins with characters, and with bytes for those that the vocabulary lacks.
    fn start(&mut self, piece: &str, merges: &Merges) {
        self.symbols.clear();
        for c in piece.chars() {
            if let Some(id) = merges.chars.get(&c) {
                self.symbols.push(*id);
            } else {
                let mut utf8 = [0; 4];
                let bytes = c.encode_utf8(&mut utf8).bytes();
                self.symbols.extend(bytes.map(|byte| merges.first_byte + u32::from(byte)));
            }
        }
        self.possible.clear();
        self.possible.extend(self.symbols.windows(2).map(|pair| merges.of(pair[0], pair[1])));
    }

    /// One step of the algorithm; whether there was a merge.
    fn merge_once(&mut self, merges: &Merges, left_out: &mut impl FnMut() -> bool) -> bool {
        let mut best: Option<(usize, Merge)> = None;
        for (place, possible) in self.possible.iter().enumerate() {
            let Some(merge) = *possible else { continue };
            if !left_out() && best.is_none_or(|(_, best)| merge.rank < best.rank) {
                best = Some((place, merge));
            }
        }
        let Some((place, merge)) = best else { return false };
        self.symbols[place] = merge.id;
        self.symbols.remove(place + 1);
        self.possible.remove(place);
        for left in [place.checked_sub(1), Some(place)].into_iter().flatten() {
            if let Some(possible) = self.possible.get_mut(left) {
                *possible = merges.of(self.symbols[left], self.symbols[left + 1]);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::super::tests::{TAGGED, TOKENIZER, WORDS, any_text};

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    fn tokens(text: &str, dropout: f64, seed: u64) -> Vec<String> {
        let ids = WORDS.encode_with_dropout(text, dropout, &mut rng(seed));
        ids.into_iter().filter_map(|id| WORDS.token(id)).map(str::to_owned).collect()
    }

    /// A change of these values means that a run with dropout cannot be continued by this version.
    #[test]
    fn golden_draws() {
        let text = "my mother's house ಬೆಕ್ಕು";
        let drawn = [1, 2, 3].map(|seed| tokens(text, 0.3, seed).join("|"));
        let expected = [
            " my| mother's| |h|ou|se| ಬ\u{cc6}ಕ\u{ccd}|ಕು",
            " |m|y| m|othe|r's| house| ಬ\u{cc6}ಕ\u{ccd}ಕು",
            " |m|y| |m|othe|r's| h|ou|se| ಬ|\u{cc6}ಕ\u{ccd}|ಕು",
        ];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn all_dropped_gives_characters() {
        let expected = [" ", "t", "h", "e", ",", " ", "ಕ", "\u{CCD}", " ", "<0xCE>", "<0xA9>"];
        assert_eq!(tokens("the, ಕ್ Ω", 1.0, 1), expected);
        assert!(WORDS.encode_with_dropout("", 1.0, &mut rng(1)).is_empty());
    }

    /// A word of one merge stays in two with the probability that was asked for.
    #[test]
    fn the_share_of_what_is_left_out_is_the_probability() {
        let word = (0..WORDS.vocab_size() as u32)
            .filter_map(|id| WORDS.token(id))
            .find(|token| {
                token.starts_with(' ') && token.chars().count() == 2 && WORDS.encode(&token[1..]).len() == 1
            })
            .expect("a word of one letter or a start of one");
        let mut rng = rng(7);
        for dropout in [0.1, 0.5, 0.9] {
            let in_two = (0..20_000)
                .filter(|_| WORDS.encode_with_dropout(&word[1..], dropout, &mut rng).len() == 2)
                .count();
            let share = in_two as f64 / 20_000.0;
            assert!((share - dropout).abs() < 0.015, "{word:?} {dropout}: {share}");
        }
    }

    /// Draws are anew in each step: `p` close to 1 still merges now and then, and both of two equal
    /// words need not be cut alike.
    #[test]
    fn equal_words_are_cut_differently() {
        let ids = WORDS.encode_with_dropout(&"mother's ".repeat(200), 0.2, &mut rng(3));
        let whole = WORDS.encode("mother's")[0];
        let n_whole = ids.iter().filter(|id| **id == whole).count();
        assert!((5..195).contains(&n_whole), "{n_whole}");
        assert_ne!(tokens("my mother's house", 0.5, 1), tokens("my mother's house", 0.5, 2));
    }

    #[test]
    fn a_probability_is_needed() {
        for dropout in [-0.1, 1.1, f64::NAN] {
            let outcome = std::panic::catch_unwind(|| WORDS.encode_with_dropout("a", dropout, &mut rng(1)));
            assert!(outcome.is_err(), "{dropout}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_left_out_is_plain_encoding(text in any_text(), times in 1_usize..20) {
            for text in [text.repeat(times), text] {
                for tokenizer in [&*TOKENIZER, &*WORDS, &*TAGGED] {
                    prop_assert_eq!(tokenizer.encode_with(&text, || false), tokenizer.encode(&text));
                }
                let mut untouched = rng(1);
                prop_assert_eq!(TOKENIZER.encode_with_dropout(&text, 0.0, &mut untouched), TOKENIZER.encode(&text));
                prop_assert_eq!(untouched, rng(1));
            }
        }

        #[test]
        fn detokenize_undoes_it(text in any_text(), dropout in 0.0..=1.0_f64, seed: u64) {
            let ids = TAGGED.encode_with_dropout(&text, dropout, &mut rng(seed));
            prop_assert!(ids.iter().all(|id| *id > 5));
            prop_assert_eq!(TAGGED.detokenize(&ids), text);
        }
    }
}
