//! Lines in, translations out: normalize, tokenize, search, detokenize. Order and blank lines are kept, and a line's
//! translation does not depend on the lines around it.

use crate::model_dir::{self, ModelDir};
use crate::{TrainError, drill, interrupt};
use burn::tensor::Device;
use data::{Normalizer, Tokenizer, is_language_tag, split_tags};
use model::Precision;
use model::search::{Hypothesis, Sampling, SearchConfig, Searcher, beam, greedy, sample};
use std::path::Path;

/// A line of more source tokens is cut at sentence ends or spaces and translated in pieces.
const MAX_SOURCE_TOKENS: usize = 400;

/// Everything between text and text.
#[derive(Debug)]
pub struct Translator {
    /// The model.
    pub model: Searcher,
    /// The joint vocabulary.
    pub tokenizer: Tokenizer,
    /// The normaliser of the training text.
    pub normalizer: Normalizer,
    /// Control tokens before every source.
    pub tags: Vec<u32>,
    /// How targets are searched.
    pub search: SearchConfig,
    /// Draw targets instead of searching the best.
    pub sampling: Option<Sampling>,
    /// Targets for each line.
    pub n_best: usize,
}

/// One target of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Translation {
    /// Detokenized.
    pub text: String,
    /// Log-probability divided by the length penalty.
    pub score: f32,
    /// Its ids: one part unless the line was cut.
    pub parts: Vec<Part>,
}

/// The ids of a line, or of a part of one that is too long.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// With tags and end token.
    pub source: Vec<u32>,
    /// With the end token, unless the search ended at its limit.
    pub target: Vec<u32>,
}

impl Translator {
    /// Reads a model directory; the model computes in `precision`, which the device must have.
    ///
    /// # Errors
    ///
    /// See [`model_dir::load`].
    pub fn load(path: &Path, device: &Device, precision: Precision) -> Result<Self, TrainError> {
        Ok(Self::new(model_dir::load(path, device)?, precision))
    }

    /// The translator of a model directory that was read.
    pub fn new(dir: ModelDir, precision: Precision) -> Self {
        let ModelDir { config, tokenizer, model, .. } = dir;
        let normalizer = Normalizer::new(&config.normalize);
        let model = Searcher::new(model.with_precision(precision));
        let (tags, search) = (Vec::new(), config.search);
        Self { model, tokenizer, normalizer, tags, search, sampling: None, n_best: 1 }
    }

    /// Puts control tokens before every source, as `--tag` gives them.
    ///
    /// # Errors
    ///
    /// A tag that the model does not know; none, though it translates into several languages.
    pub fn set_tags(&mut self, tags: &str) -> Result<(), TrainError> {
        self.tags = self.tokenizer.tag_ids(tags)?;
        let known = self.tokenizer.tags().iter().map(String::as_str);
        let languages: Vec<&str> = known.filter(|tag| is_language_tag(tag)).collect();
        if !split_tags(tags).any(is_language_tag) && !languages.is_empty() {
            let languages = languages.join(", ");
            return Err(TrainError::Usage(format!(
                "the model was trained with the languages {languages}; say with --tag which one is wanted"
            )));
        }
        Ok(())
    }

    /// The best translation of every line; blank for a blank one. `first_line` is the number of the first one in the
    /// input, by which samples are drawn.
    pub fn translate(&self, lines: &[String], first_line: usize) -> Vec<String> {
        self.translate_telling(lines, first_line, &|_| ())
    }

    /// The same; `found` is told how many more pieces of lines are done, by any thread.
    pub fn translate_telling(
        &self,
        lines: &[String],
        first_line: usize,
        found: &(dyn Fn(usize) + Sync),
    ) -> Vec<String> {
        self.n_best_telling(lines, first_line, found).into_iter().map(|best| best[0].text.clone()).collect()
    }

    /// The `n_best` translations of every line, best first, at least one. After a request to end they are empty.
    pub fn translate_n_best(&self, lines: &[String], first_line: usize) -> Vec<Vec<Translation>> {
        self.n_best_telling(lines, first_line, &|_| ())
    }

    fn n_best_telling(
        &self,
        lines: &[String],
        first_line: usize,
        found: &(dyn Fn(usize) + Sync),
    ) -> Vec<Vec<Translation>> {
        let pieces: Vec<Vec<Vec<u32>>> = lines.iter().map(|line| self.pieces(line)).collect();
        let flat: Vec<(u64, &[u32])> = pieces
            .iter()
            .zip(first_line as u64..)
            .flat_map(|(pieces, line)| pieces.iter().map(move |piece| (line, piece.as_slice())))
            .collect();
        let mut targets = self.search_all(&flat, found).into_iter();
        pieces.iter().map(|pieces| self.join(pieces, targets.by_ref().take(pieces.len()).collect())).collect()
    }

    /// The tokens of a line with its end token, in pieces that the model can take; none for a blank line.
    fn pieces(&self, line: &str) -> Vec<Vec<u32>> {
        let line = self.normalizer.normalize(line);
        if line.is_empty() {
            return Vec::new();
        }
        let tokens = self.tokenizer.encode(&line);
        let pieces = if tokens.len() < MAX_SOURCE_TOKENS {
            vec![tokens]
        } else {
            tracing::warn!(
                "a line of {} tokens is translated in pieces of at most {MAX_SOURCE_TOKENS}",
                tokens.len()
            );
            split_text(&line, &|text| self.tokenizer.encode(text).len() < MAX_SOURCE_TOKENS)
                .into_iter()
                .map(|text| self.tokenizer.encode(text))
                .collect()
        };
        pieces
            .into_iter()
            .map(|piece| [self.tags.as_slice(), &piece, &[self.tokenizer.eos_id()]].concat())
            .collect()
    }

    fn search_all(&self, sources: &[(u64, &[u32])], found: &(dyn Fn(usize) + Sync)) -> Vec<Vec<Hypothesis>> {
        let special = self.model.ids();
        let width = if self.sampling.is_some() { 1 } else { self.search.beam_size.max(self.n_best) };
        let ids: Vec<&[u32]> = sources.iter().map(|(_, ids)| *ids).collect();
        self.model.search(&ids, width, |batch, next| {
            drill::pass("search_batch");
            if interrupt::requested().is_some() {
                return vec![Vec::new(); batch.len()];
            }
            let max_lens: Vec<usize> =
                batch.iter().map(|&index| self.search.max_len(ids[index].len())).collect();
            let alone = |found: Vec<Hypothesis>| found.into_iter().map(|one| vec![one]).collect();
            let targets = if let Some(sampling) = &self.sampling {
                let lines: Vec<u64> = batch.iter().map(|&index| sources[index].0).collect();
                alone(sample(next, special, &max_lens, &lines, &self.search, sampling))
            } else if width == 1 {
                alone(greedy(next, special, &max_lens, &self.search))
            } else {
                let search = SearchConfig { beam_size: width, ..self.search.clone() };
                beam(next, special, &max_lens, &search, self.n_best)
            };
            found(batch.len());
            targets
        })
    }

    /// The translations of a line from those of its pieces; only the best where there are several pieces.
    fn join(&self, sources: &[Vec<u32>], targets: Vec<Vec<Hypothesis>>) -> Vec<Translation> {
        let part = |(source, one): (&Vec<u32>, &Hypothesis)| Part {
            source: source.clone(),
            target: one.tokens.iter().copied().chain(one.ended.then(|| self.tokenizer.eos_id())).collect(),
        };
        if let ([source], [whole]) = (sources, targets.as_slice())
            && !whole.is_empty()
        {
            let translation = |one: &Hypothesis| Translation {
                text: one_line(self.tokenizer.detokenize(&one.tokens)),
                score: one.score,
                parts: vec![part((source, one))],
            };
            return whole.iter().map(translation).collect();
        }
        // A search finds nothing where the model's numbers overflow.
        let best: Vec<(&Vec<u32>, &Hypothesis)> = sources
            .iter()
            .zip(&targets)
            .filter_map(|(source, found)| Some((source, found.first()?)))
            .collect();
        let texts: Vec<String> =
            best.iter().map(|(_, one)| one_line(self.tokenizer.detokenize(&one.tokens))).collect();
        let score = best.iter().fold(0.0, |sum, (_, one)| sum + one.score);
        vec![Translation { text: texts.join(" "), score, parts: best.into_iter().map(part).collect() }]
    }
}

/// A model may write the bytes that end a line; a translation is one.
fn one_line(text: String) -> String {
    if text.contains(['\n', '\r']) { text.replace(['\n', '\r'], " ") } else { text }
}

/// Cuts text into pieces that fit: behind sentence ends where it can, else at spaces, else anywhere.
fn split_text<'a>(text: &'a str, fits: &dyn Fn(&str) -> bool) -> Vec<&'a str> {
    if fits(text) {
        return vec![text];
    }
    let middle = text.len() / 2;
    let nearest = |ends: &mut dyn Iterator<Item = usize>| {
        ends.filter(|&end| end > 0 && end < text.len()).min_by_key(|end| end.abs_diff(middle))
    };
    let sentence_ends = &mut text
        .match_indices([' '])
        .filter_map(|(at, _)| text[..at].ends_with(['.', '?', '!', '।', '॥']).then_some(at + 1));
    let spaces = &mut text.match_indices(' ').map(|(at, _)| at + 1);
    let anywhere = &mut text.char_indices().map(|(at, _)| at);
    let Some(cut) = nearest(sentence_ends).or_else(|| nearest(spaces)).or_else(|| nearest(anywhere)) else {
        return vec![text];
    };
    let (left, right) = text.split_at(cut);
    let mut pieces = split_text(left.trim(), fits);
    pieces.extend(split_text(right.trim(), fits));
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_is_one_line() {
        assert_eq!(one_line("a\r\nb\u{2028}ಕ\n".into()), "a  b\u{2028}ಕ ");
        assert_eq!(one_line("a b".into()), "a b");
    }

    #[test]
    fn long_text_is_cut_at_sentence_ends_then_spaces_then_anywhere() {
        let fits = |text: &str| text.chars().count() <= 8;
        assert_eq!(split_text("One two. Three.", &fits), ["One two.", "Three."]);
        assert_eq!(split_text("aaaa bbbb cccc", &fits), ["aaaa", "bbbb", "cccc"]);
        assert_eq!(split_text("ಕಕಕಕಕಕಕಕಕಕ", &fits).concat(), "ಕಕಕಕಕಕಕಕಕಕ");
        assert_eq!(split_text("short", &fits), ["short"]);
    }
}
