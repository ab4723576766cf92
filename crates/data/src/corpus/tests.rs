use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tempfile::TempDir;

use super::*;

struct Dir(TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).expect("the temporary directory can be written");
        path
    }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn lines(path: &Path) -> Result<(Vec<String>, ReadNotes), DataError> {
    read_lines(path, &Limits::default())
}

#[test]
fn only_newlines_split_and_both_sides_stay_aligned() {
    let dir = Dir::new();
    let src = "\u{FEFF}one\u{2028}1\r\ntwo\u{0}\u{B}\u{C}\u{85}2\r\n\nlone\rcr\nlast";
    let files = ParallelFiles::pair(dir.file("a.en", src), dir.file("a.kn", "೧\n೨\n೩\n೪\n೫\n"));
    let (pairs, notes) = read_parallel(&files, &Limits::default()).expect("aligned files");
    let sides: Vec<(&str, &str)> = pairs.iter().map(|pair| (pair.src.as_str(), pair.tgt.as_str())).collect();
    let second = "two\u{0}\u{B}\u{C}\u{85}2";
    assert_eq!(sides, [("one\u{2028}1", "೧"), (second, "೨"), ("", "೩"), ("lone\rcr", "೪"), ("last", "೫")]);
    assert_eq!(pairs.iter().map(|pair| pair.line).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(notes, ReadNotes { boms: 1, crlf_lines: 2, odd_lines: 3 });
}

#[test]
fn a_tab_separated_file_has_two_columns_a_line() {
    let dir = Dir::new();
    let files = ParallelFiles::tsv(dir.file("a.tsv", "a\tಅ\r\n\nb\tಬ\n"));
    let (pairs, _) = read_parallel(&files, &Limits::default()).expect("two columns");
    assert_eq!(pairs[2], Pair { src: "b".into(), tgt: "ಬ".into(), line: 3 });
    assert_eq!(pairs[1], Pair { src: String::new(), tgt: String::new(), line: 2 });
    for (text, got) in [("a\tb\nonly one", 1), ("a\tb\na\tb\tc", 3)] {
        let files = ParallelFiles::tsv(dir.file("b.tsv", text));
        let fault = read_parallel(&files, &Limits::default()).expect_err(text);
        assert!(matches!(fault, DataError::Columns { line: 2, got: n, .. } if n == got), "{fault}");
    }
}

#[test]
fn bad_utf8_is_named_by_line_and_byte() {
    let dir = Dir::new();
    for bad in [&b"\xC3("[..], b"\xC0\xAF", b"\xED\xA0\x80", b"\xF0\x9F\x98"] {
        let text = [&b"fine\nab\xE0\xB2\x95"[..], bad, b"\nfine\n"].concat();
        let path = dir.file("a.en", text);
        let fault = lines(&path).expect_err("invalid utf-8");
        assert!(matches!(fault, DataError::BadUtf8 { line: 2, offset: 5, .. }), "{fault}");
        assert!(
            fault
                .to_string()
                .ends_with("a.en:2: invalid utf-8 at byte 5 of the line; convert the file to utf-8")
        );
    }
}

#[test]
fn unequal_counts_name_files_counts_and_where_they_part() {
    let dir = Dir::new();
    let lengths: Vec<usize> = (0..1000).map(|n| 3 + (n * 7919) % 83).collect();
    let text = |skip: std::ops::Range<usize>| -> String {
        let kept = lengths.iter().enumerate().filter(|(i, _)| !skip.contains(i));
        kept.map(|(_, length)| "x".repeat(*length) + "\n").collect()
    };
    let whole = dir.file("a.en", text(0..0));
    for (lost, expected) in [(400..401, 401), (990..1000, 991), (0..3, 1)] {
        let files = ParallelFiles::pair(&whole, dir.file("a.kn", text(lost.clone())));
        let fault = read_parallel(&files, &Limits::default()).expect_err("lost lines");
        let DataError::LineCounts { src_lines, tgt_lines, first_suspect, .. } = &fault else {
            panic!("{fault}");
        };
        assert_eq!((*src_lines, *tgt_lines), (1000, 1000 - lost.len()));
        let suspect = first_suspect.expect("lengths differ from line to line");
        assert!(suspect.abs_diff(expected) <= 2, "{suspect} for {expected}");
        assert!(fault.to_string().contains(&format!("near line {suspect}")), "{fault}");
    }
    let files = ParallelFiles::pair(dir.file("b.en", "x\n".repeat(50)), dir.file("b.kn", "x\n".repeat(49)));
    let fault = read_parallel(&files, &Limits::default()).expect_err("lost line");
    assert!(matches!(fault, DataError::LineCounts { first_suspect: None, .. }), "{fault}");
}

#[test]
fn what_is_not_a_file_with_text_is_told_apart() {
    let dir = Dir::new();
    let missing = dir.0.path().join("none.en");
    assert!(matches!(lines(&missing), Err(DataError::NotFound { .. })));
    assert!(matches!(lines(dir.0.path()), Err(DataError::NotAFile { got: "a directory", .. })));
    for (name, bytes) in
        [("empty.en", &b""[..]), ("bom.en", b"\xEF\xBB\xBF"), ("empty.gz", &gz(b"")), ("e.zst", &zst(b""))]
    {
        let got = lines(&dir.file(name, bytes));
        assert!(matches!(got, Err(DataError::Empty { .. })), "{name}: {got:?}");
    }
    assert!(matches!(
        read_parallel(&ParallelFiles::default(), &Limits::default()),
        Err(DataError::FilesNotSet)
    ));
    #[cfg(unix)]
    {
        let got = lines(Path::new("/dev/null"));
        assert!(matches!(got, Err(DataError::NotAFile { got: "a pipe, socket or device", .. })));
        let looped = dir.0.path().join("loop.en");
        std::os::unix::fs::symlink(&looped, &looped).expect("links can be made");
        assert!(matches!(lines(&looped), Err(DataError::Unreadable { .. })));
    }
}

#[test]
fn names_may_be_in_kannada() {
    let dir = Dir::new();
    assert_eq!(lines(&dir.file("ತರಬೇತಿ.kn", "ಒಂದು\n")).expect("a file").0, ["ಒಂದು"]);
}

#[test]
fn compressed_files_read_like_plain_ones() {
    let dir = Dir::new();
    let text = "ಒಂದು ಎರಡು\n".repeat(20_000);
    let two_members = [gz(&text.as_bytes()[..12]), gz(&text.as_bytes()[12..])].concat();
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
    for (name, whole) in [("a.gz", gz(text.as_bytes())), ("a.zst", zst(text.as_bytes()))] {
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
    let got = lines(&dir.file("plain.gz", text));
    assert!(matches!(got, Err(DataError::Damaged { bytes: 0, .. })), "{got:?}");
}

#[test]
fn bombs_and_giants_are_refused() {
    let dir = Dir::new();
    let zeros = vec![b'0'; 8 << 20];
    for (name, bytes) in [("a.gz", gz(&zeros)), ("a.zst", zst(&zeros))] {
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
fn hash_tells_the_sides_apart() {
    let dir = Dir::new();
    let hash = |src: &str, tgt: &str| {
        let files = ParallelFiles::pair(dir.file("h.en", src), dir.file("h.kn", tgt));
        content_hash(&files, &Limits::default()).expect("two files")
    };
    assert_ne!(hash("a\nb\n", "c\n"), hash("a\n", "b\nc\n"));
    assert_eq!(hash("a\n", "b\n").len(), 64);
}
