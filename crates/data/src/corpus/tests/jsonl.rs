//! `.jsonl`.

use super::*;

#[test]
fn sides_are_found_by_language_by_name_or_inside() {
    let dir = Dir::new();
    for object in [
        r#"{"id": 5, "en": "one\ttwo", "kn": "ಒಂದು"}"#,
        r#"{"translation": {"kn": "ಒಂದು", "en": "one\ttwo"}, "id": [1, {"en": 2}]}"#,
        r#"{"src": "one\ttwo", "tgt": "\u0c92\u0c82\u0ca6\u0cc1"}"#,
        r#" {"source": "one\ttwo", "target": "ಒಂದು", "src_lang": "en"} "#,
    ] {
        assert_eq!(shown(&dir.file("a.jsonl", object)).expect(object), ["1: one\ttwo | ಒಂದು"], "{object}");
    }
    let files = ParallelFiles {
        src_column: "a".into(),
        tgt_column: "b".into(),
        ..ParallelFiles::one(dir.file("b.jsonl", "{\"a\": \"1\", \"b\": \"2\", \"en\": \"3\"}\r\n\n"))
    };
    assert_eq!(show(&read(&files).expect("named keys").0), ["1: 1 | 2", "2:  | "]);
}

#[test]
fn a_line_break_inside_a_text_becomes_a_space() {
    let dir = Dir::new();
    let path = dir.file("a.jsonl", r#"{"en": "one \n two\r\n", "kn": "\nಒಂದು"}"#);
    let (pairs, notes) = read(&ParallelFiles::one(path)).expect("an object");
    assert_eq!(show(&pairs), ["1: one two | ಒಂದು"]);
    assert_eq!(notes.inner_breaks, 1);
}

#[test]
fn what_is_wrong_is_named_by_line() {
    let dir = Dir::new();
    let sound = "{\"en\": \"a\", \"kn\": \"ಅ\"}\n";
    for (bad, expected) in [
        (
            "{\"en\": \"a\", \"kn\": \"ಅ\"",
            "not a json object (byte 23: EOF while parsing an object); write one object a line",
        ),
        (
            "[\"a\", \"b\"]",
            "not a json object (byte 1: invalid type: sequence, expected a map); write one object a line",
        ),
        (
            "{\"en\": \"\\ud800\", \"kn\": \"b\"}",
            "not a json object (byte 15: unexpected end of hex escape); write one object a line",
        ),
        ("{\"en\": \"a\"}", "has no text 'kn'; give both sides, or set src_column and tgt_column"),
        (
            "{\"en\": \"a\", \"kn\": null}",
            "has no text 'kn'; give both sides, or set src_column and tgt_column",
        ),
        (
            "{\"translation\": {\"kn\": \"a\"}}",
            "has no text 'en'; give both sides, or set src_column and tgt_column",
        ),
        ("{}", "has no text 'en'; give both sides, or set src_column and tgt_column"),
    ] {
        let path = dir.file("a.jsonl", format!("{sound}{sound}{bad}\n{sound}"));
        assert_eq!(told(&dir, &shown(&path).expect_err(bad)), format!("a.jsonl:3: {expected}"));
    }
    let deep = dir.file("b.jsonl", format!("{}\n", "[".repeat(1 << 20)));
    assert!(matches!(shown(&deep), Err(DataError::Json { line: 1, .. })));
}
