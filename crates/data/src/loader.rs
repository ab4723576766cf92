//! The order of training: a pure function of (seed, epoch), so that a resume needs only a [`Cursor`].
//!
//! An epoch shuffles all examples, cuts them into pools, sorts each pool by length, cuts it into
//! batches and shuffles the batches. Each example comes once an epoch. Randomness is `ChaCha8` seeded
//! by BLAKE3 of (seed, epoch), and the shuffle is written here, so that no library's change of
//! algorithm moves the order.

use std::ops::Range;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::augment::Augment;
use crate::batch::{Batch, ControlIds, Example, runs};
use crate::error::DataError;
use crate::mixture::epoch_indices;
use crate::shards::Examples;

/// Examples sorted together: enough for even lengths within a batch, few enough to keep batches
/// different from epoch to epoch.
const POOL_EXAMPLES: usize = 1 << 13;

/// How batches are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoaderConfig {
    /// Most tokens of a batch on its longer side, padding included.
    pub batch_tokens: usize,
    /// The seed of the order.
    pub seed: u64,
}

/// A place in the stream of batches: the next batch to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Epoch, from 0.
    pub epoch: u64,
    /// Batch within the epoch, from 0.
    pub batch: u64,
}

/// Gives batches without end, from any place at once.
///
/// Beside the examples it holds the plan of one epoch: 4 bytes for each example and 8 for each
/// batch. Making the plan of ten million examples takes 0.8 s of processor time, most of it spread
/// over the threads.
#[derive(Clone, Debug)]
pub struct Loader {
    examples: Examples,
    config: LoaderConfig,
    /// Weights and lengths of the sources; nothing if all weigh the same.
    mixture: Option<(Vec<f64>, Vec<usize>)>,
    augment: Option<Arc<Augment>>,
    planned: Option<(u64, Arc<EpochPlan>)>,
}

/// The batches of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochPlan {
    /// Examples, batch by batch before the batches were shuffled.
    order: Vec<u32>,
    /// The part of `order` that each batch is, in the order of training.
    batches: Vec<Range<u32>>,
}

impl EpochPlan {
    /// Number of batches.
    pub fn len(&self) -> usize {
        self.batches.len()
    }

    /// True without batches, which no plan of a loader is.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// The examples of a batch.
    ///
    /// # Panics
    ///
    /// If there is no such batch.
    pub fn batch(&self, batch: usize) -> &[u32] {
        let Range { start, end } = self.batches[batch];
        &self.order[start as usize..end as usize]
    }

    /// The examples of all batches, one batch after the other.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.len()).map(|batch| self.batch(batch))
    }
}

impl Loader {
    /// A loader over examples in memory or on disk; both give the same batches.
    ///
    /// # Errors
    ///
    /// No examples, or more than 2³² − 1; an example of which one row is longer than a batch.
    pub fn new(examples: impl Into<Examples>, config: LoaderConfig) -> Result<Self, DataError> {
        let examples = examples.into();
        if examples.len() > u32::MAX as usize {
            return Err(DataError::TooMany { what: "examples", limit: u32::MAX.into() });
        }
        let longest = (0..examples.len()).map(|index| (index, longer(examples.lengths(index)) as usize));
        let (index, tokens) = longest.max_by_key(|(_, tokens)| *tokens).ok_or(DataError::NoExamples)?;
        if tokens > config.batch_tokens {
            return Err(DataError::ExampleTooLong { index, tokens, budget: config.batch_tokens });
        }
        Ok(Self { examples, config, mixture: None, augment: None, planned: None })
    }

    /// The same loader over several sources: the first `source_lens[0]` examples are of the first one, and so on. They
    /// come as often in an epoch as [`mixture`](crate::mixture) says.
    ///
    /// # Panics
    ///
    /// If the lengths do not add up to the examples, or a source has no weight.
    #[must_use]
    pub fn with_mixture(self, weights: Vec<f64>, source_lens: Vec<usize>) -> Self {
        assert_eq!(source_lens.iter().sum::<usize>(), self.examples.len(), "a source for each example");
        assert!(source_lens.len() <= weights.len(), "a weight for each source");
        let even = weights.iter().all(|&weight| weight == 1.0);
        Self { mixture: (!even).then_some((weights, source_lens)), planned: None, ..self }
    }

    /// The same loader with examples that are varied each time they come. Rows may grow by it, for which a part of
    /// each batch is left free ([`AugmentConfig::room`](crate::AugmentConfig::room)); an example that grows beyond that
    /// comes as it is.
    #[must_use]
    pub fn with_augment(self, augment: Augment) -> Self {
        Self { augment: Some(Arc::new(augment)), planned: None, ..self }
    }

    /// Tokens of a batch before its examples are varied.
    fn planned_tokens(&self) -> usize {
        let room = self.augment.as_ref().map_or(1.0, |augment| augment.room());
        ((self.config.batch_tokens as f64 / room) as usize).max(1)
    }

    /// Number of examples.
    pub fn n_examples(&self) -> usize {
        self.examples.len()
    }

    /// Number of batches in an epoch. It may differ by a few from epoch to epoch.
    pub fn n_batches(&mut self, epoch: u64) -> usize {
        self.plan(epoch).len()
    }

    /// The batches of an epoch. The last one asked for is kept.
    pub fn plan(&mut self, epoch: u64) -> Arc<EpochPlan> {
        if let Some((planned, plan)) = &self.planned
            && *planned == epoch
        {
            return plan.clone();
        }
        self.planned = None; // before the new one is made: never two in memory
        let config = LoaderConfig { batch_tokens: self.planned_tokens(), ..self.config };
        let plan = Arc::new(plan_epoch(&self.examples, self.mixture.as_ref(), config, epoch));
        self.planned = Some((epoch, plan.clone()));
        plan
    }

    /// The number of the batch of an epoch that is largest by a measure of its rows and of its longest source and target,
    /// in tokens.
    pub fn largest(&mut self, epoch: u64, measure: impl Fn(usize, usize, usize) -> u64) -> u64 {
        let plan = self.plan(epoch);
        let size = |batch: &[u32]| {
            let lengths = batch.iter().map(|&index| self.examples.lengths(index as usize));
            let (src, tgt) = lengths.fold((0, 0), |(src, tgt), (s, t)| (src.max(s), tgt.max(t)));
            measure(batch.len(), src as usize, tgt as usize)
        };
        let largest = plan.iter().enumerate().max_by_key(|(_, batch)| size(batch));
        largest.map_or(0, |(number, _)| number as u64)
    }

    /// The batch at the cursor, which moves on to the next one; past the last batch of an epoch
    /// comes the first of the next.
    ///
    /// # Errors
    ///
    /// As [`Examples::get`](crate::shards::Examples::get); the cursor then stays.
    pub fn next(&mut self, cursor: &mut Cursor) -> Result<Batch, DataError> {
        let mut at = *cursor;
        if at.batch >= self.n_batches(at.epoch) as u64 {
            at = Cursor { epoch: at.epoch.saturating_add(1), batch: 0 };
        }
        let plan = self.plan(at.epoch);
        let indices = plan.batch(at.batch as usize);
        let most = self.config.batch_tokens / indices.len();
        let read = |(row, index): (usize, &u32)| {
            let example = self.examples.get(*index as usize)?;
            let place = [at.epoch, at.batch, row as u64];
            let varied = |augment: &Arc<Augment>| augment.apply(&example, place, most);
            Ok(self.augment.as_ref().map(varied).unwrap_or(example))
        };
        let examples: Vec<Example> =
            indices.iter().enumerate().map(read).collect::<Result<_, DataError>>()?;
        *cursor = Cursor { batch: at.batch + 1, ..at };
        Ok(Batch::new(&examples.iter().collect::<Vec<_>>(), indices, ControlIds::default()))
    }
}

/// Tokens of the longer side.
fn longer((src, tgt): (u32, u32)) -> u32 {
    src.max(tgt)
}

/// The batches of an epoch: shuffle, pool, sort, cut, shuffle.
fn plan_epoch(
    examples: &Examples,
    mixture: Option<&(Vec<f64>, Vec<usize>)>,
    config: LoaderConfig,
    epoch: u64,
) -> EpochPlan {
    let mut rng = epoch_rng(config.seed, epoch);
    let mixed = mixture.map(|(weights, lens)| epoch_indices(weights, lens, config.seed, epoch));
    // Small weights of few examples may leave an epoch empty; then all come.
    let mixed = mixed.filter(|indices| !indices.is_empty());
    let mut order = mixed.unwrap_or_else(|| (0..examples.len() as u32).collect());
    shuffle(&mut order, &mut rng);
    let cut = |(number, pool): (usize, &mut [u32])| -> Vec<Range<u32>> {
        let first = number * POOL_EXAMPLES;
        let runs = sort_and_cut(pool, examples, config.batch_tokens);
        runs.into_iter().map(|run| (first + run.start) as u32..(first + run.end) as u32).collect()
    };
    let pools: Vec<_> = order.par_chunks_mut(POOL_EXAMPLES).enumerate().map(cut).collect();
    let mut batches = pools.concat();
    shuffle(&mut batches, &mut rng);
    EpochPlan { order, batches }
}

/// Sorts a pool by its longer side, then target, then source, equals in their order; cuts it.
fn sort_and_cut(pool: &mut [u32], examples: &Examples, budget_tokens: usize) -> Vec<Range<usize>> {
    let keyed = |index: &u32| (sort_key(examples.lengths(*index as usize)), *index);
    let mut keyed: Vec<(u64, u32)> = pool.iter().map(keyed).collect();
    keyed.sort_by_key(|(key, _)| *key);
    for (place, (_, index)) in pool.iter_mut().zip(&keyed) {
        *place = *index;
    }
    runs(keyed.iter().map(|(key, _)| (key >> 32) as u32), budget_tokens)
}

/// One number that sorts as (longer side, target, source): if the target is the shorter side, the
/// source is known from the longer one, so what remains to be told is below twice the longer side.
fn sort_key((src, tgt): (u32, u32)) -> u64 {
    let longer = u64::from(src.max(tgt));
    let rest = if tgt < src { u64::from(tgt) } else { longer + u64::from(src) };
    (longer << 32) + rest.min(u32::MAX.into())
}

/// The generator of an epoch.
fn epoch_rng(seed: u64, epoch: u64) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"order of examples");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&epoch.to_le_bytes());
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

/// Fisher–Yates; an index below `n` is the high half of `draw · n`, whose bias is below `n / 2⁶⁴`.
fn shuffle<T>(items: &mut [T], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        let draw = u128::from(rng.next_u64()) * (last as u128 + 1);
        items.swap(last, (draw >> 64) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of 4 to 23 tokens a side, of unequal sides.
    fn examples(n: usize) -> Vec<Example> {
        let example = |i: usize| Example { src: vec![3; 4 + i * 7 % 20], tgt: vec![4; 3 + i * 11 % 20] };
        (0..n).map(example).collect()
    }

    fn loader(n: usize, seed: u64) -> Loader {
        Loader::new(examples(n), LoaderConfig { batch_tokens: 100, seed }).expect("examples that fit")
    }

    fn indices(loader: &mut Loader, epoch: u64) -> Vec<u32> {
        loader.plan(epoch).iter().flatten().copied().collect()
    }

    #[test]
    fn each_example_comes_once_an_epoch_within_the_budget() {
        for n in [1, 2, 3, 1000, 20_000] {
            let mut loader = loader(n, 3);
            for epoch in [0, 1, u64::MAX] {
                let mut seen = indices(&mut loader, epoch);
                seen.sort_unstable();
                assert!(seen.into_iter().eq(0..n as u32), "{n} examples, epoch {epoch}");
            }
            let mut cursor = Cursor::default();
            for _ in 0..loader.n_batches(0) {
                assert!(loader.next(&mut cursor).expect("a batch").padded_tokens() <= 100);
            }
        }
    }

    /// The values stand for the format of a resumed run: they must never change.
    #[test]
    fn golden_order_of_three_epochs() {
        let mut loader = loader(1000, 42);
        let heads: Vec<Vec<u32>> = (0..3).map(|epoch| indices(&mut loader, epoch)[..8].to_vec()).collect();
        let expected = [
            [645, 325, 545, 585, 425, 21, 121, 401],
            [858, 298, 398, 178, 731, 831, 131, 371],
            [890, 950, 770, 270, 290, 850, 210, 434],
        ];
        assert_eq!(heads, expected);
    }

    /// The plan as the first version made it, with a list for each batch.
    fn plan_of_lists(lengths: &[(u32, u32)], config: LoaderConfig, epoch: u64) -> Vec<Vec<u32>> {
        let mut rng = epoch_rng(config.seed, epoch);
        let mut order: Vec<u32> = (0..lengths.len() as u32).collect();
        shuffle(&mut order, &mut rng);
        let mut batches = Vec::new();
        for pool in order.chunks_mut(POOL_EXAMPLES) {
            pool.sort_by_key(|index| {
                let (src, tgt) = lengths[*index as usize];
                (src.max(tgt), tgt, src)
            });
            batches.extend(crate::batch::plan(lengths, config.batch_tokens, pool));
        }
        shuffle(&mut batches, &mut rng);
        batches
    }

    /// Runs of the first version resume with the same batches.
    #[test]
    fn the_order_is_that_of_the_first_version() {
        for n in [1, 300, POOL_EXAMPLES, 20_000] {
            let examples = examples(n);
            let lengths: Vec<_> = examples.iter().map(Example::lengths).collect();
            let config = LoaderConfig { batch_tokens: 190, seed: 6 };
            let mut loader = Loader::new(examples, config).expect("examples that fit");
            for epoch in [0, 1, 77] {
                let expected = plan_of_lists(&lengths, config, epoch);
                assert!(loader.plan(epoch).iter().eq(expected), "{n} examples, epoch {epoch}");
            }
        }
    }

    #[test]
    fn sort_keys_sort_as_the_three_lengths() {
        let sides = || [0, 1, 2, 7, 8, 255, 256, (1 << 30) - 1].into_iter();
        let all: Vec<(u32, u32)> = sides().flat_map(|src| sides().map(move |tgt| (src, tgt))).collect();
        for one in &all {
            for other in &all {
                let whole = |(src, tgt): (u32, u32)| (src.max(tgt), tgt, src);
                let expected = whole(*one).cmp(&whole(*other));
                assert_eq!(sort_key(*one).cmp(&sort_key(*other)), expected, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn golden_draws() {
        let mut rng = epoch_rng(1, 2);
        let draws: Vec<u64> = (0..4).map(|_| rng.next_u64()).collect();
        let expected = [
            17_081_104_729_257_762_435,
            1_594_799_601_657_430_351,
            13_037_728_443_837_060_656,
            10_469_126_244_956_288_305,
        ];
        assert_eq!(draws, expected);
        let mut items: Vec<u32> = (0..10).collect();
        shuffle(&mut items, &mut epoch_rng(1, 2));
        assert_eq!(items, [6, 1, 8, 2, 7, 4, 3, 5, 0, 9]);
    }

    #[test]
    fn order_depends_on_seed_and_epoch_alone() {
        let [mut one, mut same, mut other] = [loader(1000, 1), loader(1000, 1), loader(1000, 2)];
        same.plan(17);
        assert_eq!(indices(&mut one, 3), indices(&mut same, 3));
        assert_ne!(indices(&mut one, 3), indices(&mut one, 4));
        assert_ne!(indices(&mut one, 3), indices(&mut other, 3));
    }

    #[test]
    fn a_cursor_resumes_anywhere() {
        let mut loader = loader(300, 5);
        let mut cursor = Cursor::default();
        let stops: Vec<(Cursor, Batch)> =
            (0..200).map(|_| (cursor, loader.next(&mut cursor).expect("a batch"))).collect();
        assert!(cursor.epoch >= 2, "the walk crosses epochs");
        for (stop, expected) in stops.iter().rev().step_by(7) {
            let text = serde_json::to_string(stop).expect("a cursor is plain data");
            let mut resumed = serde_json::from_str(&text).expect("a cursor");
            let mut fresh = self::loader(300, 5);
            assert_eq!(fresh.next(&mut resumed).expect("a batch"), *expected);
        }
        let mut far = Cursor { epoch: 1_000_000, batch: 3 };
        let batch = loader.next(&mut far).expect("a batch");
        assert_eq!(batch.indices, loader.plan(1_000_000).batch(3));
        assert_eq!(far.batch, 4);
    }

    #[test]
    fn sorting_by_length_keeps_padding_low() {
        let mut loader = loader(20_000, 8);
        let mut cursor = Cursor::default();
        let (mut padding, mut batches) = (0.0, 0.0);
        for _ in 0..loader.n_batches(0) {
            padding += loader.next(&mut cursor).expect("a batch").padding_share();
            batches += 1.0;
        }
        assert!(padding / batches < 0.25, "random sides of 4 to 23 tokens pad {}", padding / batches);
    }

    #[test]
    fn what_cannot_be_batched_is_refused() {
        let config = LoaderConfig { batch_tokens: 22, seed: 0 };
        assert!(matches!(Loader::new(Vec::new(), config), Err(DataError::NoExamples)));
        let fault = Loader::new(examples(40), config).expect_err("a row of 23 tokens").to_string();
        let expected =
            "example 37 has 23 tokens but a batch holds 22; raise batch_tokens or lower clean.max_tokens";
        assert_eq!(fault, expected);
    }

    #[test]
    fn varied_examples_stay_within_the_budget() {
        let lines: Vec<String> =
            (0..400).map(|i| "the quick cat sat ".repeat(1 + i % 7) + &"x".repeat(i % 5)).collect();
        let config = crate::TokenizerConfig { vocab_size: 288, min_char_count: 1 };
        let tokenizer =
            crate::Tokenizer::train(lines.iter().map(String::as_str), &config).expect("enough text");
        let examples: Vec<Example> = lines.iter().map(|line| Example::new(&tokenizer, line, line)).collect();
        let config = crate::AugmentConfig { bpe_dropout: 0.2, uppercase: 0.3, ..Default::default() };
        let config_of_batches = LoaderConfig { batch_tokens: 300, seed: 1 };
        let plain = Loader::new(examples, config_of_batches).expect("examples that fit");
        let mut varied = plain.clone().with_augment(Augment::new(tokenizer, config, 1));
        let (mut cursor, mut changed) = (Cursor::default(), 0);
        for _ in 0..varied.n_batches(0) {
            let batch = varied.next(&mut cursor).expect("a batch");
            assert!(batch.padded_tokens() <= 300, "{}", batch.padded_tokens());
            let plain_tokens = |index: &u32| plain.examples.lengths(*index as usize).0 as usize;
            let rows = batch.indices.iter().zip(&batch.src_lengths);
            changed += rows.filter(|(index, len)| plain_tokens(index) != **len).count();
        }
        assert!(changed > 200, "{changed} of 400 examples came otherwise");
    }

    #[test]
    fn sources_come_as_often_as_they_weigh() {
        let even = loader(300, 3).with_mixture(vec![1.0, 1.0], vec![200, 100]).plan(0);
        assert_eq!(even, loader(300, 3).plan(0));
        let plan = loader(300, 3).with_mixture(vec![0.5, 3.0], vec![200, 100]).plan(0);
        let of = |source: bool| plan.iter().flatten().filter(|&&i| (i >= 200) == source).count();
        assert_eq!(of(true), 300);
        assert!((70..130).contains(&of(false)), "{}", of(false));
        let none = loader(3, 3).with_mixture(vec![1e-9], vec![3]).plan(0);
        assert_eq!(none.iter().flatten().count(), 3);
    }
}
