//! What the script of the page reads: labels as JSON, weights as two digits of base 64 each.

use super::{Grid, Kind, Sentence, Side};
use std::fmt::Write as _;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// A weight of 1.
const FULL: f32 = 4095.0;

/// Which grids a page holds of a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Detail {
    /// Every head.
    Heads,
    /// The mean over the heads of each layer.
    Means,
}

/// A text as JSON that also may stand in a script element: no `<` is left in it.
fn text(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '<' | '>' | '&' | '\'' | '\u{0}'..='\u{1F}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json + "\""
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn side(side: &Side) -> String {
    let pieces = list(side.pieces.iter().map(|piece| text(piece)));
    let words = list(side.words.iter().map(|(word, size)| format!("[{},{size}]", text(word))));
    format!("{{\"lang\":{},\"pieces\":{pieces},\"words\":{words}}}", text(&side.language))
}

pub(super) fn weights(grid: &Grid) -> String {
    let mut digits = String::with_capacity(2 * grid.values.len());
    for value in &grid.values {
        let level = (value.clamp(0.0, 1.0) * FULL).round() as usize;
        digits.extend([DIGITS[level >> 6], DIGITS[level & 63]].map(char::from));
    }
    digits
}

/// A sentence for the script.
pub(super) fn sentence(sentence: &Sentence, detail: Detail) -> String {
    // A recurrent model attends to the source only.
    let kinds = Kind::ALL.into_iter().filter(|kind| !sentence.maps(*kind).0.is_empty()).map(|kind| {
        let maps = sentence.maps(kind);
        let layers = (0..maps.0.len()).map(|layer| match detail {
            Detail::Heads => list(maps.0[layer].iter().map(|grid| text(&weights(grid)))),
            Detail::Means => list(std::iter::once(text(&weights(&maps.layer_mean(layer))))),
        });
        // Places in the list of sides below.
        let [rows, columns] = match kind {
            Kind::Cross => [1, 0],
            Kind::Encoder => [0, 0],
            Kind::Decoder => [1, 2],
        };
        format!(
            "{{\"name\":{},\"axes\":{},\"rows\":{rows},\"columns\":{columns},\"layers\":{}}}",
            text(kind.name()),
            text(kind.axes()),
            list(layers)
        )
    });
    let sides = list([&sentence.src, &sentence.written, &sentence.read].map(side).into_iter());
    let links = list(sentence.links.iter().map(|(row, column)| format!("[{row},{column}]")));
    format!(
        "{{\"layer\":{},\"links\":{links},\"means\":{},\"sides\":{sides},\"kinds\":{}}}",
        sentence.layer,
        detail == Detail::Means,
        list(kinds)
    )
}
