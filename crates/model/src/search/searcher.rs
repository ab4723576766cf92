//! A model ready for search, and sources in batches: the fastest path that its device has.

use super::{CpuModel, CpuSearch, NextToken, TensorSearch};
use crate::{Model, Pass, Precision, SpecialIds};
use burn::tensor::{Int, Tensor, TensorData};
use rayon::current_num_threads;
use rayon::prelude::*;

/// Hypotheses times source tokens of one batch.
const BATCH_TOKENS: usize = 4096;

/// Fewer hypotheses do not fill the tiles of a product of matrices.
const FEWEST_ROWS: usize = 16;

/// A model ready for search.
#[derive(Clone, Debug)]
pub enum Searcher {
    /// The Transformer's own path on the CPU, in float32: batches run side by side, one on each thread.
    Cpu(Box<CpuModel>),
    /// Tensors, on any device and in any precision: one batch at a time.
    Tensors(Box<Model>),
}

impl Searcher {
    /// Takes the path that the device and the precision of the model allow.
    pub fn new(model: Model) -> Self {
        match &model {
            Model::Transformer(transformer)
                if model.precision() == Precision::F32 && kernels::is_cpu(&model.device()) =>
            {
                Self::Cpu(Box::new(CpuModel::new(transformer)))
            }
            _ => Self::Tensors(Box::new(model.for_search())),
        }
    }

    /// The ids that the model was made with.
    pub fn ids(&self) -> SpecialIds {
        match self {
            Self::Cpu(model) => model.ids(),
            Self::Tensors(model) => model.ids(),
        }
    }

    /// Searches all sources, `width` hypotheses each, in batches of like lengths. `search` is given the indices of a
    /// batch's sources and the model, fresh, and gives a result for each; they come back in the order of the sources.
    pub fn search<T: Send>(
        &self,
        sources: &[&[u32]],
        width: usize,
        search: impl Fn(&[usize], &mut dyn NextToken) -> Vec<T> + Sync,
    ) -> Vec<T> {
        let lens: Vec<usize> = sources.iter().map(|source| source.len()).collect();
        let one = |batch: &Vec<usize>| {
            let sources: Vec<&[u32]> = batch.iter().map(|&index| sources[index]).collect();
            match self {
                Self::Cpu(model) => {
                    let mut next = CpuSearch::new(model, &model.encode(&sources));
                    search(batch, &mut next)
                }
                Self::Tensors(model) => search(batch, &mut with_tensors(model, &sources, width)),
            }
        };
        let (batches, found): (Vec<Vec<usize>>, Vec<Vec<T>>) = match self {
            Self::Cpu(_) => {
                let batches = batches(&lens, width, current_num_threads());
                let found = batches.par_iter().with_max_len(1).map(one).collect();
                (batches, found)
            }
            Self::Tensors(_) => {
                let batches = batches(&lens, width, 1);
                let found = batches.iter().map(one).collect();
                (batches, found)
            }
        };
        let mut all: Vec<(usize, T)> =
            batches.into_iter().zip(found).flat_map(|(batch, found)| batch.into_iter().zip(found)).collect();
        all.sort_by_key(|(index, _)| *index);
        all.into_iter().map(|(_, found)| found).collect()
    }
}

fn with_tensors<'a>(model: &'a Model, sources: &[&[u32]], width: usize) -> TensorSearch<'a> {
    let len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
    let pad = i64::from(model.ids().pad);
    let row = |source: &&[u32]| {
        let ids: Vec<i64> = source.iter().map(|&id| i64::from(id)).collect();
        ids.into_iter().chain(std::iter::repeat(pad)).take(len)
    };
    let ids: Vec<i64> = sources.iter().flat_map(row).collect();
    let device = model.device();
    let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [sources.len(), len]), &device);
    TensorSearch::new(model, &model.encode(ids, &Pass::inference()), width)
}

/// Indices of sources that are searched together, the longest first. No batch has more than [`BATCH_TOKENS`], unless
/// it has one source; if there are several threads, each has several batches, as long as they are large enough.
fn batches(lens: &[usize], width: usize, threads: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lens.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(lens[index]));
    let share = if threads == 1 { usize::MAX } else { lens.len().div_ceil(4 * threads) };
    let most_rows = share.max(FEWEST_ROWS.div_ceil(width));
    let mut batches = Vec::new();
    let mut rest = order.as_slice();
    while let Some(&longest) = rest.first() {
        let rows = (BATCH_TOKENS / lens[longest].max(1) / width).min(most_rows).clamp(1, rest.len());
        let (batch, others) = rest.split_at(rows);
        batches.push(batch.to_vec());
        rest = others;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_source_is_in_one_batch(
            lens in prop::collection::vec(1_usize..9000, 0..200), width in 1_usize..9, threads in 1_usize..9,
        ) {
            let batches = batches(&lens, width, threads);
            let mut all = batches.concat();
            prop_assert!(all.windows(2).all(|pair| lens[pair[0]] >= lens[pair[1]]));
            all.sort_unstable();
            prop_assert_eq!(all, (0..lens.len()).collect::<Vec<_>>());
            for batch in batches {
                prop_assert!(batch.len() == 1 || batch.len() * width * lens[batch[0]] <= BATCH_TOKENS);
            }
        }
    }
}
