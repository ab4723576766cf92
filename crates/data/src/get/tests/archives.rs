use std::fs;
use std::path::Path;

use tar::EntryType;

use super::{Entry, FILE, LINK, gz, tar, tree, zip, zst};
use crate::get::archive::{Caps, Intake, Member};
use crate::get::hash::Sum;
use crate::get::recipe::Form;
use crate::get::{GetError, Languages};

fn extract(form: Form, bytes: &[u8], caps: &Caps) -> Result<Vec<(String, usize, Vec<u8>)>, GetError> {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    let stage = dir.path().join("stage");
    fs::write(&archive, bytes).unwrap();
    fs::create_dir(&stage).unwrap();
    let suffixes = ["/train.en".to_owned(), ".kn".to_owned()];
    let members = Intake::new(&archive, caps)?.extract(form, &suffixes, &stage)?;
    let read = |member: Member| {
        assert_eq!(member.sum, crate::get::hash::sum(&member.path).unwrap());
        (member.directory, member.side, fs::read(&member.path).unwrap())
    };
    Ok(members.into_iter().map(read).collect())
}

fn single(name: &str, bytes: &[u8], caps: &Caps) -> Result<(Sum, Vec<u8>), GetError> {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    fs::write(&archive, bytes).unwrap();
    let to = dir.path().join("text");
    let sum = Intake::new(&archive, caps)?.single(Form::of(name), &to)?;
    Ok((sum, fs::read(&to).unwrap()))
}

#[test]
fn the_sides_are_found_by_the_ends_of_their_names() {
    let entries = [
        Entry("README", FILE, b"read me"),
        Entry("a/", 0o040_755, b""),
        Entry("a/train.en", FILE, b"one\n"),
        Entry("a/strain.en", FILE, b"not this\n"),
        Entry("__MACOSX/a/._x.kn", FILE, b"litter"),
        Entry("a/x.kn", 0, "ಒಂದು\n".as_bytes()),
    ];
    let expected =
        vec![("a".to_owned(), 0, b"one\n".to_vec()), ("a".to_owned(), 1, "ಒಂದು\n".as_bytes().to_vec())];
    assert_eq!(extract(Form::Zip, &zip(&entries), &Caps::default()).unwrap(), expected);
    let kinds = entries.map(|Entry(name, mode, bytes)| {
        (name, if mode == 0o040_755 { EntryType::Directory } else { EntryType::Regular }, bytes)
    });
    assert_eq!(extract(Form::TarGz, &gz(&tar(&kinds)), &Caps::default()).unwrap(), expected);
}

#[test]
fn no_entry_leaves_the_archive() {
    let names = [
        "../train.en",
        "../../train.en",
        "a/../../train.en",
        "a/..",
        "..",
        "/train.en",
        "//train.en",
        "/etc/passwd",
        "C:/train.en",
        "c:train.en",
        "C:\\train.en",
        "..\\train.en",
        "a\\..\\train.en",
        "\\\\host\\train.en",
        "a/../train.en",
        "a/b/../../../train.en",
        "./../train.en",
        "../README",
        "a\ntrain.en",
        "a\ttrain.en",
        "\u{1b}[2J/train.en",
        "a\rb/train.en",
        "\u{7f}/train.en",
        "x\u{85}/train.en",
        "../",
        "a/../..",
        "..//train.en",
        "a//../train.en",
        "Z:/x",
        "/..",
    ];
    assert_eq!(names.len(), 30);
    for name in names {
        let fault = extract(Form::Zip, &zip(&[Entry(name, FILE, b"x\n")]), &Caps::default());
        assert!(matches!(fault, Err(GetError::UnsafeEntry { .. })), "zip {name:?}: {fault:?}");
        let fault = extract(Form::TarGz, &gz(&tar(&[(name, EntryType::Regular, b"x\n")])), &Caps::default());
        assert!(matches!(fault, Err(GetError::UnsafeEntry { .. })), "tar {name:?}: {fault:?}");
    }
    let fault = extract(Form::Zip, &zip(&[Entry("a\0b/train.en", FILE, b"x\n")]), &Caps::default());
    assert!(fault.is_err(), "{fault:?}");
}

#[test]
fn links_and_devices_are_refused_even_where_no_one_wants_them() {
    for name in ["a/train.en", "harmless"] {
        for mode in [LINK, 0o010_644, 0o020_644, 0o060_644, 0o140_644] {
            let fault = extract(Form::Zip, &zip(&[Entry(name, mode, b"/etc/passwd")]), &Caps::default());
            assert!(matches!(fault, Err(GetError::UnsafeEntry { .. })), "{mode:o}: {fault:?}");
        }
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo]
        {
            let fault = extract(Form::TarGz, &gz(&tar(&[(name, kind, b"")])), &Caps::default());
            assert!(matches!(fault, Err(GetError::UnsafeEntry { .. })), "{kind:?}: {fault:?}");
        }
    }
}

#[test]
fn bombs_are_refused_by_size_ratio_and_count() {
    let zeros = vec![b'0'; 4 << 20];
    let caps = |bytes, ratio, entries| Caps { bytes, ratio, entries };
    let bomb = zip(&[Entry("a/train.en", FILE, &zeros)]);
    let boxed = gz(&tar(&[("a/train.en", EntryType::Regular, &zeros)]));
    // What is skipped counts in a tar: it has to be decompressed all the same.
    let aside = gz(&tar(&[("unwanted", EntryType::Regular, &zeros)]));
    for (form, bytes) in [(Form::Zip, &bomb), (Form::TarGz, &boxed), (Form::TarGz, &aside)] {
        let fault = extract(form, bytes, &Caps::default());
        assert!(matches!(fault, Err(GetError::Bomb { limit: 200, .. })), "{fault:?}");
        let fault = extract(form, bytes, &caps(1_000, u64::MAX, 9));
        assert!(matches!(fault, Err(GetError::Bomb { limit: 1_000, of: "bytes", .. })), "{fault:?}");
        assert!(extract(form, bytes, &caps(1 << 30, u64::MAX, 9)).is_ok());
    }
    for (name, bytes) in [("a.gz", gz(&zeros)), ("a.zst", zst(&zeros))] {
        let fault = single(name, &bytes, &Caps::default());
        assert!(matches!(fault, Err(GetError::Bomb { limit: 200, .. })), "{name} {fault:?}");
    }
    // Two entries of half the limit each are too much together.
    let half = vec![b'0'; 600];
    let two = zip(&[Entry("a/train.en", FILE, &half), Entry("a/x.kn", FILE, &half)]);
    assert!(matches!(
        extract(Form::Zip, &two, &caps(1_000, 200, 9)),
        Err(GetError::Bomb { limit: 1_000, .. })
    ));
    let many: Vec<String> = (0..6).map(|n| format!("f{n}")).collect();
    let many_zip = zip(&many.iter().map(|name| Entry(name, FILE, b"")).collect::<Vec<_>>());
    let many_tar: Vec<_> = many.iter().map(|name| (name.as_str(), EntryType::Regular, &b""[..])).collect();
    for (form, bytes) in [(Form::Zip, many_zip), (Form::TarGz, gz(&tar(&many_tar)))] {
        let fault = extract(form, &bytes, &caps(1_000_000, 200, 5));
        assert!(matches!(fault, Err(GetError::Bomb { limit: 5, of: "entries", .. })), "{fault:?}");
        assert_eq!(extract(form, &bytes, &caps(1_000_000, 200, 6)).unwrap(), []);
    }
}

#[test]
fn a_cut_or_changed_archive_is_never_a_short_text() {
    let text = (0..40).map(|n| format!("line {n} of ಪಠ್ಯ {}\n", n * n)).collect::<Vec<_>>().concat();
    let entries = [Entry("a/train.en", FILE, text.as_bytes()), Entry("a/x.kn", FILE, text.as_bytes())];
    let kinds = [
        ("a/train.en", EntryType::Regular, text.as_bytes()),
        ("a/x.kn", EntryType::Regular, text.as_bytes()),
    ];
    for (form, whole) in [(Form::Zip, zip(&entries)), (Form::TarGz, gz(&tar(&kinds)))] {
        let expected = extract(form, &whole, &Caps::default()).unwrap();
        assert_eq!(expected.len(), 2);
        for end in (0..whole.len()).rev().step_by(3) {
            let got = extract(form, &whole[..end], &Caps::default());
            assert!(got.is_err(), "{form:?} cut at {end}: {got:?}");
        }
        for flip in (0..whole.len()).step_by(3) {
            let mut bytes = whole.clone();
            bytes[flip] ^= 0x11;
            let Ok(got) = extract(form, &bytes, &Caps::default()) else { continue };
            // A name may have changed so that the side is missing; what there is, is right.
            assert!(got.iter().all(|(_, _, bytes)| bytes == text.as_bytes()), "{form:?} flipped at {flip}");
        }
    }
    for (name, whole) in [("a.gz", gz(text.as_bytes())), ("a.zst", zst(text.as_bytes()))] {
        let (sum, got) = single(name, &whole, &Caps::default()).unwrap();
        assert_eq!((sum.lines, got), (40, text.as_bytes().to_vec()));
        for end in 1..whole.len() {
            assert!(single(name, &whole[..end], &Caps::default()).is_err(), "{name} cut at {end}");
        }
    }
}

#[test]
fn frames_and_members_are_read_to_the_last() {
    let half = |text: &str| zst(text.as_bytes());
    let frames = [half("one\n"), half("two\nthree")].concat();
    let members = [gz(b"one\n"), gz(b"two\nthree")].concat();
    for (name, bytes) in [("a.zst", frames), ("a.gz", members), ("a.txt", b"one\ntwo\nthree".to_vec())] {
        let (sum, text) = single(name, &bytes, &Caps::default()).expect(name);
        assert_eq!((sum.lines, text.as_slice()), (3, &b"one\ntwo\nthree"[..]), "{name}");
    }
    let trailing = [half("one\n"), b"junk".to_vec()].concat();
    assert!(single("a.zst", &trailing, &Caps::default()).is_err());
}

#[test]
fn a_page_instead_of_an_archive_is_damaged() {
    let page = b"<!doctype html><title>Sign in</title>";
    for form in [Form::Zip, Form::TarGz] {
        assert!(matches!(extract(form, page, &Caps::default()), Err(GetError::Damaged { .. })), "{form:?}");
    }
}

#[test]
fn several_files_of_a_side_are_joined_or_refused() {
    use crate::get::recipe::{Layout, Many};
    use crate::get::unpack::unpack;
    let languages: Languages = "en-kn".parse().unwrap();
    let mut recipe = crate::get::recipe("flores200", &languages).unwrap();
    recipe.sources[0].url = "http://e.example/a.zip".to_owned();
    let run = |recipe: &crate::get::Recipe, entries: &[Entry<'_>]| {
        let dir = tempfile::tempdir().unwrap();
        let (archive, stage) = (dir.path().join("a.zip"), dir.path().join("stage"));
        fs::write(&archive, zip(entries)).unwrap();
        fs::create_dir(&stage).unwrap();
        let sums = unpack(recipe, &[archive], &Caps::default(), &stage)?;
        let text = |name: &str| fs::read_to_string(Path::new(&stage).join(name)).unwrap();
        assert_eq!(tree(&stage), ["test.en", "test.kn"]);
        assert_eq!(sums[0].1.bytes, text("test.en").len() as u64);
        Ok::<_, GetError>((text("test.en"), text("test.kn")))
    };
    let entries = [
        Entry("z/t.en", FILE, b"three\n"),
        Entry("b/t.kn", FILE, b"1\n2"),
        Entry("b/t.en", FILE, b"one\ntwo\n"),
        Entry("z/t.kn", FILE, b"3\n"),
    ];
    let suffixes = ["/t.en".to_owned(), "/t.kn".to_owned()];
    recipe.layout = Layout::Archive { suffixes: suffixes.clone(), many: Many::Join };
    let joined = run(&recipe, &entries).expect("two directories");
    assert_eq!(joined, ("one\ntwo\nthree\n".to_owned(), "1\n2\n3\n".to_owned()));
    assert!(matches!(run(&recipe, &entries[..3]), Err(GetError::NoMember { found: 1, .. })));
    assert!(matches!(run(&recipe, &[]), Err(GetError::NoMember { found: 0, .. })));
    let uneven = [Entry("b/t.en", FILE, b"one\ntwo\n"), Entry("b/t.kn", FILE, b"1\n")];
    assert!(matches!(run(&recipe, &uneven), Err(GetError::LineCounts { src_lines: 2, tgt_lines: 1, .. })));
    let nothing = [Entry("b/t.en", FILE, b""), Entry("b/t.kn", FILE, b"")];
    assert!(matches!(run(&recipe, &nothing), Err(GetError::Damaged { .. })));

    recipe.layout = Layout::Archive { suffixes, many: Many::Refuse };
    assert!(matches!(run(&recipe, &entries), Err(GetError::NoMember { found: 2, .. })));
    assert!(run(&recipe, &entries[1..3]).is_ok());
}

/// The record of a tar before an entry that gives it a long name.
fn long_name(kind: EntryType, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("././@LongLink").unwrap();
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, bytes).unwrap();
    let mut bytes = builder.into_inner().unwrap();
    bytes.truncate(bytes.len() - 1024);
    bytes
}

#[test]
fn headers_do_not_fill_the_memory() {
    // Noise, so that the ratio is not what stops it.
    let name = |len| super::noise(len).into_iter().map(|byte| b'a' + byte % 26).collect::<Vec<_>>();
    let text = tar(&[("a/x.kn", EntryType::Regular, b"x\n")]);
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
        let bytes = gz(&[long_name(kind, &name(1 << 21)), text.clone()].concat());
        let fault = extract(Form::TarGz, &bytes, &Caps::default());
        assert!(
            matches!(&fault, Err(GetError::Damaged { reason, .. }) if reason.contains("headers are too long")),
            "{kind:?}: {fault:?}"
        );
    }
    // Many short ones are fine, wanted or not, and so are large files between them.
    let large = name(3 << 20);
    let entries: Vec<_> = (0..3000).map(|_| ("b", EntryType::Regular, &b"x"[..])).collect();
    let entries =
        [&entries[..], &[("large", EntryType::Regular, &large), ("a/x.kn", EntryType::Regular, b"x\n")]]
            .concat();
    let long = long_name(EntryType::GNULongName, b"c/long.kn\0");
    let bytes = gz(&[&long, &tar(&entries)[..]].concat());
    let got = extract(Form::TarGz, &bytes, &Caps::default()).unwrap();
    assert_eq!(got.iter().map(|(directory, ..)| directory.as_str()).collect::<Vec<_>>(), ["c", "a"]);

    let many: Vec<String> = (0..9_999).map(|n| format!("{n}/{}", "f".repeat(200))).collect();
    let mut entries: Vec<_> = many.iter().map(|name| Entry(name, FILE, b"")).collect();
    entries.push(Entry("a/x.kn", FILE, b"x\n"));
    assert_eq!(extract(Form::Zip, &zip(&entries), &Caps::default()).unwrap().len(), 1);
    let deep = "f".repeat(60_000);
    let many: Vec<_> = (0..300).map(|_| Entry(&deep, FILE, b"")).collect();
    let fault = extract(Form::Zip, &zip(&many), &Caps::default());
    assert!(matches!(fault, Err(GetError::Damaged { .. })), "{fault:?}");
}
