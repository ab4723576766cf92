//! A lesson as text: at most 80 columns, fewer where the terminal says that it is narrower.

use super::lesson::{Block, Field, Lesson, Matrix};
use crate::commands::text_width;
use crate::log::Color;
use std::fmt::Write as _;
use unicode_segmentation::UnicodeSegmentation;

/// The columns of a page, and the fewest that it is laid out for.
const COLUMNS: usize = 80;
const FEWEST: usize = 40;
/// Rows of a pattern at most.
const FIELD_ROWS: usize = 32;
/// Characters of the name of a row that are shown however wide its numbers are.
const FEWEST_OF_NAME: usize = 6;
/// From −1 to 1, in equal steps, ever darker.
const SHADES: [char; 9] = [' ', '.', ':', '-', '=', '+', '*', '#', '@'];
/// Between two columns.
const GAP: &str = "  ";

/// How the text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Characters in a line.
    pub columns: usize,
    /// Whether escape sequences are understood and wanted.
    pub colour: Colour,
}

/// Whether a text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Escape sequences.
    On,
    /// Plain characters.
    Off,
}

impl Terminal {
    /// What standard output is; of its width only `COLUMNS` tells.
    pub fn of_stdout(color: Color) -> Self {
        let colour = if color.on(&std::io::stdout()) { Colour::On } else { Colour::Off };
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        Self { columns: columns.unwrap_or(COLUMNS).clamp(FEWEST, COLUMNS), colour }
    }

    fn bold(self, text: &str) -> String {
        match self.colour {
            Colour::On => format!("\x1b[1m{text}\x1b[0m"),
            Colour::Off => text.to_owned(),
        }
    }

    fn faint(self, text: &str) -> String {
        match self.colour {
            Colour::On => format!("\x1b[2m{text}\x1b[0m"),
            Colour::Off => text.to_owned(),
        }
    }
}

impl Lesson {
    /// The page as lines of text.
    pub fn to_text(&self, terminal: Terminal) -> String {
        let mut text = format!("{}\n", terminal.bold(&self.title));
        wrap(&mut text, &self.subtitle, terminal.columns);
        for block in &self.blocks {
            text.push('\n');
            match block {
                Block::Heading(title) => heading(&mut text, title, terminal),
                Block::Text(paragraph) => wrap(&mut text, paragraph, terminal.columns),
                Block::Formula(lines) => lines.lines().for_each(|line| formula(&mut text, line, terminal)),
                Block::Translations(caption, _, rows) => {
                    wrap(&mut text, caption, terminal.columns);
                    for (source, translation) in rows {
                        wrap(&mut text, source, terminal.columns);
                        wrap(&mut text, &format!("→ {translation}"), terminal.columns);
                    }
                }
                Block::Table { caption, head, rows } => table(&mut text, caption, head, rows, terminal),
                Block::Matrix(matrix) => numbers(&mut text, matrix, terminal),
                Block::Field(field) => pattern(&mut text, field, terminal),
                // Its numbers are in a table.
                Block::Chart(_) => {
                    text.pop();
                }
            }
        }
        text
    }
}

/// Words in lines; what is longer than a line stands alone.
fn wrap(text: &mut String, paragraph: &str, columns: usize) {
    let mut column = 0;
    for word in paragraph.split_whitespace() {
        let length = text_width(word);
        if column > 0 && column + 1 + length > columns {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}

/// The line under it ends where the next block begins: no empty line after a heading.
fn heading(text: &mut String, title: &str, terminal: Terminal) {
    let mut lines = String::new();
    wrap(&mut lines, title, terminal.columns);
    for line in lines.lines() {
        let _ = writeln!(text, "{}", terminal.bold(line));
    }
    let widest = lines.lines().map(text_width).max().unwrap_or(0);
    text.push_str(&terminal.faint(&"─".repeat(widest)));
}

/// A line that keeps its spaces where it fits.
fn formula(text: &mut String, line: &str, terminal: Terminal) {
    const INDENT: usize = 4;
    if text_width(line) + INDENT <= terminal.columns {
        let _ = writeln!(text, "{}{line}", " ".repeat(INDENT));
        return;
    }
    let mut lines = String::new();
    wrap(&mut lines, line, terminal.columns - INDENT);
    for line in lines.lines() {
        let _ = writeln!(text, "{}{line}", " ".repeat(INDENT));
    }
}

fn padded(cell: &str, columns: usize, right: bool) -> String {
    let space = " ".repeat(columns.saturating_sub(text_width(cell)));
    if right { format!("{space}{cell}") } else { format!("{cell}{space}") }
}

/// The first characters of a name that fit.
fn cut(name: &str, columns: usize) -> String {
    if text_width(name) <= columns {
        return name.to_owned();
    }
    name.graphemes(true).take(columns.saturating_sub(1)).collect::<String>() + "…"
}

/// A table; columns that do not fit beside each other follow below, with the names of the rows again.
fn table(text: &mut String, caption: &str, head: &[String], rows: &[Vec<String>], terminal: Terminal) {
    if !caption.is_empty() {
        wrap(text, caption, terminal.columns);
    }
    let widest = |column: usize| {
        rows.iter().map(|row| text_width(&row[column])).chain([text_width(&head[column])]).max().unwrap_or(0)
    };
    let room = terminal.columns - GAP.len();
    let others = (1..head.len()).map(widest).max().unwrap_or(0);
    let name_width = widest(0)
        .min(terminal.columns / 2)
        .min(room.saturating_sub(others))
        .max(widest(0).min(FEWEST_OF_NAME));
    let mut column = 1;
    while column < head.len() || column == 1 {
        let mut end = column;
        let mut used = name_width;
        while end < head.len() && (end == column || used + GAP.len() + widest(end) <= terminal.columns) {
            used += GAP.len() + widest(end);
            end += 1;
        }
        let line = |cells: &[String]| {
            let mut line = padded(&cut(&cells[0], name_width), name_width, false);
            for (place, cell) in cells.iter().enumerate().take(end).skip(column) {
                line.push_str(GAP);
                line.push_str(&padded(cell, widest(place), is_number(rows, place)));
            }
            line.trim_end().to_owned()
        };
        if head.iter().any(|cell| !cell.is_empty()) {
            let _ = writeln!(text, "{}", terminal.faint(&line(head)));
        }
        for row in rows {
            let _ = writeln!(text, "{}", line(row));
        }
        column = end.max(2);
        if column < head.len() {
            text.push('\n');
        }
    }
}

/// Whether a column stands to the right: its first filled cell begins like a number.
fn is_number(rows: &[Vec<String>], column: usize) -> bool {
    let first = rows.iter().find_map(|row| row[column].chars().next());
    first.is_some_and(|first| first.is_ascii_digit() || "+-−·".contains(first))
}

fn numbers(text: &mut String, matrix: &Matrix, terminal: Terminal) {
    let head: Vec<String> = [String::new()].into_iter().chain(matrix.columns.iter().cloned()).collect();
    // Yes and no need no digits behind the point.
    let whole = matrix.values.iter().all(|value| value.fract() == 0.0);
    let number = |value: f32| if whole { format!("{value}") } else { number(value) };
    let row = |(row, name): (usize, &String)| {
        let values = &matrix.values[row * matrix.columns.len()..][..matrix.columns.len()];
        [name.clone()].into_iter().chain(values.iter().map(|value| number(*value))).collect()
    };
    let rows: Vec<Vec<String>> = matrix.rows.iter().enumerate().map(row).collect();
    table(text, &matrix.caption, &head, &rows, terminal);
}

/// Three digits behind the point; an honest minus, and none before a zero.
pub(super) fn number(value: f32) -> String {
    let text = format!("{value:.3}");
    let value = text.parse::<f32>().unwrap_or(value);
    if value == 0.0 { "0.000".into() } else { text.replace('-', "−") }
}

fn pattern(text: &mut String, field: &Field, terminal: Terminal) {
    wrap(text, &field.caption, terminal.columns);
    let n_rows = field.values.len() / field.n_columns;
    let rows = n_rows.div_ceil(n_rows.div_ceil(FIELD_ROWS));
    let columns = field.n_columns.div_ceil(field.n_columns.div_ceil(terminal.columns - 6));
    let _ = writeln!(text, "{}", terminal.faint(&format!("      {} →", field.columns)));
    for row in 0..rows {
        let at = row * n_rows / rows;
        let _ = write!(text, "{at:>5} ");
        for column in 0..columns {
            let value = field.values[at * field.n_columns + column * field.n_columns / columns];
            text.push(shade(value));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", terminal.faint(&format!("      ↑ {}", field.rows)));
}

fn shade(value: f32) -> char {
    let last = SHADES.len() - 1;
    let place = (f32::midpoint(value, 1.0) * last as f32).round();
    SHADES[if place.is_finite() { (place.max(0.0) as usize).min(last) } else { last / 2 }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use page::Scale;

    fn lesson() -> Lesson {
        let mut lesson = Lesson::new("Title", "below it");
        lesson.heading("Part of a lesson with a title that is too long for forty columns");
        lesson.text("a word and another ".repeat(20));
        lesson.formula("y = x\na formula that is too long for a terminal of forty columns = 0");
        let cell = |text: &str| text.to_owned();
        let names: Vec<String> = (0..30).map(|column| format!("column{column}")).collect();
        lesson.table("facts", ["", "n", "text"], vec![[cell("a"), cell("−1"), cell("ಬೆಕ್ಕು")]]);
        lesson.matrix(Matrix {
            caption: "many".into(),
            rows: vec!["a row with a name that is far too long for a narrow terminal to hold".into()],
            values: vec![0.5; names.len()],
            columns: names,
            scale: Scale::Positive(1.0),
        });
        let values = (0..64 * 100).map(|at| at as f32 / 3200.0 - 1.0).collect();
        let (rows, columns) = ("rows".into(), "columns".into());
        lesson.field(Field { caption: "pattern".into(), rows, columns, values, n_columns: 100 });
        lesson
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for columns in [40, 57, 80] {
            let text = lesson().to_text(Terminal { columns, colour: Colour::Off });
            for line in text.lines() {
                assert!(text_width(line) <= columns, "{columns}: {line}");
            }
            assert_eq!(text.matches("column29").count(), 1, "{text}");
            assert!(!text.contains('\x1b'));
        }
    }

    #[test]
    fn colour_is_wanted_or_not_there() {
        let text = lesson().to_text(Terminal { columns: 80, colour: Colour::On });
        assert!(text.starts_with("\x1b[1mTitle\x1b[0m\n"));
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!([-0.0004, 0.0004, -0.5, 2.0].map(number), ["0.000", "0.000", "−0.500", "2.000"]);
    }

    #[test]
    fn shades_go_from_minus_one_to_one() {
        let shades: String = [-1.0, -0.5, 0.0, 0.5, 1.0, 7.0, f32::NAN].into_iter().map(shade).collect();
        assert_eq!(shades, " :=*@@=");
    }
}
