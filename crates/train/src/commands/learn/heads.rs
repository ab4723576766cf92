//! `learn heads`: what each head of a trained model looks at, and what is lost without it.
//!
//! The shares are those of Clark et al. 2019 §3 (arXiv:1906.04341) and Voita et al. 2019 §4 (arXiv:1905.09418): how much
//! of a head's weight lies on the token before, the same, the next, the first, on the end. A head is switched off as in
//! Michel et al. 2019 §3.1 (arXiv:1905.10650): its part of the output projection is zero.

mod measure;
mod samples;
mod without;

pub use samples::Source;

use super::{Lesson, Matrix};
use crate::TrainError;
use crate::attention::Recorder;
use measure::{Measures, OFFSETS};
use model::Precision;
use page::Scale;
use page::attention::Kind;
use samples::{Sample, Samples};

/// Heads that are shown on a sentence at most, and pieces of that sentence.
const MOST_EXAMPLES: usize = 6;
const EXAMPLE_PIECES: usize = 9;

/// A head: its kind, layer and place there, from 0.
type Place = (Kind, usize, usize);

/// The page.
///
/// # Errors
///
/// A model or files that cannot be read; no sentence with text.
pub fn lesson(source: &Source<'_>) -> Result<Lesson, TrainError> {
    let Samples { dir, sentences, targets } = Samples::load(source)?;
    let model = dir.transformer()?;
    let recorder = Recorder::new(&dir, Precision::F32);
    let recorded: Vec<Sample> =
        sentences.iter().filter_map(|part| Sample::new(&recorder, &dir.tokenizer, part)).collect();
    if recorded.is_empty() {
        let reason = "no sentence has text; give others with --src";
        return Err(TrainError::Usage(reason.into()));
    }
    let mut lesson = Lesson::new(
        "What each head looks at",
        &format!("{} on {} sentences and {}", source.model.display(), recorded.len(), targets.name()),
    );
    lesson.text(format!(
        "Every head of a layer looks with a projection of its own, so heads can divide the work. Here are shares of \
         their weight, averaged over all tokens of {} sentences; heads are named layer.head from 1. A row of attention \
         sums to 1.",
        recorded.len()
    ));
    lesson.text(measure::thresholds());
    let losses = without::losses(model, &sentences);
    lesson.text(format!(
        "The last column is the test that a picture of attention cannot give: how much the loss on {} rises from {:.3} \
         nats a token when this head alone is switched off. A head may look tidy and be of no use, and heads can stand \
         in for each other: most are missed little one at a time. Attention is not explanation.",
        targets.name(),
        losses.whole
    ));
    let mut heads = Vec::new();
    for kind in Kind::ALL {
        let measures = measures(&recorded, kind);
        table(&mut lesson, kind, &measures, &losses);
        offsets(&mut lesson, kind, &measures);
        heads.extend(measures.into_iter().map(|(layer, head, measures)| ((kind, layer, head), measures)));
    }
    missed(&mut lesson, &heads, &losses);
    examples(&mut lesson, &recorded, &heads);
    lesson.next(
        "Weights are recorded by model::Pass::recording, in the attention that also trains: kernels::attention_weights. \
         A head is switched off by zeros in its rows of the output projection.",
        &[
            "Which heads look alike in every sentence, whatever its words, and which depend on the words?",
            "Where does a head look that has nothing to find? Compare the end of the sentence with its share.",
            "`train translate --attention page.html` shows every head on a sentence of your own.",
        ],
    );
    Ok(lesson)
}

/// The measures of each layer and head.
fn measures(recorded: &[Sample], kind: Kind) -> Vec<(usize, usize, Measures)> {
    let layers = &recorded[0].maps(kind).0;
    let places = (0..layers.len()).flat_map(|layer| (0..layers[layer].len()).map(move |head| (layer, head)));
    places
        .map(|(layer, head)| {
            let grids = recorded.iter().map(|sample| (&sample.maps(kind).0[layer][head], sample.rests(kind)));
            (layer, head, Measures::of(kind, grids))
        })
        .collect()
}

fn name(layer: usize, head: usize) -> String {
    format!("{}.{}", layer + 1, head + 1)
}

fn table(lesson: &mut Lesson, kind: Kind, measures: &[(usize, usize, Measures)], losses: &without::Losses) {
    lesson.heading(&capital(kind.name()));
    let mut head = vec!["head".to_owned(), "what it does".to_owned()];
    head.extend(Measures::names(kind).iter().map(|name| (*name).to_owned()));
    head.push("off: loss".into());
    let row = |(layer, head, measures): &(usize, usize, Measures)| {
        let mut row = vec![name(*layer, *head), measures.role(kind).to_owned()];
        row.extend(measures.values(kind));
        row.push(signed(losses.without[&(kind, *layer, *head)] - losses.whole));
        row
    };
    lesson.wide_table(measure::told(kind), head, measures.iter().map(row).collect());
}

fn offsets(lesson: &mut Lesson, kind: Kind, measures: &[(usize, usize, Measures)]) {
    let signs: Vec<String> = (-OFFSETS..=OFFSETS)
        .map(|offset| match offset {
            0 => "0".to_owned(),
            1.. => format!("+{offset}"),
            _ => format!("−{}", -offset),
        })
        .collect();
    // The decoder sees nothing after the token that was read last.
    let shown = if kind == Kind::Decoder { OFFSETS as usize + 1 } else { signs.len() };
    let values = measures.iter().flat_map(|(.., measures)| measures.offsets[..shown].to_vec()).collect();
    lesson.matrix(Matrix {
        caption: measure::offsets_told(kind).into(),
        rows: measures.iter().map(|(layer, head, _)| name(*layer, *head)).collect(),
        columns: signs[..shown].to_vec(),
        values,
        scale: Scale::Positive(1.0),
    });
}

/// The heads that are missed most and least.
fn missed(lesson: &mut Lesson, heads: &[(Place, Measures)], losses: &without::Losses) {
    lesson.heading("Which heads are missed");
    let mut order: Vec<&(Place, Measures)> = heads.iter().collect();
    let rise = |place: &Place| losses.without[place] - losses.whole;
    order.sort_by(|a, b| rise(&b.0).total_cmp(&rise(&a.0)));
    let little = order.iter().filter(|(place, _)| rise(place) < 0.01).count();
    lesson.text(format!(
        "Without one of {little} of the {} heads the loss rises by less than 0.01 nats a token. The five that are \
         missed most:",
        heads.len()
    ));
    let row = |((kind, layer, head), measures): &&(Place, Measures)| {
        let loss = signed(rise(&(*kind, *layer, *head)));
        [name(*layer, *head), kind.name().to_owned(), measures.role(*kind).to_owned(), loss]
    };
    let rows = order.iter().take(5).map(row).collect();
    lesson.table("", ["head", "attention", "what it does", "off: loss"], rows);
}

/// A short sentence, with a head for each thing that heads do.
fn examples(lesson: &mut Lesson, recorded: &[Sample], heads: &[(Place, Measures)]) {
    let short = |sample: &&Sample| sample.longest() <= EXAMPLE_PIECES;
    let Some(sample) = recorded.iter().filter(short).max_by_key(|sample| sample.longest()) else { return };
    lesson.heading("On a sentence");
    lesson.text(format!(
        "“{}” → “{}”. One head for each thing that heads do here:",
        sample.source, sample.target
    ));
    let mut seen = Vec::new();
    for ((kind, layer, head), measures) in heads {
        let role = (*kind, measures.role(*kind));
        if role.1 == measure::MIXED || seen.contains(&role) || seen.len() == MOST_EXAMPLES {
            continue;
        }
        seen.push(role);
        let grid = &sample.maps(*kind).0[*layer][*head];
        let [rows, columns] = sample.labels(*kind);
        lesson.matrix(Matrix {
            caption: format!("{} {}: {}; {}", capital(kind.name()), name(*layer, *head), role.1, kind.axes()),
            rows,
            columns,
            values: grid.values.clone(),
            scale: Scale::Positive(1.0),
        });
    }
}

fn capital(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

/// A change with its sign.
fn signed(change: f64) -> String {
    let text = format!("{change:+.3}");
    if text.ends_with("0.000") { "+0.000".into() } else { text.replace('-', "−") }
}
