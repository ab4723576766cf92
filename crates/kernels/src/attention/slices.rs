//! Attention on slices, for search: sequences without padding beside each other, and single queries against a cache.

use std::cell::RefCell;

use rayon::prelude::*;

use super::fast::attend_all;
use super::rows::softmax_row;
use crate::host::written;
use crate::matrix::{Matrix, MatrixMut, WORTH_A_THREAD};
use crate::simd::{dot, vectorised};

thread_local! {
    static SCORES: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Self-attention of sequences that stand one after the other: every position of a sequence sees all of it.
///
/// # Shapes
/// `x [n, 3·d_model]`, in each row a query, a key and a value; `lens` sum to n → `[n, d_model]`.
///
/// # Panics
/// If the lengths do not fit.
pub fn attention_within(x: &[f32], lens: &[usize], n_heads: usize) -> Vec<f32> {
    let n: usize = lens.iter().sum();
    let d_model = x.len() / (3 * n).max(1);
    assert!(x.len() == 3 * n * d_model && d_model.is_multiple_of(n_heads), "attention_within: shape of x");
    let one = |(x, len, out): (&[f32], usize, &mut [f32])| {
        let mut out = MatrixMut::dense(out, len, d_model);
        let d_head = d_model / n_heads;
        for first in (0..d_model).step_by(d_head) {
            let part = |at: usize| Matrix {
                elements: &x[at * d_model + first..],
                rows: len,
                cols: d_head,
                row_stride: 3 * d_model,
                col_stride: 1,
            };
            attend_all([part(0), part(1), part(2)], &mut out.columns(first, d_head));
        }
    };
    let fill = |mut out: &mut [f32]| {
        let mut rest = x;
        let mut work = Vec::with_capacity(lens.len());
        for &len in lens {
            let (these, after) = rest.split_at(3 * len * d_model);
            let (to, out_after) = std::mem::take(&mut out).split_at_mut(len * d_model);
            work.push((these, len, to));
            (rest, out) = (after, out_after);
        }
        let products: usize = lens.iter().map(|len| len * len * d_model).sum();
        if products < WORTH_A_THREAD {
            work.into_iter().for_each(one);
        } else {
            work.into_par_iter().for_each(one);
        }
    };
    // SAFETY: the sequences cover the output, and the heads of each are written one by one.
    unsafe { written(n * d_model, fill) }
}

/// Attention of single queries. The keys and values of a query stand anywhere in `cache`: at its `slots`.
///
/// # Shapes
/// `queries [n, d_model]`, `cache [any, 2·d_model]`, in each row a key and a value; `slots`: n lists of rows of the
/// cache → `[n, d_model]`.
///
/// # Panics
/// If the shapes do not fit or a slot is not in the cache.
pub fn attention_cached(queries: &[f32], cache: &[f32], slots: &[&[u32]], n_heads: usize) -> Vec<f32> {
    let d_model = queries.len() / slots.len().max(1);
    assert!(
        queries.len() == slots.len() * d_model && d_model.is_multiple_of(n_heads),
        "attention_cached: shapes"
    );
    let in_cache =
        |slots: &&[u32]| slots.iter().all(|&slot| (slot as usize + 1) * 2 * d_model <= cache.len());
    assert!(slots.iter().all(in_cache), "attention_cached: a slot is not in the cache");
    let one = |((query, slots), out): ((&[f32], &&[u32]), &mut [f32])| {
        SCORES.with_borrow_mut(|scores| attend(query, cache, slots, n_heads, scores, out));
    };
    let fill = |out: &mut [f32]| {
        let seen: usize = slots.iter().map(|slots| slots.len()).sum();
        if seen * d_model < WORTH_A_THREAD / 8 {
            queries.chunks_exact(d_model).zip(slots).zip(out.chunks_exact_mut(d_model)).for_each(one);
        } else {
            let rows = queries.par_chunks_exact(d_model).zip(slots).zip(out.par_chunks_exact_mut(d_model));
            rows.with_min_len(4).for_each(one);
        }
    };
    // SAFETY: `attend` writes every element of a row.
    unsafe { written(queries.len(), fill) }
}

vectorised! {
    /// One query, all its heads.
    fn attend(
        query: &[f32],
        cache: &[f32],
        slots: &[u32],
        n_heads: usize,
        scores: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        let (d_model, n) = (query.len(), slots.len());
        let d_head = d_model / n_heads;
        let factor = 1.0 / (d_head as f32).sqrt();
        scores.clear();
        scores.resize(n_heads * n, 0.0);
        for (j, &slot) in slots.iter().enumerate() {
            let key = &cache[slot as usize * 2 * d_model..][..d_model];
            for (head, (q, k)) in query.chunks_exact(d_head).zip(key.chunks_exact(d_head)).enumerate() {
                scores[head * n + j] = factor * dot(q, k);
            }
        }
        for scores in scores.chunks_exact_mut(n.max(1)) {
            softmax_row(scores, n, &[]);
        }
        out.fill(0.0);
        for (j, &slot) in slots.iter().enumerate() {
            let value = &cache[(slot as usize * 2 + 1) * d_model..][..d_model];
            for (head, (out, v)) in out.chunks_exact_mut(d_head).zip(value.chunks_exact(d_head)).enumerate() {
                let weight = scores[head * n + j];
                for (out, &v) in out.iter_mut().zip(v) {
                    *out = weight.mul_add(v, *out);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Bool, Device, Tensor};

    use super::*;
    use crate::testing::{assert_close, flat, to_vec, uniform};
    use crate::{Dropout, Mask, Order, attention};

    const HEADS: usize = 3;

    /// Rows `[len, HEADS · d_head]` as the input of the other kind of attention.
    fn heads(rows: &[f32], len: usize) -> Tensor<4> {
        flat(rows, &Device::flex()).reshape([1, len as i64, HEADS as i64, -1]).swap_dims(1, 2)
    }

    fn column_block(x: &[f32], width: usize, at: usize, of: usize) -> Vec<f32> {
        x.chunks(width * of).flat_map(|row| row[at * width..(at + 1) * width].to_vec()).collect()
    }

    fn of_tensors(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>) -> Vec<f32> {
        let mask = Mask { padding: None::<Tensor<2, Bool>>, order: Order::Any };
        to_vec(attention(q, k, v, &mask, Dropout::NONE).swap_dims(1, 2))
    }

    #[test]
    fn sequences_do_not_see_each_other() {
        for d_head in [1, 5, 16, 64] {
            let d_model = HEADS * d_head;
            let lens = [1, 7, 40, 2];
            let x = uniform(1, 50 * 3 * d_model);
            let got = attention_within(&x, &lens, HEADS);
            let mut first = 0;
            for len in lens {
                let rows = &x[first * 3 * d_model..(first + len) * 3 * d_model];
                let [q, k, v] = [0, 1, 2].map(|at| heads(&column_block(rows, d_model, at, 3), len));
                let got = &got[first * d_model..(first + len) * d_model];
                assert_close(got, &of_tensors(q, k, v), 1e-5, "sequence");
                first += len;
            }
        }
        assert!(attention_within(&[], &[], 2).is_empty());
    }

    #[test]
    fn a_query_sees_its_slots() {
        for (d_head, n) in [(1, 1), (5, 4), (32, 90)] {
            let d_model = HEADS * d_head;
            let (queries, cache) = (uniform(1, n * d_model), uniform(2, 100 * 2 * d_model));
            let slots: Vec<Vec<u32>> =
                (0..n).map(|i| (0..=i as u32).map(|j| (j * 37 + i as u32) % 100).collect()).collect();
            let views: Vec<&[u32]> = slots.iter().map(Vec::as_slice).collect();
            let got = attention_cached(&queries, &cache, &views, HEADS);
            for (i, slots) in slots.iter().enumerate() {
                let row = |slot: &u32| cache[*slot as usize * 2 * d_model..][..2 * d_model].to_vec();
                let seen: Vec<f32> = slots.iter().flat_map(row).collect();
                let [k, v] = [0, 1].map(|at| heads(&column_block(&seen, d_model, at, 2), slots.len()));
                let q = heads(&queries[i * d_model..(i + 1) * d_model], 1);
                assert_close(&got[i * d_model..(i + 1) * d_model], &of_tensors(q, k, v), 1e-5, "query");
            }
        }
    }

    #[test]
    #[should_panic(expected = "not in the cache")]
    fn slots_are_checked() {
        attention_cached(&[0.0; 4], &[0.0; 16], &[&[2]], 2);
    }
}
