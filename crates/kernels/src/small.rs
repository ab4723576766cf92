//! Products of small matrices, such as those of one attention head, where packing costs more than the product.

use crate::matrix::{Into, Matrix, MatrixMut};
use crate::simd::vectorised;

/// Rows of a block whose sums stay in registers.
const ROWS: usize = 4;

/// `out = factor·lhs·rhs`, or `out += factor·lhs·rhs`, on this thread; the columns of `rhs` are dense.
pub(crate) fn small_product(mut out: MatrixMut, lhs: Matrix, rhs: Matrix, factor: f32, into: Into) {
    assert_eq!(
        (out.rows(), out.cols(), lhs.cols),
        (lhs.rows, rhs.cols, rhs.rows),
        "shapes of a matrix product"
    );
    assert!(rhs.cols <= 1 || rhs.col_stride == 1, "the columns of the right matrix are dense");
    lhs.check();
    rhs.check();
    blocks(&mut out, lhs, rhs, factor, into);
}

vectorised! {
    fn blocks(out: &mut MatrixMut<'_>, lhs: Matrix<'_>, rhs: Matrix<'_>, factor: f32, into: Into) {
        let cols = rhs.cols;
        let mut col = 0;
        #[cfg(target_arch = "x86_64")]
        if crate::simd::level() == crate::simd::Level::Avx512 {
            while col + 32 <= cols {
                strip::<32>(out, lhs, rhs, col, factor, into);
                col += 32;
            }
        }
        while col + 16 <= cols {
            strip::<16>(out, lhs, rhs, col, factor, into);
            col += 16;
        }
        while col + 4 <= cols {
            strip::<4>(out, lhs, rhs, col, factor, into);
            col += 4;
        }
        while col < cols {
            strip::<1>(out, lhs, rhs, col, factor, into);
            col += 1;
        }
    }
}

/// `WIDTH` columns of the product.
#[inline(always)]
fn strip<const WIDTH: usize>(
    out: &mut MatrixMut<'_>,
    lhs: Matrix<'_>,
    rhs: Matrix<'_>,
    col: usize,
    factor: f32,
    into: Into,
) {
    let mut row = 0;
    while row + ROWS <= lhs.rows {
        block::<ROWS, WIDTH>(out, lhs, rhs, [row, col], factor, into);
        row += ROWS;
    }
    while row < lhs.rows {
        block::<1, WIDTH>(out, lhs, rhs, [row, col], factor, into);
        row += 1;
    }
}

#[inline(always)]
fn block<const HEIGHT: usize, const WIDTH: usize>(
    out: &mut MatrixMut<'_>,
    lhs: Matrix<'_>,
    rhs: Matrix<'_>,
    [row, col]: [usize; 2],
    factor: f32,
    into: Into,
) {
    let mut sums = [[0.0f32; WIDTH]; HEIGHT];
    for p in 0..lhs.cols {
        let start = p * rhs.row_stride + col;
        // SAFETY: row p and columns col..col + WIDTH are within `rhs`, whose bounds were checked.
        let right: [f32; WIDTH] = unsafe { rhs.elements.as_ptr().add(start).cast::<[f32; WIDTH]>().read() };
        for (i, sums) in sums.iter_mut().enumerate() {
            // SAFETY: row + i and p are within `lhs`, whose bounds were checked.
            let left =
                unsafe { *lhs.elements.get_unchecked((row + i) * lhs.row_stride + p * lhs.col_stride) };
            for (sum, &right) in sums.iter_mut().zip(&right) {
                *sum = left.mul_add(right, *sum);
            }
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        let out = &mut out.row(row + i)[col..col + WIDTH];
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = if into == Into::Add { factor.mul_add(*sum, *out) } else { factor * sum };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, uniform};

    #[test]
    fn products_are_those_of_float64() {
        for (m, k, n) in [(1, 1, 1), (3, 5, 7), (4, 64, 32), (33, 17, 71), (5, 0, 3)] {
            let (a, b, old) = (uniform(1, m * k), uniform(2, k * n), uniform(3, m * n));
            for (into, transposed) in
                [Into::Overwrite, Into::Add].into_iter().flat_map(|i| [(i, false), (i, true)])
            {
                let lhs = Matrix::dense(&a, m, k);
                let lhs = if transposed { Matrix::dense(&a, k, m).transposed() } else { lhs };
                let left = |i: usize, p: usize| f64::from(a[i * lhs.row_stride + p * lhs.col_stride]);
                let sum = |at: usize| -> f64 {
                    (0..k).map(|p| left(at / n, p) * f64::from(b[p * n + at % n])).sum()
                };
                let start = |at: usize| if into == Into::Add { f64::from(old[at]) } else { 0.0 };
                let expected: Vec<f32> = (0..m * n).map(|at| (start(at) + 0.5 * sum(at)) as f32).collect();
                let mut out = old.clone();
                let view = MatrixMut::dense(&mut out, m, n);
                small_product(view, lhs, Matrix::dense(&b, k, n), 0.5, into);
                assert_close(&out, &expected, 1e-5, "product");
            }
        }
    }
}
