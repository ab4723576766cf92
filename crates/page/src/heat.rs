//! A matrix as coloured cells.

use crate::axis::short;
use crate::escape;
use std::fmt::Write as _;

/// Side of a cell, in the picture's own units.
const CELL: f64 = 26.0;
/// Width of a character of a label, about.
const CHARACTER: f64 = 8.0;
const MOST_LABEL: f64 = 150.0;

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// From 0 (nothing) to this (the full colour).
    Positive(f32),
    /// From minus this (one colour) over 0 (nothing) to this (the other).
    Signed(f32),
}

/// A matrix in one picture. Rows that ask run downwards, columns that are looked at to the right.
#[derive(Clone, Debug)]
pub struct Heat<'a> {
    /// What it shows, for those who do not see it.
    pub title: &'a str,
    /// A label for each row; none: no labels.
    pub rows: &'a [String],
    /// A label for each column.
    pub columns: &'a [String],
    /// `[n_rows, n_columns]`, row by row.
    pub values: &'a [f32],
    /// Of the values.
    pub scale: Scale,
    /// Write the numbers into the cells.
    pub numbers: bool,
}

impl Heat<'_> {
    /// The picture as SVG. A cell says its labels and its value to whoever points at it.
    ///
    /// # Panics
    ///
    /// Where the values are not rows times columns.
    pub fn svg(&self) -> String {
        let (n_rows, n_columns) = (self.rows.len(), self.columns.len());
        assert_eq!(self.values.len(), n_rows * n_columns, "{n_rows} rows, {n_columns} columns");
        let left = label_width(self.rows);
        let top = label_width(self.columns);
        let cell = if self.numbers { CELL * 1.6 } else { CELL };
        let (width, height) = (left + cell * n_columns as f64 + 2.0, top + CELL * n_rows as f64 + 2.0);
        let class = if self.numbers { "heat numbered" } else { "heat" };
        let mut svg = format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{}\">\n",
            escape(self.title)
        );
        for (column, label) in self.columns.iter().enumerate() {
            let at = left + cell * (column as f64 + 0.5);
            let _ = writeln!(
                svg,
                "<text transform=\"translate({:.1} {:.1}) rotate(-90)\">{}</text>",
                at + 4.0,
                top - 6.0,
                escape(label)
            );
        }
        for (row, label) in self.rows.iter().enumerate() {
            let y = top + CELL * row as f64;
            let _ = writeln!(
                svg,
                "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                left - 6.0,
                y + 18.0,
                escape(label)
            );
            for column in 0..n_columns {
                self.cell(&mut svg, (row, column), [left + cell * column as f64, y, cell]);
            }
        }
        svg + "</svg>"
    }

    fn cell(&self, svg: &mut String, (row, column): (usize, usize), [x, y, width]: [f64; 3]) {
        let value = self.values[row * self.columns.len() + column];
        let (class, share) = match self.scale {
            Scale::Signed(most) if value < 0.0 => ("minus", -value / most),
            Scale::Positive(most) | Scale::Signed(most) => ("plus", value / most),
        };
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let told = short(f64::from(value));
        let _ = write!(
            svg,
            "<rect class=\"cell\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width}\" height=\"{CELL}\"/>\
             <rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width}\" height=\"{CELL}\" fill-opacity=\"{share:.3}\">\
             <title>{} → {}: {told}</title></rect>",
            escape(&self.rows[row]),
            escape(&self.columns[column])
        );
        if self.numbers {
            let _ = write!(
                svg,
                "<text class=\"number\" x=\"{:.1}\" y=\"{:.1}\">{value:.2}</text>",
                x + width / 2.0,
                y + 17.0
            );
        }
        svg.push('\n');
    }
}

fn label_width(labels: &[String]) -> f64 {
    let most = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    (most as f64 * CHARACTER + 10.0).min(MOST_LABEL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heat(scale: Scale, values: &[f32]) -> String {
        let rows = ["one".to_owned(), "<two>".to_owned()];
        let columns = ["a", "b", "c"].map(str::to_owned);
        Heat { title: "t", rows: &rows, columns: &columns, values, scale, numbers: true }.svg()
    }

    #[test]
    fn a_cell_is_as_full_as_its_value() {
        let svg = heat(Scale::Positive(1.0), &[0.0, 0.25, 1.0, 2.0, f32::NAN, 0.5]);
        for share in ["0.000", "0.250", "1.000", "0.500"] {
            assert!(svg.contains(&format!("fill-opacity=\"{share}\"")), "{share}");
        }
        assert!(svg.contains("<title>one → b: 0.25</title>") && svg.contains("&lt;two&gt; → c: 0.5"));
        assert_eq!(svg.matches("class=\"plus\"").count(), 6);
    }

    #[test]
    fn what_is_below_zero_has_the_other_colour() {
        let svg = heat(Scale::Signed(2.0), &[-2.0, -1.0, 0.0, 1.0, 2.0, 0.0]);
        assert_eq!(svg.matches("class=\"minus\"").count(), 2);
    }
}
