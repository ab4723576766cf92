use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::batch::Example;
use crate::clean::Reason;
use crate::config::{CleanConfig, NormalizeConfig, TokenizerConfig};
use crate::corpus::Pair;
use crate::error::DataError;
use crate::loader::{Cursor, Loader, LoaderConfig};
use crate::normalize::Normalizer;
use crate::tokenizer::Tokenizer;

/// Examples of 1 to 13 and 0 to 10 ids, which stand for their place.
fn examples(n: usize) -> Vec<Example> {
    let row = |i: usize, len: usize| (0..len).map(|k| ((31 * i + k) % 997) as u32).collect();
    (0..n).map(|i| Example { src: row(i, 1 + i * 5 % 13), tgt: row(i + 7, i * 3 % 11) }).collect()
}

fn config(vocab_size: usize, shard_bytes: u64) -> WriterConfig {
    let settings = serde_json::Map::from_iter([("made by".to_owned(), json!("a test"))]);
    WriterConfig { vocab_size, tokenizer: "none".to_owned(), settings, shard_bytes }
}

fn write(dir: &Path, examples: &[Example], config: WriterConfig) -> Manifest {
    let mut writer = Writer::create(dir, config).expect("a place to write");
    for example in examples {
        writer.push(&example.src, &example.tgt).expect("room");
    }
    writer.finish().expect("room")
}

/// The files of a set of 200 examples in ten shards.
static SMALL: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = temp.path().join("set");
    let manifest = write(&dir, &examples(200), config(1000, 480));
    assert_eq!(manifest.shards.len(), 10);
    files(&dir)
});

/// That set, inside a temporary directory.
fn small_set() -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = temp.path().join("set");
    fs::create_dir(&dir).expect("a directory");
    for (name, bytes) in &*SMALL {
        fs::write(dir.join(name), bytes).expect("a file");
    }
    (temp, dir)
}

fn read_all(reader: &Reader) -> Result<Vec<Example>, DataError> {
    (0..reader.len()).map(|i| reader.get(i)).collect()
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).expect("a directory");
    let file = |entry: fs::DirEntry| {
        (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("a file"))
    };
    entries.map(|entry| file(entry.expect("an entry"))).collect()
}

#[test]
fn what_is_written_is_read() {
    for (n, vocab_size, shard_bytes) in
        [(0, 1000, 64), (1, 1000, 64), (129, 1000, 1), (1000, 1 << 16, 4000), (1000, (1 << 16) + 1, 1 << 20)]
    {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let dir = temp.path().join("a/set");
        let examples = examples(n);
        let manifest = write(&dir, &examples, config(vocab_size, shard_bytes));
        let reader = Reader::open(&dir).expect("what was just written");
        assert_eq!((reader.len(), reader.is_empty(), reader.manifest()), (n, n == 0, &manifest));
        assert_eq!(read_all(&reader).expect("all of it"), examples);
        let lengths: Vec<_> = (0..n).map(|i| reader.lengths(i)).collect();
        assert!(examples.iter().map(Example::lengths).eq(lengths));
        reader.verify().expect("what was just written");
        assert_eq!(manifest.token_bytes, if vocab_size > 1 << 16 { 4 } else { 2 });
        assert_eq!(manifest.settings["made by"], "a test");
        assert_eq!(fs::read_dir(dir.parent().expect("a parent")).expect("a directory").count(), 1);
    }
}

/// The bytes of the format, version 1.
#[test]
fn golden_bytes() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = temp.path().join("set");
    let pair = |src: &[u32], tgt: &[u32]| Example { src: src.to_vec(), tgt: tgt.to_vec() };
    write(&dir, &[pair(&[5, 999, 2], &[258]), pair(&[2], &[])], config(1000, 1 << 20));
    let files = files(&dir);
    assert_eq!(files["shard-00000.bin"], [5, 0, 231, 3, 2, 0, 2, 1, 2, 0]);
    let index = b"TOKINDEX\x01\0\0\0\x02\0\0\0\x02\0\0\0\0\0\0\0\x03\0\x01\0\x01\0\0\0";
    assert_eq!(files["index.bin"], index);
    let manifest: Value = serde_json::from_slice(&files["shards.json"]).expect("json");
    let hash = |name: &str| blake3::hash(&files[name]).to_hex().to_string();
    let expected = json!({
        "format": 1, "examples": 2, "src_tokens": 4, "tgt_tokens": 1, "vocab_size": 1000, "token_bytes": 2,
        "tokenizer": "none", "settings": {"made by": "a test"}, "index_blake3": hash("index.bin"),
        "shards": [{"file": "shard-00000.bin", "examples": 2, "bytes": 10, "blake3": hash("shard-00000.bin")}],
    });
    assert_eq!(manifest, expected);
    assert_eq!(files.len(), 3);
}

#[test]
fn rows_longer_than_two_bytes_can_say() {
    let mut examples = examples(100);
    examples[70].src = (0..70_000).map(|id| id % 1000).collect();
    examples[71].tgt = vec![7; 65_536];
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = temp.path().join("set");
    write(&dir, &examples, config(1000, 1000));
    let reader = Reader::open(&dir).expect("what was just written");
    assert_eq!(read_all(&reader).expect("all of it"), examples);
    assert_eq!((reader.lengths(70).0, reader.lengths(71).1), (70_000, 65_537));
}

#[test]
fn memory_and_disk_give_the_same_batches() {
    let (_temp, dir) = small_set();
    let config = LoaderConfig { batch_tokens: 60, seed: 4 };
    let on_disk = || Loader::new(Reader::open(&dir).expect("a set"), config).expect("examples that fit");
    let mut disk = on_disk();
    let mut memory = Loader::new(examples(200), config).expect("examples that fit");
    let (mut at_disk, mut at_memory) = (Cursor::default(), Cursor::default());
    let mut seen = Vec::new();
    while at_memory.epoch < 3 {
        let batch = memory.next(&mut at_memory).expect("a batch");
        assert_eq!(disk.next(&mut at_disk).expect("a batch"), batch);
        assert_eq!(at_disk, at_memory);
        assert_eq!(disk.n_batches(at_disk.epoch), memory.n_batches(at_disk.epoch));
        seen.push((at_memory, batch));
    }
    for (after, batch) in seen.iter().rev().step_by(5) {
        let mut cursor = Cursor { batch: after.batch - 1, ..*after };
        assert_eq!(on_disk().next(&mut cursor).expect("a batch"), *batch);
        assert_eq!(cursor, *after);
    }
}

/// Does something to a file of a fresh set and gives what opening, or else verifying, says.
fn damage(name: &str, change: impl Fn(&Path)) -> Result<(), DataError> {
    let (_temp, dir) = small_set();
    change(&dir.join(name));
    Reader::open(&dir)?.verify()
}

#[test]
fn damage_is_found_and_named() {
    let flip = |at: usize| {
        move |path: &Path| {
            let mut bytes = fs::read(path).expect("a file");
            bytes[at] ^= 1;
            fs::write(path, bytes).expect("a file");
        }
    };
    let resize = |by: i64| {
        move |path: &Path| {
            let file = fs::File::options().write(true).open(path).expect("a file");
            let size = file.metadata().expect("a file").len().checked_add_signed(by);
            file.set_len(size.expect("a size")).expect("a file");
        }
    };
    let remove = |path: &Path| fs::remove_file(path).expect("a file");
    let empty = |path: &Path| fs::write(path, "").expect("a file");
    let directory = |path: &Path| {
        fs::remove_file(path).expect("a file");
        fs::create_dir(path).expect("a directory");
    };
    for at in 0..24 + 800 {
        let fault = damage("index.bin", flip(at)).expect_err("a flipped byte");
        assert!(
            matches!(&fault, DataError::ShardsDamaged { path, .. } if path.ends_with("index.bin")),
            "{at}"
        );
    }
    for (name, faults) in [
        ("index.bin", [damage("index.bin", resize(-1)), damage("index.bin", resize(4))]),
        ("index.bin", [damage("index.bin", remove), damage("index.bin", empty)]),
        ("shards.json", [damage("shards.json", remove), damage("shards.json", empty)]),
        ("shards.json", [damage("shards.json", resize(-2)), damage("shards.json", resize(40 << 20))]),
        ("shard-00003.bin", [damage("shard-00003.bin", resize(-2)), damage("shard-00003.bin", resize(2))]),
        ("shard-00009.bin", [damage("shard-00009.bin", remove), damage("shard-00009.bin", directory)]),
        ("shard-00000.bin", [damage("shard-00000.bin", flip(0)), damage("shard-00000.bin", flip(99))]),
    ] {
        for fault in faults {
            let fault = fault.expect_err(name);
            let named = matches!(&fault, DataError::ShardsDamaged { path, .. } if path.ends_with(name));
            assert!(named, "{name}: {fault}");
        }
    }
}

#[cfg(unix)]
#[test]
fn links_are_refused() {
    for name in ["shard-00004.bin", "index.bin", "shards.json"] {
        let fault = damage(name, |path| {
            let aside = path.with_extension("aside");
            fs::rename(path, &aside).expect("a file");
            std::os::unix::fs::symlink(&aside, path).expect("a link");
        });
        assert!(fault.expect_err(name).to_string().contains("is a link"));
    }
}

#[test]
fn manifests_that_do_not_agree_are_refused() {
    let edit = |edit: &dyn Fn(&mut Value)| {
        damage("shards.json", |path| {
            let mut manifest = serde_json::from_slice(&fs::read(path).expect("a file")).expect("json");
            edit(&mut manifest);
            fs::write(path, manifest.to_string()).expect("a file");
        })
    };
    edit(&|_| {}).expect("nothing is changed");
    for name in ["../shard-00001.bin", "/etc/passwd", "shard-00001.bin\0", "..\\a", "shard-00002.bin", ""] {
        let fault = edit(&|manifest| manifest["shards"][1]["file"] = json!(name)).expect_err(name);
        assert!(fault.to_string().contains("expected shard-00001.bin"), "{fault}");
    }
    for (pointer, value) in [
        ("/examples", json!(199)),
        ("/examples", json!(1_u64 << 40)),
        ("/src_tokens", json!(u64::MAX)),
        ("/src_tokens", json!(-1)),
        ("/tgt_tokens", json!(0)),
        ("/vocab_size", json!(1 << 17)),
        ("/token_bytes", json!(4)),
        ("/token_bytes", json!(0)),
        ("/index_blake3", json!("00")),
        ("/shards/0/bytes", json!(u64::MAX)),
        ("/shards/0/examples", json!(0)),
        ("/shards/0/examples", json!(u64::MAX)),
        ("/shards/0/blake3", json!("")),
        ("/shards", json!([])),
        ("/settings", json!(1)),
    ] {
        let fault = edit(&|manifest| *manifest.pointer_mut(pointer).expect(pointer) = value.clone());
        assert!(matches!(fault, Err(DataError::ShardsDamaged { .. })), "{pointer}: {fault:?}");
    }
    edit(&|manifest| manifest["url"] = json!("")).expect_err("an unknown key");
    let swap = |manifest: &mut Value| {
        let by = |manifest: &mut Value, shard: usize, key: &str, n: i64| {
            let old = manifest["shards"][shard][key].as_i64().expect("a number");
            manifest["shards"][shard][key] = json!(old + n);
        };
        by(manifest, 0, "examples", 1);
        by(manifest, 1, "examples", -1);
    };
    edit(&swap).expect_err("an example in the wrong shard");
    let fault = edit(&|manifest| *manifest = json!({"format": 2, "new": true})).expect_err("the future");
    assert!(
        fault.to_string().ends_with("set: format: got 2, expected 1; prepare the shards anew"),
        "{fault}"
    );
}

#[test]
fn a_shard_that_shrinks_or_turns_is_an_error() {
    let (_temp, dir) = small_set();
    let reader = Reader::open(&dir).expect("a set");
    let path = dir.join("shard-00002.bin");
    let file = fs::File::options().write(true).open(&path).expect("a shard");
    file.set_len(100).expect("a shard");
    let fault = read_all(&reader).expect_err("a short shard").to_string();
    assert!(
        fault.ends_with("shard-00002.bin: has been cut short since it was opened; prepare the shards again")
    );
    reader.verify().expect_err("a short shard");
    fs::write(&path, [0xFF; 600]).expect("a shard");
    let fault = read_all(&reader).expect_err("ids beyond the vocabulary").to_string();
    assert!(fault.contains("has the id 65535, beyond 1000 ids"), "{fault}");
}

#[test]
fn a_set_is_there_whole_or_not_at_all() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = temp.path().join("set");
    let count = || fs::read_dir(temp.path()).expect("a directory").count();
    let mut writer = Writer::create(&dir, config(1000, 10)).expect("a place to write");
    for example in examples(50) {
        writer.push(&example.src, &example.tgt).expect("room");
    }
    assert!(!dir.exists());
    assert!(matches!(Writer::create(&dir, config(1000, 10)), Err(DataError::ShardsBusy { .. })));
    drop(writer);
    assert_eq!(count(), 0);

    fs::create_dir(temp.path().join(".set.new")).expect("a directory");
    fs::write(temp.path().join(".set.new/index.bin"), "what a killed writer left").expect("a file");
    write(&dir, &examples(3), config(1000, 10));
    assert_eq!((count(), Reader::open(&dir).expect("a set").len()), (1, 3));

    assert!(matches!(Writer::create(&dir, config(1000, 10)), Err(DataError::ShardsExist { .. })));
    let late = temp.path().join("late");
    let writer = Writer::create(&late, config(1000, 10)).expect("a place to write");
    fs::create_dir(&late).expect("a directory");
    assert!(matches!(writer.finish(), Err(DataError::ShardsExist { .. })));
    assert_eq!(count(), 2);
    assert!(matches!(Reader::open(&temp.path().join("none")), Err(DataError::ShardsDamaged { .. })));
}

#[test]
#[should_panic(expected = "id 1000 of 1000")]
fn ids_beyond_the_vocabulary_are_not_written() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let mut writer = Writer::create(&temp.path().join("set"), config(1000, 10)).expect("a place to write");
    writer.push(&[999], &[1000]).expect("unreachable");
}

/// Pairs with duplicates, blanks and long rows.
fn pairs() -> Vec<Pair> {
    let src = |n: usize| match n % 17 {
        3 => " ".to_owned(),
        5 => "cat ".repeat(40),
        _ => format!("the  cat {} sat", n % 400),
    };
    let tgt = |n: usize| match n % 17 {
        5 => "ಬೆಕ್ಕು ".repeat(30),
        _ => format!("ಬೆಕ್ಕು {} ಕುಳಿತಿತು", n % 400),
    };
    (0..1000).map(|n| Pair { source: u32::from(n > 300), src: src(n), tgt: tgt(n), line: n + 1 }).collect()
}

fn tokenizer(vocab_size: usize) -> Tokenizer {
    let pairs = pairs();
    let lines = pairs.iter().flat_map(|pair| [pair.src.as_str(), pair.tgt.as_str()]);
    Tokenizer::train(lines, &TokenizerConfig { vocab_size, min_char_count: 1 }).expect("a tokenizer")
}

#[test]
fn preparing_is_cleaning_and_encoding_whatever_the_threads_and_chunks() {
    let tokenizer = tokenizer(310);
    let normalizer = Normalizer::new(&NormalizeConfig::default());
    let clean_config = CleanConfig { max_tokens: 40, ..CleanConfig::default() };
    let tags = [vec![], vec![7, 8]];
    let (clean, normalizer) = (&clean_config, &normalizer);
    let recipe = Recipe { clean, max_tokens: 40, normalizer, tokenizer: &tokenizer, tags: &tags };
    let (kept, mut report) = crate::clean::clean(pairs(), clean, normalizer);
    let (expected, source_lens) = crate::batch::encode_pairs(&kept, &tokenizer, &tags, 40, &mut report);
    assert!(source_lens[0] > 0 && source_lens[1] > 0);
    let tagged = |(i, example): (usize, &Example)| example.src.starts_with(&[7, 8]) == (i >= source_lens[0]);
    assert!(expected.iter().enumerate().all(tagged), "the second corpus and no other has its tags");
    for reason in [Reason::Duplicate, Reason::EmptySource, Reason::TooManyTokens] {
        assert!(report.count_of(reason) > 0, "{reason}");
    }

    let mut sets = Vec::new();
    for (threads, chunk) in [(1, 100), (2, 100), (3, 100), (2, 7), (3, 1000)] {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let dir = temp.path().join("set");
        let config = WriterConfig { shard_bytes: 3000, ..WriterConfig::new(&tokenizer) };
        let mut writer = Writer::create(&dir, config).expect("a place to write");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let mut filling = Filling::new(recipe, &mut writer);
        pool.install(|| pairs().chunks(chunk).try_for_each(|chunk| filling.take(chunk.to_vec())))
            .expect("room");
        let source_lens = source_lens.clone();
        assert_eq!(filling.finish(), FillReport { clean: report.clone(), not_remembered: 0, source_lens });
        writer.finish().expect("room");
        let reader = Reader::open(&dir).expect("a set");
        assert_eq!(read_all(&reader).expect("all of it"), expected);
        reader.expect_tokenizer(&tokenizer).expect("the same");
        sets.push(files(&dir));
    }
    assert!(sets[0].len() > 4, "several shards");
    assert!(sets.iter().all(|set| *set == sets[0]));
}

#[test]
fn sets_of_other_tokenizers_are_refused() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = temp.path().join("set");
    write(&dir, &[], WriterConfig::new(&tokenizer(310)));
    let reader = Reader::open(&dir).expect("a set");
    let fault = reader.expect_tokenizer(&tokenizer(311)).expect_err("another").to_string();
    let [got, expected] = [310, 311].map(|size| tokenizer(size).hash());
    let end = format!("hash of the tokenizer: got {got}, expected {expected}; prepare the shards anew");
    assert!(fault.ends_with(&end), "{fault}");
}
