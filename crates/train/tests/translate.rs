//! `translate`: a line out for every line in, in order, whatever the lines are.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, assert_has, failure, rounds, stderr_of, stdout};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use train::config::BackendConfig;
use train::device;
use train::translator::Translator;

/// As many different lines: short, long, Kannada, symbols, blanks between.
fn varied(n: usize) -> Vec<String> {
    let words = ["the", "cat", "ಬೆಕ್ಕು", "runs,", "42", "😀", "at", "home", "“now”", "ಮನೆಯಲ್ಲಿ", "x=y", "Ünïcode"];
    let line = |i: usize| {
        let n = [1, 3, 7, 2, 12, 5, 0][i % 7];
        (0..n).map(|k| words[(i * 5 + k * (1 + i % 3)) % words.len()]).collect::<Vec<_>>().join(" ")
    };
    (0..n).map(line).collect()
}

fn lines_of(place: &Place, args: &[&str], stdin: &str) -> Vec<String> {
    let mut command = place.translate(args);
    command.write_stdin(stdin);
    let text = stdout(&mut command);
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.strip_suffix('\n').map_or(Vec::new(), |text| text.split('\n').map(str::to_owned).collect())
}

#[test]
fn two_hundred_lines_give_two_hundred_lines_wherever_they_come_from() {
    let place = Place::trained();
    let lines = varied(200);
    place.write_lines("in.txt", &lines);
    let text = place.read_text("in.txt");
    let from_stdin = lines_of(&place, &[], &text);
    assert_eq!(from_stdin.len(), 200);
    for (line, translation) in lines.iter().zip(&from_stdin) {
        assert_eq!(line.trim().is_empty(), translation.is_empty(), "'{line}' → '{translation}'");
    }
    assert_eq!(lines_of(&place, &["--input", "in.txt"], ""), from_stdin);
    let filled: Vec<&str> = lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    let from_arguments = lines_of(&place, &[&["--"], &filled[..]].concat(), "");
    let expected: Vec<&String> = from_stdin.iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(from_arguments.iter().collect::<Vec<_>>(), expected);
    assert_eq!(lines_of(&place, &[], text.trim_end_matches('\n')).len(), 200 - trailing_blanks(&lines));
    assert_eq!(lines_of(&place, &[], &text.replace('\n', "\r\n")), from_stdin);
}

fn trailing_blanks(lines: &[String]) -> usize {
    lines.iter().rev().take_while(|line| line.is_empty()).count()
}

#[test]
fn a_line_alone_is_translated_as_in_a_batch() {
    let place = Place::trained();
    let lines = varied(60);
    place.write_lines("in.txt", &lines);
    for options in [&["--beam-size", "1"][..], &["--beam-size", "4"]] {
        let together = lines_of(&place, &[options, &["--input", "in.txt"]].concat(), "");
        for (line, together) in lines.iter().zip(&together).filter(|(line, _)| !line.is_empty()) {
            let alone = lines_of(&place, &[options, &["--", line]].concat(), "");
            assert_eq!(alone, [together.as_str()], "{line}");
        }
    }
}

#[test]
fn nothing_in_gives_nothing_and_blank_lines_stay_blank() {
    let place = Place::trained();
    assert!(lines_of(&place, &[], "").is_empty());
    assert_eq!(lines_of(&place, &[], "\n"), [""]);
    assert_eq!(lines_of(&place, &[], "\n \u{200B}\t\n\n"), ["", "", ""]);
    assert_eq!(lines_of(&place, &["--n-best", "2"], "\n"), ["1\t0.0000\t"]);
}

#[test]
fn lines_before_invalid_utf_8_are_translated() {
    let place = Place::trained();
    place.write("bad.txt", b"the cat runs.\nthe dog eats.\nthe \xFF bird.\nthe cow sleeps.\n");
    let output = place.translate(&["--input", "bad.txt"]).output().unwrap();
    assert_eq!(output.status.code(), Some(65));
    assert_eq!(String::from_utf8(output.stdout.clone()).unwrap().lines().count(), 2);
    assert_has(&stderr_of(&output), &["bad.txt:3: invalid utf-8 at byte 4 of the line"]);
    let mut command = place.translate(&[]);
    let message = failure(command.write_stdin(place.read("bad.txt")), 65);
    assert_has(&message, &["standard input:3: invalid utf-8 at byte 4"]);
}

#[test]
fn the_n_best_are_ranked_and_begin_with_the_best() {
    let place = Place::trained();
    let input = "the cat runs.\n\nthe dog eats.\n";
    let best = lines_of(&place, &["--beam-size", "4"], input);
    let ranked = lines_of(&place, &["--beam-size", "4", "--n-best", "3"], input);
    let rows: Vec<(usize, f64, &str)> = ranked
        .iter()
        .map(|row| {
            let columns: Vec<&str> = row.split('\t').collect();
            (columns[0].parse().unwrap(), columns[1].parse().unwrap(), columns[2])
        })
        .collect();
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 1, 1, 2, 3, 3, 3]);
    assert_eq!([rows[0].2, rows[3].2, rows[4].2], [&best[0], &best[1], &best[2]]);
    for group in [&rows[..3], &rows[4..]] {
        assert!(group.is_sorted_by(|a, b| a.1 >= b.1), "{group:?}");
        assert!(group[0].2 != group[1].2 && group[1].2 != group[2].2, "{group:?}");
    }
}

#[test]
fn a_seed_draws_the_same_translations_again_in_any_batch() {
    let place = Place::trained();
    let text: String = pairs_text();
    let draw = |seed: &str| lines_of(&place, &["--sample", "--seed", seed], &text);
    let first = draw("5");
    assert_eq!(draw("5"), first);
    assert_ne!(draw("6"), first);
    let one = text.lines().next().unwrap();
    assert_eq!(lines_of(&place, &["--sample", "--seed", "5", one], ""), first[..1]);
    assert_eq!(
        lines_of(&place, &["--sample", "--seed", "6", "--top-k", "1"], &text),
        lines_of(&place, &["--beam-size", "1"], &text)
    );
}

fn pairs_text() -> String {
    common::pairs("test").into_iter().map(|(src, _)| src + "\n").collect()
}

#[test]
fn a_long_line_is_translated_in_pieces_and_one_without_end_is_refused() {
    let place = Place::trained();
    let long = "the cat runs at home today. ".repeat(100);
    let output = place.translate(&["--beam-size", "1"]).write_stdin(long).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout.clone()).unwrap().lines().count(), 1);
    assert_has(&stderr_of(&output), &["in pieces of at most 400"]);

    for character in ["a", "a ", "ಕ", "😀"] {
        let text = format!(
            "the cat runs.\n{}\nthe dog eats.\n",
            character.repeat(1_000_000 / character.chars().count())
        );
        let output = place.translate(&[]).write_stdin(text.clone()).output().unwrap();
        assert_eq!(output.status.code(), Some(65), "{}", stderr_of(&output));
        assert_eq!(String::from_utf8(output.stdout.clone()).unwrap().lines().count(), 1);
        assert_has(&stderr_of(&output), &["standard input:2: the line has more than 65536 bytes; cut it"]);
        place.write("long.txt", text.as_bytes());
        assert_has(
            &failure(&mut place.translate(&["--input", "long.txt"]), 65),
            &["long.txt:2: the line has more"],
        );
    }
    let message = failure(&mut place.translate(&["hello", &"a".repeat(70_000)]), 65);
    assert_has(&message, &["arguments:2: the line has more"]);
}

#[test]
fn a_reader_that_leaves_early_ends_it_quietly() {
    let place = Place::trained();
    place.write_lines("in.txt", &varied(500));
    let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
    command.args(["translate", "--model", "runs/run/best", "--input", "in.txt", "--beam-size", "1"]);
    command.current_dir(place.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert!(output.stderr.is_empty(), "{}", stderr_of(&output));
}

#[test]
fn an_answer_comes_before_the_next_question() {
    let place = Place::trained();
    let mut child = Command::new(env!("CARGO_BIN_EXE_train"));
    child.args(["translate", "--model", "runs/run/best"]).current_dir(place.path(""));
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut questions, mut answers) =
        (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for _ in 0..3 {
        writeln!(questions, "the cat runs.").unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert!(answer.ends_with('\n'), "'{answer}'");
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
}

#[test]
fn input_that_is_not_there_or_no_file_is_named() {
    let place = Place::trained();
    assert_has(&failure(&mut place.translate(&["--input", "none.txt"]), 74), &["cannot read none.txt: "]);
    assert_has(&failure(&mut place.translate(&["--input", "runs"]), 74), &["cannot read runs: "]);
    failure(&mut place.translate(&["--input", "none.txt", "hello"]), 2);
    failure(&mut place.translate(&["--sample", "--temperature", "0", "hello"]), 2);
    failure(&mut place.translate(&["--beam-size", "0", "hello"]), 2);
    failure(&mut place.translate(&["--seed", "1", "hello"]), 2);
    assert_has(&failure(&mut place.translate(&["--length-penalty=-1", "hello"]), 2), &["length_penalty"]);
    failure(&mut place.translate(&["--backend", "abacus", "hello"]), 69);
}

/// Alone, in batches of two, eight and sixty-four, and in another order: the same words, and the same score.
#[test]
fn a_translation_does_not_depend_on_its_batch() {
    for kind in ["model.kind=transformer", "model.kind=gru"] {
        does_not_depend_on_its_batch(kind);
    }
}

fn does_not_depend_on_its_batch(kind: &str) {
    let place = Place::new();
    place.train(&[kind]).assert().success();
    let cpu = BackendConfig::default();
    let device = device::open(&cpu).unwrap();
    let mut translator = Translator::load(&place.path("runs/run/best"), &device, cpu.precision).unwrap();
    let lines = varied(rounds(70, 500));
    for beam_size in [1, 4] {
        translator.search.beam_size = beam_size;
        let translate = |lines: &[String]| translator.translate_n_best(lines, 0);
        let alone: Vec<_> = lines.iter().flat_map(|line| translate(std::slice::from_ref(line))).collect();
        for size in [2, 8, 64] {
            // An order in which no line stays beside its neighbour.
            let third = lines.len() / 3 + 1;
            let step = (third..lines.len()).find(|step| gcd(*step, lines.len()) == 1).unwrap();
            let order: Vec<usize> = (0..lines.len()).map(|i| i * step % lines.len()).collect();
            for batch in order.chunks(size) {
                let together = translate(&batch.iter().map(|&i| lines[i].clone()).collect::<Vec<_>>());
                for (&i, found) in batch.iter().zip(together) {
                    assert_eq!(found, alone[i], "beam {beam_size}, batches of {size}: {}", lines[i]);
                }
            }
        }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn as_many_lines_come_out_as_went_in() {
    let place = Place::trained();
    let lines = varied(rounds(3000, 100_000));
    let mut command = place.translate(&["--beam-size", "1"]);
    command.write_stdin(lines.join("\n") + "\n").timeout(std::time::Duration::from_hours(2));
    let text = stdout(&mut command);
    assert_eq!(text.matches('\n').count(), lines.len());
    for (line, translation) in lines.iter().zip(text.split('\n')) {
        assert_eq!(line.is_empty(), translation.is_empty(), "'{line}' → '{translation}'");
    }
}

/// A pipe that stays open is answered as far as it has come, also when that is more than a batch and a part of one.
#[test]
fn what_has_arrived_is_answered_while_the_pipe_is_open() {
    let place = Place::trained();
    let mut child = Command::new(env!("CARGO_BIN_EXE_train"));
    child.args(["translate", "--model", "runs/run/best", "--beam-size", "1"]).current_dir(place.path(""));
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut questions, answers) =
        (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut answers = answers.lines();
    for n in [1, 64, 65, 150] {
        questions.write_all("the cat runs.\n\n".repeat(n).as_bytes()).unwrap();
        for i in 0..2 * n {
            let answer = answers.next().unwrap().unwrap();
            assert_eq!(answer.is_empty(), i % 2 == 1, "line {i} of {n}: '{answer}'");
        }
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
    assert!(answers.next().is_none());
}
