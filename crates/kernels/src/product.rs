//! Products of large matrices.
//!
//! The right matrix is laid out once in panels of [`PANEL`] columns, row by row, so that the inner loop reads it in order.
//! A tile of the product stays in registers while it walks down the inner axis: a few elements of the left matrix, each times
//! a row of the panel (Goto & van de Geijn 2008, *Anatomy of High-Performance Matrix Multiplication*). A left
//! matrix whose rows are dense is read where it lies; another is copied, some rows at a time.
//!
//! Every element is summed in the order of the inner axis by fused multiplications and additions, whatever the tile, the
//! number of threads and the instruction set: the numbers of a row depend on that row alone.

use std::cell::RefCell;

use rayon::current_num_threads;
use rayon::prelude::*;

use crate::activation::{Activation, apply};
use crate::host::written;
use crate::matrix::{Matrix, MatrixMut, Parts, WORTH_A_THREAD};
use crate::simd::vectorised;

/// Columns of a panel: two vectors of AVX-512.
const PANEL: usize = 32;

/// Steps along the inner axis before the next rows: that part of a panel fits into the caches next to the core.
const DEPTH: usize = 512;

/// Rows that are multiplied with a panel before the next one: they stay in the second-level cache.
const ROWS: usize = 128;

/// A matrix in panels, to be multiplied from the left: weights that are used many times.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Panel by panel `[rows, PANEL]`; the last one is filled with zeros.
    panels: Vec<f32>,
    rows: usize,
    cols: usize,
}

impl Packed {
    /// Lays out `weight [rows, cols]`.
    ///
    /// # Panics
    /// If there are fewer elements than `rows · cols`.
    pub fn new(weight: &[f32], [rows, cols]: [usize; 2]) -> Self {
        Self::of(Matrix::dense(weight, rows, cols))
    }

    /// Lays out the transpose of `weight [cols, rows]`.
    ///
    /// # Panics
    /// If there are fewer elements than `rows · cols`.
    pub fn transposed(weight: &[f32], [cols, rows]: [usize; 2]) -> Self {
        Self::of(Matrix::dense(weight, cols, rows).transposed())
    }

    pub(crate) fn of(matrix: Matrix) -> Self {
        matrix.check();
        let (rows, cols) = (matrix.rows, matrix.cols);
        let size = rows * PANEL;
        let fill = |panels: &mut [f32]| {
            if size == 0 {
                return;
            }
            let one = |(i, panel): (usize, &mut [f32])| pack(panel, matrix, i * PANEL);
            if rows * cols < 1 << 16 {
                panels.chunks_exact_mut(size).enumerate().for_each(one);
            } else {
                panels.par_chunks_exact_mut(size).enumerate().for_each(one);
            }
        };
        // SAFETY: `pack` writes every element of a panel.
        let panels = unsafe { written(cols.div_ceil(PANEL) * size, fill) };
        Self { panels, rows, cols }
    }

    /// Its shape: `[rows, cols]`.
    pub fn dims(&self) -> [usize; 2] {
        [self.rows, self.cols]
    }

    /// `activation(x·W + b)`.
    ///
    /// # Shapes
    /// `x [n, rows]`, `bias [cols]` → `[n, cols]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn apply(&self, x: &[f32], bias: Option<&[f32]>, activation: Option<Activation>) -> Vec<f32> {
        let n = x.len() / self.rows.max(1);
        let fill = |out: &mut [f32]| {
            let (x, out) = self.views(x, out);
            self.multiply(out, x, Start { bias, ..Start::ZERO }, activation);
        };
        // SAFETY: the product writes every element and reads none before.
        unsafe { written(n * self.cols, fill) }
    }

    /// `out += x·W + b`.
    ///
    /// # Shapes
    /// `x [n, rows]`, `bias [cols]`, `out [n, cols]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn apply_add(&self, x: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
        let (x, out) = self.views(x, out);
        self.multiply(out, x, Start { bias, out: true }, None);
    }

    /// `out = x·W + b`, of views.
    pub(crate) fn write(&self, out: MatrixMut, x: Matrix, bias: Option<&[f32]>) {
        self.multiply(out, x, Start { bias, ..Start::ZERO }, None);
    }

    /// `out += x·W`, of views.
    pub(crate) fn add(&self, out: MatrixMut, x: Matrix) {
        self.multiply(out, x, Start { bias: None, out: true }, None);
    }

    fn views<'a>(&self, x: &'a [f32], out: &'a mut [f32]) -> (Matrix<'a>, MatrixMut<'a>) {
        let n = out.len().checked_div(self.cols).unwrap_or(x.len() / self.rows.max(1));
        assert_eq!((x.len(), out.len()), (n * self.rows, n * self.cols), "lengths of x and of the output");
        (Matrix::dense(x, n, self.rows), MatrixMut::dense(out, n, self.cols))
    }

    /// The product on all threads, if there is enough to do: each makes some rows, or some columns of some rows.
    fn multiply(&self, mut out: MatrixMut, lhs: Matrix, start: Start, activation: Option<Activation>) {
        assert_eq!(
            (out.rows(), out.cols(), lhs.cols),
            (lhs.rows, self.cols, self.rows),
            "shapes of a product"
        );
        assert!(start.bias.is_none_or(|bias| bias.len() == self.cols), "length of the bias");
        lhs.check();
        if out.rows() * out.cols() == 0 {
            return;
        }
        let work = lhs.rows * self.rows * self.cols;
        let n_panels = self.cols.div_ceil(PANEL);
        let n_blocks = lhs.rows.div_ceil(ROWS);
        let tall = lhs.rows.div_ceil(n_blocks).next_multiple_of(24);
        let n_blocks = lhs.rows.div_ceil(tall);
        if work < WORTH_A_THREAD {
            for first in (0..lhs.rows).step_by(tall) {
                let rows = tall.min(lhs.rows - first);
                self.block(out.part(first, rows), lhs.part(first, rows), 0, start, activation);
            }
            return;
        }
        let groups = match current_num_threads() {
            1 => 1,
            threads => (4 * threads).div_ceil(n_blocks).min(n_panels),
        };
        let wide = n_panels.div_ceil(groups);
        let groups = n_panels.div_ceil(wide);
        let out = Parts::new(out);
        (0..n_blocks * groups).into_par_iter().for_each(|i| {
            let (first, panel) = (i / groups * tall, i % groups * wide);
            let (rows, cols) = (tall.min(lhs.rows - first), (wide * PANEL).min(self.cols - panel * PANEL));
            // SAFETY: the rows and columns of these parts are disjoint and within the output.
            let out = unsafe { out.part([first, panel * PANEL], [rows, cols]) };
            self.block(out, lhs.part(first, rows), panel, start, activation);
        });
    }

    /// Some rows of the product and the columns from `panel` on.
    fn block(
        &self,
        mut out: MatrixMut,
        lhs: Matrix,
        panel: usize,
        start: Start,
        activation: Option<Activation>,
    ) {
        let bias = start.bias.map(|bias| &bias[panel * PANEL..]);
        for depth in (0..self.rows.max(1)).step_by(DEPTH) {
            let steps = DEPTH.min(self.rows - depth);
            let start = if depth == 0 { Start { bias, ..start } } else { Start { bias: None, out: true } };
            let panels =
                Panels { elements: &self.panels[panel * self.rows * PANEL..], rows: self.rows, depth };
            let lhs = Matrix { cols: steps, ..lhs.after_column(depth) };
            if lhs.col_stride == 1 {
                let elements = lhs.elements;
                let dense = Strips { elements, row_stride: lhs.row_stride, depth: steps, strip: None };
                tiles(&mut out, dense, panels, start);
            } else {
                SCRATCH.with_borrow_mut(|scratch| tiles(&mut out, strips(lhs, scratch), panels, start));
            }
        }
        if let Some(activation) = activation {
            (0..out.rows()).for_each(|i| apply(out.row(i), activation));
        }
    }
}

/// `out = lhs·rhs`, on all threads if there is enough to do.
pub(crate) fn product(out: MatrixMut, lhs: Matrix, rhs: Matrix) {
    let large = lhs.rows * lhs.cols * rhs.cols >= WORTH_A_THREAD;
    if large && lhs.col_stride != 1 && rhs.col_stride == 1 && rhs.cols >= lhs.rows {
        by_panels(out, lhs, rhs);
    } else {
        Packed::of(rhs).multiply(out, lhs, Start::ZERO, None);
    }
}

/// The product of a left matrix that has to be copied anyhow and a wide right one, each part of whose panels is made when
/// it is needed and then multiplied with all rows: it never leaves the caches.
fn by_panels(out: MatrixMut, lhs: Matrix, rhs: Matrix) {
    assert_eq!((out.rows(), out.cols(), lhs.cols), (lhs.rows, rhs.cols, rhs.rows), "shapes of a product");
    lhs.check();
    rhs.check();
    let depths: Vec<usize> = (0..lhs.cols).step_by(DEPTH).collect();
    let copy = |&depth: &usize| {
        let (mut elements, steps) = (Vec::new(), DEPTH.min(lhs.cols - depth));
        strips(Matrix { cols: steps, ..lhs.after_column(depth) }, &mut elements);
        (depth, steps, elements)
    };
    let copies: Vec<(usize, usize, Vec<f32>)> = depths.par_iter().map(copy).collect();
    let (n_rows, n_cols) = (out.rows(), out.cols());
    let out = Parts::new(out);
    (0..n_cols.div_ceil(PANEL)).into_par_iter().for_each(|i| {
        let first = i * PANEL;
        // SAFETY: the columns of these parts are disjoint and within the output.
        let mut out = unsafe { out.part([0, first], [n_rows, PANEL.min(n_cols - first)]) };
        SCRATCH.with_borrow_mut(|panel| {
            panel.resize(panel.len().max(DEPTH * PANEL), 0.0);
            for (depth, steps, elements) in &copies {
                let panel = &mut panel[..steps * PANEL];
                pack(panel, rhs.part(*depth, *steps), first);
                let lhs = Strips { elements, row_stride: 1, depth: *steps, strip: Some(tallest()) };
                let panels = Panels { elements: panel, rows: *steps, depth: 0 };
                tiles(&mut out, lhs, panels, Start { bias: None, out: *depth > 0 });
            }
        });
    });
}

/// `out = lhs·rhs + bias`.
pub(crate) fn product_biased(out: MatrixMut, lhs: Matrix, rhs: Matrix, bias: Option<&[f32]>) {
    Packed::of(rhs).multiply(out, lhs, Start { bias, ..Start::ZERO }, None);
}

/// What the sums of a product start from: a bias, what is there already, both or nothing.
#[derive(Clone, Copy)]
struct Start<'a> {
    bias: Option<&'a [f32]>,
    out: bool,
}

impl Start<'_> {
    const ZERO: Self = Self { bias: None, out: false };
}

/// The panels of a block of the product, from row `depth` on.
#[derive(Clone, Copy)]
struct Panels<'a> {
    elements: &'a [f32],
    rows: usize,
    depth: usize,
}

thread_local! {
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// The rows of a left matrix, for tiles.
#[derive(Clone, Copy)]
struct Strips<'a> {
    elements: &'a [f32],
    row_stride: usize,
    /// Steps along the inner axis.
    depth: usize,
    /// In a copy: the rows of a strip, whose elements at one step stand beside each other. `None`: rows are dense.
    strip: Option<usize>,
}

impl Strips<'_> {
    /// Where a row begins, and how far it is to the next row and to the next step.
    #[inline(always)]
    fn row(&self, row: usize) -> [usize; 3] {
        match self.strip {
            Some(strip) => [row / strip * strip * self.depth + row % strip, 1, strip],
            None => [row * self.row_stride, self.row_stride, 1],
        }
    }
}

/// A copy of a matrix in strips.
fn strips<'a>(x: Matrix, scratch: &'a mut Vec<f32>) -> Strips<'a> {
    let strip = tallest();
    let size = x.rows.next_multiple_of(strip) * x.cols;
    if scratch.len() < size {
        scratch.resize(size, 0.0);
    }
    copy_strips(&mut scratch[..size], x, strip);
    Strips { elements: &scratch[..size], row_stride: 1, depth: x.cols, strip: Some(strip) }
}

/// Rows of a tile.
fn tallest() -> usize {
    #[cfg(target_arch = "x86_64")]
    if crate::simd::level() == crate::simd::Level::Avx512 {
        return 8;
    }
    6
}

vectorised! {
    /// One panel: the columns of a matrix from `first` on, row by row, and zeros where there are none.
    fn pack(panel: &mut [f32], matrix: Matrix<'_>, first: usize) {
        let cols = PANEL.min(matrix.cols - first);
        let rows = panel.as_chunks_mut::<PANEL>().0;
        if matrix.col_stride == 1 {
            for (p, row) in rows.iter_mut().enumerate() {
                let from = &matrix.elements[p * matrix.row_stride + first..][..cols];
                if let Ok(from) = <&[f32; PANEL]>::try_from(from) {
                    *row = *from;
                } else {
                    row[..cols].copy_from_slice(from);
                    row[cols..].fill(0.0);
                }
            }
        } else {
            // Eight columns at a time; where there are fewer the last one again, which is then cleared.
            for eight in (0..PANEL).step_by(8) {
                let column = |j: usize| (first + eight + j).min(matrix.cols - 1) * matrix.col_stride;
                let from: [&[f32]; 8] = std::array::from_fn(|j| &matrix.elements[column(j)..]);
                for (p, row) in rows.iter_mut().enumerate() {
                    let these = from.map(|column| column[p * matrix.row_stride]);
                    row[eight..eight + 8].copy_from_slice(&these);
                }
            }
            if cols < PANEL {
                for row in rows {
                    row[cols..].fill(0.0);
                }
            }
        }
    }

    /// Strips of the rows of a matrix whose columns are dense, or of any other.
    fn copy_strips(out: &mut [f32], x: Matrix<'_>, strip: usize) {
        for (i, strip_out) in out.chunks_exact_mut(strip * x.cols.max(1)).enumerate() {
            let rows = strip.min(x.rows - i * strip);
            for (p, to) in strip_out.chunks_exact_mut(strip).enumerate() {
                let from = &x.elements[i * strip * x.row_stride + p * x.col_stride..];
                if x.row_stride == 1 && rows == 8 {
                    to[..8].copy_from_slice(&from[..8]);
                } else {
                    for (row, to) in to[..rows].iter_mut().enumerate() {
                        *to = from[row * x.row_stride];
                    }
                }
            }
        }
    }

    /// A block of the product, panel by panel.
    fn tiles(out: &mut MatrixMut<'_>, lhs: Strips<'_>, panels: Panels<'_>, start: Start<'_>) {
        for first in (0..out.cols()).step_by(PANEL) {
            let panel = &panels.elements[(first * panels.rows + panels.depth * PANEL)..][..lhs.depth * PANEL];
            #[cfg(target_arch = "x86_64")]
            if crate::simd::level() == crate::simd::Level::Avx512 {
                column::<8, PANEL>(out, lhs, panel, [first, 0], start);
                continue;
            }
            column::<6, { PANEL / 2 }>(out, lhs, panel, [first, 0], start);
            if first + PANEL / 2 < out.cols() {
                column::<6, { PANEL / 2 }>(out, lhs, panel, [first + PANEL / 2, PANEL / 2], start);
            }
        }
    }
}

/// All rows of `WIDTH` columns: those of the output from `col` on, those of the panel from `within` on.
#[inline(always)]
fn column<const TALL: usize, const WIDTH: usize>(
    out: &mut MatrixMut<'_>,
    lhs: Strips<'_>,
    panel: &[f32],
    [col, within]: [usize; 2],
    start: Start<'_>,
) {
    let (mut row, rows) = (0, out.rows());
    while row + TALL <= rows {
        tile::<TALL, WIDTH>(out, lhs, panel, [row, col, within], start);
        row += TALL;
    }
    if row + 4 <= rows {
        tile::<4, WIDTH>(out, lhs, panel, [row, col, within], start);
        row += 4;
    }
    if row + 2 <= rows {
        tile::<2, WIDTH>(out, lhs, panel, [row, col, within], start);
        row += 2;
    }
    if row < rows {
        tile::<1, WIDTH>(out, lhs, panel, [row, col, within], start);
    }
}

#[inline(always)]
fn tile<const HEIGHT: usize, const WIDTH: usize>(
    out: &mut MatrixMut<'_>,
    lhs: Strips<'_>,
    panel: &[f32],
    [row, col, within]: [usize; 3],
    start: Start<'_>,
) {
    let live = WIDTH.min(out.cols() - col);
    let mut sums = [start.bias.map_or([0.0; WIDTH], |bias| load(&bias[col..col + live])); HEIGHT];
    if start.out {
        for (i, sums) in sums.iter_mut().enumerate() {
            let old: [f32; WIDTH] = load(&out.row(row + i)[col..col + live]);
            for (sum, old) in sums.iter_mut().zip(old) {
                *sum += old;
            }
        }
    }
    for i in 0..HEIGHT {
        prefetch(&out.row(row + i)[col..col + live]);
    }
    let [first, to_row, to_step] = lhs.row(row);
    let (lines, _) = panel.as_chunks::<PANEL>();
    let end = first + (HEIGHT - 1) * to_row + lines.len().saturating_sub(1) * to_step;
    assert!(lines.is_empty() || end < lhs.elements.len(), "matrix bounds");
    for (p, line) in lines.iter().enumerate() {
        // SAFETY: a line has PANEL elements, of which these WIDTH are within.
        let right = unsafe { line.as_ptr().add(within).cast::<[f32; WIDTH]>().read_unaligned() };
        for (i, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the last element of the last row was found to be within.
            let left = unsafe { *lhs.elements.get_unchecked(first + i * to_row + p * to_step) };
            for (sum, &right) in sums.iter_mut().zip(&right) {
                *sum = left.mul_add(right, *sum);
            }
        }
    }
    for (i, sums) in sums.into_iter().enumerate() {
        store(&mut out.row(row + i)[col..col + live], sums);
    }
}

#[inline(always)]
fn prefetch(line: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for at in (0..line.len()).step_by(16) {
        use std::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
        // SAFETY: a hint about memory that is borrowed.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(line.as_ptr().add(at).cast()) };
    }
}

/// A line of a tile; zeros where the matrix ends. No slice of a tile is taken anywhere: it would leave the registers.
#[inline(always)]
fn load<const WIDTH: usize>(from: &[f32]) -> [f32; WIDTH] {
    if let Ok(line) = <&[f32; WIDTH]>::try_from(from) {
        return *line;
    }
    let mut line = [0.0; WIDTH];
    line[..from.len()].copy_from_slice(from);
    line
}

#[inline(always)]
fn store<const WIDTH: usize>(to: &mut [f32], line: [f32; WIDTH]) {
    if let Ok(to) = <&mut [f32; WIDTH]>::try_from(&mut *to) {
        *to = line;
    } else {
        let live = to.len();
        to.copy_from_slice(&line[..live]);
    }
}

#[cfg(test)]
mod tests;
