//! What √`d_k` is for: random queries and keys of unit variance, with and without the division.

use super::super::Lesson;
use super::super::tensors::{tensor, values};
use burn::tensor::Device;
use kernels::{Mask, Order, attention_weights};
use model::Init;
use page::{Axis, Chart, Series};

const WIDTHS: [usize; 6] = [1, 4, 16, 64, 256, 1024];
const QUERIES: usize = 256;
const KEYS: usize = 64;
const EVERYTHING: Mask = Mask { padding: None, order: Order::Any };

/// Medians over the rows of a matrix of weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    /// The largest weight of a row.
    pub(super) largest: f64,
    /// −Σ w ln w, nats.
    pub(super) entropy: f64,
    /// Norm of the gradient at the scores of a row.
    pub(super) gradient: f64,
}

/// What one width gives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width {
    pub(super) d_k: usize,
    /// Of q · k over all pairs.
    pub(super) variance: f64,
    pub(super) raw: Rows,
    pub(super) scaled: Rows,
}

/// One of the numbers of rows.
type Measure = fn(&Rows) -> f64;

/// Draws queries and keys of each width and measures.
pub(super) fn measure() -> Vec<Width> {
    let init = Init::new(2017, &Device::flex());
    WIDTHS.into_iter().map(|d_k| width(d_k, &init.child(d_k))).collect()
}

fn width(d_k: usize, init: &Init) -> Width {
    let draw = |name: &str, rows| init.child(name).normal(rows, d_k, 1.0).val();
    let scores = values(draw("queries", QUERIES).matmul(draw("keys", KEYS).transpose()));
    let n = scores.len() as f64;
    let mean = scores.iter().map(|&score| f64::from(score)).sum::<f64>() / n;
    let variance = scores.iter().map(|&score| (f64::from(score) - mean).powi(2)).sum::<f64>() / n;
    let scaled: Vec<f32> = scores.iter().map(|score| score / (d_k as f32).sqrt()).collect();
    Width { d_k, variance, raw: rows(&scores, init), scaled: rows(&scaled, init) }
}

/// Softmax of scores and its gradient, by the code that the model differentiates: as queries against the unit vectors
/// as keys, the scores are their own dot products; times √`n_keys`, for the kernel divides by it.
fn rows(scores: &[f32], init: &Init) -> Rows {
    let tape = Device::flex().autodiff();
    let unit: Vec<f32> = (0..KEYS * KEYS).map(|at| f32::from(at % (KEYS + 1) == 0)).collect();
    let unit = tensor(&unit, [1, 1, KEYS, KEYS], &tape);
    let scores = tensor(scores, [1, 1, QUERIES, KEYS], &tape).require_grad();
    let weights = attention_weights(scores.clone() * (KEYS as f64).sqrt(), unit, &EVERYTHING);
    // A loss that pulls each weight up or down at random.
    let pull =
        tensor(&values(init.child("pull").normal(QUERIES, KEYS, 1.0).val()), [1, 1, QUERIES, KEYS], &tape);
    let gradients = (weights.clone() * pull).sum().backward();
    let gradient = values(scores.grad(&gradients).expect("the loss depends on the scores"));
    let weights = values(weights);
    let over = |values: &[f32], of_row: &dyn Fn(&[f32]) -> f64| median(values.chunks(KEYS).map(of_row));
    Rows {
        largest: over(&weights, &|row| f64::from(row.iter().copied().fold(0.0, f32::max))),
        entropy: over(&weights, &|row| {
            -row.iter().map(|&w| f64::from(w)).filter(|w| *w > 0.0).map(|w| w * w.ln()).sum::<f64>()
        }),
        gradient: over(&gradient, &|row| row.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt()),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

pub(super) fn add(lesson: &mut Lesson) {
    let widths = measure();
    lesson.heading("Why the scores are divided by √d_k");
    lesson.text(format!(
        "A score is a sum of d_k products. If the numbers in q and k have variance 1, so has each product, and the sum \
         has variance d_k: the wider the head, the larger the scores, and softmax of large scores gives nearly all to \
         one key. Measured: {QUERIES} random queries, {KEYS} random keys; medians over the queries. The gradient is that \
         of a random pull on the weights, by automatic differentiation through the model's softmax."
    ));
    let row = |one: &Width| {
        let Rows { largest, entropy, gradient } = one.raw;
        let scaled = one.scaled;
        [
            one.d_k.to_string(),
            format!("{:.1}", one.variance),
            format!("{largest:.3}"),
            format!("{:.3}", scaled.largest),
            format!("{entropy:.2}"),
            format!("{:.2}", scaled.entropy),
            small(gradient),
            small(scaled.gradient),
        ]
    };
    let head = ["d_k", "var q·k", "largest", "÷√d_k", "entropy", "÷√d_k", "gradient", "÷√d_k"];
    lesson.table("", head, widths.iter().map(row).collect());
    let last = &widths[widths.len() - 1];
    let between = |of: Measure| {
        let all = widths.iter().map(|one| of(&one.scaled));
        (all.clone().fold(f64::INFINITY, f64::min), all.fold(0.0, f64::max))
    };
    let (largest, gradient) = (between(|rows| rows.largest), between(|rows| rows.gradient));
    lesson.text(format!(
        "Without the division, at d_k = {} the largest of {KEYS} weights is {:.3} and the gradient {}: such a row has \
         decided before it has learnt. (A row that is a little uneven has the largest gradient, one that has decided has \
         none.) With the division the width hardly matters: the largest weight is between {:.3} and {:.3}, the gradient \
         between {} and {}. Even shares would be {:.3} each, with entropy ln {KEYS} = {:.2}.",
        last.d_k,
        last.raw.largest,
        small(last.raw.gradient),
        largest.0,
        largest.1,
        small(gradient.0),
        small(gradient.1),
        1.0 / KEYS as f64,
        (KEYS as f64).ln()
    ));
    let charts: [(&str, Axis, Measure); 3] = [
        ("Largest weight of a row", Axis::new("weight"), |rows| rows.largest),
        ("Entropy of a row", Axis::new("nats"), |rows| rows.entropy),
        ("Gradient at the scores", Axis::logarithmic("norm"), |rows| rows.gradient),
    ];
    for (title, y, of) in charts {
        let line = |name: &str, rows: fn(&Width) -> &Rows| {
            let point = |one: &Width| (one.d_k as f64, of(rows(one)));
            Series::new(name, widths.iter().map(point).collect())
        };
        let series = vec![line("q·k", |one| &one.raw), line("q·k ÷ √d_k", |one| &one.scaled)];
        lesson.chart(Chart { title: title.into(), x: Axis::logarithmic("d_k"), y, series });
    }
}

/// A number that may be very small.
fn small(value: f64) -> String {
    if value >= 1e-3 { format!("{value:.4}") } else { format!("{value:.1e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_division_holds_every_width_where_the_narrowest_is() {
        let widths = measure();
        for one in &widths {
            let ratio = one.variance / one.d_k as f64;
            assert!((0.7..1.4).contains(&ratio), "d_k = {}: variance {}", one.d_k, one.variance);
            assert!(one.scaled.largest < 0.25 && one.scaled.entropy > 3.0, "{one:?}");
            assert!(one.scaled.gradient > 0.05, "{one:?}");
        }
        assert!(widths.is_sorted_by(|a, b| a.raw.largest < b.raw.largest && a.raw.entropy > b.raw.entropy));
        let last = widths.last().unwrap();
        assert!(last.raw.largest > 0.99 && last.raw.gradient < 0.01 * last.scaled.gradient, "{last:?}");
    }

    #[test]
    fn the_gradient_is_that_of_softmax() {
        // One query: ∂/∂s of Σ w·r is w ∘ (r − w·r), here recomputed in float64.
        let init = Init::new(1, &Device::flex());
        let scores = values(init.child("scores").normal(QUERIES, KEYS, 1.0).val());
        let pull = values(init.child("pull").normal(QUERIES, KEYS, 1.0).val());
        let expected = median(scores.chunks(KEYS).zip(pull.chunks(KEYS)).map(|(scores, pull)| {
            let exp: Vec<f64> = scores.iter().map(|&s| f64::from(s).exp()).collect();
            let sum: f64 = exp.iter().sum();
            let mean: f64 = exp.iter().zip(pull).map(|(e, &r)| e / sum * f64::from(r)).sum();
            let square = |(e, &r): (&f64, &f32)| (e / sum * (f64::from(r) - mean)).powi(2);
            exp.iter().zip(pull).map(square).sum::<f64>().sqrt()
        }));
        let got = rows(&scores, &init).gradient;
        assert!((got / expected - 1.0).abs() < 1e-4, "{got} {expected}");
    }
}
