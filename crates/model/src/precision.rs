//! The numbers that weights and activations are computed in (Micikevicius et al. 2018, arXiv:1710.03740).
//!
//! In a half precision the products of matrices and what passes between layers are half; softmax, layer norm, loss and
//! the optimizer with its own copy of the weights stay float32.

use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

/// A floating-point format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits: 8 of exponent, 23 of fraction.
    #[default]
    F32,
    /// 16 bits: the range of `f32`, 7 bits of fraction.
    Bf16,
    /// 16 bits: 5 of exponent (up to 65,504), 10 of fraction.
    F16,
}

impl Precision {
    /// The name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// The type of a tensor's elements.
    pub fn dtype(self) -> FloatDType {
        match self {
            Self::F32 => FloatDType::F32,
            Self::Bf16 => FloatDType::BF16,
            Self::F16 => FloatDType::F16,
        }
    }
}
