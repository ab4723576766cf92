//! One value against the kind that its key wants.

use super::schema::Kind;
use super::suggest::nearest_option;
use toml::de::DeValue;

/// Characters of a value that are repeated in a message.
const SHOWN_CHARS: usize = 40;

/// Why a value is refused.
pub(super) struct Wrong {
    /// Expected and got.
    pub(super) message: String,
    /// What to write instead, if that can be known.
    pub(super) help: Option<String>,
}

/// The value of a key of kind `kind`, which stands in the file as `written`.
pub(super) fn check(kind: Kind, value: &DeValue<'_>, written: &str) -> Result<toml::Value, Wrong> {
    let right = match (kind, value) {
        (Kind::Whole { least, most }, DeValue::Integer(got)) => {
            i64::from_str_radix(got.as_str(), got.radix())
                .ok()
                .filter(|number| (least..=most).contains(number))
                .map(toml::Value::Integer)
        }
        (Kind::Number, DeValue::Integer(got)) => i64::from_str_radix(got.as_str(), got.radix())
            .ok()
            .map(|number| toml::Value::Float(number as f64)),
        (Kind::Number, DeValue::Float(got)) => finite(got.as_str()).map(toml::Value::Float),
        (Kind::Text, DeValue::String(got)) => Some(toml::Value::String(got.to_string())),
        (Kind::OneOf(options), DeValue::String(got)) if options.contains(&got.as_ref()) => {
            Some(toml::Value::String(got.to_string()))
        }
        (Kind::Switch, DeValue::Boolean(got)) => Some(toml::Value::Boolean(*got)),
        _ => None,
    };
    right.ok_or_else(|| Wrong {
        message: format!("expected {}, got {}", expected(kind, value), got(value, written)),
        help: help(kind, value),
    })
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// What a key of this kind wants instead of `got`.
fn expected(kind: Kind, got: &DeValue<'_>) -> String {
    let too_large = got.as_integer().is_some_and(|number| !number.as_str().starts_with('-'));
    match kind {
        Kind::Whole { least, most: i64::MAX } if !too_large => format!("a whole number of {least} or more"),
        Kind::Whole { least, most } => format!("a whole number from {least} to {most}"),
        Kind::Number => "a finite number".to_owned(),
        Kind::Text => "text in quotes".to_owned(),
        Kind::Switch => "true or false".to_owned(),
        Kind::OneOf(options) => {
            let quoted: Vec<String> = options.iter().map(|option| format!("\"{option}\"")).collect();
            format!("one of {}", quoted.join(", "))
        }
    }
}

/// The value as it was written, on one line and shortened, with its type where that is the point.
fn got(value: &DeValue<'_>, written: &str) -> String {
    if written.is_empty() {
        return "nothing".to_owned();
    }
    let line: Vec<&str> = written.split_whitespace().collect();
    let line = line.join(" ");
    let short: String = line.chars().take(SHOWN_CHARS).collect();
    let short = if short.len() < line.len() { short + "…" } else { short };
    match value {
        DeValue::Table(_) => format!("a table: {short}"),
        DeValue::Array(_) => format!("an array: {short}"),
        DeValue::Datetime(_) => format!("a date: {short}"),
        _ => short,
    }
}

/// What the value was meant to be, where that is plain.
fn help(kind: Kind, value: &DeValue<'_>) -> Option<String> {
    match (kind, value) {
        (Kind::OneOf(options), DeValue::String(got)) => {
            nearest_option(options, got).map(|option| format!("did you mean \"{option}\"?"))
        }
        (Kind::Whole { least, .. }, DeValue::String(got)) => {
            got.trim().parse().ok().filter(|number: &i64| *number >= least).map(|_| unquoted(got))
        }
        (Kind::Number, DeValue::String(got)) => finite(got.trim()).map(|_| unquoted(got)),
        (Kind::Switch, DeValue::String(got)) => match got.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" => Some("write true".to_owned()),
            "false" | "no" | "off" => Some("write false".to_owned()),
            _ => None,
        },
        (Kind::Switch, DeValue::Integer(got)) => match got.as_str() {
            "0" => Some("write false".to_owned()),
            "1" => Some("write true".to_owned()),
            _ => None,
        },
        (Kind::Whole { least, .. }, DeValue::Float(got)) => finite(got.as_str())
            .filter(|number| number.fract() == 0.0 && *number >= least as f64 && *number < 1e15)
            .map(|number| format!("write {number}")),
        (Kind::Text, DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)) => {
            Some("put it in quotes".to_owned())
        }
        (Kind::Text, DeValue::Array(_)) => {
            Some("write one text; several files: a * in their name, or [[data.train]] tables".to_owned())
        }
        _ => None,
    }
}

fn unquoted(text: &str) -> String {
    format!("write it without quotes: {}", text.trim())
}
