//! The tables of a file, and of overrides, against the schema: what is right becomes values, the rest faults.

use super::Experiment;
use super::check::check;
use super::fault::{Place, PlacedFault};
use super::schema::{Kind, Shape};
use super::suggest::Unknown;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Text with values: the file or one override.
#[derive(Clone, Copy)]
pub(super) enum Text<'t> {
    /// The whole file.
    File(&'t str),
    /// What was typed after `--set`, and the part of it that is the value.
    Set { typed: &'t str, value: &'t str },
}

impl<'t> Text<'t> {
    fn place(self, span: Range<usize>) -> Place {
        match self {
            Self::File(text) => Place::at(text, span),
            Self::Set { typed, .. } => Place::Set(typed.to_owned()),
        }
    }

    fn slice(self, span: Range<usize>) -> &'t str {
        let (Self::File(text) | Self::Set { value: text, .. }) = self;
        text.get(span).unwrap_or_default()
    }
}

/// What was read.
pub(super) struct Reading<'s> {
    schema: &'s Shape,
    defaults: toml::Table,
    /// The values that are right.
    pub(super) values: toml::Table,
    /// What is wrong.
    pub(super) faults: Vec<PlacedFault>,
    /// Where each key and section stands, by its full path.
    pub(super) places: BTreeMap<String, Place>,
    /// Keys and sections that have a fault already or may be what an unknown key meant: full paths.
    pub(super) doubtful: Vec<String>,
}

impl<'s> Reading<'s> {
    /// Nothing read yet.
    pub(super) fn new(schema: &'s Shape) -> Self {
        let defaults =
            toml::Table::try_from(Experiment::default()).expect("a default experiment is valid toml");
        let (values, faults, places, doubtful) = Default::default();
        Self { schema, defaults, values, faults, places, doubtful }
    }

    /// Reads a table that stands at `path`.
    pub(super) fn table(&mut self, table: &DeTable<'_>, path: &[String], text: Text<'_>) {
        for (key, value) in table {
            let place = text.place(key.span());
            self.entry(path, key.get_ref(), value.get_ref(), &place, (value.span(), text));
        }
    }

    /// Reads `key = value` of the table at `path`.
    fn entry(
        &mut self,
        path: &[String],
        key: &str,
        value: &DeValue<'_>,
        place: &Place,
        written: (Range<usize>, Text<'_>),
    ) {
        let full = [path, &[key.to_owned()]].concat();
        let (span, text) = written;
        let Some(shape) = self.shape(&full) else {
            let meant = self.unknown(path, key, value.is_table(), place);
            if let (Some(table), Some(meant)) = (value.as_table(), meant) {
                self.table(table, &meant, text);
            }
            return;
        };
        self.places.insert(full.join("."), place.clone());
        match (shape, value) {
            (Shape::Value(kind), _) => self.value(&full, *kind, value, (span, text)),
            (_, DeValue::Table(table)) => self.table(table, &full, text),
            (Shape::Section(_) | Shape::Named(_), _) => self.not_a_table(&full, text.place(span)),
        }
    }

    fn value(
        &mut self,
        path: &[String],
        kind: Kind,
        value: &DeValue<'_>,
        (span, text): (Range<usize>, Text<'_>),
    ) {
        match check(kind, value, text.slice(span.clone())) {
            Ok(value) => insert(&mut self.values, path, value),
            Err(wrong) => {
                let path = path.join(".");
                let help = wrong.help.unwrap_or_else(|| self.default_help(&path));
                self.fault(text.place(span), format!("{path}: {}", wrong.message), help);
                self.doubtful.push(path);
            }
        }
    }

    /// Reads `section.key=value` as typed after `--set`.
    pub(super) fn set(&mut self, typed: &str) {
        let place = Place::Set(typed.to_owned());
        let Some((key, text)) = typed.split_once('=') else {
            let help = "write it as --set section.key=value".to_owned();
            return self.fault(place, "there is no '='".to_owned(), help);
        };
        let path: Vec<String> = key.trim().split('.').map(|part| part.trim().to_owned()).collect();
        for end in 1..=path.len() {
            if self.shape(&path[..end]).is_none() {
                self.unknown(&path[..end - 1], &path[end - 1], end < path.len(), &place);
                return;
            }
        }
        let text = text.trim();
        let bare = DeValue::String(text.into());
        let parsed = DeValue::parse(text).map(toml::Spanned::into_inner).unwrap_or(bare.clone());
        let value = match self.shape(&path) {
            Some(Shape::Value(kind @ (Kind::Text | Kind::OneOf(_))))
                if check(*kind, &parsed, text).is_err() =>
            {
                bare
            }
            _ => parsed,
        };
        let (name, section) = path.split_last().expect("split gives at least one part");
        self.entry(section, name, &value, &place, (0..text.len(), Text::Set { typed, value: text }));
    }

    fn shape(&self, path: &[String]) -> Option<&'s Shape> {
        path.iter().try_fold(self.schema, |shape, key| shape.child(key))
    }

    /// Notes an unknown key; returns what it must have been if there is no doubt.
    fn unknown(
        &mut self,
        section: &[String],
        name: &str,
        is_table: bool,
        place: &Place,
    ) -> Option<Vec<String>> {
        let whole_paths = matches!(place, Place::Set(_));
        let suggestion = Unknown { section, name, is_table, whole_paths }.suggest(self.schema);
        let path = [section, &[name.to_owned()]].concat().join(".");
        let what = if is_table { "section" } else { "key" };
        self.fault(place.clone(), format!("unknown {what} '{path}'"), suggestion.help);
        self.doubtful.extend(suggestion.meant.iter().map(|path| path.join(".")));
        match &suggestion.meant[..] {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    fn not_a_table(&mut self, path: &[String], place: Place) {
        let keys = self.shape(path).map(Shape::children).unwrap_or_default();
        let keys: Vec<&str> = keys.into_iter().map(|(key, _)| key).collect();
        let path = path.join(".");
        let help = format!("write [{path}] and below it its keys: {}", keys.join(", "));
        self.fault(place, format!("{path}: is a section, not a value"), help);
        self.doubtful.push(path);
    }

    /// The default of a key as a next step.
    pub(super) fn default_help(&self, path: &str) -> String {
        let value = path.split('.').try_fold(None::<&toml::Value>, |table, key| match table {
            None => self.defaults.get(key).map(Some),
            Some(value) => value.get(key).map(Some),
        });
        match value.flatten() {
            Some(value) if value.as_str() != Some("") => format!("the default is {value}"),
            _ => "it has no default: set it".to_owned(),
        }
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, place: Place, message: String, help: String) {
        self.faults.push(PlacedFault { place, message, help });
    }
}

/// Puts a value at `path`, making tables on the way.
fn insert(table: &mut toml::Table, path: &[String], value: toml::Value) {
    match path {
        [] => {}
        [name] => {
            table.insert(name.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = table.entry(first.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}
