use super::json::weights;
use super::*;

fn side(language: &str, words: &[(&str, usize)]) -> Side {
    let words: Vec<(String, usize)> = words.iter().map(|(word, n)| ((*word).to_owned(), *n)).collect();
    let pieces = words.iter().flat_map(|(word, n)| (0..*n).map(move |i| format!("{word}{i}"))).collect();
    Side { language: language.into(), pieces, words }
}

/// Two layers of two heads; row `r` of every grid looks at column `r` modulo the columns.
fn maps(rows: usize, columns: usize) -> Maps {
    let mut values = vec![0.0; rows * columns];
    (0..rows).for_each(|row| values[row * columns + row % columns] = 1.0);
    let grid = Grid::new(rows, columns, values);
    Maps(vec![vec![grid; 2]; 2])
}

fn sentence_of(src: Side, written: Side) -> Sentence {
    let read = Side { words: vec![("<s>".into(), written.pieces.len())], ..written.clone() };
    let (n, m) = (src.pieces.len(), written.pieces.len());
    Sentence {
        source: src.labels().join(" "),
        target: written.labels().join(" "),
        cross: maps(m, n),
        encoder: maps(n, n),
        decoder: maps(m, m),
        links: vec![(0, 0)],
        pharaoh: "0-0".into(),
        layer: 0,
        src,
        written,
        read,
    }
}

fn sentence() -> Sentence {
    sentence_of(
        side("en", &[("my", 1), ("book</script>\"'&", 2), ("</s>", 1)]),
        side("kn", &[("ನನ್ನ", 2), ("ಪುಸ್ತಕ", 3), ("</s>", 1)]),
    )
}

#[test]
fn pieces_are_put_together() {
    let grid = Grid::new(2, 3, vec![0.25, 0.5, 0.25, 0.75, 0.0, 0.25]);
    assert_eq!(grid.merged(&[1, 1], &[2, 1]).values, [0.75, 0.25, 0.75, 0.25]);
    assert_eq!(grid.merged(&[2], &[1, 1, 1]).values, [0.5, 0.25, 0.25]);
    assert_eq!(Grid::mean([&grid, &grid]), grid);
    let other = Grid::new(2, 3, vec![0.75, 0.0, 0.25, 0.25, 0.5, 0.25]);
    assert_eq!(Grid::mean([&grid, &other]).values, [0.5, 0.25, 0.25, 0.5, 0.25, 0.25]);
}

#[test]
fn a_weight_is_two_digits() {
    assert_eq!(weights(&Grid::new(1, 4, vec![0.0, 1.0, 0.5, 1.0 / 4095.0])), "AA//gAAB");
}

#[test]
fn no_sentence_breaks_out_of_its_place() {
    let mut page = AttentionPage::new("a <model>");
    page.add(&sentence());
    let html = page.finish();
    assert_eq!(html.matches("</script").count(), 2, "one of the sentence's data, one of the script");
    assert!(!html.contains("<model>") && html.contains("book&lt;/script&gt;&quot;&#39;&amp;"));
    let data = html.split("application/json\">").nth(1).unwrap().split("</script").next().unwrap();
    assert!(!data.contains(['<', '>', '&', '\'']), "{data}");
    assert!(data.contains("book\\u003c/script\\u003e\\\"\\u0027\\u0026"), "{data}");
    let svg = picture(&sentence());
    assert!(!svg.contains("</script") && svg.contains("book&lt;/script&gt;"));
}

#[test]
fn without_its_script_the_page_has_the_mean_and_the_alignment() {
    let mut page = AttentionPage::new("m");
    page.add(&sentence());
    let html = page.finish();
    assert!(html.contains("<title>ನನ್ನ → my: 0.50</title>"), "two pieces, one of which looks at `my`");
    assert!(html.contains("<code>0-0</code>") && html.contains("class=\"link\""));
    assert!(html.contains("<span lang=\"en\">my</span> → <span lang=\"kn\">ನನ್ನ</span>"));
    assert!(html.contains("script-src 'sha256-"));
}

#[test]
fn the_page_stays_below_its_limit_and_says_what_is_left_out() {
    let long = |n: usize| {
        let words: Vec<(String, usize)> = (0..n).map(|i| (format!("w{i}"), 1)).collect();
        let words: Vec<(&str, usize)> = words.iter().map(|(word, n)| (word.as_str(), *n)).collect();
        sentence_of(side("en", &words), side("kn", &words))
    };
    let mut page = AttentionPage::new("m");
    // The means of the first are 2 · 6 · 700² bytes; of the second they fit, all its heads do not.
    page.add(&long(700));
    page.add(&long(500));
    page.add(&long(3));
    assert_eq!(page.left_out(), 1);
    let html = page.finish();
    assert!(html.len() < 5_000_000, "{}", html.len());
    assert!(html.contains("1 of 3 sentences are not shown"));
    assert_eq!(html.matches("only the means over the heads").count(), 1);
    assert_eq!(html.matches("class=\"sentence\"").count(), 2);
}

#[test]
fn a_picture_alone_is_one_on_white_with_every_head() {
    let svg = picture(&sentence());
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(svg.contains("fill=\"#ffffff\"") && svg.contains("'Noto Sans Kannada'"));
    assert_eq!(svg.matches("class=\"frame\"").count(), 3 * 2 * 2);
    assert!(!svg.contains("var(") && !svg.contains("url("));
}

#[test]
fn a_recurrent_model_has_cross_attention_only() {
    let sentence = Sentence { encoder: Maps::default(), decoder: Maps::default(), ..sentence() };
    assert_eq!(picture(&sentence).matches("Every head of").count(), 1);
    let mut page = AttentionPage::new("m");
    page.add(&sentence);
    assert_eq!(page.finish().matches("\"axes\":").count(), 1);
}

#[test]
fn a_page_of_nothing_says_so() {
    assert!(AttentionPage::new("m").finish().contains("There was no text to translate."));
}

#[test]
fn labels_are_cut_between_letters() {
    use super::label::{fitted, lines};
    assert_eq!(fitted("short", 100.0), "short");
    assert_eq!(fitted("ಕಿಕಿಕಿಕಿ", 36.0), "ಕಿಕಿ…");
    assert_eq!(lines("one two three", 60.0), ["one two", "three"]);
}

#[test]
fn text_of_a_stranger_is_no_markup_and_moves_nothing() {
    let evil = "</title></script><script>x</script><image href='/etc/passwd'/>\0\u{1b}[2J\u{85}\u{202e}\u{2067}\u{fffe}\u{200d}";
    let words = [(evil, 1), ("</s>", 1)];
    let sentence = Sentence {
        source: evil.into(),
        target: evil.into(),
        pharaoh: evil.into(),
        ..sentence_of(side(evil, &words), side(evil, &words))
    };
    let mut page = AttentionPage::new(evil);
    page.add(&sentence);
    let html = page.finish();
    assert_eq!(html.matches("<script").count(), 2, "its own, and the data of the sentence");
    for shown in [html, picture(&sentence)] {
        assert!(!shown.contains("<image") && !shown.contains("='/etc"));
        let markup = shown.split("application/json").next().unwrap();
        assert!(markup.contains("\u{200d}") && !markup.contains(|c| c != '\n' && crate::is_unruly(c)));
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n' && c != '\u{85}'));
    }
}

#[test]
fn a_sentence_of_a_hundred_thousand_tokens_is_left_out_of_a_page_and_a_picture_grows_with_it() {
    let words = vec![("ಕ", 1); 100_000];
    let [one, many] = [side("en", &[("a", 1)]), side("kn", &words)];
    let cross = maps(100_000, 1);
    let short = sentence_of(one.clone(), one.clone());
    let long = Sentence {
        src: one,
        written: many.clone(),
        read: many,
        cross,
        target: "ಕ ".repeat(100_000),
        ..short
    };
    let long = Sentence { encoder: Maps::default(), decoder: Maps::default(), ..long };
    let mut page = AttentionPage::new("m");
    page.add(&long);
    assert_eq!(page.left_out(), 1);
    assert!(page.finish().len() < 100_000);
    assert!(picture(&long).len() < 100_000_000);
}
