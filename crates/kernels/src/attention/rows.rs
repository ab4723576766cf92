//! One row of scores or weights: a query and all its keys.

use crate::matrix::Matrix;
use crate::simd::{dot, exp, map_sum, max, sum_2, vectorised};

vectorised! {
    /// The scores of one query, by dot products.
    pub(super) fn scores_row(row: &mut [f32], query: Matrix<'_>, keys: Matrix<'_>, factor: f32) {
        let query = &query.elements[..query.cols];
        for (j, score) in row.iter_mut().enumerate().take(keys.rows) {
            let key = &keys.elements[j * keys.row_stride..][..keys.cols];
            *score = factor * dot(query, key);
        }
    }

    /// Scores to weights over the first `seen` keys, zeros after them. Gives `log Σ exp`, or `∞` if nothing is seen.
    pub(super) fn softmax_row(row: &mut [f32], seen: usize, padding: &[bool]) -> f32 {
        let (row, hidden) = row.split_at_mut(seen);
        hidden.fill(0.0);
        for (score, &blocked) in row.iter_mut().zip(padding) {
            *score = if blocked { f32::NEG_INFINITY } else { *score };
        }
        let nothing = row.len() <= padding.len() && padding[..row.len()].iter().all(|&blocked| blocked);
        if nothing {
            row.fill(0.0);
            return f32::INFINITY;
        }
        let highest = max(row);
        let total = map_sum(row, |score| exp(score - highest));
        let factor = 1.0 / total;
        for weight in row.iter_mut() {
            *weight *= factor;
        }
        highest + total.ln()
    }

    /// Scores to weights again, given `log Σ exp`.
    pub(super) fn weights_row(row: &mut [f32], seen: usize, padding: &[bool], log_sum: f32) {
        let (row, hidden) = row.split_at_mut(seen);
        hidden.fill(0.0);
        for score in row.iter_mut() {
            *score = exp(*score - log_sum);
        }
        for (weight, &blocked) in row.iter_mut().zip(padding) {
            *weight = if blocked { 0.0 } else { *weight };
        }
    }

    /// Gradients of weights to gradients of scores.
    pub(super) fn score_gradient(dw: &mut [f32], weights: &[f32]) {
        let mean = sum_2(dw, weights, |dw, weight| dw * weight);
        for (dw, &weight) in dw.iter_mut().zip(weights) {
            *dw = weight * (*dw - mean);
        }
    }
}
