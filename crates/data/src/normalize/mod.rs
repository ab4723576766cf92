//! The normaliser: the one way in which text of training, evaluation and users is made uniform.
//!
//! In this order: canonical decomposition; characters that show nothing are dropped; control
//! characters and white space become a space; quotes, dandas and (by option) digits get one form;
//! a joiner stays only beside a virama; spaces are folded; canonical composition (NFC). NFC alone
//! repairs every Kannada two-part vowel sign. Nothing else is touched: a colon is never a visarga,
//! a nukta stays, dashes stay.
//!
//! *Beside a virama* means: the run of non-starters before or after the joiner holds U+0CCD. Runs
//! and not neighbours, because canonical order may move a nukta between the two; so canonically
//! equal texts give equal results. The result is a fixed point: dropping a joiner joins two runs
//! without a virama, which changes the fate of no other joiner; composition never takes a virama;
//! and no composed character is one that an earlier step changes.

mod plain;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::config::{Digits, Joiners, NormalizeConfig};

use plain::is_plain;

const VIRAMA: char = '\u{0CCD}';

/// Makes text uniform; see the [module](self).
///
/// ```
/// use data::{NormalizeConfig, Normalizer};
///
/// let normalizer = Normalizer::new(&NormalizeConfig::default());
/// assert_eq!(normalizer.normalize(" ಸಮಯ:\u{200B}೧೦:೩೦\t“ok” "), "ಸಮಯ: 10:30 \"ok\"");
/// ```
#[derive(Clone, Debug)]
pub struct Normalizer {
    config: NormalizeConfig,
}

impl Normalizer {
    /// A normaliser with these options.
    pub fn new(config: &NormalizeConfig) -> Self {
        Self { config: config.clone() }
    }

    /// The uniform form of `text`: one line, no double or outer spaces, NFC.
    ///
    /// `normalize(normalize(x)) == normalize(x)`, and canonically equal texts give the same form.
    pub fn normalize(&self, text: &str) -> String {
        let mut normal = String::with_capacity(text.len());
        for word in text.split(' ') {
            let changed = (!is_plain(word, self.config.digits)).then(|| self.normalize_word(word));
            let word = changed.as_deref().unwrap_or(word);
            if !word.is_empty() && !normal.is_empty() {
                normal.push(' ');
            }
            normal.push_str(word);
        }
        normal
    }

    /// The long way, for any text. Spaces bound all that it looks at, so words may go it one by one.
    fn normalize_word(&self, text: &str) -> String {
        let chars: Vec<char> = text.nfd().filter_map(|c| self.map(c)).collect();
        fold_spaces(keep_joiners(&chars, self.config.joiners)).nfc().collect()
    }

    /// One decomposed character; `None` drops it.
    fn map(&self, c: char) -> Option<char> {
        Some(match c {
            '\u{200C}' | '\u{200D}' => c,
            '\u{00AD}'
            | '\u{061C}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{2060}'
            | '\u{FEFF}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}' => return None,
            '\u{200B}' => ' ',
            c if c.is_control() || c.is_whitespace() => ' ',
            '\u{0CE4}' => '\u{0964}',
            '\u{0CE5}' => '\u{0965}',
            '“' | '”' | '„' | '‟' => '"',
            '‘' | '’' | '‚' | '‛' => '\'',
            '೦'..='೯' if self.config.digits == Digits::Ascii => {
                char::from(b'0' + (c as u32 - '೦' as u32) as u8)
            }
            c => c,
        })
    }
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Keeps the first joiner of each run of joiners that has a virama beside it, and drops the others.
fn keep_joiners(chars: &[char], joiners: Joiners) -> impl Iterator<Item = char> {
    let mut kept = Vec::with_capacity(chars.len());
    let mut virama_before = false;
    let mut rest = chars;
    while let [c, after @ ..] = rest {
        rest = after;
        if !is_joiner(*c) {
            virama_before = *c == VIRAMA || (virama_before && canonical_combining_class(*c) != 0);
            kept.push(*c);
            continue;
        }
        while let [next, after @ ..] = rest
            && is_joiner(*next)
        {
            rest = after;
        }
        if joiners == Joiners::Keep && (virama_before || virama_follows(rest)) {
            kept.push(*c);
            virama_before = false;
        }
    }
    kept.into_iter()
}

/// True if the non-starters at the head of `chars` hold a virama.
fn virama_follows(chars: &[char]) -> bool {
    chars.iter().take_while(|c| canonical_combining_class(**c) != 0).any(|c| *c == VIRAMA)
}

fn fold_spaces(chars: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let mut gap = false;
    let mut begun = false;
    chars
        .flat_map(move |c| {
            if c == ' ' {
                gap = begun;
                return [None, None];
            }
            let space = gap.then_some(' ');
            (gap, begun) = (false, true);
            [space, Some(c)]
        })
        .flatten()
}

#[cfg(test)]
mod tests;
