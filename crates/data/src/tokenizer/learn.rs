//! Learning merges from word counts: the pair of neighbours seen most often becomes a symbol, again
//! and again; of pairs seen equally often, that of the smaller ids.
//!
//! It is Sennrich et al. 2016 §3.2 (arXiv:1508.07909) with counts kept up to date, and gives what
//! `BpeTrainer` of the `tokenizers` library gives, in less time and memory: that builds a table for each
//! word and a set for each pair. Where a pair stands in its queue twice with one count, the order of
//! its hash tables decides which comes first; here it is the one that was queued first.
//!
//! A token may be reached by two pairs (`a` + `bc`, `ab` + `c`). What such a token is joined with can
//! come into being again after it was merged: it is then merged again, and the merge counts as one of
//! the later time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use ahash::RandomState;
use rayon::prelude::*;

/// A pair must be seen this often to be merged; a merge seen once is a word learned by heart.
const MIN_PAIR_COUNT: i64 = 2;
/// Words whose pairs one thread counts at once.
const BLOCK_WORDS: usize = 1 << 15;

type Pair = (u32, u32);
type Map<V> = HashMap<Pair, V, RandomState>;

/// A word as symbols: `len` of them from `start`.
#[derive(Clone, Copy, Debug)]
struct Word {
    start: u32,
    len: u32,
    count: i64,
}

/// Words whose characters are ids already.
#[derive(Debug, Default)]
pub(super) struct Words {
    words: Vec<Word>,
    symbols: Vec<u32>,
}

impl Words {
    /// Adds a word that was seen `count` times.
    pub(super) fn push(&mut self, symbols: impl Iterator<Item = u32>, count: u64) {
        let start = self.symbols.len();
        self.symbols.extend(symbols);
        match self.symbols.len() - start {
            0 => {}
            1 => self.symbols.truncate(start),
            len => self.words.push(Word { start: start as u32, len: len as u32, count: count as i64 }),
        }
    }

    /// The count of each pair of neighbours and the words that have it.
    fn pairs(&self) -> Map<(i64, Vec<u32>)> {
        let blocks: Vec<Map<(i64, Vec<u32>)>> = self
            .words
            .par_chunks(BLOCK_WORDS)
            .enumerate()
            .map(|(block, words)| {
                let mut pairs: Map<(i64, Vec<u32>)> = Map::default();
                for (word, n) in words.iter().zip((block * BLOCK_WORDS) as u32..) {
                    let symbols = &self.symbols[word.start as usize..][..word.len as usize];
                    for pair in symbols.windows(2) {
                        let (count, places) = pairs.entry((pair[0], pair[1])).or_default();
                        *count += word.count;
                        if places.last() != Some(&n) {
                            places.push(n);
                        }
                    }
                }
                pairs
            })
            .collect();
        let mut all: Map<(i64, Vec<u32>)> = Map::default();
        for (pair, (more, there)) in blocks.into_iter().flatten() {
            let (count, places) = all.entry(pair).or_default();
            *count += more;
            places.extend(there);
        }
        all
    }

    /// Replaces a pair in one word and tells by how much the counts of its neighbours change.
    fn merge(&mut self, n: u32, (left, right): Pair, new: u32, mut change: impl FnMut(Pair, i64)) {
        let word = &mut self.words[n as usize];
        let symbols = &mut self.symbols[word.start as usize..][..word.len as usize];
        let (mut read, mut written) = (0, 0);
        while read < symbols.len() {
            if symbols[read] != left || symbols.get(read + 1) != Some(&right) {
                symbols[written] = symbols[read];
                (read, written) = (read + 1, written + 1);
                continue;
            }
            if written > 0 {
                change((symbols[written - 1], left), -word.count);
                change((symbols[written - 1], new), word.count);
            }
            if let Some(next) = symbols.get(read + 2) {
                change((right, *next), -word.count);
                change((new, *next), word.count);
            }
            symbols[written] = new;
            (read, written) = (read + 2, written + 1);
        }
        word.len = written as u32;
    }
}

/// Pairs to be merged: the most frequent first, then the smallest ids, then the first that came.
#[derive(Default)]
struct Queue {
    heap: BinaryHeap<(i64, Reverse<(Pair, u32)>)>,
    places: Vec<Vec<u32>>,
}

impl Queue {
    fn push(&mut self, pairs: impl Iterator<Item = (Pair, Vec<u32>)>, counts: &Map<i64>) {
        let mut pairs: Vec<_> = pairs.filter(|(pair, _)| counts[pair] > 0).collect();
        pairs.sort_unstable_by_key(|(pair, _)| *pair);
        for (pair, places) in pairs {
            self.heap.push((counts[&pair], Reverse((pair, self.places.len() as u32))));
            self.places.push(places);
        }
    }

    /// The next pair and its words. Counts in the heap may be those of an earlier time, which are larger.
    fn pop(&mut self, counts: &Map<i64>) -> Option<(Pair, Vec<u32>)> {
        loop {
            let (count, Reverse((pair, slot))) = self.heap.pop()?;
            if count == counts[&pair] {
                let places = std::mem::take(&mut self.places[slot as usize]);
                return (count >= MIN_PAIR_COUNT).then_some((pair, places));
            }
            self.heap.push((counts[&pair], Reverse((pair, slot))));
        }
    }
}

/// Adds tokens to a vocabulary until it has `vocab_size` of them or nothing is left to be merged, and
/// gives the merges by rank.
pub(super) fn learn(mut words: Words, tokens: &mut Vec<String>, vocab_size: usize) -> Vec<Pair> {
    let mut ids: HashMap<String, u32, RandomState> = tokens.iter().cloned().zip(0..).collect();
    let mut counts: Map<i64> = Map::default();
    let mut queue = Queue::default();
    let pairs = words.pairs();
    counts.extend(pairs.iter().map(|(pair, (count, _))| (*pair, *count)));
    queue.push(pairs.into_iter().map(|(pair, (_, places))| (pair, places)), &counts);
    let mut merges = Vec::new();
    let mut places_of_new: Map<Vec<u32>> = Map::default();
    while tokens.len() < vocab_size {
        let Some((pair, places)) = queue.pop(&counts) else { break };
        let joined = format!("{}{}", tokens[pair.0 as usize], tokens[pair.1 as usize]);
        let new = *ids.entry(joined).or_insert_with_key(|joined| {
            tokens.push(joined.clone());
            tokens.len() as u32 - 1
        });
        merges.push(pair);
        for n in places {
            words.merge(n, pair, new, |neighbours, change| {
                *counts.entry(neighbours).or_default() += change;
                if change > 0 {
                    let places = places_of_new.entry(neighbours).or_default();
                    if places.last() != Some(&n) {
                        places.push(n);
                    }
                }
            });
        }
        queue.push(places_of_new.drain(), &counts);
    }
    last_of_each(&merges)
}

/// A pair that was merged more than once has the rank of the last time.
fn last_of_each(merges: &[Pair]) -> Vec<Pair> {
    let last: Map<usize> = merges.iter().copied().zip(0..).collect();
    let ranked = merges.iter().zip(0..).filter(|(pair, rank)| last[*pair] == *rank);
    ranked.map(|(pair, _)| *pair).collect()
}
