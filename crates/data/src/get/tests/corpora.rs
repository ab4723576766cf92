use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::server::{Reply, Server, honest};
use super::{Entry, FILE, gz, patience, sha256, tree, zip, zst};
use crate::get::{
    Archives, Custom, FileFault, GetError, Got, LOCK_NAME, Lock, Options, Purpose, Recipe, get, verify,
};

const EN: &str = "one\ntwo two\n";
const KN: &str = "ಒಂದು\nಎರಡು\n";

fn set(en: &str, kn: &str) -> Vec<u8> {
    zip(&[
        Entry("README", FILE, b"read me"),
        Entry("S.en-kn.en", FILE, en.as_bytes()),
        Entry("S.en-kn.kn", FILE, kn.as_bytes()),
    ])
}

/// Path and bytes of each file of a site.
type Shelf = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A server whose files can be replaced.
struct Site {
    server: Server,
    files: Shelf,
}

impl Site {
    fn new(files: &[(&str, Vec<u8>)]) -> Self {
        let files = files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.clone())).collect();
        let files: Shelf = Arc::new(Mutex::new(files));
        let shelf = files.clone();
        let server = Server::new(move |_, seen| {
            let shelf = shelf.lock().unwrap();
            match shelf.iter().find(|(path, _)| *path == seen.path) {
                Some((_, bytes)) => honest(seen, &format!("\"{}\"", sha256(bytes)), bytes),
                None => Reply::raw(404, "content-length: 0\r\n", b""),
            }
        });
        Self { server, files }
    }

    fn replace(&self, bytes: Vec<u8>) {
        self.files.lock().unwrap()[0].1 = bytes;
    }

    fn recipe(&self, purpose: Purpose) -> Recipe {
        let files = self.files.lock().unwrap();
        let sources = files.iter().map(|(path, bytes)| (format!("{}{path}", self.server.url), sha256(bytes)));
        let custom = Custom {
            name: "mine".to_owned(),
            languages: "en-kn".parse().unwrap(),
            purpose,
            licence: "CC0 1.0".to_owned(),
            sources: sources.collect(),
        };
        custom.recipe().expect("usable addresses")
    }

    /// The same, before anyone knew the hash.
    fn unknown(&self) -> Recipe {
        let mut recipe = self.recipe(Purpose::Training);
        recipe.sources[0].sha256 = None;
        recipe
    }
}

fn run(recipe: &Recipe, root: &Path) -> Result<Got, GetError> {
    let options = Options { patience: patience(2), ..Options::default() };
    get(recipe, root, &options, &mut |_| {})
}

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_set_is_got_locked_and_not_got_again() {
    let (site, root) = (Site::new(&[("/a.zip", set(EN, KN))]), dir());
    let got = run(&site.unknown(), root.path()).expect("a good set");
    assert!(!got.was_whole);
    let place = root.path().join("mine.en-kn");
    assert_eq!(fs::read_to_string(place.join("train.en")).unwrap(), EN);
    assert_eq!(fs::read_to_string(place.join("train.kn")).unwrap(), KN);
    assert_eq!(tree(root.path()), ["busy", "data.lock", "train.en", "train.kn"]);

    let lock = Lock::read(root.path()).expect("the lock");
    assert_eq!(lock.corpora, vec![got.corpus.clone()]);
    let corpus = &lock.corpora[0];
    assert_eq!(
        (corpus.name.as_str(), corpus.purpose.as_str(), corpus.licence.as_str()),
        ("mine", "training", "CC0 1.0")
    );
    assert_eq!(corpus.downloads[0].sha256, sha256(&set(EN, KN)));
    assert_eq!(corpus.downloads[0].bytes, set(EN, KN).len() as u64);
    assert_eq!(corpus.files.iter().map(|file| file.lines).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(corpus.files[1].sha256, sha256(KN.as_bytes()));
    let text = fs::read_to_string(root.path().join(LOCK_NAME)).unwrap();
    assert!(text.contains("[[corpus.file]]") && text.contains("/a.zip"), "{text}");

    let again = run(&site.unknown(), root.path()).expect("it is there");
    assert_eq!((again.was_whole, again.corpus), (true, got.corpus));
    assert_eq!(site.server.seen().len(), 1);
}

#[test]
fn benchmarks_do_not_look_like_training_text() {
    let (site, root) = (Site::new(&[("/a.zip", set(EN, KN))]), dir());
    let got = run(&site.recipe(Purpose::Benchmark), root.path()).expect("a good set");
    assert_eq!(got.corpus.purpose, "benchmark");
    assert_eq!(tree(&root.path().join("mine.en-kn")), ["test.en", "test.kn"]);
}

#[test]
fn sides_and_tables_come_plain_or_compressed() {
    let packed = zst(KN.as_bytes());
    let (site, root) = (Site::new(&[("/a.en.gz", gz(EN.as_bytes())), ("/a.kn.zst", packed)]), dir());
    run(&site.recipe(Purpose::Training), root.path()).expect("two sides");
    assert_eq!(fs::read_to_string(root.path().join("mine.en-kn/train.kn")).unwrap(), KN);

    let table = "one\tಒಂದು\n";
    let (site, root) = (Site::new(&[("/a.tsv.gz", gz(table.as_bytes()))]), dir());
    let got = run(&site.recipe(Purpose::Training), root.path()).expect("a table");
    assert_eq!(got.corpus.files[0].name, "train.tsv");
    assert_eq!(fs::read_to_string(root.path().join("mine.en-kn/train.tsv")).unwrap(), table);
}

#[test]
fn verify_names_each_damaged_file_and_get_mends_it() {
    let (site, root) = (Site::new(&[("/a.zip", set(EN, KN))]), dir());
    run(&site.unknown(), root.path()).expect("a good set");
    let faults = || verify(root.path(), &mut |_| {}).expect("a lock")[0].faults.clone();
    assert_eq!(faults(), []);
    let (en, kn) = (root.path().join("mine.en-kn/train.en"), root.path().join("mine.en-kn/train.kn"));
    fs::write(&en, EN.replace("one", "onе")).unwrap();
    fs::remove_file(&kn).unwrap();
    let length = FileFault::Length { locked: 12, got: 13 };
    assert_eq!(faults(), [(en.clone(), length), (kn, FileFault::Missing)]);
    fs::write(&en, EN.replace("one", "ono")).unwrap();
    assert!(matches!(&faults()[0].1, FileFault::Bytes { locked, got } if locked != got));
    let got = run(&site.unknown(), root.path()).expect("the same set again");
    assert!(!got.was_whole);
    assert_eq!(faults(), []);
}

#[test]
fn a_changed_upstream_shows_both_hashes_and_keeps_the_old_text() {
    let (site, root) = (Site::new(&[("/a.zip", set(EN, KN))]), dir());
    let recipe = site.unknown();
    run(&recipe, root.path()).expect("a good set");
    let lock = fs::read_to_string(root.path().join(LOCK_NAME)).unwrap();
    site.replace(set("new\n", "ಹೊಸ\n"));
    assert!(run(&recipe, root.path()).expect("nothing is asked").was_whole);
    fs::remove_file(root.path().join("mine.en-kn/train.kn")).unwrap();
    let fault = run(&recipe, root.path()).expect_err("another file");
    let (old, new) = (sha256(&set(EN, KN)), sha256(&set("new\n", "ಹೊಸ\n")));
    let message = fault.to_string();
    assert!(matches!(fault, GetError::UpstreamChanged { .. }));
    assert!(message.contains(&old) && message.contains(&new), "{message}");
    assert_eq!(fs::read_to_string(root.path().join(LOCK_NAME)).unwrap(), lock);
    assert_eq!(tree(root.path()), ["busy", "data.lock", "train.en"]);
}

#[test]
fn another_hash_under_the_same_name_is_told() {
    let (site, root) = (Site::new(&[("/a.zip", set(EN, KN))]), dir());
    run(&site.recipe(Purpose::Training), root.path()).expect("a good set");
    site.replace(set("new\n", "ಹೊಸ\n"));
    let fault = run(&site.recipe(Purpose::Training), root.path()).expect_err("another set");
    assert!(matches!(fault, GetError::OtherFile { locked, .. } if locked == sha256(&set(EN, KN))));
    assert_eq!(site.server.seen().len(), 1);
}

#[test]
fn a_broken_set_leaves_nothing_behind() {
    let cases = [
        ("/a.zip", set("one\n", KN), "LineCounts"),
        ("/a.zip", b"<html>please sign in</html>".to_vec(), "Damaged"),
        ("/a.zip", zip(&[Entry("only.en", FILE, b"one\n")]), "NoMember"),
        ("/a.zip", zip(&[Entry("../a.en", FILE, b"one\n")]), "UnsafeEntry"),
        ("/a.tgz", b"\x1f\x8b no".to_vec(), "Damaged"),
    ];
    for (path, bytes, name) in cases {
        let (site, root) = (Site::new(&[(path, bytes)]), dir());
        let fault = run(&site.unknown(), root.path()).expect_err(name);
        assert!(format!("{fault:?}").starts_with(name), "{fault:?}");
        assert_eq!(Lock::read(root.path()).expect("no lock").corpora, []);
        assert!(!root.path().join("mine.en-kn").exists());
        let left = tree(root.path());
        assert!(!left.iter().any(|file| file.contains(".en") && !file.contains("mine")), "{left:?}");
        assert_eq!(left.len(), if name == "Damaged" { 1 } else { 2 }, "{left:?}");
        // Mended at the source, it is got without a hand on the disk.
        if path == "/a.zip" {
            site.replace(set(EN, KN));
            run(&site.unknown(), root.path()).expect("a good set");
        }
    }
}

#[test]
fn a_body_longer_than_it_said_is_not_a_set() {
    let bytes = set(EN, KN);
    let server =
        Server::new(move |_, _| Reply::raw(200, &format!("content-length: {}\r\n", bytes.len() - 9), &bytes));
    let site = Site::new(&[("/a.zip", Vec::new())]);
    let mut recipe = site.unknown();
    recipe.sources[0].url = format!("{}/a.zip", server.url);
    let root = dir();
    let fault = run(&recipe, root.path()).expect_err("its end is missing");
    assert!(matches!(fault, GetError::Damaged { .. }), "{fault:?}");
    assert_eq!(tree(root.path()), ["busy"]);
}

#[test]
fn the_other_address_is_tried_when_there_is_nothing_at_the_first() {
    let (site, root) = (Site::new(&[("/b.zip", set(EN, KN))]), dir());
    let mut recipe = site.unknown();
    recipe.sources[0].or_url = Some(recipe.sources[0].url.clone());
    recipe.sources[0].url = format!("{}/a.zip", site.server.url);
    let got = run(&recipe, root.path()).expect("at the second address");
    assert!(got.corpus.downloads[0].url.ends_with("/b.zip"));
    recipe.name = "other".to_owned();
    recipe.sources[0].or_url = None;
    let fault = run(&recipe, root.path()).expect_err("nothing there");
    assert!(matches!(fault, GetError::NotThere { status: 404, .. }), "{fault:?}");
}

#[test]
fn kept_archives_are_used_again() {
    let (site, root) = (Site::new(&[("/a.zip", set(EN, KN))]), dir());
    let options = Options { archives: Archives::Keep, patience: patience(2), ..Options::default() };
    get(&site.unknown(), root.path(), &options, &mut |_| {}).expect("a good set");
    assert!(root.path().join(".downloads/mine.en-kn.0.zip").exists());
    fs::remove_dir_all(root.path().join("mine.en-kn")).unwrap();
    get(&site.unknown(), root.path(), &options, &mut |_| {}).expect("from the archive");
    assert_eq!(site.server.seen().len(), 1);
    assert!(root.path().join("mine.en-kn/train.en").exists());
}

#[test]
fn files_of_others_and_other_processes_are_left_alone() {
    let (site, root) = (Site::new(&[("/a.zip", set(EN, KN))]), dir());
    fs::create_dir(root.path().join("mine.en-kn")).unwrap();
    fs::write(root.path().join("mine.en-kn/train.en"), "mine").unwrap();
    let fault = run(&site.unknown(), root.path()).expect_err("something is there");
    assert!(matches!(fault, GetError::Occupied { .. }), "{fault:?}");
    assert_eq!(fs::read_to_string(root.path().join("mine.en-kn/train.en")).unwrap(), "mine");
    assert_eq!(site.server.seen(), []);

    let busy = fs::File::create(root.path().join(".downloads/busy")).unwrap();
    busy.lock().unwrap();
    let fault = run(&site.unknown(), root.path()).expect_err("another process");
    assert!(matches!(fault, GetError::Busy { .. }), "{fault:?}");
}

#[test]
fn the_limit_holds_for_all_files_of_a_set_together() {
    let (site, root) = (Site::new(&[("/a.en.txt", EN.into()), ("/a.kn.txt", KN.into())]), dir());
    let most = (EN.len() + KN.len()) as u64;
    let with =
        |max_download_bytes| Options { max_download_bytes, patience: patience(2), ..Options::default() };
    let fault = get(&site.recipe(Purpose::Training), root.path(), &with(most - 1), &mut |_| {});
    assert!(matches!(fault, Err(GetError::TooLarge { .. })), "{fault:?}");
    get(&site.recipe(Purpose::Training), root.path(), &with(most), &mut |_| {}).expect("just enough");
}

#[test]
fn a_lock_with_paths_or_unknown_parts_is_refused() {
    let (site, root) = (Site::new(&[("/a.zip", set(EN, KN))]), dir());
    run(&site.unknown(), root.path()).expect("a good set");
    let path = root.path().join(LOCK_NAME);
    let good = fs::read_to_string(&path).unwrap();
    let changes = [
        ("directory = \"mine.en-kn\"", "directory = \"../outside\""),
        ("directory = \"mine.en-kn\"", "directory = \"/etc\""),
        ("name = \"train.en\"", "name = \"../../x\""),
        ("name = \"train.en\"", "name = \"a/b\""),
        ("version = 1", "version = 2"),
        ("version = 1", "version = 1\nsurprise = 3"),
        ("version = 1", "version = "),
    ];
    for (from, to) in changes {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        fs::write(&path, bad).unwrap();
        let fault = verify(root.path(), &mut |_| {}).expect_err(to);
        assert!(matches!(fault, GetError::BadLock { .. }), "{fault:?}");
    }
    for end in 0..good.len() {
        fs::write(&path, &good.as_bytes()[..end]).unwrap();
        // Cut between two entries it is a shorter lock; it is never a panic.
        drop(Lock::read(root.path()));
    }
}
