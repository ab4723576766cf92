use super::*;
use crate::model_dir::{DirConfig, special_ids};
use burn::tensor::{Device, TensorData, Tolerance};
use data::{NormalizeConfig, TokenizerConfig};
use model::ModelConfig;
use model::search::SearchConfig;

fn recorder() -> (Recorder, Part) {
    let config = TokenizerConfig { vocab_size: 276, min_char_count: 1 };
    let tokenizer =
        Tokenizer::train(["my book my book", "ನನ್ನ ಪುಸ್ತಕ ನನ್ನ ಪುಸ್ತಕ"].into_iter(), &config).unwrap();
    let model = ModelConfig {
        d_model: 12,
        d_ff: 13,
        n_heads: 3,
        n_encoder_layers: 1,
        n_decoder_layers: 2,
        ..Default::default()
    };
    let ids = special_ids(&tokenizer);
    let transformer = Model::new(&model, tokenizer.vocab_size(), ids, 7, &Device::flex());
    let part = Part {
        source: [tokenizer.encode("my book"), vec![2]].concat(),
        target: [tokenizer.encode("ನನ್ನ ಪುಸ್ತಕ ಪುಸ್ತಕ"), vec![2]].concat(),
    };
    assert_ne!(part.source.len(), part.target.len());
    let config = DirConfig {
        format: 1,
        src_lang: "en".into(),
        tgt_lang: "kn".into(),
        vocab_size: tokenizer.vocab_size(),
        ids,
        model,
        normalize: NormalizeConfig::default(),
        search: SearchConfig::default(),
    };
    let dir = ModelDir { path: "model".into(), config, tokenizer, model: transformer };
    (Recorder::new(&dir, Precision::F32), part)
}

#[test]
fn every_row_sums_to_one_and_the_decoder_sees_no_future() {
    let (recorder, part) = recorder();
    let recorded = recorder.record(&part).unwrap();
    let (n, m) = (part.source.len(), part.target.len());
    let sizes = [(&recorded.cross, m, n, 2), (&recorded.encoder, n, n, 1), (&recorded.decoder, m, m, 2)];
    for (maps, rows, columns, layers) in sizes {
        assert_eq!((maps.0.len(), maps.0[0].len()), (layers, 3));
        for grid in maps.0.iter().flatten() {
            assert_eq!((grid.rows, grid.columns), (rows, columns));
            for row in 0..rows {
                assert!((grid.row(row).iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
    }
    for grid in recorded.decoder.0.iter().flatten() {
        assert!((0..m).all(|row| grid.row(row)[row + 1..].iter().all(|weight| *weight == 0.0)));
    }
}

/// softmax(Q Kᵀ / √`d_head`) of the first layer, from the model's own embeddings and projections, number by number.
#[test]
fn the_first_map_of_the_encoder_is_the_one_computed_by_hand() {
    let (recorder, part) = recorder();
    let map = recorder.record(&part).unwrap().encoder.0[0].clone();
    let model::Model::Transformer(model) = &recorder.model else { panic!("a Transformer was made") };
    let [src, _] = inputs(&part, &recorder.tokenizer, &Device::flex());
    let layer = &model.encoder.layers[0];
    let x = layer.self_attention_block.norm.forward(model.embedding.forward(src, 0, &Pass::inference()));
    let project =
        |linear: &model::Linear| -> Vec<f32> { linear.forward(x.clone()).into_data().try_to_vec().unwrap() };
    let (queries, keys) = (project(&layer.self_attention.query), project(&layer.self_attention.key));
    let n = part.source.len();
    for (head, grid) in map.iter().enumerate() {
        let vector = |of: &[f32], at: usize| -> Vec<f32> { of[at * 12 + head * 4..][..4].to_vec() };
        for row in 0..n {
            let query = vector(&queries, row);
            let score = |column: usize| -> f64 {
                let dot: f32 = query.iter().zip(vector(&keys, column)).map(|(q, k)| q * k).sum();
                (f64::from(dot) / 2.0).exp()
            };
            let sum: f64 = (0..n).map(score).sum();
            for column in 0..n {
                let expected = score(column) / sum;
                assert!((f64::from(grid.row(row)[column]) - expected).abs() < 1e-5, "{head} {row} {column}");
            }
        }
    }
}

#[test]
fn to_be_watched_changes_nothing() {
    let (recorder, part) = recorder();
    let logits = |pass: &Pass| -> TensorData {
        let [src, tgt_in] = inputs(&part, &recorder.tokenizer, &Device::flex());
        recorder.model.forward(src, tgt_in, pass).into_data()
    };
    logits(&Pass::recording()).assert_approx_eq::<f32>(&logits(&Pass::inference()), Tolerance::absolute(0.0));
}

#[test]
fn a_sentence_has_its_tokens_where_they_are_written() {
    let (recorder, part) = recorder();
    let (sentence, alignment) = recorder.sentence(&part).unwrap();
    assert_eq!([sentence.source.as_str(), &sentence.target], ["my book", "ನನ್ನ ಪುಸ್ತಕ ಪುಸ್ತಕ"]);
    assert_eq!(sentence.src.labels(), ["my", "book", "</s>"]);
    assert_eq!(sentence.written.labels(), ["ನನ್ನ", "ಪುಸ್ತಕ", "ಪುಸ್ತಕ", "</s>"]);
    assert_eq!(sentence.read.labels(), ["<s>", "ನನ್ನ", "ಪುಸ್ತಕ", "ಪುಸ್ತಕ"]);
    assert_eq!(alignment.n_words, [2, 3]);
    assert_eq!(sentence.layer, 0);
    assert!(recorder.sentence(&Part { target: Vec::new(), ..part }).is_none());
}
