//! Weights of strangers: every mutant of a safetensors file is accepted or a typed error, in bounded memory and time.

#[path = "../../../data/tests/hostile/harness.rs"]
mod harness;
#[path = "../../../data/tests/hostile/mutate.rs"]
mod mutate;

use burn::tensor::Device;
use harness::{Memory, Outcome, alone, peak_of, rounds, survive};
use model::weights::{Arrays, Shapes, from_safetensors, read_safetensors, shapes, to_arrays, to_safetensors};
use model::{Model, ModelConfig, SpecialIds};
use std::path::Path;
use std::sync::LazyLock;

const VOCAB: usize = 11;

fn config() -> ModelConfig {
    ModelConfig {
        d_model: 4,
        d_ff: 6,
        n_heads: 2,
        n_encoder_layers: 1,
        n_decoder_layers: 1,
        ..Default::default()
    }
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| shapes(&config(), VOCAB));

fn seed() -> Vec<u8> {
    let ids = SpecialIds { pad: 0, bos: 1, eos: 2 };
    let model = Model::new(&config(), VOCAB, ids, 1, &Device::flex());
    to_safetensors(&to_arrays(&model), [("format".to_owned(), "anuvada".to_owned())].into())
}

fn weights(bytes: &[u8]) -> Outcome {
    let path = Path::new("model.safetensors");
    let any = from_safetensors(bytes, path);
    let ours = read_safetensors(bytes, &SHAPES, path).map_err(|fault| fault.to_string())?;
    // Names and shapes: a number may be NaN, which is the matter of the reader of model directories.
    let of =
        |arrays: Arrays| -> Shapes { arrays.into_iter().map(|(name, array)| (name, array.shape)).collect() };
    assert_eq!((any.ok().map(of), of(ours)), (Some(SHAPES.clone()), SHAPES.clone()));
    Ok(())
}

#[test]
fn files() {
    survive("safetensors", &[seed()], rounds(10_000, 200_000), Memory::USUAL, weights);
}

/// The header alone, so that each mutant changes it.
#[test]
fn headers() {
    fn of_header(header: &[u8]) -> Outcome {
        let data = SHAPES.values().map(|shape| shape.iter().product::<usize>() * 4).sum();
        weights(&[&(header.len() as u64).to_le_bytes(), header, &vec![0; data]].concat())
    }
    let seed = seed();
    let length = usize::from(u16::from_le_bytes([seed[0], seed[1]]));
    survive(
        "safetensors header",
        &[seed[8..8 + length].to_vec()],
        rounds(10_000, 200_000),
        Memory::USUAL,
        of_header,
    );
}

#[test]
fn what_does_not_fit_is_not_copied() {
    let _alone = alone();
    let header = r#"{"embedding.weight":{"dtype":"F32","shape":[5242880,4],"data_offsets":[0,83886080]}}"#;
    let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; 80 << 20]].concat();
    let read = || read_safetensors(&bytes, &SHAPES, Path::new("m")).expect_err("another shape").to_string();
    let (most, told) = peak_of(read);
    assert!(
        told.contains(
            "'embedding.weight' has shape [5242880, 4], the model's configuration asks for [11, 4]"
        )
    );
    assert!(most < 1 << 20, "{most}");
}
