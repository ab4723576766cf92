//! Characters: which there are, which are too rare for the vocabulary, and which hint at noise.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

const PAGE: usize = 256;
const N_PAGES: usize = 0x11_0000 / PAGE;

/// How often each character came, and in which pair first.
#[derive(Clone, Debug)]
pub(super) struct CharCounts {
    pages: Vec<Option<Box<[CharCount; PAGE]>>>,
}

/// A character's count and first pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CharCount {
    pub(super) count: u64,
    pub(super) first: usize,
}

const NEVER: CharCount = CharCount { count: 0, first: usize::MAX };

impl Default for CharCounts {
    fn default() -> Self {
        Self { pages: vec![None; N_PAGES] }
    }
}

impl CharCounts {
    /// Counts the characters of a text.
    pub(super) fn add(&mut self, text: &str, index: usize) {
        for c in text.chars() {
            let count = self.at(c as usize);
            count.count += 1;
            count.first = index.min(count.first);
        }
    }

    /// Takes back the characters of a text that was counted, and is not the first with any of them.
    pub(super) fn remove(&mut self, text: &str) {
        for c in text.chars() {
            let count = self.at(c as usize);
            count.count = count.count.saturating_sub(1);
        }
    }

    fn at(&mut self, code: usize) -> &mut CharCount {
        &mut self.pages[code / PAGE].get_or_insert_with(|| Box::new([NEVER; PAGE]))[code % PAGE]
    }

    /// Adds what another one counted.
    pub(super) fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.pages.iter_mut().zip(other.pages) {
            match (mine.as_mut(), theirs) {
                (Some(mine), Some(theirs)) => {
                    for (all, these) in mine.iter_mut().zip(theirs.iter()) {
                        all.count += these.count;
                        all.first = these.first.min(all.first);
                    }
                }
                (None, Some(theirs)) => *mine = Some(theirs),
                (_, None) => {}
            }
        }
    }

    /// The characters that came, by code point.
    pub(super) fn iter(&self) -> impl Iterator<Item = (char, CharCount)> {
        let pages = self.pages.iter().enumerate();
        let codes = pages.filter_map(|(page, counts)| Some((page * PAGE.., counts.as_deref()?)));
        let counts = codes.flat_map(|(codes, counts)| codes.zip(counts.iter().copied()));
        let came = counts.filter(|(_, count)| count.count > 0);
        came.filter_map(|(code, count)| Some((char::from_u32(code as u32)?, count)))
    }
}

/// A count of lines and the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) count: u64,
    pub(super) first: usize,
}

impl Default for Lines {
    fn default() -> Self {
        Self { count: 0, first: usize::MAX }
    }
}

impl Lines {
    pub(super) fn add(&mut self, holds: bool, index: usize) {
        if holds {
            self.count += 1;
            self.first = index.min(self.first);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first = other.first.min(self.first);
    }
}

/// Lines of a side with a kind of noise, in the text as it stands in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Noise(pub(super) [Lines; NoiseKind::ALL.len()]);

/// A kind of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseKind {
    /// U+FFFD, which stands for text that was lost when an encoding was read wrongly.
    Replacement,
    /// A control character, tabs aside.
    Control,
    /// A character of private use, which shows only in the font that it was made for.
    PrivateUse,
    /// A code point without a character.
    Unassigned,
    /// A zero-width joiner or non-joiner that has no virama beside it, and does nothing.
    StrayJoiner,
    /// A vowel sign, virama or other dependent sign of an Indic script at the start of a word.
    SignAtWordStart,
    /// A virama before a space: noise in native words, usual at the end of loan words.
    ViramaBeforeSpace,
}

impl NoiseKind {
    /// All of them, worst first.
    pub const ALL: [Self; 7] = [
        Self::Replacement,
        Self::Control,
        Self::PrivateUse,
        Self::Unassigned,
        Self::StrayJoiner,
        Self::SignAtWordStart,
        Self::ViramaBeforeSpace,
    ];

    /// What is counted, in a few words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Replacement => "the replacement character U+FFFD",
            Self::Control => "control characters",
            Self::PrivateUse => "private-use characters",
            Self::Unassigned => "unassigned code points",
            Self::StrayJoiner => "joiners without a virama beside them",
            Self::SignAtWordStart => "a vowel sign or virama at a word start",
            Self::ViramaBeforeSpace => "a virama before a space (also ends loan words)",
        }
    }
}

/// A bit for each kind that a character by itself may show.
const SIGN: u8 = 1 << 4;
const VIRAMA: u8 = 1 << 5;
const JOINER: u8 = 1 << 6;
const SPACE: u8 = 1 << 7;

static CLASSES: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..=0xFFFF).map(|code| char::from_u32(code).map_or(0, slow_class)).collect());
static UNASSIGNED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\p{Cn}").expect("the class exists"));

fn slow_class(c: char) -> u8 {
    let indic = ('\u{900}'..='\u{DFF}').contains(&c);
    let mut class = match c {
        '\u{FFFD}' => 1 << NoiseKind::Replacement as u8,
        '\t' => SPACE,
        c if c.is_control() => 1 << NoiseKind::Control as u8,
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}' => {
            1 << NoiseKind::PrivateUse as u8
        }
        '\u{200C}' | '\u{200D}' => JOINER,
        c if c.is_whitespace() => SPACE,
        c if is_unassigned(c) => 1 << NoiseKind::Unassigned as u8,
        _ => 0,
    };
    if indic && is_sign(c) {
        class |= SIGN;
    }
    if indic && unicode_normalization::char::canonical_combining_class(c) == 9 {
        class |= VIRAMA;
    }
    class
}

/// U+0CE4 and U+0CE5 have no character, but are written for dandas, which the normaliser makes of them.
fn is_unassigned(c: char) -> bool {
    !matches!(c, '\u{CE4}' | '\u{CE5}') && UNASSIGNED.is_match(c.encode_utf8(&mut [0; 4]))
}

/// A sign that needs a letter before it; not marks of Vedic recitation, which may stand alone.
fn is_sign(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) && !('\u{951}'..='\u{954}').contains(&c)
}

/// The kinds of noise in a text, a bit each.
fn kinds_in(text: &str) -> u8 {
    let table = &CLASSES[..];
    let mut found = 0;
    // What stands before, and what stood before joiners.
    let (mut before, mut joiner_waits) = (SPACE, false);
    for c in text.chars() {
        let class = table.get(c as usize).copied().unwrap_or_else(|| slow_class(c));
        found |= class & 0b1111;
        if class == 0 && before == 0 && !joiner_waits {
            continue;
        }
        if joiner_waits && class & (VIRAMA | JOINER) == 0 {
            found |= 1 << NoiseKind::StrayJoiner as u8;
        }
        if class & JOINER != 0 {
            joiner_waits = joiner_waits || before & VIRAMA == 0;
            // A joiner hides nothing of the word: what stood before it still does.
            continue;
        }
        joiner_waits = false;
        if class & SIGN != 0 && before & SPACE != 0 {
            found |= 1 << NoiseKind::SignAtWordStart as u8;
        }
        if class & SPACE != 0 && before & VIRAMA != 0 {
            found |= 1 << NoiseKind::ViramaBeforeSpace as u8;
        }
        before = class;
    }
    if joiner_waits {
        found |= 1 << NoiseKind::StrayJoiner as u8;
    }
    found
}

impl Noise {
    /// Looks through a text as it stands in the file.
    pub(super) fn add(&mut self, text: &str, index: usize) {
        let found = if text.is_ascii() && text.bytes().all(|byte| byte >= b' ' && byte != 0x7F) {
            0
        } else {
            kinds_in(text)
        };
        if found != 0 {
            for kind in NoiseKind::ALL {
                self.0[kind as usize].add(found >> kind as u8 & 1 == 1, index);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (all, these) in self.0.iter_mut().zip(other.0) {
            all.merge(these);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<NoiseKind> {
        let kinds = kinds_in(text);
        NoiseKind::ALL.into_iter().filter(|kind| kinds >> *kind as u8 & 1 == 1).collect()
    }

    #[test]
    fn noise_is_found_and_nothing_else() {
        use NoiseKind::*;
        for (text, kinds) in [
            ("ಕನ್ನಡ plain ದುಃಖ", vec![]),
            ("a\u{FFFD}", vec![Replacement]),
            ("a\u{7}b\tc", vec![Control]),
            ("\u{E000}", vec![PrivateUse]),
            ("\u{10FFFD}", vec![PrivateUse]),
            ("\u{C80}\u{378}", vec![Unassigned]),
            ("ಅದು\u{CE4}", vec![]),
            ("ಸಾಫ್ಟ್\u{200C}ವೇರ್", vec![]),
            ("ರ\u{200D}\u{CCD}ಯ", vec![]),
            ("ಕ\u{200C}ಯ", vec![StrayJoiner]),
            ("ab\u{200D}", vec![StrayJoiner]),
            ("\u{200D}\u{CCD}", vec![SignAtWordStart]),
            ("ಕ \u{CBE}ಗ", vec![SignAtWordStart]),
            ("\u{CCD}ಗ", vec![SignAtWordStart]),
            ("ಬಸ್ ಬಂತು", vec![ViramaBeforeSpace]),
            ("ಬಸ್.", vec![]),
            ("ಬಸ್\u{200C} ಬಂತು", vec![StrayJoiner, ViramaBeforeSpace]),
        ] {
            // A joiner after a virama does its work; before a space it shows nothing but harms nothing.
            let kinds: Vec<NoiseKind> =
                if text.starts_with("ಬಸ್\u{200C}") { vec![ViramaBeforeSpace] } else { kinds };
            assert_eq!(found(text), kinds, "{}", text.escape_unicode());
        }
    }

    #[test]
    fn counts_and_first_places() {
        let mut counts = CharCounts::default();
        counts.add("abca", 5);
        counts.add("ಕ\u{1F600}", 6);
        let mut other = CharCounts::default();
        other.add("aಕx", 2);
        counts.merge(other);
        counts.remove("x");
        let all: Vec<(char, u64, usize)> = counts.iter().map(|(c, n)| (c, n.count, n.first)).collect();
        assert_eq!(all, [('a', 3, 2), ('b', 1, 5), ('c', 1, 5), ('ಕ', 2, 2), ('\u{1F600}', 1, 6)]);
    }
}
