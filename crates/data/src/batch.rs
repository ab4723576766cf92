//! Examples of ids become padded rectangles that fit a token budget, with the shift for the decoder.
//!
//! For a target `y₁ … yₙ` the decoder reads `<s> y₁ … yₙ` and is to say `y₁ … yₙ </s>` (Vaswani et al.
//! 2017 §3.1, arXiv:1706.03762: outputs shifted right by one). The size of a batch is
//! `max(rows · src_len, rows · tgt_len)`, padding included, since that is what memory and time follow.

use std::ops::Range;

use crate::clean::{CleanReport, Reason};
use crate::corpus::Pair;
use crate::tokenizer::Tokenizer;

/// A pair as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The source, ending in `</s>`.
    pub src: Vec<u32>,
    /// The target without control tokens.
    pub tgt: Vec<u32>,
}

impl Example {
    /// The ids of two normalised sentences.
    pub fn new(tokenizer: &Tokenizer, src: &str, tgt: &str) -> Self {
        let mut src = tokenizer.encode(src);
        src.push(tokenizer.eos_id());
        Self { src, tgt: tokenizer.encode(tgt) }
    }

    /// Tokens of the two rows that the example fills: source with `</s>`, target with `<s>` or `</s>`.
    pub fn lengths(&self) -> (u32, u32) {
        (self.src.len() as u32, self.tgt.len() as u32 + 1)
    }
}

/// Tokenizes cleaned pairs in parallel, in their order, and drops and counts those with a row of
/// more than `max_tokens` tokens. Sources begin with the control tokens that `tags` has for the corpus
/// they are from, if it has any. The second list counts examples by corpus; pairs of a corpus stand together.
pub fn encode_pairs(
    pairs: &[Pair],
    tokenizer: &Tokenizer,
    tags: &[Vec<u32>],
    max_tokens: usize,
    report: &mut CleanReport,
) -> (Vec<Example>, Vec<usize>) {
    let sides = |side: fn(&Pair) -> &str| {
        let texts: Vec<&str> = pairs.iter().map(side).collect();
        tokenizer.encode_batch(&texts)
    };
    let (src, tgt) = (sides(|pair| &pair.src), sides(|pair| &pair.tgt));
    let mut examples = Vec::with_capacity(pairs.len());
    let mut source_lens = vec![0; pairs.last().map_or(0, |pair| pair.source as usize + 1)];
    for ((src, tgt), pair) in src.into_iter().zip(tgt).zip(pairs) {
        let tags = tags.get(pair.source as usize).map_or(&[][..], Vec::as_slice);
        let src = [tags, &src, &[tokenizer.eos_id()]].concat();
        if src.len().max(tgt.len() + 1) > max_tokens {
            report.count(Reason::TooManyTokens, pair.line);
            report.kept -= 1;
            report.copies -= usize::from(pair.src == pair.tgt);
        } else {
            examples.push(Example { src, tgt });
            source_lens[pair.source as usize] += 1;
        }
    }
    (examples, source_lens)
}

/// A rectangle of sources and one of targets, row by row the same pairs.
///
/// # Shapes
///
/// `src` is `[rows, src_len]`, `tgt_in` and `tgt_out` are `[rows, tgt_len]`, row-major, padded on
/// the right; the lengths count the tokens of each row that are not padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Number of pairs.
    pub rows: usize,
    /// Tokens in a row of `src`.
    pub src_len: usize,
    /// Tokens in a row of `tgt_in` and `tgt_out`.
    pub tgt_len: usize,
    /// Sources, each ending in `</s>`.
    pub src: Vec<u32>,
    /// Source tokens by row, `</s>` included.
    pub src_lengths: Vec<usize>,
    /// Targets after `<s>`: what the decoder reads.
    pub tgt_in: Vec<u32>,
    /// Targets before `</s>`: what it is to say.
    pub tgt_out: Vec<u32>,
    /// Target tokens by row, one control token included.
    pub tgt_lengths: Vec<usize>,
    /// Where each row came from in the list of examples.
    pub indices: Vec<u32>,
    pad_id: u32,
}

/// The control tokens that a batch needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlIds {
    /// Fills up rows.
    pub pad: u32,
    /// Starts the decoder's input.
    pub bos: u32,
    /// Ends a sentence.
    pub eos: u32,
}

impl Default for ControlIds {
    /// The ids of every [`Tokenizer`].
    fn default() -> Self {
        Self { pad: 0, bos: 1, eos: 2 }
    }
}

impl Batch {
    /// Pads examples into a batch. `indices` says where each one came from.
    ///
    /// ```
    /// use data::batch::{Batch, ControlIds, Example};
    ///
    /// let pair = Example { src: vec![7, 8, 2], tgt: vec![9] };
    /// let other = Example { src: vec![6, 2], tgt: vec![5, 4] };
    /// let batch = Batch::new(&[&pair, &other], &[0, 1], ControlIds::default());
    /// assert_eq!(batch.src, [7, 8, 2, 6, 2, 0]);
    /// assert_eq!(batch.tgt_in, [1, 9, 0, 1, 5, 4]);
    /// assert_eq!(batch.tgt_out, [9, 2, 0, 5, 4, 2]);
    /// assert_eq!(batch.n_tgt_tokens(), 5);
    /// ```
    ///
    /// # Panics
    ///
    /// If there are no examples, or not as many indices.
    pub fn new(examples: &[&Example], indices: &[u32], ids: ControlIds) -> Self {
        assert!(!examples.is_empty(), "a batch needs an example");
        assert_eq!(examples.len(), indices.len(), "one index an example");
        let src_lengths: Vec<usize> = examples.iter().map(|example| example.src.len()).collect();
        let tgt_lengths: Vec<usize> = examples.iter().map(|example| example.tgt.len() + 1).collect();
        let [src_len, tgt_len] = [&src_lengths, &tgt_lengths].map(|lengths| widest(lengths));
        let mut batch = Self {
            rows: examples.len(),
            src_len,
            tgt_len,
            src: Vec::with_capacity(examples.len() * src_len),
            tgt_in: Vec::with_capacity(examples.len() * tgt_len),
            tgt_out: Vec::with_capacity(examples.len() * tgt_len),
            src_lengths,
            tgt_lengths,
            indices: indices.to_vec(),
            pad_id: ids.pad,
        };
        for (row, example) in (1..).zip(examples) {
            batch.src.extend(&example.src);
            batch.src.resize(row * src_len, ids.pad);
            batch.tgt_in.push(ids.bos);
            batch.tgt_in.extend(&example.tgt);
            batch.tgt_in.resize(row * tgt_len, ids.pad);
            batch.tgt_out.extend(&example.tgt);
            batch.tgt_out.push(ids.eos);
            batch.tgt_out.resize(row * tgt_len, ids.pad);
        }
        batch
    }

    /// Tokens of `tgt_out` that are not padding: what the loss is divided by.
    pub fn n_tgt_tokens(&self) -> usize {
        self.tgt_lengths.iter().sum()
    }

    /// Tokens of `src` that are not padding.
    pub fn n_src_tokens(&self) -> usize {
        self.src_lengths.iter().sum()
    }

    /// `max(rows · src_len, rows · tgt_len)`, in tokens with padding.
    pub fn padded_tokens(&self) -> usize {
        self.rows * self.src_len.max(self.tgt_len)
    }

    /// The share of `src` and `tgt_out` that is padding, 0 to 1.
    pub fn padding_share(&self) -> f64 {
        let cells = self.rows * (self.src_len + self.tgt_len);
        1.0 - (self.n_src_tokens() + self.n_tgt_tokens()) as f64 / cells as f64
    }

    /// Cuts the batch by rows into parts of at most `micro_batch_tokens` padded tokens, each without
    /// padding that only other parts needed. A row that is longer makes a part of its own.
    pub fn split(&self, micro_batch_tokens: usize) -> Vec<Self> {
        let lengths: Vec<(u32, u32)> = self
            .src_lengths
            .iter()
            .zip(&self.tgt_lengths)
            .map(|(src, tgt)| (*src as u32, *tgt as u32))
            .collect();
        let rows: Vec<u32> = (0..self.rows as u32).collect();
        plan(&lengths, micro_batch_tokens, &rows).iter().map(|rows| self.take(rows)).collect()
    }

    /// The batch of some of the rows, which must not be empty.
    fn take(&self, rows: &[u32]) -> Self {
        let pick =
            |lengths: &[usize]| -> Vec<usize> { rows.iter().map(|row| lengths[*row as usize]).collect() };
        let (src_lengths, tgt_lengths) = (pick(&self.src_lengths), pick(&self.tgt_lengths));
        let (src_len, tgt_len) = (widest(&src_lengths), widest(&tgt_lengths));
        let cells = |ids: &[u32], from: usize, to: usize| -> Vec<u32> {
            rows.iter().flat_map(|row| &ids[*row as usize * from..][..to]).copied().collect()
        };
        Self {
            rows: rows.len(),
            src_len,
            tgt_len,
            src: cells(&self.src, self.src_len, src_len),
            tgt_in: cells(&self.tgt_in, self.tgt_len, tgt_len),
            tgt_out: cells(&self.tgt_out, self.tgt_len, tgt_len),
            src_lengths,
            tgt_lengths,
            indices: rows.iter().map(|row| self.indices[*row as usize]).collect(),
            pad_id: self.pad_id,
        }
    }

    /// The id that fills up rows.
    pub fn pad_id(&self) -> u32 {
        self.pad_id
    }
}

fn widest(lengths: &[usize]) -> usize {
    lengths.iter().copied().max().unwrap_or(0)
}

/// Cuts `order` into runs whose size `max(rows · src_len, rows · tgt_len)` is at most
/// `budget_tokens`; `lengths` are (source, target) tokens by example. An example that is longer than
/// the budget makes a run of its own.
pub fn plan(lengths: &[(u32, u32)], budget_tokens: usize, order: &[u32]) -> Vec<Vec<u32>> {
    let tokens = order.iter().map(|index| {
        let (src, tgt) = lengths[*index as usize];
        src.max(tgt)
    });
    runs(tokens, budget_tokens).into_iter().map(|run| order[run].to_vec()).collect()
}

/// The runs of [`plan`] as places in an order of which `tokens` are the longer sides.
pub(crate) fn runs(tokens: impl Iterator<Item = u32>, budget_tokens: usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut end, mut longest) = (0, 0, 0);
    for tokens in tokens {
        let with = longest.max(tokens as usize);
        if end > start && (end - start + 1) * with > budget_tokens {
            runs.push(start..end);
            (start, longest) = (end, 0);
        }
        longest = longest.max(tokens as usize);
        end += 1;
    }
    if end > start {
        runs.push(start..end);
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::TokenizerConfig;

    fn examples(lengths: &[(usize, usize)]) -> Vec<Example> {
        let side = |row: usize, length: usize| (0..length).map(move |k| (1000 * row + k + 3) as u32);
        let example = |(row, (src, tgt)): (usize, &(usize, usize))| Example {
            src: side(row, *src).chain([2]).collect(),
            tgt: side(row, *tgt).map(|id| id + 500).collect(),
        };
        lengths.iter().enumerate().map(example).collect()
    }

    fn batch(examples: &[Example]) -> Batch {
        let indices: Vec<u32> = (0..examples.len() as u32).collect();
        Batch::new(&examples.iter().collect::<Vec<_>>(), &indices, ControlIds::default())
    }

    /// What the rows of a batch say, by index, after checking their padding and shift.
    fn unpad(batch: &Batch) -> Vec<(u32, Example)> {
        assert_eq!(
            [batch.src.len(), batch.tgt_in.len()],
            [batch.rows * batch.src_len, batch.rows * batch.tgt_len]
        );
        assert_eq!(batch.tgt_out.len(), batch.tgt_in.len());
        let row = |i: usize| {
            let (src, padding) =
                batch.src[i * batch.src_len..][..batch.src_len].split_at(batch.src_lengths[i]);
            assert!(padding.iter().all(|id| *id == 0));
            let n = batch.tgt_lengths[i];
            let (tgt_in, padding) = batch.tgt_in[i * batch.tgt_len..][..batch.tgt_len].split_at(n);
            assert!(padding.iter().all(|id| *id == 0));
            let (tgt_out, padding) = batch.tgt_out[i * batch.tgt_len..][..batch.tgt_len].split_at(n);
            assert!(padding.iter().all(|id| *id == 0));
            assert_eq!((tgt_in[0], tgt_out[n - 1], &tgt_in[1..]), (1, 2, &tgt_out[..n - 1]));
            (batch.indices[i], Example { src: src.to_vec(), tgt: tgt_in[1..].to_vec() })
        };
        (0..batch.rows).map(row).collect()
    }

    #[test]
    fn too_many_tokens_are_dropped_and_counted() {
        let config = TokenizerConfig { vocab_size: 264, min_char_count: 1 };
        let tokenizer = Tokenizer::train(["abc ab"; 4].into_iter(), &config).expect("a tokenizer");
        let pair =
            |line, src: &str, tgt: &str| Pair { src: src.to_owned(), tgt: tgt.to_owned(), line, source: 0 };
        let pairs =
            [pair(1, "c", "b"), pair(4, "b b", "c c c c"), pair(9, "c c c c", "b"), pair(12, "c", "c")];
        let mut report = CleanReport { read: 12, kept: 4, copies: 1, ..CleanReport::default() };
        let (kept, _) = encode_pairs(&pairs, &tokenizer, &[], 5, &mut report);
        let expected = [Example::new(&tokenizer, "c", "b"), Example::new(&tokenizer, "c", "c")];
        assert_eq!(kept, expected);
        assert_eq!((report.kept, report.count_of(Reason::TooManyTokens)), (2, 2));
        assert_eq!(report.dropped[&Reason::TooManyTokens].first_line, 4);
    }

    #[test]
    fn an_empty_target_is_its_control_token() {
        let batch = batch(&examples(&[(2, 0)]));
        assert_eq!((batch.tgt_in, batch.tgt_out), (vec![1], vec![2]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn parts_fit_and_say_the_same(
            lengths in prop::collection::vec((0_usize..9, 0_usize..12), 1..30),
            budget in 1_usize..80,
        ) {
            let whole = batch(&examples(&lengths));
            let parts = whole.split(budget);
            prop_assert!(parts.iter().all(|part| part.padded_tokens() <= budget || part.rows == 1));
            let said: Vec<_> = parts.iter().flat_map(unpad).collect();
            prop_assert_eq!(said, unpad(&whole));
            prop_assert_eq!(parts.iter().map(Batch::n_tgt_tokens).sum::<usize>(), whole.n_tgt_tokens());
            for part in &parts {
                prop_assert_eq!(part.src_len, widest(&part.src_lengths));
                prop_assert_eq!(part.tgt_len, widest(&part.tgt_lengths));
            }
        }

        #[test]
        fn plan_fills_its_budget(
            lengths in prop::collection::vec((1_u32..9, 1_u32..12), 1..60),
            budget in 12_usize..80,
        ) {
            let order: Vec<u32> = (0..lengths.len() as u32).rev().collect();
            let size = |run: &[u32]| run.len() * run.iter().map(|i| lengths[*i as usize]).map(|(src, tgt)| src.max(tgt) as usize).max().unwrap_or(0);
            let runs = plan(&lengths, budget, &order);
            prop_assert_eq!(runs.concat(), order);
            for (run, next) in runs.iter().zip(&runs[1..]) {
                prop_assert!(size(run) <= budget);
                let more: Vec<u32> = run.iter().chain(&next[..1]).copied().collect();
                prop_assert!(size(&more) > budget, "a run ends before it must");
            }
        }
    }
}
