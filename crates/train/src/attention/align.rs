//! Which source word a target word comes from, read from cross-attention, in the form of Pharaoh: `0-0 1-2`,
//! source-target, words from 0.
//!
//! Each piece of the target is tied to the piece of the source that it looks at most, on the mean over the heads of one
//! layer; two words are linked where pieces of theirs are tied. In deep models the last layer but one aligns best
//! (Garg et al. 2019 §4.1, arXiv:1909.02074). Control tokens are never linked, nor is punctuation that is written
//! together with a word: heads rest on it.

use super::Tokens;
use page::attention::Grid;
use std::collections::BTreeSet;
use std::fmt;

/// Links of a sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alignment {
    /// Source and target word of each link, from 0, as a split of the texts at spaces counts them; in rising order.
    pub pairs: BTreeSet<(usize, usize)>,
    /// The same as places in `written.words` and `src.words` of the sentence, control tokens counted.
    pub units: Vec<(usize, usize)>,
    /// Words of source and target.
    pub n_words: [usize; 2],
}

impl fmt::Display for Alignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.pairs.iter().map(|(src, tgt)| format!("{src}-{tgt}")).collect();
        f.write_str(&pairs.join(" "))
    }
}

impl Alignment {
    /// Adds the links of the part of a line that follows.
    #[must_use]
    pub fn followed_by(mut self, next: &Self) -> Self {
        let [src, tgt] = self.n_words;
        self.pairs.extend(next.pairs.iter().map(|(i, j)| (i + src, j + tgt)));
        self.n_words = [src + next.n_words[0], tgt + next.n_words[1]];
        self
    }
}

/// The layer that alignments are read from, from 0: the last but one, or the only one.
pub fn alignment_layer(n_layers: usize) -> usize {
    n_layers.saturating_sub(2)
}

/// The alignment of a sentence from weights `[written, src]`.
pub fn align(weights: &Grid, written: &Tokens, src: &Tokens) -> Alignment {
    let mut links = Alignment { n_words: [src.n_words(), written.n_words()], ..Alignment::default() };
    for row in 0..weights.rows {
        let Some(target) = written.place(row) else { continue };
        let words = (0..weights.columns).filter(|&column| src.place(column).is_some());
        let Some(best) = words.max_by(|&a, &b| {
            // Of equal ones the first.
            weights.row(row)[a].total_cmp(&weights.row(row)[b]).then(b.cmp(&a))
        }) else {
            continue;
        };
        let source = src.place(best).expect("only words were asked");
        if links.pairs.insert((source, target)) {
            links.units.push((written.words[row], src.words[best]));
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use page::attention::Side;

    /// A side of words with so many pieces; a name in angle brackets is a control token.
    fn tokens(words: &[(&str, usize)]) -> Tokens {
        let mut places = Vec::new();
        let mut n = 0;
        for (word, _) in words {
            places.push((!word.starts_with('<')).then_some(n));
            n += usize::from(!word.starts_with('<'));
        }
        let word_of: Vec<usize> =
            words.iter().enumerate().flat_map(|(i, (_, n))| std::iter::repeat_n(i, *n)).collect();
        let words: Vec<(String, usize)> = words.iter().map(|(word, n)| ((*word).to_owned(), *n)).collect();
        let side = Side { words, ..Side::default() };
        let marks = vec![false; word_of.len()];
        Tokens { side, words: word_of, places, marks }
    }

    #[test]
    fn each_piece_is_tied_to_what_it_looks_at_most() {
        let src = tokens(&[("<2kn>", 1), ("my", 1), ("book", 2), ("</s>", 1)]);
        let written = tokens(&[("ನನ್ನ", 2), ("ಪುಸ್ತಕ", 1), ("</s>", 1)]);
        #[rustfmt::skip]
        let weights = Grid::new(4, 5, vec![
            0.9, 0.06, 0.02, 0.01, 0.01, // the tag gets most, of the words `my`
            0.1, 0.2,  0.1,  0.5,  0.1,  // the second piece of `book`
            0.0, 0.1,  0.3,  0.1,  0.5,  // the end gets most, of the words `book`
            0.2, 0.2,  0.2,  0.2,  0.2,  // the end is not linked
        ]);
        let links = align(&weights, &written, &src);
        assert_eq!(links.to_string(), "0-0 1-0 1-1");
        assert_eq!(links.units, [(0, 1), (0, 2), (1, 2)]);
        assert_eq!(links.n_words, [2, 2]);
        assert_eq!(links.clone().followed_by(&links).to_string(), "0-0 1-0 1-1 2-2 3-2 3-3");
    }

    #[test]
    fn punctuation_of_a_word_ties_nothing() {
        let (mut src, mut written) = (tokens(&[("book?", 2), ("is", 1)]), tokens(&[("ಎಲ್ಲಿದೆ?", 2)]));
        src.marks[1] = true;
        written.marks[1] = true;
        let weights = Grid::new(2, 3, vec![0.2, 0.5, 0.3, 0.9, 0.0, 0.1]);
        assert_eq!(align(&weights, &written, &src).to_string(), "1-0");
    }

    #[test]
    fn without_words_there_are_no_links() {
        let (words, none) = (tokens(&[("a", 1)]), tokens(&[("</s>", 1)]));
        let weights = Grid::new(1, 1, vec![1.0]);
        for (written, src) in [(&words, &none), (&none, &words)] {
            assert_eq!(align(&weights, written, src).to_string(), "");
        }
    }

    #[test]
    fn the_last_layer_but_one_aligns() {
        assert_eq!([1, 2, 3, 6].map(alignment_layer), [0, 0, 1, 4]);
    }
}
