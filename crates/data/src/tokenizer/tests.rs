use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::{NormalizeConfig, TokenizerConfig};
use crate::normalize::Normalizer;

/// Text of both languages, with control tokens and byte tokens spelt out as often as words.
static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let english = [
        "the cat sat on the mat",
        "my mother's house isn't big",
        "where is the \"red\" book?",
        "no, (not) 2024 at 10:30",
    ];
    let kannada = [
        "ಬೆಕ್ಕು ಚಾಪೆಯ ಮೇಲೆ ಕುಳಿತಿತು",
        "ನನ್ನ ತಾಯಿಯ ಮನೆ ದೊಡ್ಡದಲ್ಲ",
        "ಕೆಂಪು ಪುಸ್ತಕ ಎಲ್ಲಿದೆ?",
        "ಸಾಫ್ಟ್\u{200C}ವೇರ್ ರ\u{200D}\u{0CCD}ಯಾಂಕ್ 2024",
    ];
    let markup = ["<s> </s> <pad> <0x41> <0x00>", "<s></s><pad><0x41>"];
    let line = |n: usize| {
        let all = [&english[..], &kannada, &markup].concat();
        format!("{} {}", all[n % all.len()], all[n * 7 % 10])
    };
    (0..200).map(line).collect()
});

const CONFIG: TokenizerConfig = TokenizerConfig { vocab_size: 420, min_char_count: 2 };

pub(super) static TOKENIZER: LazyLock<Tokenizer> =
    LazyLock::new(|| train(&CONFIG).expect("the text supports the size"));

/// With as many merges as the text supports: every word of it is a token.
pub(super) static WORDS: LazyLock<Tokenizer> = LazyLock::new(|| {
    let Err(DataError::VocabTooLarge { largest, .. }) =
        train(&TokenizerConfig { vocab_size: 9000, ..CONFIG })
    else {
        panic!("9000 is too large");
    };
    train(&TokenizerConfig { vocab_size: largest, ..CONFIG }).expect("the largest size works")
});

pub(super) static TAGGED: LazyLock<Tokenizer> = LazyLock::new(|| {
    let lines = LINES.iter().map(String::as_str);
    Tokenizer::train_with_tags(lines, &CONFIG, &tags()).expect("the text supports the size")
});

fn tags() -> Vec<String> {
    ["<2kn>", "<bt>", "<a_b-9>"].map(str::to_owned).to_vec()
}

fn train(config: &TokenizerConfig) -> Result<Tokenizer, DataError> {
    Tokenizer::train(LINES.iter().map(String::as_str), config)
}

#[test]
fn ids_are_control_tokens_then_bytes_then_text() {
    let tokenizer = &*TOKENIZER;
    assert_eq!(tokenizer.vocab_size(), CONFIG.vocab_size);
    let tokens = [0, 1, 2, 3, 3 + 0x41, 258, 259].map(|id| tokenizer.token(id).expect("an id"));
    assert_eq!(tokens, ["<pad>", "<s>", "</s>", "<0x00>", "<0x41>", "<0xFF>", " "]);
    assert_eq!([tokenizer.pad_id(), tokenizer.bos_id(), tokenizer.eos_id()], [0, 1, 2]);
    assert_eq!(tokenizer.token(CONFIG.vocab_size as u32), None);
}

#[test]
fn a_word_is_the_same_token_anywhere() {
    let pieces = WORDS.tokenize("the cat, the mother's house isn't \"the\" 10");
    let expected =
        [" the", " cat", ",", " the", " mother's", " house", " isn't", " \"", "the", "\"", " 1", "0"];
    assert_eq!(pieces, expected);
    let ids = TOKENIZER.encode("the the");
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn kannada_signs_and_joiners_stay_in_their_word() {
    assert_eq!(
        WORDS.tokenize("ಸಾಫ್ಟ್\u{200C}ವೇರ್ ಬೆಕ್ಕು ರ\u{200D}\u{0CCD}ಯಾಂಕ್"),
        [" ಸಾಫ್ಟ್\u{200C}ವೇರ್", " ಬೆಕ್ಕು", " ರ\u{200D}\u{0CCD}ಯಾಂಕ್"]
    );
}

#[test]
fn training_is_the_same_for_every_run_and_thread_count() {
    let mut hashes = BTreeMap::new();
    for run in 0..20 {
        let threads = [1, 2, 4, 16][run % 4];
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let hash = pool.install(|| train(&CONFIG)).expect("a tokenizer").hash();
        hashes.entry(hash).or_insert_with(Vec::new).push(threads);
    }
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}

/// A change of this value means that the same text gives another vocabulary: say so in CHANGELOG.
#[test]
fn golden_hash() {
    let expected = "3966de27097dbc2fe07183f418ccd32e0b86ac1f65b5d0b6533237bf4c082b56";
    assert_eq!(TOKENIZER.hash(), expected);
}

#[test]
fn what_a_user_types_is_text() {
    for reloaded in
        [TOKENIZER.clone(), Tokenizer::from_bytes(TOKENIZER.to_json().as_bytes()).expect("our own file")]
    {
        for token in ["<pad>", "<s>", "</s>", "<unk>", "<0x41>", "<0x00>", "▁", "Ġ", "\u{E000}", "</s><s>"]
        {
            for text in [token.to_owned(), format!("a{token}b"), format!("the {token} ಬೆಕ್ಕು"), token.repeat(3)]
            {
                let ids = reloaded.encode(&text);
                assert!(ids.iter().all(|id| *id > 2), "{text}: {ids:?}");
                assert_eq!(reloaded.detokenize(&ids), text);
            }
        }
    }
}

/// Lines of the text that ships.
fn starter(name: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/starter").join(name);
    std::fs::read_to_string(path).expect("the starter text").lines().map(str::to_owned).collect()
}

#[test]
fn literal_control_tokens_in_real_lines_are_text() {
    let lines = [starter("dev.en"), starter("dev.kn")].concat();
    let config = TokenizerConfig { vocab_size: 1000, min_char_count: 1 };
    let tokenizer = Tokenizer::train(lines.iter().map(String::as_str), &config).expect("enough text");
    let literals = ["</s>", "<pad>", "<unk>", "<s>", "▁", "Ġ", "\u{E000}", "<0x41>", "<2kn>", "[UNK]"];
    for (literal, line) in
        literals.iter().flat_map(|literal| lines.iter().step_by(5).map(move |line| (literal, line)))
    {
        let middle = line.char_indices().nth(line.chars().count() / 2).map_or(0, |(at, _)| at);
        let (head, tail) = line.split_at(middle);
        for text in
            [format!("{literal} {line}"), format!("{head}{literal}{tail}"), format!("{line}{literal}")]
        {
            let ids = tokenizer.encode(&text);
            assert!(ids.iter().all(|id| *id > tokenizer.eos_id()), "{text}");
            assert_eq!(tokenizer.detokenize(&ids), text);
        }
    }
}

#[test]
fn canonically_equal_lines_get_equal_ids() {
    use unicode_normalization::UnicodeNormalization;
    let lines = [starter("train.en"), starter("train.kn")].concat();
    let normalizer = crate::Normalizer::new(&crate::NormalizeConfig::default());
    let normal: Vec<String> = lines.iter().map(|line| normalizer.normalize(line)).collect();
    let config = TokenizerConfig { vocab_size: 2000, min_char_count: 1 };
    let tokenizer = Tokenizer::train(normal.iter().map(String::as_str), &config).expect("enough text");
    assert!(lines.len() > 20_000);
    for (line, once) in lines.iter().zip(&normal) {
        assert_eq!(normalizer.normalize(once), *once);
        let decomposed = normalizer.normalize(&line.nfd().collect::<String>());
        assert_eq!(tokenizer.encode(&decomposed), tokenizer.encode(once), "{line}");
    }
}

#[test]
fn no_learned_token_looks_like_a_fixed_one() {
    for (tokenizer, first) in [(&*TOKENIZER, 259), (&*TAGGED, 262)] {
        let learned: Vec<&str> = (first..).map_while(|id| tokenizer.token(id)).collect();
        assert_eq!(learned.len(), CONFIG.vocab_size - first as usize);
        for token in learned {
            assert!(!token.contains('<') || ["<", " <"].contains(&token), "{token:?}");
        }
    }
}

#[test]
fn tags_stand_after_the_control_tokens() {
    let tagged = &*TAGGED;
    assert_eq!(tagged.tags(), ["<2kn>", "<bt>", "<a_b-9>"]);
    assert_eq!(["<2kn>", "<bt>", "<a_b-9>"].map(|tag| tagged.tag_id(tag)), [Some(3), Some(4), Some(5)]);
    for other in ["<s>", "<pad>", "</s>", "<2en>", "2kn", "the", "<0x41>", ""] {
        assert_eq!(tagged.tag_id(other), None, "{other}");
    }
    let tokens = [2, 3, 5, 6, 261, 262].map(|id| tagged.token(id).expect("an id"));
    assert_eq!(tokens, ["</s>", "<2kn>", "<a_b-9>", "<0x00>", "<0xFF>", " "]);
    assert_eq!(tagged.vocab_size(), CONFIG.vocab_size);
    assert!(TOKENIZER.tags().is_empty());
    let the = tagged.encode("the");
    assert_eq!(tagged.detokenize(&[&[3][..], &the, &[4, 5, 2, 0]].concat()), "the");
}

/// What is learned does not depend on the tags: all ids move by their number.
#[test]
fn tags_move_ids_and_nothing_else() {
    let config = TokenizerConfig { vocab_size: CONFIG.vocab_size - 3, ..CONFIG };
    let plain = train(&config).expect("a tokenizer");
    for line in &*LINES {
        let moved: Vec<u32> = plain.encode(line).iter().map(|id| id + 3).collect();
        assert_eq!(TAGGED.encode(line), moved);
    }
}

#[test]
fn a_tag_that_a_user_types_is_text() {
    let reloaded = Tokenizer::from_bytes(TAGGED.to_json().as_bytes()).expect("our own file");
    for tokenizer in [&*TAGGED, &reloaded] {
        for tag in tokenizer.tags() {
            for text in
                [tag.clone(), format!("the {tag} ಬೆಕ್ಕು"), format!("a{tag}{tag}b"), format!("{tag}</s>")]
            {
                let ids = tokenizer.encode(&text);
                assert!(ids.iter().all(|id| *id > 5), "{text}: {ids:?}");
                assert_eq!(tokenizer.detokenize(&ids), text);
                let library = tokenizer.inner.encode(text.as_str(), false).expect("no text is unknown");
                assert_eq!(ids, library.get_ids());
            }
        }
    }
}

/// Training text full of them teaches none.
#[test]
fn tags_in_the_training_text_are_text() {
    let lines = ["the <2kn> <bt> cat", "<2kn><2kn>", "<bt>"].repeat(50);
    let config = TokenizerConfig { vocab_size: 283, min_char_count: 1 };
    let tokenizer = Tokenizer::train_with_tags(lines.into_iter(), &config, &tags()).expect("a tokenizer");
    assert!(tokenizer.encode("<2kn> <bt>").iter().all(|id| *id > 5));
    assert_eq!(tokenizer.detokenize(&tokenizer.encode("<2kn> <bt>")), "<2kn> <bt>");
}

#[test]
fn tags_that_cannot_be_had_are_refused() {
    let refused = |tags: &[&str]| {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let lines = LINES.iter().map(String::as_str);
        let fault = Tokenizer::train_with_tags(lines, &CONFIG, &tags).expect_err("refused");
        assert!(matches!(fault, DataError::Tags { .. }), "{tags:?}: {fault}");
        fault.to_string()
    };
    let long = format!("<{}>", "a".repeat(31));
    for tag in [
        "", "<>", "2kn", "<2kn", "2kn>", "<2KN>", "<a b>", "< a>", "<s>", "<pad>", "</s>", "<0x41>",
        "<0xff>", "<0x", "<ಕ>", "<a>b>", "<<a>", "<a>\n", &long,
    ] {
        refused(&["<ok>", tag]);
    }
    assert_eq!(
        refused(&["<bt>", "<bt>"]),
        "tokenizer tags: got '<bt>' twice, expected different tags; change the list of tags"
    );
    let many: Vec<String> = (0..65).map(|n| format!("<{n}>")).collect();
    refused(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let lines = || LINES.iter().map(String::as_str);
    let config = TokenizerConfig { vocab_size: 500, ..CONFIG };
    let full = Tokenizer::train_with_tags(lines(), &config, &many[..64]).expect("64 tags");
    assert_eq!((full.vocab_size(), full.tag_id("<63>")), (500, Some(66)));
    let longest = [format!("<{}>", "z".repeat(30))];
    assert!(Tokenizer::train_with_tags(lines(), &CONFIG, &longest).is_ok());
    let config = TokenizerConfig { vocab_size: 262, ..CONFIG };
    let Err(DataError::VocabTooSmall { least, .. }) = train(&config) else { panic!("262 is too small") };
    let tagged = Tokenizer::train_with_tags(lines(), &config, &tags());
    assert!(matches!(tagged, Err(DataError::VocabTooSmall { least: more, .. }) if more == least + 3));
}

/// A file may have tags in one way only.
#[test]
fn tags_of_a_file_are_checked() {
    let own: Value = serde_json::from_str(&TAGGED.to_json()).expect("json");
    let renamed = |tag: &str, places: [bool; 2]| {
        let mut file = own.clone();
        if places[0] {
            let vocab = file["model"]["vocab"].as_object_mut().expect("an object");
            let id = vocab.remove("<bt>").expect("a tag");
            vocab.insert(tag.to_owned(), id);
        }
        if places[1] {
            file["added_tokens"][4]["content"] = json!(tag);
        }
        file
    };
    let swapped = |one: &str, other: &str| {
        let mut file = own.clone();
        let ids = [one, other].map(|token| file["model"]["vocab"][token].clone());
        file["model"]["vocab"][one] = ids[1].clone();
        file["model"]["vocab"][other] = ids[0].clone();
        file
    };
    let without = |n: usize| {
        let mut file = own.clone();
        file["added_tokens"].as_array_mut().expect("a list").remove(n);
        file
    };
    let changed = |key: &str, value: Value| {
        let mut file = own.clone();
        file["added_tokens"][4][key] = value;
        file
    };
    let mut learned_too = own.clone();
    let added = json!({"id": 300, "content": TAGGED.token(300), "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true});
    learned_too["added_tokens"].as_array_mut().expect("a list").push(added);
    let many: Vec<String> = (0..65).map(|n| format!("<{n}>")).collect();
    let mut crowd = json!({});
    for (token, id) in fixed_tokens(&many).into_iter().zip(0..) {
        crowd[token] = json!(id);
    }
    let mut too_many = own.clone();
    too_many["model"]["vocab"] = crowd;
    for (file, part) in [
        (swapped("<bt>", "<0x00>"), "model.vocab"),
        (swapped("<bt>", "</s>"), "model.vocab"),
        (swapped("<bt>", " the"), "model.vocab"),
        (swapped("<bt>", "<2kn>"), "added_tokens"),
        (renamed("<BT>", [true, true]), "model.vocab"),
        (renamed("<0x1>", [true, true]), "model.vocab"),
        (renamed("bt", [true, true]), "model.vocab"),
        (renamed("<tb>", [true, false]), "added_tokens"),
        (renamed("<tb>", [false, true]), "added_tokens"),
        (without(4), "added_tokens"),
        (without(0), "added_tokens"),
        (changed("special", json!(false)), "added_tokens"),
        (changed("normalized", json!(true)), "added_tokens"),
        (changed("lstrip", json!(true)), "added_tokens"),
        (changed("id", json!(9)), "added_tokens"),
        (learned_too, "added_tokens"),
        (too_many, "model.vocab"),
    ] {
        let fault = Tokenizer::from_bytes(file.to_string().as_bytes()).expect_err(part);
        let DataError::TokenizerForeign { part: got, .. } = &fault else { panic!("{part}: {fault}") };
        assert_eq!(got, part, "{fault}");
    }
    let loaded = Tokenizer::from_bytes(own.to_string().as_bytes()).expect("our own file");
    assert_eq!(loaded.hash(), TAGGED.hash());
    assert_eq!(loaded.tags(), TAGGED.tags());
    let renamed = Tokenizer::from_bytes(renamed("<tb>", [true, true]).to_string().as_bytes());
    assert_eq!(renamed.expect("another name is as good").tag_id("<tb>"), Some(4));
}

#[test]
fn what_is_not_in_the_vocabulary_becomes_bytes() {
    assert_eq!(TOKENIZER.tokenize("the 😀"), [" the", " ", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>"]);
    let rare = LINES.iter().map(String::as_str).chain(["zz Ω"]);
    let tokenizer =
        Tokenizer::train(rare, &TokenizerConfig { min_char_count: 3, ..CONFIG }).expect("a tokenizer");
    assert_eq!(tokenizer.tokenize("theΩz"), [" the", "<0xCE>", "<0xA9>", "<0x7A>"]);
}

#[test]
fn detokenize_skips_control_tokens_and_replaces_bad_bytes() {
    let the = TOKENIZER.encode("the");
    assert_eq!(TOKENIZER.detokenize(&[&[1][..], &the, &[2, 0, 0]].concat()), "the");
    assert_eq!(TOKENIZER.detokenize(&[3 + 0xE0, 3 + 0xB2]), "\u{FFFD}\u{FFFD}");
    assert_eq!(TOKENIZER.detokenize(&[9999]), "");
    assert_eq!(TOKENIZER.detokenize(&[]), "");
    assert!(TOKENIZER.encode("").is_empty());
}

#[test]
fn batches_encode_as_single_texts_do() {
    let expected: Vec<Vec<u32>> = LINES.iter().map(|line| TOKENIZER.encode(line)).collect();
    assert_eq!(TOKENIZER.encode_batch(&LINES), expected);
}

#[test]
fn sizes_that_cannot_be_had_name_one_that_can() {
    let sized = |vocab_size| train(&TokenizerConfig { vocab_size, ..CONFIG });
    let Err(DataError::VocabTooSmall { got: 261, least }) = sized(261) else { panic!("261 is too small") };
    assert!(matches!(sized(least - 1), Err(DataError::VocabTooSmall { .. })));
    assert_eq!(sized(least).expect("the least size works").vocab_size(), least);
    let Err(DataError::VocabTooLarge { got: 9000, largest }) = sized(9000) else {
        panic!("9000 is too large")
    };
    assert!(matches!(sized(largest + 1), Err(DataError::VocabTooLarge { .. })));
    assert_eq!(sized(largest).expect("the largest size works").vocab_size(), largest);
    for lines in [vec![], vec!["", ""]] {
        assert!(matches!(Tokenizer::train(lines.into_iter(), &CONFIG), Err(DataError::NoText)));
    }
}

/// What the library makes of a text by its own pipeline.
fn by_the_library(text: &str) -> Vec<u32> {
    TOKENIZER.inner.encode(text, false).expect("no text is unknown").get_ids().to_vec()
}

/// More different pieces than are kept, each twice.
#[test]
fn a_memory_that_is_full_changes_nothing() {
    let tokenizer = train(&CONFIG).expect("a tokenizer");
    let text = |n: usize| format!("{n:06} {}", "the cat".replace('t', &format!("{:x}", n % 90_000)));
    let texts: Vec<String> = (0..180_000).map(text).collect();
    let ids = tokenizer.encode_batch(&texts);
    for n in (0..180_000).step_by(997) {
        assert_eq!(ids[n], by_the_library(&texts[n]), "{}", texts[n]);
    }
}

/// Very long words are cut, in training and in use, at the same places.
#[test]
fn long_words_are_cut_in_pieces() {
    for word in ["a".repeat(1_000_000), "ಕ್".repeat(500_000)] {
        let ids = TOKENIZER.encode(&word);
        assert_eq!(ids, by_the_library(&word));
        assert_eq!(TOKENIZER.detokenize(&ids), word);
        let mut seen = 0;
        let ends = ids.iter().map(|id| {
            seen += TOKENIZER.token(*id).expect("an id").chars().count();
            seen
        });
        let cuts = ends.filter(|end| end % MAX_PIECE_CHARS == 0).count();
        assert_eq!(cuts, 1_000_001 / MAX_PIECE_CHARS);
    }
    let huge = "ab".repeat(500_000);
    let lines = LINES.iter().map(String::as_str).chain([huge.as_str()]);
    let tokenizer = Tokenizer::train(lines, &CONFIG).expect("a tokenizer");
    let longest = (0..).map_while(|id| tokenizer.token(id)).map(|token| token.chars().count()).max();
    assert!(longest.expect("tokens") <= MAX_PIECE_CHARS);
}

#[test]
fn a_saved_tokenizer_loads_as_itself() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("tokenizer.json");
    TOKENIZER.save(&path).expect("the directory can be written");
    let loaded = Tokenizer::load(&path).expect("our own file");
    assert_eq!(loaded.hash(), TOKENIZER.hash());
    assert_eq!(loaded.encode_batch(&LINES), TOKENIZER.encode_batch(&LINES));
    assert!(matches!(Tokenizer::load(dir.path()), Err(DataError::NotAFile { .. })));
    assert!(matches!(TOKENIZER.save(dir.path()), Err(DataError::Unwritable { .. })));
    let file = std::fs::File::create(&path).expect("the file can be written");
    file.set_len((64 << 20) + 1).expect("sparse files can be made");
    assert!(matches!(Tokenizer::load(&path), Err(DataError::TooLarge { .. })));
}

#[test]
fn foreign_parts_are_refused_by_name() {
    let own: Value = serde_json::from_str(&TOKENIZER.to_json()).expect("json");
    let change = |pointer: &str, value: Value| {
        let mut changed = own.clone();
        *changed.pointer_mut(pointer).expect(pointer) = value;
        changed
    };
    let mut extra = own.clone();
    extra["model"]["vocab"]["<evil>"] = json!(5000);
    let mut bytes_merged = own.clone();
    bytes_merged["model"]["vocab"]["<0x41><0x42>"] = json!(CONFIG.vocab_size);
    bytes_merged["model"]["merges"][0] = json!(["<0x41>", "<0x42>"]);
    let mut unknown_key = own.clone();
    unknown_key["model"]["url"] = json!("http://example.org");
    for (file, part) in [
        (change("/normalizer", Value::Null), "normalizer"),
        (change("/normalizer", json!({"type": "NFKC"})), "normalizer"),
        (change("/pre_tokenizer/pretokenizers/0/pattern/Regex", json!("(a+)+$")), "pre_tokenizer"),
        (change("/decoder/decoders/2/start", json!(9)), "decoder"),
        (change("/added_tokens/0/content", json!("the")), "added_tokens"),
        (change("/truncation", json!({"max_length": 1})), "truncation"),
        (change("/version", json!("2.0")), "version"),
        (change("/model/type", json!("WordPiece")), "model.type"),
        (change("/model/byte_fallback", json!(false)), "model.byte_fallback"),
        (change("/model/dropout", json!(0.5)), "model.dropout"),
        (change("/model/vocab/<pad>", json!(1)), "model.vocab"),
        (change("/model/vocab/<s>", json!(-1)), "model.vocab"),
        (change("/model/vocab/<s>", json!(1.5)), "model.vocab"),
        (change("/model/vocab", json!({})), "model.vocab"),
        (change("/model/vocab", json!([1])), "model.vocab"),
        (change("/model/merges/0", json!(["no", "such"])), "model.merges[0]"),
        (change("/model/merges/1", json!(["a"])), "model.merges[1]"),
        (change("/model/merges/1", json!(["a", "b", "c"])), "model.merges[1]"),
        (change("/model/merges", json!("a b")), "model.merges"),
        (change("/model", Value::Null), "model.vocab"),
        (extra, "model.vocab"),
        (bytes_merged, "model.merges[0]"),
        (unknown_key, "model.url"),
    ] {
        let fault = Tokenizer::from_bytes(file.to_string().as_bytes()).expect_err(part);
        let DataError::TokenizerForeign { part: got, .. } = &fault else { panic!("{part}: {fault}") };
        assert_eq!(got, part, "{fault}");
    }
    let fault = Tokenizer::from_bytes(change("/normalizer", Value::Null).to_string().as_bytes());
    let expected = r#"tokenizer: normalizer: got null, expected {"prepend":" ","type":"Prepend"}; take a file that this program wrote"#;
    assert_eq!(fault.expect_err("no normalizer").to_string(), expected);
    for text in ["", "{", "[]", "null", "\u{0}", &"[".repeat(100_000)] {
        assert!(Tokenizer::from_bytes(text.as_bytes()).is_err(), "{}", &text[..text.len().min(9)]);
    }
}

pub(super) fn any_text() -> impl Strategy<Value = String> {
    let literal =
        ["</s>", "<s>", "<pad>", "<0x41>", "<unk>", "▁", "Ġ", "the", "isn't", " ", "'", "😀", "\u{E000}"];
    let part = prop_oneof![
        4 => prop::char::range('\u{0C80}', '\u{0CFF}').prop_map(String::from),
        2 => prop::sample::select(vec!["\u{200C}", "\u{200D}", "\u{0CCD}", "\u{0CCD}\u{200C}"]).prop_map(str::to_owned),
        2 => prop::char::range(' ', '~').prop_map(String::from),
        3 => prop::sample::select(literal.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn detokenize_undoes_encode(text in any_text()) {
        let normal = Normalizer::new(&NormalizeConfig::default()).normalize(&text);
        for text in [text, normal] {
            let ids = TOKENIZER.encode(&text);
            prop_assert_eq!(&ids, &by_the_library(&text));
            prop_assert!(ids.iter().all(|id| (3..CONFIG.vocab_size as u32).contains(id)));
            prop_assert_eq!(TOKENIZER.detokenize(&ids), text);
        }
    }

    #[test]
    fn any_ids_give_text(ids in prop::collection::vec(0_u32..500, 0..30)) {
        TOKENIZER.detokenize(&ids);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_gives_an_error_or_a_tokenizer(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = TOKENIZER.to_json().into_bytes();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        if let Ok(tokenizer) = Tokenizer::from_bytes(&bytes) {
            prop_assert_eq!(tokenizer.detokenize(&tokenizer.encode("the ಬೆಕ್ಕು")), "the ಬೆಕ್ಕು");
        }
    }
}
