//! Text that is not TOML, in words that name the remedy.

use super::fault::{Place, PlacedFault};
use super::load::MOST_FAULTS;
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
    let start = |error: &Error| error.span().map_or(0, |span| span.start);
    let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
    // A line may have thousands, and a remedy is looked for in the whole text.
    let mut first: Vec<&Error> = errors.iter().collect();
    first.sort_by_key(|error| start(error));
    first.dedup_by_key(|error| ends.partition_point(|&end| end < start(error)));
    first.truncate(if is_json(text) { 1 } else { MOST_FAULTS + 1 });
    first.into_iter().map(|error| fault(text, error)).collect()
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
    } else if let Some(meant) = yaml(line(text, span.start)) {
        ("not valid toml: this line is yaml".to_owned(), format!("write {meant}"))
    } else if is_json(text) {
        ("not valid toml: this is json".to_owned(), "write [section], and below it key = value".to_owned())
    } else if let Some(number) = with_comma(value(text, span.start)) {
        (format!("a number with a comma: {}", value(text, span.start)), format!("write {number}"))
    } else if text[span.start..].starts_with(|c: char| !c.is_ascii()) && told.contains("key") {
        let help = "our keys have ascii letters; a name of your own goes into quotes";
        (format!("not valid toml: {told}"), help.to_owned())
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
        "null" | "none" | "None" | "nil" | "~" => {
            (format!("{value} is not toml"), "leave the line out, or write a value".to_owned())
        }
        "True" | "TRUE" | "False" | "FALSE" => {
            (format!("{value} is not toml"), format!("write {}", value.to_lowercase()))
        }
        _ if percentage(value).is_some() => (
            format!("neither a number nor text in quotes: {value}"),
            format!("write {}", percentage(value).unwrap_or_default()),
        ),
        _ if value.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => (
            format!("neither a number nor text in quotes: {value}"),
            "write it as 12, 0.5, 1e-3 or \"text\"".to_owned(),
        ),
        _ => {
            let bare = value.trim_matches(|c| "“”„‟‘’‚«»".contains(c));
            (format!("text without quotes: {value}"), format!("write \"{bare}\""))
        }
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// `0,3` and `100,000` as TOML has them.
fn with_comma(value: &str) -> Option<String> {
    let (whole, rest) = value.split_once(',')?;
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if !digits(whole) || !rest.split(',').all(digits) {
        return None;
    }
    let thousands = whole != "0" && rest.split(',').all(|part| part.len() == 3);
    Some(value.replace(',', if thousands { "" } else { "." })).filter(|number| !number.contains(".."))
}

/// `30%` as a share.
fn percentage(value: &str) -> Option<f32> {
    value.strip_suffix('%')?.trim().parse().ok().map(|percent: f32| percent / 100.0)
}

/// What a line of YAML means.
fn yaml(line: &str) -> Option<String> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim();
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    match value.trim() {
        _ if !plain => None,
        "" => Some(format!("[{key}]")),
        value => Some(format!("{key} = {value}")),
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
