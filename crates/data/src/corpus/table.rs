//! Tables: `.tsv`, where a line is a pair, and `.csv` as in RFC 4180.
//!
//! A first row with the names of both sides is a header. Without one a line of a `.tsv` has exactly
//! two columns, and of a `.csv` the first two count. A blank line is a blank pair.
//!
//! Deviation: a line may end without `\r`; a line break inside quotes becomes a space. Otherwise
//! quoting is strict, because a quote too many would swallow lines up to the next one.

use super::Sink;
use super::columns::Columns;
use super::lines::Lines;
use crate::error::DataError;

/// How cells are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// By tabs, without quotes.
    Tabs,
    /// By commas, with quotes.
    Commas,
}

/// Reads a table.
pub(super) fn read(
    lines: &mut Lines,
    cells: Cells,
    columns: &Columns<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let mut row = Vec::new();
    let mut layout: Option<Layout> = None;
    while let Some(line) = next_row(lines, cells, &mut row, sink)? {
        if layout.is_none() {
            lines.refuse_bad_line()?;
            let header = columns.find(&row);
            layout = Some(Layout::new(&row, header, cells, columns, lines)?);
            if header.is_some() {
                continue;
            }
        }
        if matches!(&row[..], [blank] if blank.is_empty()) {
            sink.pair(String::new(), String::new(), line)?;
            continue;
        }
        let Layout { sides: [src, tgt], width } = layout.as_ref().expect("the first row made it");
        if row.len() != *width {
            let (path, got) = (lines.path.clone(), row.len());
            return Err(match cells {
                Cells::Tabs if *width == 2 => DataError::Columns { path, line, got },
                _ => DataError::RowWidth { path, line, got, expected: *width },
            });
        }
        let [src, tgt] = [src, tgt].map(|side| std::mem::take(&mut row[*side]));
        sink.pair(src, tgt, line)?;
    }
    Ok(())
}

/// Where the sides stand in a row.
struct Layout {
    sides: [usize; 2],
    width: usize,
}

impl Layout {
    fn new(
        row: &[String],
        header: Option<[usize; 2]>,
        cells: Cells,
        columns: &Columns<'_>,
        lines: &Lines,
    ) -> Result<Self, DataError> {
        let (path, line) = (lines.path.clone(), 1);
        match (header, columns.named) {
            (Some(sides), _) => Ok(Self { sides, width: row.len() }),
            (None, Some(_)) => {
                Err(DataError::NoColumns { path, wanted: columns.wanted(), found: row.join(", ") })
            }
            (None, None) if cells == Cells::Commas && row.len() > 2 => {
                Ok(Self { sides: [0, 1], width: row.len() })
            }
            (None, None) if cells == Cells::Commas && row.len() < 2 => {
                Err(DataError::RowWidth { path, line, got: row.len(), expected: 2 })
            }
            (None, None) => Ok(Self { sides: [0, 1], width: 2 }),
        }
    }
}

/// Fills `row` with the cells of the next row and gives the line on which it starts.
fn next_row(
    lines: &mut Lines,
    cells: Cells,
    row: &mut Vec<String>,
    sink: &mut Sink<'_>,
) -> Result<Option<usize>, DataError> {
    row.clear();
    let first = lines.number + 1;
    let Some(text) = lines.next()? else { return Ok(None) };
    if cells == Cells::Tabs {
        row.extend(text.split('\t').map(str::to_owned));
        return Ok(Some(first));
    }
    let mut quoting = Quoting { row, cell: String::new(), state: State::Start };
    let mut fault = quoting.take(text);
    let mut bytes = text.len();
    while fault.is_none() && quoting.state == State::Quoted {
        quoting.cell.push(' ');
        sink.notes.inner_breaks += 1;
        let Some(text) = lines.next()? else {
            fault = Some("a quote is never closed");
            break;
        };
        bytes += text.len();
        fault = quoting.take(text);
        lines.check_record(bytes, first)?;
        if lines.skips_bad_lines() {
            // Where the record ends may stand in what cannot be read.
            lines.refuse_bad_line()?;
        }
    }
    let last = quoting.cell;
    row.push(last);
    let faulty = |message| DataError::Csv { path: lines.path.clone(), line: first, message };
    fault.map_or(Ok(Some(first)), |message| Err(faulty(message)))
}

/// Where in a cell the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before it.
    Start,
    /// In one without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a quote within quotes: the end, or the first half of a quote that is meant.
    Closed,
}

struct Quoting<'a> {
    row: &'a mut Vec<String>,
    cell: String,
    state: State,
}

impl Quoting<'_> {
    /// Takes a line; a message if its quotes are wrong.
    fn take(&mut self, text: &str) -> Option<&'static str> {
        for c in text.chars() {
            self.state = match (self.state, c) {
                (State::Start, '"') => State::Quoted,
                (State::Plain, '"') => return Some("a quote stands in a cell without quotes around it"),
                (State::Quoted, '"') => State::Closed,
                (State::Quoted, c) => self.push(c, State::Quoted),
                (State::Closed, '"') => self.push('"', State::Quoted),
                (_, ',') => {
                    self.row.push(std::mem::take(&mut self.cell));
                    State::Start
                }
                (State::Closed, _) => return Some("text stands between a closing quote and the comma"),
                (State::Start | State::Plain, c) => self.push(c, State::Plain),
            };
        }
        None
    }

    fn push(&mut self, c: char, state: State) -> State {
        self.cell.push(c);
        state
    }
}
