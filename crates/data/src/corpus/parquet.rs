//! Parquet files, row by row: two columns of text, or a column `translation` that holds both.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;

use super::columns::Columns;
use super::stream::TextStream;
use super::{Limits, Sink, one_line};
use crate::error::DataError;

/// A column with both sides.
const INNER: &str = "translation";

/// Where the two columns are.
#[derive(Clone, Copy)]
enum Place {
    /// In the table.
    Flat,
    /// In the column with both sides.
    Inside,
}

/// Reads a Parquet file and gives the number of its rows.
pub(super) fn read(
    path: &Path,
    columns: &Columns<'_>,
    limits: &Limits,
    sink: &mut Sink<'_>,
) -> Result<usize, DataError> {
    let fault = |fault: ParquetError| {
        let message = fault.to_string().replace('\n', " ");
        DataError::Parquet { path: path.to_path_buf(), message }
    };
    drop(TextStream::open(path, limits)?);
    let file = File::open(path).map_err(|source| DataError::reading(path, source))?;
    let reader = guarded(|| SerializedFileReader::new(file)).map_err(fault)?;
    let schema = reader.metadata().file_metadata().schema();
    let fields = schema.get_fields();
    let (wanted, place) = choose(fields, columns).ok_or_else(|| DataError::NoColumns {
        path: path.to_path_buf(),
        wanted: columns.wanted(),
        found: names(fields).join(", "),
    })?;
    let roots: Vec<Arc<Type>> = match place {
        Place::Inside => vec![column(fields, INNER)],
        Place::Flat => wanted.iter().map(|name| column(fields, name)).collect(),
    };
    let projection = Type::group_type_builder(schema.name()).with_fields(roots).build().map_err(fault)?;
    let mut rows = 0;
    let mut iter = guarded(|| reader.get_row_iter(Some(projection))).map_err(fault)?;
    while let Some(row) = guarded(|| iter.next().transpose()).map_err(fault)? {
        rows += 1;
        let [src, tgt] = [0, 1].map(|side| text(&row, place, &wanted[side]));
        let missing = |side: usize| DataError::MissingKey {
            path: path.to_path_buf(),
            line: rows,
            key: wanted[side].clone(),
        };
        let sides = [src.ok_or_else(|| missing(0))?, tgt.ok_or_else(|| missing(1))?];
        let [src, tgt] = sides.map(|side| one_line(side, &mut sink.notes));
        sink.pair(src, tgt, rows)?;
    }
    Ok(rows)
}

/// The library panics on some damaged files; that is a fault of the file, not of this program.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    let damaged = |_| Err(ParquetError::General("it is damaged".to_owned()));
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(damaged)
}

fn names(fields: &[Arc<Type>]) -> Vec<String> {
    fields.iter().map(|field| field.name().to_owned()).collect()
}

fn column(fields: &[Arc<Type>], name: &str) -> Arc<Type> {
    let found = fields.iter().find(|field| field.name() == name);
    found.expect("the name was found among the fields").clone()
}

/// The names of the two columns, and where they are.
fn choose(fields: &[Arc<Type>], columns: &Columns<'_>) -> Option<([String; 2], Place)> {
    let pick = |fields: &[Arc<Type>]| {
        let names = names(fields);
        columns.find(&names).map(|places| places.map(|place| names[place].clone()))
    };
    if let Some(found) = pick(fields) {
        return Some((found, Place::Flat));
    }
    let inner = fields.iter().find(|field| field.name() == INNER && field.is_group())?;
    pick(inner.get_fields()).map(|found| (found, Place::Inside))
}

fn text(row: &Row, place: Place, name: &str) -> Option<String> {
    let field = |row: &Row, name: &str| {
        row.get_column_iter().find(|(column, _)| *column == name).map(|(_, field)| field.clone())
    };
    let found = match place {
        Place::Flat => field(row, name),
        Place::Inside => match field(row, INNER)? {
            Field::Group(group) => field(&group, name),
            _ => None,
        },
    };
    match found? {
        Field::Str(text) => Some(text),
        _ => None,
    }
}
