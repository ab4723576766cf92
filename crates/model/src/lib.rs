//! The Transformer of *Attention Is All You Need* (Vaswani et al. 2017, arXiv:1706.03762): tensors in, tensors out.
//!
//! ```text
//! source ids ─ embedding ─ encoder ─▶ Memory ─┐
//! target ids ─ embedding ─────────── decoder ─┴─▶ logits ─ search ─▶ target ids
//! ```
//!
//! Beside it stands a recurrent model of the same interface, to compare with: [`Gru`]; [`Model`] is either of them.
//!
//! This crate knows tensors, masks, caches and search; it never sees text.
//!
//! # Axes
//!
//! | name | meaning |
//! | --- | --- |
//! | `batch` | sentences (in search: live hypotheses) |
//! | `src_len`, `tgt_len` | tokens of the padded source and target |
//! | `q_len`, `k_len` | positions that ask, positions that are looked at |
//! | `d_model` | width of the residual stream (the paper's name) |
//! | `n_heads`, `d_head` | attention heads and their width, `n_heads · d_head = d_model` (the paper's h and `d_k` = `d_v`) |
//! | `d_ff` | width of the feed-forward layer |
//! | `vocab` | entries of the joint vocabulary |
//!
//! # Example
//!
//! ```
//! use burn::tensor::{Device, Int, Tensor, TensorData};
//! use model::{ModelConfig, Pass, SpecialIds, Transformer};
//!
//! let config = ModelConfig { d_model: 8, d_ff: 16, n_heads: 2, n_encoder_layers: 1, n_decoder_layers: 1, ..Default::default() };
//! let ids = SpecialIds { pad: 0, bos: 1, eos: 2 };
//! let device = Device::flex();
//! let transformer = Transformer::new(&config, 11, ids, 7, &device);
//! let src = Tensor::<2, Int>::from_data(TensorData::new(vec![5_i64, 6, 2], [1, 3]), &device);
//! let tgt_in = Tensor::<2, Int>::from_data(TensorData::new(vec![1_i64, 9], [1, 2]), &device);
//! let logits = transformer.forward(src, tgt_in, &Pass::inference());
//! assert_eq!(logits.dims(), [1, 2, 11]);
//! ```
#![forbid(unsafe_code)]

pub mod error;
pub mod config;
mod precision;
mod pass;
mod init;
pub mod mask;
mod linear;
mod layer_norm;
pub mod embedding;
pub mod attention;
pub mod feed_forward;
pub mod cache;
pub mod encoder;
pub mod decoder;
mod transformer;
pub mod gru;
mod model;
pub mod search;
pub mod weights;

pub use config::{
    Activation, Fault, MAX_ELEMENTS, MAX_PARAMETERS, ModelConfig, ModelKind, NormOrder, Tying, gibibytes,
};
pub use error::ModelError;
pub use gru::Gru;
pub use init::Init;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use model::Model;
pub use pass::{AttentionMaps, Pass, Watch};
pub use precision::Precision;
pub use transformer::{Memory, SpecialIds, Transformer};
