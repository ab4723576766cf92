//! `learn context`.

use super::Lesson;
use crate::TrainError;
use std::path::Path;

/// The page.
///
/// # Errors
///
/// A model that cannot be read.
pub fn lesson(model: &Path, own: Option<(&str, &[String])>) -> Result<Lesson, TrainError> {
    Ok(Lesson::new("context", &format!("{model:?} {own:?}")))
}
