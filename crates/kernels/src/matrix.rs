//! Matrix products on strided views: the crate `gemm`, behind checked bounds.

use std::marker::PhantomData;

pub(crate) use gemm::Parallelism;
use rayon::{current_num_threads, prelude::*};

/// Below this many multiplications a second thread costs more than it brings.
pub(crate) const WORTH_A_THREAD: usize = 1 << 20;

/// Columns of a product that one thread makes at a time, at most.
const COLUMNS: usize = 128;

/// A `rows × cols` view: element (i, j) is at `i·row_stride + j·col_stride`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(crate) elements: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_stride: usize,
    pub(crate) col_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A dense matrix, row by row.
    pub(crate) fn dense(elements: &'a [f32], rows: usize, cols: usize) -> Self {
        Self { elements, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transposed view.
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// The rows from `first` on, `count` of them.
    pub(crate) fn part(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.rows, "rows {first}+{count} of {}", self.rows);
        let start = (first * self.row_stride).min(self.elements.len());
        Self { elements: &self.elements[start..], rows: count, ..self }
    }

    /// Panics unless every element of the view is within its slice.
    pub(crate) fn check(&self) {
        assert!(
            span(self.rows, self.cols, self.row_stride, self.col_stride) <= self.elements.len(),
            "matrix bounds"
        );
    }
}

/// A view to write into; its columns are dense.
pub(crate) struct MatrixMut<'a> {
    start: *mut f32,
    rows: usize,
    cols: usize,
    row_stride: usize,
    elements: PhantomData<&'a mut [f32]>,
}

impl<'a> MatrixMut<'a> {
    /// A dense matrix, row by row.
    pub(crate) fn dense(elements: &'a mut [f32], rows: usize, cols: usize) -> Self {
        assert!(rows * cols <= elements.len(), "matrix bounds");
        Self { start: elements.as_mut_ptr(), rows, cols, row_stride: cols, elements: PhantomData }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn cols(&self) -> usize {
        self.cols
    }

    /// The rows from `first` on, `count` of them.
    pub(crate) fn part(&mut self, first: usize, count: usize) -> MatrixMut<'_> {
        assert!(first + count <= self.rows, "rows {first}+{count} of {}", self.rows);
        let start = self.start.wrapping_add(first * self.row_stride);
        MatrixMut { start, rows: count, elements: PhantomData, ..*self }
    }

    /// Row `i`.
    #[inline(always)]
    pub(crate) fn row(&mut self, i: usize) -> &mut [f32] {
        assert!(i < self.rows, "row {i} of {}", self.rows);
        // SAFETY: the view borrows all of its rows mutably, and row i is one of them.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(i * self.row_stride), self.cols) }
    }
}

/// A buffer `[batch, len, n_heads, width]` that several threads fill, each its own (batch, head).
pub(crate) struct Heads<'a> {
    start: *mut f32,
    shape: [usize; 4],
    elements: PhantomData<&'a mut [f32]>,
}

// SAFETY: `head` is the only access, and its contract forbids two threads at one head.
unsafe impl Sync for Heads<'_> {}

impl<'a> Heads<'a> {
    pub(crate) fn new(elements: &'a mut [f32], shape: [usize; 4]) -> Self {
        assert_eq!(elements.len(), shape.iter().product::<usize>(), "elements of {shape:?}");
        Self { start: elements.as_mut_ptr(), shape, elements: PhantomData }
    }

    /// The matrix `[len, width]` of one batch and head.
    ///
    /// # Safety
    /// No other view of the same batch and head may live.
    pub(crate) unsafe fn head(&self, batch: usize, head: usize) -> MatrixMut<'_> {
        let [batches, len, n_heads, width] = self.shape;
        assert!(batch < batches && head < n_heads, "head ({batch}, {head}) of {:?}", self.shape);
        let start = self.start.wrapping_add((batch * len * n_heads + head) * width);
        MatrixMut { start, rows: len, cols: width, row_stride: n_heads * width, elements: PhantomData }
    }
}

/// What happens to the elements that a product is written over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Into {
    Overwrite,
    Add,
}

/// `out = factor·lhs·rhs`, or `out += factor·lhs·rhs`.
pub(crate) fn product(
    out: MatrixMut,
    lhs: Matrix,
    rhs: Matrix,
    factor: f32,
    into: Into,
    threads: Parallelism,
) {
    assert_eq!((out.rows, out.cols, lhs.cols), (lhs.rows, rhs.cols, rhs.rows), "shapes of a matrix product");
    lhs.check();
    rhs.check();
    // SAFETY: the views were checked against their slices, those of `out` when it was made; `out` is borrowed
    // mutably, so it overlaps neither operand.
    unsafe {
        gemm::gemm(
            out.rows,
            out.cols,
            lhs.cols,
            out.start,
            1,
            out.row_stride as isize,
            into == Into::Add,
            lhs.elements.as_ptr(),
            lhs.col_stride as isize,
            lhs.row_stride as isize,
            rhs.elements.as_ptr(),
            rhs.col_stride as isize,
            rhs.row_stride as isize,
            1.0,
            factor,
            false,
            false,
            false,
            threads,
        );
    }
}

/// `out = lhs·rhs` on all threads, each making some columns: faster than sharing rows, and the same numbers.
pub(crate) fn product_by_columns(out: MatrixMut, lhs: Matrix, rhs: Matrix) {
    let cols = out.cols;
    if out.rows * cols * lhs.cols < WORTH_A_THREAD {
        return product(out, lhs, rhs, 1.0, Into::Overwrite, Parallelism::None);
    }
    let threads = current_num_threads();
    // As many parts for each thread, if there are few parts.
    let parts = cols.div_ceil(COLUMNS).next_multiple_of(threads);
    let width = cols.div_ceil(parts).next_multiple_of(16);
    if width < COLUMNS / 2 {
        return product(out, lhs, rhs, 1.0, Into::Overwrite, Parallelism::Rayon(0));
    }
    rhs.check();
    assert_eq!(cols, rhs.cols, "shapes of a matrix product");
    let columns = Columns(&out);
    (0..cols.div_ceil(width)).into_par_iter().for_each(|i| {
        let (first, count) = (i * width, width.min(cols - i * width));
        let start = (first * rhs.col_stride).min(rhs.elements.len());
        let rhs = Matrix { elements: &rhs.elements[start..], cols: count, ..rhs };
        // SAFETY: the ranges of columns are disjoint and within `out`.
        let out = unsafe { columns.part(first, count) };
        product(out, lhs, rhs, 1.0, Into::Overwrite, Parallelism::None);
    });
}

/// A matrix whose columns several threads share out.
struct Columns<'a>(&'a MatrixMut<'a>);

// SAFETY: `part` is the only access, and its contract forbids two threads at one column.
unsafe impl Sync for Columns<'_> {}

impl Columns<'_> {
    /// # Safety
    /// The columns must be within the matrix, and no other view of them may live.
    unsafe fn part(&self, first: usize, count: usize) -> MatrixMut<'_> {
        let MatrixMut { start, rows, row_stride, .. } = *self.0;
        MatrixMut { start: start.wrapping_add(first), rows, cols: count, row_stride, elements: PhantomData }
    }
}

/// Elements from the first to the last of a view.
fn span(rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> usize {
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + (cols - 1) * col_stride + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, uniform};

    #[test]
    fn product_of_views() {
        let (m, k, n) = (3, 5, 4);
        let (a, b) = (uniform(1, m * k), uniform(2, n * k));
        let mut out = vec![1.0; m * n];
        let expected: Vec<f32> = (0..m * n)
            .map(|at| 1.0 + 2.0 * (0..k).map(|p| a[at / n * k + p] * b[at % n * k + p]).sum::<f32>())
            .collect();
        let rhs = Matrix::dense(&b, n, k).transposed();
        let view = MatrixMut::dense(&mut out, m, n);
        product(view, Matrix::dense(&a, m, k), rhs, 2.0, Into::Add, Parallelism::None);
        assert_close(&out, &expected, 1e-6, "product");
    }

    #[test]
    #[should_panic(expected = "matrix bounds")]
    fn bounds_are_checked() {
        let mut out = [0.0; 4];
        let short = [0.0; 3];
        let out = MatrixMut::dense(&mut out, 2, 2);
        product(
            out,
            Matrix::dense(&short, 2, 2),
            Matrix::dense(&[0.0; 4], 2, 2),
            1.0,
            Into::Overwrite,
            Parallelism::None,
        );
    }
}
