//! The page of promises names tests that there are.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_page_names_is_there() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = fs::read_to_string(crates.parent().unwrap().join("docs/src/promises.md")).unwrap();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && (line.contains("tests/") || line.contains(".rs::")));
    let mut named = 0;
    for row in rows {
        let tests: Vec<&str> = row.split('`').filter(|part| part.contains(".rs::")).collect();
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            let (file, name) = test.split_once("::").unwrap();
            let source =
                fs::read_to_string(crates.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let (before, _) =
                source.split_once(&format!("fn {name}()")).unwrap_or_else(|| panic!("no {test}"));
            let attributes = before.rsplit("\n\n").next().unwrap();
            assert!(attributes.contains("#[test]"), "{test} is no test");
            assert!(!attributes.contains("#[ignore"), "{test} is not run");
            named += 1;
        }
    }
    assert!(named > 50, "{named}");
}
