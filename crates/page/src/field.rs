//! A matrix of many numbers, of which the pattern is seen and not the single one.

use crate::escape;
use std::fmt::Write as _;

/// Side of a cell, in the picture's own units.
const CELL: usize = 7;
const LEFT: usize = 44;
const TOP: usize = 26;
/// Steps from nothing to the full colour.
const LEVELS: usize = 10;
/// Numbers that are written on an axis, about.
const TICKS: usize = 8;

/// Numbers from −1 (one colour) over 0 (nothing) to 1 (the other) as small cells, numbered from 0.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// What it shows, for those who do not see it.
    pub title: &'a str,
    /// What runs downwards.
    pub rows: &'a str,
    /// What runs to the right.
    pub columns: &'a str,
    /// `[n_rows, n_columns]`, row by row.
    pub values: &'a [f32],
    /// Numbers in a row.
    pub n_columns: usize,
}

impl Field<'_> {
    /// The picture as SVG: a path for each step of each colour, so that thousands of cells stay small.
    ///
    /// # Panics
    ///
    /// Where the values do not fill rows.
    pub fn svg(&self) -> String {
        let (n, n_columns) = (self.values.len(), self.n_columns);
        assert!(n_columns > 0 && n.is_multiple_of(n_columns), "{n} values in rows of {n_columns}");
        let n_rows = n / n_columns;
        let (width, height) = (LEFT + CELL * n_columns + 2, TOP + CELL * n_rows + 2);
        let mut svg = format!(
            "<svg class=\"heat field\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">\n",
            escape(self.title)
        );
        for (class, sign) in [("plus", 1.0), ("minus", -1.0)] {
            for level in 1..=LEVELS {
                let cells = self.cells(sign, level);
                if !cells.is_empty() {
                    let share = level as f64 / LEVELS as f64;
                    let _ = writeln!(svg, "<path class=\"{class}\" fill-opacity=\"{share}\" d=\"{cells}\"/>");
                }
            }
        }
        self.ticks(&mut svg, n_rows);
        svg + "</svg>"
    }

    /// The squares of one step of one colour.
    fn cells(&self, sign: f32, level: usize) -> String {
        let mut path = String::new();
        for (at, value) in self.values.iter().enumerate() {
            let share = (value * sign).clamp(0.0, 1.0) * LEVELS as f32;
            // What is no number rounds to 0 and has no colour.
            if share.round() as usize == level {
                let (x, y) = (LEFT + CELL * (at % self.n_columns), TOP + CELL * (at / self.n_columns));
                let _ = write!(path, "M{x} {y}h{CELL}v{CELL}h-{CELL}z");
            }
        }
        path
    }

    fn ticks(&self, svg: &mut String, n_rows: usize) {
        let every = |n: usize| n.div_ceil(TICKS).next_power_of_two();
        for row in (0..n_rows).step_by(every(n_rows)) {
            let y = TOP + CELL * row + CELL;
            let _ = writeln!(svg, "<text class=\"axis\" x=\"{}\" y=\"{y}\">{row}</text>", LEFT - 4);
        }
        for column in (0..self.n_columns).step_by(every(self.n_columns)).skip(1) {
            let x = LEFT + CELL * column;
            let _ = writeln!(svg, "<text class=\"middle\" x=\"{x}\" y=\"{}\">{column}</text>", TOP - 4);
        }
        let _ =
            writeln!(svg, "<text x=\"2\" y=\"10\">{} ↓ {} →</text>", escape(self.rows), escape(self.columns));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(values: &[f32], n_columns: usize) -> String {
        Field { title: "<t>", rows: "r", columns: "c", values, n_columns }.svg()
    }

    #[test]
    fn a_cell_lies_at_its_row_and_column_in_its_colour() {
        let svg = svg(&[0.0, 1.0, 0.0, -0.5, f32::NAN, 3.0], 3);
        let full = format!("<path class=\"plus\" fill-opacity=\"1\" d=\"M{} {TOP}h7", LEFT + CELL);
        assert!(svg.contains(&full), "{svg}");
        assert!(svg.contains(&format!("M{} {}h7", LEFT + 2 * CELL, TOP + CELL)), "{svg}");
        let half = format!("<path class=\"minus\" fill-opacity=\"0.5\" d=\"M{LEFT} {}h7", TOP + CELL);
        assert!(svg.contains(&half), "{svg}");
        assert_eq!(svg.matches('z').count(), 3);
        assert!(svg.contains("&lt;t&gt;"));
    }

    #[test]
    #[should_panic(expected = "5 values in rows of 3")]
    fn values_fill_their_rows() {
        svg(&[0.0; 5], 3);
    }
}
