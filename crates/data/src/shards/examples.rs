//! Where examples come from: memory or disk, with equal batches.

use std::sync::Arc;

use crate::batch::Example;
use crate::error::DataError;

use super::Reader;

/// The examples that a loader makes batches of.
#[derive(Clone, Debug)]
pub enum Examples {
    /// All in memory.
    Memory(Vec<Example>),
    /// In a set of shards.
    Shards(Arc<Reader>),
}

impl From<Vec<Example>> for Examples {
    fn from(examples: Vec<Example>) -> Self {
        Self::Memory(examples)
    }
}

impl From<Reader> for Examples {
    fn from(reader: Reader) -> Self {
        Self::Shards(Arc::new(reader))
    }
}

impl Examples {
    /// Number of examples.
    pub fn len(&self) -> usize {
        match self {
            Self::Memory(examples) => examples.len(),
            Self::Shards(reader) => reader.len(),
        }
    }

    /// True without examples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As [`Example::lengths`].
    ///
    /// # Panics
    ///
    /// If there is no such example.
    pub fn lengths(&self, example: usize) -> (u32, u32) {
        match self {
            Self::Memory(examples) => examples[example].lengths(),
            Self::Shards(reader) => reader.lengths(example),
        }
    }

    /// One example.
    ///
    /// # Errors
    ///
    /// As [`Reader::get`]; none from memory.
    ///
    /// # Panics
    ///
    /// If there is no such example.
    pub fn get(&self, example: usize) -> Result<Example, DataError> {
        match self {
            Self::Memory(examples) => Ok(examples[example].clone()),
            Self::Shards(reader) => reader.get(example),
        }
    }
}
