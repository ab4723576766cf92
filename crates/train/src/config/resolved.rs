//! An experiment with where each of its values comes from: as TOML that loads again, and as JSON.

use super::fault::Place;
use super::{Experiment, VARIABLE};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// Characters up to which a long line moves the remarks of its section to the right.
const WIDEST: usize = 50;

/// An experiment, complete.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Its values.
    pub experiment: Experiment,
    /// What the file is called.
    pub(super) file: String,
    /// Where keys and sections stand that are given, by full path.
    pub(super) places: BTreeMap<String, Place>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was not given.
    Default,
    /// A line of the file, from 1.
    File {
        /// As it was named.
        name: String,
        /// From 1.
        line: usize,
    },
    /// The environment variable [`VARIABLE`].
    Variable,
    /// `--set`.
    Set,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line } => write!(f, "{}:{line}", name.escape_debug()),
            Self::Variable => f.write_str(VARIABLE),
            Self::Set => f.write_str("--set"),
        }
    }
}

impl Resolved {
    /// Where the value of a key comes from, `section.key`; of several sources `data.train.0.src`.
    pub fn origin(&self, key: &str) -> Origin {
        // A list of one source is written as a table.
        let numbered = key.strip_prefix("data.train.").map(|name| format!("data.train.0.{name}"));
        let place = self.places.get(key).or_else(|| self.places.get(&numbered?));
        match place {
            None | Some(Place::Absent) => Origin::Default,
            Some(Place::At { line, .. }) => Origin::File { name: self.file.clone(), line: *line },
            Some(Place::Variable(_)) => Origin::Variable,
            Some(Place::Set(_)) => Origin::Set,
        }
    }

    /// TOML with a remark behind each value. It is the same experiment when it is read again.
    ///
    /// # Panics
    ///
    /// Never: an experiment is plain data.
    pub fn to_toml(&self) -> String {
        let written = toml::to_string(&self.experiment).expect("an experiment is plain data");
        let mut text = String::new();
        let (mut section, mut lines) = (Section::default(), Vec::new());
        let mut written = written.lines();
        while let Some(line) = written.next() {
            if line.contains(" = \"\"\"") || line.contains(" = '''") {
                lines.push(on_one_line(line, &mut written));
            } else if line.starts_with('[') {
                self.remark(&section, &mut lines, &mut text);
                section = section.after(line);
                let _ = writeln!(text, "{line}");
            } else if !line.is_empty() {
                lines.push(line.to_owned());
            }
        }
        self.remark(&section, &mut lines, &mut text);
        text
    }

    /// Writes the values of a section, their remarks one below the other.
    fn remark(&self, section: &Section, lines: &mut Vec<String>, text: &mut String) {
        let widths = lines.iter().map(|line| line.chars().count());
        let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or(0);
        for line in lines.iter() {
            let key = line.split(" = ").next().unwrap_or_default();
            let origin = self.origin(&section.key(key));
            let _ = writeln!(text, "{line:<width$}  # {origin}");
        }
        if !text.is_empty() {
            text.push('\n');
        }
        lines.clear();
    }

    /// A JSON object of full keys, in alphabetic order: each with its `value` and `origin`.
    ///
    /// # Panics
    ///
    /// Never: an experiment is plain data.
    pub fn to_json(&self) -> Value {
        // By way of TOML, where a float of 32 bits is as short as it was typed.
        let written = toml::to_string(&self.experiment).expect("an experiment is plain data");
        let values: Value = toml::from_str(&written).expect("it was just written");
        let mut all = Map::new();
        self.flatten("", &values, &mut all);
        Value::Object(all)
    }

    fn flatten(&self, path: &str, value: &Value, all: &mut Map<String, Value>) {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match value {
            Value::Object(table) => {
                table.iter().for_each(|(key, value)| self.flatten(&below(key), value, all));
            }
            Value::Array(tables) => {
                let tables = tables.iter().enumerate();
                tables.for_each(|(i, value)| self.flatten(&below(&i.to_string()), value, all));
            }
            value => {
                let origin = self.origin(path).to_string();
                all.insert(path.to_owned(), serde_json::json!({"value": value, "origin": origin}));
            }
        }
    }
}

/// `key = "text"` for a text of several lines, the first of which is given: the others are taken from `rest`.
fn on_one_line<'t>(first: &'t str, rest: &mut impl Iterator<Item = &'t str>) -> String {
    let mut text = first.to_owned();
    loop {
        if let Ok(table) = text.parse::<toml::Table>()
            && let Some((key, toml::Value::String(value))) = table.into_iter().next()
        {
            // Escaped as in JSON, which TOML reads alike, but for one character.
            return format!("{key} = {}", Value::String(value)).replace('\u{7f}', "\\u007f");
        }
        let Some(line) = rest.next() else { return text };
        text = text + "\n" + line;
    }
}

/// The header above a line.
#[derive(Default)]
struct Section {
    header: String,
    path: Vec<String>,
    /// Of a list of tables, from 0.
    number: Option<usize>,
}

impl Section {
    /// The one of `header`, which comes next.
    fn after(&self, header: &str) -> Self {
        let number = header.starts_with("[[").then(|| match self.number {
            Some(number) if self.header == header => number + 1,
            _ => 0,
        });
        // The parser knows best how names are quoted.
        let mut path = Vec::new();
        let mut table = toml::from_str::<toml::Table>(header).unwrap_or_default();
        while let Some((key, inner)) = table.into_iter().next() {
            path.push(key);
            table = match inner {
                toml::Value::Table(inner) => inner,
                _ => toml::Table::new(),
            };
        }
        Self { header: header.to_owned(), path, number }
    }

    /// The full path of a key below it.
    fn key(&self, name: &str) -> String {
        let number = self.number.map(|number| number.to_string());
        let name = name.to_owned();
        self.path.iter().cloned().chain(number).chain([name]).collect::<Vec<_>>().join(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::parse_with;
    use crate::config::parse;

    const FILE: &str = "[data]\ndev = { file = 'd.tsv' }\n[[data.train]]\nfile = 'a.tsv'\nweight = 2\n[[data.train]]\n\
        src = 'b.en'\ntgt = 'b # not a remark.kn'\n[data.test_sets.\"ಸುದ್ದಿ = 1\"]\nfile = \"n = # [x].tsv\"\n[train]\nmax_steps = 50\n";

    fn resolved(text: &str, variable: &str, overrides: &[&str]) -> Resolved {
        let overrides: Vec<String> = overrides.iter().map(|&typed| typed.to_owned()).collect();
        parse_with(text, "my.toml", variable, &overrides).unwrap()
    }

    #[test]
    fn a_value_has_the_origin_that_counts() {
        let shown = resolved(
            FILE,
            "train.max_steps=60; run.seed=3 ;; run.name=\"a\"",
            &["run.seed=4", "data.test={file='t.tsv'}"],
        );
        let experiment = &shown.experiment;
        assert_eq!((experiment.train.max_steps, experiment.run.seed), (60, 4));
        for (key, origin) in [
            ("data.train.0.file", "my.toml:4"),
            ("data.train.1.src", "my.toml:7"),
            ("data.train.1.weight", "default"),
            ("data.dev.file", "my.toml:2"),
            ("data.test.file", "--set"),
            ("data.test_sets.ಸುದ್ದಿ = 1.file", "my.toml:10"),
            ("train.max_steps", "ANUVADA_SET"),
            ("run.name", "ANUVADA_SET"),
            ("run.seed", "--set"),
            ("run.dir", "default"),
        ] {
            assert_eq!(shown.origin(key).to_string(), origin, "{key}");
            assert_eq!(shown.to_json()[key]["origin"], origin, "{key}");
        }
        assert_eq!(shown.to_json()["train.max_steps"]["value"], 60);
    }

    #[test]
    fn what_is_shown_is_the_same_experiment() {
        let one = "[[data.train]]\nfile = \"a\\tb\\n.tsv\"\n[data.dev]\nfile = 'd.tsv'\n[train]\nlearning_rate = 3e-4\n";
        for text in [FILE, one] {
            let shown = resolved(text, "", &["model.dropout=0.15"]);
            let toml = shown.to_toml();
            assert_eq!(parse(&toml, "x.toml", &[]).expect(&toml), shown.experiment, "{toml}");
            let keys = toml.lines().filter(|line| line.contains(" = ") && !line.starts_with('['));
            assert!(keys.clone().all(|line| line.contains("  # ")), "{toml}");
            let n_values = shown.to_json().as_object().unwrap().len();
            assert_eq!(keys.count(), n_values, "{toml}");
        }
        assert!(resolved(one, "", &[]).to_toml().contains("file = \"a\\tb\\n.tsv\"  # my.toml:2\n"));
    }

    #[test]
    fn faults_of_the_variable_name_it() {
        let told = |variable: &str| parse_with(FILE, "x.toml", variable, &[]).unwrap_err().to_string();
        assert_eq!(
            told("train.lr=3"),
            "ANUVADA_SET train.lr=3: unknown key 'train.lr'\n  help: did you mean 'train.learning_rate'?"
        );
        assert!(
            told("train")
                .contains("ANUVADA_SET train: there is no '='\n  help: write it as section.key=value")
        );
        assert!(told("run=5").contains("help: write run.KEY=value"), "{}", told("run=5"));
        assert!(told("model.dropout=2").contains("ANUVADA_SET model.dropout=2: must be"));
    }
}
