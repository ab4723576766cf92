//! The order of training: a pure function of (seed, epoch), so that a resume needs only a [`Cursor`].
//!
//! An epoch shuffles all examples, cuts them into pools, sorts each pool by length, cuts it into
//! batches and shuffles the batches. Each example comes once an epoch. Randomness is `ChaCha8` seeded
//! by BLAKE3 of (seed, epoch), and the shuffle is written here, so that no library's change of
//! algorithm moves the order.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::batch::{Batch, ControlIds, Example, plan};
use crate::error::DataError;

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
#[derive(Clone, Debug)]
pub struct Loader {
    examples: Vec<Example>,
    lengths: Vec<(u32, u32)>,
    config: LoaderConfig,
    planned: Option<(u64, EpochPlan)>,
}

/// The batches of an epoch: indices of examples.
pub type EpochPlan = Arc<Vec<Vec<u32>>>;

impl Loader {
    /// A loader over these examples.
    ///
    /// # Errors
    ///
    /// No examples; an example of which one row is longer than a batch.
    pub fn new(examples: Vec<Example>, config: LoaderConfig) -> Result<Self, DataError> {
        let lengths: Vec<(u32, u32)> = examples.iter().map(Example::lengths).collect();
        let longest = lengths.iter().map(|(src, tgt)| *src.max(tgt) as usize).enumerate();
        let (index, tokens) = longest.max_by_key(|(_, tokens)| *tokens).ok_or(DataError::NoExamples)?;
        if tokens > config.batch_tokens {
            return Err(DataError::ExampleTooLong { index, tokens, budget: config.batch_tokens });
        }
        Ok(Self { examples, lengths, config, planned: None })
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
    pub fn plan(&mut self, epoch: u64) -> EpochPlan {
        match &self.planned {
            Some((planned, plan)) if *planned == epoch => plan.clone(),
            _ => {
                let plan = Arc::new(plan_epoch(&self.lengths, self.config, epoch));
                self.planned = Some((epoch, plan.clone()));
                plan
            }
        }
    }

    /// The batch at the cursor, which moves on to the next one; past the last batch of an epoch
    /// comes the first of the next.
    pub fn next(&mut self, cursor: &mut Cursor) -> Batch {
        let mut plan = self.plan(cursor.epoch);
        if cursor.batch >= plan.len() as u64 {
            *cursor = Cursor { epoch: cursor.epoch + 1, batch: 0 };
            plan = self.plan(cursor.epoch);
        }
        let indices = &plan[cursor.batch as usize];
        cursor.batch += 1;
        let examples: Vec<&Example> = indices.iter().map(|index| &self.examples[*index as usize]).collect();
        Batch::new(&examples, indices, ControlIds::default())
    }
}

/// The batches of an epoch: shuffle, pool, sort, cut, shuffle.
fn plan_epoch(lengths: &[(u32, u32)], config: LoaderConfig, epoch: u64) -> Vec<Vec<u32>> {
    let mut rng = epoch_rng(config.seed, epoch);
    let mut order: Vec<u32> = (0..lengths.len() as u32).collect();
    shuffle(&mut order, &mut rng);
    let mut batches = Vec::new();
    for pool in order.chunks_mut(POOL_EXAMPLES) {
        pool.sort_by_key(|index| {
            let (src, tgt) = lengths[*index as usize];
            (src.max(tgt), tgt, src)
        });
        batches.extend(plan(lengths, config.batch_tokens, pool));
    }
    shuffle(&mut batches, &mut rng);
    batches
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
        loader.plan(epoch).concat()
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
                assert!(loader.next(&mut cursor).padded_tokens() <= 100);
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
        let stops: Vec<(Cursor, Batch)> = (0..200).map(|_| (cursor, loader.next(&mut cursor))).collect();
        assert!(cursor.epoch >= 2, "the walk crosses epochs");
        for (stop, expected) in stops.iter().rev().step_by(7) {
            let text = serde_json::to_string(stop).expect("a cursor is plain data");
            let mut resumed = serde_json::from_str(&text).expect("a cursor");
            let mut fresh = self::loader(300, 5);
            assert_eq!(fresh.next(&mut resumed), *expected);
        }
        let mut far = Cursor { epoch: 1_000_000, batch: 3 };
        let batch = loader.next(&mut far);
        assert_eq!(batch.indices, loader.plan(1_000_000)[3]);
        assert_eq!(far.batch, 4);
    }

    #[test]
    fn sorting_by_length_keeps_padding_low() {
        let mut loader = loader(20_000, 8);
        let mut cursor = Cursor::default();
        let (mut padding, mut batches) = (0.0, 0.0);
        for _ in 0..loader.n_batches(0) {
            padding += loader.next(&mut cursor).padding_share();
            batches += 1.0;
        }
        assert!(padding / batches < 0.25, "random sides of 4 to 23 tokens pad {}", padding / batches);
    }

    #[test]
    fn what_cannot_be_batched_is_refused() {
        let config = LoaderConfig { batch_tokens: 22, seed: 0 };
        assert!(matches!(Loader::new(vec![], config), Err(DataError::NoExamples)));
        let fault = Loader::new(examples(40), config).expect_err("a row of 23 tokens").to_string();
        let expected =
            "example 37 has 23 tokens but a batch holds 22; raise batch_tokens or lower clean.max_tokens";
        assert_eq!(fault, expected);
    }
}
