//! Logits to log-probabilities on the host, for search: `x − max − ln Σ exp(x − max)` of each row, in place.

use crate::host::each_chunk;
use crate::simd::{exp, max, sum, vectorised};

/// Rows of `columns` logits each become log-probabilities, in nats; on all threads if there are many.
///
/// # Panics
///
/// If `columns` is 0.
pub fn log_softmax(logits: &mut [f32], columns: usize) {
    each_chunk(logits, columns, |_, row| one_row(row));
}

vectorised! {
    fn one_row(row: &mut [f32]) {
        let max = max(row);
        let log_sum = max + sum(row, |x| exp(x - max)).ln();
        for x in row {
            *x -= log_sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_float64() {
        for columns in [1, 2, 7, 33, 8000] {
            let value = |i: usize| (i * 7919 % 1013) as f32 / 50.0 - 10.0;
            let mut rows: Vec<f32> = (0..columns * 5).map(value).collect();
            let expected: Vec<f64> = rows
                .chunks(columns)
                .flat_map(|row| {
                    let log_sum = row.iter().map(|x| f64::from(*x).exp()).sum::<f64>().ln();
                    row.iter().map(move |x| f64::from(*x) - log_sum).collect::<Vec<_>>()
                })
                .collect();
            log_softmax(&mut rows, columns);
            for (got, expected) in rows.iter().zip(expected) {
                assert!((f64::from(*got) - expected).abs() < 1e-5, "{columns}: {got} {expected}");
            }
        }
        let mut row = [f32::NEG_INFINITY, 0.0, 1000.0];
        log_softmax(&mut row, 3);
        assert_eq!(row, [f32::NEG_INFINITY, -1000.0, 0.0]);
    }
}
