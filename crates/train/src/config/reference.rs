//! Every key as a page of Markdown: `docs/src/reference/config.md`.

use super::explain::explanations;
use super::ranges;
use super::schema::{Kind, Shape};
use super::{Defaults, Experiment};
use std::fmt::Write as _;

const HEAD: &str = "# Configuration, key by key

<!-- Written by `train config reference`; change the comments of configs/small.toml instead. -->

One TOML file describes a run. A key that is left out has its default; an unknown key is an error. Any key can be set for one
run with `--set section.key=value`, or for all with the variable `ANUVADA_SET` (`;` between two). `train config show` prints
what counts in the end, and where each value comes from.
";

/// The order of the sections in the file that explains them.
const ORDER: [&str; 8] = ["run", "backend", "data", "tokenizer", "model", "train", "validate", "search"];

/// The page.
pub fn reference() -> String {
    let schema = Shape::of::<Experiment>();
    let mut page = HEAD.to_owned();
    for section in ORDER {
        let shape = schema.child(section).expect("a test holds the order complete");
        write_section(&mut page, &[section], shape);
    }
    page
}

/// A section with its keys, then those below it.
fn write_section(page: &mut String, path: &[&str], shape: &Shape) {
    let name = path.join(".");
    let (tables, keys): (Vec<_>, Vec<_>) =
        shape.children().into_iter().partition(|(_, child)| child.is_table());
    let explanations = explanations();
    let _ = write!(page, "\n## `[{name}]`\n\n{}\n", explanations.get(&name).map_or("", String::as_str));
    if !keys.is_empty() {
        page.push_str("\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    }
    let defaults = Defaults::new();
    for (key, child) in keys {
        let Shape::Value(kind) = child else { continue };
        let full = format!("{name}.{key}");
        let default = defaults.toml(&full).map_or("–".to_owned(), |default| format!("`{default}`"));
        let meaning =
            explanations.get(&full).map_or("", String::as_str).replace('|', "\\|").replace('<', "&lt;");
        let _ = writeln!(page, "| `{key}` | {} | {default} | {meaning} |", values(&full, *kind));
    }
    for (key, child) in tables {
        write_section(page, &[path, &[key]].concat(), child);
    }
}

/// What a key takes.
fn values(key: &str, kind: Kind) -> String {
    let range = ranges::of(key).map(|range| format!(", {range}"));
    match kind {
        Kind::Whole { .. } => format!("whole number{}", range.unwrap_or_else(|| ", at least 0".to_owned())),
        Kind::Number => format!("number{}", range.unwrap_or_default()),
        Kind::Text => "text".to_owned(),
        Kind::Switch => "`true` or `false`".to_owned(),
        Kind::OneOf(options) => {
            let options: Vec<String> = options.iter().map(|option| format!("`\"{option}\"`")).collect();
            options.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::json_schema::json_schema;
    use std::path::Path;

    #[test]
    fn the_page_has_every_section() {
        let schema = Shape::of::<Experiment>();
        assert_eq!(ORDER.len(), schema.children().len());
        let page = reference();
        for (path, shape) in schema.paths() {
            let name = path.join(".");
            let row = format!("| `{}` | ", path[path.len() - 1]);
            assert!(
                page.contains(&if shape.is_table() { format!("\n## `[{name}]`\n") } else { row }),
                "{name}"
            );
        }
    }

    /// With `ANUVADA_UPDATE` set, the files are written instead.
    #[test]
    fn what_is_committed_is_current() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (file, current) in
            [("configs/schema.json", json_schema()), ("docs/src/reference/config.md", reference())]
        {
            let path = root.join(file);
            if std::env::var_os("ANUVADA_UPDATE").is_some() {
                std::fs::write(&path, &current).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            let place = committed.lines().zip(current.lines()).find(|(old, new)| old != new);
            assert!(
                committed == current,
                "{file} is not current, {place:?}: run this test with ANUVADA_UPDATE=1"
            );
        }
    }
}
