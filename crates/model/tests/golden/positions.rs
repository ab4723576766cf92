//! The position table of the paper, §3.5.

use crate::fixture::{ROUNDED_ONCE, assert_close, values};
use crate::open;
use burn::tensor::Device;
use model::embedding::positions;

#[test]
fn the_position_table_is_the_papers_formula_in_float64() {
    let mut seen = 0;
    for (name, d_model) in [("positions_12", 12), ("positions_512_near", 512), ("positions_512_far", 512)] {
        let fixture = open(name);
        let table = fixture.array("table").values;
        for (position, expected) in fixture.integers("positions").into_iter().zip(table.chunks(d_model)) {
            let position = position as usize;
            let got = values(positions(position..position + 1, d_model, &Device::flex()));
            assert_close(&format!("{name} {position}"), &got, expected, ROUNDED_ONCE);
            seen += 1;
        }
    }
    assert_eq!(seen, 2 * 52);
}
