//! What must hold for any weights and any ids: what never moves what, and what equals what.

#[path = "../fixture/mod.rs"]
mod fixture;

mod forward;
mod cpu_search;
mod incremental;
mod dropout;

use burn::tensor::{Device, Int, Tensor, TensorData};
use fixture::{Fixture, IDS, SIZES};
use model::{Model, ModelConfig, ModelKind, NormOrder, Tying};
use proptest::prelude::{Strategy, prop};
use proptest::test_runner::{Config, RngSeed};

/// Two models of each kind that differ in norm and tying, with biases and gains that are not those of a fresh model.
fn models(device: &Device) -> [Model; 4] {
    let (transformer, gru) = (ModelKind::Transformer, ModelKind::Gru);
    let cases = [
        ("model_pre_three_way", transformer, NormOrder::Pre, Tying::ThreeWay),
        ("model_post_none", transformer, NormOrder::Post, Tying::None),
        ("gru_three_way", gru, NormOrder::Pre, Tying::ThreeWay),
        ("gru_none", gru, NormOrder::Pre, Tying::None),
    ];
    cases.map(|(name, kind, norm, tie_embeddings)| {
        let fixture = Fixture::open(env!("CARGO_MANIFEST_DIR"), name);
        fixture.model("weights", &ModelConfig { kind, norm, tie_embeddings, ..SIZES }, device)
    })
}

/// Few cases, since each runs whole models; always the same ones, since rounding has no bound that holds for all; no
/// files.
fn cases(n: u32) -> Config {
    Config { cases: n, rng_seed: RngSeed::Fixed(20260), failure_persistence: None, ..Config::default() }
}

/// A sentence of 1 to `longest` words, without control tokens.
fn sentence(longest: usize) -> impl Strategy<Value = Vec<u32>> {
    let words = vec![0, 3, 5, 6, 7, 8, 9, 10];
    prop::collection::vec(prop::sample::select(words), 1..=longest)
}

/// Hypotheses of a sentence.
const WIDTH: usize = 3;

/// For six steps of a search: which row of its sentence each row continues.
fn choices() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0..WIDTH, WIDTH), 6)
}

/// For six steps of a search with up to three sentences: the word that each row continues with.
fn words() -> impl Strategy<Value = Vec<Vec<u32>>> {
    prop::collection::vec(prop::collection::vec(5_u32..11, 3 * WIDTH), 6)
}

/// One pair as the model reads it.
#[derive(Clone, Debug)]
struct Pair {
    src: Vec<u32>,
    tgt_in: Vec<u32>,
    tgt_out: Vec<u32>,
}

fn pair() -> impl Strategy<Value = Pair> {
    (sentence(5), sentence(6)).prop_map(|(src, tgt)| Pair {
        src: [&src[..], &[IDS.eos]].concat(),
        tgt_in: [&[IDS.bos], &tgt[..]].concat(),
        tgt_out: [&tgt[..], &[IDS.eos]].concat(),
    })
}

/// Rows padded on the right to the longest and `extra` further: `[rows, len]`.
fn padded<'a>(rows: impl Iterator<Item = &'a Vec<u32>>, extra: usize, device: &Device) -> Tensor<2, Int> {
    let rows: Vec<&Vec<u32>> = rows.collect();
    let len = rows.iter().map(|row| row.len()).max().expect("a row") + extra;
    let filled = rows.iter().flat_map(|row| row.iter().copied().chain(vec![IDS.pad; len - row.len()]));
    let values: Vec<i64> = filled.map(i64::from).collect();
    Tensor::from_data(TensorData::new(values, [rows.len(), len]), device)
}
