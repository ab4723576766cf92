//! One file for each subcommand.

use unicode_segmentation::UnicodeSegmentation;

pub mod train;
pub mod evaluate;
pub mod pictures;
pub mod translate;
pub mod backends;
pub mod version;
pub mod data;
pub mod split;
pub mod config;
pub mod learn;
pub mod report;
pub mod runs;
pub mod compare;

/// Columns of a terminal that a text takes, about: a grapheme cluster takes one; Kannada may stand a little askew.
pub(crate) fn text_width(text: &str) -> usize {
    text.graphemes(true).count()
}
