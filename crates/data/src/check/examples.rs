//! Pairs that the report shows: chosen by number, fetched when the text is read a second time.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::corpus::Pair;

/// Characters of a text that are shown.
const SHOWN_CHARS: usize = 200;

/// A pair as it stands in the files, shortened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Which of several sources it comes from, from 0.
    pub source: u32,
    /// The file, or that of the source side.
    pub path: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// The source, of at most 200 characters.
    pub src: String,
    /// The target, of at most 200 characters.
    pub tgt: String,
}

impl Example {
    /// `file:line`, with the last two parts of the path.
    pub fn place(&self) -> String {
        format!("{}:{}", super::words::file_name(&self.path), self.line)
    }
}

/// A text that can be shown: shortened, without characters that move the cursor or turn the line.
pub(super) fn shown(text: &str) -> String {
    let mut kept = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == SHOWN_CHARS {
            kept.push('…');
            break;
        }
        match c {
            '\t' => kept.push(' '),
            c if c.is_control() || is_unseen(c) => kept.extend(["⟨", &format!("{:04X}", c as u32), "⟩"]),
            c => kept.push(c),
        }
    }
    kept
}

/// Line ends, marks of direction and such, which would change how the text around them looks.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{61C}' | '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
    )
}

/// The pairs that are wanted, by number.
#[derive(Debug, Default)]
pub(super) struct Examples(BTreeMap<usize, Option<(Example, usize)>>);

impl Examples {
    /// Wants a pair.
    pub(super) fn want(&mut self, index: usize) {
        self.0.entry(index).or_default();
    }

    /// The wanted numbers from `first` to before `end`.
    pub(super) fn between(&self, first: usize, end: usize) -> Vec<usize> {
        self.0.range(first..end).map(|(index, _)| *index).collect()
    }

    /// Takes a pair that is wanted; its line counts over all files of its source.
    pub(super) fn put(&mut self, index: usize, pair: &Pair, path: &Path, lines_before: usize) {
        let example = Example {
            source: pair.source,
            path: path.display().to_string(),
            line: pair.line - lines_before,
            src: shown(&pair.src),
            tgt: shown(&pair.tgt),
        };
        self.0.insert(index, Some((example, pair.line)));
    }

    /// As [`put`](Self::put), unless the pair is there.
    pub(super) fn put_late(&mut self, index: usize, pair: &Pair, path: &Path, lines_before: usize) {
        if self.get(index).is_none() {
            self.put(index, pair, path, lines_before);
        }
    }

    /// A pair that was wanted.
    pub(super) fn at(&self, index: usize) -> Example {
        self.get(index).map(|(example, _)| example.clone()).unwrap_or_default()
    }

    /// The line of a pair that was wanted, over all files of its source.
    pub(super) fn line(&self, index: usize) -> usize {
        self.get(index).map_or(0, |(_, line)| *line)
    }

    fn get(&self, index: usize) -> Option<&(Example, usize)> {
        self.0.get(&index).and_then(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_text_is_short_and_harmless() {
        assert_eq!(shown("a\tb\u{1B}[2Jc\u{202E}d ಸಾಫ್ಟ್\u{200C}ವೇರ್"), "a b⟨001B⟩[2Jc⟨202E⟩d ಸಾಫ್ಟ್\u{200C}ವೇರ್");
        let long = shown(&"ಕ".repeat(201));
        assert_eq!((long.chars().count(), long.ends_with('…')), (201, true));
        assert!(!shown(&"ಕ".repeat(200)).ends_with('…'));
    }

    #[test]
    fn lines_count_within_the_file() {
        let mut examples = Examples::default();
        examples.want(8);
        assert_eq!((examples.between(0, 8), examples.between(8, 9)), (vec![], vec![8]));
        let pair = Pair { src: "a".into(), tgt: "b".into(), line: 12, source: 1 };
        examples.put(8, &pair, Path::new("x/y.en"), 10);
        assert_eq!((examples.at(8).place(), examples.line(8)), ("x/y.en:2".to_owned(), 12));
    }
}
