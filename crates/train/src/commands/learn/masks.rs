//! `learn masks`: what the two masks block, what each protects, and a decoder that cheats without one.

mod cheat;

use super::tensors::{difference, largest_difference, values};
use super::{Lesson, Matrix};
use crate::TrainError;
use crate::tensors::ids;
use burn::tensor::{Device, Int, Tensor};
use cheat::{FIRST_DIGIT, Learnt, Sight, UNSEEN};
use kernels::{Mask, Order, attention_weights};
use model::{Init, ModelConfig, Pass, SpecialIds, Transformer, mask};
use page::{Axis, Chart, Scale, Series};

const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };
const VOCAB: usize = 20;
/// Blocks nothing: what there would be without masks.
const NOTHING: Mask = Mask { padding: None, order: Order::Any };
/// Two sources of different lengths, the shorter filled up.
const SOURCES: [[u32; 5]; 2] = [[5, 6, 7, 8, IDS.eos], [9, 10, IDS.eos, IDS.pad, IDS.pad]];
/// A target as the decoder reads it, and the same with other words at the end.
const TARGETS: [[u32; 5]; 2] = [[IDS.bos, 5, 6, 7, 8], [IDS.bos, 5, 6, 11, 12]];
/// Positions of the targets that are the same.
const SAME: usize = 3;

/// The page. Trains two tiny models, which takes some seconds.
///
/// # Errors
///
/// None.
pub fn lesson() -> Result<Lesson, TrainError> {
    let mut lesson = Lesson::new(
        "Masks",
        "A mask takes keys away before the softmax: their weight is 0, and the others share the whole.",
    );
    lesson.formula(
        "softmax(Q Kᵀ / √d_k + mask) V      mask = 0 where a key may be seen, −∞ where it is blocked",
    );
    lesson.text("There are two reasons to block: a key is padding, or it lies in the future (§3.2.3).");
    let subject = Subject::new();
    subject.padding(&mut lesson);
    subject.future(&mut lesson);
    cheater(&mut lesson);
    lesson.next(
        "crates/model/src/mask.rs makes every mask; crates/model/src/decoder.rs: DecoderLayer::forward uses the causal \
         one; Pass::seeing_the_future (crates/model/src/pass.rs) is the switch that this page uses to leave it out; \
         crates/train/src/loss.rs: loss.",
        &[
            "Why does search need no causal mask? (crates/model/src/cache.rs: what is there to see?)",
            "Why has cross-attention no causal mask?",
            "What would go wrong if padding stood on the left of a target?",
        ],
    );
    Ok(lesson)
}

/// A small model with random weights.
struct Subject {
    model: Transformer,
    device: Device,
}

impl Subject {
    fn new() -> Self {
        let config = ModelConfig {
            d_model: 16,
            d_ff: 32,
            n_heads: 2,
            n_encoder_layers: 2,
            n_decoder_layers: 2,
            dropout: 0.0,
            ..ModelConfig::default()
        };
        let device = Device::flex();
        Self { model: Transformer::new(&config, VOCAB, IDS, 2017, &device), device }
    }

    fn ids<const N: usize>(&self, rows: &[[u32; N]]) -> Tensor<2, Int> {
        ids(rows.as_flattened(), [rows.len(), N], &self.device)
    }

    /// What a mask leaves of `len` queries on `len` keys, for the last row of its batch: with random scores, and (all
    /// scores 0) the bare mask.
    fn rows(&self, mask: &Mask, batch: usize, len: usize) -> [Vec<f32>; 2] {
        let init = Init::new(2017, &self.device);
        let draw = |name: &str| init.child(name).normal(len, 2, 1.0).val().reshape([1, 1, len, 2]);
        let last = |queries: Tensor<4>| {
            let [queries, keys] = [queries, draw("keys")].map(|x| x.expand([batch, 1, len, 2]));
            let weights = values(attention_weights(queries, keys, mask));
            weights[weights.len() - len * len..].to_vec()
        };
        let weights = last(draw("queries"));
        let blocked = last(draw("queries") * 0.0).into_iter().map(|weight| f32::from(weight == 0.0));
        [weights, blocked.collect()]
    }

    /// The three pictures of a mask: itself, weights without it, weights with it.
    fn pictures(&self, lesson: &mut Lesson, mask: &Mask, batch: usize, labels: &[&str]) {
        let len = labels.len();
        let [with, blocked] = self.rows(mask, batch, len);
        let [without, _] = self.rows(&NOTHING, batch, len);
        let three = [
            ("The mask: 1 is blocked. A row asks, a column is asked", blocked),
            ("Weights of random scores without it", without),
            ("With it: the same scores, blocked keys at 0, every row still sums to 1", with),
        ];
        for (caption, values) in three {
            let names: Vec<String> = labels.iter().map(|&label| label.into()).collect();
            let (rows, columns) = (names.clone(), names);
            let caption = caption.into();
            lesson.matrix(Matrix { caption, rows, columns, values, scale: Scale::Positive(1.0) });
        }
    }

    /// The encoder's states of the shorter source, without its padding, when it is encoded in a row of `len`.
    fn encoded(&self, len: usize, padding: Padding) -> Vec<f32> {
        let real = SOURCES[1].iter().filter(|&&id| id != IDS.pad).count();
        let row = ids(&SOURCES[1][..len.max(real)], [1, len.max(real)], &self.device);
        let pass = Pass::inference();
        let states = match padding {
            Padding::Blocked => self.model.encode(row, &pass).states,
            Padding::Seen => {
                let x = self.model.embedding.forward(row, 0, &pass);
                self.model.encoder.forward(x, &NOTHING, &pass)
            }
        };
        values(states.slice([0..1, 0..real]))
    }

    /// How far the states of the padded row are from those of the row alone.
    fn moved_by_padding(&self, padding: Padding) -> f32 {
        let alone = self.encoded(0, Padding::Blocked);
        largest_difference(&alone, &self.encoded(SOURCES[1].len(), padding))
    }

    fn padding(&self, lesson: &mut Lesson) {
        lesson.heading("Padding");
        lesson.text(
            "Sentences of a batch have one length, so the shorter are filled with <pad>. No word may look at it. Here the \
             second of two sources, three tokens and two of padding:",
        );
        let blocked = mask::padding_mask(&self.ids(&SOURCES), IDS.pad);
        let labels = ["a", "b", "</s>", "<pad>", "<pad> "];
        self.pictures(lesson, &mask::padding_only(&blocked), SOURCES.len(), &labels);
        lesson.text(format!(
            "So a sentence does not care about its batch: through two layers, its states in the padded row differ by at \
             most {} from those of the sentence alone. With a mask that blocks nothing they differ by up to {}.",
            difference(self.moved_by_padding(Padding::Blocked)),
            difference(self.moved_by_padding(Padding::Seen))
        ));
    }

    /// How far the logits of the first positions move when the words after them change.
    fn moved_by_future(&self, sight: Sight) -> f32 {
        let pass = || match sight {
            Sight::Causal => Pass::inference(),
            Sight::Everything => Pass::inference().seeing_the_future(),
        };
        let [first, second] = TARGETS.map(|target| {
            let memory = self.model.encode(self.ids(&SOURCES[..1]), &pass());
            let logits = self.model.decode(self.ids(&[target]), &memory, &pass());
            values(logits.slice([0..1, 0..SAME]))
        });
        largest_difference(&first, &second)
    }

    fn future(&self, lesson: &mut Lesson) {
        lesson.heading("The future");
        lesson.text(
            "In training the decoder reads the right target, shifted by one, and is to say the next word at every position \
             at once. What it is to say stands one place further on in what it reads: the causal mask takes it away.",
        );
        let labels = ["<s>", "I", "love", "Apple", "phones"];
        self.pictures(lesson, &mask::causal(), 1, &labels);
        lesson.text(format!(
            "So the future never changes the past: two targets with the same first {SAME} tokens and other ones after \
             them give logits there that differ by at most {}. Without the mask they differ by up to {}.",
            difference(self.moved_by_future(Sight::Causal)),
            difference(self.moved_by_future(Sight::Everything))
        ));
    }
}

/// Whether padding is blocked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    Blocked,
    Seen,
}

fn cheater(lesson: &mut Lesson) {
    tracing::info!("two tiny models are trained for the last part of this page: some seconds");
    let strings = cheat::unseen();
    let honest = cheat::learn(Sight::Causal, &strings);
    let cheater = cheat::learn(Sight::Everything, &strings);
    lesson.heading("A decoder that cheats");
    lesson.text(format!(
        "Two models begin with the same random weights and learn for {} steps to copy strings of {} digits, one with the \
         causal mask, one with a mask that blocks nothing. Then both copy {UNSEEN} strings that they never saw, by greedy \
         search, in which there is no future yet. Trained just now:",
        cheat::STEPS,
        cheat::DIGITS,
    ));
    compared(lesson, &honest, &cheater, &strings);
    examples(lesson, &honest, &cheater, &strings);
}

/// Losses, and what search makes of both.
fn compared(lesson: &mut Lesson, honest: &Learnt, cheater: &Learnt, strings: &[Vec<u32>]) {
    let row = |name: &str, of: &dyn Fn(&Learnt) -> String| [name.to_owned(), of(honest), of(cheater)];
    let point = |at: usize| move |learnt: &Learnt| format!("{:.4}", learnt.curve[at].1);
    let last = honest.curve.len() - 1;
    lesson.table(
        "Losses in nats a token; a blind guess among ten digits is ln 10 = 2.30.",
        ["", "causal mask", "no mask"],
        vec![
            row("training loss, first steps", &point(0)),
            row("half way", &point(last / 2)),
            row("steps until it is below 0.1", &|learnt| learnt.steps_until(0.1)),
            row("last steps", &point(last)),
            row("loss on unseen strings, as trained", &|learnt| format!("{:.4}", learnt.loss)),
            row("… with the future hidden", &|learnt| format!("{:.4}", learnt.loss_without_future)),
            row("digits right, by search", &|learnt| format!("{:.1} %", 100.0 * learnt.digits(strings))),
            row("strings right, by search", &|learnt| format!("{} of {UNSEEN}", learnt.exact(strings))),
        ],
    );
    lesson.chart(Chart {
        title: "Training loss".into(),
        x: Axis::new("step"),
        y: Axis::logarithmic("nats a token"),
        series: vec![
            Series::new("causal mask", honest.curve.clone()),
            Series::new("no mask", cheater.curve.clone()),
        ],
    });
}

/// What went wrong, and some strings to see it.
fn examples(lesson: &mut Lesson, honest: &Learnt, cheater: &Learnt, strings: &[Vec<u32>]) {
    lesson.text(
        "The cheater's loss falls first and ends lower: the next token stands in its input, and looking one place to the \
         right is soon learnt. What it has not learnt is to read the source. Where the future is not there to be copied, \
         it has nothing to say. A loss alone does not show such a fault; translating does.",
    );
    let example =
        |at: usize| [&strings[at], &honest.found[at].tokens, &cheater.found[at].tokens].map(|it| text(it));
    lesson.table("The first strings:", ["to copy", "causal mask", "no mask"], (0..5).map(example).collect());
    if cheater.found.iter().all(|found| found.tokens.is_empty()) {
        lesson.text(
            "It ends every string at once: while it learnt, nothing to the right meant that the string is over, and in a \
             search there is never anything to the right.",
        );
    }
}

/// The digits of a string.
fn text(tokens: &[u32]) -> String {
    let digit = |&token: &u32| token.checked_sub(FIRST_DIGIT).map_or("?".into(), |digit| digit.to_string());
    if tokens.is_empty() { "(nothing)".into() } else { tokens.iter().map(digit).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_and_future_move_only_what_is_not_masked() {
        let subject = Subject::new();
        assert!(subject.moved_by_padding(Padding::Blocked) < 1e-6);
        assert!(subject.moved_by_padding(Padding::Seen) > 1e-2);
        assert_eq!(subject.moved_by_future(Sight::Causal), 0.0);
        assert!(subject.moved_by_future(Sight::Everything) > 1e-2);
    }

    #[test]
    fn blocked_keys_have_no_weight_and_the_rest_all() {
        let subject = Subject::new();
        let [weights, blocked] = subject.rows(&mask::causal(), 1, 5);
        for (at, (weight, blocked)) in weights.iter().zip(&blocked).enumerate() {
            let future = at % 5 > at / 5;
            assert_eq!((*weight == 0.0, *blocked == 1.0), (future, future), "{at}");
        }
        assert!(weights.chunks(5).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-6));
        let padding = mask::padding_mask(&subject.ids(&SOURCES), IDS.pad);
        let [_, blocked] = subject.rows(&mask::padding_only(&padding), 2, 5);
        assert_eq!(blocked, [[0.0, 0.0, 0.0, 1.0, 1.0]; 5].concat());
    }

    #[test]
    fn the_cheater_has_the_lower_loss_and_cannot_translate() {
        let strings = cheat::unseen();
        assert_eq!(strings.len(), UNSEEN);
        let honest = cheat::learn(Sight::Causal, &strings);
        let cheater = cheat::learn(Sight::Everything, &strings);
        let steps = |learnt: &Learnt| learnt.steps_until(0.1).parse::<u64>().unwrap();
        assert!(cheater.loss < honest.loss && cheater.loss < 0.02, "{}", cheater.loss);
        assert!(steps(&cheater) <= steps(&honest), "{} {}", steps(&cheater), steps(&honest));
        assert!(cheater.exact(&strings) <= UNSEEN / 10, "{}", cheater.exact(&strings));
        assert!(cheater.loss_without_future > 1.0, "{}", cheater.loss_without_future);
        assert!(honest.exact(&strings) >= UNSEEN * 9 / 10, "{}", honest.exact(&strings));
        assert_eq!(honest.loss, honest.loss_without_future);
    }
}
