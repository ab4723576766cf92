//! The model against torch, the paper's formulas and worked examples: oracles that share no code with it.

#[path = "../fixture/mod.rs"]
mod fixture;

mod attention;
mod layers;
mod whole_model;
mod positions;
mod worked_examples;

use fixture::{Fixture, metadata};
use std::path::Path;

/// A fixture of this crate.
fn open(name: &str) -> Fixture {
    Fixture::open(env!("CARGO_MANIFEST_DIR"), name)
}

#[test]
fn every_fixture_is_small_and_says_what_made_it() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates/");
    let dirs = ["model", "train"].map(|name| crates.join(name).join("tests/fixtures"));
    let files: Vec<_> = dirs.iter().flat_map(|dir| dir.read_dir().expect("fixtures")).collect();
    assert!(files.len() > 10, "{}", files.len());
    for file in files {
        let path = file.expect("an entry").path();
        let (said, size) = metadata(&path);
        assert_eq!(said["generator"], "scripts/golden/torch_fixtures.py", "{path:?}");
        assert!(said["torch"].starts_with("2.9.0"), "{path:?} {said:?}");
        assert!(["seed", "numpy", "python"].iter().all(|key| !said[*key].is_empty()), "{path:?} {said:?}");
        assert!(size <= 100_000, "{path:?}: {size} bytes");
    }
}
