//! `learn positions`: the table of sines and cosines, what it tells, and an encoder that goes without it.

use super::tensors::{cosine, difference, largest_difference, values};
use super::terminal::number;
use super::{Field, Lesson, Matrix};
use crate::TrainError;
use crate::tensors::ids;
use burn::tensor::{Device, Int, Tensor};
use model::embedding::positions;
use model::{ModelConfig, Pass, SpecialIds, Transformer, mask};
use page::{Axis, Chart, Scale, Series};

/// The table that is shown: positions, and numbers of each.
const SHOWN: usize = 64;
const D_MODEL: usize = 64;
/// Distances at which dot products are compared, and the positions from which they are measured.
const DISTANCES: [usize; 7] = [0, 1, 2, 4, 8, 16, 32];
const FROM: [usize; 4] = [0, 10, 100, 1000];
const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };
const FIRST_WORD: u32 = 3;
const SENTENCES: [&str; 2] = ["The cat sat on the mat", "The mat sat on the cat"];

/// The page.
///
/// # Errors
///
/// None.
pub fn lesson() -> Result<Lesson, TrainError> {
    let mut lesson = Lesson::new(
        "Positions",
        "Attention looks at words as a set: who stands where it cannot see. So each word's vector gets its position added.",
    );
    lesson.formula(
        "PE[p, 2i]   = sin(p / 10000^(2i / d_model))\nPE[p, 2i+1] = cos(p / 10000^(2i / d_model))     \
         (Vaswani et al. 2017, §3.5)",
    );
    table(&mut lesson);
    distances(&mut lesson);
    wavelengths(&mut lesson);
    cat_and_mat(&mut lesson);
    lesson.next(
        "crates/model/src/embedding.rs: positions, Embedding::forward; crates/model/src/encoder.rs: Encoder::forward.",
        &[
            "Which words keep their vectors when only \"cat\" and \"mat\" change places, with positions? (None: why?)",
            "The numbers 0, 1, 2, … would tell positions, too. What would they do to a sentence of 500 words?",
            "A decoder without positions can still tell the first word from the second. How? (train learn masks)",
        ],
    );
    Ok(lesson)
}

/// Rows of the table: `[n, d_model]`.
fn rows(range: std::ops::Range<usize>) -> Vec<Vec<f32>> {
    values(positions(range, D_MODEL, &Device::flex())).chunks(D_MODEL).map(<[f32]>::to_vec).collect()
}

fn table(lesson: &mut Lesson) {
    lesson.heading("The table");
    lesson.text(format!(
        "Every row is a position, as the model adds it with d_model = {D_MODEL}: fast waves on the left, slow ones on the \
         right, like the digits of a number that counts. In text: blank is −1, @ is 1."
    ));
    lesson.field(Field {
        caption: format!("PE[p, i] for {SHOWN} positions and {D_MODEL} dimensions"),
        rows: "position p".into(),
        columns: "dimension i".into(),
        values: rows(0..SHOWN).concat(),
        n_columns: D_MODEL,
    });
}

/// PE[p] · PE[p + distance].
fn dot(from: usize, distance: usize) -> f64 {
    let row = |position: usize| rows(position..position + 1).remove(0);
    row(from).iter().zip(row(from + distance)).map(|(a, b)| f64::from(*a) * f64::from(b)).sum()
}

fn distances(lesson: &mut Lesson) {
    lesson.heading("Only the distance counts");
    lesson.text(
        "The dot product of two rows is Σ cos(distance · frequency), for sin a sin b + cos a cos b = cos(a − b): it does \
         not matter where the two stand, only how far apart. Computed from the table:",
    );
    let mut head = vec!["distance".to_owned()];
    head.extend(FROM.map(|from| format!("from {from}")));
    let row = |distance: usize| {
        let cells = FROM.map(|from| format!("{:.4}", dot(from, distance)));
        [distance.to_string()].into_iter().chain(cells).collect()
    };
    lesson.wide_table("PE[p] · PE[p + distance] for p =", head, DISTANCES.map(row).to_vec());
    let all: Vec<Vec<f64>> = (0..SHOWN).map(|distance| FROM.map(|p| dot(p, distance)).to_vec()).collect();
    let spread = |dots: &Vec<f64>| {
        let most = dots.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most - dots.iter().copied().fold(f64::INFINITY, f64::min)
    };
    let widest = all.iter().map(spread).fold(0.0, f64::max);
    lesson.text(format!(
        "Over all distances up to {} the columns differ by at most {widest:.0e} (rounding); neighbours are the most \
         alike.",
        SHOWN - 1
    ));
    let points = all.iter().enumerate().map(|(distance, dots)| (distance as f64, dots[0])).collect();
    let series = vec![Series::new("from 0", points)];
    let title = "PE[p] · PE[p + distance]".into();
    lesson.chart(Chart { title, x: Axis::new("distance"), y: Axis::new("dot product"), series });
}

/// Length of the wave of a pair of columns, measured: where its angle, taken from the table, has gone once around.
fn measured_wavelength(pair: usize) -> f64 {
    let row = rows(1..2).remove(0);
    std::f64::consts::TAU / f64::from(row[2 * pair]).atan2(f64::from(row[2 * pair + 1]))
}

fn wavelengths(lesson: &mut Lesson) {
    lesson.heading("Waves of all lengths");
    lesson.text(
        "Each pair of columns is a hand of a clock: the first goes around in 2π words, the last would in nearly \
         10000 · 2π. The angle of position 1 in the table says how fast each turns:",
    );
    let row = |pair: usize| {
        let exact = std::f64::consts::TAU * 10_000_f64.powf((2 * pair) as f64 / D_MODEL as f64);
        let columns = format!("{}, {}", 2 * pair, 2 * pair + 1);
        [columns, format!("{:.2}", measured_wavelength(pair)), format!("{exact:.2}")]
    };
    let pairs = [0, 1, 2, 4, 8, 16, 24, D_MODEL / 2 - 1];
    lesson.table("", ["columns", "words to go around", "2π · 10000^(2i/d)"], pairs.map(row).to_vec());
    lesson.text(format!(
        "10000 · 2π = {:.2} itself is the limit: the last pair has i = d_model/2 − 1.",
        10_000.0 * std::f64::consts::TAU
    ));
}

/// Whether an encoder is told where words stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Positions,
    Nothing,
}

/// A small encoder with random weights and two sentences of the same words.
struct Pair {
    model: Transformer,
    /// The distinct words, small letters.
    words: Vec<String>,
}

impl Pair {
    fn new() -> Self {
        let mut words: Vec<String> = SENTENCES[0].split(' ').map(str::to_lowercase).collect::<Vec<_>>();
        words.sort();
        words.dedup();
        let config = ModelConfig {
            d_model: 32,
            d_ff: 64,
            n_heads: 4,
            n_encoder_layers: 2,
            n_decoder_layers: 1,
            dropout: 0.0,
            ..ModelConfig::default()
        };
        let model = Transformer::new(&config, FIRST_WORD as usize + words.len(), IDS, 2017, &Device::flex());
        Self { model, words }
    }

    fn ids(&self, sentence: &str) -> Vec<u32> {
        let id = |word: &str| {
            let word = word.to_lowercase();
            let place = self.words.iter().position(|other| *other == word).expect("both have the same words");
            FIRST_WORD + place as u32
        };
        sentence.split(' ').map(id).collect()
    }

    /// The encoder's vector of each word, `[len][d_model]`.
    ///
    /// Without positions the model's own parts run, too: each word is embedded as if it were a sentence of one word, so
    /// that all get position 0, whose vector is taken away again; then they go through the encoder together.
    fn encode(&self, sentence: &str, told: Told) -> Vec<Vec<f32>> {
        let (device, sentence) = (Device::flex(), self.ids(sentence));
        let len = sentence.len();
        let src: Tensor<2, Int> = ids(&sentence, [1, len], &device);
        let pass = Pass::inference();
        let states = match told {
            Told::Positions => self.model.encode(src, &pass).states,
            Told::Nothing => {
                let alone = self.model.embedding.forward(src.clone().reshape([len, 1]), 0, &pass);
                let [_, _, d_model] = alone.dims();
                let position = positions(0..1, d_model, &device).unsqueeze();
                let x = (alone - position).reshape([1, len, d_model]);
                let padding = mask::padding_mask(&src, IDS.pad);
                self.model.encoder.forward(x, &mask::padding_only(&padding), &pass)
            }
        };
        let [_, _, d_model] = states.dims();
        values(states).chunks(d_model).map(<[f32]>::to_vec).collect()
    }

    /// For each word of the first sentence, its place in the second: the same word, an equal one in the same order.
    fn places(&self) -> Vec<usize> {
        let [first, second] = SENTENCES.map(|sentence| self.ids(sentence));
        let mut free: Vec<usize> = (0..second.len()).collect();
        let mut place = |id: &u32| {
            let at = free.iter().position(|&at| second[at] == *id).expect("both have the same words");
            free.remove(at)
        };
        first.iter().map(&mut place).collect()
    }

    /// How far each word's vector moves from the first sentence to the second.
    fn moves(&self, told: Told) -> Vec<(f32, f64)> {
        let [first, second] = SENTENCES.map(|sentence| self.encode(sentence, told));
        let pair = |(a, &place): (&Vec<f32>, &usize)| {
            (largest_difference(a, &second[place]), cosine(a, &second[place]))
        };
        first.iter().zip(&self.places()).map(pair).collect()
    }
}

fn cat_and_mat(lesson: &mut Lesson) {
    lesson.heading("The cat sat on the mat, the mat sat on the cat");
    lesson.text(
        "The same six words, so the same set. An encoder of two layers with random weights reads both sentences (capital \
         letters aside), once as it is, once without positions. How far is a word's vector in the one from its vector in \
         the other?",
    );
    let pair = Pair::new();
    moves(lesson, &pair);
    for (caption, told) in [("without positions", Told::Nothing), ("with positions", Told::Positions)] {
        let [first, second] = SENTENCES.map(|sentence| pair.encode(sentence, told));
        let values = first.iter().flat_map(|a| second.iter().map(|b| cosine(a, b) as f32)).collect();
        let words = |sentence: &str| sentence.split(' ').map(str::to_lowercase).collect();
        lesson.matrix(Matrix {
            caption: format!("Cosines of the words of both sentences, {caption}"),
            rows: words(SENTENCES[0]),
            columns: words(SENTENCES[1]),
            values,
            scale: Scale::Signed(1.0),
        });
    }
}

/// The table of how far each word moves, and what it says.
fn moves(lesson: &mut Lesson, pair: &Pair) {
    let (with, without) = (pair.moves(Told::Positions), pair.moves(Told::Nothing));
    let places = pair.places();
    let row = |(at, word): (usize, &str)| {
        let (place, told) = (format!("{} → {}", at + 1, places[at] + 1), [without[at], with[at]]);
        let [without, with] = told.map(|(moved, cosine)| [difference(moved), number(cosine as f32)]);
        let [[without, without_cosine], [with, with_cosine]] = [without, with];
        [word.to_owned(), place, without, without_cosine, with, with_cosine]
    };
    lesson.table(
        "Largest difference of a number, and cosine, without positions and with them:",
        ["word", "place", "without", "cosine", "with", "cosine"],
        SENTENCES[0].split(' ').enumerate().map(row).collect(),
    );
    let most = without.iter().map(|one| one.0).fold(0.0, f32::max);
    let [nothing, positions] = [Told::Nothing, Told::Positions].map(|told| difference(twins(pair, told)));
    lesson.text(format!(
        "Without positions no number differs by more than {}: who sat on whom cannot be known. Even the two \"the\" of \
         one sentence are one vector then (they differ by {nothing}). With positions every word has another vector in the \
         other sentence, also those that stayed: they see cat and mat elsewhere; and the two \"the\" differ by {positions}.",
        difference(most)
    ));
}

/// How far the two "the" of the first sentence are apart.
fn twins(pair: &Pair, told: Told) -> f32 {
    let words = pair.encode(SENTENCES[0], told);
    largest_difference(&words[0], &words[4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_products_are_sums_of_cosines_of_the_distance() {
        for from in FROM {
            for distance in DISTANCES {
                let frequency = |pair: usize| 10_000_f64.powf(-((2 * pair) as f64) / D_MODEL as f64);
                let expected: f64 =
                    (0..D_MODEL / 2).map(|pair| (distance as f64 * frequency(pair)).cos()).sum();
                let got = dot(from, distance);
                assert!((got - expected).abs() < 1e-4, "from {from}, distance {distance}: {got} {expected}");
            }
        }
    }

    #[test]
    fn waves_go_from_two_pi_to_nearly_ten_thousand_times_it() {
        assert!((measured_wavelength(0) - std::f64::consts::TAU).abs() < 1e-5);
        let last = D_MODEL / 2 - 1;
        let exact = std::f64::consts::TAU * 10_000_f64.powf((2 * last) as f64 / D_MODEL as f64);
        assert!((measured_wavelength(last) / exact - 1.0).abs() < 1e-5);
    }

    #[test]
    fn without_positions_order_cannot_be_known() {
        let pair = Pair::new();
        assert_eq!(pair.places(), [0, 5, 2, 3, 4, 1]);
        for (difference, _) in pair.moves(Told::Nothing) {
            assert!(difference < 1e-6, "{difference}");
        }
        assert!(twins(&pair, Told::Nothing) < 1e-6);
        for (difference, _) in pair.moves(Told::Positions) {
            assert!(difference > 1e-2, "{difference}");
        }
    }
}
