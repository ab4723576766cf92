//! `learn cost`: N² measured, of attention alone and of whole models, beside a recurrent one of the same size; and what two
//! finished runs translate.

mod attention;
mod measure;
mod models;
mod runs;

use super::Lesson;
use crate::TrainError;
use measure::{Effort, ratio, seconds};
use page::{Axis, Chart, Series};
use std::path::PathBuf;

/// How thorough the measurements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// About a minute.
    Usual,
    /// Seconds: short sentences, few repetitions.
    Quick,
}

/// The page; `runs` are directories of finished runs to compare.
///
/// # Errors
///
/// A run that cannot be read.
pub fn lesson(pace: Pace, runs: &[PathBuf]) -> Result<Lesson, TrainError> {
    let runs = runs::read(runs)?;
    let effort = Effort::of(pace);
    let mut lesson = Lesson::new(
        "What attention costs",
        "Measured on this machine, now, by the code that trains: the fastest of several repetitions each.",
    );
    lesson.formula(
        "layer            work          steps that wait for each other\n\
         self-attention   N² · d        1\n\
         recurrent        N · d²        N",
    );
    lesson.text(format!(
        "So says the paper (Vaswani et al. 2017, table 1); N is the number of words, d the width of their vectors. This \
         process has {} threads.",
        rayon::current_num_threads()
    ));
    attention::add(&mut lesson, &effort);
    models::add(&mut lesson, &effort);
    runs::add(&mut lesson, &runs);
    lesson.next(
        "crates/kernels/src/attention/: the plain body and the one in tiles; crates/kernels/src/gru/: the walk through \
         time; crates/model/src/gru/: the recurrent model; configs/gru.toml: its run.",
        &[
            "At which length does attention cost more than the rest of the Transformer, whose work is N · d²?",
            "With twice the heads of half the width: what happens to the work, and what to the matrix of scores?",
            "Why does a recurrent model not need positions?",
        ],
    );
    Ok(lesson)
}

/// A picture with logarithmic axes: a straight line is a power, its slope the exponent.
fn chart(title: &str, x: &str, y: &str, lines: Vec<(&str, Vec<(f64, f64)>)>) -> Chart {
    let series = lines.into_iter().map(|(name, points)| Series::new(name, points)).collect();
    Chart { title: title.into(), x: Axis::logarithmic(x), y: Axis::logarithmic(y), series }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::learn::Terminal;
    use crate::commands::learn::terminal::Colour;

    #[test]
    fn the_page_has_its_numbers_and_pictures() {
        let lesson = lesson(Pace::Quick, &[]).unwrap();
        let text = lesson.to_text(Terminal { columns: 80, colour: Colour::Off });
        for part in
            ["Attention alone", "N^", "of one head: 16 × 16", "GRU with attention", "one sentence alone"]
        {
            assert!(text.to_lowercase().contains(&part.to_lowercase()), "no '{part}' in {text}");
        }
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        let html = lesson.to_html();
        assert_eq!(html.matches("class=\"chart\"").count(), 4, "pictures");
    }
}
