//! Words that normalising would not change, found without decomposing them.
//!
//! A text is in NFC if no character is one that NFC removes, marks stand in canonical order, and no
//! character composes with the starter before it (Unicode Standard Annex 15, "Detecting
//! Normalization Forms"). Here a character that might compose, or has a place in the order, is
//! accepted only directly after a starter that is not composed itself, for the marks in a composed
//! one have their places too; any other word takes the long way.

use std::iter::once;
use std::sync::LazyLock;

use unicode_normalization::char::{canonical_combining_class, compose};
use unicode_normalization::{IsNormalized, is_nfc_quick, is_nfd_quick};

use super::{Normalizer, is_joiner};
use crate::config::{Digits, Joiners, NormalizeConfig};

/// What is known of a character of the basic plane by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Stays, and neither moves nor joins with what stands before it.
    Plain,
    /// The same of one that has a decomposition.
    Composed,
    /// Stays after a plain one that it does not join.
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
        IsNormalized::Yes if canonical_combining_class(c) == 0 => match is_nfd_quick(once(c)) {
            IsNormalized::Yes => Kind::Plain,
            _ => Kind::Composed,
        },
        _ => Kind::Joining,
    }
}

/// True only of words, without spaces, that are their own normal form.
pub(super) fn is_plain(word: &str, digits: Digits) -> bool {
    let mut before = (Kind::Odd, ' ');
    word.chars().all(|c| {
        let kind = match c {
            '!'..='~' => Kind::Plain,
            _ => KINDS.get(c as usize).copied().unwrap_or(Kind::Odd),
        };
        let (kind_before, c_before) = std::mem::replace(&mut before, (kind, c));
        match kind {
            Kind::Plain | Kind::Composed => true,
            Kind::Joining => kind_before == Kind::Plain && compose(c_before, c).is_none(),
            Kind::Digit => digits == Digits::Keep,
            Kind::Odd => false,
        }
    })
}
