//! Matrices of weights, their means, and pieces put together into words.

/// One matrix of weights: each row sums to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Positions that ask.
    pub rows: usize,
    /// Positions that are looked at.
    pub columns: usize,
    /// `[rows, columns]`, row by row.
    pub values: Vec<f32>,
}

impl Grid {
    /// # Panics
    ///
    /// Where the values are not rows times columns.
    pub fn new(rows: usize, columns: usize, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), rows * columns, "{rows} rows, {columns} columns");
        Self { rows, columns, values }
    }

    /// The weights of one row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// The mean of grids of one size.
    ///
    /// # Panics
    ///
    /// Where there are none, or of several sizes.
    pub fn mean<'a>(grids: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut grids = grids.into_iter();
        let mut sum = grids.next().expect("a mean is of something").clone();
        let mut n = 1.0;
        for grid in grids {
            assert_eq!((sum.rows, sum.columns), (grid.rows, grid.columns), "grids of one size");
            sum.values.iter_mut().zip(&grid.values).for_each(|(sum, value)| *sum += value);
            n += 1.0;
        }
        sum.values.iter_mut().for_each(|value| *value /= n);
        sum
    }

    /// Neighbours put together: the mean of rows, the sum of columns. The sizes say how many of each.
    ///
    /// # Panics
    ///
    /// Where the sizes are not those of the grid.
    #[must_use]
    pub fn merged(&self, row_sizes: &[usize], column_sizes: &[usize]) -> Self {
        assert_eq!(row_sizes.iter().sum::<usize>(), self.rows, "row sizes {row_sizes:?}");
        assert_eq!(column_sizes.iter().sum::<usize>(), self.columns, "column sizes {column_sizes:?}");
        let mut values = Vec::with_capacity(row_sizes.len() * column_sizes.len());
        let mut first_row = 0;
        for &rows in row_sizes {
            let mut first = 0;
            for &columns in column_sizes {
                let cells = (first_row..first_row + rows).flat_map(|row| &self.row(row)[first..][..columns]);
                values.push(cells.sum::<f32>() / rows.max(1) as f32);
                first += columns;
            }
            first_row += rows;
        }
        Self::new(row_sizes.len(), column_sizes.len(), values)
    }
}

/// The grids of one attention: `[n_layers][n_heads]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Maps(pub Vec<Vec<Grid>>);

impl Maps {
    /// The mean over the heads of a layer.
    pub fn layer_mean(&self, layer: usize) -> Grid {
        Grid::mean(&self.0[layer])
    }

    /// The mean over all heads of all layers.
    pub fn mean(&self) -> Grid {
        Grid::mean(self.0.iter().flatten())
    }

    /// How many numbers they are.
    pub(crate) fn cells(&self) -> usize {
        self.0.iter().flatten().map(|grid| grid.values.len()).sum()
    }
}
