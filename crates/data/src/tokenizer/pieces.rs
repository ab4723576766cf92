//! Encoding piece by piece, with a memory of pieces: merging is done once for each word.
//!
//! It gives what the pipeline of the `tokenizers` library gives, in a fifth of the time, for that
//! keeps the place of every character of every piece.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use tokenizers::{Model, ModelWrapper};

use super::MAX_PIECE_CHARS;

/// Pieces that a memory holds: the first that it meets, among which are the frequent ones.
const MAX_PIECES: usize = 1 << 16;

/// Memories of pieces, one for each thread that encodes: some 10 MB each when they are full.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    idle: Mutex<Vec<Memory>>,
}

/// Ids by piece.
#[derive(Debug, Default)]
struct Memory {
    places: HashMap<Box<str>, Range<u32>>,
    ids: Vec<u32>,
    text: String,
}

impl Pieces {
    /// The ids of a text, as `model` gives them to its pieces.
    pub(super) fn encode(&self, text: &str, model: &ModelWrapper) -> Vec<u32> {
        if text.is_empty() {
            return Vec::new();
        }
        let mut memory = self.lock().pop().unwrap_or_default();
        let ids = memory.encode(text, model);
        self.lock().push(memory);
        ids
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Memory>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn encode(&mut self, text: &str, model: &ModelWrapper) -> Vec<u32> {
        let mut spaced = std::mem::take(&mut self.text);
        spaced.clear();
        spaced.push(' ');
        spaced.push_str(text);
        let mut ids = Vec::with_capacity(text.len() / 2);
        for_each_piece(&spaced, |piece| self.append(piece, model, &mut ids));
        self.text = spaced;
        ids
    }

    fn append(&mut self, piece: &str, model: &ModelWrapper, ids: &mut Vec<u32>) {
        if let Some(place) = self.places.get(piece) {
            ids.extend(&self.ids[place.start as usize..place.end as usize]);
            return;
        }
        let tokens =
            model.tokenize(piece).expect("every character or all of its bytes are in the vocabulary");
        let first = ids.len();
        ids.extend(tokens.iter().map(|token| token.id));
        if self.places.len() < MAX_PIECES {
            let start = self.ids.len() as u32;
            self.ids.extend(&ids[first..]);
            self.places.insert(piece.into(), start..self.ids.len() as u32);
        }
    }
}

/// Gives the matches of [`PIECE`](super::PIECE) and what is between them, cut where they are too long.
pub(super) fn for_each_piece<'a>(text: &'a str, mut take: impl FnMut(&'a str)) {
    let mut cut = |piece: &'a str| {
        let mut rest = piece;
        while rest.len() > MAX_PIECE_CHARS {
            let Some((end, _)) = rest.char_indices().nth(MAX_PIECE_CHARS) else { break };
            let (head, tail) = rest.split_at(end);
            take(head);
            rest = tail;
        }
        if !rest.is_empty() {
            take(rest);
        }
    };
    let (mut at, mut end) = (0, 0);
    while at < text.len() {
        let Some(after) = piece_end(text, at) else {
            at += 1; // a space that belongs to no piece
            continue;
        };
        cut(&text[end..at]);
        cut(&text[at..after]);
        (at, end) = (after, after);
    }
    cut(&text[end..]);
}

/// Where the match of [`PIECE`](super::PIECE) ends that begins at `at`. Only at a space there may be none.
fn piece_end(text: &str, at: usize) -> Option<usize> {
    let first = if text.as_bytes()[at] == b' ' { at + 1 } else { at };
    match kind(text, first)? {
        (Kind::Space, _) => None,
        (Kind::Mark, after) => Some(after),
        (Kind::Word, after) => {
            let mut end = word_end(text, after);
            while text.as_bytes().get(end) == Some(&b'\'')
                && let Some((Kind::Word, after)) = kind(text, end + 1)
            {
                end = word_end(text, after);
            }
            Some(end)
        }
    }
}

fn word_end(text: &str, mut at: usize) -> usize {
    while let Some((Kind::Word, after)) = kind(text, at) {
        at = after;
    }
    at
}

/// What [`PIECE`](super::PIECE) takes a character for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Space,
    /// A number, punctuation or a symbol.
    Mark,
    Word,
}

/// Kinds of the characters of the basic plane.
static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let plane: String = (0..=0xFFFF).filter_map(char::from_u32).collect();
    let mut kinds = vec![Kind::Word; 1 << 16];
    kinds[' ' as usize] = Kind::Space;
    for mark in MARK.find_iter(&plane) {
        kinds[mark.as_str().chars().next().map_or(0, |c| c as usize)] = Kind::Mark;
    }
    kinds
});

static MARK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{N}\p{P}\p{S}]").expect("the pattern is sound"));

/// The kind of the character at a place, and where it ends.
fn kind(text: &str, at: usize) -> Option<(Kind, usize)> {
    let c = text[at..].chars().next()?;
    let kind = match KINDS.get(c as usize) {
        Some(kind) => *kind,
        None if MARK.is_match(c.encode_utf8(&mut [0; 4])) => Kind::Mark,
        None => Kind::Word,
    };
    Some((kind, at + c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::PIECE;
    use super::*;

    /// The pieces as the pattern itself cuts them.
    fn by_pattern(text: &str) -> Vec<&str> {
        static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(PIECE).expect("the pattern is sound"));
        let (mut pieces, mut end) = (Vec::new(), 0);
        for found in PATTERN.find_iter(text) {
            pieces.extend([&text[end..found.start()], found.as_str()]);
            end = found.end();
        }
        pieces.push(&text[end..]);
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    fn pieces(text: &str) -> Vec<&str> {
        let mut pieces = Vec::new();
        for_each_piece(text, |piece| pieces.push(piece));
        pieces
    }

    #[test]
    fn every_character_is_cut_as_by_the_pattern() {
        for c in ('\0'..=char::MAX).filter(|c| (*c as u32) < 0x1_2000 || (*c as u32).is_multiple_of(97)) {
            let text = format!(" a{c}b {c}'{c} ");
            assert_eq!(pieces(&text), by_pattern(&text), "{c:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn text_is_cut_as_by_the_pattern(text in "[ab  ',.1ಕಿ್೧\u{200C}𝟘😀𐐀\n]{0,30}") {
            prop_assert_eq!(pieces(&text), by_pattern(&text));
        }
    }
}
