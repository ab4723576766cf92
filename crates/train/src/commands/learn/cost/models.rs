//! Whole models in training: the Transformer beside a recurrent one of the same size.

use super::measure::{Effort, last_exponent};
use super::{Lesson, chart, ratio, seconds};
use crate::loss::loss;
use crate::tensors::{BatchTensors, ids};
use burn::tensor::Device;
use model::{Model, ModelConfig, ModelKind, Pass, SpecialIds};

const VOCAB: usize = 3000;
const FIRST_WORD: usize = 3;
const IDS: SpecialIds = SpecialIds { pad: 0, bos: 1, eos: 2 };

/// The shape of configs/small.toml.
fn transformer() -> ModelConfig {
    ModelConfig { d_model: 128, d_ff: 512, ..ModelConfig::default() }
}

/// The shape of configs/gru.toml.
fn gru() -> ModelConfig {
    let (n_encoder_layers, n_decoder_layers) = (1, 1);
    ModelConfig {
        kind: ModelKind::Gru,
        d_model: 264,
        n_encoder_layers,
        n_decoder_layers,
        ..ModelConfig::default()
    }
}

/// Seconds of a sentence of so many words.
type Times = Vec<(f64, f64)>;

pub(super) fn add(lesson: &mut Lesson, effort: &Effort) {
    let configs = [transformer(), gru()];
    lesson.heading("In training, beside a recurrent model of the same size");
    lesson.text(
        "Both read a sentence and write one of the same length; forward, loss and backward, as a training step does. The \
         recurrent model has a state that each word changes: the next word waits for it, in the encoder and in the decoder.",
    );
    for config in &configs {
        let parameters = config.n_parameters(VOCAB).unwrap_or(0);
        lesson.text(format!("{}: {parameters} parameters ({}).", config.kind.name(), config.summary()));
    }
    let tape = Device::flex().autodiff();
    let models = configs.map(|config| Model::new(&config, VOCAB, IDS, 1, &tape));
    let most = effort.batch_words;
    let full = models.each_ref().map(|model| times(model, effort, &tape, |words| (most / words).max(1)));
    let alone = models.each_ref().map(|model| times(model, effort, &tape, |_| 1));
    show(lesson, &format!("Batches of {most} words: time of one sentence"), &full);
    show(lesson, "One sentence alone", &alone);
    verdict(lesson, &full, &alone);
}

fn times(model: &Model, effort: &Effort, tape: &Device, rows: impl Fn(usize) -> usize) -> Times {
    let time = |&words: &usize| {
        let rows = rows(words);
        let batch = batch([rows, words], tape);
        let secs = effort.fastest(|| {
            let _ = loss(model, batch.clone(), 0.1, &Pass::inference()).loss.backward();
        });
        (words as f64, secs / rows as f64)
    };
    effort.sentences.iter().map(time).collect()
}

/// Sentences of words that all differ from their neighbours.
fn batch([rows, len]: [usize; 2], tape: &Device) -> BatchTensors {
    let words = |seed: usize| -> Vec<u32> {
        (0..rows * len).map(|i| (FIRST_WORD + (i * 7919 + seed) % (VOCAB - FIRST_WORD)) as u32).collect()
    };
    BatchTensors {
        src: ids(&words(1), [rows, len], tape),
        tgt_in: ids(&words(2), [rows, len], tape),
        tgt_out: ids(&words(3), [rows * len], tape),
    }
}

fn show(lesson: &mut Lesson, caption: &str, [transformer, gru]: &[Times; 2]) {
    let rows = transformer.iter().zip(gru).map(|(&(words, attends), &(_, recurs))| {
        let per_word = |secs: f64| seconds(secs / words);
        [
            format!("{words:.0}"),
            seconds(attends),
            per_word(attends),
            seconds(recurs),
            per_word(recurs),
            format!("{:.0}", 2.0 * words),
        ]
    });
    let head = ["words", "Transformer", "a word", "GRU", "a word", "steps in turn"];
    lesson.table(caption, head, rows.collect());
    let lines = vec![("Transformer", transformer.clone()), ("GRU with attention", gru.clone())];
    lesson.chart(chart(caption, "words of a sentence", "seconds", lines));
}

fn verdict(lesson: &mut Lesson, full: &[Times; 2], alone: &[Times; 2]) {
    let last = full[0].len() - 1;
    let words = full[0][last].0;
    let against = |times: &[Times; 2], place: usize| times[1][place].1 / times[0][place].1;
    lesson.text(format!(
        "In full batches a sentence's time grows as N^{:.2} with the Transformer and as N^{:.2} with the GRU, towards \
         {words:.0} words. The GRU takes {} times the Transformer's time at {:.0} words and {} times at {words:.0}.",
        last_exponent(&full[0]),
        last_exponent(&full[1]),
        ratio(against(full, 0)),
        full[0][0].0,
        ratio(against(full, last)),
    ));
    lesson.text(format!(
        "One sentence alone has no other rows to fill a step with: there the GRU takes {} times the Transformer's time at \
         {words:.0} words. Full batches hide the waiting, since at each step all sentences of the batch take theirs; and a \
         processor of {} threads has less to gain from words side by side than a graphics card with thousands.",
        ratio(against(alone, last)),
        rayon::current_num_threads()
    ));
}
