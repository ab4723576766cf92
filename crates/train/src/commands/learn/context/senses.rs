//! Words with two meanings that the starter text has often: do the vectors of one meaning lie together?

use super::super::source::Reader;
use super::super::terminal::number;
use super::super::{Lesson, tensors::cosine};
use super::depths::{Word, names};
use super::mean;
use crate::TrainError;
use crate::translator::Translator;
use page::{Axis, Chart, Series};

/// Sentences of each meaning.
const EACH: usize = 5;

/// A word, its two meanings, and sentences of each.
struct Senses {
    word: &'static str,
    meanings: [&'static str; 2],
    sentences: [[&'static str; EACH]; 2],
}

const WORDS: [Senses; 3] = [
    Senses {
        word: "well",
        meanings: ["a hole with water", "in a good way"],
        sentences: [
            [
                "We drink water from the well.",
                "The cow is standing near the well.",
                "Is the well in your village deep?",
                "My sister went to the well.",
                "That old well has no water.",
            ],
            [
                "My sister sings very well.",
                "The children of this village play well.",
                "Did you eat well at your village?",
                "You must study well for school.",
                "She cooks rice and fish well.",
            ],
        ],
    },
    Senses {
        word: "right",
        meanings: ["not wrong", "not left"],
        sentences: [
            [
                "I think your answer is right.",
                "You are right about the train.",
                "Is this the right answer?",
                "What the teacher said is right.",
                "Yes, my father is right.",
            ],
            [
                "Turn right near the temple.",
                "The shop is on the right side.",
                "Go straight and then turn right.",
                "The road on the right goes to the school.",
                "Do not turn right at the bank.",
            ],
        ],
    },
    Senses {
        word: "back",
        meanings: ["a part of the body", "to where it was"],
        sentences: [
            [
                "My back hurts today.",
                "He hurt his back in the field.",
                "Does your back hurt at night?",
                "Grandfather has pain in his back.",
                "There was a wound on the back of the cow.",
            ],
            [
                "My mother will come back today.",
                "Give the money back to the teacher.",
                "When will your brother come back?",
                "She put the book back in the bag.",
                "We went back to the village at night.",
            ],
        ],
    },
];

/// What one depth says about two groups of vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Split {
    within: f64,
    across: f64,
    /// Of all ways to halve the sentences, so many part them at least as well.
    rank: usize,
    ways: usize,
}

/// Compares the first half of some vectors with the second.
fn split(vectors: &[Vec<f32>]) -> Split {
    let n = vectors.len();
    let cosines: Vec<Vec<f64>> =
        vectors.iter().map(|a| vectors.iter().map(|b| cosine(a, b)).collect()).collect();
    let halves = |first: u32| {
        let side = |at: usize| first >> at & 1;
        let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
        let (within, across): (Vec<_>, Vec<_>) = pairs.partition(|&(a, b)| side(a) == side(b));
        let of =
            |pairs: &[(usize, usize)]| mean(&pairs.iter().map(|&(a, b)| cosines[a][b]).collect::<Vec<_>>());
        (of(&within), of(&across))
    };
    let (within, across) = halves((1 << (n / 2)) - 1);
    // The half that has the first vector stands for both.
    let all: Vec<u32> =
        (0..1_u32 << n).filter(|half| half.count_ones() as usize == n / 2 && half & 1 == 1).collect();
    let gap = |(within, across): (f64, f64)| within - across;
    let rank = all.iter().filter(|&&half| gap(halves(half)) >= within - across - 1e-12).count();
    Split { within, across, rank, ways: all.len() }
}

pub(super) fn add(lesson: &mut Lesson, reader: &Reader, translator: &Translator) -> Result<(), TrainError> {
    lesson.heading("Are the meanings apart?");
    lesson.text(format!(
        "Two sentences can differ in many ways. So take {EACH} sentences of each of two meanings, and compare the mean cosine \
         within a meaning with that across the two. By chance the gap is sometimes large, too: \"rank\" says how many of \
         all ways to halve the {} sentences have a gap at least as large; 1 means that no other way parts them better.",
        2 * EACH
    ));
    for senses in &WORDS {
        word(lesson, reader, translator, senses)?;
    }
    Ok(())
}

fn word(
    lesson: &mut Lesson,
    reader: &Reader,
    translator: &Translator,
    senses: &Senses,
) -> Result<(), TrainError> {
    let sentences = senses.sentences.as_flattened();
    let words = sentences
        .iter()
        .map(|sentence| Word::new(reader, senses.word, sentence))
        .collect::<Result<Vec<Word>, TrainError>>()?;
    let depths = names(&reader.config.model);
    let of_depth = |depth: usize| split(&words.iter().map(|word| word.at(depth)).collect::<Vec<Vec<f32>>>());
    let splits: Vec<Split> = (0..depths.len()).map(of_depth).collect();
    lesson.heading(&format!("\"{}\": {} or {}", senses.word, senses.meanings[0], senses.meanings[1]));
    let row = |(split, name): (&Split, &String)| {
        let Split { within, across, rank, ways } = *split;
        // Where all vectors are the same, no way is better than another.
        let rank = if rank == ways { "–".into() } else { format!("{rank} of {ways}") };
        let [within, across, gap] = [within, across, within - across].map(|value| number(value as f32));
        [name.clone(), within, across, gap, rank]
    };
    let rows = splits.iter().zip(&depths).map(row).collect();
    lesson.table("", ["", "within", "across", "gap", "rank"], rows);
    lesson.text(verdict(splits.last().expect("there is a depth")));
    let line = |name: &str, of: fn(&Split) -> f64| {
        Series::new(name, splits.iter().enumerate().map(|(depth, split)| (depth as f64, of(split))).collect())
    };
    lesson.chart(Chart {
        title: format!("\"{}\": mean cosine at each depth", senses.word),
        x: Axis::new("depth"),
        y: Axis::new("cosine"),
        series: vec![line("within a meaning", |split| split.within), line("across", |split| split.across)],
    });
    let shown: Vec<String> =
        senses.sentences.iter().flat_map(|side| &side[..2]).map(|&sentence| sentence.to_owned()).collect();
    let translations = translator.translate(&shown, 0);
    let config = &reader.config;
    lesson.translations(
        "What the model makes of the first two of each:",
        [&config.src_lang, &config.tgt_lang],
        shown.into_iter().zip(translations).collect(),
    );
    Ok(())
}

/// What the last depth says, and how sure it is.
fn verdict(last: &Split) -> String {
    let Split { within, across, rank, ways } = *last;
    let gap = number((within - across) as f32);
    let share = 100.0 * rank as f64 / ways as f64;
    let chance = format!("by chance a gap as large comes in {share:.0} of 100 cases");
    match share {
        ..=5.0 => format!(
            "At the end the gap is {gap}; {chance}: the meanings are further apart than chance explains."
        ),
        ..=20.0 => format!("At the end the gap is {gap}; {chance}: a hint, no proof."),
        _ => format!(
            "At the end the gap is {gap}; {chance}: these sentences do not show that the meanings are apart."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_true_halves_are_found_best_where_they_are_apart() {
        let near = |x: f32, y: f32| vec![x, y];
        let apart =
            [near(1.0, 0.0), near(1.0, 0.1), near(1.0, 0.2), near(0.0, 1.0), near(0.1, 1.0), near(0.2, 1.0)];
        let found = split(&apart);
        assert_eq!((found.rank, found.ways), (1, 10));
        assert!(found.within > 0.97 && found.across < 0.3, "{found:?}");
        let mixed = [0, 3, 1, 4, 2, 5].map(|at| apart[at].clone());
        assert!(split(&mixed).rank > 5, "{:?}", split(&mixed));
    }

    #[test]
    fn equal_vectors_are_parted_by_nothing() {
        let found = split(&vec![vec![1.0, 2.0]; 6]);
        assert!((found.within - 1.0).abs() < 1e-9 && (found.across - 1.0).abs() < 1e-9);
        assert_eq!(found.rank, found.ways);
    }

    #[test]
    fn every_sentence_has_its_word() {
        for senses in &WORDS {
            for sentence in senses.sentences.as_flattened() {
                let mut words = sentence.split(|c: char| !c.is_alphabetic());
                assert!(words.any(|word| word == senses.word), "{sentence}");
            }
        }
    }
}
