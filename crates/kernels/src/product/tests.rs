use super::*;
use crate::testing::{assert_close, uniform};

/// Odd sizes, sizes around those of tiles, panels, blocks and depths, and empty ones.
const SHAPES: [[usize; 3]; 13] = [
    [1, 1, 1],
    [3, 5, 4],
    [5, 0, 3],
    [0, 4, 4],
    [4, 4, 0],
    [7, 33, 31],
    [8, 64, 32],
    [9, 65, 33],
    [15, 511, 65],
    [127, 513, 40],
    [129, 70, 257],
    [64, 1030, 100],
    [300, 1030, 100],
];

fn in_float64(a: &[f32], b: &[f32], [m, k, n]: [usize; 3]) -> Vec<f32> {
    let element = |at: usize| -> f64 {
        (0..k).map(|p| f64::from(a[at / n * k + p]) * f64::from(b[p * n + at % n])).sum()
    };
    (0..m * n).map(|at| element(at) as f32).collect()
}

fn turned(x: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    (0..rows * cols).map(|at| x[at % rows * cols + at / rows]).collect()
}

#[test]
fn products_are_those_of_float64() {
    for shape @ [m, k, n] in SHAPES {
        let (a, b) = (uniform(1, m * k), uniform(2, k * n));
        let (a_t, b_t) = (turned(&a, m, k), turned(&b, k, n));
        let expected = in_float64(&a, &b, shape);
        let lefts = [Matrix::dense(&a, m, k), Matrix::dense(&a_t, k, m).transposed()];
        let rights = [Matrix::dense(&b, k, n), Matrix::dense(&b_t, n, k).transposed()];
        let mut first: Option<Vec<f32>> = None;
        for (lhs, rhs) in lefts.into_iter().flat_map(|lhs| rights.map(|rhs| (lhs, rhs))) {
            let mut out = vec![f32::NAN; m * n];
            product(MatrixMut::dense(&mut out, m, n), lhs, rhs);
            assert_close(&out, &expected, 2e-6 * (k.max(1) as f32).sqrt(), &format!("{shape:?}"));
            let first = first.get_or_insert_with(|| out.clone());
            assert_eq!(&out, first, "{shape:?}: the layout changes no bit");
        }
    }
}

#[test]
fn bias_sum_and_activation() {
    for shape @ [m, k, n] in SHAPES {
        let (a, b, bias, old) = (uniform(1, m * k), uniform(2, k * n), uniform(3, n), uniform(4, m * n));
        let sums = in_float64(&a, &b, shape);
        let weight = Packed::new(&b, [k, n]);
        assert_eq!(weight.dims(), [k, n]);
        if k > 0 {
            let out = weight.apply(&a, Some(&bias), Some(Activation::Relu));
            let relu = |at: usize| (sums[at] + bias[at % n]).max(0.0);
            let expected: Vec<f32> = (0..m * n).map(relu).collect();
            assert_close(&out, &expected, 1e-5, &format!("{shape:?}: relu"));
        }
        let mut out = old.clone();
        Packed::transposed(&turned(&b, k, n), [n, k]).apply_add(&a, Some(&bias), &mut out);
        let added = |at: usize| old[at] + sums[at] + bias[at % n];
        assert_close(&out, &(0..m * n).map(added).collect::<Vec<_>>(), 1e-5, &format!("{shape:?}: sum"));
    }
}

#[test]
fn a_row_depends_on_itself_alone() {
    let [m, k, n] = [70, 600, 100];
    let (a, b) = (uniform(1, m * k), uniform(2, k * n));
    let weight = Packed::new(&b, [k, n]);
    let all = weight.apply(&a, None, None);
    for count in [1, 2, 3, 5, 8, 69] {
        let some = weight.apply(&a[k..(1 + count) * k], None, None);
        assert_eq!(some, all[n..(1 + count) * n], "{count} rows");
    }
}

#[test]
#[should_panic(expected = "matrix bounds")]
fn bounds_are_checked() {
    let mut out = [0.0; 4];
    let short = [0.0; 3];
    let out = MatrixMut::dense(&mut out, 2, 2);
    product(out, Matrix::dense(&short, 2, 2), Matrix::dense(&[0.0; 4], 2, 2));
}
