//! Training: count words, merge pairs; the same text gives the same file, whatever the threads.
//!
//! Rare characters are cut out of the words instead of being limited by the trainer, whose cut
//! depends on hash order among equal counts; no prefix or suffix is used, for the same reason.

use std::collections::BTreeMap;

use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::{AddedToken, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Trainer};

use super::file::{Learned, learned};
use super::tags::check_tags;
use super::{Tokenizer, build_fault, fixed_tokens, pre_tokenizer};
use crate::config::TokenizerConfig;
use crate::error::DataError;

/// A pair must be seen this often to be merged; a merge seen once is a word learned by heart.
const MIN_PAIR_COUNT: u64 = 2;
/// Text after this many characters is not looked at: the trainer counts pairs in 31 bits.
const MAX_CHARS: usize = 1 << 30;

impl Tokenizer {
    /// Learns a vocabulary of exactly `config.vocab_size` ids from normalised lines of both sides.
    ///
    /// # Errors
    ///
    /// Lines without a character; a `vocab_size` without room for the characters and one merge;
    /// a `vocab_size` that the text does not support, with the largest one that it does.
    pub fn train<'a>(
        lines: impl Iterator<Item = &'a str>,
        config: &TokenizerConfig,
    ) -> Result<Self, DataError> {
        Self::train_with_tags(lines, config, &[])
    }

    /// As [`train`](Self::train), with [tags](Self::tags) after the control tokens; `config.vocab_size`
    /// includes them.
    ///
    /// A tag is `<`, then 1 to 30 of `a`–`z`, `0`–`9`, `_` and `-`, then `>`; `<s>`, `<pad>` and what
    /// begins with `<0x` are taken.
    ///
    /// # Errors
    ///
    /// Those of [`train`](Self::train); more than 64 tags, one that comes twice or has another form.
    pub fn train_with_tags<'a>(
        lines: impl Iterator<Item = &'a str>,
        config: &TokenizerConfig,
        tags: &[String],
    ) -> Result<Self, DataError> {
        check_tags(tags)?;
        let lines = within_limit(lines);
        let alphabet = alphabet(&lines, config.min_char_count);
        if alphabet.is_empty() {
            return Err(DataError::NoText);
        }
        let fixed = fixed_tokens(tags);
        let least = fixed.len() + alphabet.len() + 1;
        if config.vocab_size < least {
            return Err(DataError::VocabTooSmall { got: config.vocab_size, least });
        }
        let (tokens, merges) = learn(&lines, &alphabet, fixed, config.vocab_size)?;
        if tokens.len() < config.vocab_size {
            return Err(DataError::VocabTooLarge { got: config.vocab_size, largest: tokens.len() });
        }
        Self::assemble(tokens, merges)
    }
}

/// The lines before the limit of characters is reached.
fn within_limit<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut chars = 0_usize;
    let mut kept = Vec::new();
    for line in lines {
        chars += line.chars().count();
        if chars > MAX_CHARS {
            tracing::warn!(
                lines = kept.len(),
                "the vocabulary is learned from the first {MAX_CHARS} characters"
            );
            break;
        }
        kept.push(line);
    }
    kept
}

/// The characters seen `min_count` times or more, and the space that stands before every text.
fn alphabet(lines: &[&str], min_count: usize) -> Vec<char> {
    let mut counts: BTreeMap<char, usize> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        *counts.entry(' ').or_default() += min_count;
        for c in line.chars() {
            *counts.entry(c).or_default() += 1;
        }
    }
    counts.into_iter().filter(|(_, count)| *count >= min_count).map(|(c, _)| c).collect()
}

/// Runs the trainer: tokens by id, merges by rank.
fn learn(
    lines: &[&str],
    alphabet: &[char],
    fixed: Vec<String>,
    vocab_size: usize,
) -> Result<Learned, DataError> {
    let fixed = fixed.into_iter().map(|token| AddedToken::from(token, true)).collect();
    let mut trainer = BpeTrainer::builder()
        .show_progress(false)
        .vocab_size(vocab_size)
        .min_frequency(MIN_PAIR_COUNT)
        .special_tokens(fixed)
        .build();
    let chain = pre_tokenizer().map_err(|fault| build_fault(&fault))?;
    let words = |line: &str| -> tokenizers::Result<Vec<String>> {
        let mut text = PreTokenizedString::from(format!(" {line}"));
        chain.pre_tokenize(&mut text)?;
        let pieces = text.get_splits(OffsetReferential::Original, OffsetType::Byte);
        let rare = |c: char| alphabet.binary_search(&c).is_err();
        let common = pieces.iter().flat_map(|(piece, ..)| piece.split(rare));
        Ok(common.filter(|word| !word.is_empty()).map(str::to_owned).collect())
    };
    let lines = lines.iter().filter(|line| !line.is_empty());
    trainer.feed(lines, words).map_err(|fault| build_fault(&fault))?;
    let mut model = BPE::default();
    trainer.train(&mut model).map_err(|fault| build_fault(&fault))?;
    learned(&serde_json::to_value(&model).expect("a model is plain data"))
}
