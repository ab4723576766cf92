//! Several sources.

use super::*;
use crate::config::{Source, Sources};

fn numbered(dir: &Dir, name: &str, n: usize) -> Source {
    let text = (0..n).map(|i| format!("{i}\tx\n")).collect::<Vec<_>>().concat();
    ParallelFiles::one(dir.file(name, text)).into()
}

fn run(sources: &Sources) -> (Vec<Pair>, Vec<SourceNotes>) {
    read_sources(sources, &english_kannada(), &Limits::default()).expect("sound sources")
}

#[test]
fn pairs_know_their_source() {
    let dir = Dir::new();
    let sources = Sources(vec![numbered(&dir, "a.tsv", 3), numbered(&dir, "b.tsv", 2)]);
    let (pairs, notes) = run(&sources);
    let found: Vec<(u32, usize)> = pairs.iter().map(|pair| (pair.source, pair.line)).collect();
    assert_eq!(found, [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)]);
    let given: Vec<(usize, usize)> = notes.iter().map(|notes| (notes.found, notes.taken)).collect();
    assert_eq!(given, [(3, 3), (2, 2)]);
}

#[test]
fn a_limit_takes_pairs_evenly() {
    let dir = Dir::new();
    for (n, max_pairs) in [(1000, 10), (1000, 7), (1000, 999), (1000, 1), (5, 5), (5, 6), (3, 2)] {
        let source = Source { max_pairs, ..numbered(&dir, "a.tsv", n) };
        let (pairs, notes) = run(&Sources(vec![source]));
        let lines: Vec<usize> = pairs.iter().map(|pair| pair.line).collect();
        assert_eq!(lines.len(), max_pairs.min(n));
        assert_eq!((notes[0].found, notes[0].taken), (n, max_pairs.min(n)));
        let gaps = lines.windows(2).map(|pair| pair[1] - pair[0]);
        let (least, most) = (n / max_pairs.min(n), n.div_ceil(max_pairs));
        assert!(gaps.clone().all(|gap| (least..=most).contains(&gap)), "{max_pairs} of {n}: {lines:?}");
        assert!(lines[0] <= most && lines[lines.len() - 1] + most > n, "{max_pairs} of {n}: {lines:?}");
    }
}

#[test]
fn a_fault_in_any_source_is_told() {
    let dir = Dir::new();
    let bad = Source::from(ParallelFiles::one(dir.file("b.tsv", "one\n")));
    for max_pairs in [0, 1] {
        let sources = Sources(vec![numbered(&dir, "a.tsv", 3), Source { max_pairs, ..bad.clone() }]);
        let got = read_sources(&sources, &english_kannada(), &Limits::default());
        assert!(matches!(got, Err(DataError::Columns { line: 1, .. })), "{got:?}");
    }
}
