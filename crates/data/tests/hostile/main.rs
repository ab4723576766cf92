//! Files of strangers: every mutant is accepted or a typed error, in bounded memory and time.
//!
//! The same functions are the bodies of the fuzz targets in `fuzz/`, which take the seeds for their corpora: with
//! `ANUVADA_FUZZ_CORPUS` set to a directory, they are written there.

mod harness;
mod mutate;
#[path = "../pack/mod.rs"]
mod pack;
mod parts;
mod paths;
mod seeds;
mod targets;

mod bombs;
mod corpora;
mod escapes;

use harness::{Memory, rounds, survive};
use targets::Outcome;

/// Zstandard may ask for a window of 128 MiB, xz for a dictionary of 160 MiB: nothing of them is touched unless data
/// comes.
const PACKED: Memory = Memory { extra: 256 << 20, ..Memory::USUAL };

fn test(name: &str, count: u64, memory: Memory, target: fn(&[u8]) -> Outcome) {
    let all = seeds::seeds();
    let (_, seeds) = all.iter().find(|(own, _)| *own == name).expect("seeds of this name");
    survive(name, seeds, count, memory, target);
}

#[test]
fn tokenizers() {
    test("tokenizer", rounds(10_000, 100_000), Memory::USUAL, targets::tokenizer);
}

#[test]
fn shards() {
    test("shards", rounds(10_000, 100_000), Memory::USUAL, targets::shards);
}

#[test]
fn locks_and_recipes() {
    test("lock", rounds(2000, 50_000), Memory::USUAL, targets::lock);
    test("recipe", rounds(1000, 50_000), Memory::USUAL, targets::recipe);
}

#[test]
fn corpora() {
    test("tmx", rounds(2000, 50_000), Memory::USUAL, targets::tmx);
    test("jsonl", rounds(2000, 50_000), Memory::USUAL, targets::jsonl);
    test("csv", rounds(1000, 50_000), Memory::USUAL, targets::csv);
    test("tsv", rounds(1000, 50_000), Memory::USUAL, targets::tsv);
    test("text", rounds(1000, 50_000), Memory::USUAL, targets::text);
}

#[cfg(feature = "parquet")]
#[test]
fn tables_of_parquet() {
    test("parquet", rounds(2000, 50_000), Memory::USUAL, targets::parquet);
}

#[test]
fn compressed_corpora() {
    test("gz", rounds(1000, 50_000), PACKED, targets::gz);
    test("zst", rounds(1000, 50_000), PACKED, targets::zst);
    test("xz", rounds(1000, 50_000), PACKED, targets::xz);
}

#[test]
fn archives() {
    test("zip", rounds(2000, 50_000), PACKED, targets::zip);
    test("tar", rounds(1000, 50_000), PACKED, targets::tar);
    test("tar_gz", rounds(1000, 50_000), PACKED, targets::tar_gz);
    test("tsv_zst", rounds(1000, 50_000), PACKED, targets::tsv_zst);
}

#[test]
fn corpora_of_the_fuzz_targets_are_small() {
    corpora::are_small(seeds::seeds());
}
