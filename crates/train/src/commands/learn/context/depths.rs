//! A word's vectors at every depth of the encoder.

use super::super::source::{MOST_TOKENS, Reader};
use super::super::tensors::{cosine, values};
use super::super::watch::Seen;
use super::mean;
use crate::TrainError;
use model::{ModelConfig, NormOrder, Pass};
use std::ops::Range;

/// What the depths are called: the embedding alone, with its position, after each layer, after the last norm.
pub(super) fn names(config: &ModelConfig) -> Vec<String> {
    let mut names = vec!["embedding".to_owned(), "with its position".to_owned()];
    names.extend((1..=config.n_encoder_layers).map(|layer| format!("after layer {layer}")));
    if config.norm == NormOrder::Pre {
        names.push("after the last norm".to_owned());
    }
    names
}

/// What the encoder computes at a depth: `[len][d_model]`.
type Vectors = Vec<Vec<f32>>;

/// A word in one sentence.
pub(super) struct Word {
    /// Normalised.
    pub(super) sentence: String,
    /// Its words that the tokenizer cut.
    pub(super) cut: Vec<String>,
    place: Range<usize>,
    /// By depth.
    depths: Vec<Vectors>,
}

impl Word {
    /// Encodes the sentence and keeps what every layer gave.
    pub(super) fn new(reader: &Reader, word: &str, sentence: &str) -> Result<Self, TrainError> {
        let source = reader.source(sentence, MOST_TOKENS)?;
        let Some(place) = source.find(&reader.word(word)) else {
            return Err(TrainError::Usage(format!(
                "'{word}' is not in \"{}\" as a word of its own, spelt like this; its tokens are: {}",
                source.text,
                source.labels.join(" | ")
            )));
        };
        let watch = Seen::default();
        let pass = Pass::inference().watched(watch.clone());
        let output = values(reader.model.encode(source.tensor(), &pass).states);
        let config = &reader.config.model;
        let d_model = config.d_model;
        let seen = |name: String| watch.first(&name).expect("the encoder has shown it");
        let ids = &source.ids;
        let embedding = ids.iter().flat_map(|&id| static_vector(reader, id)).collect();
        let mut flat: Vec<Vec<f32>> = vec![embedding, seen("encoder.embedding".into())];
        flat.extend((0..config.n_encoder_layers).map(|layer| seen(format!("encoder.layers.{layer}.output"))));
        if config.norm == NormOrder::Pre {
            flat.push(output);
        }
        let depths = flat.iter().map(|flat| flat.chunks(d_model).map(<[f32]>::to_vec).collect()).collect();
        Ok(Self { cut: source.cut_words(), sentence: source.text, place, depths })
    }

    /// The word's vector at a depth: the mean of its pieces.
    pub(super) fn at(&self, depth: usize) -> Vec<f32> {
        average(&self.depths[depth][self.place.clone()])
    }

    /// Mean cosine to the tokens right before and after it, the end token not among them; none if it stands alone.
    pub(super) fn to_neighbours(&self, depth: usize) -> Option<f64> {
        let vectors = &self.depths[depth];
        let before = self.place.start.checked_sub(1);
        let after = Some(self.place.end).filter(|&at| at + 1 < vectors.len());
        let word = self.at(depth);
        let cosines: Vec<f64> =
            before.into_iter().chain(after).map(|at| cosine(&word, &vectors[at])).collect();
        (!cosines.is_empty()).then(|| mean(&cosines))
    }
}

fn average(vectors: &[Vec<f32>]) -> Vec<f32> {
    let n = vectors.len() as f32;
    (0..vectors[0].len()).map(|at| vectors.iter().map(|vector| vector[at]).sum::<f32>() / n).collect()
}

/// The row of the table for an id.
fn static_vector(reader: &Reader, id: u32) -> Vec<f32> {
    values(reader.model.embedding.weight.val().narrow(0, id as usize, 1))
}

/// The embedding of a word: the mean of its pieces.
fn static_word(reader: &Reader, word: &str) -> Vec<f32> {
    average(&reader.word(word).into_iter().map(|id| static_vector(reader, id)).collect::<Vec<_>>())
}

/// The cosine of the embeddings of two words.
pub(super) fn static_cosine(reader: &Reader, a: &str, b: &str) -> f64 {
    cosine(&static_word(reader, a), &static_word(reader, b))
}

/// The cosine of two words at a depth.
pub(super) fn cosine_at(a: &Word, b: &Word, depth: usize) -> f64 {
    cosine(&a.at(depth), &b.at(depth))
}

/// The cosines of all pairs.
pub(super) fn pairs(words: &[Word], vector: impl Fn(&Word) -> Vec<f32>) -> Vec<f64> {
    let vectors: Vec<Vec<f32>> = words.iter().map(vector).collect();
    let after = |first: usize| vectors[first + 1..].iter().map(move |second| (first, second));
    (0..vectors.len()).flat_map(after).map(|(first, second)| cosine(&vectors[first], second)).collect()
}

/// How the tokenizer cuts a word, and what that says.
pub(super) fn pieces(reader: &Reader, word: &str) -> String {
    let ids = reader.word(word);
    let tokens: Vec<&str> = ids.iter().filter_map(|&id| reader.tokenizer.token(id)).collect();
    match tokens.len() {
        1 => format!("\"{word}\" is one token, so the training text has it often."),
        n => format!(
            "\"{word}\" is {n} pieces ({}): too rare in the training text, if it is there at all, for a token of its own. \
             Its vector is the mean of theirs.",
            tokens.iter().map(|token| token.trim_start()).collect::<Vec<_>>().join("|")
        ),
    }
}
