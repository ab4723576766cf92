//! Counting words: what a vocabulary is learned from, in the memory of the different words.
//!
//! A word is a piece of the [pre-tokenizer](super): one with the space before it, one without, a digit
//! and a symbol are different words. Sums do not depend on their order, and rare words are forgotten
//! after fixed numbers of lines; so the counts are the same for every cut of the text into chunks and
//! every number of threads.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ahash::RandomState;
use rayon::prelude::*;

use super::pieces::for_each_piece;

/// Lines that are counted at once; after each so many there is a look at the memory.
const CHUNK_LINES: usize = 1 << 14;
/// Lines that a thread counts before it adds its words to those of the others.
const BLOCK_LINES: usize = 1 << 11;
/// More different words than this are not remembered: they take some 200 MB here and twice that in learning.
const MAX_WORDS: usize = 2_000_000;

type Words = HashMap<Box<str>, u64, RandomState>;

/// How often each word comes in the lines seen so far.
///
/// When there are more than two million different words, the rarest are forgotten until half as many
/// are left, and are counted from nothing if they come again (as in lossy counting, Manku & Motwani 2002, VLDB).
/// That changes which of the rarest words and characters a vocabulary is learned from, and hardly any merge.
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
    max_words: usize,
    forgotten: usize,
}

impl Default for WordCounts {
    fn default() -> Self {
        Self { words: Words::default(), n_lines: 0, max_words: MAX_WORDS, forgotten: 0 }
    }
}

impl WordCounts {
    /// No words yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts the words of normalised lines, in parallel; a chunk of 10,000 lines or more keeps the
    /// threads busy.
    pub fn add<S: AsRef<str> + Sync>(&mut self, lines: &[S]) {
        let mut rest = lines;
        while !rest.is_empty() {
            let room = CHUNK_LINES - self.n_lines % CHUNK_LINES;
            let (chunk, after) = rest.split_at(room.min(rest.len()));
            self.add_all(chunk);
            self.n_lines += chunk.len();
            if self.n_lines.is_multiple_of(CHUNK_LINES) && self.words.len() > self.max_words {
                self.forget_rare_words();
            }
            rest = after;
        }
    }

    /// Lines that were counted.
    pub fn n_lines(&self) -> usize {
        self.n_lines
    }

    /// Different words.
    pub fn n_words(&self) -> usize {
        self.words.len()
    }

    /// Times that a word was forgotten.
    pub fn n_forgotten(&self) -> usize {
        self.forgotten
    }

    /// The words and their counts, in no order.
    pub(super) fn words(&self) -> impl Iterator<Item = (&str, u64)> {
        self.words.iter().map(|(word, count)| (&**word, *count))
    }

    fn add_all<S: AsRef<str> + Sync>(&mut self, lines: &[S]) {
        let words = Mutex::new(&mut self.words);
        lines.par_chunks(BLOCK_LINES).for_each(|block| {
            let text = spaced(block);
            let counted = count(&text);
            let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
            add_words(&mut words, counted);
        });
    }

    /// Takes away the words with the smallest counts until half of what may be remembered is left.
    fn forget_rare_words(&mut self) {
        let before = self.words.len();
        for rare in 1.. {
            self.words.retain(|_, count| *count > rare);
            if self.words.len() <= self.max_words / 2 {
                break;
            }
        }
        self.words.shrink_to_fit();
        self.forgotten += before - self.words.len();
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
        assert_eq!((counts.n_lines(), counts.n_words(), counts.n_forgotten()), (3, 5, 0));
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

    #[test]
    fn rare_words_are_forgotten_at_the_same_line_however_the_text_is_cut() {
        let lines = lines(100_000);
        let mut all = Vec::new();
        for (threads, chunk) in [(1, 100_000), (2, 100_000), (4, 777), (2, 20_000)] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let mut counts = WordCounts { max_words: 5000, ..WordCounts::new() };
            pool.install(|| lines.chunks(chunk).for_each(|chunk| counts.add(chunk)));
            assert_eq!(counts.n_lines(), lines.len());
            assert_eq!(sorted(&counts)[" ಬೆಕ್ಕು"], 100_000, "frequent words keep their counts");
            all.push((
                counts.n_forgotten(),
                sorted(&counts).into_iter().map(|(w, n)| (w.to_owned(), n)).collect::<Vec<_>>(),
            ));
        }
        assert!(all[0].0 > 20_000 && all[0].1.len() < 5000 + CHUNK_LINES, "{}", all[0].0);
        assert!(all.iter().all(|one| *one == all[0]));
    }
}
