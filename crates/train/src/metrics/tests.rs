//! The four scores against those that sacreBLEU gave, written by `scripts/golden/sacrebleu_fixture.py`.

use serde::Deserialize;

use super::*;

/// The largest difference from sacreBLEU that a score may have, before rounding.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Fixture {
    sacrebleu: String,
    corpora: Vec<Corpus>,
}

#[derive(Deserialize)]
struct Corpus {
    name: String,
    hypotheses: Vec<String>,
    references: Vec<String>,
    bleu: f64,
    precisions: [f64; 4],
    brevity_penalty: f64,
    sys_len: usize,
    ref_len: usize,
    counts: [usize; 4],
    totals: [usize; 4],
    chrf: f64,
    #[serde(rename = "chrf++")]
    chrf_plus_plus: f64,
    sentence_chrf: Vec<f64>,
    ter: f64,
    num_edits: usize,
}

fn fixture() -> Vec<Corpus> {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/sacrebleu.json"))
        .expect("the fixture is in the repository");
    assert_eq!(fixture.sacrebleu, "2.6.0");
    assert!(fixture.corpora.len() >= 60, "only {} corpora", fixture.corpora.len());
    fixture.corpora
}

#[track_caller]
fn assert_close(corpus: &str, what: &str, got: f64, expected: f64) {
    assert!((got - expected).abs() <= TOLERANCE, "{corpus}: {what} is {got}, expected {expected}");
}

#[test]
fn every_corpus_scores_as_in_sacrebleu() {
    for corpus in fixture() {
        let name = &corpus.name;
        let scores = evaluate(&corpus.hypotheses, &corpus.references).expect("the fixture has as many lines");
        let bleu = &scores.bleu;
        assert_eq!((bleu.sys_len, bleu.ref_len), (corpus.sys_len, corpus.ref_len), "{name}: lengths");
        assert_eq!((bleu.counts, bleu.totals), (corpus.counts, corpus.totals), "{name}: n-gram counts");
        for (got, expected) in bleu.precisions.into_iter().zip(corpus.precisions) {
            assert_close(name, "precision", got, expected);
        }
        assert_close(name, "brevity penalty", bleu.brevity_penalty, corpus.brevity_penalty);
        assert_close(name, "BLEU", bleu.score, corpus.bleu);
        assert_close(name, "chrF2", scores.chrf.score, corpus.chrf);
        assert_close(name, "chrF2++", scores.chrf_plus_plus.score, corpus.chrf_plus_plus);
        assert_eq!(scores.ter.num_edits, corpus.num_edits, "{name}: edits");
        assert_close(name, "TER", scores.ter.score, corpus.ter);
    }
}

#[test]
fn every_line_scores_as_in_sacrebleu() {
    for corpus in fixture() {
        let lines = corpus.hypotheses.iter().zip(&corpus.references).zip(&corpus.sentence_chrf);
        for ((hypothesis, reference), &expected) in lines {
            let got = sentence_chrf(hypothesis, reference, ChrfOrder::CHRF2_PLUS_PLUS);
            assert_close(&corpus.name, hypothesis, got, expected);
        }
    }
}

#[test]
fn display_and_json_carry_the_signatures() {
    let lines = ["ಅವನು ಇಂದು ಮನೆಗೆ ಬಂದನು.".to_owned()];
    let scores = evaluate(&lines, &lines).expect("one line on each side");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        scores.to_string().replace(version, "V"),
        "BLEU 100.00  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:anuvada-V\n\
         chrF2 100.00  nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:anuvada-V\n\
         chrF2++ 100.00  nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:anuvada-V\n\
         TER 0.00  nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:anuvada-V"
    );
    let json = serde_json::to_value(&scores).expect("scores are plain numbers and text");
    for (key, signature) in [
        ("bleu", scores.bleu.signature()),
        ("chrf", scores.chrf.signature()),
        ("chrf++", scores.chrf_plus_plus.signature()),
        ("ter", scores.ter.signature()),
    ] {
        assert!(json[key]["score"].is_f64(), "{key} has no score");
        assert_eq!(json[key]["signature"], signature);
    }
    assert_eq!(serde_json::from_value::<Scores>(json).expect("what was written can be read"), scores);
}

#[test]
fn unpaired_and_absent_lines_are_errors() {
    let line = "a".to_owned();
    let error = evaluate(&[line.clone(), line.clone()], &[line]).expect_err("two lines against one");
    assert_eq!(error, MetricsError::LineCounts { hypotheses: 2, references: 1 });
    assert!(error.to_string().starts_with("2 hypothesis lines but 1 reference lines; "), "{error}");
    assert_eq!(evaluate(&[], &[]), Err(MetricsError::NoLines));
}
