//! Tokens and positions become vectors: `dropout(E[id] · √d_model + PE[position])` (§3.4, §3.5, §5.4).
//!
//! `PE[p, 2i] = sin(p / 10000^(2i/d_model))`, `PE[p, 2i+1] = cos(p / 10000^(2i/d_model))`.

use crate::{Init, Linear, Pass};
use burn::module::{Module, Param};
use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use std::ops::Range;

/// A matrix of token vectors.
#[derive(Module, Debug)]
pub struct Embedding {
    /// `[vocab, d_model]`
    pub weight: Param<Tensor<2>>,
}

impl Embedding {
    /// Normal with deviation 1/√`d_model`, so that the scaled embedding has unit variance and stands above the positions.
    /// Xavier-uniform learns the text that ships much more slowly (docs/LOG.md).
    pub fn new(vocab_size: usize, d_model: usize, init: &Init) -> Self {
        let deviation = 1.0 / (d_model as f64).sqrt();
        Self { weight: init.child("weight").normal(vocab_size, d_model, deviation) }
    }

    /// Embeds `ids` that stand at positions `offset..offset + len`.
    ///
    /// # Shapes
    ///
    /// `[batch, len]` → `[batch, len, d_model]`
    pub fn forward(&self, ids: Tensor<2, Int>, offset: usize, pass: &Pass) -> Tensor<3> {
        let tokens = self.tokens(ids);
        let [_, len, d_model] = tokens.dims();
        let positions = positions(offset..offset + len, d_model, &tokens.device());
        kernels::dropout(tokens + positions.unsqueeze(), pass.dropout())
    }

    /// `dropout(E[id] · √d_model)`: embeds ids whose order the layers know by themselves.
    ///
    /// # Shapes
    ///
    /// `[batch, len]` → `[batch, len, d_model]`
    pub fn without_positions(&self, ids: Tensor<2, Int>, pass: &Pass) -> Tensor<3> {
        kernels::dropout(self.tokens(ids), pass.dropout())
    }

    fn tokens(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let weight = self.weight.val();
        let [_, d_model] = weight.dims();
        kernels::embedding(weight, ids).cast(FloatDType::F32) * (d_model as f64).sqrt()
    }

    /// Logits of the tied output projection (§3.4): x·Eᵀ.
    ///
    /// # Shapes
    ///
    /// `[n, d_model]` → `[n, vocab]`
    pub fn project(&self, x: Tensor<2>) -> Tensor<2> {
        kernels::project(x, self.weight.val())
    }
}

/// States to logits in float32, by a projection of its own or by the target's embedding:
/// `[batch, len, d_model]` → `[batch, len, vocab]`.
pub(crate) fn logits(states: Tensor<3>, output: Option<&Linear>, embedding: &Embedding) -> Tensor<3> {
    let [batch, len, d_model] = states.dims();
    let rows = states.reshape([batch * len, d_model]);
    let logits = match output {
        Some(output) => output.forward(rows),
        None => embedding.project(rows),
    };
    logits.cast(FloatDType::F32).reshape([batch as i32, len as i32, -1])
}

/// The sinusoids of §3.5 for the given positions: `[positions, d_model]`. Defined for any position: no maximum length.
pub fn positions(range: Range<usize>, d_model: usize, device: &Device) -> Tensor<2> {
    let rows = range.len();
    Tensor::from_data(TensorData::new(positions_on_host(range, d_model), [rows, d_model]), device)
}

/// [`positions`], row by row.
pub(crate) fn positions_on_host(range: Range<usize>, d_model: usize) -> Vec<f32> {
    range.flat_map(|position| position_vector(position, d_model)).collect()
}

fn position_vector(position: usize, d_model: usize) -> impl Iterator<Item = f32> {
    (0..d_model / 2).flat_map(move |i| {
        let angle = position as f64 / 10_000_f64.powf((2 * i) as f64 / d_model as f64);
        [angle.sin() as f32, angle.cos() as f32]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_table_of_the_paper() {
        let table: Vec<f32> = positions(0..3, 4, &Device::flex()).into_data().try_to_vec().unwrap();
        let expected = [
            [0.0, 1.0, 0.0, 1.0],
            [0.841_471, 0.540_302, 0.009_999_8, 0.999_950],
            [0.909_297, -0.416_147, 0.019_998_7, 0.999_800],
        ];
        for (got, expected) in table.iter().zip(expected.as_flattened()) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }

    #[test]
    fn positions_can_start_anywhere() {
        let device = Device::flex();
        let all: Vec<f32> = positions(0..9, 6, &device).into_data().try_to_vec().unwrap();
        let tail: Vec<f32> = positions(5..9, 6, &device).into_data().try_to_vec().unwrap();
        assert_eq!(all[5 * 6..], tail);
    }
}
