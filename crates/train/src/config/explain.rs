//! What each key means: read off the comments of `configs/small.toml`, where every key is explained.
//!
//! A comment belongs to the key or section below it. A key without one shares that of the key above it; one of a set of
//! files that says nothing of its own means what it means in `[data.train]`.

use super::Experiment;
use super::schema::{ANY_NAME, Shape};
use std::collections::BTreeMap;

/// The file that explains every key.
const EXPLAINED: &str = include_str!("../../../../configs/small.toml");

/// The meaning of each key and section, by its full path, with `NAME` for a name of the user's.
pub(super) fn explanations() -> BTreeMap<String, String> {
    let schema = Shape::of::<Experiment>();
    let mut found = BTreeMap::new();
    let (mut section, mut comment, mut above) = (String::new(), Vec::new(), String::new());
    for line in EXPLAINED.lines() {
        if let Some(header) = line.strip_prefix('[') {
            section = in_general(header.split(']').next().unwrap_or_default());
            note(&mut found, &section, &comment.join(" "));
            above.clear();
        } else if let Some(key) = key_of(line, &section, &schema) {
            if !comment.is_empty() {
                above = comment.join(" ");
            }
            note(&mut found, &format!("{section}.{key}"), &above);
        } else if let Some(words) = line.strip_prefix("# ") {
            comment.push(words.trim());
            continue;
        }
        comment.clear();
    }
    for (path, _) in schema.paths() {
        let name = path[path.len() - 1];
        let as_in_train = found.get(&format!("data.train.{name}")).cloned();
        if path[0] == "data"
            && let Some(text) = as_in_train
        {
            found.entry(path.join(".")).or_insert(text);
        }
    }
    for (path, text) in [
        (
            "data.test_sets",
            "Further test sets, one section for each; the name is yours and stands in the report.",
        ),
        ("data.test_sets.NAME", "One of them."),
    ] {
        found.insert(path.to_owned(), text.to_owned());
    }
    found
}

fn note(found: &mut BTreeMap<String, String>, path: &str, text: &str) {
    if !text.is_empty() && !text.starts_with("As in [") {
        found.entry(path.to_owned()).or_insert_with(|| text.to_owned());
    }
}

/// The section with `NAME` for a name of the user's.
fn in_general(section: &str) -> String {
    match section.strip_prefix("data.test_sets.") {
        Some(_) => format!("data.test_sets.{ANY_NAME}"),
        None => section.to_owned(),
    }
}

/// The key of `key = value` or of `# key = value`, if the section has it.
fn key_of<'l>(line: &'l str, section: &str, schema: &Shape) -> Option<&'l str> {
    let (key, _) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")?;
    let table = section.split('.').try_fold(schema, |shape, key| shape.child(key))?;
    table.child(key).map(|_| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_section_is_explained() {
        let found = explanations();
        let schema = Shape::of::<Experiment>();
        let paths: Vec<String> = schema.paths().into_iter().map(|(path, _)| path.join(".")).collect();
        for path in &paths {
            let text =
                found.get(path).unwrap_or_else(|| panic!("configs/small.toml does not explain {path}"));
            assert!(text.len() > 8 && !text.contains('#'), "{path}: {text}");
        }
        assert!(found.keys().all(|path| paths.contains(path)));
    }

    #[test]
    fn a_comment_belongs_to_what_is_below_it() {
        let found = explanations();
        assert!(found["train"].starts_with("The optimisation."), "{}", found["train"]);
        assert!(found["train.warmup_steps"].starts_with("Steps over which the learning rate rises"));
        assert_eq!(found["data.test.tgt_column"], found["data.train.src_column"]);
        assert!(found["data.test_sets.NAME.src"].starts_with("One sentence a line"));
        assert!(found["model.dropout"].ends_with("want less."), "{}", found["model.dropout"]);
    }
}
