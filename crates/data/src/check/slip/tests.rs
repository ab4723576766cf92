use std::fs;
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::*;

/// Lengths of the lines of the starter text.
fn starter() -> [Vec<usize>; 2] {
    ["en", "kn"].map(|language| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../data/starter/train.{language}"));
        let text = fs::read_to_string(path).expect("the starter text");
        text.lines().map(|line| line.chars().count()).collect()
    })
}

fn slips_of(src: &[usize], tgt: &[usize]) -> Slips {
    let mut slips = Slips::default();
    slips.start(0);
    src.iter().zip(tgt).for_each(|(src, tgt)| slips.push([step(*src), step(*tgt)]));
    slips.finish();
    slips
}

fn runs_of(src: &[usize], tgt: &[usize]) -> Vec<(usize, usize, Option<i32>)> {
    slips_of(src, tgt).runs.iter().map(|run| (run.from, run.to, run.offset)).collect()
}

#[track_caller]
fn assert_near(run: (usize, usize, Option<i32>), from: usize, to: usize, offset: Option<i32>) {
    let near = run.0.abs_diff(from) <= 10 && run.1.abs_diff(to) <= 10 && run.2 == offset;
    assert!(near, "{run:?} is not {from}–{to} {offset:?}");
}

fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    move |below| rng.next_u32() as usize % below
}

#[test]
fn aligned_text_gives_no_alarm() {
    let [src, tgt] = starter();
    assert_eq!(runs_of(&src, &tgt), []);
    for n in [0, 1, 2, 39, 40, 41, 200] {
        assert_eq!(runs_of(&src[..n], &tgt[..n]), [], "{n} lines");
    }
}

#[test]
fn a_removed_line_is_found() {
    let [src, tgt] = starter();
    for place in [300, 7_000, 13_800] {
        let mut short = tgt.clone();
        short.remove(place);
        let runs = runs_of(&src, &short);
        assert_eq!(runs.len(), 1, "{runs:?}");
        assert_near(runs[0], place, short.len() - 1, Some(-1));
        let mut short = src.clone();
        short.remove(place);
        let runs = runs_of(&short, &tgt);
        assert_near(runs[0], place, short.len() - 1, Some(1));
    }
}

#[test]
fn a_run_begins_and_ends() {
    let [src, mut tgt] = starter();
    let removed = tgt.remove(5_000);
    tgt.insert(5_059, removed);
    let runs = runs_of(&src, &tgt);
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_near(runs[0], 5_000, 5_058, Some(-1));
}

/// Sentences of some seven words are a hard case: their lengths differ little.
#[test]
fn most_runs_of_thirty_short_lines_are_found_and_all_of_fifty() {
    let [src, tgt] = starter();
    let found = |lines: usize| {
        let places = (0..60).map(|n| 150 + 229 * n);
        let is_found = |place: &usize| {
            let mut tgt = tgt.clone();
            let removed = tgt.remove(*place);
            tgt.insert(place + lines - 1, removed);
            let runs = runs_of(&src, &tgt);
            let near = |from: usize, to: usize| from.abs_diff(*place) < 20 && to.abs_diff(place + lines) < 20;
            matches!(runs[..], [(from, to, Some(-1))] if near(from, to))
        };
        places.filter(is_found).count()
    };
    assert!(found(30) >= 50);
    assert_eq!(found(50), 60);
}

#[test]
fn three_lines_at_once_are_one_slip() {
    let [mut src, tgt] = starter();
    src.drain(2_000..2_003);
    let runs = runs_of(&src, &tgt);
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_near(runs[0], 2_000, src.len() - 1, Some(3));
}

#[test]
fn a_shuffled_block_is_lost() {
    let [src, mut tgt] = starter();
    let mut below = numbers(1);
    for place in (6_001..6_400).rev() {
        tgt.swap(place, 6_000 + below(place - 5_999));
    }
    let runs = runs_of(&src, &tgt);
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_near(runs[0], 6_000, 6_399, None);
}

#[test]
fn text_that_is_all_shuffled_is_lost() {
    let [src, mut tgt] = starter();
    let mut below = numbers(2);
    for place in (1..tgt.len()).rev() {
        tgt.swap(place, below(place + 1));
    }
    assert_eq!(runs_of(&src, &tgt), [(0, src.len() - 1, None)]);
}

#[test]
fn lines_of_equal_length_tell_nothing() {
    let mut below = numbers(3);
    let src: Vec<usize> = (0..20_000).map(|_| 60 + below(4)).collect();
    let tgt: Vec<usize> = (0..20_000).map(|_| 55 + below(4)).collect();
    assert_eq!(runs_of(&src, &tgt), []);
}

/// A million lines whose ratio strays by a fifth, one in fifty at will, in stretches of several kinds
/// of text.
fn noisy(n: usize) -> [Vec<usize>; 2] {
    let mut below = numbers(4);
    let mut uniform = move || below(1 << 20) as f64 / f64::from(1 << 20);
    let mut kind = (4.0, 0.5);
    let mut pair = |line: usize| {
        if line.is_multiple_of(5_000) {
            kind = (2.5 + 2.5 * uniform(), 0.2 + 0.6 * uniform());
        }
        let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let src = (kind.0 + kind.1 * normal()).exp();
        let tgt = src * (0.1 + 0.2 * normal()).exp();
        let tgt = if line % 50 == 7 { (kind.0 + normal()).exp() } else { tgt };
        [src, tgt].map(|length| 1 + length as usize)
    };
    let pairs: Vec<[usize; 2]> = (0..n).map(&mut pair).collect();
    [0, 1].map(|side| pairs.iter().map(|pair| pair[side]).collect())
}

#[test]
fn ordinary_noise_gives_no_alarm_and_slips_in_it_are_found() {
    let [src, mut tgt] = noisy(1_000_000);
    assert_eq!(runs_of(&src, &tgt), []);
    // Thirty lines each; the first across the border of two blocks.
    let places: Vec<usize> = (0..40).map(|n| BLOCK - 15 + 20_011 * n).collect();
    for place in &places {
        let removed = tgt.remove(*place);
        tgt.insert(place + 29, removed);
    }
    let slips = slips_of(&src, &tgt);
    let lines: usize = slips.runs.iter().map(|run| run.to + 1 - run.from).sum();
    assert_eq!((slips.n_runs, slips.lines), (slips.runs.len(), lines));
    let is_found = |place: &&usize| {
        let near = |run: &&Run| run.from.abs_diff(**place) <= 10 && run.to.abs_diff(**place + 29) <= 10;
        slips.runs.iter().find(near).is_some_and(|run| run.offset == Some(-1))
    };
    let found = places.iter().filter(is_found).count();
    // In stretches of lines of about one length there is little to see.
    assert!(found >= 32 && slips.runs.len() == found, "{found} of 40, {} runs", slips.runs.len());
}

#[test]
fn files_do_not_see_each_other() {
    let [src, mut tgt] = starter();
    tgt.remove(9_000);
    let mut slips = Slips::default();
    for first in [0, src.len()] {
        slips.start(first);
        src.iter().zip(&tgt).for_each(|(src, tgt)| slips.push([step(*src), step(*tgt)]));
        slips.finish();
    }
    let runs: Vec<_> = slips.runs.iter().map(|run| (run.from, run.to, run.offset)).collect();
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert_near(runs[0], 9_000, tgt.len() - 1, Some(-1));
    assert_near(runs[1], src.len() + 9_000, src.len() + tgt.len() - 1, Some(-1));
}
