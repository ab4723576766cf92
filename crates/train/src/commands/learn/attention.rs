//! `learn attention`.

use super::Lesson;
use crate::TrainError;
use std::path::Path;

/// The page.
///
/// # Errors
///
/// A model that cannot be read.
pub fn lesson(sentence: &str, model: Option<&Path>) -> Result<Lesson, TrainError> {
    Ok(Lesson::new(sentence, &format!("{model:?}")))
}
