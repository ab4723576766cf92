//! Examples that differ a little each time they come, so that a model of little data learns words by their parts and
//! sources as people type them.
//!
//! On both sides the vocabulary's merges are left out at random (BPE-dropout, Provilkov et al. 2020, arXiv:1910.13267
//! §3). On the source alone: words are left out, letters are written small or as capitals, punctuation is taken away.
//! The target stays the right translation of the whole sentence, with its letters and its punctuation.
//!
//! What happens to an example is a function of (seed, epoch, batch, row), as its place in the data is, so that a resume
//! is exact. An example is varied as text: its ids are detokenized and tokenized again.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::batch::Example;
use crate::config::AugmentConfig;
use crate::tokenizer::Tokenizer;

/// Varies examples.
#[derive(Clone, Debug)]
pub struct Augment {
    tokenizer: Tokenizer,
    config: AugmentConfig,
    seed: u64,
}

impl Augment {
    /// For the examples of a tokenizer.
    pub fn new(tokenizer: Tokenizer, config: AugmentConfig, seed: u64) -> Self {
        Self { tokenizer, config, seed }
    }

    /// As [`AugmentConfig::room`].
    pub fn room(&self) -> f64 {
        self.config.room()
    }

    /// The example as it comes at a place: epoch, batch and row. It stays as it is if a side would grow above
    /// `max_tokens`.
    pub fn apply(&self, example: &Example, place: [u64; 3], max_tokens: usize) -> Example {
        let mut rng = self.rng(place);
        let is_tag = |id: &&u32| self.tokenizer.is_tag_id(**id);
        let n_tags = example.src.iter().take_while(is_tag).count();
        let src = self.vary(&self.tokenizer.detokenize(&example.src), &mut rng);
        let tgt = self.tokenizer.detokenize(&example.tgt);
        let dropout = self.config.bpe_dropout;
        let mut encode = |text: &str| self.tokenizer.encode_with_dropout(text, dropout, &mut rng);
        let src = [&example.src[..n_tags], &encode(&src), &[self.tokenizer.eos_id()]].concat();
        let varied = Example { src, tgt: encode(&tgt) };
        let (src_len, tgt_len) = varied.lengths();
        if src_len.max(tgt_len) as usize > max_tokens { example.clone() } else { varied }
    }

    fn rng(&self, [epoch, batch, row]: [u64; 3]) -> ChaCha8Rng {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"augmentation");
        for number in [self.seed, epoch, batch, row] {
            hasher.update(&number.to_le_bytes());
        }
        ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
    }

    /// A source with other letters, less punctuation and fewer words; never without a word.
    fn vary(&self, text: &str, rng: &mut ChaCha8Rng) -> String {
        let config = &self.config;
        let case = uniform(rng);
        let mut text = match case {
            _ if case < config.lowercase => text.to_lowercase(),
            _ if case < config.lowercase + config.uppercase => text.to_uppercase(),
            _ => text.to_owned(),
        };
        if uniform(rng) < config.no_punctuation {
            text = without_punctuation(&text).unwrap_or(text);
        }
        if config.word_dropout > 0.0 {
            let words: Vec<&str> = text.split(' ').collect();
            let kept: Vec<&str> =
                words.iter().copied().filter(|_| uniform(rng) >= config.word_dropout).collect();
            let one = words[(uniform(rng) * words.len() as f64) as usize];
            text = if kept.is_empty() { one.to_owned() } else { kept.join(" ") };
        }
        text
    }
}

/// Words without the punctuation at their ends; nothing if no word is left.
fn without_punctuation(text: &str) -> Option<String> {
    let is_mark = |c: char| c.is_ascii_punctuation() || "।॥…–—“”‘’«»¿¡".contains(c);
    let words: Vec<&str> =
        text.split(' ').map(|word| word.trim_matches(is_mark)).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A number from 0 to below 1, of 53 random bits.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TokenizerConfig;

    const SRC: &str = "The cat, the \"Dog\" and don't know: the end.";
    const TGT: &str = "ಬೆಕ್ಕು, ನಾಯಿ ಮತ್ತು ಕೊನೆ.";

    fn tokenizer() -> Tokenizer {
        let config = TokenizerConfig { vocab_size: 330, min_char_count: 1 };
        let text = [SRC, TGT, SRC, TGT];
        Tokenizer::train_with_tags(text.into_iter(), &config, &["<2kn>".to_owned()]).expect("a tokenizer")
    }

    fn augment(config: AugmentConfig) -> (Augment, Example) {
        let tokenizer = tokenizer();
        let mut example = Example::new(&tokenizer, SRC, TGT);
        example.src.insert(0, tokenizer.tag_id("<2kn>").expect("it was given"));
        (Augment::new(tokenizer, config, 5), example)
    }

    /// Sources and targets of a thousand rows, as text.
    fn texts(config: AugmentConfig) -> Vec<(String, String)> {
        let (augment, example) = augment(config);
        let one = |row| {
            let varied = augment.apply(&example, [1, 2, row], 1000);
            assert_eq!((varied.src[0], varied.src.last()), (example.src[0], example.src.last()));
            (augment.tokenizer.detokenize(&varied.src), augment.tokenizer.detokenize(&varied.tgt))
        };
        (0..1000).map(one).collect()
    }

    #[test]
    fn without_probabilities_nothing_changes() {
        let (augment, example) = augment(AugmentConfig::default());
        assert_eq!(augment.apply(&example, [0, 0, 0], 1000), example);
    }

    #[test]
    fn only_the_source_is_written_otherwise_and_as_often_as_said() {
        let config =
            AugmentConfig { lowercase: 0.3, uppercase: 0.1, no_punctuation: 0.5, ..AugmentConfig::default() };
        let texts = texts(config);
        assert!(texts.iter().all(|(_, tgt)| tgt == TGT));
        let plain = "The cat the Dog and don't know the end";
        let forms = [SRC, plain].map(|text| [text.to_owned(), text.to_lowercase(), text.to_uppercase()]);
        assert!(texts.iter().all(|(src, _)| forms.as_flattened().contains(src)), "{texts:?}");
        let count = |is: &dyn Fn(&str) -> bool| texts.iter().filter(|(src, _)| is(src)).count();
        assert!(count(&|src| src == src.to_lowercase()).abs_diff(300) < 60);
        assert!(count(&|src| src == src.to_uppercase()).abs_diff(100) < 40);
        assert!(count(&|src| src.contains(',')).abs_diff(500) < 65);
    }

    #[test]
    fn words_are_left_out_but_never_all() {
        let n_words = SRC.split(' ').count();
        let left: usize = texts(AugmentConfig { word_dropout: 0.2, ..AugmentConfig::default() })
            .iter()
            .map(|(src, tgt)| {
                let mut of_all = SRC.split(' ');
                assert!(
                    src.split(' ').all(|word| of_all.any(|one| one == word)),
                    "{src}: words in their order"
                );
                assert_eq!(tgt, TGT);
                src.split(' ').count()
            })
            .sum();
        assert!((left as f64 / (1000 * n_words) as f64 - 0.8).abs() < 0.02, "{left}");
        let all = texts(AugmentConfig { word_dropout: 1.0, ..AugmentConfig::default() });
        assert!(all.iter().all(|(src, _)| src.split(' ').count() == 1 && SRC.contains(src.as_str())));
    }

    #[test]
    fn merges_are_left_out_and_the_text_stays() {
        let config = AugmentConfig { bpe_dropout: 0.1, ..AugmentConfig::default() };
        assert!(texts(config.clone()).iter().all(|(src, tgt)| src == SRC && tgt == TGT));
        let (augment, example) = augment(config);
        let at = |epoch, batch, row| augment.apply(&example, [epoch, batch, row], 1000);
        assert_eq!(at(0, 1, 2), at(0, 1, 2));
        let all: std::collections::HashSet<Vec<u32>> = (0..8)
            .map(|i| [at(i & 1, i >> 1 & 1, i >> 2).src, at(i & 1, i >> 1 & 1, i >> 2).tgt].concat())
            .collect();
        assert!(all.len() > 4, "epochs, batches and rows differ: {}", all.len());
        assert!((0..50).any(|row| at(0, 0, row).src.len() > example.src.len()));
        assert!((0..50).any(|row| at(0, 0, row).tgt.len() > example.tgt.len()));
        let longest = example.src.len().max(example.tgt.len() + 1);
        let kept = (0..50).map(|row| augment.apply(&example, [0, row, 0], longest));
        assert!(kept.into_iter().all(|kept| kept.src.len().max(kept.tgt.len() + 1) <= longest));
    }

    /// The values stand for the format of a resumed run: they must never change.
    #[test]
    fn golden_variation() {
        let config = AugmentConfig { word_dropout: 0.3, lowercase: 0.5, ..AugmentConfig::default() };
        let heads: Vec<String> = texts(config).into_iter().take(3).map(|(src, _)| src).collect();
        assert_eq!(
            heads,
            ["the cat, the \"dog\" the end.", "The cat, the and don't know:", "cat, the \"dog\" and"]
        );
    }
}
