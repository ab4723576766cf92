use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::batch::{Example, encode_pairs};
use crate::clean::clean;
use crate::config::{CleanConfig, ParallelFiles, Source, Sources};
use crate::corpus::{Limits, content_hash, read_sources};
use crate::loader::{Cursor, Loader, LoaderConfig};
use crate::shards::Examples;

/// A directory with two corpora of which some pairs are dropped.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a temporary directory"));
        let line = |n: usize| match n % 13 {
            3 => "\tಬೆಕ್ಕು".to_owned(),
            5 => format!("{}\t{}", "cat ".repeat(40), "ಬೆಕ್ಕು ".repeat(30)),
            _ => format!("the  cat {} sat\tಬೆಕ್ಕು {} ಕುಳಿತಿತು", n % 450, n % 450),
        };
        place.write("a.tsv", &(0..300).map(line).collect::<Vec<_>>());
        place.write("b.tsv", &(150..500).map(line).collect::<Vec<_>>());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, lines: &[String]) {
        fs::write(self.path(name), lines.join("\n") + "\n").expect("room");
    }

    fn data(&self) -> DataConfig {
        let source = |name: &str| Source::from(ParallelFiles::one(self.path(name)));
        let back = Source { tag: "<bt>".to_owned(), max_pairs: 320, weight: 0.5, ..source("b.tsv") };
        let clean = CleanConfig { max_tokens: 60, ..CleanConfig::default() };
        DataConfig { train: Sources(vec![source("a.tsv"), back]), clean, ..DataConfig::default() }
    }
}

const VOCABULARY: TokenizerConfig = TokenizerConfig { vocab_size: 310, min_char_count: 1 };

fn request(data: &DataConfig) -> Request<'_> {
    Request { data, tokenizer: &VOCABULARY, max_tokens: 35 }
}

fn make(dir: &Path, data: &DataConfig, held_out: &[HeldOutText]) -> Result<Prepared, DataError> {
    prepare(dir, &request(data), held_out, &mut |_| {})
}

/// What training from text makes.
fn from_text(data: &DataConfig) -> (Tokenizer, Vec<Example>, Vec<usize>, CleanReport) {
    let (pairs, _) = read_sources(&data.train, &data.languages(), &Limits::default()).expect("text");
    let (pairs, mut report) = clean(pairs, &data.clean, &Normalizer::new(&data.normalize));
    let lines = pairs.iter().flat_map(|pair| [pair.src.as_str(), pair.tgt.as_str()]);
    let tokenizer = Tokenizer::train_with_tags(lines, &VOCABULARY, &data.train.tags()).expect("enough text");
    let tags = tokenizer.source_tags(&data.train).expect("they were given");
    let (examples, lens) = encode_pairs(&pairs, &tokenizer, &tags, 35, &mut report);
    (tokenizer, examples, lens, report)
}

#[test]
fn prepared_text_gives_the_batches_of_text() {
    let place = Place::new();
    let (data, dir) = (place.data(), place.path("sets/one"));
    let made = make(&dir, &data, &[]).expect("sound text");
    let (tokenizer, examples, lens, report) = from_text(&data);
    assert_eq!(made.tokenizer.to_json(), tokenizer.to_json());
    assert_eq!((&made.source_lens, &made.clean_report), (&lens, &report));
    assert!(lens.iter().all(|len| *len > 100) && report.dropped.len() > 2, "{report}");
    let bt = tokenizer.tag_id("<bt>").expect("it was given");
    assert!(examples[lens[0]].src.starts_with(&[bt]) && !examples[0].src.contains(&bt));
    assert_eq!((made.notes[1].found, made.notes[1].taken), (350, 320));

    let loader = |examples: Examples| {
        Loader::new(examples, LoaderConfig { batch_tokens: 200, seed: 3 })
            .expect("examples that fit")
            .with_mixture(data.train.weights(), lens.clone())
    };
    let (mut text, mut shards) = (loader(examples.into()), loader(made.reader.into()));
    let (mut here, mut there) = (Cursor::default(), Cursor::default());
    while here.epoch < 2 {
        assert_eq!(text.next(&mut here).expect("a batch"), shards.next(&mut there).expect("a batch"));
    }
}

#[test]
fn a_set_serves_as_long_as_its_text_is_the_same() {
    let place = Place::new();
    let (data, dir) = (place.data(), place.path("one"));
    assert!(open(&dir, &request(&data)).expect("nothing is no fault").is_none());
    let made = make(&dir, &data, &[]).expect("sound text");
    let found = open(&dir, &request(&data)).expect("a set").expect("of this text");
    assert_eq!((&found.clean_report, &found.text_hashes), (&made.clean_report, &made.text_hashes));

    let text = fs::read(place.path("a.tsv")).expect("text");
    fs::write(place.path("a.tsv"), &text).expect("room");
    assert!(open(&dir, &request(&data)).expect("a set").is_some(), "written again, the same text");
    let mut other = text.clone();
    other[0] = b'T';
    fs::write(place.path("a.tsv"), &other).expect("room");
    assert!(open(&dir, &request(&data)).expect("a set").is_none(), "one letter differs");

    let remade = make(&dir, &data, &[]).expect("sound text");
    assert_ne!(remade.text_hashes, made.text_hashes);
    let left: Vec<_> = fs::read_dir(place.0.path()).expect("a directory").collect();
    assert_eq!(left.len(), 3, "two corpora and one set: {left:?}");
}

#[test]
fn the_key_is_that_of_all_that_decides_the_examples() {
    let place = Place::new();
    let data = place.data();
    let change = |change: &dyn Fn(&mut DataConfig)| {
        let mut data = data.clone();
        change(&mut data);
        request(&data).key()
    };
    let key = request(&data).key();
    assert!(key.len() == 16 && key == change(&|_| {}));
    assert_eq!(key, change(&|data| data.train.0[1].weight = 2.0), "the order of the data is no matter of it");
    assert_eq!(key, change(&|data| data.clean.allow_overlap = true));
    let others = [
        change(&|data| data.train.0[1].max_pairs = 5),
        change(&|data| data.train.0[1].tag.clear()),
        change(&|data| data.train.0.truncate(1)),
        change(&|data| data.train.0.reverse()),
        change(&|data| data.clean.dedup = false),
        change(&|data| data.normalize.digits = crate::config::Digits::Keep),
        change(&|data| data.tgt_lang = "kan".to_owned()),
        Request { max_tokens: 34, ..request(&data) }.key(),
        Request { tokenizer: &TokenizerConfig { vocab_size: 311, min_char_count: 1 }, ..request(&data) }
            .key(),
    ];
    let mut all: Vec<&String> = others.iter().chain([&key]).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), others.len() + 1);
}

#[test]
fn held_out_lines_are_found_before_and_after() {
    let place = Place::new();
    let (mut data, dir) = (place.data(), place.path("one"));
    let pairs = |lines: &[&str]| -> Vec<Pair> {
        let pair =
            |(i, line): (usize, &&str)| Pair { src: (*line).to_owned(), line: i + 1, ..Pair::default() };
        lines.iter().enumerate().map(pair).collect()
    };
    let (clean, dirty) = (pairs(&["a dog"]), pairs(&["a dog", "The cat 7 SAT!"]));
    let clean = HeldOutText { name: "dev", pairs: &clean };
    let dirty = HeldOutText { name: "test", pairs: &dirty };
    let fault = make(&dir, &data, &[clean, dirty]).expect_err("a line of test stands in the text");
    assert!(fault.to_string().starts_with("test: of its lines 1 have their source"), "{fault}");
    assert!(!dir.exists());

    make(&dir, &data, &[clean]).expect("nothing of dev stands in the text");
    let mut passes = 0;
    let mut check = |data: &DataConfig, sets: &[HeldOutText]| {
        check_held_out(&dir, &request(data), sets, &mut |_| passes += 1)
    };
    check(&data, &[clean]).expect("known already");
    assert!(check(&data, &[clean, dirty]).is_err());
    assert!(check(&data, &[clean, dirty]).is_err(), "known by now");
    data.clean.allow_overlap = true;
    check(&data, &[clean, dirty]).expect("allowed");
    assert_eq!(passes, 2, "both files were read once");
}

#[test]
fn damage_and_other_faults_are_told() {
    let place = Place::new();
    let (mut data, dir) = (place.data(), place.path("one"));
    make(&dir, &data, &[]).expect("sound text");
    let other = Request { max_tokens: 40, ..request(&data) };
    assert!(matches!(open(&dir, &other), Err(DataError::ShardsForeign { .. })));
    let manifest = fs::read_to_string(dir.join("shards.json")).expect("a manifest");
    fs::write(dir.join("shards.json"), manifest.replace("source_lens", "source_len")).expect("room");
    assert!(matches!(open(&dir, &request(&data)), Err(DataError::ShardsDamaged { .. })));
    fs::write(dir.join("shards.json"), manifest).expect("room");
    fs::write(dir.join(TOKENIZER), "{}").expect("room");
    assert!(matches!(open(&dir, &request(&data)), Err(DataError::ShardsDamaged { .. })));
    fs::remove_file(dir.join(TOKENIZER)).expect("it is there");
    assert!(matches!(open(&dir, &request(&data)), Err(DataError::ShardsDamaged { .. })));

    let huge = TokenizerConfig { vocab_size: 9999, ..VOCABULARY };
    let fault =
        prepare(&place.path("two"), &Request { tokenizer: &huge, ..request(&data) }, &[], &mut |_| {});
    assert!(matches!(fault, Err(DataError::VocabTooLarge { .. })));
    place.write("c.tsv", &["ಬೆಕ್ಕು\tthe cat".to_owned(), "ನಾಯಿ\ta dog".to_owned()]);
    data.train = Sources::from(ParallelFiles::one(place.path("c.tsv")));
    assert!(matches!(make(&place.path("two"), &data, &[]), Err(DataError::WrongScript { pairs: 2, .. })));
    assert!(!place.path("two").exists());
}

#[test]
fn the_size_of_text_is_guessed() {
    let place = Place::new();
    let mut data = place.data();
    let size = |name: &str| fs::metadata(place.path(name)).expect("a file").len();
    let expected = size("a.tsv") + size("b.tsv").min(320 * BYTES_OF_A_PAIR);
    assert_eq!(text_bytes(&data).expect("files"), expected);
    fs::rename(place.path("b.tsv"), place.path("b.tsv.gz")).expect("a directory");
    data.train.0.remove(0);
    data.train.0[0].file = place.path("b.tsv.gz");
    data.train.0[0].max_pairs = 0;
    assert_eq!(text_bytes(&data).expect("files"), 4 * size("b.tsv.gz"));
    let hash = content_hash(&ParallelFiles::one(place.path("a.tsv")), &Limits::default());
    assert_eq!(hash.expect("text").len(), 64);
}

/// One makes the set, the others wait for it and open it.
#[test]
fn a_set_is_made_once_by_those_who_want_it_together() {
    let place = Place::new();
    let (data, dir) = (place.data(), place.path("sets/one"));
    let passes = std::sync::atomic::AtomicUsize::new(0);
    let one = || {
        prepare(&dir, &request(&data), &[], &mut |progress| {
            if matches!(progress, Progress::Learning(_)) {
                passes.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
        })
        .expect("sound text")
        .reader
        .len()
    };
    let lens = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    assert!(lens[0] > 100 && lens.iter().all(|len| *len == lens[0]));
    assert!(passes.into_inner() < 3);
    assert_eq!(
        fs::read_dir(place.path("sets")).expect("a directory").count(),
        1,
        "no lock, nothing half made"
    );
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf_8_are_no_fault() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let odd = place.0.path().join(std::ffi::OsStr::from_bytes(b"b\xE9.tsv"));
    fs::rename(place.path("b.tsv"), &odd).expect("a directory");
    let mut data = place.data();
    data.train.0[1].file = place.path("b*.tsv");
    make(&place.path("one"), &data, &[]).expect("sound text");
    assert!(open(&place.path("one"), &request(&data)).expect("a set").is_some());
}
