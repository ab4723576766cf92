//! Which column, key or language is the source, and which the target.

use crate::config::{LanguagePair, ParallelFiles};

/// Names under which the two sides are looked for.
pub(super) struct Columns<'a> {
    /// The names in the config, if it has any.
    pub(super) named: Option<[&'a str; 2]>,
    /// The language codes.
    pub(super) languages: [&'a str; 2],
}

impl<'a> Columns<'a> {
    /// What the config says.
    pub(super) fn new(files: &'a ParallelFiles, languages: &'a LanguagePair) -> Self {
        let is_named = !(files.src_column.is_empty() && files.tgt_column.is_empty());
        Self {
            named: is_named.then_some([&files.src_column, &files.tgt_column]),
            languages: [&languages.src, &languages.tgt],
        }
    }

    /// The pairs of names to try, in this order.
    pub(super) fn candidates(&self) -> Vec<[&'a str; 2]> {
        match self.named {
            Some(named) => vec![named],
            None => vec![self.languages, ["src", "tgt"], ["source", "target"]],
        }
    }

    /// The names that are looked for, in words.
    pub(super) fn wanted(&self) -> String {
        let names: Vec<String> =
            self.candidates().iter().map(|[src, tgt]| format!("'{src}' and '{tgt}'")).collect();
        names.join(", or ")
    }

    /// Where the two sides stand in a header, if both do.
    pub(super) fn find(&self, header: &[String]) -> Option<[usize; 2]> {
        let place = |name: &str| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
        self.candidates().into_iter().find_map(|[src, tgt]| Some([place(src)?, place(tgt)?]))
    }

    /// 0 for the source language, 1 for the target; `None` for another. A code with a region is its
    /// language, unless the two sides differ in the region alone.
    pub(super) fn side_of(&self, code: &str) -> Option<usize> {
        let language = |code: &'a str| code.split(['-', '_']).next().unwrap_or_default();
        let [src, tgt] = self.languages;
        if language(src).eq_ignore_ascii_case(language(tgt)) {
            return self.languages.iter().position(|side| side.eq_ignore_ascii_case(code));
        }
        let code = code.split(['-', '_']).next().unwrap_or_default();
        self.languages.iter().position(|side| language(side).eq_ignore_ascii_case(code))
    }
}
