//! What a head does in numbers, and a name for it where the numbers are clear.

use page::attention::{Grid, Kind};

/// Farthest offset that is shown.
pub(super) const OFFSETS: isize = 4;

/// A share of a head's weight from which it has a name.
const CLEAR: f64 = 0.4;
/// A share of the weight on a token and its neighbours from which a head is one of neighbours.
const NEAR: f64 = 0.6;
/// A row that sees fewer tokens has no choice.
const FEWEST_SEEN: usize = 3;
/// An entropy from which a head is broad, as a part of that of equal weights.
const BROAD: f64 = 0.85;
/// The mean of the largest weight of a row from which a head picks one token.
const SHARP: f64 = 0.6;
/// The name of what has none.
pub(super) const MIXED: &str = "mixed";

/// Means over all rows of all sentences.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measures {
    /// On the token before; in the decoder the one before the token that was read last.
    previous: f64,
    /// On the token itself; in the decoder the token that was read last; across, the diagonal.
    same: f64,
    /// On the token after.
    next: f64,
    /// On the first token, in rows where that is none of the above.
    first: f64,
    /// On the end token and punctuation.
    rest: f64,
    /// In nats.
    entropy: f64,
    /// As a part of the entropy of equal weights.
    relative: f64,
    /// Tokens between the row and what it looks at.
    distance: f64,
    /// The largest weight.
    largest: f64,
    /// The share at each offset, from −[`OFFSETS`].
    pub(super) offsets: Vec<f32>,
}

/// A sum of so many.
#[derive(Clone, Copy, Debug, Default)]
struct Mean(f64, f64);

impl Mean {
    fn add(&mut self, value: f64) {
        self.0 += value;
        self.1 += 1.0;
    }

    fn value(self) -> f64 {
        if self.1 == 0.0 { 0.0 } else { self.0 / self.1 }
    }
}

impl Measures {
    /// Of a head's grids, each with the columns on which a head may rest: the end token and punctuation.
    pub(super) fn of<'a>(kind: Kind, grids: impl Iterator<Item = (&'a Grid, &'a [bool])>) -> Self {
        let mut means = [Mean::default(); 9];
        let mut offsets = [Mean::default(); 2 * OFFSETS as usize + 1];
        for (grid, rests) in grids {
            for row in 0..grid.rows {
                let weights = grid.row(row);
                let center = center(kind, row, grid);
                let visible = if kind == Kind::Decoder { row + 1 } else { grid.columns };
                if visible < FEWEST_SEEN {
                    continue;
                }
                add_row(&mut means, weights, (center, visible), rests);
                for (offset, mean) in (-OFFSETS..=OFFSETS).zip(&mut offsets) {
                    if let Some(weight) = at(&weights[..visible], center, offset) {
                        mean.add(weight);
                    }
                }
            }
        }
        let [previous, same, next, first, rest, entropy, relative, distance, largest] =
            means.map(Mean::value);
        let offsets = offsets.iter().map(|mean| mean.value() as f32).collect();
        Self { previous, same, next, first, rest, entropy, relative, distance, largest, offsets }
    }

    /// The names of what [`Measures::values`] gives.
    pub(super) fn names(kind: Kind) -> &'static [&'static str] {
        match kind {
            Kind::Encoder => &["prev", "same", "next", "first", "end", "nats", "of even", "distance"],
            Kind::Decoder => &["prev", "read", "start", "punct", "nats", "of even", "distance"],
            Kind::Cross => &["−1", "diag", "+1", "first", "end", "nats", "of even", "distance"],
        }
    }

    pub(super) fn values(&self, kind: Kind) -> Vec<String> {
        let Self { previous, same, next, first, rest, entropy, relative, distance, .. } = *self;
        let shares = match kind {
            Kind::Decoder => vec![previous, same, first, rest],
            Kind::Encoder | Kind::Cross => vec![previous, same, next, first, rest],
        };
        let numbers = shares.into_iter().chain([entropy, relative]).map(|share| format!("{share:.2}"));
        numbers.chain([format!("{distance:.1}")]).collect()
    }

    /// What it does, where that is clear.
    pub(super) fn role(&self, kind: Kind) -> &'static str {
        let near = match kind {
            Kind::Encoder | Kind::Cross => self.previous + self.same + self.next,
            Kind::Decoder => self.previous + self.same,
        };
        let ([previous, same, next, first, rest], neighbours) = match kind {
            Kind::Encoder => {
                (["previous token", "itself", "next token", "first token", "end, punctuation"], "neighbours")
            }
            Kind::Decoder => {
                (["token before that", "token just read", "", "start sign", "punctuation"], "last two tokens")
            }
            Kind::Cross => (["", "", "", "first token", "end, punctuation"], "near the diagonal"),
        };
        let shares = [
            (self.previous, previous),
            (self.same, same),
            (self.next, next),
            (self.first, first),
            (self.rest, rest),
        ];
        let named = shares.into_iter().filter(|(share, name)| *share >= CLEAR && !name.is_empty());
        match named.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((_, name)) => name,
            None if near >= NEAR => neighbours,
            None if self.relative >= BROAD => "broad",
            None if self.largest >= SHARP => "one token, by content",
            None => MIXED,
        }
    }
}

/// The column that a row is compared with: itself, or across the same place on the way through the sentence.
fn center(kind: Kind, row: usize, grid: &Grid) -> usize {
    match kind {
        Kind::Encoder | Kind::Decoder => row,
        Kind::Cross if grid.rows < 2 => 0,
        Kind::Cross => (row as f64 * (grid.columns - 1) as f64 / (grid.rows - 1) as f64).round() as usize,
    }
}

fn at(weights: &[f32], center: usize, offset: isize) -> Option<f64> {
    let column = center.checked_add_signed(offset)?;
    weights.get(column).map(|weight| f64::from(*weight))
}

fn add_row(means: &mut [Mean; 9], weights: &[f32], (center, visible): (usize, usize), rests: &[bool]) {
    let seen = &weights[..visible];
    for (mean, offset) in means.iter_mut().zip(-1..=1) {
        if let Some(weight) = at(seen, center, offset) {
            mean.add(weight);
        }
    }
    if center > 1 {
        means[3].add(f64::from(weights[0]));
    }
    let resting = seen.iter().zip(rests).filter(|(_, rest)| **rest).map(|(weight, _)| f64::from(*weight));
    means[4].add(resting.sum());
    let nats = |weight: &f32| if *weight > 0.0 { -f64::from(*weight) * f64::from(*weight).ln() } else { 0.0 };
    let entropy: f64 = seen.iter().map(nats).sum();
    means[5].add(entropy);
    if visible > 1 {
        means[6].add(entropy / (visible as f64).ln());
    }
    let far = |(column, weight): (usize, &f32)| f64::from(*weight) * center.abs_diff(column) as f64;
    means[7].add(seen.iter().enumerate().map(far).sum());
    means[8].add(seen.iter().copied().fold(0.0, f32::max).into());
}

/// What the names of roles mean.
pub(super) fn thresholds() -> String {
    format!(
        "A head has a name where at least {CLEAR} of its weight lies on one thing, or {NEAR} on a token and its \
         neighbours. Else it is broad if its entropy is at least {BROAD} of that of equal weights, picks one token by \
         content if its largest weight is {SHARP} or more on average, and is mixed otherwise. Rows that see fewer than \
         {FEWEST_SEEN} tokens are not counted."
    )
}

/// What the columns of a table are.
pub(super) fn told(kind: Kind) -> &'static str {
    match kind {
        Kind::Encoder => {
            "Shares on the token before, the token itself, the next, the first of the sentence, and on its end and \
             punctuation; entropy in nats and as a part of that of equal weights; mean distance in tokens."
        }
        Kind::Decoder => {
            "Shares on the token before the one just read, on the one just read, on the start sign, and on \
             punctuation; entropy in nats and as a part of that of equal weights; mean distance in tokens."
        }
        Kind::Cross => {
            "Shares one token left of the diagonal, on it and right of it, on the first source token, and on the end \
             and punctuation; entropy in nats and as a part of that of equal weights; mean distance from the diagonal. \
             Languages of different word order leave the diagonal for good reason."
        }
    }
}

/// What the offsets are.
pub(super) fn offsets_told(kind: Kind) -> &'static str {
    match kind {
        Kind::Encoder => "Mean weight by offset: 0 is the token itself, −1 the one before",
        Kind::Decoder => "Mean weight by offset: 0 is the token that was read last, −1 the one before",
        Kind::Cross => "Mean weight by offset from the diagonal, in source tokens",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A head that is the same function of (row, column) on sentences of 6 and 9 tokens.
    fn head(kind: Kind, weight: impl Fn(usize, usize, usize) -> f32) -> Measures {
        let grid = |n: usize| {
            let visible = |row: usize, column: usize| kind != Kind::Decoder || column <= row;
            let values = (0..n * n).map(|at| (at / n, at % n));
            let values =
                values.map(|(row, column)| if visible(row, column) { weight(n, row, column) } else { 0.0 });
            let mut grid = Grid::new(n, n, values.collect());
            for row in 0..n {
                let sum: f32 = grid.row(row).iter().sum();
                grid.values[row * n..][..n].iter_mut().for_each(|weight| *weight /= sum);
            }
            grid
        };
        let grids = [grid(6), grid(9)];
        let rests = [[false; 6].to_vec(), [false; 9].to_vec()].map(|mut rests| {
            *rests.last_mut().unwrap() = true;
            rests
        });
        Measures::of(kind, grids.iter().zip(&rests).map(|(grid, rests)| (grid, rests.as_slice())))
    }

    fn near(row: usize, column: usize, offset: isize) -> f32 {
        if row.checked_add_signed(offset) == Some(column) { 20.0 } else { 0.1 }
    }

    #[test]
    fn heads_that_do_one_thing_have_its_name() {
        use Kind::{Cross, Decoder, Encoder};
        let cases = [
            (Encoder, head(Encoder, |_, row, column| near(row, column, -1)), "previous token"),
            (Encoder, head(Encoder, |_, row, column| near(row, column, 0)), "itself"),
            (Encoder, head(Encoder, |_, row, column| near(row, column, 1)), "next token"),
            (Encoder, head(Encoder, |_, _, column| near(0, column, 0)), "first token"),
            (Encoder, head(Encoder, |n, _, column| near(n - 1, column, 0)), "end, punctuation"),
            (Encoder, head(Encoder, |_, _, _| 1.0), "broad"),
            (Encoder, head(Encoder, |n, row, column| near(row * 5 % n, column, 0)), "one token, by content"),
            (Decoder, head(Decoder, |_, row, column| near(row, column, 0)), "token just read"),
            (Decoder, head(Decoder, |_, row, column| near(row, column, -1)), "token before that"),
            (Decoder, head(Decoder, |_, _, column| near(0, column, 0)), "start sign"),
            (Cross, head(Cross, |_, row, column| near(row, column, 0)), "near the diagonal"),
            (Cross, head(Cross, |_, _, _| 1.0), "broad"),
        ];
        for (kind, measures, role) in cases {
            assert_eq!(measures.role(kind), role, "{kind:?} {measures:?}");
            assert_eq!(measures.values(kind).len(), Measures::names(kind).len());
        }
    }

    #[test]
    fn equal_weights_have_all_the_entropy_there_is() {
        let measures = head(Kind::Encoder, |_, _, _| 1.0);
        // Rows of 6 and of 9 tokens.
        let expected = (6.0 * 6_f64.ln() + 9.0 * 9_f64.ln()) / 15.0;
        assert!((measures.entropy - expected).abs() < 1e-6 && (measures.relative - 1.0).abs() < 1e-6);
        let expected = (5.0 / 6.0 + 8.0 / 9.0) / 13.0;
        assert!((measures.previous - expected).abs() < 1e-6, "{} {expected}", measures.previous);
        assert!((f64::from(measures.offsets[3]) - expected).abs() < 1e-6);
    }
}
