//! Writing systems, by which text in the wrong language is noticed.

use serde::{Deserialize, Serialize};

/// A writing system that the target side can be held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Script {
    /// No check.
    Any,
    /// Devanagari block.
    Devanagari,
    /// Kannada block.
    Kannada,
    /// Latin letters, with and without marks.
    Latin,
    /// Tamil block.
    Tamil,
    /// Telugu block.
    Telugu,
}

impl Script {
    /// The script in which a language is usually written, if it is one of ours.
    pub fn of_language(code: &str) -> Option<Self> {
        match code.split(['-', '_']).next().unwrap_or_default() {
            "kn" | "kan" => Some(Self::Kannada),
            "hi" | "mr" | "ne" | "sa" => Some(Self::Devanagari),
            "ta" => Some(Self::Tamil),
            "te" => Some(Self::Telugu),
            "en" | "de" | "fr" | "es" | "it" | "nl" | "pt" => Some(Self::Latin),
            _ => None,
        }
    }

    /// True if `c` stands in the script; true of everything for [`Script::Any`].
    pub fn contains(self, c: char) -> bool {
        match self {
            Self::Any => true,
            Self::Devanagari => ('\u{0900}'..='\u{097F}').contains(&c),
            Self::Kannada => ('\u{0C80}'..='\u{0CFF}').contains(&c),
            Self::Latin => c.is_ascii_alphabetic() || ('\u{00C0}'..='\u{024F}').contains(&c),
            Self::Tamil => ('\u{0B80}'..='\u{0BFF}').contains(&c),
            Self::Telugu => ('\u{0C00}'..='\u{0C7F}').contains(&c),
        }
    }
}

impl std::fmt::Display for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::Devanagari => "devanagari",
            Self::Kannada => "kannada",
            Self::Latin => "latin",
            Self::Tamil => "tamil",
            Self::Telugu => "telugu",
        })
    }
}
