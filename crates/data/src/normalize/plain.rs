//! Words that normalising would not change, found without decomposing them.
//!
//! A text is in NFC if no character is one that NFC removes, marks stand in canonical order, and no
//! character composes with the starter before it (Unicode Standard Annex 15, "Detecting
//! Normalization Forms"). Here a character that might compose, or has a place in the order, is
//! accepted only directly after a starter; any other word takes the long way.

use std::iter::once;
use std::sync::LazyLock;

use unicode_normalization::char::{canonical_combining_class, compose};
use unicode_normalization::{IsNormalized, is_nfc_quick};

use super::{Normalizer, is_joiner};
use crate::config::{Digits, Joiners, NormalizeConfig};

/// What is known of a character of the basic plane by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Stays, and neither moves nor joins with what stands before it.
    Plain,
    /// Stays after a starter that it does not join.
    Joining,
    /// Stays if digits are kept.
    Digit,
    /// May be changed.
    Odd,
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let config = NormalizeConfig { digits: Digits::Ascii, joiners: Joiners::Keep };
    let normalizer = Normalizer::new(&config);
    let kind = |code| char::from_u32(code).map_or(Kind::Odd, |c| kind(c, &normalizer));
    (0..=0xFFFF).map(kind).collect()
});

fn kind(c: char, normalizer: &Normalizer) -> Kind {
    if matches!(c, '೦'..='೯') {
        return Kind::Digit;
    }
    if is_joiner(c) || c == ' ' || normalizer.map(c) != Some(c) {
        return Kind::Odd;
    }
    match is_nfc_quick(once(c)) {
        IsNormalized::No => Kind::Odd,
        IsNormalized::Yes if canonical_combining_class(c) == 0 => Kind::Plain,
        _ => Kind::Joining,
    }
}

/// True only of words, without spaces, that are their own normal form.
pub(super) fn is_plain(word: &str, digits: Digits) -> bool {
    let mut starter = None;
    word.chars().all(|c| {
        if c.is_ascii_graphic() {
            starter = Some(c);
            return true;
        }
        let kind = KINDS.get(c as usize).copied().unwrap_or(Kind::Odd);
        let before = starter.take();
        match kind {
            Kind::Plain => starter = Some(c),
            Kind::Digit => {
                starter = Some(c);
                return digits == Digits::Keep;
            }
            Kind::Joining => {
                starter = (canonical_combining_class(c) == 0).then_some(c);
                return before.is_some_and(|before| compose(before, c).is_none());
            }
            Kind::Odd => return false,
        }
        true
    })
}
