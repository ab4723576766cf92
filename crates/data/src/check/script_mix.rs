//! In which scripts the letters of each side are written, and which lines are in the wrong one.

use std::fmt;
use std::sync::LazyLock;

use serde::Serialize;

use crate::clean::is_letter;
use crate::config::Script;

/// A script that is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Writing {
    Latin,
    Kannada,
    Devanagari,
    Telugu,
    Tamil,
    Malayalam,
    Bengali,
    Gujarati,
    Gurmukhi,
    Odia,
    Arabic,
    Cyrillic,
    Greek,
    Han,
    Kana,
    Hangul,
    Other,
}

/// Number of scripts that are told apart.
pub(super) const N_WRITINGS: usize = Writing::ALL.len();

impl Writing {
    /// All of them, in their order.
    pub const ALL: [Self; 17] = [
        Self::Latin,
        Self::Kannada,
        Self::Devanagari,
        Self::Telugu,
        Self::Tamil,
        Self::Malayalam,
        Self::Bengali,
        Self::Gujarati,
        Self::Gurmukhi,
        Self::Odia,
        Self::Arabic,
        Self::Cyrillic,
        Self::Greek,
        Self::Han,
        Self::Kana,
        Self::Hangul,
        Self::Other,
    ];

    /// The script of a letter, by its block.
    fn of_letter(c: char) -> Self {
        match c as u32 {
            0x41..=0x24F | 0x1E00..=0x1EFF | 0x2C60..=0x2C7F | 0xA720..=0xA7FF | 0xFB00..=0xFB06 => {
                Self::Latin
            }
            0xFF21..=0xFF5A => Self::Latin,
            0x370..=0x3FF | 0x1F00..=0x1FFF => Self::Greek,
            0x400..=0x52F | 0x1C80..=0x1C8F | 0x2DE0..=0x2DFF | 0xA640..=0xA69F => Self::Cyrillic,
            0x600..=0x6FF | 0x750..=0x77F | 0x870..=0x8FF | 0xFB50..=0xFDFF | 0xFE70..=0xFEFF => Self::Arabic,
            0x900..=0x97F | 0xA8E0..=0xA8FF => Self::Devanagari,
            0x980..=0x9FF => Self::Bengali,
            0xA00..=0xA7F => Self::Gurmukhi,
            0xA80..=0xAFF => Self::Gujarati,
            0xB00..=0xB7F => Self::Odia,
            0xB80..=0xBFF => Self::Tamil,
            0xC00..=0xC7F => Self::Telugu,
            0xC80..=0xCFF => Self::Kannada,
            0xD00..=0xD7F => Self::Malayalam,
            0x1100..=0x11FF | 0x3130..=0x318F | 0xA960..=0xA97F | 0xAC00..=0xD7FF => Self::Hangul,
            0x3040..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9D => Self::Kana,
            0x3005..=0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF => {
                Self::Han
            }
            _ => Self::Other,
        }
    }

    /// The script in which a language is usually written, if the configuration knows it.
    pub(super) fn of_language(code: &str) -> Option<Self> {
        Script::of_language(code).and_then(Self::of_script)
    }

    /// The same script by its other name; `None` for [`Script::Any`].
    pub(super) fn of_script(script: Script) -> Option<Self> {
        match script {
            Script::Any => None,
            Script::Devanagari => Some(Self::Devanagari),
            Script::Kannada => Some(Self::Kannada),
            Script::Latin => Some(Self::Latin),
            Script::Tamil => Some(Self::Tamil),
            Script::Telugu => Some(Self::Telugu),
        }
    }
}

impl fmt::Display for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Latin => "Latin",
            Self::Kannada => "Kannada",
            Self::Devanagari => "Devanagari",
            Self::Telugu => "Telugu",
            Self::Tamil => "Tamil",
            Self::Malayalam => "Malayalam",
            Self::Bengali => "Bengali",
            Self::Gujarati => "Gujarati",
            Self::Gurmukhi => "Gurmukhi",
            Self::Odia => "Odia",
            Self::Arabic => "Arabic",
            Self::Cyrillic => "Cyrillic",
            Self::Greek => "Greek",
            Self::Han => "Han",
            Self::Kana => "Kana",
            Self::Hangul => "Hangul",
            Self::Other => "other",
        })
    }
}

/// Of each character of the basic plane its script and one, or 0 if it is no letter.
static LETTERS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let class = |code| char::from_u32(code).map_or(0, slow_class);
    (0..=0xFFFF).map(class).collect()
});

fn slow_class(c: char) -> u8 {
    if is_letter(c) { Writing::of_letter(c) as u8 + 1 } else { 0 }
}

/// Letters of a text by script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Letters(pub(super) [u32; N_WRITINGS]);

impl Letters {
    /// Counts characters and letters of a text at once.
    pub(super) fn of(text: &str) -> (usize, Self) {
        let table = &LETTERS[..];
        let mut counts = [0_u32; N_WRITINGS + 1];
        let mut chars = 0;
        for c in text.chars() {
            chars += 1;
            let class = table.get(c as usize).copied().unwrap_or_else(|| slow_class(c));
            counts[class as usize] += 1;
        }
        let mut letters = [0; N_WRITINGS];
        letters.copy_from_slice(&counts[1..]);
        (chars, Self(letters))
    }

    /// All letters.
    pub(super) fn total(&self) -> u32 {
        self.0.iter().sum()
    }

    /// The share of letters in a script; `None` without letters.
    pub(super) fn share(&self, writing: Writing) -> Option<f64> {
        let total = self.total();
        (total > 0).then(|| f64::from(self.0[writing as usize]) / f64::from(total))
    }

    /// The script of more than half of the letters.
    fn mostly(&self) -> Option<usize> {
        let total = self.total();
        self.0.iter().position(|count| 2 * count > total)
    }
}

/// Letters and lines of a side by script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScriptTally {
    /// Letters by script.
    letters: [u64; N_WRITINGS],
    /// Lines with letters that are mostly in a script: how many, and the first.
    mostly: [(u64, usize); N_WRITINGS],
    /// Lines with letters.
    lines: u64,
}

impl Default for ScriptTally {
    fn default() -> Self {
        Self { letters: [0; N_WRITINGS], mostly: [(0, usize::MAX); N_WRITINGS], lines: 0 }
    }
}

impl ScriptTally {
    /// Counts a line.
    pub(super) fn add(&mut self, letters: &Letters, index: usize) {
        if letters.total() == 0 {
            return;
        }
        self.lines += 1;
        for (all, these) in self.letters.iter_mut().zip(letters.0) {
            *all += u64::from(these);
        }
        if let Some(writing) = letters.mostly() {
            let (count, first) = &mut self.mostly[writing];
            *count += 1;
            *first = index.min(*first);
        }
    }

    /// Adds what another one counted.
    pub(super) fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        for (all, these) in self.letters.iter_mut().zip(other.letters) {
            *all += these;
        }
        for ((count, first), (other_count, other_first)) in self.mostly.iter_mut().zip(other.mostly) {
            *count += other_count;
            *first = other_first.min(*first);
        }
    }

    /// The lines that are mostly in a script other than `own`, and the first of them.
    pub(super) fn wrong(&self, own: Option<Writing>) -> (u64, Option<usize>) {
        let Some(own) = own else { return (0, None) };
        let others = self.mostly.iter().enumerate().filter(|(writing, _)| *writing != own as usize);
        let (count, first) =
            others.fold((0, usize::MAX), |(n, first), (_, (count, place))| (n + count, first.min(*place)));
        (count, (count > 0).then_some(first))
    }

    /// What the report says.
    pub(super) fn report(&self, own: Option<Writing>) -> ScriptMix {
        let total: u64 = self.letters.iter().sum();
        let mostly_any: u64 = self.mostly.iter().map(|(count, _)| count).sum();
        let share = |writing: Writing| WritingShare {
            script: writing,
            letters: self.letters[writing as usize],
            share: self.letters[writing as usize] as f64 / total.max(1) as f64,
            lines_mostly: self.mostly[writing as usize].0,
        };
        let mut scripts: Vec<WritingShare> =
            Writing::ALL.into_iter().map(share).filter(|share| share.letters > 0).collect();
        scripts.sort_by_key(|share| std::cmp::Reverse(share.letters));
        ScriptMix {
            expected: own,
            lines_with_letters: self.lines,
            lines_mostly_other: self.wrong(own).0,
            lines_mixed: self.lines - mostly_any,
            scripts,
        }
    }
}

/// The scripts of a side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScriptMix {
    /// The script of the side's language, if it is known.
    pub expected: Option<Writing>,
    /// Lines with at least one letter.
    pub lines_with_letters: u64,
    /// Lines of which more than half of the letters are in one script that is not the expected one.
    pub lines_mostly_other: u64,
    /// Lines without a script that has more than half of the letters.
    pub lines_mixed: u64,
    /// By script, most letters first; scripts without letters are left out.
    pub scripts: Vec<WritingShare>,
}

/// How much of a side is in a script.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WritingShare {
    /// The script.
    pub script: Writing,
    /// Letters in it.
    pub letters: u64,
    /// Of all letters of the side, 0 to 1.
    pub share: f64,
    /// Lines of which more than half of the letters are in it.
    pub lines_mostly: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted_by_script() {
        let (chars, letters) = Letters::of("ab ಕನ್ನ 12 д 東カ한");
        assert_eq!(chars, 16);
        let of = |writing: Writing| letters.0[writing as usize];
        // The virama is no letter for the standard library.
        assert_eq!((of(Writing::Latin), of(Writing::Kannada), of(Writing::Cyrillic)), (2, 3, 1));
        assert_eq!((of(Writing::Han), of(Writing::Kana), of(Writing::Hangul)), (1, 1, 1));
        assert_eq!(letters.share(Writing::Latin), Some(2.0 / 9.0));
        assert_eq!(Letters::of("12 !").1.share(Writing::Latin), None);
    }

    #[test]
    fn lines_mostly_in_another_script_are_found() {
        let mut tally = ScriptTally::default();
        for (index, line) in ["ಕನ", "abc ಕ", "123", "ab ಕನ", "हिन्दी", "ಕ a"].iter().enumerate()
        {
            tally.add(&Letters::of(line).1, index);
        }
        let mix = tally.report(Some(Writing::Kannada));
        assert_eq!((mix.lines_with_letters, mix.lines_mostly_other, mix.lines_mixed), (5, 2, 2));
        assert_eq!(tally.wrong(Some(Writing::Kannada)), (2, Some(1)));
        assert_eq!(tally.wrong(Some(Writing::Devanagari)), (2, Some(0)));
        assert_eq!(tally.wrong(None), (0, None));
        let (mut one, mut two) = (ScriptTally::default(), ScriptTally::default());
        one.add(&Letters::of("ಕನ").1, 7);
        two.add(&Letters::of("ab").1, 3);
        one.merge(&two);
        assert_eq!(one.wrong(Some(Writing::Kannada)), (1, Some(3)));
    }
}
