//! JSON lines: an object a line, with a text for each side.
//!
//! The keys are those of the config, or the language codes, `src` and `tgt`, or `source` and
//! `target`; they may stand in an inner object `translation`. A blank line is a blank pair.

use serde_json::{Map, Value};

use super::columns::Columns;
use super::lines::Lines;
use super::{Sink, one_line};
use crate::error::DataError;

/// The key of an inner object with both sides.
const INNER: &str = "translation";

/// Reads JSON lines.
pub(super) fn read(lines: &mut Lines, columns: &Columns<'_>, sink: &mut Sink<'_>) -> Result<(), DataError> {
    let candidates = columns.candidates();
    while let Some(text) = lines.next()? {
        let sides = if text.trim_ascii().is_empty() {
            Ok([String::new(), String::new()])
        } else {
            sides(text, &candidates)
        };
        let (path, line) = (&lines.path, lines.number);
        let [src, tgt] = sides.map_err(|fault| fault.at(path, line))?;
        let [src, tgt] = [src, tgt].map(|side| one_line(side, &mut sink.notes));
        sink.pair(src, tgt, line)?;
    }
    Ok(())
}

/// What is wrong with a line.
enum Wrong {
    Json(serde_json::Error),
    Missing(String),
}

impl Wrong {
    fn at(self, path: &std::path::Path, line: usize) -> DataError {
        let path = path.to_path_buf();
        match self {
            Self::Missing(key) => DataError::MissingKey { path, line, key },
            Self::Json(fault) => {
                let message = fault.to_string();
                let message = message.split(" at line ").next().unwrap_or_default().to_owned();
                DataError::Json { path, line, column: fault.column().max(1), message }
            }
        }
    }
}

fn sides(text: &str, candidates: &[[&str; 2]]) -> Result<[String; 2], Wrong> {
    let mut object: Map<String, Value> = serde_json::from_str(text).map_err(Wrong::Json)?;
    let named = |object: &Map<String, Value>| {
        candidates.iter().copied().find(|keys| keys.iter().any(|key| object.contains_key(*key)))
    };
    let keys = match (named(&object), object.get_mut(INNER)) {
        (Some(keys), _) => keys,
        (None, Some(Value::Object(inner))) => {
            object = std::mem::take(inner);
            named(&object).unwrap_or(candidates[0])
        }
        (None, _) => candidates[0],
    };
    let mut text = |key: &str| match object.get_mut(key) {
        Some(Value::String(text)) => Ok(std::mem::take(text)),
        _ => Err(Wrong::Missing(key.to_owned())),
    };
    Ok([text(keys[0])?, text(keys[1])?])
}
