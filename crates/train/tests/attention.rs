//! `translate --attention`, `translate --alignment`, `learn heads`: what a model looks at, as files and as text.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]
#![allow(clippy::print_stderr, reason = "what a machine has no fonts for is said")]

mod common;

use common::{Place, assert_has, failure, stderr_of, stdout};

const MODEL: [&str; 2] = ["--model", "runs/run/best"];

/// The JSON of each sentence of a page.
fn sentences(html: &str) -> Vec<serde_json::Value> {
    let parts = html.split("<script type=\"application/json\">").skip(1);
    parts.map(|part| serde_json::from_str(part.split("</script>").next().unwrap()).unwrap()).collect()
}

/// Source words, target words and pairs of a line `translation ||| 0-0 …`.
fn pairs(line: &str) -> (usize, Vec<(usize, usize)>) {
    let (text, links) = line.split_once(" ||| ").unwrap();
    let pair = |pair: &str| {
        let (src, tgt) = pair.split_once('-').unwrap();
        (src.parse().unwrap(), tgt.parse().unwrap())
    };
    (text.split(' ').filter(|word| !word.is_empty()).count(), links.split_whitespace().map(pair).collect())
}

#[test]
fn attention_in_all_its_forms() {
    let place = Place::trained();
    one_page_for_all_lines(&place);
    alignments_count_the_words_of_both_texts(&place);
    pictures_are_numbered(&place);
    what_cannot_be_written_is_said_before_anything_is_translated(&place);
    a_long_line_makes_a_page_below_the_limit(&place);
    heads_are_watched(&place);
}

fn one_page_for_all_lines(place: &Place) {
    let input = "the cat runs.\n\nmy </script><b>goat\" '&' sleeps 😀\n";
    let mut command = place.translate(&["--attention", "out.html"]);
    let shown = stdout(command.write_stdin(input));
    assert_eq!(shown, stdout(place.translate(&[]).write_stdin(input)), "the translations are the same");
    let html = place.read_text("out.html");
    let data = sentences(&html);
    assert_eq!(data.len(), 2, "a blank line has no picture");
    assert!(!html.contains("<b>") && html.contains("&lt;/script&gt;&lt;b&gt;goat&quot;"));
    assert_eq!(html.matches("<script").count(), 3, "the script, and the data of two sentences");
    for sentence in &data {
        let sides = sentence["sides"].as_array().unwrap();
        let pieces = |side: usize| sides[side]["pieces"].as_array().unwrap().len();
        for kind in sentence["kinds"].as_array().unwrap() {
            let side = |name: &str| kind[name].as_u64().unwrap() as usize;
            let heads = kind["layers"][0].as_array().unwrap();
            assert_eq!(heads.len(), 2);
            let cells = pieces(side("rows")) * pieces(side("columns"));
            assert!(heads.iter().all(|head| head.as_str().unwrap().len() == 2 * cells));
        }
        assert_eq!(sides[0]["pieces"].as_array().unwrap().last().unwrap(), "</s>");
        assert_eq!(sides[2]["pieces"][0], "<s>");
    }
    assert!(html.contains("‹F0›") && html.contains("😀</h2>"), "bytes as pieces, whole as a word");
    stdout(place.translate(&["--attention", "none.html"]).write_stdin("\n"));
    assert!(place.read_text("none.html").contains("There was no text to translate."));
}

fn alignments_count_the_words_of_both_texts(place: &Place) {
    let input = "the cat runs at home today.\n\na horse\n";
    let shown = stdout(place.translate(&["--alignment"]).write_stdin(input));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1], " ||| ");
    for (line, n_src) in [(lines[0], 6), (lines[2], 2)] {
        let (n_tgt, pairs) = pairs(line);
        assert!(pairs.iter().all(|(src, tgt)| *src < n_src && *tgt < n_tgt), "{line}");
        assert!(n_tgt == 0 || !pairs.is_empty(), "{line}");
    }
    let ranked = stdout(place.translate(&["--alignment", "--n-best", "2"]).write_stdin("the cat runs.\n"));
    assert_eq!(ranked.lines().filter(|line| line.starts_with("1\t") && line.contains(" ||| ")).count(), 2);
    let drawn = stdout(&mut place.translate(&["--alignment", "--sample", "--seed", "3", "the cow sleeps."]));
    assert_has(&drawn, &[" ||| "]);
}

fn pictures_are_numbered(place: &Place) {
    stdout(&mut place.translate(&["--attention", "one.svg", "the dog eats."]));
    assert!(place.read_text("one.svg").starts_with("<svg xmlns"));
    stdout(&mut place.translate(&["--attention", "two.svg", "the dog eats.", "the fish"]));
    assert_has(&place.read_text("two-1.svg"), &["the dog eats."]);
    assert_has(&place.read_text("two-2.svg"), &["the fish"]);
    assert!(!place.path("two.svg").exists());

    let output = place.translate(&["--attention", "one.PNG", "the dog eats."]).output().unwrap();
    if output.status.success() {
        assert!(place.read("one.PNG").starts_with(b"\x89PNG\r\n\x1a\n"));
    } else {
        assert_eq!(output.status.code(), Some(69));
        assert_has(
            &stderr_of(&output),
            &["cannot draw one.PNG: no font of this machine has", ".svg or .html"],
        );
        eprintln!("no PNG was drawn, for this machine has no font for it");
    }
}

fn what_cannot_be_written_is_said_before_anything_is_translated(place: &Place) {
    for (name, code, said) in [
        ("out.pdf", 2, "a name ends in .html (a page), .svg or .png"),
        ("out", 2, "a name ends in .html"),
        ("none/out.html", 74, "cannot write none/out.html"),
        ("runs", 2, "a name ends in .html"),
    ] {
        let mut command = place.translate(&["--attention", name, "the cat runs."]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}");
        assert!(output.stdout.is_empty(), "{name}");
        assert_has(&stderr_of(&output), &[said]);
    }
}

fn a_long_line_makes_a_page_below_the_limit(place: &Place) {
    let long = "the cat runs at home today. ".repeat(60);
    // A model that has learned so little often says nothing; drawn at random it says something.
    let drawn = ["--sample", "--temperature", "3", "--seed", "5"];
    let args = [&["--attention", "long.html", "--alignment"], &drawn[..], &[&long]].concat();
    let shown = stdout(&mut place.translate(&args));
    let (n_tgt, pairs) = pairs(shown.trim_end_matches('\n'));
    assert!(pairs.iter().all(|(src, tgt)| *src < 360 && *tgt < n_tgt), "{n_tgt} words: {shown}");
    assert!(pairs.iter().any(|(src, _)| *src > 180), "the links of the later parts are counted on");
    let bytes = place.read("long.html").len();
    assert!(bytes < 5_000_000, "{bytes}");
}

fn heads_are_watched(place: &Place) {
    let heads = |args: &[&str]| place.command(&[&["learn", "heads"], &MODEL[..], args].concat());
    let text = stdout(&mut heads(&["--html", "heads.html"]));
    assert_has(
        &text,
        &["16 sentences and its own translations", "Cross-attention", "Decoder self-attention", "1.2"],
    );
    let html = place.read_text("heads.html");
    assert_has(&html, &["Attention is not explanation", "<svg class=\"heat", "off: loss"]);
    let text = stdout(&mut heads(&["--src", "dev.en", "--ref", "dev.kn"]));
    assert_has(&text, &["8 sentences and reference translations"]);
    assert_has(&failure(&mut heads(&["--src", "none.en"]), 65), &["none.en"]);
    place.write("blank.en", b"\n\n");
    assert_has(&failure(&mut heads(&["--src", "blank.en"]), 2), &["no sentence has text"]);
    failure(&mut heads(&["--ref", "dev.kn"]), 2);
    assert_has(&failure(&mut heads(&["--html", "none/a.html"]), 74), &["none/a.html"]);
}
