use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::{AddedToken, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Trainer};

use super::super::pre_tokenizer;
use super::*;

/// What the trainer of the `tokenizers` library makes of the same words.
fn by_the_library(lines: &[String], config: &TokenizerConfig, tags: &[String]) -> Value {
    let fixed = fixed_tokens(tags).into_iter().map(|token| AddedToken::from(token, true)).collect();
    let mut trainer = BpeTrainer::builder()
        .show_progress(false)
        .vocab_size(config.vocab_size)
        .min_frequency(2)
        .special_tokens(fixed)
        .build();
    let mut counts = WordCounts::new();
    counts.add(lines);
    let alphabet = alphabet(&counts, config.min_char_count);
    let chain = pre_tokenizer().expect("a pre-tokenizer");
    let words = |line: &str| -> tokenizers::Result<Vec<String>> {
        let mut text = PreTokenizedString::from(format!(" {line}"));
        chain.pre_tokenize(&mut text)?;
        let pieces = text.get_splits(OffsetReferential::Original, OffsetType::Byte);
        let rare = |c: char| alphabet.binary_search(&c).is_err();
        let common = pieces.iter().flat_map(|(piece, ..)| piece.split(rare));
        Ok(common.filter(|word| !word.is_empty()).map(str::to_owned).collect())
    };
    trainer.feed(lines.iter().filter(|line| !line.is_empty()), words).expect("words");
    let mut model = BPE::default();
    trainer.train(&mut model).expect("a model");
    serde_json::to_value(&model).expect("a model is plain data")
}

/// The largest vocabulary of the lines, or one of `vocab_size`.
fn by_us(lines: &[String], config: &TokenizerConfig, tags: &[String]) -> Result<Value, DataError> {
    let tokenizer = Tokenizer::train_with_tags(lines.iter().map(String::as_str), config, tags)?;
    Ok(serde_json::from_str(&tokenizer.to_json()).expect("json"))
}

fn same(lines: &[String], config: &TokenizerConfig, tags: &[String]) {
    let config = match by_us(lines, config, tags) {
        Err(DataError::VocabTooLarge { largest, .. }) => {
            TokenizerConfig { vocab_size: largest, ..config.clone() }
        }
        _ => config.clone(),
    };
    let (ours, theirs) = match by_us(lines, &config, tags) {
        Ok(ours) => (ours, by_the_library(lines, &config, tags)),
        Err(DataError::NoText | DataError::VocabTooSmall { .. }) => return,
        Err(fault) => panic!("{fault}"),
    };
    for part in ["vocab", "merges"] {
        assert_eq!(ours["model"][part], theirs[part], "{part} of {lines:?}");
    }
}

fn starter() -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/starter");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect("the starter text");
    ["train.en", "train.kn"]
        .iter()
        .flat_map(|name| read(name).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_library_learns_the_same_from_the_starter_text() {
    let lines = starter();
    for (vocab_size, min_char_count) in [(4000, 2), (12_000, 1), (6000, 30)] {
        same(&lines, &TokenizerConfig { vocab_size, min_char_count }, &["<2kn>".to_owned()]);
    }
}

/// Hashes are salted anew in each table, so that a result which depends on their order would differ.
#[test]
fn neither_threads_nor_chunks_nor_hashes_change_the_vocabulary() {
    let lines = starter();
    let config = TokenizerConfig { vocab_size: 8000, min_char_count: 2 };
    let mut hashes = BTreeSet::new();
    for (threads, chunk) in [(1, 100_000), (1, 999), (2, 100_000), (4, 20_000), (16, 5)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let tokenizer = pool.install(|| {
            let mut counts = WordCounts::new();
            lines.chunks(chunk).for_each(|chunk| counts.add(chunk));
            Tokenizer::from_counts(&counts, &config, &[])
        });
        hashes.insert(tokenizer.expect("a tokenizer").hash());
    }
    let whole = Tokenizer::train(lines.iter().map(String::as_str), &config).expect("a tokenizer");
    hashes.insert(whole.hash());
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}

fn any_lines() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![
        4 => "[abc]{1,9}",
        3 => "[ab]{1,40}",
        1 => "[a-eಕಿ್\u{200C}]{1,8}",
        1 => "[a-z<>0-9 ]{1,6}",
    ];
    prop::collection::vec(prop::collection::vec(word, 0..12).prop_map(|words| words.join(" ")), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_library_learns_the_same(
        lines in any_lines(),
        vocab_size in prop_oneof![Just(5000_usize), 263_usize..400],
        min_char_count in 1_usize..4,
    ) {
        same(&lines, &TokenizerConfig { vocab_size, min_char_count }, &[]);
    }
}
