//! `learn context`: one word in several sentences, from its one embedding to its contextual vectors, layer by layer.

mod depths;
mod senses;

use super::source::Reader;
use super::terminal::number;
use super::{Lesson, Matrix};
use crate::TrainError;
use crate::translator::Translator;
use burn::tensor::Device;
use depths::{Word, names};
use model::Precision;
use page::{Axis, Chart, Scale, Series};
use std::path::Path;

/// A word and two sentences in which it means two things.
const PAIRS: [(&str, [&str; 2]); 4] = [
    ("apple", ["I love apple phones.", "I love apple juice."]),
    ("bank", ["Her husband works in a bank.", "We sat on the bank of the river."]),
    ("light", ["The driver did not see the red light.", "This bag is very light."]),
    ("watch", ["I bought a new watch yesterday.", "We watch the birds in the garden."]),
];
/// The language of the built-in sentences.
const LANGUAGE: &str = "en";

/// The page; `own` is a word with sentences, instead of the built-in ones.
///
/// # Errors
///
/// A model that cannot be read; sentences that are empty, too long or without the word; built-in sentences for a model
/// that reads another language.
pub fn lesson(model: &Path, own: Option<(&str, &[String])>) -> Result<Lesson, TrainError> {
    let reader = Reader::load(model)?;
    let language = &reader.config.src_lang;
    if own.is_none() && language != LANGUAGE {
        return Err(TrainError::Usage(format!(
            "the built-in sentences are English, and {} reads '{language}': give --word and --sentences",
            model.display()
        )));
    }
    let mut lesson = Lesson::new(
        "Context",
        "A word has one embedding, whatever it means. What it means here comes from the words around it.",
    );
    introduce(&mut lesson, &reader, model);
    if let Some((word, sentences)) = own {
        word_in(&mut lesson, &reader, word, sentences)?;
    } else {
        for (word, sentences) in PAIRS {
            word_in(&mut lesson, &reader, word, &sentences.map(str::to_owned))?;
            if word == "apple" {
                spelling(&mut lesson, &reader);
            }
        }
        let translator = Translator::load(model, &Device::flex(), Precision::F32)?;
        senses::add(&mut lesson, &reader, &translator)?;
    }
    lesson.next(
        "crates/model/src/embedding.rs: Embedding::forward; crates/model/src/encoder.rs: EncoderLayer::forward, \
         Encoder::forward shows each layer's output to the watch of its Pass (crates/model/src/pass.rs).",
        &[
            "Two sentences with the same meaning of a word: --word well --sentences \"The well is deep.\" \"The well has no \
             water.\" Is their cosine higher?",
            "Put the word at different places of its sentences: what does position alone do to the cosine?",
            "Train with [model] n_encoder_layers = 1: are the senses as far apart?",
        ],
    );
    Ok(lesson)
}

fn introduce(lesson: &mut Lesson, reader: &Reader, model: &Path) {
    let config = &reader.config;
    lesson.formula("each layer:  x ← x + SelfAttention(x)\n             x ← x + FeedForward(x)      (with norms; paper §3.1)");
    lesson.text(
        "What the model knows of a word is what its training text says. That a word is one token means that the text has \
         it, not that it has it in every meaning; a meaning that was never seen cannot stand apart.",
    );
    lesson.text(format!(
        "{}: {} of {} dimensions, a vocabulary of {} tokens. A cosine of 1 is the same direction, 0 none in common. \
         \"In the sentences\" is the mean cosine between the word's vectors in its sentences, \"to neighbours\" that of the \
         word with the tokens right before and after it.",
        model.display(),
        match config.model.n_encoder_layers {
            1 => "an encoder of one layer".into(),
            n => format!("an encoder of {n} layers"),
        },
        config.model.d_model,
        config.vocab_size
    ));
}

/// A word through the layers in each of its sentences.
fn word_in(lesson: &mut Lesson, reader: &Reader, word: &str, sentences: &[String]) -> Result<(), TrainError> {
    let words = sentences
        .iter()
        .map(|sentence| Word::new(reader, word, sentence))
        .collect::<Result<Vec<Word>, TrainError>>()?;
    lesson.heading(&format!("\"{word}\""));
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.sentence)).collect();
    lesson.text(quoted.join(" and "));
    lesson.text(format!("{}{}", depths::pieces(reader, word), cut_words(&words, word)));
    let depths = names(&reader.config.model);
    let apart = |depth: usize| mean(&depths::pairs(&words, |word| word.at(depth)));
    let near =
        |depth: usize| mean(&words.iter().filter_map(|word| word.to_neighbours(depth)).collect::<Vec<_>>());
    let row = |(depth, name): (usize, &String)| {
        [name.clone(), number(apart(depth) as f32), number(near(depth) as f32)]
    };
    let rows = depths.iter().enumerate().map(row).collect();
    lesson.table("", ["", "in the sentences", "to neighbours"], rows);
    let line = |name: &str, of: &dyn Fn(usize) -> f64| {
        Series::new(name, (0..depths.len()).map(|depth| (depth as f64, of(depth))).collect())
    };
    lesson.chart(Chart {
        title: format!("Cosines of \"{word}\"; 0 is the embedding, 1 with its position, then layer by layer"),
        x: Axis::new("depth"),
        y: Axis::new("cosine"),
        series: vec![line("in the sentences", &apart), line("to neighbours", &near)],
    });
    if words.len() > 2 {
        let last = depths.len() - 1;
        let all = words.iter().flat_map(|a| words.iter().map(|b| depths::cosine_at(a, b, last) as f32));
        let names: Vec<String> = (1..=words.len()).map(|place| format!("sentence {place}")).collect();
        lesson.matrix(Matrix {
            caption: format!("Every sentence with every other: {}", depths[last]),
            rows: names.clone(),
            columns: names,
            values: all.collect(),
            scale: Scale::Signed(1.0),
        });
    }
    Ok(())
}

/// The other words that the tokenizer cut; nothing if there are none.
fn cut_words(words: &[Word], word: &str) -> String {
    let mut cut: Vec<&str> = words.iter().flat_map(|word| &word.cut).map(String::as_str).collect();
    cut.retain(|cut| cut.replace(['|', '␣'], "") != word);
    cut.sort_unstable();
    cut.dedup();
    match cut.as_slice() {
        [] => String::new(),
        cut => format!(
            " Around it, cut because the training text has them seldom or never whole: {}.",
            cut.join(", ")
        ),
    }
}

/// Another spelling is another word.
fn spelling(lesson: &mut Lesson, reader: &Reader) {
    let cosine = depths::static_cosine(reader, "Apple", "apple");
    lesson.text(format!(
        "Both sentences about apples spell the word alike, for a capital letter makes another one: \"Apple\" and \"apple\" \
         have embeddings with a cosine of {}. {}",
        number(cosine as f32),
        depths::pieces(reader, "Apple")
    ));
}

/// 0 of none.
fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}
