//! One matrix as SVG, with labels or small and without.

use super::label;
use super::{Grid, Side};
use crate::escape;
use std::fmt::Write as _;

/// Side of a cell, in the picture's units.
pub(super) const CELL: f64 = 26.0;
/// Widest label.
const MOST_LABEL: f64 = 200.0;
/// A weight below it is not drawn: on white it cannot be seen.
const LEAST: f32 = 0.02;

/// Part of a picture.
pub(super) struct Part {
    pub(super) svg: String,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A matrix of words with its labels; the links have a frame. A cell says its words and its weight.
pub(super) fn labelled(rows: &Side, columns: &Side, grid: &Grid, links: &[(usize, usize)]) -> Part {
    let room = |side: &Side| {
        let widest = side.words.iter().map(|(word, _)| label::width(word)).fold(0.0, f64::max);
        widest.min(MOST_LABEL) + 14.0
    };
    let (left, top) = (room(rows), room(columns));
    let mut svg = format!("<g lang=\"{}\">\n", escape(&columns.language));
    for (column, (word, _)) in columns.words.iter().enumerate() {
        let x = left + CELL * (column as f64 + 0.5) + 4.5;
        let _ = writeln!(
            svg,
            "<text transform=\"translate({x:.1} {:.1}) rotate(-90)\">{}</text>",
            top - 7.0,
            escape(&label::fitted(word, MOST_LABEL))
        );
    }
    let _ = writeln!(svg, "</g><g lang=\"{}\">", escape(&rows.language));
    for (row, (word, _)) in rows.words.iter().enumerate() {
        let y = top + CELL * (row as f64 + 0.5) + 4.5;
        let word = escape(&label::fitted(word, MOST_LABEL));
        let _ = writeln!(svg, "<text class=\"end\" x=\"{:.1}\" y=\"{y:.1}\">{word}</text>", left - 8.0);
    }
    svg.push_str("</g>\n");
    lines(&mut svg, [left, top], [rows.words.len(), columns.words.len()]);
    for (row, (asks, _)) in rows.words.iter().enumerate() {
        for (column, (seen, _)) in columns.words.iter().enumerate() {
            let weight = grid.row(row)[column];
            // What is no number is not drawn either.
            if !(LEAST..).contains(&weight) {
                continue;
            }
            let (x, y) = (left + CELL * column as f64, top + CELL * row as f64);
            let _ = writeln!(
                svg,
                "<rect class=\"plus\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{CELL}\" height=\"{CELL}\" \
                 fill-opacity=\"{weight:.2}\"><title>{} → {}: {weight:.2}</title></rect>",
                escape(asks),
                escape(seen)
            );
        }
    }
    for (row, column) in links {
        let (x, y) = (left + CELL * *column as f64 + 2.0, top + CELL * *row as f64 + 2.0);
        let _ = writeln!(
            svg,
            "<rect class=\"link\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{0}\" height=\"{0}\"/>",
            CELL - 4.0
        );
    }
    let width = left + CELL * columns.words.len() as f64 + 2.0;
    Part { svg, width, height: top + CELL * rows.words.len() as f64 + 2.0 }
}

/// The lines between the cells.
fn lines(svg: &mut String, [left, top]: [f64; 2], [rows, columns]: [usize; 2]) {
    let (right, bottom) = (left + CELL * columns as f64, top + CELL * rows as f64);
    svg.push_str("<path class=\"grid\" d=\"");
    for row in 0..=rows {
        let _ = write!(svg, "M{left:.1} {:.1}H{right:.1}", top + CELL * row as f64);
    }
    for column in 0..=columns {
        let _ = write!(svg, "M{:.1} {top:.1}V{bottom:.1}", left + CELL * column as f64);
    }
    svg.push_str("\"/>\n");
}

/// A matrix without labels in a square, from 0.
pub(super) fn small(grid: &Grid, side: f64) -> String {
    let mut svg = format!("<rect class=\"frame\" width=\"{side}\" height=\"{side}\"/>\n");
    let (width, height) = (side / grid.columns.max(1) as f64, side / grid.rows.max(1) as f64);
    for row in 0..grid.rows {
        for (column, weight) in grid.row(row).iter().enumerate().filter(|(_, weight)| **weight >= LEAST) {
            let _ = writeln!(
                svg,
                "<rect class=\"plus\" x=\"{:.2}\" y=\"{:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill-opacity=\"{weight:.2}\"/>",
                width * column as f64,
                height * row as f64
            );
        }
    }
    svg
}
