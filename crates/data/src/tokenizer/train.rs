//! Training: count words, merge pairs; the same text gives the same file, whatever the threads.

#[cfg(test)]
mod tests;

use super::counts::WordCounts;
use super::learn::{Words, learn};
use super::tags::check_tags;
use super::{Tokenizer, fixed_tokens};
use crate::config::TokenizerConfig;
use crate::error::DataError;

/// Lines that are taken from an iterator at once.
const CHUNK_LINES: usize = 1 << 15;

impl Tokenizer {
    /// Learns a vocabulary of exactly `config.vocab_size` ids from normalised lines of both sides.
    ///
    /// Of very much text the rarest words do not count, see [`WordCounts`].
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
        let mut counts = WordCounts::new();
        let mut lines = lines.fuse();
        loop {
            let chunk: Vec<&str> = lines.by_ref().take(CHUNK_LINES).collect();
            if chunk.is_empty() {
                break;
            }
            counts.add(&chunk);
        }
        Self::from_counts(&counts, config, tags)
    }

    /// As [`train_with_tags`](Self::train_with_tags), from words that are counted already.
    ///
    /// # Errors
    ///
    /// Those of [`train_with_tags`](Self::train_with_tags).
    pub fn from_counts(
        counts: &WordCounts,
        config: &TokenizerConfig,
        tags: &[String],
    ) -> Result<Self, DataError> {
        check_tags(tags)?;
        if counts.n_words() == 0 {
            return Err(DataError::NoText);
        }
        let mut tokens = fixed_tokens(tags);
        let alphabet = alphabet(counts, config.min_char_count);
        let least = tokens.len() + alphabet.len() + 1;
        if config.vocab_size < least {
            return Err(DataError::VocabTooSmall { got: config.vocab_size, least });
        }
        let words = words(counts, &alphabet, tokens.len() as u32);
        tokens.extend(alphabet.iter().map(char::to_string));
        let merges = learn(words, &mut tokens, config.vocab_size);
        if tokens.len() < config.vocab_size {
            return Err(DataError::VocabTooLarge { got: config.vocab_size, largest: tokens.len() });
        }
        let text = |id: u32| tokens[id as usize].clone();
        let merges = merges.into_iter().map(|(left, right)| (text(left), text(right))).collect();
        Self::assemble(tokens, merges)
    }
}

/// The characters seen `min_count` times or more, by code point, and the space that stands before
/// every text.
fn alphabet(counts: &WordCounts, min_count: usize) -> Vec<char> {
    let mut seen = vec![0_u64; char::MAX as usize + 1];
    for (word, count) in counts.words() {
        for c in word.chars() {
            seen[c as usize] += count;
        }
    }
    ('\0'..=char::MAX).filter(|c| *c == ' ' || seen[*c as usize] >= min_count.max(1) as u64).collect()
}

/// The words cut at characters that are not in the alphabet; the others become ids from `first` on.
fn words(counts: &WordCounts, alphabet: &[char], first: u32) -> Words {
    let n = alphabet.last().map_or(0, |last| *last as usize + 1);
    let mut ids = vec![None; n];
    for (c, id) in alphabet.iter().zip(first..) {
        ids[*c as usize] = Some(id);
    }
    let id = |c: char| ids.get(c as usize).copied().flatten();
    let mut words = Words::default();
    for (word, count) in counts.words() {
        for common in word.split(|c| id(c).is_none()) {
            words.push(common.chars().filter_map(id), count);
        }
    }
    words
}
