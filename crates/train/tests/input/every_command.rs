//! The same text through every command that takes text: `train` (whose start learns the vocabulary), `data check`,
//! `data prepare`, `data split`, `evaluate`, `translate`.

use super::{append, gzip, told};
use crate::common::{Place, Running, assert_has, events, failure, pairs, stderr_of, stdout};
use std::fs;
use std::time::{Duration, Instant};

/// What a child of this test may take; a hang is found, and a busy machine is none.
const PATIENCE: Duration = Duration::from_mins(2);

/// A trained place, whose `train.en` and `test.en` then are of these bytes.
fn with_text(bytes: &[u8]) -> Place {
    let place = Place::trained();
    for name in ["train.en", "test.en"] {
        place.write(name, bytes);
    }
    place
}

/// Commands that read `train.en` or `test.en`.
const READERS: [&[&str]; 7] = [
    &["--config", "config.toml", "--set", "run.name=new"],
    &["--config", "config.toml", "--set", "run.name=new", "--set", "data.prepare=always"],
    &["data", "prepare", "--config", "config.toml"],
    &["data", "check", "--src", "train.en", "--tgt", "train.kn"],
    &["data", "split", "--src", "train.en", "--tgt", "train.kn", "--output-dir", "cut"],
    &["evaluate", "--model", "runs/run/best", "--src", "test.en", "--ref", "test.kn"],
    &["evaluate", "--hyp", "test.en", "--ref", "test.kn"],
];

#[test]
fn bytes_that_are_no_utf_8_are_named_by_every_command() {
    let kinds: [(&str, &[u8]); 6] = [
        ("a lone byte", b"\xC3("),
        ("an overlong slash", b"\xC0\xAF"),
        ("a surrogate", b"\xED\xA0\x80"),
        ("beyond Unicode", b"\xF4\x90\x80\x80"),
        ("a continuation alone", b"\x80"),
        ("a cut letter", "ಕ".as_bytes().split_at(2).0),
    ];
    let place = Place::trained();
    for (kind, bytes) in kinds {
        let text = [&b"a cat\nab "[..], bytes].concat();
        for name in ["train.en", "test.en"] {
            place.write(name, &text);
        }
        for reader in READERS {
            let message = failure(&mut place.command(reader), 65);
            assert_has(&message, &["t", ".en:2: ", " byte 3 of the line"]);
            assert!(!place.path("cut").exists() && !place.path("runs/new").exists(), "{kind}: {reader:?}");
        }
        let message = failure(&mut place.translate(&["--input", "test.en"]), 65);
        assert_has(&message, &["test.en:2: ", " byte 3 of the line"]);
    }
}

#[test]
fn files_of_unequal_length_are_named_by_every_command() {
    let place = with_text(b"a cat sleeps here.\n\nthe dog runs\n");
    for reader in READERS {
        let message = failure(&mut place.command(reader), 65);
        assert_has(&message, &[".en has 3 lines", ".kn has "]);
    }
}

#[test]
fn files_without_text_are_named_by_every_command() {
    for (bytes, says) in [(&b""[..], "is empty"), (b"\xEF\xBB\xBF", "is empty")] {
        let place = with_text(bytes);
        for reader in READERS {
            assert_has(&failure(&mut place.command(reader), 65), &[".en", says]);
        }
        assert_eq!(stdout(&mut place.translate(&["--input", "test.en"])).trim(), "");
    }
}

#[test]
fn a_packed_file_that_is_cut_short_or_a_bomb_is_named_by_every_command() {
    let place = Place::trained();
    let bomb = b"the cat sleeps here today.\n".repeat(1_000_000);
    let whole = gzip(&place.read("train.en"));
    for (packed, says) in [(&whole[..whole.len() - 9], "cut short or damaged"), (&gzip(&bomb), "200")] {
        place.write("train.en.gz", packed);
        for reader in [
            &["--config", "config.toml", "--set", "run.name=new", "--set", "data.train.src=train.en.gz"][..],
            &["data", "prepare", "--config", "config.toml", "--set", "data.train.src=train.en.gz"],
            &["data", "check", "--src", "train.en.gz", "--tgt", "train.kn"],
            &["data", "split", "--src", "train.en.gz", "--tgt", "train.kn", "--output-dir", "cut"],
            &["evaluate", "--model", "runs/run/best", "--src", "train.en.gz", "--ref", "train.kn"],
        ] {
            assert_has(&failure(&mut place.command(reader), 65), &["train.en.gz", says]);
        }
    }
}

#[test]
fn only_newlines_split_for_every_command() {
    let place = Place::trained();
    let lines: Vec<String> = ["\u{2028}", "\u{2029}", "\u{85}", "\u{B}", "\u{C}", "\r", "\u{0}", "\u{FEFF}"]
        .map(|separator| format!("the cat{separator}runs here"))
        .into();
    place.write_lines("test.en", &lines);
    assert_eq!(lines.len(), pairs("test").len());
    let translated = stdout(&mut place.translate(&["--input", "test.en"]));
    assert_eq!(translated.lines().count(), lines.len());
    for reader in [READERS[5], READERS[6]] {
        stdout(&mut place.command(reader));
    }
    let checked = stdout(&mut place.command(&["data", "check", "--src", "test.en", "--tgt", "test.kn"]));
    assert_has(&checked, &["8"]);
}

/// A word of a million letters: learning a vocabulary from it, scoring it, translating it.
#[test]
fn a_word_of_a_million_letters_stops_no_command() {
    let place = Place::trained();
    let words = ["a".repeat(1_000_000), "ಕ".repeat(1_000_000)];
    append(&place, "train.en", format!("{}\nshort.\n", words[0]).as_bytes());
    append(&place, "train.kn", format!("ಚಿಕ್ಕ.\n{}\n", words[1]).as_bytes());
    let began = Instant::now();
    let kept = ["run.name=long", "data.clean.max_chars=2000000", "data.clean.max_length_ratio=1e9"];
    let output = place.train(&kept).output().unwrap();
    assert!(output.status.success(), "{}", stderr_of(&output));
    place.write_lines("long.txt", &words);
    place.write("short.txt", "a\nಕ\n".as_bytes());
    for (hyp, reference) in [("long.txt", "short.txt"), ("short.txt", "long.txt"), ("long.txt", "long.txt")] {
        stdout(&mut place.command(&["evaluate", "--hyp", hyp, "--ref", reference]));
    }
    let on_files = ["evaluate", "--model", "runs/run/best", "--src", "long.txt", "--ref", "short.txt"];
    assert_has(&failure(&mut place.command(&on_files), 65), &["long.txt:1", "65536"]);
    assert_has(&failure(&mut place.translate(&["--input", "long.txt"]), 65), &["long.txt:1", "65536"]);
    // It finds the two lines, and that is an error.
    failure(&mut place.command(&["data", "check", "--src", "long.txt", "--tgt", "short.txt"]), 65);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

/// Vowel signs in one part or in two are the same text: for training, its scores and translations.
#[test]
fn canonically_equal_text_gives_the_same_run_and_translations() {
    let place = Place::new();
    told(&place, &["run.name=plain"]);
    let parts = [
        ("ೊ", "\u{CC6}\u{CC2}"),
        ("ೋ", "\u{CC6}\u{CC2}\u{CD5}"),
        ("ೇ", "\u{CC6}\u{CD5}"),
        ("ೈ", "\u{CC6}\u{CD6}"),
        ("ೀ", "\u{CBF}\u{CD5}"),
    ];
    let apart = |text: &str| parts.iter().fold(text.to_owned(), |text, (one, two)| text.replace(one, two));
    let composed = place.read_text("train.kn");
    assert_ne!(apart(&composed), composed);
    for set in ["train.kn", "dev.kn", "test.kn"] {
        let text = apart(&place.read_text(set));
        place.write(set, text.as_bytes());
    }
    told(&place, &["run.name=apart"]);
    assert_eq!(place.training_rows("plain"), place.training_rows("apart"));
    for line in ["ಕೋಳಿ ಮನೆಯಲ್ಲಿ", "ನೋಡುತ್ತದೆ ಮೀನು", "ಹೈ ಕೊ"]
    {
        let of = |line: &str| stdout(&mut place.command(&["translate", "--model", "runs/plain/best", line]));
        assert_eq!(of(line), of(&apart(line)), "{line}");
    }
}

/// What looks like a control token is text wherever a user types it.
#[test]
fn literal_control_tokens_are_text_for_every_command() {
    let place = Place::new();
    let literals = ["</s>", "<pad>", "<unk>", "<s>", "▁", "Ġ", "\u{E000}", "<0x41>", "<2kn>", "[UNK]"];
    let lines: Vec<String> =
        literals.iter().map(|literal| format!("the cat {literal} runs now{literal}.")).collect();
    let targets: Vec<String> =
        literals.iter().map(|literal| format!("ಬೆಕ್ಕು {literal} ಈಗ ಓಡುತ್ತದೆ{literal}.")).collect();
    append(&place, "train.en", (lines.join("\n") + "\n").as_bytes());
    append(&place, "train.kn", (targets.join("\n") + "\n").as_bytes());
    let sets = ["tokenizer.vocab_size=400", "tokenizer.min_char_count=1", "train.batch_tokens=200"];
    assert_has(&told(&place, &sets), &["kept 34 of 34 pairs"]);
    let vocabulary: serde_json::Value =
        serde_json::from_slice(&place.read("runs/run/best/tokenizer.json")).unwrap();
    let added = vocabulary["added_tokens"].as_array().unwrap();
    assert!(
        added.iter().all(|token| !["<2kn>", "[UNK]", "▁", "Ġ"].contains(&token["content"].as_str().unwrap()))
    );
    place.write_lines("lines.txt", &lines);
    let translated = stdout(&mut place.translate(&["--input", "lines.txt"]));
    assert_eq!(translated.lines().count(), lines.len());
    for token in ["<pad>", "<s>"] {
        assert!(!translated.contains(token), "{translated}");
    }
    let scored =
        stdout(&mut place.command(&["evaluate", "--hyp", "lines.txt", "--ref", "lines.txt", "--json"]));
    let scored: serde_json::Value = serde_json::from_str(&scored).unwrap();
    assert_eq!(scored["chrf"]["score"], 100.0);
}

/// Text in memory is what was read; text on disk that is no longer the same ends the run, its file named.
#[test]
fn files_that_change_while_a_run_goes_on_change_nothing_or_are_named() {
    let place = Place::new();
    told(
        &place,
        &["run.name=whole", "train.max_steps=200", "train.checkpoint_every=1000", "validate.every=1000"],
    );
    let sets = ["train.max_steps=200", "train.checkpoint_every=1000", "validate.every=1000"];
    let mut run = Running::start(&place, &[&sets[..], &["run.name=run"]].concat());
    run.wait_for(|| place.path("runs/run/metrics.jsonl").exists());
    place.write("train.en", b"changed\n");
    fs::remove_file(place.path("train.kn")).unwrap();
    fs::remove_file(place.path("dev.kn")).unwrap();
    place.write("test.en", b"");
    assert!(run.wait().success());
    assert_eq!(place.training_rows("whole"), place.training_rows("run"));
    assert_eq!(place.rows("whole", "test")[0]["scores"], place.rows("run", "test")[0]["scores"]);
    events::assert_agree(&place, "run");

    let place = Place::new();
    let mut run = Running::start(&place, &["train.max_steps=1000000", "data.prepare=always"]);
    run.wait_for(|| place.path("runs/run/checkpoints/step-3").exists());
    let set = fs::read_dir(place.path("runs/prepared")).unwrap().next().unwrap().unwrap().path();
    fs::write(set.join("shard-00000.bin"), b"").unwrap();
    assert_eq!(run.wait().code(), Some(65));
    let mended = told(&place, &["data.prepare=always", "train.max_steps=1"]);
    assert_has(&mended, &["this is done now", "nothing left to train"]);
}
