//! What can go wrong with weights and with search.

use std::path::PathBuf;

/// An error of the crate `model`.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A weight file could not be read or written.
    #[error("cannot access {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A weight file is not valid safetensors.
    #[error("{path} is damaged: {reason}; restore it from a copy or train again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// A weight that the model needs is not in the file.
    #[error("{path} has no tensor '{name}'; it belongs to a model of another shape")]
    MissingTensor {
        /// The file.
        path: PathBuf,
        /// The parameter's path in the module, e.g. `encoder.norm.gamma`.
        name: String,
    },
    /// A weight in the file that the model does not have.
    #[error(
        "{path} has a tensor '{name}' that the model does not have; it belongs to a model of another shape"
    )]
    UnknownTensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        name: String,
    },
    /// A weight of another shape.
    #[error("{path}: tensor '{name}' has shape {got:?}, the model's configuration asks for {expected:?}")]
    TensorShape {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        name: String,
        /// The model's shape.
        expected: Vec<usize>,
        /// The file's shape.
        got: Vec<usize>,
    },
    /// A weight of another type.
    #[error("{path}: tensor '{name}' is {got}, expected F32; convert it before loading")]
    TensorType {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        name: String,
        /// The file's type.
        got: String,
    },
}
