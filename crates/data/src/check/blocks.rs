//! The blocks of Unicode, coarsely.

/// The first code point of each block, and its name.
#[rustfmt::skip]
const BLOCKS: &[(u32, &str)] = &[
    (0x00, "control"), (0x20, "ASCII"), (0x7F, "control"), (0xA0, "Latin-1"), (0x100, "Latin extended"),
    (0x250, "phonetic letters"), (0x2B0, "modifier letters"), (0x300, "combining marks"), (0x370, "Greek"),
    (0x400, "Cyrillic"), (0x530, "Armenian"), (0x590, "Hebrew"), (0x600, "Arabic"), (0x700, "Syriac"),
    (0x750, "Arabic"), (0x780, "Thaana"), (0x7C0, "other"), (0x870, "Arabic"), (0x900, "Devanagari"),
    (0x980, "Bengali"), (0xA00, "Gurmukhi"), (0xA80, "Gujarati"), (0xB00, "Odia"), (0xB80, "Tamil"),
    (0xC00, "Telugu"), (0xC80, "Kannada"), (0xD00, "Malayalam"), (0xD80, "Sinhala"), (0xE00, "Thai"),
    (0xE80, "Lao"), (0xF00, "Tibetan"), (0x1000, "Myanmar"), (0x10A0, "Georgian"), (0x1100, "Hangul"),
    (0x1200, "Ethiopic"), (0x13A0, "other"), (0x1CD0, "Vedic signs"), (0x1D00, "phonetic letters"),
    (0x1E00, "Latin extended"), (0x1F00, "Greek"), (0x2000, "punctuation"),
    (0x2070, "super- and subscripts"), (0x20A0, "currency signs"), (0x20D0, "combining marks"),
    (0x2100, "letterlike symbols"), (0x2150, "number forms"), (0x2190, "arrows"), (0x2200, "mathematics"),
    (0x2300, "technical signs"), (0x2460, "enclosed letters"), (0x2500, "box drawing"), (0x25A0, "shapes"),
    (0x2600, "pictographs"), (0x27C0, "mathematics"), (0x2800, "Braille"), (0x2900, "arrows, mathematics"),
    (0x2C00, "other"), (0x2E00, "punctuation"), (0x2E80, "Han radicals"), (0x3000, "CJK punctuation"),
    (0x3040, "Kana"), (0x3100, "Bopomofo"), (0x3130, "Hangul"), (0x3190, "CJK signs"), (0x31F0, "Kana"),
    (0x3200, "CJK signs"), (0x3400, "Han"), (0xA000, "other"), (0xA720, "Latin extended"),
    (0xA800, "other"), (0xA8E0, "Devanagari"), (0xA900, "other"), (0xAC00, "Hangul"),
    (0xD800, "surrogates"), (0xE000, "private use"), (0xF900, "Han"), (0xFB00, "Latin ligatures"),
    (0xFB13, "other"), (0xFB1D, "Hebrew"), (0xFB50, "Arabic"), (0xFE00, "variation selectors"),
    (0xFE10, "CJK forms"), (0xFE70, "Arabic"), (0xFF00, "full-width forms"), (0xFFF0, "specials"),
    (0x1_0000, "historic scripts and signs"), (0x1_D400, "mathematical letters"), (0x1_D800, "other"),
    (0x1_F000, "pictographs"), (0x1_FB00, "other"), (0x2_0000, "Han"), (0x4_0000, "other"),
    (0xF_0000, "private use"),
];

/// The block of a character, as a hint where there is no name.
pub(super) fn block(c: char) -> &'static str {
    let after = BLOCKS.partition_point(|(from, _)| *from <= c as u32);
    BLOCKS[after - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_in_order() {
        assert_eq!((block('ಕ'), block('a'), block('\u{1F600}')), ("Kannada", "ASCII", "pictographs"));
        assert_eq!((block('\0'), block(char::MAX)), ("control", "private use"));
    }
}
