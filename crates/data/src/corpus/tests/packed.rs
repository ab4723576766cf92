//! Compressed files: as the plain ones, or a fault.

use super::*;

#[test]
fn compressed_files_read_like_plain_ones() {
    let dir = Dir::new();
    let text = "ಒಂದು ಎರಡು\n".repeat(20_000);
    let two_members = [gz(&text.as_bytes()[..12]), gz(&text.as_bytes()[12..])].concat();
    let padding = vec![0; 8];
    let two_streams = [xz(&text.as_bytes()[..12]), padding, xz(&text.as_bytes()[12..])].concat();
    let skippable = [&b"\x50\x2A\x4D\x18\x03\x00\x00\x00abc"[..]].concat();
    let two_frames = [zst(&text.as_bytes()[..12]), skippable, zst(&text.as_bytes()[12..])].concat();
    let limits = Limits { max_ratio: 1_000_000, ..Limits::default() };
    let plain = dir.file("a.kn", &text);
    let (expected, _) = lines(&plain).expect("a plain file");
    let hash = content_hash(&ParallelFiles::pair(&plain, &plain), &limits).expect("a plain file");
    for (name, bytes) in [
        ("b.gz", gz(text.as_bytes())),
        ("c.gz", two_members),
        ("d.zst", zst(text.as_bytes())),
        ("e.zst", two_frames),
        ("f.xz", xz(text.as_bytes())),
        ("g.xz", two_streams),
        ("h.GZ", gz(text.as_bytes())),
    ] {
        let path = dir.file(name, bytes);
        assert_eq!(read_lines(&path, &limits).expect(name).0, expected, "{name}");
        assert_eq!(content_hash(&ParallelFiles::pair(&plain, &path), &limits).expect(name), hash, "{name}");
    }
}

#[test]
fn a_cut_or_damaged_archive_is_never_a_short_corpus() {
    let dir = Dir::new();
    let text = (0..60).map(|n| format!("line {n} of ಪಠ್ಯ {}\n", n * n)).collect::<Vec<_>>().concat();
    for (name, whole) in
        [("a.gz", gz(text.as_bytes())), ("a.zst", zst(text.as_bytes())), ("a.xz", xz(text.as_bytes()))]
    {
        assert_eq!(lines(&dir.file(name, &whole)).expect(name).0.len(), 60);
        for end in 1..whole.len() {
            let got = lines(&dir.file(name, &whole[..end]));
            assert!(matches!(got, Err(DataError::Damaged { .. })), "{name} cut at {end}: {got:?}");
        }
        for flip in (20..whole.len()).step_by(3) {
            let mut bytes = whole.clone();
            bytes[flip] ^= 0x10;
            if let Ok((got, _)) = lines(&dir.file(name, &bytes)) {
                assert_eq!(got.join("\n") + "\n", text, "{name} flipped at {flip}");
            }
        }
    }
    let skippable_cut = [zst(text.as_bytes()), b"\x50\x2A\x4D\x18\x03\x00\x00\x00ab".to_vec()].concat();
    let got = lines(&dir.file("b.zst", skippable_cut));
    assert!(matches!(got, Err(DataError::Damaged { .. })), "{got:?}");
    for (name, trailing) in
        [("t.gz", gz(text.as_bytes())), ("t.zst", zst(text.as_bytes())), ("t.xz", xz(text.as_bytes()))]
    {
        let got = lines(&dir.file(name, [trailing, b"more text".to_vec()].concat()));
        assert!(matches!(got, Err(DataError::Damaged { .. })), "{name}: {got:?}");
    }
    for name in ["plain.gz", "plain.zst", "plain.xz"] {
        let got = lines(&dir.file(name, &text));
        assert!(matches!(got, Err(DataError::Damaged { bytes: 0, .. })), "{got:?}");
    }
}

#[test]
fn bombs_and_giants_are_refused() {
    let dir = Dir::new();
    let zeros = vec![b'0'; 8 << 20];
    for (name, bytes) in [("a.gz", gz(&zeros)), ("a.zst", zst(&zeros)), ("a.xz", xz(&zeros))] {
        let got = lines(&dir.file(name, bytes));
        assert!(matches!(got, Err(DataError::Bomb { limit: 200, .. })), "{name}");
    }
    let limits = Limits { max_bytes: 1000, ..Limits::default() };
    for (name, bytes) in [("b.en", vec![b'0'; 1001]), ("b.gz", gz(&[b'0'; 1001]))] {
        let got = read_lines(&dir.file(name, bytes), &limits);
        assert!(matches!(got, Err(DataError::TooLarge { limit: 1000, .. })), "{name}");
    }
}

#[test]
fn a_cut_archive_is_a_fault_in_every_format() {
    let dir = Dir::new();
    let repeated = |line: fn(usize) -> String| (0..3000).map(line).collect::<Vec<_>>().concat();
    let texts = [
        ("tsv", repeated(|n| format!("line {n}\tಸಾಲು {n}\n"))),
        ("csv", repeated(|n| format!("\"line {n}\",ಸಾಲು {n}\n"))),
        ("jsonl", repeated(|n| format!("{{\"en\": \"line {n}\", \"kn\": \"ಸಾಲು {n}\"}}\n"))),
        ("tmx", tmx::memory(&repeated(|n| tmx::unit(&format!("line {n}"), "ಸಾಲು")))),
    ];
    for (ending, text) in &texts {
        for (packing, pack) in PACKINGS {
            let bytes = pack(text.as_bytes());
            let name = format!("a.{ending}.{packing}");
            assert_eq!(shown(&dir.file(&name, &bytes)).expect(&name).len(), 3000);
            for end in [bytes.len() / 2, bytes.len() - 1] {
                let got = shown(&dir.file(&name, &bytes[..end]));
                assert!(matches!(got, Err(DataError::Damaged { .. })), "{name}: {got:?}");
            }
        }
    }
}

#[test]
fn a_bomb_is_found_before_it_fills_the_memory() {
    let dir = Dir::new();
    let text = "ab\tcd\n".repeat(40_000_000 / 6);
    let path = dir.file("a.tsv.gz", gz(text.as_bytes()));
    let mut bytes = 0;
    let fault =
        for_each_pair(&ParallelFiles::one(&path), &english_kannada(), &Limits::default(), &mut |pair| {
            bytes += pair.src.len() + pair.tgt.len() + 2;
            Ok(())
        });
    assert!(matches!(fault, Err(DataError::Bomb { .. })), "{fault:?}");
    // A chunk of the file is read ahead; nothing else is.
    assert!(bytes < 20_000_000, "{bytes}");
}

#[test]
fn an_archive_may_not_ask_for_much_memory() {
    let dir = Dir::new();
    let mut options = XzOptions::with_preset(6);
    options.lzma_options.dict_size = 1 << 29;
    let mut writer = XzWriter::new(Vec::new(), options).expect("options");
    writer.write_all(b"a\tb\n").expect("memory can be written");
    let path = dir.file("a.tsv.xz", writer.finish().expect("memory can be written"));
    let got = shown(&path);
    assert!(matches!(got, Err(DataError::Damaged { .. })), "{got:?}");
}
