//! `.tmx`.

use super::*;

/// A memory around units.
pub(super) fn memory(units: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE tmx SYSTEM \"tmx14.dtd\">\n<tmx version=\"1.4\">\n\
         <header srclang=\"en\" datatype=\"plaintext\"><note>a &lt; b</note></header>\n<body>\n{units}</body>\n</tmx>\n"
    )
}

/// A unit of one line.
pub(super) fn unit(src: &str, tgt: &str) -> String {
    format!(
        "<tu><tuv xml:lang=\"en\"><seg>{src}</seg></tuv><tuv xml:lang=\"kn\"><seg>{tgt}</seg></tuv></tu>\n"
    )
}

fn fault(text: impl AsRef<[u8]>) -> String {
    let dir = Dir::new();
    told(&dir, &shown(&dir.file("a.tmx", text)).expect_err("a fault"))
}

#[test]
fn units_with_both_languages_become_pairs_with_their_line() {
    let dir = Dir::new();
    let units = [
        unit("one", "ಒಂದು"),
        "<tu\n  tuid=\"2\">\n<prop type=\"x\">y</prop>\n<tuv xml:lang=\"kn-IN\">\n<seg>ಎರಡು\n  ಸಾಲು</seg></tuv>\n\
         <tuv lang='EN_us'><note>n</note><seg>two</seg></tuv></tu>\n"
            .to_owned(),
        "<tu><tuv xml:lang=\"en\"><seg>alone</seg></tuv><tuv xml:lang=\"ta\"><seg>ஒன்று</seg></tuv></tu>\n".to_owned(),
        "<tu/>\n".to_owned(),
        "<tu><tuv xml:lang=\"en\"><seg>first</seg></tuv><tuv xml:lang=\"en\"><seg>second</seg></tuv>\
         <tuv xml:lang=\"kn\"><seg/></tuv></tu>\n"
            .to_owned(),
    ];
    let path = dir.file("a.tmx", format!("\u{FEFF}{}", memory(&units.concat())));
    let (pairs, notes) = read(&ParallelFiles::one(path)).expect("a sound memory");
    assert_eq!(show(&pairs), ["6: one | ಒಂದು", "7: two | ಎರಡು ಸಾಲು", "16: first | "]);
    assert_eq!((notes.skipped_units, notes.inner_breaks), (2, 1));
}

#[test]
fn markup_goes_and_text_stays() {
    let dir = Dir::new();
    let src = "<bpt i=\"1\">&lt;b&gt;</bpt>Press<ept i=\"1\">&lt;/b&gt;</ept> <hi>the <hi>red</hi> key</hi><ph/> \
               &amp; wait<ph>{0}</ph> <!-- no --><![CDATA[<5 s]]> &#x0C95;&#33;<x>!</x>";
    let path = dir.file("a.tmx", memory(&unit(src, "&quot;&apos;&gt;")));
    assert_eq!(shown(&path).expect("a sound memory"), ["6: Press the red key & wait <5 s ಕ!! | \"'>"]);
}

#[test]
fn regions_count_only_between_kindred_languages() {
    let dir = Dir::new();
    let units =
        "<tu><tuv xml:lang=\"pt-BR\"><seg>a</seg></tuv><tuv xml:lang=\"pt-PT\"><seg>b</seg></tuv></tu>";
    let files = ParallelFiles::one(dir.file("a.tmx", memory(units)));
    let languages = LanguagePair::new("pt-PT", "pt-BR");
    let (pairs, _) = read_parallel(&files, &languages, &Limits::default()).expect("a sound memory");
    assert_eq!(show(&pairs), ["6: b | a"]);
}

#[test]
fn a_memory_of_other_languages_tells_which() {
    let units = "<tu><tuv xml:lang=\"en\"><seg>a</seg></tuv><tuv xml:lang=\"ta-IN\"><seg>b</seg></tuv></tu>";
    let expected =
        "a.tmx: none of its 2 units has both 'en' and 'kn' (others: ta-IN); check src_lang and tgt_lang";
    assert_eq!(fault(memory(&units.repeat(2))), expected);
    assert!(fault(memory("")).starts_with("a.tmx: is empty"));
}

#[test]
fn broken_xml_is_named_by_line() {
    let sound = memory(&unit("one", "ಒಂದು").repeat(3));
    let xml = |line: usize, message: &str| {
        format!("a.tmx:{line}: not a sound translation memory ({message}); export or fetch it again")
    };
    let cut = &sound[..sound.find("</body>").expect("a body")];
    assert_eq!(fault(cut), xml(9, "it ends within an element"));
    let cut = &sound[..sound.rfind("</seg>").expect("a seg") + 3];
    assert!(fault(cut).starts_with("a.tmx:8: not a sound translation memory"), "{}", fault(cut));
    let crossed = memory(&format!("{}<tu><tuv></tu></tuv>", unit("a", "ಅ")));
    assert!(
        fault(&crossed).starts_with("a.tmx:7: not a sound translation memory (ill-formed"),
        "{}",
        fault(&crossed)
    );
    assert_eq!(fault(memory(&unit("a &nbsp; b", "ಅ"))), xml(6, "unknown entity '&nbsp;'"));
    assert_eq!(fault(memory(&unit("a &#0; b", "ಅ"))), xml(6, "unknown entity '&#0;'"));
    assert_eq!(fault("<html><body/></html>"), xml(1, "it starts with <html>, expected <tmx>"));
    assert_eq!(fault(memory(&"<a>".repeat(70))), xml(6, "its elements stand 65 deep in each other"));
    let latin =
        [&b"<tmx><body><tu><tuv xml:lang=\"en\">\n<seg>caf\xE9 </seg></tuv></tu></body></tmx>"[..]].concat();
    assert_eq!(fault(latin), xml(2, "it is not in utf-8"));
    assert!(fault("one\ttwo\n").starts_with("a.tmx"));
    let utf16: Vec<u8> = "\u{FEFF}<tmx></tmx>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(fault(utf16).starts_with("a.tmx:1: not a sound translation memory"));
}

#[test]
fn entities_of_its_own_are_refused() {
    let bomb = "<!DOCTYPE tmx [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\n<tmx><body><tu>\
                <tuv xml:lang=\"en\"><seg>&b;</seg></tuv><tuv xml:lang=\"kn\"><seg>&b;</seg></tuv></tu></body></tmx>";
    assert!(fault(bomb).contains("(it declares entities or elements of its own)"), "{}", fault(bomb));
    let outside =
        bomb.replace("&b;", "&x;").replace("<!ENTITY a \"ha\">", "<!ENTITY x SYSTEM \"file:///etc/passwd\">");
    assert!(fault(&outside).contains("(it declares entities or elements of its own)"));
}

#[test]
fn one_giant_part_is_refused() {
    let dir = Dir::new();
    let limits = Limits { max_line_bytes: 1 << 17, ..Limits::default() };
    let giant = "x".repeat(1 << 20);
    let pieces = "x<hi>x</hi>".repeat((1 << 16) + 1);
    for units in
        [unit(&giant, "ಅ"), unit(&pieces, "ಅ"), format!("<tu a=\"{giant}\"></tu>"), format!("<!--{giant}-->")]
    {
        let path = dir.file("a.tmx", memory(&units));
        let got = read_parallel(&ParallelFiles::one(path), &english_kannada(), &limits);
        assert!(matches!(got, Err(DataError::LineTooLong { line: 6, .. })), "{got:?}");
    }
}
