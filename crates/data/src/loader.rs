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
