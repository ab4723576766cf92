use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::config::{ParallelFiles, Source, Sources};
use crate::corpus::{Pair, read_parallel, read_sources};
use crate::normalize::Normalizer;
use crate::{CleanConfig, Reason, Script, clean, overlap};

/// Writes two files of lines.
fn write(dir: &Path, name: &str, pairs: &[(String, String)]) -> ParallelFiles {
    let paths = ["en", "kn"].map(|side| dir.join(format!("{name}.{side}")));
    let lines = |side: fn(&(String, String)) -> &String| -> String {
        pairs.iter().flat_map(|pair| [side(pair).as_str(), "\n"]).collect()
    };
    fs::write(&paths[0], lines(|pair| &pair.0)).expect("written");
    fs::write(&paths[1], lines(|pair| &pair.1)).expect("written");
    let [src, tgt] = paths;
    ParallelFiles::pair(src, tgt)
}

fn pairs(sides: &[(&str, &str)]) -> Vec<(String, String)> {
    sides.iter().map(|(src, tgt)| ((*src).to_owned(), (*tgt).to_owned())).collect()
}

/// A corpus with something of everything.
fn motley(n: usize) -> Vec<(String, String)> {
    let one = |n: usize| -> (String, String) {
        let words = ["cat", "dog", "house", "river", "mango", "school"];
        let kannada = ["ಬೆಕ್ಕು", "ನಾಯಿ", "ಮನೆ", "ನದಿ", "ಮಾವು", "ಶಾಲೆ"];
        let pick = |all: [&str; 6], step: usize| {
            (0..2 + n % 5).map(|k| all[(n / 3 + k * step) % 6]).collect::<Vec<_>>().join(" ")
        };
        let (src, tgt) =
            (format!("The {} {}", pick(words, 1), n % 700), format!("{} {}", pick(kannada, 1), n % 600));
        match n % 97 {
            3 => (String::new(), tgt),
            5 => (src, " ".to_owned()),
            7 => ("\u{FEFF}".to_owned(), "\t".to_owned()),
            11 => (tgt.clone(), tgt),
            13 => (src.clone(), src),
            17 => (src, "hello there my friend".to_owned()),
            19 => (src, tgt.repeat(20)),
            23 => (src, "ಕ".repeat(1200)),
            29 => (src, format!("ಕ\u{200C}ಯ \u{CBE}ಗ {tgt}\u{FFFD}")),
            31 => ("Привет, мир".to_owned(), tgt),
            _ => (src, tgt),
        }
    };
    (0..n).map(one).collect()
}

struct Corpus {
    config: DataConfig,
    _dir: TempDir,
}

fn corpus(make: impl FnOnce(&Path, &mut DataConfig)) -> Corpus {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = DataConfig::default();
    make(dir.path(), &mut config);
    Corpus { config, _dir: dir }
}

impl Corpus {
    fn check(&self) -> Report {
        let tokenizer = TokenizerConfig { vocab_size: 320, min_char_count: 2 };
        check(&self.config, Some(&tokenizer), &Limits::default()).expect("a sound corpus")
    }

    fn read(&self) -> Vec<Pair> {
        read_sources(&self.config.train, &self.config.languages(), &Limits::default())
            .expect("a sound corpus")
            .0
    }
}

fn two_sources() -> Corpus {
    corpus(|dir, config| {
        let one = Source::from(write(dir, "one", &motley(9_000)));
        let two = Source { max_pairs: 1_500, ..Source::from(write(dir, "two", &motley(2_000))) };
        config.train = Sources(vec![one, two]);
        config.dev = write(dir, "dev", &motley(50));
        config.test_sets.insert(
            "other".to_owned(),
            write(dir, "test", &pairs(&[("no such", "ಇಲ್ಲ"), ("the CAT dog, 0", "ಅಲ್ಲ")])),
        );
    })
}

#[test]
fn cleaning_and_overlap_are_those_of_training() {
    let corpus = two_sources();
    let report = corpus.check();
    let normalizer = Normalizer::new(&corpus.config.normalize);
    let (kept, expected) = clean(corpus.read(), &corpus.config.clean, &normalizer);
    assert_eq!(report.clean.all, expected);
    assert!(expected.dropped.len() >= 7, "{expected}");
    let by_source: usize = report.clean.by_source.iter().map(|one| one.kept).sum();
    assert_eq!((report.clean.by_source.len(), by_source), (2, expected.kept));
    for (set, files) in report.overlap.iter().zip([&corpus.config.dev, &corpus.config.test_sets["other"]]) {
        let (held_out, _) =
            read_parallel(files, &corpus.config.languages(), &Limits::default()).expect("a set");
        let expected = overlap(&kept, &held_out);
        assert_eq!((set.src, set.tgt, set.both), (expected.src, expected.tgt, expected.both));
        let lines: Vec<(usize, usize)> =
            set.examples.iter().map(|met| (met.held_out.line, met.train.line)).collect();
        assert_eq!(lines, expected.examples, "{}", set.set);
    }
    assert!(report.overlap[0].either > 20 && report.overlap[1].either == 1, "{:?}", report.overlap[1]);
}

#[test]
fn numbers_are_those_of_a_plain_count() {
    let corpus = two_sources();
    let (report, normalizer) = (corpus.check(), Normalizer::new(&corpus.config.normalize));
    let raw = corpus.read();
    let normal: Vec<(String, String)> =
        raw.iter().map(|pair| (normalizer.normalize(&pair.src), normalizer.normalize(&pair.tgt))).collect();
    let sum = |count: &dyn Fn(&(String, String)) -> usize| normal.iter().map(count).sum::<usize>() as u64;
    assert_eq!(report.all.pairs, 10_500);
    assert_eq!(report.sources[1].totals.pairs, 1_500);
    assert_eq!(report.sources[1].pairs_found, 2_000);
    assert_eq!(report.all.src_words, sum(&|pair| pair.0.split_whitespace().count()));
    assert_eq!(report.all.tgt_chars, sum(&|pair| pair.1.chars().count()));
    assert_eq!(report.copies, sum(&|pair| usize::from(pair.0 == pair.1 && !pair.0.is_empty())));
    let with = |sign: &str| raw.iter().filter(|pair| pair.tgt.contains(sign)).count() as u64;
    let noise =
        |kind: NoiseKind| report.characters.noise.iter().find(|noise| noise.kind == kind).expect("some");
    assert_eq!(noise(NoiseKind::Replacement).tgt_lines, with("\u{FFFD}"));
    assert_eq!(noise(NoiseKind::StrayJoiner).tgt_lines, with("\u{200C}"));
    assert_eq!(noise(NoiseKind::SignAtWordStart).first.line, 30);
    let cyrillic = raw.iter().filter(|pair| pair.src.starts_with('П')).count() as u64;
    let kannada = raw
        .iter()
        .filter(|pair| pair.src.contains('ಕ') || pair.src.contains('ನ') || pair.src.contains('ಮ'))
        .count() as u64;
    assert_eq!(report.src_scripts.lines_mostly_other, cyrillic + kannada);
    let (kept, _) = clean(raw, &corpus.config.clean, &normalizer);
    assert_eq!(report.tokens.sample_pairs, kept.len());
    let mut characters: Vec<char> =
        kept.iter().flat_map(|pair| pair.src.chars().chain(pair.tgt.chars())).filter(|c| *c != ' ').collect();
    characters.sort_unstable();
    let rare: Vec<String> = characters
        .chunk_by(|one, other| one == other)
        .filter(|same| same.len() < 2)
        .map(|same| same[0].to_string())
        .collect();
    assert_eq!(
        report.characters.rare_list.iter().map(|rare| rare.character.clone()).collect::<Vec<_>>(),
        rare
    );
    characters.dedup();
    assert_eq!(report.characters.different, characters.len());
}

#[test]
fn thread_count_does_not_show() {
    let corpus = two_sources();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| corpus.check())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn worst_pairs_say_whether_they_are_dropped() {
    let report = two_sources().check();
    let list = |scale: Scale| &report.worst[scale as usize];
    let longest = &list(Scale::LongestSide).pairs[0];
    assert_eq!((longest.value, longest.dropped, longest.pair.line), (1200.0, Some(Reason::TooLong), 24));
    assert_eq!(longest.pair.tgt.chars().count(), 201);
    let least = &list(Scale::LeastTargetScript).pairs[0];
    assert_eq!((least.value, least.dropped, least.pair.line), (0.0, Some(Reason::TargetScript), 18));
    assert!(list(Scale::MostRepeated).pairs[0].value >= 2.0);
    assert_eq!(list(Scale::LongestCopy).pairs.len(), 20);
    assert!(
        list(Scale::TokensPerWord).pairs.iter().all(|worst| worst.dropped.is_none() && worst.pair.line > 0)
    );
    assert_eq!(report.worst.iter().map(|list| list.scale).collect::<Vec<_>>(), Scale::ALL);
}

/// Two files of a pattern, each with a slip at its end, and no slip across their border.
#[test]
fn slips_are_shown_with_file_and_line() {
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/starter");
    let files = ParallelFiles::pair(starter.join("train.en"), starter.join("train.kn"));
    let (text, _) =
        read_parallel(&files, &DataConfig::default().languages(), &Limits::default()).expect("text");
    let slipped = |from: usize, place: usize| {
        let part = &text[from..from + 2_000];
        let mut targets: Vec<String> = part.iter().map(|pair| pair.tgt.clone()).collect();
        targets.remove(place);
        part.iter().map(|pair| pair.src.clone()).zip(targets).collect::<Vec<_>>()
    };
    let corpus = corpus(|dir, config| {
        write(dir, "a", &slipped(0, 1_000));
        write(dir, "b", &slipped(4_000, 500));
        config.train = ParallelFiles::pair(dir.join("*.en"), dir.join("*.kn")).into();
    });
    let report = corpus.check();
    let runs: Vec<(Option<i32>, String, usize)> = report
        .slips
        .runs
        .iter()
        .map(|run| {
            (
                run.offset_lines,
                run.first[0].path.rsplit('/').next().expect("a name").to_owned(),
                run.last.line,
            )
        })
        .collect();
    assert_eq!(runs, [(Some(-1), "a.en".to_owned(), 1_999), (Some(-1), "b.en".to_owned(), 1_999)]);
    assert!(report.slips.runs[0].first[0].line.abs_diff(1_001) <= 10);
    assert!(report.slips.runs[1].first[0].line.abs_diff(501) <= 10);
    let finding = &report.findings[0];
    assert_eq!(finding.level, Level::Error, "{finding:?}");
    assert!(finding.what.contains("the target fits better 1 line earlier"), "{finding:?}");
}

#[test]
fn one_pair_and_blank_lines_are_a_corpus() {
    let corpus = corpus(|dir, config| config.train = write(dir, "a", &pairs(&[("a cat", "ಬೆಕ್ಕು")])).into());
    let report = corpus.check();
    assert_eq!((report.all.pairs, report.slips.runs_found, report.clean.all.kept), (1, 0, 1));
    assert_eq!(report.overlap, []);
    let blank =
        self::corpus(|dir, config| config.train = write(dir, "a", &pairs(&[(" ", ""), ("", " ")])).into());
    let report = blank.check();
    assert_eq!((report.clean.all.kept, report.tokens.vocab_size), (0, 0));
    assert_eq!(report.findings[0].what, "cleaning drops all of 2 pairs");
    assert!(report.to_string().contains("no vocabulary could be learned"));
}

#[test]
fn the_wrong_language_is_an_error() {
    let corpus = corpus(|dir, config| {
        let swapped: Vec<(String, String)> =
            (0..40).map(|n| (format!("ಬೆಕ್ಕು {n}"), format!("the cat {n}"))).collect();
        config.train = write(dir, "a", &swapped).into();
    });
    let report = corpus.check();
    let found: Vec<(Level, &str)> =
        report.findings.iter().map(|finding| (finding.level, finding.what.as_str())).take(3).collect();
    assert_eq!(
        found,
        [
            (
                Level::Error,
                "100 % of sources (40) are mostly in another script than Latin, most of them Kannada"
            ),
            (
                Level::Error,
                "100 % of targets (40) are mostly in another script than Kannada, most of them Latin"
            ),
            (Level::Error, "cleaning drops all of 40 pairs"),
        ]
    );
}

#[test]
fn without_a_known_script_nothing_is_said_about_scripts() {
    let corpus = corpus(|dir, config| {
        config.train = write(dir, "a", &pairs(&[("один кот", "ერთი კატა")])).into();
        (config.src_lang, config.tgt_lang) = ("ru".to_owned(), "ka".to_owned());
        config.clean = CleanConfig { target_script: Script::Any, ..CleanConfig::default() };
    });
    let report = corpus.check();
    assert_eq!((report.src_scripts.expected, report.src_scripts.lines_mostly_other), (None, 0));
    assert!(report.findings.iter().all(|finding| !finding.what.contains("script")));
}

#[test]
fn a_lost_file_is_the_fault_of_reading() {
    let config = DataConfig { train: ParallelFiles::pair("no/a", "no/b").into(), ..DataConfig::default() };
    let fault = check(&config, Some(&TokenizerConfig::default()), &Limits::default());
    assert!(matches!(fault, Err(DataError::NotFound { .. })));
}

/// Everything that a small corpus can show.
fn tiny() -> Report {
    let mut sides = vec![
        ("The cat sat.", "ಬೆಕ್ಕು ಕುಳಿತಿತು."),
        ("The dog ran.", "ನಾಯಿ ಓಡಿತು."),
        ("The dog ran.", "ನಾಯಿ ಓಡಿತು."),
        ("The dog ran.", "ಆ ನಾಯಿ ಓಡಿತು."),
        ("<script>alert(\"&'\")</script>", "<b>ಬೆಕ್ಕು</b> ಕುಳಿತಿತು ಮತ್ತು ಓಡಿತು"),
        ("Bangalore", "Bangalore"),
        ("A red bus came here", "a red bus came"),
        ("", "ಬೆಕ್ಕು"),
        ("The bus\u{1B}[31m came.", "ಬಸ್ ಬಂತು ☃."),
    ];
    sides.extend([("The cat ran.", "ಬೆಕ್ಕು ಓಡಿತು."), ("The cat and the dog sat.", "ಬೆಕ್ಕು ಮತ್ತು ನಾಯಿ ಕುಳಿತವು.")]);
    let corpus = corpus(|dir, config| {
        let dir = &dir.join("corpus");
        fs::create_dir(dir).expect("a directory");
        config.train = write(dir, "train", &pairs(&sides)).into();
        config.dev = write(dir, "dev", &pairs(&[("the cat, sat", "ಹಸು ನಿಂತಿತು"), ("A cow.", "ಹಸು.")]));
    });
    corpus.check()
}

#[test]
fn the_page_for_a_terminal() {
    let page = tiny().to_string();
    let expected = include_str!("tests/page.txt");
    if page != expected.trim_end() {
        let at = page.lines().zip(expected.lines()).position(|(got, expected)| got != expected);
        panic!("line {at:?} differs:\n{page}");
    }
    for line in page.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn the_page_in_html_escapes_and_fetches_nothing() {
    let html = tiny().to_html();
    assert!(html.contains("&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;"));
    assert!(!html.contains("<script") && !html.contains("<b>ಬ") && !html.contains('\u{1B}'));
    for outside in ["http:", "https:", "url(", "@import", " src=", "href="] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("lang=\"kn\"") && html.contains("prefers-color-scheme: dark"));
    for tag in ["section", "table", "details", "div", "svg", "figure", "ul", "li", "p", "tr"] {
        let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn the_data_have_stable_names() {
    let json = serde_json::to_value(tiny()).expect("plain data");
    let keys: Vec<&String> = json.as_object().expect("an object").keys().collect();
    let expected = [
        "all",
        "characters",
        "clean",
        "copies",
        "findings",
        "format",
        "languages",
        "lengths",
        "overlap",
        "repeats",
        "slips",
        "sources",
        "src_scripts",
        "tgt_scripts",
        "tokens",
        "worst",
    ];
    assert_eq!(keys, expected);
    assert_eq!(json["overlap"][0]["examples"][0]["train"]["line"], 1);
    assert_eq!(json["clean"]["all"]["dropped"]["duplicate"]["first_line"], 3);
    assert_eq!(json["repeats"]["sources_with_other_targets"], serde_json::json!({"texts": 1, "pairs": 3}));
    assert_eq!(json["findings"][0]["level"], "error");
}
