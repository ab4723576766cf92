//! Held-out lines that also stand in the training data, found under a strict key.
//!
//! The key of a line ignores canonical form, case, punctuation, symbols, spaces, joiners and the
//! form of digits, because lines that differ only there teach each other's translation.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use crate::corpus::Pair;
use crate::error::DataError;

/// How many examples an [`Overlap`] holds.
const MAX_EXAMPLES: usize = 5;

/// How many lines of a held-out set have a side in the training data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// Lines whose source is a training source.
    pub src: usize,
    /// Lines whose target is a training target.
    pub tgt: usize,
    /// Lines counted in both, whether or not the same training pair holds the two.
    pub both: usize,
    /// The first of them: line in the held-out set, line in the training set.
    pub examples: Vec<(usize, usize)>,
}

impl Overlap {
    /// True if no line was found.
    pub fn is_empty(&self) -> bool {
        self.src == 0 && self.tgt == 0
    }
}

/// Looks for the sides of `held_out` among the same sides of `train`; blank ones are skipped.
pub fn overlap(train: &[Pair], held_out: &[Pair]) -> Overlap {
    let search = OverlapSearch::new([held_out]);
    search.look(train);
    search.found(0)
}

/// [`overlap`] for several held-out sets at once and for training pairs that come in any number of parts: memory is
/// that of the held-out sets.
#[derive(Debug, Default)]
pub struct OverlapSearch {
    /// By set, for each pair its line, and the number of the key of each side that is not blank.
    sets: Vec<Vec<(usize, [Option<usize>; 2])>>,
    sides: [Keys; 2],
}

/// The keys of one side, each with the smallest number of a training pair that has it.
#[derive(Debug, Default)]
struct Keys {
    ids: HashMap<String, usize>,
    first: Vec<AtomicUsize>,
}

impl Keys {
    fn id(&mut self, key: String) -> usize {
        let next = self.first.len();
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.first.push(AtomicUsize::new(usize::MAX));
        }
        id
    }

    fn meet(&self, text: &str, number: usize) {
        if let Some(id) = strict_key(text).and_then(|key| self.ids.get(&key)) {
            self.first[*id].fetch_min(number, Ordering::Relaxed);
        }
    }

    fn first(&self, id: Option<usize>) -> Option<usize> {
        id.map(|id| self.first[id].load(Ordering::Relaxed)).filter(|number| *number != usize::MAX)
    }
}

impl OverlapSearch {
    /// A search for the sides of these sets that has seen no training pair.
    pub fn new<'a>(sets: impl IntoIterator<Item = &'a [Pair]>) -> Self {
        let mut search = Self::default();
        for set in sets {
            let keys = |pair: &Pair| [strict_key(&pair.src), strict_key(&pair.tgt)];
            let keys: Vec<[Option<String>; 2]> = set.par_iter().map(keys).collect();
            let [src_keys, tgt_keys] = &mut search.sides;
            let ids = keys
                .into_iter()
                .map(|[src, tgt]| [src.map(|key| src_keys.id(key)), tgt.map(|key| tgt_keys.id(key))]);
            search.sets.push(set.iter().map(|pair| pair.line).zip(ids).collect());
        }
        search
    }

    /// Looks at training pairs, which are known by their lines.
    pub fn look(&self, train: &[Pair]) {
        train.par_iter().for_each(|pair| self.meet(pair, pair.line));
    }

    /// Looks at a training pair that is known by `number`.
    pub(crate) fn meet(&self, pair: &Pair, number: usize) {
        if !self.sets.is_empty() {
            self.sides[0].meet(&pair.src, number);
            self.sides[1].meet(&pair.tgt, number);
        }
    }

    /// What was found of a set; the second parts of its examples are the smallest numbers of training pairs.
    ///
    /// # Panics
    ///
    /// If there are not so many sets.
    pub fn found(&self, set: usize) -> Overlap {
        let mut found = Overlap::default();
        for (line, [src, tgt]) in &self.sets[set] {
            let (src, tgt) = (self.sides[0].first(*src), self.sides[1].first(*tgt));
            found.src += usize::from(src.is_some());
            found.tgt += usize::from(tgt.is_some());
            found.both += usize::from(src.is_some() && tgt.is_some());
            if let Some(number) = src.or(tgt)
                && found.examples.len() < MAX_EXAMPLES
            {
                found.examples.push((*line, number));
            }
        }
        found
    }
}

/// Refuses a held-out set that overlaps the training data.
///
/// # Errors
///
/// [`DataError::Overlap`] with the counts, unless `overlap` is empty.
pub fn refuse_overlap(name: &str, overlap: &Overlap) -> Result<(), DataError> {
    if overlap.is_empty() {
        return Ok(());
    }
    let example = |(held, train): &(usize, usize)| format!("line {held} is training line {train}");
    Err(DataError::Overlap {
        set: name.to_owned(),
        src: overlap.src,
        tgt: overlap.tgt,
        both: overlap.both,
        example: overlap.examples.iter().map(example).collect::<Vec<_>>().join(", "),
    })
}

/// The text by which lines are compared; `None` for a blank line. A line of symbols alone is its
/// own key, so that `?` does not meet `!`.
pub(crate) fn strict_key(text: &str) -> Option<String> {
    let key = quick_words(text).unwrap_or_else(|| words(text));
    let text = text.trim();
    match (key.is_empty(), text.is_empty()) {
        (false, _) => Some(key),
        (true, false) => Some(text.to_owned()),
        (true, true) => None,
    }
}

/// What is left of a text when all that keys ignore is taken away.
fn words(text: &str) -> String {
    let is_word = |c: &char| c.is_alphanumeric() || is_combining_mark(*c);
    text.nfd().flat_map(char::to_lowercase).filter(is_word).map(ascii_digit).collect()
}

/// As [`words`], from what is left of each character by itself; `None` where marks might have to be put
/// in order, or beyond the basic plane.
fn quick_words(text: &str) -> Option<String> {
    let alone = &*ALONE;
    let mut key = String::with_capacity(text.len() + text.len() / 8);
    let mut after_mark = false;
    for c in text.chars() {
        let one = alone.of.get(c as usize)?;
        if after_mark && one.mark_first {
            return None;
        }
        after_mark = one.mark_last;
        key.push_str(&alone.text[one.start as usize..one.end as usize]);
    }
    Some(key)
}

/// What is left of each character of the basic plane by itself.
struct Alone {
    text: String,
    of: Vec<OneAlone>,
}

/// The place in the text, and whether its decomposition starts or ends with a mark that has a place in
/// the order of marks.
struct OneAlone {
    start: u32,
    end: u32,
    mark_first: bool,
    mark_last: bool,
}

static ALONE: LazyLock<Alone> = LazyLock::new(|| {
    let mut text = String::new();
    let one = |code| {
        let c = char::from_u32(code).unwrap_or(' ');
        let start = text.len() as u32;
        text.push_str(&words(c.encode_utf8(&mut [0; 4])));
        let is_mark = |c: Option<char>| c.is_some_and(|c| canonical_combining_class(c) != 0);
        let parts = || std::iter::once(c).nfd();
        let (mark_first, mark_last) = (is_mark(parts().next()), is_mark(parts().last()));
        OneAlone { start, end: text.len() as u32, mark_first, mark_last }
    };
    let of = (0..=0xFFFF).map(one).collect();
    Alone { text, of }
});

fn ascii_digit(c: char) -> char {
    match c {
        '೦'..='೯' => char::from(b'0' + (c as u32 - '೦' as u32) as u8),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(line: usize, src: &str, tgt: &str) -> Pair {
        Pair { src: src.to_owned(), tgt: tgt.to_owned(), line, source: 0 }
    }

    /// Lines `from..to` of a made-up corpus: no two share a side.
    fn corpus(from: usize, to: usize) -> Vec<Pair> {
        let line = |n: usize| pair(n - from + 1, &format!("The {n} Cats sat."), &format!("ಬೆಕ್ಕು {n} ಕುಳಿತವು."));
        (from..to).map(line).collect()
    }

    #[test]
    fn finds_each_planted_overlap_and_nothing_else() {
        let train = corpus(0, 500);
        let mut held_out = corpus(1000, 1200);
        assert!(overlap(&train, &held_out).is_empty());
        for k in 0..37 {
            let (place, n) = (5 * k + 2, 13 * k);
            let kannada_n: String = n
                .to_string()
                .chars()
                .map(|d| char::from_u32(d as u32 - '0' as u32 + 0x0CE6).expect("a digit"))
                .collect();
            let [src, tgt] = match k % 3 {
                0 => [format!("the {n}  cats, SAT"), format!("ಬೆಕ್ಕು {kannada_n} ಕುಳಿತವು!")],
                1 => [format!("“The {kannada_n} cats sat”"), "ಬೇರೆ".repeat(k + 1)],
                _ => ["other ".repeat(k + 1), format!("ಬ\u{0CC6}ಕ್ಕು-{n} ಕುಳಿತವು")],
            };
            held_out[place] = pair(place + 1, &src, &tgt);
        }
        let found = overlap(&train, &held_out);
        assert_eq!((found.src, found.tgt, found.both), (13 + 12, 13 + 12, 13));
        assert_eq!(found.src + found.tgt - found.both, 37);
        assert_eq!(found.examples, [(3, 1), (8, 14), (13, 27), (18, 40), (23, 53)]);
        let search = OverlapSearch::new([&train[..1], &held_out]);
        train.chunks(7).for_each(|chunk| search.look(chunk));
        assert_eq!(search.found(1), found);
        assert_eq!(search.found(0).both, 1);
    }

    #[test]
    fn key_keeps_what_distinguishes_words() {
        for (one, other) in
            [("ಕನ", "ಕನ್"), ("ಜ", "ಜ಼"), ("ಕಿ", "ಕೀ"), ("10", "100"), ("?", "!"), ("resume", "résumé")]
        {
            assert_ne!(strict_key(one), strict_key(other), "{one} {other}");
        }
        for (one, other) in [("ಸಾಫ್ಟ್\u{200C}ವೇರ್", "ಸಾಫ್ಟ್ವೇರ್"), ("It's 5", "its ೫."), ("CAFÉ", "cafe\u{301}")]
        {
            assert_eq!(strict_key(one), strict_key(other), "{one} {other}");
        }
        assert_eq!(strict_key("  "), None);
    }

    /// Every character by itself and in company, and all runs of three Kannada signs.
    #[test]
    fn the_quick_way_gives_what_the_long_way_gives() {
        let mut quick = 0;
        let mut agree = |text: &str| {
            if let Some(key) = quick_words(text) {
                assert_eq!(key, words(text), "{}", text.escape_unicode());
                quick += 1;
            }
        };
        for c in '\0'..=char::MAX {
            agree(&format!("aಕ{c}\u{CCD}É{c}{c} \u{301}{c}"));
            agree(&format!("{c}\u{301}"));
            agree(&format!("ಕ{c}ಯ"));
        }
        let signs: Vec<char> =
            ('\u{0CBC}'..='\u{0CD6}').chain(['ಕ', 'a', ' ', '\u{301}', '\u{327}', '೧']).collect();
        for (one, two) in signs.iter().flat_map(|one| signs.iter().map(move |two| (one, two))) {
            for three in &signs {
                agree(&format!("ಕ{one}{two}{three}"));
            }
        }
        assert!(quick > 150_000, "{quick}");
        assert!(
            quick_words("ಬೆಕ್ಕು ಚಾಪೆಯ ಮೇಲೆ, ಹೋಯಿತು! ÉCOLE “x”").is_some()
                && quick_words("a\u{301}\u{327}").is_none()
        );
    }

    #[test]
    fn refusal_names_set_counts_and_lines() {
        let found = overlap(&corpus(0, 3), &corpus(1, 2));
        let fault = refuse_overlap("dev", &found).expect_err("one line overlaps").to_string();
        assert_eq!(
            fault,
            "dev: of its lines 1 have their source and 1 their target in the training data (1 both; \
             line 1 is training line 2); remove them, or set clean.allow_overlap = true"
        );
        assert!(refuse_overlap("dev", &Overlap::default()).is_ok());
    }
}
