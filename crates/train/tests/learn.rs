//! `train learn`: what the pages say, that they stand alone as HTML, and how bad input is answered. The numbers
//! themselves are recomputed in the unit tests beside the code.

mod common;

use common::{Place, assert_has, failure, stdout};

/// A page without the sentence that tells how far rounding went: that differs between processors.
fn page(place: &Place, args: &[&str]) -> String {
    let text = stdout(&mut place.command(&[&["learn"], args].concat()));
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.starts_with("Checked just now"));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// The numbers of the row of a table that begins with `name`, in the first table after `heading`.
fn row(text: &str, heading: &str, name: &str) -> Vec<f64> {
    let part = text.split(heading).nth(1).unwrap_or_else(|| panic!("no '{heading}' in:\n{text}"));
    let line = part.lines().find(|line| line.starts_with(name)).expect("the table has the row");
    let number = |word: &str| word.replace('−', "-").parse().ok();
    line.trim_start_matches(name).split_whitespace().filter_map(number).collect()
}

#[test]
fn attention_is_told_to_three_digits() {
    insta::assert_snapshot!(page(&Place::new(), &["attention"]));
}

#[test]
fn attention_of_a_trained_model_is_that_of_its_first_layer() {
    let place = Place::trained();
    let args = ["learn", "attention", "--model", "runs/run/best", "--sentence", "the cat sleeps"];
    let text = stdout(&mut place.command(&args));
    assert_has(&text, &["The first layer of runs/run/best", "norm(x)", "</s>", "weights of head 1"]);
    let checked = text.split("\n\n").find(|paragraph| paragraph.starts_with("Checked just now")).unwrap();
    let worst = checked.split(|c: char| c.is_whitespace() || ",;".contains(c));
    let worst = worst.filter_map(|word| word.trim_end_matches('.').parse::<f64>().ok()).fold(0.0, f64::max);
    assert!(worst < 1e-5, "{checked}");
}

#[test]
fn a_word_has_one_embedding_and_several_contexts() {
    let place = Place::trained();
    let own = ["context", "--model", "runs/run/best", "--word", "cat", "--sentences"];
    let sentences = ["the cat sleeps.", "the cat runs now.", "here the cat sees me."];
    let text = page(&place, &[&own[..], &sentences].concat());
    assert_eq!(row(&text, "\"cat\"\n", "embedding")[0], 1.0);
    assert!(row(&text, "\"cat\"\n", "after layer 1")[0] < 0.9999, "{text}");
    let matrix = row(&text, "Every sentence with every other", "sentence 1");
    assert!(matrix.len() == 3 && matrix[0] == 1.0 && matrix[1] < 1.0, "{matrix:?}");

    let built_in = page(&place, &["context", "--model", "runs/run/best"]);
    assert_has(&built_in, &["\"apple\"", "Are the meanings apart?", "a hole with water", "→"]);
    assert_eq!(row(&built_in, "a hole with water", "embedding")[..2], [1.0, 1.0]);
}

#[test]
fn positions_and_masks_say_what_they_measured() {
    let place = Place::new();
    let text = page(&place, &["positions"]);
    assert_eq!(row(&text, "PE[p] · PE[p + distance] for p =", "0 "), [32.0; 4]);
    let [without, with] = [2, 4].map(|column| {
        let cells = |word: &str| -> Vec<String> {
            let part = text.split("Largest difference").nth(1).expect("the table is there");
            let line = part.lines().find(|line| line.starts_with(word)).expect("the word has a row");
            line.replace(" → ", "→").split_whitespace().map(str::to_owned).collect()
        };
        ["The", "cat", "sat", "on", "the", "mat"].map(|word| cells(word)[column].parse::<f64>().unwrap())
    });
    assert!(without.iter().all(|moved| *moved < 1e-6), "{without:?}");
    assert!(with.iter().all(|moved| *moved > 1e-2), "{with:?}");

    let text = page(&place, &["masks"]);
    let causal = text.split("The future\n").nth(1).expect("the part is there");
    assert_eq!(row(causal, "The mask: 1 is blocked", "I "), [0.0, 0.0, 1.0, 1.0, 1.0]);
    assert_eq!(row(causal, "With it", "<s>"), [1.0, 0.0, 0.0, 0.0, 0.0]);
    let [honest, cheater] = row(&text, "Losses in nats", "loss on unseen strings, as trained")[..] else {
        panic!("two losses:\n{text}")
    };
    assert!(cheater < honest && honest < 0.1, "{honest} {cheater}");
    assert_has(&text, &["strings right, by search", "0 of 100"]);
}

#[test]
fn every_page_is_one_file_that_fetches_nothing() {
    let place = Place::trained();
    for args in [&["attention"][..], &["positions"], &["masks"], &["context", "--model", "runs/run/best"]] {
        stdout(&mut place.command(&[&["learn"], args, &["--html", "page.html"]].concat()));
        let html = place.read_text("page.html");
        assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>\n"), "{args:?}");
        assert_has(&html, &["default-src 'none'", "<svg", "Where it is in the code"]);
        for foreign in ["http:", "https:", "url(", "<script", "<img", "<link", "NaN"] {
            assert!(!html.contains(foreign), "{args:?}: {foreign}");
        }
        assert_eq!(html.contains("<dd lang=\"kn\">"), args[0] == "context");
    }
}

#[test]
fn a_sentence_is_never_markup_or_an_escape() {
    let place = Place::new();
    let evil = "<script>alert(1)</script> \x1b[31mred & \"quoted\"";
    let args = ["learn", "attention", "--sentence", evil, "--html", "page.html"];
    let text = stdout(&mut place.command(&args));
    assert!(!text.contains('\x1b') && !place.read_text("page.html").contains("<script"));
    let kannada = stdout(&mut place.command(&["learn", "attention", "--sentence", "ನಾನು ಸೇಬು ತಿನ್ನುತ್ತೇನೆ"]));
    assert_has(&kannada, &["ತಿನ್ನುತ್ತೇನೆ"]);
}

#[test]
fn a_narrow_terminal_gets_narrow_lines_and_colour_only_where_it_is_wanted() {
    let place = Place::new();
    for (columns, most) in [("40", 40), ("60", 60), ("200", 80), ("nonsense", 80)] {
        for args in [["learn", "attention"], ["learn", "positions"]] {
            let text = stdout(place.command(&args).env("COLUMNS", columns));
            let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
            assert!(widest.chars().count() <= most, "{columns}: {widest}");
            assert!(!text.contains('\x1b'));
        }
    }
    let always = ["learn", "attention", "--color", "always"];
    assert!(stdout(&mut place.command(&always)).starts_with("\x1b[1m"));
}

#[test]
fn bad_input_is_answered_with_a_next_step() {
    let place = Place::trained();
    let model = ["--model", "runs/run/best"];
    let long = "word ".repeat(1000);
    let longer = "word ".repeat(20_000);
    let with = |args: &[&str]| [&["learn"], args].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let cases: Vec<(Vec<String>, i32, &str)> = vec![
        (with(&["attention", "--sentence", ""]), 2, "the sentence is empty; give it some words"),
        (with(&["attention", "--sentence", " \t "]), 2, "the sentence is empty"),
        (with(&["attention", "--sentence", &long]), 2, "has 1000 words, a page has room for 24; shorten it"),
        (
            with(&["attention", "--model", "nowhere"]),
            65,
            "is it a model directory, such as runs/<name>/best?",
        ),
        (
            with(&[&["attention", "--sentence", &long], &model[..]].concat()),
            2,
            "tokens, a page has room for 24",
        ),
        (
            with(&[&["attention", "--sentence", &longer], &model[..]].concat()),
            2,
            "bytes, a page has room for",
        ),
        (with(&[&["attention", "--sentence", " "], &model[..]].concat()), 2, "the sentence is empty"),
        (with(&["context"]), 2, "--model <DIR>"),
        (with(&["context", "--model", "nowhere"]), 65, "is it a model directory"),
        (with(&[&["context", "--word", "cat"], &model[..]].concat()), 2, "--sentences <TEXT> <TEXT>..."),
        (
            with(&[&["context", "--word", "cat", "--sentences", "a cat"], &model[..]].concat()),
            2,
            "2 values required",
        ),
        (
            with(&[&["context", "--word", "", "--sentences", "a", "b"], &model[..]].concat()),
            2,
            "--word <WORD>",
        ),
        (
            with(&[&["context", "--word", "cat", "--sentences", "the cat", "the dog"], &model[..]].concat()),
            2,
            "'cat' is not in \"the dog\" as a word of its own, spelt like this",
        ),
        (with(&["positions", "--html", "no/such/place.html"]), 74, "no/such/place.html"),
        (with(&["learning"]), 2, "unrecognized subcommand"),
    ];
    for (args, code, said) in cases {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let stderr = failure(&mut place.command(&args), code);
        assert!(stderr.contains(said), "{:?}\n{stderr}", &args[..args.len().min(3)]);
    }
}
