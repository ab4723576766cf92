//! A pair of languages, and what each source calls a language.

use std::fmt;
use std::str::FromStr;

use super::error::GetError;

/// Two language codes, in the order of the alphabet: a corpus has no direction.
///
/// ```
/// use data::get::Languages;
/// let languages: Languages = "kn-en".parse()?;
/// assert_eq!(languages.to_string(), "en-kn");
/// # Ok::<(), data::get::GetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Languages {
    first: String,
    second: String,
}

impl Languages {
    /// The two codes in the order of the alphabet.
    pub fn codes(&self) -> [&str; 2] {
        [&self.first, &self.second]
    }
}

impl FromStr for Languages {
    type Err = GetError;

    fn from_str(text: &str) -> Result<Self, GetError> {
        let bad = || GetError::BadLanguages { text: text.to_owned() };
        let (a, b) = text.split_once('-').ok_or_else(bad)?;
        let is_code = |code: &str| {
            (2..=12).contains(&code.len())
                && code.starts_with(|c: char| c.is_ascii_lowercase())
                && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !is_code(a) || !is_code(b) || a == b {
            return Err(bad());
        }
        let (first, second) = if a < b { (a, b) } else { (b, a) };
        Ok(Self { first: first.to_owned(), second: second.to_owned() })
    }
}

impl fmt::Display for Languages {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.first, self.second)
    }
}

/// ISO 639-1 code, and the code of FLORES-200, whose first half is ISO 639-3.
const CODES: [(&str, &str); 27] = [
    ("ar", "arb_Arab"),
    ("as", "asm_Beng"),
    ("bn", "ben_Beng"),
    ("de", "deu_Latn"),
    ("en", "eng_Latn"),
    ("es", "spa_Latn"),
    ("fr", "fra_Latn"),
    ("gu", "guj_Gujr"),
    ("hi", "hin_Deva"),
    ("id", "ind_Latn"),
    ("it", "ita_Latn"),
    ("ja", "jpn_Jpan"),
    ("kn", "kan_Knda"),
    ("ko", "kor_Hang"),
    ("ml", "mal_Mlym"),
    ("mr", "mar_Deva"),
    ("ne", "npi_Deva"),
    ("or", "ory_Orya"),
    ("pa", "pan_Guru"),
    ("pt", "por_Latn"),
    ("ru", "rus_Cyrl"),
    ("si", "sin_Sinh"),
    ("ta", "tam_Taml"),
    ("te", "tel_Telu"),
    ("tr", "tur_Latn"),
    ("ur", "urd_Arab"),
    ("zh", "zho_Hans"),
];

/// The FLORES-200 code of a language; a code that already has that form passes.
pub(super) fn flores(code: &str) -> Option<&str> {
    let long = |code: &str| code.len() == 8 && code.as_bytes()[3] == b'_';
    CODES.iter().find(|(short, _)| *short == code).map(|(_, long)| *long).or(long(code).then_some(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_ordered_and_odd_ones_refused() {
        let pair: Languages = "kn-en".parse().expect("two codes");
        assert_eq!(pair.codes(), ["en", "kn"]);
        for bad in ["en", "en-en", "en-", "-kn", "en-kn-hi", "en-../x", "EN-KN", "e-k", "en-k\0n", "en-/x"] {
            assert!(bad.parse::<Languages>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn flores_codes_are_found_or_taken_as_they_are() {
        assert_eq!(flores("kn"), Some("kan_Knda"));
        assert_eq!(flores("fao_Latn"), Some("fao_Latn"));
        assert_eq!(flores("xx"), None);
        assert!(CODES.is_sorted());
    }
}
