//! Full passes: padding, order, batches, recorded weights.

use crate::fixture::{IDS, REORDERED, TOLERANCE, VOCAB, assert_close, gradients_by_path, values};
use crate::{Pair, cases, models, padded, pair};
use burn::tensor::{Device, Int, Tensor};
use model::{Model, Pass};
use proptest::prelude::{prop, prop_assert, proptest};
use std::collections::BTreeMap;

const SMOOTHING: f32 = 0.1;

/// Logits of the real target positions of each row, and of nothing else.
fn logits(model: &Model, pairs: &[Pair], extra: usize) -> Vec<Vec<f32>> {
    let device = Device::flex();
    let src = padded(pairs.iter().map(|pair| &pair.src), extra, &device);
    let tgt_in = padded(pairs.iter().map(|pair| &pair.tgt_in), extra, &device);
    let len = tgt_in.dims()[1];
    let all = values(model.forward(src, tgt_in, &Pass::inference()));
    let rows = all.chunks(len * VOCAB).zip(pairs);
    rows.map(|(row, pair)| row[..pair.tgt_in.len() * VOCAB].to_vec()).collect()
}

/// The loss and every gradient.
fn gradients(model: &Model, pairs: &[Pair], extra: usize) -> (Vec<f32>, BTreeMap<String, Vec<f32>>) {
    let tape = Device::flex().autodiff();
    let column =
        |part: fn(&Pair) -> &Vec<u32>| -> Tensor<2, Int> { padded(pairs.iter().map(part), extra, &tape) };
    let logits = model.forward(column(|p| &p.src), column(|p| &p.tgt_in), &Pass::inference());
    let targets = column(|p| &p.tgt_out).flatten(0, 1);
    let loss = kernels::cross_entropy(logits.flatten(0, 1), targets, IDS.pad, SMOOTHING).loss;
    (values(loss.clone()), gradients_by_path(model, loss.backward()))
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn padding_on_the_right_never_moves_logits_loss_or_gradients(
        pairs in prop::collection::vec(pair(), 1..4),
        extra in 1_usize..5,
    ) {
        for model in models(&Device::flex()) {
            let (tight, wide) = (logits(&model, &pairs, 0), logits(&model, &pairs, extra));
            assert_close("logits", &wide.concat(), &tight.concat(), REORDERED);
        }
        for model in models(&Device::flex().autodiff()) {
            let ((tight_loss, tight), (wide_loss, wide)) = (gradients(&model, &pairs, 0), gradients(&model, &pairs, extra));
            assert_close("loss", &wide_loss, &tight_loss, REORDERED);
            for (path, tight) in tight {
                assert_close(&path, &wide[&path], &tight, TOLERANCE);
            }
        }
    }

    #[test]
    fn a_row_alone_is_the_row_in_a_batch(pairs in prop::collection::vec(pair(), 2..5)) {
        for model in models(&Device::flex()) {
            let together = logits(&model, &pairs, 0);
            for (pair, together) in pairs.iter().zip(together) {
                assert_close("logits", &logits(&model, std::slice::from_ref(pair), 0)[0], &together, REORDERED);
            }
        }
    }

    #[test]
    fn the_future_never_moves_the_past_but_the_past_the_future(pair in pair(), at in 0_usize..7, word in 5_u32..9) {
        let at = at % pair.tgt_in.len();
        let mut other = pair.clone();
        other.tgt_in[at] = if pair.tgt_in[at] == word { word + 1 } else { word };
        for model in models(&Device::flex()) {
            let [before, after] = [&pair, &other].map(|pair| logits(&model, std::slice::from_ref(pair), 0).remove(0));
            let (past, future) = before.split_at(at * VOCAB);
            assert_close("the past", &after[..at * VOCAB], past, REORDERED);
            for (before, after) in future.chunks(VOCAB).zip(after[at * VOCAB..].chunks(VOCAB)) {
                let moved = before.iter().zip(after).any(|(a, b)| (a - b).abs() > 100.0 * REORDERED);
                prop_assert!(moved, "a word at {} moved nothing", at);
            }
        }
    }

    #[test]
    fn recorded_weights_sum_to_one_and_are_zero_where_nothing_may_be_seen(
        pairs in prop::collection::vec(pair(), 1..4),
    ) {
        let device = Device::flex();
        let src = padded(pairs.iter().map(|pair| &pair.src), 0, &device);
        let tgt_in = padded(pairs.iter().map(|pair| &pair.tgt_in), 0, &device);
        let ([_, src_len], [_, tgt_len]) = (src.dims(), tgt_in.dims());
        for model in models(&device) {
            let pass = Pass::recording();
            let recorded = values(model.forward(src.clone(), tgt_in.clone(), &pass));
            let plain = values(model.forward(src.clone(), tgt_in.clone(), &Pass::inference()));
            assert_close("logits", &recorded, &plain, REORDERED);
            let maps = pass.into_maps();
            let is_source = |row: usize, _: usize, key: usize| key < pairs[row].src.len();
            let is_past = |_: usize, query: usize, key: usize| key <= query;
            if let Model::Gru(_) = model {
                check_maps(&maps.cross, [1, 1, tgt_len, src_len], is_source);
                continue;
            }
            check_maps(&maps.encoder, [2, 3, src_len, src_len], is_source);
            check_maps(&maps.cross, [2, 3, tgt_len, src_len], is_source);
            check_maps(&maps.decoder, [2, 3, tgt_len, tgt_len], is_past);
        }
    }
}

/// Rows sum to one over the keys that `visible(row, query, key)` allows, and nothing falls on the others.
fn check_maps(
    maps: &[Tensor<4>],
    [n_layers, n_heads, q_len, k_len]: [usize; 4],
    visible: impl Fn(usize, usize, usize) -> bool,
) {
    assert_eq!(maps.len(), n_layers, "one map for each layer");
    for map in maps {
        assert_eq!(map.dims()[1..], [n_heads, q_len, k_len]);
        for (index, row) in values(map.clone()).chunks(k_len).enumerate() {
            let (sentence, query) = (index / q_len / n_heads, index % q_len);
            assert_close("a row's sum", &[row.iter().sum()], &[1.0], REORDERED);
            let blocked = row.iter().enumerate().filter(|&(key, _)| !visible(sentence, query, key));
            blocked.for_each(|(key, weight)| assert_eq!(*weight, 0.0, "query {query}, key {key}"));
        }
    }
}
