//! `learn attention`: a sentence through one attention, step by step; words small enough for the head; why √`d_k`.

mod notes;
mod scaling;
mod steps;

use super::tensors::{difference, shape, values};
use super::terminal::number;
use super::{Lesson, Matrix};
use crate::TrainError;
use burn::tensor::Tensor;
use page::Scale;
use std::path::Path;
use steps::{Steps, Subject};

/// Columns of a vector that are shown.
const SHOWN: usize = 8;

/// The page: of a tiny model with random weights, or of the first layer of a trained one.
///
/// # Errors
///
/// A sentence that is empty or too long; a model that cannot be read.
pub fn lesson(sentence: &str, model: Option<&Path>) -> Result<Lesson, TrainError> {
    let subject = match model {
        None => Subject::tiny(sentence)?,
        Some(path) => Subject::trained(sentence, path)?,
    };
    let steps = subject.steps();
    let mut lesson = Lesson::new("Attention, step by step", &subject.about);
    lesson.formula("Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V     (Vaswani et al. 2017, eq. 1)");
    lesson.text(
        "Every word asks a question (its query q), offers an answer to be found by (its key k) and has something to say \
         (its value v). A word's new vector is the mean of all values, weighted by how well its query fits their keys.",
    );
    walk(&mut lesson, &subject, &steps);
    notes::add(&mut lesson);
    scaling::add(&mut lesson);
    lesson.next(
        "crates/model/src/attention.rs: MultiHeadAttention::forward; crates/kernels/src/attention/: attention, \
         attention_weights; crates/model/src/embedding.rs: Embedding::forward.",
        &[
            "Say a word twice (--sentence \"good dogs like good food\"): why do the two get different vectors?",
            "Follow your sentence through weights that have learnt: --model runs/small/best.",
            "If all scores were equal, what would the new vectors be?",
        ],
    );
    Ok(lesson)
}

fn walk(lesson: &mut Lesson, subject: &Subject, steps: &Steps) {
    let labels = &subject.labels;
    lesson.heading(&format!("\"{}\" through one attention", labels.join(" ")));
    lesson.text(
        "1. Words become vectors: a row of the table E for each id, times √d_model, plus its position.",
    );
    lesson.formula(format!("x = E[id] · √{} + PE[position]", subject.config.d_model));
    rows(lesson, &format!("x  {}", shape(&steps.embedded)), labels, &values(steps.embedded.clone()));
    if let Some(normed) = &steps.normed {
        lesson.text("This model has a layer norm before its attention (norm = \"pre\"); Q, K, V come from its output.");
        rows(lesson, &format!("norm(x)  {}", shape(normed)), labels, &values(normed.clone()));
    }
    lesson.text(format!(
        "2. Three matrices make queries, keys and values; each vector is cut into {} heads of {} numbers. Shapes are \
         [batch, n_heads, len, d_head].",
        subject.config.n_heads,
        subject.config.d_head()
    ));
    lesson.formula("Q = x W_Q + b_Q     K = x W_K + b_K     V = x W_V + b_V");
    for head in 0..subject.shown_heads {
        for (name, tensor) in [("Q", &steps.queries), ("K", &steps.keys), ("V", &steps.values)] {
            vectors(lesson, name, tensor, subject, head);
        }
    }
    lesson.text("3. Scores: every query with every key. A row asks, a column is asked.");
    squares(lesson, "Q Kᵀ", &steps.scores, subject, Kind::Signed);
    by_hand(lesson, subject, steps);
    lesson.text(format!("4. Divided by √d_k = √{}.", subject.config.d_head()));
    squares(lesson, "Q Kᵀ ÷ √d_k", &steps.scaled, subject, Kind::Signed);
    lesson.text("5. softmax makes each row positive with sum 1: eˢ divided by the sum of the row's eˢ.");
    squares(lesson, "weights", &steps.weights, subject, Kind::Share);
    lesson.text("6. The weighted sum of the values, in each head.");
    for head in 0..subject.shown_heads {
        vectors(lesson, "weights · V", &steps.heads, subject, head);
    }
    lesson.text("7. The heads beside each other, through W_O: one new vector for each word.");
    rows(lesson, &format!("output  {}", shape(&steps.output)), labels, &values(steps.output.clone()));
    checked(lesson, steps);
}

#[derive(Clone, Copy)]
enum Kind {
    Signed,
    Share,
}

/// Vectors of words, of which the first numbers are shown.
fn rows(lesson: &mut Lesson, caption: &str, labels: &[String], all: &[f32]) {
    let width = all.len() / labels.len();
    let shown = width.min(SHOWN);
    let values: Vec<f32> = all.chunks(width).flat_map(|row| &row[..shown]).copied().collect();
    let caption =
        if shown < width { format!("{caption}, the first {shown} columns") } else { caption.into() };
    let columns = (1..=shown).map(|column| column.to_string()).collect();
    let scale = Scale::Signed(most(&values));
    lesson.matrix(Matrix { caption, rows: labels.to_vec(), columns, values, scale });
}

/// The matrix `[len, width]` of a head.
fn of_head(tensor: &Tensor<4>, head: usize) -> Vec<f32> {
    values(tensor.clone().narrow(1, head, 1))
}

/// The vectors of all words in one head.
fn vectors(lesson: &mut Lesson, name: &str, tensor: &Tensor<4>, subject: &Subject, head: usize) {
    let caption = format!("{name} of head {}  {}", head + 1, shape(tensor));
    rows(lesson, &caption, &subject.labels, &of_head(tensor, head));
}

/// What every word has with every word, in the first heads.
fn squares(lesson: &mut Lesson, name: &str, tensor: &Tensor<4>, subject: &Subject, kind: Kind) {
    let labels = &subject.labels;
    for head in 0..subject.shown_heads {
        let values = of_head(tensor, head);
        let scale = match kind {
            Kind::Signed => Scale::Signed(most(&values)),
            Kind::Share => Scale::Positive(1.0),
        };
        let (rows, columns) = (labels.clone(), labels.clone());
        let caption = format!("{name} of head {}  {}", head + 1, shape(tensor));
        lesson.matrix(Matrix { caption, rows, columns, values, scale });
    }
}

/// One score as a sum of products.
fn by_hand(lesson: &mut Lesson, subject: &Subject, steps: &Steps) {
    let (labels, d_head) = (&subject.labels, subject.config.d_head());
    let (asks, asked) = (labels.len().min(3) - 1, labels.len() - 1);
    let (queries, keys) = (values(steps.queries.clone()), values(steps.keys.clone()));
    let (q, k) = (&queries[asks * d_head..][..d_head], &keys[asked * d_head..][..d_head]);
    let shown = d_head.min(3);
    let products: Vec<String> =
        (0..shown).map(|at| format!("{}·{}", bracketed(q[at]), bracketed(k[at]))).collect();
    let more = if shown < d_head { format!(" + … ({d_head} products)") } else { String::new() };
    let scores = values(steps.scores.clone());
    let back = scores[asked * labels.len() + asks];
    lesson.formula(format!(
        "q({}) · k({}) = {}{more}\n{} = {}     and the other way: {}",
        labels[asks],
        labels[asked],
        products.join(" + "),
        " ".repeat(9 + labels[asks].chars().count() + labels[asked].chars().count()),
        number(scores[asks * labels.len() + asked]),
        number(back),
    ));
}

fn bracketed(value: f32) -> String {
    let text = number(value);
    if text.starts_with('−') { format!("({text})") } else { text }
}

fn checked(lesson: &mut Lesson, steps: &Steps) {
    let d = &steps.differences;
    lesson.text(format!(
        "Checked just now against a forward pass of the whole encoder, which showed what its own attention computed: \
         queries differ by at most {}, weights by {}, outputs by {}; softmax of the scores above differs from the weights \
         by {}.",
        difference(d.queries),
        difference(d.weights),
        difference(d.output),
        difference(d.softmax)
    ));
}

fn most(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most: f32, value| most.max(value.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_what_the_module_does() {
        for sentence in ["I love Apple phones", "one", "good dogs like good food"] {
            let subject = Subject::tiny(sentence).unwrap();
            let steps = subject.steps();
            let d = &steps.differences;
            assert!(d.queries.max(d.weights).max(d.output).max(d.softmax) < 1e-6, "{sentence}");
            let len = subject.labels.len();
            for row in values(steps.weights).chunks(len) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{row:?}");
            }
        }
    }

    #[test]
    fn the_same_word_has_the_same_embedding_but_for_its_position() {
        let subject = Subject::tiny("good dogs like good food").unwrap();
        let x = values(subject.steps().embedded);
        let positions = values(model::embedding::positions(0..5, 4, &burn::tensor::Device::flex()));
        let word = |at: usize| (0..4).map(|i| x[4 * at + i] - positions[4 * at + i]).collect::<Vec<_>>();
        let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(same(&word(0), &word(3)) && !same(&word(0), &word(1)));
    }
}
