//! Encoding piece by piece, with a memory of pieces: merging is done once for each word.
//!
//! It gives what the pipeline of the `tokenizers` library gives, in a fifth of the time, for that
//! keeps the place of every character of every piece.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use tokenizers::{Model, ModelWrapper};

use super::{MAX_PIECE_CHARS, PIECE};

static PIECES: LazyLock<Regex> = LazyLock::new(|| Regex::new(PIECE).expect("the pattern is sound"));

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

/// Gives the matches of [`PIECE`] and what is between them, cut where they are too long.
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
    let mut end = 0;
    for found in PIECES.find_iter(text) {
        cut(&text[end..found.start()]);
        cut(found.as_str());
        end = found.end();
    }
    cut(&text[end..]);
}
