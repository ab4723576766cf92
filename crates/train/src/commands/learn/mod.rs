//! `learn`: pages that show how the Transformer works, computed by the model's own code at the moment of asking.
//!
//! A page is a [`Lesson`]: blocks of text, formulas, tables and matrices. [`show`] prints it and, where a file is named,
//! writes it as HTML with pictures.

mod lesson;
mod terminal;
mod html;
mod tensors;
mod watch;
mod source;
pub mod attention;
pub mod positions;
pub mod masks;
pub mod context;
pub mod heads;
pub mod cost;

pub use lesson::{Field, Lesson, Matrix};
pub use terminal::Terminal;

use crate::cli::stdout_error;
use crate::commands::data::expect_place;
use crate::disk::SystemDisk;
use crate::{TrainError, files};
use std::io::Write;
use std::path::Path;

/// Computes a page and prints it; `html` is written, too.
///
/// # Errors
///
/// What the lesson says; standard output is closed; `html` that cannot be written, found before anything is computed.
pub fn show(
    lesson: impl FnOnce() -> Result<Lesson, TrainError>,
    html: Option<&Path>,
    terminal: Terminal,
    out: &mut impl Write,
) -> Result<(), TrainError> {
    html.map_or(Ok(()), expect_place)?;
    let lesson = lesson()?;
    if let Some(path) = html {
        files::write_file(&SystemDisk, path, lesson.to_html().as_bytes())?;
        tracing::info!("wrote {}", path.display());
    }
    writeln!(out, "{}", lesson.to_text(terminal).trim_end()).map_err(stdout_error)
}
