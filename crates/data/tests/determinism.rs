//! What a run is made of does not depend on threads, on where it is resumed, or on the version of a library.

use blake3::Hasher;
use data::{Cursor, Example, Loader, LoaderConfig, Tokenizer, TokenizerConfig};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;
use std::path::Path;

/// How often a test repeats itself: `short` in the gate, `long` where there is time.
fn rounds(short: usize, long: usize) -> usize {
    if std::env::var_os("ANUVADA_TORTURE").is_some() { long } else { short }
}

/// Examples of 4 to 23 tokens a side, of unequal sides.
fn examples(n: usize) -> Vec<Example> {
    let example = |i: usize| Example { src: vec![3; 4 + i * 7 % 20], tgt: vec![4; 3 + i * 11 % 20] };
    (0..n).map(example).collect()
}

fn loader(n: usize) -> Loader {
    Loader::new(examples(n), LoaderConfig { batch_tokens: 100, seed: 42 }).expect("examples that fit")
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(work)
}

/// The ids of every example of three epochs in their order, and where each batch ends.
fn hash_of_three_epochs() -> String {
    let (mut loader, mut cursor, mut hash) = (loader(20_000), Cursor::default(), Hasher::new());
    while cursor.epoch < 3 {
        let batch = loader.next(&mut cursor).expect("a batch");
        if cursor.epoch == 3 {
            break;
        }
        for index in &batch.indices {
            hash.update(&index.to_le_bytes());
        }
        hash.update(b"end of batch");
    }
    hash.finalize().to_string()
}

/// Stands for the order of every run that was ever begun: it must never change.
const THREE_EPOCHS: &str = "f57593a025ed8cf5dde21aec8dab28e01b070a7cb8dab79644e6a81875561fe8";

#[test]
fn the_order_of_three_epochs_is_golden_for_any_number_of_threads() {
    for threads in [1, 2, 4, 16] {
        let hash = with_threads(threads, hash_of_three_epochs);
        assert_eq!(hash, THREE_EPOCHS, "{threads} threads");
    }
}

#[test]
fn the_order_does_not_depend_on_where_it_is_resumed() {
    let mut walk = loader(20_000);
    let mut cursor = Cursor::default();
    let mut stops = Vec::new();
    for step in 0..2 * walk.n_batches(0) {
        if step % 997 == 5 {
            stops.push(cursor);
        }
        walk.next(&mut cursor).expect("a batch");
    }
    assert!(stops.len() > 2 && stops.last().is_some_and(|stop| stop.epoch > 0), "{stops:?}");
    for stop in stops {
        // A walk that came here, and one that begins here.
        let mut walked = loader(20_000);
        let mut at = Cursor::default();
        while at < stop {
            walked.next(&mut at).expect("a batch");
        }
        let (mut one, mut other) = (stop, stop);
        let begun = loader(20_000).next(&mut one).expect("a batch");
        assert_eq!(walked.next(&mut other).expect("a batch").indices, begun.indices);
    }
}

#[test]
fn a_far_step_is_reached_without_the_steps_before_it() {
    let mut loader = loader(1000);
    let (mut step, mut cursor) = (0, Cursor::default());
    // The number of batches differs by a few from epoch to epoch, so that an epoch is the unit of a leap.
    while step < 1_000_000 {
        step += loader.n_batches(0) as u64;
        cursor.epoch += 1;
    }
    let leapt = loader.next(&mut cursor.clone()).expect("a batch");
    let plan = loader.plan(cursor.epoch);
    assert_eq!(leapt.indices, plan.batch(0));
}

#[test]
fn every_epoch_is_a_permutation() {
    for n in [1, 2, 3, 1000, 1_000_000] {
        let mut loader = loader(n);
        let mut seen: Vec<u32> = loader.plan(1).iter().flatten().copied().collect();
        assert!(n < 1000 || !seen.is_sorted(), "{n} examples in their first order");
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..n as u32), "{n} examples");
    }
}

#[test]
fn a_vocabulary_is_learnt_the_same_each_time_and_with_any_number_of_threads() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/starter");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect("the starter text");
    let text = read("train.en") + &read("train.kn");
    let config = TokenizerConfig { vocab_size: 4000, min_char_count: 2 };
    let mut hashes = BTreeSet::new();
    for threads in [1, 4, 16] {
        for _ in 0..rounds(1, 20) {
            let json =
                with_threads(threads, || Tokenizer::train(text.lines(), &config).map(|it| it.to_json()));
            hashes.insert(blake3::hash(json.expect("a tokenizer").as_bytes()).to_string());
        }
    }
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}

/// The key stream of `ChaCha8` for a key and a nonce of zeros, as the test vectors of the IETF draft on `ChaCha` state it.
const ZERO_KEY_STREAM: [u8; 64] = [
    0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6, 0x7f, 0x5b, 0xb8, 0xe8, 0x1f, 0x09, 0xa5, 0xa1, //
    0x2c, 0x84, 0x0e, 0xc3, 0xce, 0x9a, 0x7f, 0x3b, 0x18, 0x1b, 0xe1, 0x88, 0xef, 0x71, 0x1a, 0x1e, //
    0x98, 0x4c, 0xe1, 0x72, 0xb9, 0x21, 0x6f, 0x41, 0x9f, 0x44, 0x53, 0x67, 0x45, 0x6d, 0x56, 0x19, //
    0x31, 0x4a, 0x42, 0xa3, 0xda, 0x86, 0xb0, 0x01, 0x38, 0x7b, 0xfd, 0xb8, 0x0e, 0x0c, 0xfe, 0x42,
];

#[test]
fn the_generator_is_the_published_one() {
    let mut rng = ChaCha8Rng::from_seed([0; 32]);
    let words: Vec<u32> = (0..16).map(|_| rng.next_u32()).collect();
    let expected: Vec<u32> = ZERO_KEY_STREAM
        .chunks_exact(4)
        .map(|bytes| u32::from_le_bytes(bytes.try_into().expect("four bytes")))
        .collect();
    assert_eq!(words, expected);
    let mut rng = ChaCha8Rng::from_seed([0; 32]);
    let doubles: Vec<u64> = (0..8).map(|_| rng.next_u64()).collect();
    let joined = |pair: &[u32]| u64::from(pair[0]) | u64::from(pair[1]) << 32;
    assert_eq!(doubles, expected.chunks_exact(2).map(joined).collect::<Vec<_>>());
}

/// Sixteen examples of one length, one to a batch: two shuffles and nothing else.
#[test]
fn the_shuffle_is_golden() {
    let examples: Vec<Example> = (0..16).map(|_| Example { src: vec![3; 9], tgt: vec![4; 9] }).collect();
    let config = LoaderConfig { batch_tokens: 10, seed: 7 };
    let mut loader = Loader::new(examples, config).expect("examples that fit");
    let order: Vec<u32> = loader.plan(3).iter().flatten().copied().collect();
    assert_eq!(order, [7, 12, 10, 8, 0, 4, 3, 6, 1, 9, 2, 15, 11, 14, 13, 5]);
}
