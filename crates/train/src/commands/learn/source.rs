//! Text as a trained model sees it: normalised, tokenized, ended.

use crate::TrainError;
use crate::model_dir::{self, DirConfig, ModelDir};
use crate::tensors::ids;
use burn::tensor::{Device, Int, Tensor};
use data::{Normalizer, Tokenizer};
use model::Transformer;
use std::ops::Range;
use std::path::Path;

/// Tokens of a sentence of which a page shows every one.
pub(super) const MOST_SHOWN: usize = 24;
/// Tokens of a sentence of which a page shows one word.
pub(super) const MOST_TOKENS: usize = 400;

/// A model with what turns text into its ids.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) config: DirConfig,
    pub(super) model: Transformer,
    pub(super) tokenizer: Tokenizer,
    normalizer: Normalizer,
}

/// A sentence in a model's tokens, with the end token.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Normalised.
    pub(super) text: String,
    pub(super) ids: Vec<u32>,
    /// The tokens as they are shown.
    pub(super) labels: Vec<String>,
    /// Whether a token begins with the space before its word.
    spaced: Vec<bool>,
}

impl Reader {
    /// Reads a model directory onto the CPU. A recurrent model is refused: it has not the layers that a page shows.
    pub(super) fn load(path: &Path) -> Result<Self, TrainError> {
        let dir = model_dir::load(path, &Device::flex())?;
        let model = dir.transformer()?.clone();
        let ModelDir { config, tokenizer, .. } = dir;
        let normalizer = Normalizer::new(&config.normalize);
        Ok(Self { config, model, tokenizer, normalizer })
    }

    /// A sentence that has text and no more than so many tokens.
    pub(super) fn source(&self, sentence: &str, most_tokens: usize) -> Result<Source, TrainError> {
        if sentence.len() > crate::corpora::MAX_LINE_BYTES {
            return Err(too_long("bytes", sentence.len(), crate::corpora::MAX_LINE_BYTES));
        }
        let text = self.normalizer.normalize(sentence);
        if text.is_empty() {
            return Err(empty());
        }
        let mut ids = self.tokenizer.encode(&text);
        if ids.len() >= most_tokens {
            return Err(too_long("tokens", ids.len() + 1, most_tokens));
        }
        ids.push(self.tokenizer.eos_id());
        let tokens: Vec<&str> =
            ids.iter().map(|&id| self.tokenizer.token(id).expect("the tokenizer made it")).collect();
        let labels = tokens.iter().map(|token| match token.trim_start() {
            "" => "␣".to_owned(),
            label => label.to_owned(),
        });
        let labels = labels.collect();
        let spaced = tokens.iter().map(|token| token.starts_with(' ')).collect();
        Ok(Source { text, ids, labels, spaced })
    }

    /// The ids of a word that follows a space.
    pub(super) fn word(&self, word: &str) -> Vec<u32> {
        self.tokenizer.encode(&self.normalizer.normalize(word))
    }
}

impl Source {
    /// `[1, len]`
    pub(super) fn tensor(&self) -> Tensor<2, Int> {
        ids(&self.ids, [1, self.ids.len()], &Device::flex())
    }

    /// The first place where the tokens of a word stand as a word of their own.
    pub(super) fn find(&self, word: &[u32]) -> Option<Range<usize>> {
        let last = self.ids.len().checked_sub(word.len())?;
        (0..=last)
            .map(|start| start..start + word.len())
            .find(|place| !word.is_empty() && self.ids[place.clone()] == *word && self.is_end(place.end))
    }

    /// The words that the tokenizer cut, as `li|ght`.
    pub(super) fn cut_words(&self) -> Vec<String> {
        let starts: Vec<usize> = (0..self.ids.len()).filter(|&at| self.is_end(at)).collect();
        let ends = starts.iter().skip(1).copied().chain([self.ids.len()]);
        let words = starts.iter().zip(ends).map(|(&start, end)| &self.labels[start..end]);
        words.filter(|word| word.len() > 1).map(|word| word.join("|")).collect()
    }

    /// Whether the token there does not go on with the word before it.
    fn is_end(&self, at: usize) -> bool {
        let letter = |label: &String| label.chars().next().is_some_and(char::is_alphabetic);
        self.spaced.get(at).is_none_or(|&spaced| spaced) || !letter(&self.labels[at])
    }
}

/// The error of a sentence without words.
pub(super) fn empty() -> TrainError {
    TrainError::Usage("the sentence is empty; give it some words, such as \"I love Apple phones\"".into())
}

/// The error of a sentence that no page holds.
pub(super) fn too_long(what: &str, got: usize, most: usize) -> TrainError {
    TrainError::Usage(format!("the sentence has {got} {what}, a page has room for {most}; shorten it"))
}
