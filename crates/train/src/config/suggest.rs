//! What a wrong key or value was meant to be: a word of another toolkit, the right key in the wrong section, or a
//! typing error (Damerau 1964, doi:10.1145/363958.363994).

use super::schema::{ANY_NAME, Shape};
use super::synonyms::{OPTIONS, SYNONYMS};

/// An unknown key.
pub(super) struct Unknown<'a> {
    /// The path of the table in which it stands; empty at the root.
    pub(super) section: &'a [String],
    /// The key.
    pub(super) name: &'a str,
    /// Whether a table stands behind it.
    pub(super) is_table: bool,
    /// Whether suggestions are whole paths, as `--set` needs them.
    pub(super) whole_paths: bool,
}

/// What an unknown key may have been.
#[derive(Debug, PartialEq)]
pub(super) struct Suggestion {
    /// The next step, for the user.
    pub(super) help: String,
    /// Full paths of what may have been meant.
    pub(super) meant: Vec<Vec<String>>,
}

impl Suggestion {
    /// Nothing but where all keys stand.
    pub(super) fn none() -> Self {
        Self { help: "see configs/small.toml for all keys".to_owned(), meant: Vec::new() }
    }
}

/// A longer word, in bytes, is nobody's typing error: the search takes time with the length of both words.
const LONGEST: usize = 64;
/// The least likeness of words that are taken for each other, and that in other sections.
const ALIKE: f64 = 0.6;
const VERY_ALIKE: f64 = 0.72;

impl Unknown<'_> {
    /// The best guess; without one, what would be possible.
    pub(super) fn suggest(&self, root: &Shape) -> Suggestion {
        if self.name.len() > LONGEST {
            return Suggestion::none();
        }
        let candidates: Vec<Vec<&str>> = root
            .paths()
            .into_iter()
            .filter(|(_, shape)| shape.is_table() == self.is_table)
            .map(|(p, _)| p)
            .collect();
        let (here, elsewhere): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|path| self.is_here(path));
        let synonyms = |paths: &[Vec<&str>]| -> Vec<Vec<String>> {
            owned(paths.iter().filter(|path| is_synonym(path, self.name)))
        };
        let exact = owned(elsewhere.iter().filter(|path| letters(last(path)) == letters(self.name)));
        let guesses = [
            owned(here.iter().filter(|path| letters(last(path)) == letters(self.name))),
            synonyms(&here),
            exact.clone(),
            nearest(&here, self.name, ALIKE),
            synonyms(&elsewhere),
            nearest(&elsewhere, self.name, VERY_ALIKE),
        ];
        let mut meant = guesses.into_iter().find(|guess| !guess.is_empty()).unwrap_or_default();
        let misplaced = !meant.is_empty() && meant == exact;
        for path in &mut meant {
            if self.is_here(&path.iter().map(String::as_str).collect::<Vec<_>>()) {
                path.splice(..path.len() - 1, self.section.iter().cloned());
            }
        }
        Suggestion { help: self.help(root, &meant, misplaced), meant }
    }

    /// Whether a path stands in the same table. One that the user has named is like every other one.
    fn is_here(&self, path: &[&str]) -> bool {
        let section = &path[..path.len() - 1];
        let same = |(right, written): (&&str, &String)| *right == ANY_NAME || right == written;
        section.len() == self.section.len() && section.iter().zip(self.section).all(same)
    }

    fn help(&self, root: &Shape, meant: &[Vec<String>], misplaced: bool) -> String {
        let Some(first) = meant.first() else { return self.possible(root) };
        let list = |words: Vec<String>| words.join(" or ");
        let sections = || list(meant.iter().map(|path| format!("[{}]", parent(path))).collect());
        let names = || list(meant.iter().map(|path| format!("'{}'", name(path))).collect());
        if self.whole_paths {
            format!(
                "did you mean {}?",
                list(meant.iter().map(|path| format!("'{}'", path.join("."))).collect())
            )
        } else if self.is_table {
            format!(
                "did you mean {}?",
                list(meant.iter().map(|path| format!("[{}]", path.join("."))).collect())
            )
        } else if misplaced {
            format!("it belongs to {}", sections())
        } else if first[..first.len() - 1] == *self.section {
            format!("did you mean {}?", names())
        } else if meant.iter().all(|path| name(path) == name(first)) {
            format!("did you mean '{}' of {}?", name(first), sections())
        } else if meant.iter().all(|path| parent(path) == parent(first)) {
            format!("did you mean {} of [{}]?", names(), parent(first))
        } else {
            let one = |path: &Vec<String>| format!("'{}' of [{}]", name(path), parent(path));
            format!("did you mean {}?", list(meant.iter().map(one).collect()))
        }
    }

    /// The keys of the table.
    fn possible(&self, root: &Shape) -> String {
        let table = self.section.iter().try_fold(root, |shape, key| shape.child(key)).unwrap_or(root);
        let (tables, values): (Vec<_>, Vec<_>) =
            table.children().into_iter().partition(|(_, shape)| shape.is_table());
        let section = self.section.join(".");
        let mut words: Vec<String> = values.iter().map(|(key, _)| format!("'{key}'")).collect();
        let prefix = if section.is_empty() { String::new() } else { format!("{section}.") };
        words.extend(tables.iter().map(|(key, _)| format!("[{prefix}{key}]")));
        match section.as_str() {
            "" => format!("the sections are {}", words.join(", ")),
            section => format!("the keys of [{section}] are {}", words.join(", ")),
        }
    }
}

/// The one of `options` that is most like `got`, if any is like it at all.
pub(super) fn nearest_option(options: &[&'static str], got: &str) -> Option<&'static str> {
    let paths: Vec<Vec<&str>> = options.iter().map(|&option| vec![option]).collect();
    let near = nearest(&paths, got, 0.45);
    let by_letters = options.iter().copied().find(|option| letters(option) == letters(got));
    let means = |option: &str| {
        OPTIONS
            .iter()
            .any(|(known, words)| *known == option && words.iter().any(|word| letters(word) == letters(got)))
    };
    by_letters.or_else(|| options.iter().copied().find(|option| means(option))).or_else(|| {
        options.iter().copied().find(|&option| near.first().is_some_and(|path| path[0] == option))
    })
}

/// The one of `names` that is most like `got`, if one is.
pub(super) fn nearest_name(names: &[String], got: &str) -> Option<String> {
    let paths: Vec<Vec<&str>> = names.iter().map(|name| vec![name.as_str()]).collect();
    nearest(&paths, got, ALIKE).into_iter().next().map(|path| path.concat())
}

/// The paths whose last key is most like `name`; none if even those are less alike than `least`.
fn nearest(paths: &[Vec<&str>], name: &str, least: f64) -> Vec<Vec<String>> {
    let best = paths.iter().map(|path| likeness(last(path), name)).fold(least, f64::max);
    owned(paths.iter().filter(|path| likeness(last(path), name) >= best))
}

/// 1 for equal words, 0 for words without anything in common. A word that begins the other is like it.
fn likeness(right: &str, typed: &str) -> f64 {
    let (right, typed) = (letters(right), letters(typed));
    let begins = typed.chars().count() >= 3 && right.starts_with(&typed)
        || right.len() >= 3 && typed.starts_with(&right);
    let likeness = strsim::normalized_damerau_levenshtein(&right, &typed);
    if begins { likeness.max(VERY_ALIKE) } else { likeness }
}

/// The word without case and separators: `nHeads`, `n-heads` and `n_heads` are one.
fn letters(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

fn is_synonym(path: &[&str], name: &str) -> bool {
    let path = path.join(".");
    let name = letters(name);
    SYNONYMS.iter().any(|(key, words)| *key == path && words.iter().any(|word| letters(word) == name))
}

fn last<'p>(path: &[&'p str]) -> &'p str {
    path.last().copied().unwrap_or_default()
}

fn name(path: &[String]) -> &str {
    path.last().map_or("", String::as_str)
}

fn parent(path: &[String]) -> String {
    path[..path.len().saturating_sub(1)].join(".")
}

fn owned<'p>(paths: impl Iterator<Item = &'p Vec<&'p str>>) -> Vec<Vec<String>> {
    paths.map(|path| path.iter().map(|&key| key.to_owned()).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Experiment;
    use crate::config::schema::Kind;

    #[test]
    fn every_synonym_means_a_key_and_is_none_itself() {
        let root = Shape::of::<Experiment>();
        let paths: Vec<String> = root.paths().into_iter().map(|(path, _)| path.join(".")).collect();
        for (path, words) in SYNONYMS {
            assert!(paths.iter().any(|known| known == path), "{path}");
            for word in *words {
                let (section, _) = path.rsplit_once('.').unwrap_or(("", path));
                let own = if section.is_empty() { (*word).to_owned() } else { format!("{section}.{word}") };
                assert!(!paths.contains(&own), "{own} is a key and a synonym of {path}");
            }
        }
    }

    #[test]
    fn every_word_for_a_value_means_one() {
        let root = Shape::of::<Experiment>();
        let kinds = root.paths().into_iter().filter_map(|(_, shape)| match shape {
            Shape::Value(Kind::OneOf(options)) => Some(*options),
            _ => None,
        });
        let options: Vec<&str> = kinds.flatten().copied().collect();
        for (option, words) in OPTIONS {
            assert!(options.contains(option), "{option}");
            assert!(words.iter().all(|word| !options.contains(word)), "{option}");
        }
        assert_eq!(nearest_option(&["f32", "bf16", "f16"], "Float16"), Some("f16"));
    }

    #[test]
    fn separators_and_case_do_not_count() {
        assert_eq!(letters("N-Heads"), letters("n_heads"));
        assert_eq!(nearest_option(&["three_way", "two_way", "none"], "ThreeWay"), Some("three_way"));
        assert_eq!(nearest_option(&["pre", "post"], "xyz"), None);
    }
}
