//! Text that is not TOML, in words that name the remedy.

use super::fault::{Place, PlacedFault};
use toml::de::Error;

/// Whether the parser knows for certain how the text goes on after an error.
pub(super) fn is_local(error: &Error) -> bool {
    error.message() == "duplicate key" || is_value(error)
}

/// Whether the error is in a word that should be a value.
fn is_value(error: &Error) -> bool {
    let told = error.message();
    let words = [
        "string values must be quoted",
        "invalid boolean",
        "invalid float",
        "invalid mantissa",
        "`_` may only",
    ];
    words.iter().any(|word| told.starts_with(word))
}

/// What the parser found, the first error of each line.
pub(super) fn faults(text: &str, errors: &[Error]) -> Vec<PlacedFault> {
    let mut faults: Vec<PlacedFault> = errors.iter().map(|error| fault(text, error)).collect();
    faults.sort_by_key(|fault| fault.place.start());
    faults.dedup_by_key(|fault| fault.place.line());
    faults
}

/// One error with a remedy.
fn fault(text: &str, error: &Error) -> PlacedFault {
    let span = error.span().unwrap_or(0..0);
    let place = Place::at(text, span.clone());
    let told = error.message();
    let (message, help) = if told == "duplicate key" {
        let remedy = if line(text, span.start).trim_start().starts_with('[') {
            "join the two sections"
        } else {
            "remove one of the two"
        };
        (format!("'{}' is given twice", &text[span]), remedy.to_owned())
    } else if is_value(error) {
        word(value(text, span.start))
    } else {
        let told = told.trim_end_matches(", expected nothing");
        (format!("not valid toml: {told}"), remedy(told).to_owned())
    };
    PlacedFault { place, message, help }
}

/// A value without quotes.
fn word(value: &str) -> (String, String) {
    match value {
        "" => ("a key without a value".to_owned(), "write a value behind '='".to_owned()),
        "True" | "TRUE" | "False" | "FALSE" => {
            (format!("{value} is not toml"), format!("write {}", value.to_lowercase()))
        }
        _ if value.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => (
            format!("neither a number nor text in quotes: {value}"),
            "write it as 12, 0.5, 1e-3 or \"text\"".to_owned(),
        ),
        _ => (format!("text without quotes: {value}"), format!("write \"{value}\"")),
    }
}

fn remedy(told: &str) -> &'static str {
    match told {
        _ if told.contains("string") => "close the text with the quotes that open it, on the same line",
        _ if told.starts_with("unclosed table") => "close the name of the section with ']'",
        _ if told.starts_with("unclosed") || told.contains("missing comma") => {
            "close it, with ',' between its parts"
        }
        _ if told.starts_with("key with no value") => "write key = value",
        _ => "write key = value, text in quotes, sections as [name]",
    }
}

/// The line around a byte.
fn line(text: &str, at: usize) -> &str {
    let (before, after) = text.split_at(text.floor_char_boundary(at));
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = after.find('\n').map_or(text.len(), |newline| before.len() + newline);
    &text[start..end]
}

/// What stands behind the `=` of that line, up to a comment.
fn value(text: &str, at: usize) -> &str {
    let (_, value) = line(text, at).split_once('=').unwrap_or_default();
    value.split('#').next().unwrap_or_default().trim()
}
