//! What is written in any format reads back, however it is packed.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// The texts of a file of each format; the first character keeps a text from being a header or blank.
fn formats(pairs: &[(String, String)]) -> Vec<(&'static str, String)> {
    let joined = |line: &dyn Fn(&str, &str) -> String| -> String {
        pairs.iter().map(|(src, tgt)| line(src, tgt)).collect::<Vec<_>>().concat()
    };
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let object = |src: &str, tgt: &str| format!("{}\n", serde_json::json!({"en": src, "kn": tgt}));
    vec![
        ("tsv", joined(&|src, tgt| format!("{src}\t{tgt}\n"))),
        ("csv", joined(&|src, tgt| format!("{},{}\r\n", quoted(src), quoted(tgt)))),
        ("jsonl", joined(&object)),
        ("tmx", tmx::memory(&joined(&|src, tgt| tmx::unit(&escaped(src), &escaped(tgt))))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_format_gives_the_same_pairs(
        pairs in vec(("x[^\\x00-\\x1F]{0,12}", "ಕ([\"<&,'>]|[^\\x00-\\x1F]){0,12}"), 1..8),
        packing in 0..4_usize,
    ) {
        let dir = Dir::new();
        for (ending, text) in formats(&pairs) {
            let path = match PACKINGS.get(packing) {
                Some((packed, pack)) => dir.file(&format!("a.{ending}.{packed}"), pack(text.as_bytes())),
                None => dir.file(&format!("a.{ending}"), text),
            };
            let (read, _) = read(&ParallelFiles::one(path)).expect(ending);
            let sides: Vec<(String, String)> = read.into_iter().map(|pair| (pair.src, pair.tgt)).collect();
            prop_assert_eq!(&sides, &pairs, "{}", ending);
        }
    }
}
