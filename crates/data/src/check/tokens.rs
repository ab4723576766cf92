//! Tokens, by a vocabulary learned from a sample of the pairs that cleaning keeps.

use rayon::prelude::*;
use serde::Serialize;

use super::histogram::{Counts, Histogram};
use super::second::Sampled;
use super::tally::words;
use super::worst::Top;
use crate::config::TokenizerConfig;
use crate::error::DataError;
use crate::tokenizer::Tokenizer;

/// What a vocabulary makes of a sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tokens {
    /// Ids that `tokenizer.vocab_size` asks for.
    pub vocab_size_wanted: usize,
    /// Ids of the vocabulary that was learned; 0: none could be.
    pub vocab_size: usize,
    /// Why the wanted size is not possible, if it is not.
    pub fault: Option<String>,
    /// Pairs it was learned from and counted on, evenly spread over those that cleaning keeps.
    pub sample_pairs: usize,
    /// Sampled pairs with a side of more than `clean.max_tokens` tokens, the closing one included.
    pub sample_pairs_too_long: usize,
    /// The source side.
    pub src: SideTokens,
    /// The target side.
    pub tgt: SideTokens,
}

/// The tokens of a side of a sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SideTokens {
    /// Tokens, without closing ones.
    pub tokens: u64,
    /// Tokens divided by words.
    pub tokens_per_word: f64,
    /// The share of tokens that are a byte of a character outside the vocabulary, 0 to 1.
    pub byte_share: f64,
    /// Tokens a line, without the closing one.
    pub per_line: Histogram,
}

/// Learns a vocabulary and counts; also gives the pairs with most tokens a word.
pub(super) fn tokens(
    sample: &[Sampled],
    config: &TokenizerConfig,
    tags: &[String],
    max_tokens: usize,
) -> Result<(Tokens, Top), DataError> {
    let mut found =
        Tokens { vocab_size_wanted: config.vocab_size, sample_pairs: sample.len(), ..<_>::default() };
    let mut most = Top::default();
    let lines = || sample.iter().flat_map(|one| [one.pair.src.as_str(), one.pair.tgt.as_str()]);
    let learned = match Tokenizer::train_with_tags(lines(), config, tags) {
        Err(fault @ DataError::VocabTooLarge { largest, .. }) => {
            found.fault = Some(fault.to_string());
            let config = TokenizerConfig { vocab_size: largest, ..config.clone() };
            Tokenizer::train_with_tags(lines(), &config, tags)
        }
        learned => learned,
    };
    let tokenizer = match learned {
        Ok(tokenizer) => tokenizer,
        Err(
            fault @ (DataError::VocabTooSmall { .. } | DataError::VocabTooLarge { .. } | DataError::NoText),
        ) => {
            found.fault.get_or_insert(fault.to_string());
            return Ok((found, most));
        }
        Err(fault) => return Err(fault),
    };
    found.vocab_size = tokenizer.vocab_size();
    let is_byte: Vec<bool> = (0..found.vocab_size as u32).map(|id| is_byte(tokenizer.token(id))).collect();
    let mut sides = [(Counts::default(), 0, 0), (Counts::default(), 0, 0)];
    let counted: Vec<[(usize, usize, usize); 2]> = sample
        .par_iter()
        .map(|one| {
            [&one.pair.src, &one.pair.tgt].map(|text| {
                let ids = tokenizer.encode(text);
                let bytes = ids.iter().filter(|id| is_byte[**id as usize]).count();
                (ids.len(), bytes, words(text))
            })
        })
        .collect();
    for (one, pair) in sample.iter().zip(&counted) {
        let mut per_word = 0.0_f64;
        for ((counts, all_bytes, all_words), (tokens, bytes, words)) in sides.iter_mut().zip(pair) {
            counts.add(*tokens);
            *all_bytes += bytes;
            *all_words += words;
            per_word = per_word.max(*tokens as f64 / (*words).max(1) as f64);
        }
        most.push(per_word, one.index);
        found.sample_pairs_too_long += usize::from(pair[0].0.max(pair[1].0) + 1 > max_tokens);
    }
    [found.src, found.tgt] = sides.map(|(counts, bytes, words)| SideTokens {
        tokens: counts.sum(),
        tokens_per_word: counts.sum() as f64 / words.max(1) as f64,
        byte_share: bytes as f64 / counts.sum().max(1) as f64,
        per_line: counts.report(),
    });
    Ok((found, most))
}

/// True of the tokens `<0x00>` … `<0xFF>`, with which no learned one can be confused.
fn is_byte(token: Option<&str>) -> bool {
    token.is_some_and(|token| token.len() == 6 && token.starts_with("<0x") && token.ends_with('>'))
}
