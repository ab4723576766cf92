//! Attention small enough to follow with a pencil: two-dimensional words, and the shapes of a sentence of 20 words.

use crate::fixture::{ROUNDED_ONCE, TOLERANCE, assert_close, values};
use burn::tensor::{Device, Int, Tensor, TensorData};
use kernels::{Dropout, Mask, Order};
use model::{ModelConfig, Pass, SpecialIds, Transformer};

const EVERYTHING: Mask = Mask { padding: None, order: Order::Any };

/// One head that sees two-dimensional words: `[1, 1, len, 2]`.
fn words<const N: usize>(words: [[f32; 2]; N]) -> Tensor<4> {
    Tensor::from_data(TensorData::new(words.as_flattened().to_vec(), [1, 1, N, 2]), &Device::flex())
}

/// The examples have raw dot products: queries times √2 undo the division by √`d_head` = √2.
fn unscaled(query: Tensor<4>) -> Tensor<4> {
    query * std::f64::consts::SQRT_2
}

/// eˢ / Σ eˢ.
fn softmax(scores: &[f64]) -> Vec<f64> {
    let sum: f64 = scores.iter().map(|score| score.exp()).sum();
    scores.iter().map(|score| score.exp() / sum).collect()
}

fn close(what: &str, got: Tensor<4>, expected: &[f64]) {
    let expected: Vec<f32> = expected.iter().map(|&value| value as f32).collect();
    assert_close(what, &values(got), &expected, TOLERANCE);
}

/// Σ weight · word.
fn mixed<const N: usize>(weights: &[f64], words: [[f32; 2]; N]) -> [f64; 2] {
    [0, 1].map(|axis| weights.iter().zip(words).map(|(weight, word)| weight * f64::from(word[axis])).sum())
}

/// love = (−4, 3), Apple = phones = (2, 2): similarities −2, 8, 8 become 0.0, 0.5, 0.5.
#[test]
fn apple_is_half_apple_and_half_phones() {
    let sentence = [[-4.0, 3.0], [2.0, 2.0], [2.0, 2.0]];
    let (apple, keys) = (words([[2.0, 2.0]]), words(sentence));
    let scores = values(apple.clone().matmul(keys.clone().swap_dims(2, 3)));
    assert_eq!(scores, [-2.0, 8.0, 8.0]);
    let weights = kernels::attention_weights(unscaled(apple.clone()), keys.clone(), &EVERYTHING);
    let tenths: Vec<f32> =
        values(weights.clone()).iter().map(|weight| (weight * 10.0).round() / 10.0).collect();
    assert_eq!(tenths, [0.0, 0.5, 0.5]);
    // e⁻² / (e⁻² + 2e⁸) and so on, divided by e⁸.
    let (love, sum) = ((-10.0_f64).exp(), (-10.0_f64).exp() + 2.0);
    let expected = [love / sum, 1.0 / sum, 1.0 / sum].map(|weight| weight as f32);
    assert_close("weights", &values(weights), &expected, ROUNDED_ONCE);
    let new = kernels::attention(unscaled(apple), keys.clone(), keys, &EVERYTHING, Dropout::NONE);
    close("Apple'", new, &mixed(&expected.map(f64::from), sentence));
}

/// cat = (1, 2), sat = (3, 1), mat = (2, 3), first with raw dot products, then divided by √2 as the paper has it.
#[test]
fn cat_moves_towards_mat() {
    let sentence = [[1.0, 2.0], [3.0, 1.0], [2.0, 3.0]];
    let all = words(sentence);
    let scores = values(all.clone().matmul(all.clone().swap_dims(2, 3)));
    assert_eq!(scores, [5.0, 5.0, 8.0, 5.0, 10.0, 9.0, 8.0, 9.0, 13.0]);

    let cat = words([[1.0, 2.0]]);
    let raw = softmax(&[5.0, 5.0, 8.0]);
    assert_eq!(raw.iter().map(|weight| (weight * 1000.0).round()).collect::<Vec<_>>(), [45.0, 45.0, 909.0]);
    close("weights", kernels::attention_weights(unscaled(cat.clone()), all.clone(), &EVERYTHING), &raw);
    let new = kernels::attention(unscaled(cat.clone()), all.clone(), all.clone(), &EVERYTHING, Dropout::NONE);
    close("cat'", new, &mixed(&raw, sentence));

    let scaled = softmax(&[5.0, 5.0, 8.0].map(|score| score / std::f64::consts::SQRT_2));
    close("scaled weights", kernels::attention_weights(cat.clone(), all.clone(), &EVERYTHING), &scaled);
    let new = kernels::attention(cat, all.clone(), all, &EVERYTHING, Dropout::NONE);
    close("scaled cat'", new, &mixed(&scaled, sentence));
}

/// 20 words, `d_model` 512, eight heads of 64: each head has Q, K, V of 20 × 64, scores of 20 × 20, an output of 20 × 64;
/// side by side the heads give 20 × 512 again.
#[test]
fn twenty_words_have_the_shapes_of_the_paper() {
    let device = Device::flex();
    let config = ModelConfig {
        d_model: 512,
        d_ff: 16,
        n_heads: 8,
        n_encoder_layers: 1,
        n_decoder_layers: 1,
        ..Default::default()
    };
    let ids = SpecialIds { pad: 0, bos: 1, eos: 2 };
    let model = Transformer::new(&config, 30, ids, 1, &device);
    let sentence: Vec<i64> = (3..23).collect();
    let src = Tensor::<2, Int>::from_data(TensorData::new(sentence, [1, 20]), &device);
    let embedded = model.embedding.forward(src.clone(), 0, &Pass::inference());
    assert_eq!(embedded.dims(), [1, 20, 512]);
    let attention = &model.encoder.layers[0].self_attention;
    assert_eq!(attention.query.weight.val().dims(), [512, 8 * 64]);
    let queries = attention.query.forward(embedded.clone()).reshape([1, 20, 8, 64]).swap_dims(1, 2);
    let seen = attention.keys_values(embedded);
    assert_eq!([queries.dims(), seen.keys.dims(), seen.values.dims()], [[1, 8, 20, 64]; 3]);
    let heads = kernels::attention(queries, seen.keys, seen.values, &EVERYTHING, Dropout::NONE);
    assert_eq!(heads.dims(), [1, 8, 20, 64]);

    let pass = Pass::recording();
    let memory = model.encode(src, &pass);
    assert_eq!(memory.states.dims(), [1, 20, 512]);
    let [scores] = &pass.into_maps().encoder[..] else { panic!("one layer, one map") };
    assert_eq!(scores.dims(), [1, 8, 20, 20]);
}
