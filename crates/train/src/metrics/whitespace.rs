//! What counts as white space when a line is split into words: Unicode `White_Space` and U+001C to U+001F.
//!
//! The four information separators are white space to Python, in which the reference scores are computed,
//! but not to Unicode.

/// Whether `c` separates words.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The words of `line`: its maximal runs without white space.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(is_space).filter(|word| !word.is_empty())
}

/// `line` without white space at its end.
pub(super) fn trim_end(line: &str) -> &str {
    line.trim_end_matches(is_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_split_and_joiners_do_not() {
        let line = "\u{1c}a\u{85}b\u{a0}\u{3000}c\u{200d}d\u{feff}e\u{200b}f\u{1f}\u{2028}";
        assert_eq!(words(line).collect::<Vec<_>>(), ["a", "b", "c\u{200d}d\u{feff}e\u{200b}f"]);
        assert_eq!(trim_end("a \u{1d}b \u{1e}\t"), "a \u{1d}b");
        assert_eq!(words(" \u{1c} ").count(), 0);
    }
}
