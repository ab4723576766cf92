//! Word edit distance within a beam around the diagonal, with the edits that reach it.
//!
//! `cost[i][j] = min(cost[i−1][j−1] + [hᵢ ≠ rⱼ], cost[i−1][j] + 1, cost[i][j−1] + 1)` for the first i words
//! of the hypothesis and the first j of the reference. Among equal costs the first of these three wins:
//! the alignment, and so the choice of shifts in TER, depends on it.
//!
//! Deviation: only cells at most the beam's width from the diagonal are filled, as in Tercom and sacreBLEU;
//! in long lines of very different order the distance may be above the true minimum.

use std::ops::Range;

/// How far the beam reaches to each side of the diagonal, in reference words.
const BEAM_WIDTH: usize = 25;

/// One step on the way from the hypothesis to the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// The words are equal.
    Keep,
    /// The reference has another word here.
    Substitute,
    /// The hypothesis lacks a reference word.
    Insert,
    /// The reference lacks a hypothesis word.
    Delete,
}

#[derive(Clone, Copy)]
struct Cell {
    cost: u32,
    edit: Option<Edit>,
}

/// A cell outside the beam; its cost leaves room for one edit a word on top.
const UNREACHED: Cell = Cell { cost: u32::MAX / 2, edit: None };

/// The costs of turning each prefix of a hypothesis into each prefix of a reference.
pub(super) struct EditMatrix<'a> {
    hypothesis: &'a [u32],
    reference: &'a [u32],
    /// `[hypothesis.len() + 1][reference.len() + 1]`
    cells: Vec<Cell>,
}

impl<'a> EditMatrix<'a> {
    /// The matrix for two lines of word ids.
    pub(super) fn new(hypothesis: &'a [u32], reference: &'a [u32]) -> Self {
        let columns = reference.len() + 1;
        let mut cells = vec![UNREACHED; (hypothesis.len() + 1) * columns];
        for (j, cell) in cells[..columns].iter_mut().enumerate() {
            *cell = Cell { cost: j as u32, edit: Some(Edit::Insert) };
        }
        for (i, &word) in (1..).zip(hypothesis) {
            let (above, below) = cells.split_at_mut(i * columns);
            let beam = beam(i, hypothesis.len(), reference.len());
            fill_row(&mut below[..columns], &above[(i - 1) * columns..], word, reference, beam);
        }
        Self { hypothesis, reference, cells }
    }

    /// The number of edits.
    pub(super) fn cost(&self) -> u32 {
        self.cells[self.cells.len() - 1].cost
    }

    /// The number of edits for another hypothesis of the same length; rows of the common start are reused.
    ///
    /// # Panics
    /// If the lengths differ.
    pub(super) fn cost_of(&self, other: &[u32]) -> u32 {
        assert_eq!(other.len(), self.hypothesis.len(), "a reordered line keeps its length");
        let common = self.hypothesis.iter().zip(other).take_while(|(a, b)| a == b).count();
        let columns = self.reference.len() + 1;
        let mut above = self.cells[common * columns..][..columns].to_vec();
        let mut row = vec![UNREACHED; columns];
        for (i, &word) in (1..).zip(other).skip(common) {
            row.fill(UNREACHED);
            fill_row(&mut row, &above, word, self.reference, beam(i, other.len(), self.reference.len()));
            std::mem::swap(&mut above, &mut row);
        }
        above[columns - 1].cost
    }

    /// The edits from the first word to the last.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let (mut i, mut j) = (self.hypothesis.len(), self.reference.len());
        let mut edits = Vec::with_capacity(i + j);
        while i > 0 || j > 0 {
            let edit = self.cells[i * (self.reference.len() + 1) + j].edit;
            let edit = edit.expect("the beam of each row overlaps that of the row above");
            edits.push(edit);
            i -= usize::from(edit != Edit::Insert);
            j -= usize::from(edit != Edit::Delete);
        }
        edits.reverse();
        edits
    }
}

/// The columns to fill in row `i`; the last row is filled to its end.
fn beam(i: usize, hypothesis_len: usize, reference_len: usize) -> Range<usize> {
    let slope = reference_len as f64 / hypothesis_len as f64;
    let width = if slope / 2.0 > BEAM_WIDTH as f64 {
        (slope / 2.0 + BEAM_WIDTH as f64).ceil() as usize
    } else {
        BEAM_WIDTH
    };
    let diagonal = (i as f64 * slope).floor() as usize;
    let end = if i == hypothesis_len { reference_len + 1 } else { (reference_len + 1).min(diagonal + width) };
    diagonal.saturating_sub(width)..end
}

/// Fills the cells of `row` that lie in `beam`, for the hypothesis word `word`.
fn fill_row(row: &mut [Cell], above: &[Cell], word: u32, reference: &[u32], beam: Range<usize>) {
    for j in beam {
        if j == 0 {
            row[0] = Cell { cost: above[0].cost + 1, edit: Some(Edit::Delete) };
            continue;
        }
        let (diagonal, edit) = if reference[j - 1] == word { (0, Edit::Keep) } else { (1, Edit::Substitute) };
        let ways = [
            (above[j - 1].cost + diagonal, edit),
            (above[j].cost + 1, Edit::Delete),
            (row[j - 1].cost + 1, Edit::Insert),
        ];
        for (cost, edit) in ways {
            if cost < row[j].cost {
                row[j] = Cell { cost, edit: Some(edit) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_prefer_substitute_then_delete_then_insert() {
        use Edit::{Delete, Insert, Keep, Substitute};
        assert_eq!(EditMatrix::new(&[1, 2, 3], &[1, 4, 3]).edits(), [Keep, Substitute, Keep]);
        assert_eq!(EditMatrix::new(&[1, 1], &[1]).edits(), [Delete, Keep]);
        assert_eq!(EditMatrix::new(&[1], &[1, 1]).edits(), [Insert, Keep]);
        assert_eq!(EditMatrix::new(&[], &[1, 2]).edits(), [Insert, Insert]);
        assert_eq!(EditMatrix::new(&[1, 2], &[2, 1]).cost(), 2);
    }

    #[test]
    fn a_reordering_costs_what_its_own_matrix_says() {
        let hypothesis: Vec<u32> = (0..70).map(|i| i * i % 31).collect();
        let reference: Vec<u32> = (0..53).map(|i| i * 7 % 31).collect();
        let matrix = EditMatrix::new(&hypothesis, &reference);
        for (start, end) in [(0, 9), (3, 70), (40, 41), (69, 70), (70, 70)] {
            let mut other = hypothesis.clone();
            other[start..end].reverse();
            assert_eq!(matrix.cost_of(&other), EditMatrix::new(&other, &reference).cost());
        }
    }

    #[test]
    fn a_reference_far_longer_than_the_hypothesis_is_reached() {
        let reference: Vec<u32> = (0..400).collect();
        assert_eq!(EditMatrix::new(&[399, 0], &reference).cost(), 400);
        assert_eq!(EditMatrix::new(&reference, &[7]).cost(), 399);
    }
}
