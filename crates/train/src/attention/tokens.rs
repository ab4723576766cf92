//! Tokens for the eye: a label for each piece, and pieces put together into words.
//!
//! A piece may be a part of a letter: a vowel sign, half a conjunct, one byte of a character. A word never is, for
//! words end at spaces; so where whole letters matter, words are shown.

use data::Tokenizer;
use page::attention::Side;
use std::fmt::Write as _;
use unicode_segmentation::UnicodeSegmentation;

/// The tokens of one side, and which words of its text they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    /// Labels.
    pub side: Side,
    /// The word of each piece: a place in `side.words`.
    pub words: Vec<usize>,
    /// For each word of `side` its place among the words of the text, as a split at spaces gives them; `None` for
    /// control tokens and for a space without a word.
    pub places: Vec<Option<usize>>,
    /// Whether each piece is of punctuation alone, in a word that has more than that.
    pub marks: Vec<bool>,
}

/// What a token adds to the text.
enum Piece<'a> {
    Control(&'a str),
    /// A byte of a character.
    Byte(u8),
    /// A byte among others that are no text together.
    Stray(u8),
    Text(&'a str),
}

impl<'a> Piece<'a> {
    fn new(tokenizer: &Tokenizer, id: u32, token: &'a str) -> Self {
        if id <= tokenizer.eos_id() || tokenizer.is_tag_id(id) {
            return Self::Control(token);
        }
        // No other token is spelt like a byte.
        let byte = token.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
        match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => Self::Byte(byte),
            None => Self::Text(token),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Control(_) => &[],
            Self::Byte(byte) => std::slice::from_ref(byte),
            Self::Stray(_) => "\u{FFFD}".as_bytes(),
            Self::Text(text) => text.as_bytes(),
        }
    }

    fn is_punctuation(&self) -> bool {
        matches!(self, Self::Text(text) if text.chars().all(|c| c == ' ' || is_punctuation(c)))
    }

    fn label(&self) -> String {
        match self {
            Self::Control(token) => (*token).to_owned(),
            Self::Byte(byte) | Self::Stray(byte) => format!("‹{byte:02X}›"),
            Self::Text(text) => piece_label(text),
        }
    }
}

/// What each token adds. Bytes in a row are text together or not at all, as when ids become text.
fn read<'a>(tokenizer: &'a Tokenizer, ids: &[u32]) -> Vec<Piece<'a>> {
    let piece = |id: &u32| Piece::new(tokenizer, *id, tokenizer.token(*id).unwrap_or("<?>"));
    let mut pieces: Vec<Piece<'a>> = ids.iter().map(piece).collect();
    let is_byte = |piece: &Piece<'_>| matches!(piece, Piece::Byte(_));
    for run in pieces.chunk_by_mut(|a, b| is_byte(a) == is_byte(b)).filter(|run| is_byte(&run[0])) {
        let bytes: Vec<u8> = run.iter().flat_map(Piece::bytes).copied().collect();
        if std::str::from_utf8(&bytes).is_err() {
            run.iter_mut().zip(bytes).for_each(|(piece, byte)| *piece = Piece::Stray(byte));
        }
    }
    pieces
}

impl Tokens {
    /// The tokens of some ids.
    pub fn new(tokenizer: &Tokenizer, ids: &[u32], language: &str) -> Self {
        let mut pieces = Vec::new();
        let mut words: Vec<(Vec<u8>, usize, bool)> = Vec::new();
        let mut word_of = Vec::new();
        let mut marks = Vec::new();
        for piece in read(tokenizer, ids) {
            let control = matches!(piece, Piece::Control(_));
            let opens = control
                || piece.bytes().starts_with(b" ")
                || words.last().is_none_or(|(_, _, control)| *control);
            if opens {
                words.push((Vec::new(), 0, control));
            }
            let word = words.last_mut().expect("one was opened");
            word.0.extend(if let Piece::Control(token) = piece { token.as_bytes() } else { piece.bytes() });
            word.1 += 1;
            word_of.push(words.len() - 1);
            marks.push(piece.is_punctuation());
            pieces.push(piece.label());
        }
        let mut n_words = 0;
        let places = words.iter().map(|(text, _, control)| {
            let is_word = !control && text.trim_ascii() != b"";
            n_words += usize::from(is_word);
            is_word.then(|| n_words - 1)
        });
        let places = places.collect();
        let words: Vec<(String, usize)> =
            words.into_iter().map(|(text, size, _)| (word_label(&text), size)).collect();
        let all_marks: Vec<bool> =
            words.iter().map(|(word, _)| word.chars().all(|c| c == '▁' || is_punctuation(c))).collect();
        let marks =
            marks.into_iter().zip(&word_of).map(|(mark, word): (bool, &usize)| mark && !all_marks[*word]);
        let marks = marks.collect();
        let side = Side { language: language.into(), pieces, words };
        Self { side, words: word_of, places, marks }
    }

    /// The place in the text of a piece's word; `None` for what links no words: control tokens and punctuation that is
    /// written together with a word.
    pub fn place(&self, piece: usize) -> Option<usize> {
        self.places[self.words[piece]].filter(|_| !self.marks[piece])
    }

    /// Words of the text.
    pub fn n_words(&self) -> usize {
        self.places.iter().flatten().count()
    }
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}' | '।' | '॥' | '«' | '»')
}

/// A word, whole; bytes that are no text become U+FFFD.
fn word_label(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.trim_start_matches(' ') {
        "" => "▁".into(),
        word => with_base(word),
    }
}

/// A piece: ▁ for the space before it.
fn piece_label(text: &str) -> String {
    match text.strip_prefix(' ') {
        Some("") => "▁".into(),
        Some(rest) => format!("▁{}", with_base(rest)),
        None => with_base(text),
    }
}

/// The text with ◌ before a sign that needs a letter, and with names for what has no shape.
fn with_base(text: &str) -> String {
    let mut label = String::new();
    if format!("a{text}").graphemes(true).next() != Some("a") && shape_name(text).is_none() {
        label.push('◌');
    }
    match shape_name(text) {
        Some(name) => label.push_str(&name),
        None => label.push_str(text),
    }
    label
}

/// ‹ZWNJ›, ‹U+200B›, …: the name of a text in which nothing can be seen.
fn shape_name(text: &str) -> Option<String> {
    let unseen = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
    };
    if text.is_empty() || !text.chars().all(unseen) {
        return None;
    }
    let mut names = String::new();
    for c in text.chars() {
        let _ = match c {
            '\u{200C}' => write!(names, "‹ZWNJ›"),
            '\u{200D}' => write!(names, "‹ZWJ›"),
            c => write!(names, "‹U+{:04X}›", u32::from(c)),
        };
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::TokenizerConfig;

    fn tokenizer() -> Tokenizer {
        let config = TokenizerConfig { vocab_size: 273, min_char_count: 2 };
        // Signs and consonants become entries, few of them merge.
        let lines = ["ಕ ಷ ್ ಿ ತ ನ", "ಕ ಷ ್ ಿ ತ ನ", "my book.", "my my."];
        Tokenizer::train(lines.into_iter(), &config).unwrap()
    }

    /// Pieces by words, with the word's own label.
    fn shown(text: &str) -> Vec<(String, Vec<String>)> {
        let tokenizer = tokenizer();
        let ids = tokenizer.encode(text);
        let tokens = Tokens::new(&tokenizer, &ids, "kn");
        let words: Vec<String> = tokens.side.labels();
        assert_eq!(words, text.split_whitespace().collect::<Vec<_>>(), "words are whole");
        assert_eq!(tokens.n_words(), words.len());
        let of = |word: usize| {
            (0..ids.len()).filter(move |&i| tokens.words[i] == word).map(|i| tokens.side.pieces[i].clone())
        };
        words.iter().enumerate().map(|(i, word)| (word.clone(), of.clone()(i).collect())).collect()
    }

    #[test]
    fn a_conjunct_is_whole_in_its_word_and_readable_in_its_pieces() {
        let words = shown("ಕ್ಷಿ ತ");
        assert_eq!(words.len(), 2);
        let pieces = words[0].1.concat();
        assert_eq!(pieces.replace(['◌', '▁'], ""), "ಕ್ಷಿ");
        assert!(words[0].1.iter().skip(1).all(|piece| !piece.starts_with(['್', 'ಿ'])), "{words:?}");
    }

    #[test]
    fn joiners_bytes_and_emoji_have_labels() {
        assert_eq!(with_base("\u{200C}"), "‹ZWNJ›");
        assert_eq!(with_base("\u{200D}"), "‹ZWJ›");
        assert_eq!(with_base("\u{FE0F}"), "‹U+FE0F›");
        assert_eq!(with_base("ಿ"), "◌ಿ");
        assert_eq!(with_base("್ಷ"), "◌್ಷ");
        assert_eq!(with_base("ಕ್"), "ಕ್");
        assert_eq!(piece_label(" ನ"), "▁ನ");
        assert_eq!(piece_label(" "), "▁");
        for text in ["ನ್\u{200C}ನ my", "👩\u{200D}🌾 ನ", "ཀྵ", "my 😀😀."] {
            let words = shown(text);
            let pieces: Vec<&String> = words.iter().flat_map(|(_, pieces)| pieces).collect();
            assert!(pieces.iter().all(|piece| !piece.contains('\u{FFFD}')), "{pieces:?}");
        }
        assert!(shown("😀")[0].1.contains(&"‹F0›".to_owned()), "{:?}", shown("😀"));
    }

    #[test]
    fn control_tokens_are_words_of_their_own_and_have_no_place() {
        let tokenizer = tokenizer();
        let ids = [&[1], &tokenizer.encode("my book.")[..], &[2]].concat();
        let tokens = Tokens::new(&tokenizer, &ids, "en");
        assert_eq!(tokens.side.labels(), ["<s>", "my", "book.", "</s>"]);
        assert_eq!(tokens.places, [None, Some(0), Some(1), None]);
        assert_eq!(tokens.side.sizes().iter().sum::<usize>(), ids.len());
        assert_eq!(tokens.place(ids.len() - 1), None);
        assert_eq!(tokens.place(ids.len() - 2), None, "the full stop of `book.`");
        let alone = Tokens::new(&tokenizer, &tokenizer.encode("my . my"), "en");
        assert_eq!(alone.n_words(), 3);
        assert!(!alone.marks.contains(&true), "a full stop alone is a word");
    }

    #[test]
    fn spaces_without_a_word_and_bytes_without_a_letter_are_shown() {
        let tokenizer = tokenizer();
        let space = (3..tokenizer.vocab_size() as u32).find(|id| tokenizer.token(*id) == Some(" ")).unwrap();
        let byte = 3 + 0xE0;
        let my = tokenizer.encode("my");
        let ids = [&[space, space][..], &my, &[space, byte]].concat();
        let tokens = Tokens::new(&tokenizer, &ids, "en");
        assert_eq!(tokens.side.labels()[..2], ["▁", "▁"]);
        assert_eq!(tokens.side.labels().last().unwrap(), "\u{FFFD}");
        assert_eq!(tokens.side.pieces.last().unwrap(), "‹E0›");
        // Bytes in a row: a space among bytes that are no text is none, and one among bytes that are, is one.
        let bytes = |bytes: &[u8]| bytes.iter().map(|byte| 3 + u32::from(*byte)).collect::<Vec<u32>>();
        for ids in [ids, bytes(b"a b"), bytes(b"\xE0 b"), [my, bytes(b" \xFF")].concat()] {
            let text = tokenizer.detokenize(&ids);
            let words: Vec<String> =
                text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
            let tokens = Tokens::new(&tokenizer, &ids, "en");
            assert_eq!(tokens.n_words(), words.len(), "{text:?}");
            let labels = tokens.side.labels();
            assert_eq!(
                labels.iter().filter(|word| *word != "▁").collect::<Vec<_>>(),
                words.iter().collect::<Vec<_>>()
            );
        }
    }
}
