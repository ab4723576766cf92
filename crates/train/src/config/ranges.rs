//! Which numbers a key takes, for the schema and the reference. The judge is `validate`; a test holds this list to it.

use std::fmt;

/// The numbers between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    /// The full path of the key.
    pub(super) key: &'static str,
    /// The lower bound.
    pub(super) least: Bound,
    /// The upper bound.
    pub(super) most: Bound,
}

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    /// There is none.
    None,
    /// This number is right.
    In(f64),
    /// This number is wrong.
    Out(f64),
}

const fn range(key: &'static str, least: Bound, most: Bound) -> Range {
    Range { key, least, most }
}

const AT_LEAST_1: Bound = Bound::In(1.0);
const NOT_NEGATIVE: Bound = Bound::In(0.0);

/// All that are narrower than their type.
pub(super) const RANGES: &[Range] = &[
    range("data.train.weight", Bound::Out(0.0), Bound::In(1000.0)),
    range("data.clean.max_chars", AT_LEAST_1, Bound::None),
    range("data.clean.max_tokens", Bound::In(2.0), Bound::None),
    range("data.clean.max_length_ratio", AT_LEAST_1, Bound::None),
    range("data.clean.min_target_script_share", NOT_NEGATIVE, Bound::In(1.0)),
    range("data.augment.bpe_dropout", NOT_NEGATIVE, Bound::In(1.0)),
    range("data.augment.word_dropout", NOT_NEGATIVE, Bound::In(1.0)),
    range("data.augment.lowercase", NOT_NEGATIVE, Bound::In(1.0)),
    range("data.augment.uppercase", NOT_NEGATIVE, Bound::In(1.0)),
    range("data.augment.no_punctuation", NOT_NEGATIVE, Bound::In(1.0)),
    range("tokenizer.vocab_size", Bound::In(260.0), Bound::In(1_048_576.0)),
    range("tokenizer.min_char_count", AT_LEAST_1, Bound::None),
    range("model.d_model", Bound::In(2.0), Bound::In(65_536.0)),
    range("model.d_ff", AT_LEAST_1, Bound::In(65_536.0)),
    range("model.n_heads", AT_LEAST_1, Bound::In(65_536.0)),
    range("model.n_encoder_layers", AT_LEAST_1, Bound::In(256.0)),
    range("model.n_decoder_layers", AT_LEAST_1, Bound::In(256.0)),
    range("model.dropout", NOT_NEGATIVE, Bound::Out(1.0)),
    range("train.max_minutes", NOT_NEGATIVE, Bound::None),
    range("train.batch_tokens", AT_LEAST_1, Bound::None),
    range("train.learning_rate", Bound::Out(0.0), Bound::None),
    range("train.min_learning_rate", NOT_NEGATIVE, Bound::None),
    range("train.beta_1", NOT_NEGATIVE, Bound::Out(1.0)),
    range("train.beta_2", NOT_NEGATIVE, Bound::Out(1.0)),
    range("train.epsilon", Bound::Out(0.0), Bound::None),
    range("train.weight_decay", NOT_NEGATIVE, Bound::None),
    range("train.clip_norm", NOT_NEGATIVE, Bound::None),
    range("train.label_smoothing", NOT_NEGATIVE, Bound::Out(1.0)),
    range("train.checkpoint_every", AT_LEAST_1, Bound::None),
    range("train.keep_checkpoints", AT_LEAST_1, Bound::None),
    range("train.log_every", AT_LEAST_1, Bound::None),
    range("train.average_checkpoints", AT_LEAST_1, Bound::None),
    range("train.ema_decay", NOT_NEGATIVE, Bound::Out(1.0)),
    range("validate.every", AT_LEAST_1, Bound::None),
    range("validate.beam_size", AT_LEAST_1, Bound::In(256.0)),
    range("search.beam_size", AT_LEAST_1, Bound::In(256.0)),
    range("search.length_penalty", NOT_NEGATIVE, Bound::In(10.0)),
    range("search.max_length_ratio", NOT_NEGATIVE, Bound::In(100.0)),
    range("search.max_length_extra", AT_LEAST_1, Bound::In(10_000.0)),
];

/// The range of a key, if it is narrower than its type.
pub(super) fn of(key: &str) -> Option<&'static Range> {
    RANGES.iter().find(|range| range.key == key)
}

/// `1 to 256`, `above 0`, `0 to below 1`, `at least 1`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (Bound::In(least), Bound::None) => write!(f, "at least {least}"),
            (Bound::Out(least), Bound::None) => write!(f, "above {least}"),
            (Bound::In(least), Bound::In(most)) => write!(f, "{least} to {most}"),
            (Bound::In(least), Bound::Out(most)) => write!(f, "{least} to below {most}"),
            (Bound::Out(least), Bound::In(most)) => write!(f, "above {least}, at most {most}"),
            (least, most) => write!(f, "{least:?} to {most:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema::{Kind, Shape};
    use crate::config::{Experiment, parse};

    /// Whether the value is refused for its own sake.
    fn is_wrong(key: &str, value: f64) -> bool {
        let corpus = ["data.train={file='a.tsv'}", "data.dev={file='b.tsv'}"].map(str::to_owned);
        let number = if value.fract() == 0.0 { format!("{value:.0}") } else { value.to_string() };
        let set = [&corpus[..], &[format!("{key}={number}")]].concat();
        let wrong = parse("", "x.toml", &set).map_err(|error| error.faults().to_vec());
        // Sizes beyond all memory, and what another key makes wrong, are another matter.
        let own = |message: &str| {
            !["GiB", "parameters", "learning_rate =", "max_minutes:", "set max_steps"]
                .iter()
                .any(|other| message.contains(other))
        };
        let name = key.rsplit('.').next().unwrap_or(key);
        wrong.is_err_and(|faults| {
            faults.iter().any(|fault| {
                let told = format!("{:?} {}", fault.place, fault.message);
                told.contains(name) && own(&fault.message)
            })
        })
    }

    #[test]
    fn numbers_within_are_right_and_those_beyond_are_wrong() {
        for range in RANGES {
            let step = |kind: Kind| if matches!(kind, Kind::Whole { .. }) { 1.0 } else { 1e-3 };
            let step = step(kind(range.key));
            // A width must be even, and heads must divide it.
            let inside = !["model.d_model", "model.n_heads"].contains(&range.key);
            for (bound, outwards) in [(range.least, -step), (range.most, step)] {
                let (right, wrong) = match bound {
                    Bound::In(number) => (number, number + outwards),
                    Bound::Out(number) => (number - outwards, number),
                    Bound::None => continue,
                };
                assert!(is_wrong(range.key, wrong), "{} takes {wrong}", range.key);
                assert!(!inside || !is_wrong(range.key, right), "{} does not take {right}", range.key);
            }
        }
    }

    #[test]
    fn keys_without_a_range_take_what_their_type_takes() {
        let schema = Shape::of::<Experiment>();
        for (path, shape) in schema.paths() {
            let key = path.join(".");
            match shape {
                Shape::Value(Kind::Number) => assert!(of(&key).is_some(), "{key} has no range"),
                Shape::Value(Kind::Whole { .. }) if of(&key).is_none() => {
                    assert!(!is_wrong(&key, 0.0), "{key} has a range");
                }
                _ => {}
            }
        }
    }

    fn kind(key: &str) -> Kind {
        let schema = Shape::of::<Experiment>();
        let (_, shape) = schema.paths().into_iter().find(|(path, _)| path.join(".") == key).expect(key);
        let Shape::Value(kind) = shape else { panic!("{key} is a section") };
        *kind
    }
}
