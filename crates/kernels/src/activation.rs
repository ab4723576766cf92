//! The activation of the feed-forward sub-layer, with dropout after it.
//!
//! `relu(x) = max(x, 0)`; `gelu(x) = x·Φ(x)` with the exact normal distribution Φ (Hendrycks & Gimpel 2016,
//! arXiv:1606.08415).

use burn::tensor::{Tensor, activation as burn_activation};

use crate::dropout::{Dropout, dropout as drop};

/// Which activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`, the paper's.
    Relu,
    /// `x·Φ(x)`, by the error function.
    Gelu,
}

/// `dropout(activation(x))`, element by element.
///
/// # Panics
/// If the probability is not in `[0, 1)`.
pub fn activation<const D: usize>(x: Tensor<D>, activation: Activation, dropout: Dropout) -> Tensor<D> {
    plain(x, activation, dropout)
}

/// The plain body.
pub fn plain<const D: usize>(x: Tensor<D>, activation: Activation, dropout: Dropout) -> Tensor<D> {
    let y = match activation {
        Activation::Relu => burn_activation::relu(x),
        Activation::Gelu => burn_activation::gelu(x),
    };
    drop(y, dropout)
}
