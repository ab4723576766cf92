//! `learn masks`.

use super::Lesson;
use crate::TrainError;

/// The page.
///
/// # Errors
///
/// None.
pub fn lesson() -> Result<Lesson, TrainError> {
    Ok(Lesson::new("masks", ""))
}
