//! The operations in which a Transformer, and the recurrent model beside it, spend their time.
//!
//! Each operation has a plain body, made of Burn's tensor operations, that runs and differentiates on every
//! backend, and, where that pays, a fast one for Burn's CPU backend Flex with a hand-written backward pass.
//! The public function picks by the device of its input; both give the same numbers up to rounding.
//!
//! Axes: `batch`, `n_heads`, `q_len` and `k_len` (queries, keys), `d_head`, `d_model`, `vocab`; `..` stands
//! for any number of leading axes. Floats are float32; the plain bodies take half precisions, too, and then compute
//! softmax, norm and loss in float32.
//!
//! ```
//! use burn::tensor::{Device, Tensor, TensorData};
//! use kernels::{Mask, Order, attention_weights};
//!
//! // A query (2, 2) among the keys (2, 2), (-4, 3) and (4, 0): dot products 8, -2 and 8, divided by the root of 2.
//! let heads = |rows: &[f32]| {
//!     Tensor::<4>::from_data(TensorData::new(rows.to_vec(), [1, 1, rows.len() / 2, 2]), &Device::flex())
//! };
//! let everything = Mask { padding: None, order: Order::Any };
//! let weights = attention_weights(heads(&[2., 2.]), heads(&[2., 2., -4., 3., 4., 0.]), &everything);
//! let weights: Vec<f32> = weights.into_data().try_to_vec()?;
//! assert!((weights[0] - 0.4998).abs() < 1e-4 && (weights[1] - 0.0004).abs() < 1e-4);
//! # Ok::<(), burn::tensor::DataError>(())
//! ```

#![allow(
    unsafe_code,
    reason = "the one crate that may: vectors, uninitialised buffers and the matrix product"
)]
#![cfg_attr(feature = "tch", allow(deprecated, reason = "the pinned Burn is the last that has libtorch"))]
#![allow(clippy::inline_always, reason = "a body is compiled for each instruction set only if it is inlined")]

pub mod bits;
mod memory;
mod simd;
mod host;
mod flex;
#[cfg(feature = "tch")]
mod libtorch;
mod matrix;
mod product;
mod small;
mod linear;
mod layer_norm;
mod dropout;
mod activation;
mod attention;
mod cross_entropy;
mod embedding;
mod gru;
mod log_softmax;
mod project;
mod adamw;
#[cfg(test)]
mod testing;

pub use activation::{Activation, activation};
pub use adamw::{AdamW, Moments, adamw, squared_norm};
pub use attention::{Mask, Order, attention, attention_cached, attention_weights, attention_within};
pub use cross_entropy::{CrossEntropy, cross_entropy};
pub use dropout::{Dropout, dropout, dropout_add};
pub use embedding::embedding;
pub use gru::{Direction, Walk, gru};
pub use host::is_cpu;
pub use layer_norm::{layer_norm, layer_norm_rows};
pub use linear::linear;
pub use log_softmax::log_softmax;
pub use memory::keep_freed_memory;
pub use product::Packed;
pub use project::project;

/// The plain bodies of the operations that have a fast one, for benchmarks and tests: the same signatures.
pub mod plain {
    pub use crate::activation::plain as activation;
    pub use crate::adamw::plain as adamw;
    pub use crate::attention::plain::attention;
    pub use crate::cross_entropy::plain as cross_entropy;
    pub use crate::gru::plain::gru;
    pub use crate::layer_norm::plain as layer_norm;
    pub use crate::linear::plain as linear;
    pub use crate::project::plain as project;
}
