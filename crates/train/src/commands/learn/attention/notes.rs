//! Words of two dimensions: the numbers that one can check in the head, by the kernels that the model uses.

use super::super::tensors::{shape, tensor, values};
use super::super::{Lesson, terminal::number};
use burn::tensor::{Device, Tensor};
use kernels::{Dropout, Mask, Order, attention, attention_weights};
use model::attention::MultiHeadAttention;
use model::{Init, Linear, ModelConfig};

const EVERYTHING: Mask = Mask { padding: None, order: Order::Any };
/// A word and its place in the plane.
type Word = (&'static str, [f32; 2]);
const LOVE: Word = ("love", [-4.0, 3.0]);
const APPLE: Word = ("Apple", [2.0, 2.0]);
const PHONES: Word = ("phones", [2.0, 2.0]);
const JUICE: Word = ("juice", [4.0, 0.0]);

/// `[1, 1, len, 2]`: one head.
fn head(words: &[Word]) -> Tensor<4> {
    let numbers: Vec<f32> = words.iter().flat_map(|(_, place)| *place).collect();
    tensor(&numbers, [1, 1, words.len(), 2], &Device::flex())
}

/// What a word sees in a sentence, with raw dot products and with those divided by √2.
pub(super) struct Look {
    pub(super) dots: Vec<f32>,
    pub(super) raw: Vec<f32>,
    pub(super) raw_new: Vec<f32>,
    pub(super) scaled: Vec<f32>,
    pub(super) scaled_new: Vec<f32>,
}

/// The kernels always divide by √`d_head`; queries times √2 undo it.
pub(super) fn look(word: Word, sentence: &[Word]) -> Look {
    let (query, keys) = (head(&[word]), head(sentence));
    let see = |query: Tensor<4>| {
        let new = attention(query.clone(), keys.clone(), keys.clone(), &EVERYTHING, Dropout::NONE);
        (values(attention_weights(query, keys.clone(), &EVERYTHING)), values(new))
    };
    let (raw, raw_new) = see(query.clone() * std::f64::consts::SQRT_2);
    let (scaled, scaled_new) = see(query.clone());
    let dots = values(query.matmul(keys.clone().swap_dims(2, 3)));
    Look { dots, raw, raw_new, scaled, scaled_new }
}

pub(super) fn add(lesson: &mut Lesson) {
    lesson.heading("Small enough for the head: words of two numbers");
    lesson.text(
        "Before there are weights, take the dot product of two words as their likeness: \
         Apple = (2, 2), phones = (2, 2), love = (−4, 3), juice = (4, 0).",
    );
    followed(lesson, APPLE, &[LOVE, APPLE, PHONES]);
    followed(lesson, APPLE, &[LOVE, APPLE, JUICE]);
    lesson.text(
        "Beside phones, Apple stays where it is, for phones lie at the same place; beside juice it moves half of the \
         way to juice. love, which points elsewhere, has no part in either. Dividing by √2 first leaves love a little.",
    );
    lesson.text(
        "Now cat = (1, 2), sat = (3, 1), mat = (2, 3); compute the new cat yourself before you read on.",
    );
    let (cat, sat, mat) = (("cat", [1.0, 2.0]), ("sat", [3.0, 1.0]), ("mat", [2.0, 3.0]));
    followed(lesson, cat, &[cat, sat, mat]);
    asymmetry(lesson);
    shapes(lesson);
}

fn followed(lesson: &mut Lesson, word: Word, sentence: &[Word]) {
    let look = look(word, sentence);
    let row = |at: usize| {
        let (name, place) = sentence[at];
        let whole = |x: f32| format!("{x}").replace('-', "−");
        [
            name.to_owned(),
            format!("({}, {})", whole(place[0]), whole(place[1])),
            whole(look.dots[at]),
            format!("{:.4}", look.raw[at]),
            format!("{:.4}", look.scaled[at]),
        ]
    };
    let place = |new: &[f32]| format!("({}, {})", number(new[0]), number(new[1]));
    let mut rows: Vec<[String; 5]> = (0..sentence.len()).map(row).collect();
    let new = format!("new {}", word.0);
    rows.push([new, String::new(), String::new(), place(&look.raw_new), place(&look.scaled_new)]);
    let caption = format!("What {} sees:", word.0);
    lesson.table(&caption, ["", "at", "dot product", "softmax", "softmax of ÷√2"], rows);
}

/// Scores between two words, both ways: by dot product, and through two matrices.
pub(super) fn both_ways() -> [[f32; 2]; 2] {
    let init = Init::new(2017, &Device::flex()).child("both_ways");
    let words = head(&[APPLE, JUICE]).reshape([1, 2, 2]);
    let [query, key] = ["query", "key"].map(|name| Linear::new(2, 2, &init.child(name)));
    let scores = |q: Tensor<3>, k: Tensor<3>| values(q.matmul(k.swap_dims(1, 2)));
    let plain = scores(words.clone(), words.clone());
    let learnt = scores(query.forward(words.clone()), key.forward(words));
    [plain, learnt].map(|scores| [scores[1], scores[2]])
}

fn asymmetry(lesson: &mut Lesson) {
    let [plain, learnt] = both_ways();
    lesson.text(
        "A dot product is the same both ways, so two words would always pull each other equally. With W_Q for the word \
         that asks and W_K for the one that is asked, the two ways differ (here both matrices are random):",
    );
    let row = |name: &str, [there, back]: [f32; 2]| [name.into(), number(there), number(back)];
    lesson.table(
        "",
        ["score", "Apple → juice", "juice → Apple"],
        vec![row("x · y", plain), row("(x W_Q) · (y W_K)", learnt)],
    );
    lesson.text(
        "Apple and phones could not show this: they have the same two numbers, and what is equal before W_Q and W_K is \
         equal after them.",
    );
}

fn shapes(lesson: &mut Lesson) {
    let config = ModelConfig { d_model: 512, d_ff: 16, n_heads: 8, dropout: 0.0, ..ModelConfig::default() };
    let device = Device::flex();
    let init = Init::new(2017, &device);
    let module = MultiHeadAttention::new(&config, &init);
    let x = init.child("words").normal(20, 512, 1.0).val().reshape([1, 20, 512]);
    let queries = module.query.forward(x.clone()).reshape([1, 20, 8, 64]).swap_dims(1, 2);
    let seen = module.keys_values(x.clone());
    let weights = attention_weights(queries.clone(), seen.keys.clone(), &EVERYTHING);
    let heads =
        attention(queries.clone(), seen.keys.clone(), seen.values.clone(), &EVERYTHING, Dropout::NONE);
    let output = module.output.forward(heads.clone().swap_dims(1, 2).reshape([1, 20, 512]));
    let row = |what: &str, axes: &str, shape: String| [what.into(), axes.into(), shape];
    lesson.table(
        "And the sizes of the paper: 20 words, 512 dimensions, 8 heads of 64. Shapes of real tensors:",
        ["", "axes", "shape"],
        vec![
            row("words E", "[batch, len, d_model]", shape(&x)),
            row("W_Q of all heads", "[d_model, n_heads · d_head]", shape(&module.query.weight.val())),
            row("Q", "[batch, n_heads, len, d_head]", shape(&queries)),
            row("K", "[batch, n_heads, len, d_head]", shape(&seen.keys)),
            row("V", "[batch, n_heads, len, d_head]", shape(&seen.values)),
            row("scores, weights", "[batch, n_heads, len, len]", shape(&weights)),
            row("weights · V", "[batch, n_heads, len, d_head]", shape(&heads)),
            row("output", "[batch, len, d_model]", shape(&output)),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: &[f32], expected: &[f64]) {
        assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 5e-5, "{got} is not {expected}");
        }
    }

    /// Recomputed in float64 from the places alone.
    fn independent(word: Word, sentence: &[Word], divisor: f64) -> (Vec<f64>, [f64; 2]) {
        let place = |word: Word| word.1.map(f64::from);
        let dot = |a: [f64; 2], b: [f64; 2]| a[0] * b[0] + a[1] * b[1];
        let exp: Vec<f64> =
            sentence.iter().map(|other| (dot(place(word), place(*other)) / divisor).exp()).collect();
        let sum: f64 = exp.iter().sum();
        let weights: Vec<f64> = exp.iter().map(|one| one / sum).collect();
        let new =
            [0, 1].map(|axis| weights.iter().zip(sentence).map(|(w, word)| w * place(*word)[axis]).sum());
        (weights, new)
    }

    #[test]
    fn the_numbers_are_those_of_a_pencil() {
        let (cat, sat, mat) = (("cat", [1.0, 2.0]), ("sat", [3.0, 1.0]), ("mat", [2.0, 3.0]));
        let cases: [(Word, [Word; 3], [f32; 3]); 3] = [
            (APPLE, [LOVE, APPLE, PHONES], [-2.0, 8.0, 8.0]),
            (APPLE, [LOVE, APPLE, JUICE], [-2.0, 8.0, 8.0]),
            (cat, [cat, sat, mat], [5.0, 5.0, 8.0]),
        ];
        for (word, sentence, dots) in cases {
            let look = look(word, &sentence);
            assert_eq!(look.dots, dots);
            let (weights, new) = independent(word, &sentence, 1.0);
            close(&look.raw, &weights);
            close(&look.raw_new, &new);
            let (weights, new) = independent(word, &sentence, 2.0_f64.sqrt());
            close(&look.scaled, &weights);
            close(&look.scaled_new, &new);
        }
        // To four digits, from a table of eˣ: e⁻¹⁰ = 0.0000454, e⁻³ = 0.0497871.
        close(&look(APPLE, &[LOVE, APPLE, PHONES]).raw, &[0.0000, 0.5000, 0.5000]);
        close(&look(cat, &[cat, sat, mat]).raw, &[0.0453, 0.0453, 0.9094]);
    }

    #[test]
    fn only_matrices_make_the_two_ways_differ() {
        let [plain, learnt] = both_ways();
        assert_eq!(plain, [8.0, 8.0]);
        assert!((learnt[0] - learnt[1]).abs() > 0.1, "{learnt:?}");
    }
}
