//! Patterns.

use super::*;

#[test]
fn files_of_a_pattern_are_read_by_name_with_one_count_of_lines() {
    let dir = Dir::new();
    fs::create_dir(dir.0.path().join("ಭಾಗ")).expect("the temporary directory can be written");
    for (name, text) in [("b", "3\n4\n"), ("a", "1\r\n2"), ("c", "5\n")] {
        dir.file(&format!("ಭಾಗ/part-{name}.en"), text);
        let packed = if name == "b" { gz(text.as_bytes()) } else { gz(text.replace('\r', "").as_bytes()) };
        dir.file(&format!("ಭಾಗ/part-{name}.kn.gz"), packed);
        dir.file(&format!("ಭಾಗ/part-{name}.tsv"), text.replace('\n', "\tx\n").replace('\r', ""));
    }
    dir.file("ಭಾಗ/part-a.tsv", "1\tx\n\n2\tx\n");
    let at = |name: &str| dir.0.path().join("ಭಾಗ").join(name);
    let (pairs, notes) =
        read(&ParallelFiles::pair(at("part-*.en"), at("part-*.kn.gz"))).expect("three parts");
    assert_eq!(show(&pairs), ["1: 1 | 1", "2: 2 | 2", "3: 3 | 3", "4: 4 | 4", "5: 5 | 5"]);
    assert_eq!(notes.crlf_lines, 1);
    let (pairs, _) = read(&ParallelFiles::one(at("part-*.tsv"))).expect("three parts");
    assert_eq!(show(&pairs), ["1: 1 | x", "2:  | ", "3: 2 | x", "4: 3 | x", "5: 4 | x", "6: 5 | x"]);
    // Faults have the line of their own file.
    dir.file("ಭಾಗ/part-b.tsv", "3\tx\nfour\n");
    let fault = read(&ParallelFiles::one(at("part-*.tsv"))).expect_err("one column");
    assert!(told(&dir, &fault).starts_with("ಭಾಗ/part-b.tsv:2: got 1 columns"), "{fault}");
    // A file whose name has a star in it is itself.
    dir.file("ಭಾಗ/part-*.tsv", "star\tx\n");
    assert_eq!(shown(&at("part-*.tsv")).expect("a file"), ["1: star | x"]);
}

#[test]
fn parts_without_a_partner_are_named() {
    let dir = Dir::new();
    for name in ["p-1.en", "p-2.en", "p-3.en", "p-1.kn", "p-3.kn"] {
        dir.file(name, "x\n");
    }
    let at = |name: &str| dir.0.path().join(name);
    let told_of = |src: &str, tgt: &str| {
        told(&dir, &read(&ParallelFiles::pair(at(src), at(tgt))).expect_err("a file too many"))
    };
    let expected = "p-2.en: matches nothing of p-*.kn (source and target have 3 and 2 files); give each file its partner";
    assert_eq!(told_of("p-*.en", "p-*.kn"), expected);
    let expected = "p-2.en: matches nothing of p-*.kn (source and target have 2 and 3 files); give each file its partner";
    assert_eq!(told_of("p-*.kn", "p-*.en"), expected);
    // Equal counts do not suffice.
    dir.file("p-4.kn", "x\n");
    assert!(
        told_of("p-*.en", "p-*.kn")
            .starts_with("p-2.en: matches nothing of p-*.kn (source and target have 3 and 3")
    );
    assert!(told_of("p-*.en", "p-1.kn").starts_with("p-1.en: matches nothing of p-1.kn"));
}

#[test]
fn a_pattern_without_matches_tells_what_is_near() {
    let dir = Dir::new();
    dir.file("part-1.eng", "x\n");
    dir.file("unlike", "x\n");
    fs::create_dir(dir.0.path().join("empty")).expect("the temporary directory can be written");
    let told_of = |pattern: &str| {
        let fault = read(&ParallelFiles::one(dir.0.path().join(pattern))).expect_err(pattern);
        fault.to_string().replace(&dir.0.path().display().to_string(), "D")
    };
    let step = "; check the pattern in the config";
    let expected = format!("D/part-*.en.tsv: matches no file (the nearest name there is 'part-1.eng'){step}");
    assert_eq!(told_of("part-*.en.tsv"), expected);
    assert_eq!(told_of("empty/*.tsv"), format!("D/empty/*.tsv: matches no file ('D/empty' is empty){step}"));
    let expected = format!("D/none/*.tsv: matches no file (there is no directory 'D/none'){step}");
    assert_eq!(told_of("none/*.tsv"), expected);
    assert!(told_of("*-*.tsv").contains("has two stars"));
    assert_eq!(
        told_of("a.txt"),
        "D/a.txt: has an unknown format; name it .tsv, .csv, .jsonl, .tmx or .parquet"
    );
}

#[test]
fn without_the_feature_parquet_is_refused_by_name() {
    let dir = Dir::new();
    let got = shown(&dir.file("a.parquet", "not parquet"));
    #[cfg(feature = "parquet")]
    assert!(matches!(got, Err(DataError::Parquet { .. })), "{got:?}");
    #[cfg(not(feature = "parquet"))]
    assert!(matches!(got, Err(DataError::ParquetOff { .. })), "{got:?}");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_not_passed_over() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = Dir::new();
    let odd = dir.0.path().join(OsStr::from_bytes(b"part-\xFF.tsv"));
    fs::write(&odd, "odd\tx\n").expect("the temporary directory can be written");
    dir.file("part-a.tsv", "a\tx\n");
    let pairs = shown(&dir.0.path().join("part-*.tsv")).expect("two files");
    assert_eq!(pairs, ["1: a | x", "2: odd | x"]);
    assert_eq!(lines(&odd).expect("a file").0, ["odd\tx"]);
}
