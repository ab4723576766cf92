//! Examples of ids become padded rectangles that fit a token budget, with the shift for the decoder.
//!
//! For a target `y₁ … yₙ` the decoder reads `<s> y₁ … yₙ` and is to say `y₁ … yₙ </s>` (Vaswani et al.
//! 2017 §3.1, arXiv:1706.03762: outputs shifted right by one). The size of a batch is
//! `max(rows · src_len, rows · tgt_len)`, padding included, since that is what memory and time follow.

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
/// more than `max_tokens` tokens.
pub fn encode_pairs(
    pairs: &[Pair],
    tokenizer: &Tokenizer,
    max_tokens: usize,
    report: &mut CleanReport,
) -> Vec<Example> {
    let sides = |side: fn(&Pair) -> &str| {
        let texts: Vec<&str> = pairs.iter().map(side).collect();
        tokenizer.encode_batch(&texts)
    };
    let (src, tgt) = (sides(|pair| &pair.src), sides(|pair| &pair.tgt));
    let mut examples = Vec::with_capacity(pairs.len());
    for ((mut src, tgt), pair) in src.into_iter().zip(tgt).zip(pairs) {
        src.push(tokenizer.eos_id());
        if src.len().max(tgt.len() + 1) > max_tokens {
            report.count(Reason::TooManyTokens, pair.line);
            report.kept -= 1;
            report.copies -= usize::from(pair.src == pair.tgt);
        } else {
            examples.push(Example { src, tgt });
        }
    }
    examples
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
    let mut batches = Vec::new();
    let mut batch = Vec::new();
    let mut longest = 0;
    for &index in order {
        let (src, tgt) = lengths[index as usize];
        let with = longest.max(src.max(tgt) as usize);
        if !batch.is_empty() && (batch.len() + 1) * with > budget_tokens {
            batches.push(std::mem::take(&mut batch));
            longest = 0;
        }
        longest = longest.max(src.max(tgt) as usize);
        batch.push(index);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}
