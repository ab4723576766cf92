//! Text that is wrong: named before anything is written, or mended and counted.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;
#[path = "input/every_command.rs"]
mod every_command;

use common::{Place, assert_has, failure, pairs, stderr_of, stdout};
use std::fs;
use std::io::Write;

/// Fails with `code` and leaves no trace of a run.
#[track_caller]
fn refused(place: &Place, sets: &[&str], code: i32) -> String {
    let message = failure(&mut place.train(sets), code);
    assert!(!place.path("runs").exists(), "something was written before: {message}");
    message
}

/// What a successful training says on standard error.
#[track_caller]
fn told(place: &Place, sets: &[&str]) -> String {
    let output = place.train(sets).output().unwrap();
    assert!(output.status.success(), "{}", stderr_of(&output));
    stderr_of(&output)
}

fn append(place: &Place, name: &str, bytes: &[u8]) {
    fs::OpenOptions::new().append(true).open(place.path(name)).unwrap().write_all(bytes).unwrap();
}

#[test]
fn unequal_line_counts_are_told_for_every_set() {
    for set in ["train", "dev", "test"] {
        let place = Place::new();
        let lines = pairs(set).len();
        append(&place, &format!("{set}.en"), "one more line.\n".as_bytes());
        let message = refused(&place, &[], 65);
        let counts = [format!("{set}.en has {} lines", lines + 1), format!("{set}.kn has {lines}")];
        assert_has(&message, &[&counts[0], &counts[1]]);
    }
}

#[test]
fn invalid_utf_8_is_told_by_line_and_byte() {
    let place = Place::new();
    append(&place, "train.kn", b"\xE0\xB2\x95 \xC3(\n");
    append(&place, "train.en", b"one more.\n");
    assert_has(&refused(&place, &[], 65), &["train.kn:25: invalid utf-8 at byte 4 of the line"]);
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_removed_and_told() {
    let place = Place::new();
    let plain = told(&place, &["run.name=plain"]);
    assert!(!plain.contains("byte order"), "{plain}");
    place.write(
        "train.en",
        ("\u{FEFF}".to_owned() + &place.read_text("train.en").replace('\n', "\r\n")).as_bytes(),
    );
    let marked = told(&place, &["run.name=marked"]);
    assert_has(&marked, &["warning: train: 1 byte order marks removed, 24 carriage returns removed\n"]);
    assert_eq!(place.training_rows("plain"), place.training_rows("marked"));
}

#[test]
fn other_separators_stay_inside_their_line() {
    let place = Place::new();
    let separators = ["\u{2028}", "\u{2029}", "\u{85}", "\u{B}", "\u{C}", "\r"];
    for separator in separators {
        append(
            &place,
            "train.en",
            format!("the cat{separator}sees the dog and {}\n", separator.escape_unicode()).as_bytes(),
        );
        append(&place, "train.kn", "ಬೆಕ್ಕು ನಾಯಿಯನ್ನು ನೋಡುತ್ತದೆ\n".as_bytes());
    }
    let told = told(&place, &["data.clean.dedup=false"]);
    assert_has(
        &told,
        &[
            "train: 30 pairs",
            "warning: train: 6 lines with control characters or separators inside",
            "kept 30 of 30 pairs",
        ],
    );
}

#[test]
fn empty_files_are_refused() {
    for (name, bytes) in [("train.en", &b""[..]), ("dev.kn", b""), ("test.en", b"\xEF\xBB\xBF")] {
        let place = Place::new();
        place.write(name, bytes);
        assert_has(&refused(&place, &[], 65), &[name, "is empty"]);
    }
    let place = Place::new();
    place.write("train.en", &b"\n".repeat(24));
    assert_has(&refused(&place, &[], 65), &["no text"]);
    let place = Place::new();
    place.write("dev.en", b" \n\n\n\n\n\n\n\n");
    assert_has(&refused(&place, &[], 65), &["dev: no pair has text on both sides"]);
}

#[test]
fn blanks_on_one_side_are_dropped_and_counted() {
    let place = Place::new();
    append(&place, "train.en", "\nfull.\n \t\n".as_bytes());
    append(&place, "train.kn", "ಪೂರ್ಣ.\n\n\u{200B}\n".as_bytes());
    let told = told(&place, &[]);
    assert_has(
        &told,
        &[
            "kept 24 of 27 pairs",
            "dropped 1 (first at line 27): both sides blank",
            "dropped 1 (first at line 25): source blank",
            "dropped 1 (first at line 26): target blank",
        ],
    );
}

#[test]
fn a_line_of_a_million_characters_is_dropped_and_does_not_delay() {
    let place = Place::new();
    append(
        &place,
        "train.en",
        ("a".repeat(1_000_000) + "\n" + &"b c. ".repeat(200_000) + "\nshort.\n").as_bytes(),
    );
    append(&place, "train.kn", ("ಕ".to_owned() + "\nಖ\n" + &"ಗ".repeat(1_000_000) + "\n").as_bytes());
    assert_has(
        &told(&place, &[]),
        &["kept 24 of 27 pairs", "dropped 3 (first at line 25): too many characters"],
    );

    append(&place, "dev.en", ("a".repeat(1_000_000) + "\n").as_bytes());
    append(&place, "dev.kn", "ಕ\n".as_bytes());
    let message = failure(&mut place.train(&["run.name=long-dev"]), 65);
    assert_has(&message, &["dev.en:9: the line has more than 65536 bytes"]);
    assert!(!place.path("runs/long-dev").exists());
}

#[test]
fn a_long_dev_line_is_translated_but_does_not_count_in_the_loss() {
    let place = Place::new();
    append(&place, "dev.en", ("the hen sleeps here. ".repeat(30) + "\n").as_bytes());
    append(&place, "dev.kn", ("ಕೋಳಿ ಇಲ್ಲಿ ಮಲಗುತ್ತದೆ. ".repeat(30) + "\n").as_bytes());
    assert_has(
        &told(&place, &[]),
        &["dev: 1 pairs of more than train.batch_tokens tokens do not count in the dev loss"],
    );
}

#[test]
fn held_out_lines_in_the_training_text_are_refused_unless_allowed() {
    let place = Place::new();
    let dev = pairs("dev");
    append(
        &place,
        "train.en",
        format!("{}\n{}\nother words.\n", dev[0].0, dev[1].0.to_uppercase()).as_bytes(),
    );
    append(&place, "train.kn", format!("{}\nಬೇರೆ ಮಾತು.\n{}\n", dev[0].1, dev[2].1).as_bytes());
    let message = refused(&place, &[], 65);
    assert_has(
        &message,
        &[
            "dev: of its lines 2 have their source and 2 their target in the training data",
            "1 both",
            "clean.allow_overlap",
        ],
    );
    let output = place.train(&["data.clean.allow_overlap=true"]).output().unwrap();
    assert!(output.status.success());
    assert_has(&stderr_of(&output), &["warning: dev: of its lines 2 have their source"]);
}

/// Exact, in other letters, with other spaces and punctuation, on one side only: of 60 lines 37 are found, no others.
#[test]
fn thirty_seven_planted_overlaps_are_found_and_no_others() {
    let place = Place::new();
    // Words of their own for every line, so that none is found by chance.
    let word = |i: usize| {
        format!(
            "w{}",
            ["ka", "lo", "mi", "ru", "te"].map(|part| part.repeat(1 + i % 3)).concat() + &"x".repeat(i / 3)
        )
    };
    let held_out: Vec<(String, String)> =
        (0..60).map(|i| (format!("{} sees a bird", word(i)), format!("ಹಕ್ಕಿ ನೋಡು {}", word(i)))).collect();
    let (src, tgt): (Vec<String>, Vec<String>) = held_out.iter().cloned().unzip();
    place.write_lines("dev.en", &src);
    place.write_lines("dev.kn", &tgt);
    for (i, (src, tgt)) in held_out.iter().enumerate().take(37) {
        let (src, tgt) = match i % 4 {
            0 => (src.clone(), tgt.clone()),
            1 => (src.to_uppercase().replace(' ', "  ") + "!", format!("ಬೇರೆ ಮಾತು {i} ಇದು")),
            2 => (format!("quite other words number {i}"), format!("“{tgt}”.")),
            _ => (format!(" {src} ."), tgt.to_uppercase()),
        };
        append(&place, "train.en", format!("{src}\n").as_bytes());
        append(&place, "train.kn", format!("{tgt}\n").as_bytes());
    }
    // 10 + 9 + 9 with their source, 10 + 9 + 9 with their target; 19 both.
    let message = refused(&place, &["data.clean.min_target_script_share=0"], 65);
    assert_has(
        &message,
        &["dev: of its lines 28 have their source and 28 their target in the training data", "19 both"],
    );
}

#[test]
fn files_that_are_missing_or_no_files_are_named() {
    let place = Place::new();
    assert_has(&refused(&place, &["data.train.src=none.en"], 65), &["none.en: no such file"]);
    assert_has(&refused(&place, &["data.dev.tgt=."], 65), &[".: got a directory, expected a regular file"]);
    let unknown = place.command(&["--config", "none.toml"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(78), "{}", stderr_of(&unknown));
}

#[test]
fn a_vocabulary_that_the_text_cannot_fill_names_the_largest() {
    let place = Place::new();
    let message = refused(&place, &["tokenizer.vocab_size=9000"], 65);
    assert_has(&message, &["tokenizer.vocab_size is 9000 but the text supports "]);
    let largest = message.split("supports ").nth(1).unwrap().split(';').next().unwrap();
    told(&place, &[&format!("tokenizer.vocab_size={largest}")]);
    let message = failure(&mut place.train(&["run.name=small", "tokenizer.vocab_size=270"]), 65);
    assert_has(&message, &["tokenizer.vocab_size is 270 but bytes and characters need "]);
    let least = message.split("need ").nth(1).unwrap().split(';').next().unwrap();
    told(&place, &["run.name=small", &format!("tokenizer.vocab_size={least}")]);
}

#[test]
fn an_unknown_backend_and_a_place_that_cannot_be_made_are_named() {
    let place = Place::new();
    let message = refused(&place, &["backend.kind=abacus"], 69);
    assert_has(&message, &["backend 'abacus' does not exist", "compiled in: cpu"]);
    let message = failure(&mut place.train(&["run.dir=train.en/runs"]), 74);
    assert_has(&message, &["cannot create train.en/runs/run: "]);
}

#[test]
fn compressed_and_tabular_files_train_as_plain_ones_do() {
    let place = Place::new();
    told(&place, &["run.name=plain"]);
    for (name, packed) in
        [("train.en", gzip(&place.read("train.en"))), ("dev.kn", gzip(&place.read("dev.kn")))]
    {
        place.write(&format!("{name}.gz"), &packed);
    }
    place.write("train.kn.zst", &zstd(&place.read("train.kn")));
    let table: Vec<String> = pairs("train").iter().map(|(src, tgt)| format!("{src}\t{tgt}")).collect();
    place.write_lines("train.tsv", &table);

    told(
        &place,
        &[
            "run.name=packed",
            "data.train.src=train.en.gz",
            "data.train.tgt=train.kn.zst",
            "data.dev.tgt=dev.kn.gz",
        ],
    );
    assert_eq!(place.training_rows("plain"), place.training_rows("packed"));
    told(&place, &["run.name=plain", "data.train.src=train.en.gz"]);

    let config = place.read_text("config.toml");
    let train = config.lines().find(|line| line.starts_with("train = ")).unwrap();
    place.write("config.toml", config.replace(train, "train = { file = 'train.tsv' }").as_bytes());
    told(&place, &["run.name=table"]);
    assert_eq!(place.training_rows("plain"), place.training_rows("table"));
    append(&place, "train.tsv", b"one\ttwo\tthree\n");
    assert_has(
        &failure(&mut place.train(&["run.name=columns"]), 65),
        &["train.tsv:25: got 3 columns, expected 2"],
    );
}

#[test]
fn a_compressed_file_that_is_cut_short_is_refused() {
    let place = Place::new();
    for (name, packed) in
        [("train.en.gz", gzip(&place.read("train.en"))), ("train.en.zst", zstd(&place.read("train.en")))]
    {
        place.write(name, &packed[..packed.len() - 9]);
        let message = refused(&place, &[&format!("data.train.src={name}")], 65);
        assert_has(&message, &[name, "is cut short or damaged after "]);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn a_corpus_is_downloaded_locked_and_verified() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port of this machine");
    let address = server.local_addr().expect("it is bound");
    let table = "A cat.\tಬೆಕ್ಕು.\nTwo dogs.\tಎರಡು ನಾಯಿಗಳು.\n";
    std::thread::spawn(move || {
        for stream in server.incoming().flatten() {
            let mut stream = stream;
            let mut request = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut request);
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", table.len());
            let _ = std::io::Write::write_all(&mut stream, (head + table).as_bytes());
        }
    });
    let place = Place::new();
    let url = format!("http://{address}/pairs.tsv");
    let get = |hash: &str| place.command(&["data", "get", "cats", "--url", &url, "--sha256", hash]);
    let hash = "23a5b3ab4dd4b8b6b9c4f0a8ae5a6b3f1f1fb4bd2e2a1a1b8e3f1f0ad0f7c1aa";
    let message = failure(&mut get(hash), 65);
    let right =
        message.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 64 && *word != hash);
    let right = right.unwrap_or_else(|| panic!("the error shows both hashes: {message}")).to_owned();
    assert!(!place.path("data/cats.en-kn").exists());
    assert_has(&stdout(&mut get(&right)), &["data/cats.en-kn/train.tsv (2 lines)"]);
    assert_eq!(place.read_text("data/cats.en-kn/train.tsv"), table);
    assert_has(&stdout(&mut place.command(&["data", "verify"])), &["cats.en-kn: whole"]);
    place.write("data/cats.en-kn/train.tsv", b"changed");
    failure(&mut place.command(&["data", "verify"]), 65);
    assert_has(
        &stdout(&mut place.command(&["data", "list"])),
        &["samanantar", "benchmark: not for training"],
    );
}

#[test]
fn text_in_the_wrong_script_is_told_or_refused() {
    let place = Place::new();
    let train = pairs("train");
    let swapped = |n: usize| {
        let side = |(i, (src, tgt)): (usize, (String, String))| if i < n { (tgt, src) } else { (src, tgt) };
        let (src, tgt): (Vec<String>, Vec<String>) = train.iter().cloned().enumerate().map(side).unzip();
        place.write_lines("train.en", &src);
        place.write_lines("train.kn", &tgt);
    };
    swapped(6);
    let told = told(&place, &["run.name=some", "tokenizer.vocab_size=315"]);
    assert_has(&told, &["of 24 training pairs 6 are dropped for their script (first at line 1)"]);
    swapped(24);
    let message = failure(&mut place.train(&["run.name=all"]), 65);
    assert_has(&message, &["of 24 training pairs 24 are dropped for their script", "swap src and tgt"]);
}

#[test]
fn lines_that_are_not_utf_8_are_skipped_or_mended_if_asked() {
    let place = Place::new();
    append(&place, "train.en", b"b\xC3d\n");
    append(&place, "train.kn", "ಕೆಟ್ಟ\n".as_bytes());
    let told_of = |how: &str| {
        let (name, how) = (format!("run.name={how}"), format!("data.on_bad_utf8={how}"));
        told(&place, &[&name, &how, "tokenizer.vocab_size=315"])
    };
    let skipped = told_of("skip");
    assert_has(&skipped, &["1 lines that are not UTF-8", "kept 24 of 25 pairs", "source blank"]);
    let mended = told_of("replace");
    assert_has(&mended, &["1 lines that are not UTF-8", "kept 25 of 25 pairs"]);
    failure(&mut place.train(&["run.name=error"]), 65);
    append(&place, "dev.en", b"b\xC3d\n");
    append(&place, "dev.kn", "ಕೆಟ್ಟ\n".as_bytes());
    let message = failure(&mut place.train(&["data.on_bad_utf8=replace", "run.name=dev"]), 65);
    assert_has(&message, &["dev.en:9: "]);
}

#[test]
fn one_pair_trains() {
    let place = Place::new();
    place.write("train.en", b"the cat sleeps here and the cat sleeps there");
    place.write("train.kn", "ಬೆಕ್ಕು ಇಲ್ಲಿ ಮಲಗುತ್ತದೆ ಬೆಕ್ಕು ಅಲ್ಲಿ ಮಲಗುತ್ತದೆ".as_bytes());
    let told = told(&place, &["tokenizer.vocab_size=292", "tokenizer.min_char_count=1", "train.max_steps=3"]);
    assert_has(&told, &["kept 1 of 1 pairs", "1 examples, 1 batches an epoch"]);
}
