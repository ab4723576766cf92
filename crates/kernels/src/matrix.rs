//! Strided views of matrices with checked bounds, and parts of one for several threads.

use std::marker::PhantomData;

/// Below this many multiplications a second thread costs more than it brings.
pub(crate) const WORTH_A_THREAD: usize = 1 << 20;

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

    /// The columns from `first` on.
    pub(crate) fn after_column(self, first: usize) -> Self {
        assert!(first <= self.cols, "column {first} of {}", self.cols);
        let start = (first * self.col_stride).min(self.elements.len());
        Self { elements: &self.elements[start..], cols: self.cols - first, ..self }
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

    /// The columns from `first` on, `count` of them.
    pub(crate) fn columns(&mut self, first: usize, count: usize) -> MatrixMut<'_> {
        assert!(first + count <= self.cols, "columns {first}+{count} of {}", self.cols);
        MatrixMut { start: self.start.wrapping_add(first), cols: count, elements: PhantomData, ..*self }
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

/// A matrix whose parts several threads fill.
pub(crate) struct Parts<'a>(MatrixMut<'a>);

// SAFETY: `part` is the only access, and its contract forbids two threads at one element.
unsafe impl Sync for Parts<'_> {}

impl<'a> Parts<'a> {
    pub(crate) fn new(matrix: MatrixMut<'a>) -> Self {
        Self(matrix)
    }

    /// The part of this many rows and columns that begins at a row and a column.
    ///
    /// # Safety
    /// No other view of the same elements may live.
    pub(crate) unsafe fn part(&self, [row, col]: [usize; 2], [rows, cols]: [usize; 2]) -> MatrixMut<'_> {
        let all = &self.0;
        assert!(row + rows <= all.rows && col + cols <= all.cols, "part of a matrix");
        let start = all.start.wrapping_add(row * all.row_stride + col);
        MatrixMut { start, rows, cols, row_stride: all.row_stride, elements: PhantomData }
    }
}

/// Elements from the first to the last of a view.
fn span(rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> usize {
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + (cols - 1) * col_stride + 1 }
}
