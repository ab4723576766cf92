//! Attention that can be looked at: the weights of each layer and head over the tokens of a sentence, as a page, and as
//! a picture that stands alone.
//!
//! A row of a matrix is the position that asks, a column one that is looked at; a row sums to 1. A model sees pieces of
//! words; a reader sees words. What a row of several pieces looks at is the mean of what they look at; what a column of
//! several pieces gets is the sum (Clark et al. 2019 §5.1, arXiv:1906.04341).

mod grid;
mod label;
mod matrix;
mod alone;
mod json;
mod sentences;
#[cfg(test)]
mod tests;

pub use alone::picture;
pub use grid::{Grid, Maps};
pub use sentences::AttentionPage;

/// The tokens of one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// Its language, as HTML names it.
    pub language: String,
    /// What is shown for each piece.
    pub pieces: Vec<String>,
    /// Each word with its number of pieces.
    pub words: Vec<(String, usize)>,
}

impl Side {
    /// Pieces of each word.
    pub fn sizes(&self) -> Vec<usize> {
        self.words.iter().map(|(_, pieces)| *pieces).collect()
    }

    /// The words alone.
    pub fn labels(&self) -> Vec<String> {
        self.words.iter().map(|(word, _)| word.clone()).collect()
    }
}

/// Which of the three attentions of the Transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Of the target to the source.
    Cross,
    /// Of the source to itself.
    Encoder,
    /// Of the target to what is written already.
    Decoder,
}

impl Kind {
    /// All three, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Cross, Self::Encoder, Self::Decoder];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cross => "cross-attention",
            Self::Encoder => "encoder self-attention",
            Self::Decoder => "decoder self-attention",
        }
    }

    /// What its rows and columns are.
    pub fn axes(self) -> &'static str {
        match self {
            Self::Cross => "rows: the word that is written; columns: source words",
            Self::Encoder => "rows: source words; columns: source words that they look at",
            Self::Decoder => {
                "rows: the word that is written; columns: words written before, from the start sign <s>"
            }
        }
    }
}

/// All attention of one sentence and its translation.
#[derive(Clone, Debug)]
pub struct Sentence {
    /// Source text.
    pub source: String,
    /// Target text.
    pub target: String,
    /// Source tokens, with the end sign.
    pub src: Side,
    /// Tokens that are written, with the end sign: row `t` is the position that *writes* token `t`.
    pub written: Side,
    /// Tokens that have been read when they are written, from the start sign.
    pub read: Side,
    /// `[written, src]`
    pub cross: Maps,
    /// `[src, src]`
    pub encoder: Maps,
    /// `[written, read]`
    pub decoder: Maps,
    /// Words of the target and the source words that they come from: places in `written.words` and `src.words`.
    pub links: Vec<(usize, usize)>,
    /// The same as text: source-target pairs, from 0.
    pub pharaoh: String,
    /// The layer that the links come from, from 0.
    pub layer: usize,
}

impl Sentence {
    /// The maps of one kind.
    pub fn maps(&self, kind: Kind) -> &Maps {
        match kind {
            Kind::Cross => &self.cross,
            Kind::Encoder => &self.encoder,
            Kind::Decoder => &self.decoder,
        }
    }

    /// The tokens of its rows and of its columns.
    pub fn sides(&self, kind: Kind) -> [&Side; 2] {
        match kind {
            Kind::Cross => [&self.written, &self.src],
            Kind::Encoder => [&self.src, &self.src],
            Kind::Decoder => [&self.written, &self.read],
        }
    }

    /// A grid of pieces as one of words.
    pub(crate) fn by_words(&self, kind: Kind, grid: &Grid) -> Grid {
        let [rows, columns] = self.sides(kind).map(Side::sizes);
        grid.merged(&rows, &columns)
    }
}
