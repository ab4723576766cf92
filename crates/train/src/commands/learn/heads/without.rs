//! The loss of a model without one of its heads.

use super::Place;
use crate::translator::Part;
use crate::validate::dev_loss;
use burn::tensor::{Tensor, TensorData};
use data::Example;
use model::attention::MultiHeadAttention;
use model::{Model, Transformer};
use page::attention::Kind;
use std::collections::BTreeMap;

/// Tokens of a batch.
const BATCH_TOKENS: usize = 4096;

/// Losses in nats a token.
#[derive(Clone, Debug)]
pub(super) struct Losses {
    /// Of the whole model.
    pub(super) whole: f64,
    /// Without each head.
    pub(super) without: BTreeMap<Place, f64>,
}

/// The loss on the targets, and that without each head alone.
pub(super) fn losses(model: &Transformer, parts: &[Part]) -> Losses {
    let eos = model.ids().eos;
    let example = |part: &Part| Example {
        src: part.source.clone(),
        tgt: part.target.iter().copied().filter(|&id| id != eos).collect(),
    };
    let examples: Vec<Example> = parts.iter().map(example).collect();
    let device = model.embedding.weight.val().device();
    let loss = |model: &Transformer| {
        let model = Model::Transformer(model.clone());
        let (nats, tokens) = dev_loss(&model, &examples, BATCH_TOKENS, &device);
        nats / tokens.max(1) as f64
    };
    let mut without = BTreeMap::new();
    for kind in Kind::ALL {
        let n_layers = match kind {
            Kind::Encoder => model.encoder.layers.len(),
            Kind::Decoder | Kind::Cross => model.decoder.layers.len(),
        };
        for layer in 0..n_layers {
            let mut copy = model.clone();
            let whole = attention(&mut copy, kind, layer).clone();
            for head in 0..whole.n_heads() {
                *attention(&mut copy, kind, layer) = without_head(&whole, head);
                without.insert((kind, layer, head), loss(&copy));
            }
        }
    }
    Losses { whole: loss(model), without }
}

fn attention(model: &mut Transformer, kind: Kind, layer: usize) -> &mut MultiHeadAttention {
    match kind {
        Kind::Encoder => &mut model.encoder.layers[layer].self_attention,
        Kind::Decoder => &mut model.decoder.layers[layer].self_attention,
        Kind::Cross => &mut model.decoder.layers[layer].cross_attention,
    }
}

/// The attention with zeros where the output projection takes what a head found.
fn without_head(whole: &MultiHeadAttention, head: usize) -> MultiHeadAttention {
    let mut attention = whole.clone();
    attention.output.weight = attention.output.weight.map(|weight| {
        let [d_model, _] = weight.dims();
        let d_head = d_model / whole.n_heads();
        let kept = (0..d_model).map(|row| if row / d_head == head { 0.0 } else { 1.0 });
        let kept = TensorData::new(kept.collect::<Vec<f32>>(), [d_model, 1]);
        let kept = Tensor::<2>::from_data(kept, &weight.device());
        weight * kept
    });
    attention
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use model::{ModelConfig, SpecialIds};

    fn model() -> Transformer {
        let config = ModelConfig {
            d_model: 12,
            d_ff: 13,
            n_heads: 3,
            n_encoder_layers: 1,
            n_decoder_layers: 2,
            ..Default::default()
        };
        Transformer::new(&config, 11, SpecialIds { pad: 0, bos: 1, eos: 2 }, 7, &Device::flex())
    }

    #[test]
    fn each_head_is_taken_away_alone() {
        let model = model();
        let parts = [Part { source: vec![5, 6, 7, 2], target: vec![8, 9, 2] }];
        let losses = losses(&model, &parts);
        assert_eq!(losses.without.len(), 3 + 2 * 3 + 2 * 3);
        let changed = losses.without.values().filter(|loss| (**loss - losses.whole).abs() > 1e-6).count();
        assert!(changed >= 14, "{losses:?}");
        assert!((losses.whole - 11_f64.ln()).abs() < 2.0, "a fresh model is near chance: {losses:?}");
    }

    #[test]
    fn without_any_head_only_the_bias_is_left() {
        let model = model();
        let mut attention = model.encoder.layers[0].self_attention.clone();
        for head in 0..3 {
            attention = without_head(&attention, head);
        }
        let weight: Vec<f32> = attention.output.weight.val().into_data().try_to_vec().unwrap();
        assert!(weight.iter().all(|value| *value == 0.0));
        let one = without_head(&model.encoder.layers[0].self_attention, 1);
        let weight: Vec<f32> = one.output.weight.val().into_data().try_to_vec().unwrap();
        let zeros =
            |rows: std::ops::Range<usize>| weight[rows.start * 12..rows.end * 12].iter().all(|v| *v == 0.0);
        assert!(zeros(4..8) && !zeros(0..4) && !zeros(8..12));
    }
}
