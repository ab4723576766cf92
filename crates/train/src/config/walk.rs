//! The tables of a file, and of overrides, against the schema: what is right becomes values, the rest faults.

use super::check::check;
use super::fault::{Place, PlacedFault};
use super::schema::{ANY_NAME, Kind, Shape};
use super::suggest::{Suggestion, Unknown};
use super::{Experiment, VARIABLE};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Faults from which on no key is looked for that may have been meant: a file that is something else is told soon.
const SEARCHED: usize = 100;

/// The section that may be a list of tables, `[[data.train]]`; its tables are read as `data.train.0`, `data.train.1`, ….
const MANY: [&str; 2] = ["data", "train"];

fn is_table(value: &toml::Spanned<DeValue<'_>>) -> bool {
    value.get_ref().is_table()
}

/// Makes the numbered tables of [`MANY`] a list.
pub(super) fn to_list(values: &mut toml::Table) {
    let Some(toml::Value::Table(data)) = values.get_mut(MANY[0]) else { return };
    let Some(toml::Value::Table(tables)) = data.get(MANY[1]) else { return };
    let mut numbered = Vec::new();
    for (key, value) in tables {
        let Ok(number) = key.parse::<usize>() else { return };
        numbered.push((number, value.clone()));
    }
    if !numbered.is_empty() {
        numbered.sort_by_key(|(number, _)| *number);
        let list = numbered.into_iter().map(|(_, table)| table).collect();
        data.insert(MANY[1].to_owned(), toml::Value::Array(list));
    }
}

/// Text with values: the file or one override.
#[derive(Clone, Copy)]
pub(super) enum Text<'t> {
    /// The whole file.
    File(&'t str),
    /// An override: its place, and the part of it that is the value.
    Set { place: &'t Place, value: &'t str },
}

impl<'t> Text<'t> {
    fn place(self, span: Range<usize>) -> Place {
        match self {
            Self::File(text) => Place::at(text, span),
            Self::Set { place, .. } => place.clone(),
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
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
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
            match (value, &self.unknown(path, key, value.is_table(), place)[..]) {
                (DeValue::Table(table), [only]) => self.table(table, only, text),
                (_, meant) => self.doubt(meant, &[]),
            }
            return;
        };
        self.places.insert(full.join("."), place.clone());
        match (shape, value) {
            (Shape::Value(kind), _) => self.value(&full, *kind, value, (span, text)),
            (_, DeValue::Table(table)) => self.table(table, &full, text),
            (Shape::Section(_), DeValue::Array(array)) if full == MANY && array.iter().all(is_table) => {
                for (index, table) in array.iter().enumerate() {
                    let path = [&full[..], &[index.to_string()]].concat();
                    self.places.insert(path.join("."), text.place(table.span()));
                    insert(&mut self.values, &path, toml::Value::Table(toml::Table::new()));
                    if let DeValue::Table(table) = table.get_ref() {
                        self.table(table, &path, text);
                    }
                }
            }
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
                let default = || self.default(&path).map(|default| format!("the default is {default}"));
                let device = (path == "backend.device" && value.is_str() && wrong.help.is_none())
                    .then(|| format!("write kind = {}; device is a number", text.slice(span.clone())));
                let help = device
                    .or(wrong.help)
                    .or_else(default)
                    .unwrap_or_else(|| "give it such a value".to_owned());
                self.fault(text.place(span), &path, &wrong.message, help);
                self.doubtful.push(path);
            }
        }
    }

    /// Reads the override `section.key=value` of this place.
    pub(super) fn set(&mut self, place: Place) {
        let Some((key, text)) = place.typed().unwrap_or_default().split_once('=') else {
            return self.malformed(place, "there is no '='");
        };
        let path: Vec<String> = key.trim().split('.').map(|part| part.trim().to_owned()).collect();
        if path.iter().any(String::is_empty) {
            return self.malformed(place, "a key is empty");
        }
        for end in 1..=path.len() {
            if self.shape(&path[..end]).is_none() {
                let meant = self.unknown(&path[..end - 1], &path[end - 1], end < path.len(), &place);
                return self.doubt(&meant, &path[end..]);
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
        self.entry(section, name, &value, &place, (0..text.len(), Text::Set { place: &place, value: text }));
    }

    /// The number of a table in a list of tables is no key of its shape.
    fn shape(&self, path: &[String]) -> Option<&'s Shape> {
        let numbered = path.len() > MANY.len() && path.starts_with(&MANY.map(str::to_owned));
        let is_number = |at: usize, key: &str| numbered && at == MANY.len() && key.parse::<usize>().is_ok();
        let keys = path.iter().enumerate().filter(|(at, key)| !is_number(*at, key));
        keys.map(|(_, key)| key).try_fold(self.schema, |shape, key| shape.child(key))
    }

    /// Notes an unknown key; returns what it may have been.
    fn unknown(&mut self, section: &[String], name: &str, is_table: bool, place: &Place) -> Vec<Vec<String>> {
        let whole_paths = place.typed().is_some();
        let unknown = Unknown { section, name, is_table, whole_paths };
        let suggestion =
            if self.faults.len() < SEARCHED { unknown.suggest(self.schema) } else { Suggestion::none() };
        let path = [section, &[name.to_owned()]].concat().join(".");
        let what = if is_table { "section" } else { "key" };
        let message = format!("unknown {what} '{path}'");
        self.faults.push(PlacedFault { place: place.clone(), message, help: suggestion.help });
        suggestion.meant
    }

    /// Notes that `below` one of the paths `meant` stands what the user has tried to set.
    fn doubt(&mut self, meant: &[Vec<String>], below: &[String]) {
        self.doubtful.extend(meant.iter().map(|path| [path, below].concat().join(".")));
    }

    /// Notes a value where a section is due.
    fn not_a_table(&mut self, path: &[String], place: Place) {
        let (mut shape, mut right) = (self.schema, Vec::new());
        for key in path {
            right.push(if matches!(shape, Shape::Named(_)) { ANY_NAME } else { key.as_str() });
            shape = shape.child(key).unwrap_or(shape);
        }
        if let Shape::Named(inner) = shape {
            right.push(ANY_NAME);
            shape = inner;
        }
        let keys: Vec<&str> = shape.children().into_iter().map(|(key, _)| key).collect();
        let right = right.join(".");
        let help = match place {
            Place::Set(_) => format!("write --set {right}.KEY=value; the keys are {}", keys.join(", ")),
            Place::Variable(_) => format!("write {right}.KEY=value; the keys are {}", keys.join(", ")),
            _ => format!("write [{right}] and below it its keys: {}", keys.join(", ")),
        };
        let path = path.join(".");
        self.fault(place, &path, "is a section, not a value", help);
        self.doubtful.push(path);
    }

    fn malformed(&mut self, place: Place, message: &str) {
        let help = match place {
            Place::Variable(_) => {
                format!("write it as section.key=value, with ';' between two in {VARIABLE}")
            }
            _ => "write it as --set section.key=value".to_owned(),
        };
        self.faults.push(PlacedFault { place, message: message.to_owned(), help });
    }

    /// The default of a key as it would be written, if it has one.
    pub(super) fn default(&self, path: &str) -> Option<String> {
        let (section, name) = path.rsplit_once('.')?;
        let table = section.split('.').try_fold(&self.defaults, |table, key| table.get(key)?.as_table())?;
        match table.get(name)? {
            toml::Value::String(text) if text.is_empty() => None,
            toml::Value::Table(_) => None,
            // The default of an f32 as one writes it, not as an f64 has it.
            toml::Value::Float(number) if f64::from(*number as f32) == *number => {
                Some((*number as f32).to_string())
            }
            value => Some(value.to_string()),
        }
    }

    /// Notes a fault of the value at `path`; an override names the path itself.
    pub(super) fn fault(&mut self, place: Place, path: &str, message: &str, help: String) {
        let key = place.typed().and_then(|typed| typed.split('=').next());
        let named = key.is_some_and(|key| key.trim() == path);
        let message = if named { message.to_owned() } else { format!("{path}: {message}") };
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
