//! How wide a label is, and how it is made to fit. Widths are guesses: only the reader's system knows its fonts.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// Of a letter of the Latin script, in the picture's units.
const NARROW: f64 = 7.2;
/// Of a letter of any other script: many Kannada letters are wider than an `m`.
const WIDE: f64 = 11.5;

/// About how wide a text is.
pub(super) fn width(text: &str) -> f64 {
    text.graphemes(true).map(|letter| if letter.is_ascii() { NARROW } else { WIDE }).sum()
}

/// The text, cut between letters where it is too wide.
pub(super) fn fitted(text: &str, most: f64) -> Cow<'_, str> {
    if width(text) <= most {
        return text.into();
    }
    let mut room = most - WIDE;
    let fits = text.graphemes(true).take_while(|letter| {
        room -= width(letter);
        room >= 0.0
    });
    (fits.collect::<String>() + "…").into()
}

/// The text in lines of at most this width, broken at spaces.
pub(super) fn lines(text: &str, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = fitted(word, most);
        match lines.last_mut() {
            Some(line) if width(line) + NARROW + width(&word) <= most => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word.into_owned()),
        }
    }
    lines
}
