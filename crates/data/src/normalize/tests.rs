use proptest::prelude::*;

use super::*;

fn normal(text: &str) -> String {
    Normalizer::new(&NormalizeConfig::default()).normalize(text)
}

/// Input and its normal form under the default options.
const GOLDEN: [(&str, &str); 46] = [
    // Two-part vowel signs, by NFC.
    ("\u{0CBF}\u{0CD5}", "\u{0CC0}"),
    ("ಕ\u{0CC6}\u{0CD5}", "ಕ\u{0CC7}"),
    ("ಕ\u{0CC6}\u{0CD6}", "ಕ\u{0CC8}"),
    ("ಕ\u{0CC6}\u{0CC2}", "ಕ\u{0CCA}"),
    ("ಕ\u{0CCA}\u{0CD5}", "ಕ\u{0CCB}"),
    ("ಕ\u{0CC6}\u{0CC2}\u{0CD5}", "ಕ\u{0CCB}"),
    ("ಕ\u{0CC6}\u{200D}\u{0CD5}", "ಕ\u{0CC7}"),
    // Nukta stays and stands before virama.
    ("ಫ\u{0CBC}", "ಫ\u{0CBC}"),
    ("ಜ\u{0CCD}\u{0CBC}", "ಜ\u{0CBC}\u{0CCD}"),
    // Joiners.
    ("ಸಾಫ್ಟ್\u{200C}ವೇರ್", "ಸಾಫ್ಟ್\u{200C}ವೇರ್"),
    ("ರ\u{200D}\u{0CCD}ಯಾಂಕ್", "ರ\u{200D}\u{0CCD}ಯಾಂಕ್"),
    ("ರ\u{0CCD}\u{200D}ಯ", "ರ\u{0CCD}\u{200D}ಯ"),
    ("ರ\u{0CCD}\u{200C}\u{200C}\u{200D}ಯ", "ರ\u{0CCD}\u{200C}ಯ"),
    ("ರ\u{0CCD}\u{2060}\u{200C}\u{FEFF}\u{200C}ಯ", "ರ\u{0CCD}\u{200C}ಯ"),
    ("ಕ\u{200C}ಯ", "ಕಯ"),
    ("ab\u{200D}c\u{200C}", "abc"),
    ("\u{200C}ಕ", "ಕ"),
    ("ರ\u{200D}\u{0CCD}\u{0CBC}", "ರ\u{200D}\u{0CBC}\u{0CCD}"),
    ("ರ\u{200D}\u{0CBC}\u{0CCD}", "ರ\u{200D}\u{0CBC}\u{0CCD}"),
    ("a \u{200C} b", "a b"),
    // Invisible characters.
    ("ಕ\u{2060}ನ್ನ\u{FEFF}ಡ", "ಕನ್ನಡ"),
    ("co\u{00AD}op", "coop"),
    ("\u{202B}a\u{202C}\u{2066}b\u{2069}\u{200E}c\u{200F}\u{061C}", "abc"),
    ("a\u{200B}b", "a b"),
    ("a\u{00A0}b", "a b"),
    // White space and control characters.
    (" \t a \r\n  b \u{3000}", "a b"),
    ("a\u{0}b\u{B}c\u{C}d\u{85}e\u{2028}f\u{2029}g\u{1F}h\u{7F}i\u{9F}j", "a b c d e f g h i j"),
    ("\u{FEFF} \u{200B}", ""),
    ("", ""),
    // Dandas.
    ("ಅದು\u{0CE4} ಇದು\u{0CE5}", "ಅದು\u{0964} ಇದು\u{0965}"),
    ("ಅದು। ಇದು॥", "ಅದು। ಇದು॥"),
    // Quotes get one form; dashes and dots keep theirs.
    ("“a” „b‟", "\"a\" \"b\""),
    ("‘a’ ‚b‛ don’t", "'a' 'b' don't"),
    ("a—b–c-d…", "a—b–c-d…"),
    ("«a» `b´", "«a» `b´"),
    // Digits.
    ("೦೧೨೩೪೫೬೭೮೯", "0123456789"),
    ("१२ ௧", "१२ ௧"),
    // A colon is not a visarga, zero is not an anusvara.
    ("ಸಮಯ: ೧೦:೩೦", "ಸಮಯ: 10:30"),
    ("ದುಃಖ", "ದುಃಖ"),
    ("ಅಂ ಅ೦", "ಅಂ ಅ0"),
    // Left alone: stray signs, rare letters, other scripts, stand-ins of other tokenizers.
    ("ಕ\u{0CCD} ಕ \u{0CBE}", "ಕ\u{0CCD} ಕ \u{0CBE}"),
    ("\u{0CDD}\u{0CDE}\u{0CF1}\u{0CF2}\u{0CF3}", "\u{0CDD}\u{0CDE}\u{0CF1}\u{0CF2}\u{0CF3}"),
    ("▁Ġ\u{E000} </s> <0x41> \u{FFFD}", "▁Ġ\u{E000} </s> <0x41> \u{FFFD}"),
    ("cafe\u{0301} \u{212B}", "café Å"),
    ("ﬁ x² Ｋ", "ﬁ x² Ｋ"),
    ("👍🏽 😀", "👍🏽 😀"),
];

#[test]
fn golden_table() {
    for (text, expected) in GOLDEN {
        assert_eq!(normal(text), expected, "{}", text.escape_unicode());
        assert_eq!(normal(expected), expected, "{}", expected.escape_unicode());
    }
}

#[test]
fn options_keep_digits_and_strip_joiners() {
    let config = NormalizeConfig { digits: Digits::Keep, joiners: Joiners::Strip };
    let text = Normalizer::new(&config).normalize("ಸಾಫ್ಟ್\u{200C}ವೇರ್ ರ\u{200D}\u{0CCD}ಯ ೧೨");
    assert_eq!(text, "ಸಾಫ್ಟ್ವೇರ್ ರ\u{0CCD}ಯ ೧೨");
}

/// Each joiner lives only while the next one does: one pass at a time would take a third of a
/// million passes.
#[test]
fn chains_of_joiners_are_settled_in_one_pass() {
    let text = "ಕ\u{200D}\u{0CCD}\u{0301}\u{200D}\u{0CBC}".repeat(200_000);
    let once = normal(&text);
    assert_eq!(normal(&once), once);
    assert!(once.chars().filter(|c| is_joiner(*c)).count() >= 200_000);
}

/// Every character of the basic plane by itself and in company, and all runs of three Kannada signs.
#[test]
fn the_short_way_gives_what_the_long_way_gives() {
    let agree = |text: &str, digits| {
        let normalizer = Normalizer::new(&NormalizeConfig { digits, joiners: Joiners::Keep });
        assert_eq!(normalizer.normalize(text), normalizer.normalize_word(text), "{}", text.escape_unicode());
    };
    for c in (0..=0xFFFF).filter_map(char::from_u32) {
        for text in [format!("{c}"), format!("a{c}"), format!("ಕ{c}\u{0CCD}b {c}"), format!("{c}\u{0301}")]
        {
            agree(&text, Digits::Ascii);
        }
        agree(&format!("ಕ{c}ಯ"), Digits::Keep);
    }
    let signs: Vec<char> = ('\u{0CBC}'..='\u{0CD6}').chain(['ಕ', 'a', ' ', '\u{0301}', '೧']).collect();
    for [one, two] in signs.iter().flat_map(|one| signs.iter().map(move |two| [one, two])) {
        for three in &signs {
            agree(&format!("ಕ{one}{two}{three}"), Digits::Ascii);
        }
    }
}

#[test]
fn most_words_go_the_short_way() {
    let words = "ಬೆಕ್ಕು ಚಾಪೆಯ ಮೇಲೆ ಕೂಗಿತು, ಹೋಯಿತು! ದೊಡ್ಡದು; It's “so” 10:30 naïve 東京";
    let odd: Vec<&str> = words.split(' ').filter(|word| !is_plain(word, Digits::Ascii)).collect();
    assert_eq!(odd, ["“so”"]);
    assert!(is_plain("೧೦:೩೦", Digits::Keep) && !is_plain("೧೦:೩೦", Digits::Ascii));
}

fn any_char() -> impl Strategy<Value = char> {
    let block = prop::char::range('\u{0C80}', '\u{0CFF}');
    let signs =
        prop::sample::select(vec!['\u{0CBC}', '\u{0CCD}', '\u{0CC6}', '\u{0CD5}', '\u{0CC2}', '\u{0CCA}']);
    let joiners = prop::sample::select(vec!['\u{200C}', '\u{200D}']);
    let odd = vec![
        '\u{200B}', '\u{2060}', '\u{FEFF}', '\u{00AD}', '\u{202A}', '\u{0}', '\t', '\u{2028}', '\u{00A0}',
        '“', '’', ':', '\u{0301}', '\u{0327}', '\u{3099}', '\u{0F73}', '\u{0F72}', '\u{0344}', '\u{094D}',
        '\u{1100}', '\u{1161}', '\u{0338}', '=', 'a', 'é', '\u{212B}', '\u{2000}', '\u{1FEF}',
    ];
    prop_oneof![3 => block, 4 => signs, 4 => joiners, 3 => prop::sample::select(odd), 1 => any::<char>()]
}

fn any_text() -> impl Strategy<Value = String> {
    prop::collection::vec(any_char(), 0..24).prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn normalizing_twice_changes_nothing(text in any_text(), digits in 0_usize..2, joiners in 0_usize..2) {
        let config = NormalizeConfig {
            digits: [Digits::Ascii, Digits::Keep][digits],
            joiners: [Joiners::Keep, Joiners::Strip][joiners],
        };
        let normalizer = Normalizer::new(&config);
        let once = normalizer.normalize(&text);
        prop_assert_eq!(normalizer.normalize(&once), once);
    }

    #[test]
    fn words_one_by_one_give_what_the_text_gives(text in any_text()) {
        let normalizer = Normalizer::new(&NormalizeConfig::default());
        prop_assert_eq!(normalizer.normalize(&text), normalizer.normalize_word(&text));
    }

    #[test]
    fn canonically_equal_texts_become_equal(text in any_text()) {
        let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
        let once = normal(&text);
        prop_assert_eq!(&normal(&composed), &once);
        prop_assert_eq!(&normal(&decomposed), &once);
    }

    #[test]
    fn result_is_one_clean_line(text in any_text()) {
        let once = normal(&text);
        prop_assert!(unicode_normalization::is_nfc(&once));
        let space = |c: char| c.is_whitespace() || c.is_control();
        prop_assert!(once.split(' ').all(|word| !word.contains(space)));
        prop_assert!(once.is_empty() || once.split(' ').all(|word| !word.is_empty()));
        let chars: Vec<char> = once.chars().collect();
        prop_assert!(!chars.windows(2).any(|two| is_joiner(two[0]) && is_joiner(two[1])));
    }
}
