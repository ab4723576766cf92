mod jsonl;
mod packed;
mod parts;
mod round_trip;
mod sources;
mod table;
mod tmx;
#[cfg(feature = "parquet")]
mod parquet;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use lzma_rust2::{XzOptions, XzWriter};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use tempfile::TempDir;

use super::*;
use crate::config::BadUtf8;
use crate::pack::{gz, xz, zst};

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

type Pack = fn(&[u8]) -> Vec<u8>;

/// The endings of compressed files with their encoders.
const PACKINGS: [(&str, Pack); 3] = [("gz", gz), ("zst", zst), ("xz", xz)];

fn english_kannada() -> LanguagePair {
    LanguagePair::new("en", "kn")
}

/// Reads a set with the default limits.
fn read(files: &ParallelFiles) -> Result<(Vec<Pair>, ReadNotes), DataError> {
    read_parallel(files, &english_kannada(), &Limits::default())
}

/// The pairs of one file, as `line: source | target`.
fn shown(path: &Path) -> Result<Vec<String>, DataError> {
    Ok(show(&read(&ParallelFiles::one(path))?.0))
}

fn show(pairs: &[Pair]) -> Vec<String> {
    pairs.iter().map(|pair| format!("{}: {} | {}", pair.line, pair.src, pair.tgt)).collect()
}

/// The message of a fault without the directory.
fn told(dir: &Dir, fault: &DataError) -> String {
    fault.to_string().replace(&format!("{}/", dir.0.path().display()), "")
}

fn lines(path: &Path) -> Result<(Vec<String>, ReadNotes), DataError> {
    read_lines(path, &Limits::default())
}

#[test]
fn only_newlines_split_and_both_sides_stay_aligned() {
    let dir = Dir::new();
    let src = "\u{FEFF}one\u{2028}1\r\ntwo\u{0}\u{B}\u{C}\u{85}2\r\n\nlone\rcr\nlast";
    let files = ParallelFiles::pair(dir.file("a.en", src), dir.file("a.kn", "೧\n೨\n೩\n೪\n೫\n"));
    let (pairs, notes) = read(&files).expect("aligned files");
    let sides: Vec<(&str, &str)> = pairs.iter().map(|pair| (pair.src.as_str(), pair.tgt.as_str())).collect();
    let second = "two\u{0}\u{B}\u{C}\u{85}2";
    assert_eq!(sides, [("one\u{2028}1", "೧"), (second, "೨"), ("", "೩"), ("lone\rcr", "೪"), ("last", "೫")]);
    assert_eq!(pairs.iter().map(|pair| pair.line).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(notes, ReadNotes { boms: 1, crlf_lines: 2, odd_lines: 3, ..ReadNotes::default() });
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
fn bad_utf8_is_skipped_or_mended_if_asked() {
    let dir = Dir::new();
    let src = dir.file("a.en", b"one\nt\xC3wo\nthree\n".as_slice());
    let two = ParallelFiles::pair(src, dir.file("a.kn", "೧\n೨\n೩\n"));
    let one = ParallelFiles::one(dir.file("a.tsv", b"one\t1\nt\xC3wo\t2\nthree\t3\n".as_slice()));
    let read = |files: &ParallelFiles, bad_utf8| {
        let limits = Limits { bad_utf8, ..Limits::default() };
        let (pairs, notes) = read_parallel(files, &english_kannada(), &limits).expect("not an error here");
        assert_eq!(notes, ReadNotes { bad_utf8: 1, ..ReadNotes::default() });
        pairs.into_iter().map(|pair| (pair.line, pair.src)).collect::<Vec<_>>()
    };
    let pairs = |sides: &[(usize, &str)]| -> Vec<(usize, String)> {
        sides.iter().map(|(line, src)| (*line, (*src).to_owned())).collect()
    };
    let skipped = [(1, "one"), (2, ""), (3, "three")];
    assert_eq!(read(&two, BadUtf8::Skip), pairs(&skipped), "the sides stay together");
    assert_eq!(read(&one, BadUtf8::Skip), pairs(&skipped));
    let mended = pairs(&[(1, "one"), (2, "t\u{FFFD}wo"), (3, "three")]);
    assert_eq!(read(&two, BadUtf8::Replace), mended);
    assert_eq!(read(&one, BadUtf8::Replace), mended);
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
        let fault = read(&files).expect_err("lost lines");
        let DataError::LineCounts { src_lines, tgt_lines, first_suspect, .. } = &fault else {
            panic!("{fault}");
        };
        assert_eq!((*src_lines, *tgt_lines), (1000, 1000 - lost.len()));
        let suspect = first_suspect.expect("lengths differ from line to line");
        assert!(suspect.abs_diff(expected) <= 2, "{suspect} for {expected}");
        assert!(fault.to_string().contains(&format!("near line {suspect}")), "{fault}");
    }
    let files = ParallelFiles::pair(dir.file("b.en", "x\n".repeat(50)), dir.file("b.kn", "x\n".repeat(49)));
    let fault = read(&files).expect_err("lost line");
    assert!(matches!(fault, DataError::LineCounts { first_suspect: None, .. }), "{fault}");
}

#[test]
fn what_is_not_a_file_with_text_is_told_apart() {
    let dir = Dir::new();
    let missing = dir.0.path().join("none.en");
    assert!(matches!(lines(&missing), Err(DataError::NotFound { .. })));
    assert!(matches!(lines(dir.0.path()), Err(DataError::NotAFile { got: "a directory", .. })));
    for (name, bytes) in [
        ("empty.en", &b""[..]),
        ("bom.en", b"\xEF\xBB\xBF"),
        ("empty.gz", &gz(b"")),
        ("e.zst", &zst(b"")),
        ("e.xz", &xz(b"")),
    ] {
        let got = lines(&dir.file(name, bytes));
        assert!(matches!(got, Err(DataError::Empty { .. })), "{name}: {got:?}");
    }
    assert!(matches!(read(&ParallelFiles::default()), Err(DataError::FilesNotSet)));
    #[cfg(unix)]
    {
        let got = lines(Path::new("/dev/null"));
        assert!(matches!(got, Err(DataError::NotAFile { got: "a pipe, socket or device", .. })));
        let looped = dir.0.path().join("loop.en");
        std::os::unix::fs::symlink(&looped, &looped).expect("links can be made");
        assert!(matches!(lines(&looped), Err(DataError::Unreadable { .. })));
        let fifo = dir.0.path().join("fifo.tsv");
        assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs").success());
        for files in [ParallelFiles::one(&fifo), ParallelFiles::pair(&fifo, &fifo)] {
            let got = read(&files);
            assert!(
                matches!(got, Err(DataError::NotAFile { got: "a pipe, socket or device", .. })),
                "{got:?}"
            );
        }
    }
}

#[test]
fn names_may_be_in_kannada() {
    let dir = Dir::new();
    assert_eq!(lines(&dir.file("ತರಬೇತಿ.kn", "ಒಂದು\n")).expect("a file").0, ["ಒಂದು"]);
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

#[test]
fn the_hash_is_of_the_text_however_it_is_cut_and_packed() {
    let dir = Dir::new();
    dir.file("whole.en", "a\nb\nc\n");
    dir.file("whole.kn", "ಅ\nಬ\nಕ");
    for (name, bytes) in
        [("part-1.en", "a\nb"), ("part-2.en", "c\n"), ("part-1.kn", "ಅ\nಬ\n"), ("part-2.kn", "ಕ\n")]
    {
        dir.file(name, bytes);
    }
    let hash = |src: &str, tgt: &str| {
        let files = ParallelFiles::pair(dir.0.path().join(src), dir.0.path().join(tgt));
        content_hash(&files, &Limits::default()).expect("files")
    };
    let whole = hash("whole.en", "whole.kn");
    assert_eq!(hash("part-*.en", "part-*.kn"), whole);
    dir.file("whole.kn", "ಅ\nಬ\nಕ\n\n");
    assert_ne!(hash("whole.en", "whole.kn"), whole);
    let one =
        content_hash(&ParallelFiles::one(dir.file("a.tsv", "a\tb\n")), &Limits::default()).expect("a file");
    let by_hand = blake3::hash(blake3::hash(b"a\tb\n").as_bytes());
    assert_eq!(one, by_hand.to_hex().to_string());
}

#[test]
fn a_line_beyond_the_limit_is_refused_with_its_number() {
    let dir = Dir::new();
    let limits = Limits { max_line_bytes: 10, ..Limits::default() };
    let path = dir.file("a.en", "0123456789\r\n0123456789\n01234567890");
    let fault = read_lines(&path, &limits).expect_err("eleven bytes");
    let expected = "a.en:3: is longer than 10 bytes; check that the file has line ends";
    assert_eq!(told(&dir, &fault), expected);
    // A mark and an end do not count.
    let path = dir.file("c.en", "\u{FEFF}0123456789\r\nx\n");
    assert_eq!(read_lines(&path, &limits).expect("ten bytes").0, ["0123456789", "x"]);
    for text in
        ["\u{FEFF}01234567890\r\nx", "\u{FEFF}012345678901234567890", "01234567890\n", "012345678901234"]
    {
        let got = read_lines(&dir.file("d.en", text), &limits);
        assert!(matches!(got, Err(DataError::LineTooLong { line: 1, .. })), "{text}: {got:?}");
    }
    // A file without line ends is not read to its end.
    let endless = dir.file("b.en", "0".repeat(1 << 20));
    let fault = read_lines(&endless, &limits).expect_err("a million bytes");
    assert!(matches!(fault, DataError::LineTooLong { line: 1, limit: 10, .. }), "{fault}");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_a_fault() {
    let dir = Dir::new();
    for (name, change) in [("grown.tsv", "a\tb\n".repeat(300_000)), ("cut.tsv", "a\tb\n".to_owned())] {
        let path = dir.file(name, "a\tb\n".repeat(200_000));
        let mut pairs = 0;
        let got =
            for_each_pair(&ParallelFiles::one(&path), &english_kannada(), &Limits::default(), &mut |_| {
                pairs += 1;
                if pairs == 10 {
                    fs::write(&path, &change).expect("the temporary directory can be written");
                }
                Ok(())
            });
        assert!(matches!(got, Err(DataError::Changed { .. })), "{name}: {got:?}");
    }
}

#[test]
fn the_taker_of_pairs_may_stop_the_reading() {
    let dir = Dir::new();
    let files = ParallelFiles::one(dir.file("a.tsv", "a\tb\nc\td\nbad line\n"));
    let mut seen = 0;
    let got = for_each_pair(&files, &english_kannada(), &Limits::of_a_line(), &mut |_| {
        seen += 1;
        if seen == 2 { Err(DataError::NoText) } else { Ok(()) }
    });
    assert!(matches!(got, Err(DataError::NoText)), "{got:?}");
}

#[test]
fn random_bytes_never_panic() {
    let dir = Dir::new();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let xml = "<tmx><body><tu><tuv xml:lang=\"en\"><seg>a &amp; b</seg></tuv><tuv xml:lang=\"kn\">\
               <seg>ಅ</seg></tuv></tu></body></tmx>";
    let texts = ["a\tb\nc\td\n", "a,\"b \"\"c\"\nd,e\n", "{\"en\": \"a\", \"kn\": \"ಅ\"}\n", xml];
    for (ending, text) in ["tsv", "csv", "jsonl", "tmx"].into_iter().zip(texts) {
        assert!(!shown(&dir.file(&format!("sound.{ending}"), text)).expect(ending).is_empty());
        for _ in 0..200 {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=rng.next_u32() % 3 {
                let place = rng.next_u32() as usize % bytes.len();
                bytes[place] = rng.next_u32() as u8;
            }
            let _ = shown(&dir.file(&format!("a.{ending}"), &bytes));
        }
        for (packing, pack) in PACKINGS {
            let whole = pack(text.as_bytes());
            for _ in 0..50 {
                let mut bytes = whole.clone();
                let place = rng.next_u32() as usize % bytes.len();
                bytes[place] = rng.next_u32() as u8;
                let _ = shown(&dir.file(&format!("a.{ending}.{packing}"), &bytes));
            }
        }
    }
}
