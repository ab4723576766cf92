//! Text to ids and back: one byte-pair vocabulary for both languages, trained inside the run.
//!
//! Byte-pair encoding merges the most frequent pair of neighbouring symbols again and again
//! (Sennrich et al. 2016 §3.2, arXiv:1508.07909). Ids: `<pad>` 0, `<s>` 1, `</s>` 2, then the tags of
//! the user, if there are any, then the bytes `<0x00>` … `<0xFF>`, then the characters of the training
//! text by code point, then the merges in their order. A character outside the vocabulary becomes its
//! UTF-8 bytes, so no text is unknown.
//!
//! A piece carries the space before it (` the`), and a text starts as if a space stood before it;
//! so there is no stand-in for the space that could collide with a user's character. Kannada signs
//! and joiners stay in their word; a digit or a symbol is a piece of its own. Since `<` never shares
//! a piece with another symbol, no merge can spell a control token or a byte token, and what a user
//! types is never read as one.
//!
//! Deviation: words are not joined to an end-of-word symbol; the space in front marks the border.

mod tags;
mod file;
mod pieces;
mod counts;
mod learn;
mod train;
mod dropout;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior,
    decoders::byte_fallback::ByteFallback, decoders::fuse::Fuse,
    decoders::sequence::Sequence as DecoderChain, decoders::strip::Strip, normalizers::prepend::Prepend,
    pre_tokenizers::fixed_length::FixedLength, pre_tokenizers::sequence::Sequence as PreTokenizerChain,
    pre_tokenizers::split::Split, pre_tokenizers::split::SplitPattern,
};

use crate::error::DataError;

pub use counts::WordCounts;
use dropout::Merges;
use pieces::Pieces;
use tags::tags_of;

/// The control tokens, by id.
const CONTROL: [&str; 3] = ["<pad>", "<s>", "</s>"];
/// A word (with one apostrophe part and another), a digit, or a symbol; each with the space before
/// it. No look-around, so that matching takes linear time.
const PIECE: &str = r" ?[^ \p{N}\p{P}\p{S}]+(?:'[^ \p{N}\p{P}\p{S}]+)*| ?[\p{N}\p{P}\p{S}]";
/// A longer piece is cut here, in characters: merging takes more than linear time in the length.
const MAX_PIECE_CHARS: usize = 64;

/// Turns text into ids and back; see the [module](self).
///
/// ```
/// use data::{Tokenizer, TokenizerConfig};
///
/// let config = TokenizerConfig { vocab_size: 267, min_char_count: 1 };
/// let tokenizer = Tokenizer::train(["ba ba", "ba na na"].into_iter(), &config)?;
/// assert_eq!(tokenizer.tokenize("ba na"), [" ba", " na"]);
/// assert_eq!(tokenizer.detokenize(&tokenizer.encode("ba ನ")), "ba ನ");
/// # Ok::<(), data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    tokens: Vec<String>,
    pieces: Arc<Pieces>,
    merges: Arc<OnceLock<Merges>>,
}

#[expect(clippy::missing_panics_doc, reason = "what is expected holds for every tokenizer that can be built")]
impl Tokenizer {
    /// The ids of a normalised text, without control tokens.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.pieces.encode(text, self.inner.get_model())
    }

    /// As [`encode`](Self::encode) for many texts in parallel, in their order.
    pub fn encode_batch<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Vec<Vec<u32>> {
        texts.par_iter().map(|text| self.encode(text.as_ref())).collect()
    }

    /// The tokens of a normalised text, for display.
    pub fn tokenize(&self, text: &str) -> Vec<String> {
        self.encode(text).into_iter().filter_map(|id| self.token(id)).map(str::to_owned).collect()
    }

    /// The text of ids: control tokens, tags and ids beyond the vocabulary are skipped, bytes that are not
    /// UTF-8 become U+FFFD.
    ///
    /// `detokenize(encode(x)) == x` for every `x`.
    pub fn detokenize(&self, ids: &[u32]) -> String {
        self.inner.decode(ids, true).expect("the decoders of this tokenizer accept every token")
    }

    /// Number of ids.
    pub fn vocab_size(&self) -> usize {
        self.tokens.len()
    }

    /// The id that fills up a batch.
    pub fn pad_id(&self) -> u32 {
        0
    }

    /// The id that starts the decoder's input.
    pub fn bos_id(&self) -> u32 {
        1
    }

    /// The id that ends a sentence.
    pub fn eos_id(&self) -> u32 {
        2
    }

    /// The token of an id, with its leading space if it has one; `None` beyond the vocabulary.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(id as usize).map(String::as_str)
    }

    /// Puts the fixed parts around a vocabulary, ordered by id, and its merges, ordered by rank.
    ///
    /// Every merge must join two tokens of the vocabulary into a third.
    fn assemble(tokens: Vec<String>, merges: Vec<(String, String)>) -> Result<Self, DataError> {
        let vocab: Vocab = tokens.iter().zip(0..).map(|(token, id)| (token.clone(), id)).collect();
        let model =
            BPE::builder().vocab_and_merges(vocab, merges).byte_fallback(true).cache_capacity(0).build();
        let mut inner = tokenizers::Tokenizer::new(model.map_err(|fault| build_fault(&fault))?);
        frame(&mut inner, tags_of(&tokens)).map_err(|fault| build_fault(&fault))?;
        Ok(Self { inner, tokens, pieces: Arc::default(), merges: Arc::default() })
    }
}

fn build_fault(fault: &tokenizers::Error) -> DataError {
    DataError::TokenizerBuild { message: fault.to_string() }
}

/// The tokens before the first learned one.
fn fixed_tokens(tags: &[String]) -> Vec<String> {
    let bytes = (0..=255).map(|byte| format!("<0x{byte:02X}>"));
    CONTROL.into_iter().map(str::to_owned).chain(tags.iter().cloned()).chain(bytes).collect()
}

/// Sets everything but the model: but for the tags it is the same in every tokenizer.
fn frame(inner: &mut tokenizers::Tokenizer, tags: &[String]) -> tokenizers::Result<()> {
    inner.with_normalizer(Some(NormalizerWrapper::Prepend(Prepend::new(" ".to_owned()))))?;
    inner.with_pre_tokenizer(Some(pre_tokenizer()?));
    inner.with_decoder(Some(DecoderWrapper::Sequence(DecoderChain::new(vec![
        DecoderWrapper::ByteFallback(ByteFallback::default()),
        DecoderWrapper::Fuse(Fuse::default()),
        DecoderWrapper::Strip(Strip::new(' ', 1, 0)),
    ]))));
    let special = CONTROL.into_iter().chain(tags.iter().map(String::as_str));
    inner.add_special_tokens(special.map(|token| AddedToken::from(token, true).normalized(false)))?;
    inner.set_encode_special_tokens(true);
    Ok(())
}

fn pre_tokenizer() -> tokenizers::Result<PreTokenizerWrapper> {
    let pieces = Split::new(SplitPattern::Regex(PIECE.to_owned()), SplitDelimiterBehavior::Isolated, false)?;
    Ok(PreTokenizerWrapper::Sequence(PreTokenizerChain::new(vec![
        PreTokenizerWrapper::Split(pieces),
        PreTokenizerWrapper::FixedLength(FixedLength::new(MAX_PIECE_CHARS)),
    ])))
}
