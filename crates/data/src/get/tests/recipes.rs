use std::collections::BTreeSet;

use crate::get::{Custom, GetError, Languages, NAMES, Purpose, Recipe, recipe, recipes};

fn languages(text: &str) -> Languages {
    text.parse().expect("two codes")
}

#[test]
fn every_name_gives_a_recipe_that_can_be_used() {
    let all = recipes(&languages("en-kn"));
    assert!(NAMES.iter().all(|name| all.iter().any(|recipe| recipe.name == *name)));
    let directories: BTreeSet<String> = all.iter().map(Recipe::directory).collect();
    assert_eq!(directories.len(), all.len());
    for recipe in &all {
        assert!(!recipe.licence.is_empty() && !recipe.about.is_empty(), "{}", recipe.name);
        let benchmark = recipe.purpose == Purpose::Benchmark;
        assert_eq!(recipe.part != "train", benchmark, "{}", recipe.name);
        for source in &recipe.sources {
            let known = source.sha256.as_ref().is_some_and(|hash| hash.len() == 64);
            assert!(known || recipe.about.contains("sha256 unknown"), "{}", recipe.name);
            assert!(source.url.starts_with("https://"), "{}", source.url);
        }
    }
    assert_eq!(Purpose::Benchmark.to_string(), "benchmark: not for training");
}

#[test]
fn addresses_follow_corpus_version_and_languages() {
    let url = |name: &str, pair: &str| recipe(name, &languages(pair)).expect(name).sources[0].url.clone();
    let opus = "https://object.pouta.csc.fi/OPUS";
    assert_eq!(url("opus:NLLB:v1", "kn-en"), format!("{opus}-NLLB/v1/moses/en-kn.txt.zip"));
    assert_eq!(url("opus:QED:v2.0a", "en-ta"), format!("{opus}-QED/v2.0a/moses/en-ta.txt.zip"));
    assert_eq!(url("samanantar", "en-kn"), format!("{opus}-Samanantar/v0.2/moses/en-kn.txt.zip"));
    let assamese = recipe("samanantar", &languages("as-en")).expect("a recipe");
    assert!(assamese.sources[0].or_url.as_ref().is_some_and(|url| url.ends_with("/en-as.txt.zip")));
    assert!(url("ntrex", "en-kn").ends_with("/newstest2019-src.eng.txt"));
    assert!(recipe("ntrex", &languages("en-kn")).expect("a recipe").sources[1].url.ends_with("ref.kan.txt"));
}

#[test]
fn names_and_languages_that_are_not_known_are_told() {
    let fault = |name: &str, pair: &str| recipe(name, &languages(pair)).expect_err(name);
    for name in
        ["oopus", "opus", "opus:a", "opus:a:b:c", "opus:../x:v1", "opus:a:..", "opus:a/b:v1", "opus::v1"]
    {
        let fault = fault(name, "en-kn");
        assert!(matches!(fault, GetError::UnknownRecipe { .. }), "{name}");
        assert!(fault.to_string().contains("samanantar"), "{fault}");
    }
    assert!(matches!(fault("ntrex", "en-xx"), GetError::NoSuchLanguage { language, .. } if language == "xx"));
    assert!(matches!(fault("flores200", "en-xx"), GetError::NoSuchLanguage { .. }));
    assert!(matches!(fault("bpcc", "hi-kn"), GetError::NoSuchLanguage { .. }));
    assert!(recipe("flores200", &languages("eng_Latn-fao_Latn")).is_ok());
    assert!(recipe("flores200", &languages("en-fao_Latn")).is_ok());
}

#[test]
fn a_recipe_of_ones_own_is_checked() {
    let good = || Custom {
        name: "mine".to_owned(),
        languages: languages("en-kn"),
        purpose: Purpose::Training,
        licence: String::new(),
        sources: vec![("https://e.example/a.zip".to_owned(), "AB".repeat(32))],
    };
    let recipe = good().recipe().expect("a zip");
    assert_eq!((recipe.directory().as_str(), recipe.part), ("mine.en-kn", "train"));
    assert_eq!(recipe.sources[0].sha256.as_deref(), Some("ab".repeat(32).as_str()));
    let bad = |change: &dyn Fn(&mut Custom)| {
        let mut custom = good();
        change(&mut custom);
        assert!(matches!(custom.recipe(), Err(GetError::BadValue { .. })), "{custom:?}");
    };
    bad(&|custom| custom.name = "../x".to_owned());
    bad(&|custom| custom.name.clear());
    bad(&|custom| custom.sources[0].1 = "ab".to_owned());
    bad(&|custom| custom.sources[0].1 = "zz".repeat(32));
    bad(&|custom| custom.sources.clear());
    bad(&|custom| custom.sources[0].0 = "https://e.example/a.txt".to_owned());
    bad(&|custom| custom.sources.extend([custom.sources[0].clone(), custom.sources[0].clone()]));
}

#[test]
fn messages_are_lower_case_and_end_with_a_next_step() {
    let path = || "a.zip".into();
    let text = || "x".to_owned();
    let faults = [
        GetError::UnknownRecipe { name: text(), known: text() },
        GetError::BadLanguages { text: text() },
        GetError::NoSuchLanguage { name: text(), language: text() },
        GetError::BadValue { what: "the name", got: text(), expected: "y" },
        GetError::BadAddress { url: text() },
        GetError::BadRedirect { url: text(), to: text() },
        GetError::TooManyRedirects { url: text(), limit: 3 },
        GetError::NotThere { url: text(), status: 404 },
        GetError::Refused { url: text(), status: 403 },
        GetError::RangeRefused { url: text() },
        GetError::Status { url: text(), status: 400 },
        GetError::BadAnswer { url: text(), what: text() },
        GetError::Broken { url: text(), tries: 3, held: 5, reason: text() },
        GetError::WrongLength { url: text(), expected: 3, got: 5 },
        GetError::WrongBytes { url: text(), expected: text(), got: text() },
        GetError::UpstreamChanged { name: text(), url: text(), locked: text(), got: text() },
        GetError::OtherFile { name: text(), locked: text(), wanted: text() },
        GetError::TooLarge { url: text(), limit: 5 },
        GetError::Damaged { path: path(), reason: text() },
        GetError::UnsafeEntry { path: path(), entry: text(), what: "a link" },
        GetError::Bomb { path: path(), limit: 5, of: "bytes" },
        GetError::LineCounts { name: text(), src: text(), tgt: text(), src_lines: 3, tgt_lines: 5 },
        GetError::Occupied { path: path() },
        GetError::Busy { path: path() },
        GetError::BadLock { path: path(), reason: text() },
        GetError::NoMember { path: path(), suffix: text(), found: 2, seen: text() },
        GetError::Disk { path: path(), action: "writing", source: std::io::ErrorKind::StorageFull.into() },
    ];
    for fault in faults {
        let message = fault.to_string();
        let tail = message.rsplit(['(', ')', ';', ',']).next().expect("a tail");
        assert!(message.contains("; ") && !message.ends_with('.') && !tail.is_empty(), "{message}");
        assert!(!message.starts_with(|c: char| c.is_uppercase()), "{message}");
    }
}
