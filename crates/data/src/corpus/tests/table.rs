//! `.tsv` and `.csv`.

use super::*;

fn fault(dir: &Dir, name: &str, text: &str) -> String {
    told(dir, &shown(&dir.file(name, text)).expect_err(text))
}

#[test]
fn a_tab_separated_file_has_two_columns_a_line() {
    let dir = Dir::new();
    let files = ParallelFiles::one(dir.file("a.tsv", "a\tಅ\r\n\n\"b\tಬ\n"));
    let (pairs, _) = read(&files).expect("two columns");
    assert_eq!(pairs[2], Pair { src: "\"b".into(), tgt: "ಬ".into(), line: 3, source: 0 });
    assert_eq!(pairs[1], Pair { line: 2, ..Pair::default() });
    for (text, got) in [("a\tb\nonly one", 1), ("a\tb\na\tb\tc", 3)] {
        let expected = format!("b.tsv:2: got {got} columns, expected 2; write source<TAB>target");
        assert_eq!(fault(&dir, "b.tsv", text), expected);
    }
    assert!(fault(&dir, "c.tsv", "a\tb\tc\n").starts_with("c.tsv:1: got 3 columns, expected 2"));
}

#[test]
fn a_header_names_the_columns() {
    let dir = Dir::new();
    let expected = ["2: one | ಒಂದು", "3: two | ಎರಡು"];
    for header in ["id,kn,EN", "x,target,source", "x,tgt,src", "\u{FEFF}x,\"kn\", en "] {
        let text = format!("{header}\n1,ಒಂದು,one\n2,\"ಎರಡು\",two\n");
        assert_eq!(shown(&dir.file("a.csv", &text)).expect(header), expected, "{header}");
        let text = text.replace(',', "\t").replace('"', "");
        assert_eq!(shown(&dir.file("a.tsv", &text)).expect(header), expected, "{header}");
    }
    let named = |src: &str, tgt: &str| ParallelFiles {
        src_column: src.into(),
        tgt_column: tgt.into(),
        ..ParallelFiles::one(dir.file("b.csv", "a,b,en,kn\n1,2,3,4\n"))
    };
    assert_eq!(show(&read(&named("b", "a")).expect("named columns").0), ["2: 2 | 1"]);
    let missing = read(&named("b", "c")).expect_err("no column c");
    let expected = "b.csv: has no columns 'b' and 'c' but a, b, en, kn; set src_column and tgt_column";
    assert_eq!(told(&dir, &missing), expected);
    let header_only = shown(&dir.file("c.csv", "en,kn\n")).expect_err("no pairs");
    assert!(matches!(header_only, DataError::Empty { .. }), "{header_only}");
}

#[test]
fn quotes_are_those_of_rfc_4180() {
    let dir = Dir::new();
    let text = "one,ಒಂದು\r\n\"a, \"\"b\"\" c\",\"\"\r\n\n\"two\r\nlines\",ಎರಡು\nlast,\"ಕೊನೆ\"";
    let (pairs, notes) = read(&ParallelFiles::one(dir.file("a.csv", text))).expect("sound quotes");
    let expected = ["1: one | ಒಂದು", "2: a, \"b\" c | ", "3:  | ", "4: two lines | ಎರಡು", "6: last | ಕೊನೆ"];
    assert_eq!(show(&pairs), expected);
    assert_eq!((notes.crlf_lines, notes.inner_breaks), (3, 1));
    assert_eq!(shown(&dir.file("b.csv", "one,ಒಂದು,5\ntwo,ಎರಡು,6\n")).expect("three columns").len(), 2);
}

#[test]
fn quotes_and_widths_that_are_wrong_are_named_by_line() {
    let dir = Dir::new();
    let step = "; quote the cell and double the quotes in it";
    for (text, message) in [
        ("a,b\n5\" pipe,c\n", "2: not valid csv (a quote stands in a cell without quotes around it)"),
        ("a,b\n\"a\" b,c\n", "2: not valid csv (text stands between a closing quote and the comma)"),
        ("a,b\nc,\"d\ne,f\ng,h\n", "2: not valid csv (a quote is never closed)"),
        ("a,b\nc,\"d\ne,\"f\"\n", "2: not valid csv (text stands between a closing quote and the comma)"),
    ] {
        assert_eq!(fault(&dir, "a.csv", text), format!("a.csv:{message}{step}"), "{text}");
    }
    let step = "; give every row the same columns";
    for (text, message) in [
        ("a,b\n\"c\nd\"\n", "2: got 1 columns, expected 2"),
        ("a,b,x\nc,d\n", "2: got 2 columns, expected 3"),
        ("a\n", "1: got 1 columns, expected 2"),
    ] {
        assert_eq!(fault(&dir, "a.csv", text), format!("a.csv:{message}{step}"), "{text}");
    }
    let limits = Limits { max_line_bytes: 100, ..Limits::default() };
    let path = dir.file("b.csv", format!("a,b\nc,\"{}", "d\n".repeat(1000)));
    let got = read_parallel(&ParallelFiles::one(path), &english_kannada(), &limits);
    assert!(matches!(got, Err(DataError::LineTooLong { line: 2, limit: 100, .. })), "{got:?}");
}

#[test]
fn odd_characters_stay_in_their_cell() {
    let dir = Dir::new();
    for name in ["a.tsv", "a.csv"] {
        let text = "\u{FEFF}one\u{2028}1\tಒಂದು\u{0}\r\ntwo\u{85}\tಎರಡು\r\n";
        let text = if name == "a.csv" { text.replace('\t', ",") } else { text.to_owned() };
        let (pairs, notes) = read(&ParallelFiles::one(dir.file(name, text))).expect(name);
        assert_eq!(show(&pairs), ["1: one\u{2028}1 | ಒಂದು\u{0}", "2: two\u{85} | ಎರಡು"]);
        assert_eq!((notes.boms, notes.crlf_lines, notes.odd_lines), (1, 2, 2), "{name}");
        let bad = dir.file(
            name,
            if name == "a.csv" { &b"one,x\ntwo,ab\xC0\xAF\n"[..] } else { b"one\tx\ntwo\tab\xC0\xAF\n" },
        );
        let got = shown(&bad);
        assert!(matches!(got, Err(DataError::BadUtf8 { line: 2, offset: 6, .. })), "{got:?}");
    }
}
