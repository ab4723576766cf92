//! Counting words: what a vocabulary is learned from, in the memory of the different words.
//!
//! A word is a piece of the [pre-tokenizer](super): one with the space before it, one without, a digit
//! and a symbol are different words. Sums do not depend on their order, and the limits are met at a
//! line; so the counts are the same for every cut of the text into chunks and every number of threads.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ahash::RandomState;
use rayon::prelude::*;

use super::pieces::for_each_piece;

/// Lines that are counted at once.
const CHUNK_LINES: usize = 1 << 14;
/// Lines that a thread counts before it adds its words to those of the others.
const BLOCK_LINES: usize = 1 << 11;

type Words = HashMap<Box<str>, u64, RandomState>;

/// Where counting stops.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Characters of the lines.
    chars: usize,
    /// Different words. By what 740,000 take, those of the usual limit need 8 GB with learning.
    words: usize,
}

/// How often each word comes in the lines seen so far.
///
/// Lines are counted until the next one would go beyond 2³⁰ characters or 30 million different words;
/// from there on all are left out, and a warning says so. Text that is longer should come shuffled.
///
/// ```
/// use data::{Tokenizer, TokenizerConfig, WordCounts};
///
/// let mut counts = WordCounts::new();
/// counts.add(&["ba ba"]);
/// counts.add(&["ba na na"]);
/// assert_eq!((counts.n_lines(), counts.n_words()), (2, 2));
/// let config = TokenizerConfig { vocab_size: 268, min_char_count: 1 };
/// let tokenizer = Tokenizer::from_counts(&counts, &config, &["<2kn>".to_owned()])?;
/// assert_eq!(tokenizer.tag_id("<2kn>"), Some(3));
/// # Ok::<(), data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WordCounts {
    words: Words,
    n_lines: usize,
    n_chars: usize,
    full: bool,
    limits: Limits,
}

impl Default for WordCounts {
    fn default() -> Self {
        Self::with_limits(Limits { chars: 1 << 30, words: 30_000_000 })
    }
}

impl WordCounts {
    /// No words yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn with_limits(limits: Limits) -> Self {
        Self { words: Words::default(), n_lines: 0, n_chars: 0, full: false, limits }
    }

    /// Counts the words of normalised lines, in parallel; a chunk of 10,000 lines or more keeps the
    /// threads busy.
    pub fn add<S: AsRef<str> + Sync>(&mut self, lines: &[S]) {
        for chunk in lines.chunks(CHUNK_LINES) {
            if self.full {
                return;
            }
            let n_chars = chunk.par_iter().map(|line| line.as_ref().chars().count()).sum::<usize>();
            let most_words = self.words.len() + n_chars + chunk.len();
            if self.n_chars + n_chars <= self.limits.chars && most_words <= self.limits.words {
                self.add_all(chunk);
                self.n_lines += chunk.len();
                self.n_chars += n_chars;
            } else {
                self.add_one_by_one(chunk);
            }
        }
    }

    /// Whether a limit is reached, so that further lines make no difference.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Lines that were counted.
    pub fn n_lines(&self) -> usize {
        self.n_lines
    }

    /// Different words.
    pub fn n_words(&self) -> usize {
        self.words.len()
    }

    /// The words and their counts, in no order.
    pub(super) fn words(&self) -> impl Iterator<Item = (&str, u64)> {
        self.words.iter().map(|(word, count)| (&**word, *count))
    }

    /// Counts lines of which it is known that they are within the limits.
    fn add_all<S: AsRef<str> + Sync>(&mut self, lines: &[S]) {
        let words = Mutex::new(&mut self.words);
        lines.par_chunks(BLOCK_LINES).for_each(|block| {
            let text = spaced(block);
            let counted = count(&text);
            let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
            add_words(&mut words, counted);
        });
    }

    /// Counts lines as far as the limits allow.
    fn add_one_by_one<S: AsRef<str>>(&mut self, lines: &[S]) {
        for line in lines {
            let n_chars = self.n_chars + line.as_ref().chars().count();
            let text = spaced(std::slice::from_ref(line));
            let counted = count(&text);
            let new = counted.keys().filter(|word| !self.words.contains_key(**word)).count();
            if n_chars > self.limits.chars || self.words.len() + new > self.limits.words {
                let Limits { chars, words } = self.limits;
                tracing::warn!(
                    lines = self.n_lines,
                    "the vocabulary is learned from the first lines: a text may have {chars} characters and {words} different words"
                );
                self.full = true;
                return;
            }
            add_words(&mut self.words, counted);
            self.n_lines += 1;
            self.n_chars = n_chars;
        }
    }
}

/// Each line as it is encoded, with a space in front; one that is empty has no words.
fn spaced<S: AsRef<str>>(lines: &[S]) -> Vec<String> {
    lines.iter().map(AsRef::as_ref).filter(|line| !line.is_empty()).map(|line| format!(" {line}")).collect()
}

fn count(lines: &[String]) -> HashMap<&str, u64, RandomState> {
    let mut counted = HashMap::default();
    for line in lines {
        for_each_piece(line, |word| *counted.entry(word).or_default() += 1);
    }
    counted
}

#[expect(clippy::iter_over_hash_type, reason = "a sum does not depend on the order")]
fn add_words(words: &mut Words, counted: HashMap<&str, u64, RandomState>) {
    for (word, n) in counted {
        match words.get_mut(word) {
            Some(count) => *count += n,
            None => {
                words.insert(word.into(), n);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn sorted(counts: &WordCounts) -> BTreeMap<&str, u64> {
        counts.words().collect()
    }

    /// Every third line has a new word.
    fn lines(n: usize) -> Vec<String> {
        let letters =
            |n: usize| n.to_string().bytes().map(|digit| char::from(digit + 49)).collect::<String>();
        (0..n).map(|i| format!("the cat{} ಬೆಕ್ಕು sat, the {}", ["", "s"][i % 2], letters(i / 3))).collect()
    }

    #[test]
    fn words_are_pieces() {
        let mut counts = WordCounts::new();
        counts.add(&["ab ab,ab 10", "", "ab"]);
        let expected = [(" ", 0), (" ab", 3), (",", 1), ("ab", 1), (" 1", 1), ("0", 1)];
        assert_eq!(sorted(&counts), expected.into_iter().filter(|(_, n)| *n > 0).collect());
        assert_eq!((counts.n_lines(), counts.n_words(), counts.is_full()), (3, 5, false));
    }

    #[test]
    fn neither_chunks_nor_threads_change_the_counts() {
        let lines = lines(40_000);
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for line in &lines {
            for_each_piece(&format!(" {line}"), |word| *expected.entry(word.to_owned()).or_default() += 1);
        }
        for (threads, chunk) in [(1, 40_000), (2, 40_000), (4, 777), (2, 20_000)] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let mut counts = WordCounts::new();
            pool.install(|| lines.chunks(chunk).for_each(|chunk| counts.add(chunk)));
            assert_eq!(counts.n_lines(), lines.len());
            let counted: Vec<_> = sorted(&counts).into_iter().collect();
            assert!(counted.into_iter().eq(expected.iter().map(|(word, n)| (word.as_str(), *n))));
        }
    }

    /// Both limits fall on the line that they fall on when the lines come one at a time.
    #[test]
    fn limits_are_met_at_the_same_line_however_the_text_is_cut() {
        let lines = lines(40_000);
        let chars_of = |lines: &[String]| lines.iter().map(|line| line.chars().count()).sum::<usize>();
        let words_of = |lines: &[String]| {
            let mut counts = WordCounts::new();
            counts.add(lines);
            counts.n_words()
        };
        let never = usize::MAX;
        for (limits, expected) in [
            (Limits { chars: chars_of(&lines[..30_001]), words: never }, 30_001),
            (Limits { chars: chars_of(&lines[..30_001]) - 1, words: never }, 30_000),
            (Limits { chars: 0, words: never }, 0),
            // Some lines bring no new word: they are counted still.
            (Limits { chars: never, words: words_of(&lines[..300]) }, 300),
            (Limits { chars: never, words: words_of(&lines[..300]) - 1 }, 297),
        ] {
            for chunk in [1, 999, 20_000, 40_000] {
                let mut counts = WordCounts::with_limits(limits);
                lines.chunks(chunk).for_each(|chunk| counts.add(chunk));
                assert_eq!(counts.n_lines(), expected, "{limits:?} {chunk}");
                assert!(counts.is_full());
                let before = counts.n_words();
                counts.add(&["", "new words"]);
                assert_eq!(counts.n_words(), before);
            }
        }
    }
}
