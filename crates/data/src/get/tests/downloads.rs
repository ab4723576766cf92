use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::server::{Reply, Seen, Server, from, honest};
use super::{noise, patience, sha256, tree};
use crate::get::download::{Demand, download};
use crate::get::hash::Sum;
use crate::get::http::{Client, Patience, Token};
use crate::get::{GetError, Progress, Source};

/// A directory, what is asked for, and how.
struct Try {
    dir: TempDir,
    source: Source,
    max_bytes: u64,
    patience: Patience,
    steps: Vec<String>,
}

impl Try {
    fn new(server: &Server) -> Self {
        let url = format!("{}/set.zip", server.url);
        let source = Source { url, or_url: None, bytes: None, sha256: None };
        let dir = tempfile::tempdir().unwrap();
        Self { dir, source, max_bytes: 1 << 30, patience: patience(4), steps: Vec::new() }
    }

    fn knowing(mut self, body: &[u8]) -> Self {
        self.source.sha256 = Some(sha256(body));
        self
    }

    fn to(&self) -> PathBuf {
        self.dir.path().join("set.zip")
    }

    fn run(&mut self) -> Result<Sum, GetError> {
        let client = Client::new(&self.patience, Some(Token("secret".to_owned())));
        let demand = Demand { source: &self.source, max_bytes: self.max_bytes };
        let to = self.to();
        let steps = &mut self.steps;
        download(&client, &self.patience, &demand, &to, &mut |step| match step {
            Progress::Received { .. } | Progress::Checking { .. } => {}
            Progress::Waiting { held, .. } => steps.push(format!("held {held}")),
            Progress::Started { from, .. } => steps.push(format!("from {from}")),
            other => steps.push(format!("{other:?}")),
        })
    }

    fn got(&self) -> Vec<u8> {
        fs::read(self.to()).expect("the file is there")
    }

    fn names(&self) -> Vec<String> {
        tree(self.dir.path())
    }
}

fn ranges(server: &Server) -> Vec<Option<String>> {
    server.seen().into_iter().map(|seen: Seen| seen.range).collect()
}

const TAG: &str = "\"one\"";

#[test]
fn a_broken_download_continues_where_it_stopped() {
    let body = noise(200_000);
    let file = body.clone();
    let server = Server::new(move |n, seen| match n {
        0 => honest(seen, TAG, &file).cut(70_001),
        1 => honest(seen, TAG, &file).cut(50_003),
        _ => honest(seen, TAG, &file),
    });
    let mut this = Try::new(&server).knowing(&body);
    let sum = this.run().expect("the third try is whole");
    assert_eq!((sum.bytes, sum.sha256), (200_000, sha256(&body)));
    assert_eq!(this.got(), body);
    let asked = [None, Some("bytes=70001-".to_owned()), Some("bytes=120004-".to_owned())];
    assert_eq!(ranges(&server), asked);
    assert!(server.seen()[1..].iter().all(|seen| seen.if_range.as_deref() == Some(TAG)));
    assert_eq!(this.steps, ["from 0", "held 70001", "from 70001", "held 120004", "from 120004"]);
    assert_eq!(this.names(), ["set.zip"]);
}

#[test]
fn a_later_run_continues_an_earlier_one() {
    let body = noise(9_000);
    let file = body.clone();
    let server = Server::new(move |n, seen| match n {
        0 => honest(seen, TAG, &file).cut(4_000),
        _ => honest(seen, TAG, &file),
    });
    let mut this = Try::new(&server);
    this.patience.tries = 1;
    let fault = this.run().expect_err("the only try breaks off");
    assert!(matches!(fault, GetError::Broken { tries: 1, held: 4_000, .. }), "{fault:?}");
    assert_eq!(this.names(), ["set.zip.part", "set.zip.part.json"]);
    this.run().expect("the second run ends it");
    assert_eq!(ranges(&server), [None, Some("bytes=4000-".to_owned())]);
    assert_eq!(this.got(), body);
    assert_eq!(this.names(), ["set.zip"]);
}

#[test]
fn a_part_that_was_complete_needs_no_request() {
    let server = Server::new(|_, _| Reply::raw(500, "", b""));
    let mut this = Try::new(&server);
    let record = format!("{{\"url\":\"{}\",\"validator\":null,\"whole\":5}}", this.source.url);
    fs::write(this.dir.path().join("set.zip.part.json"), record).unwrap();
    fs::write(this.dir.path().join("set.zip.part"), "whole").unwrap();
    this.run().expect("the part is whole");
    assert_eq!(this.got(), b"whole");
    assert_eq!(server.seen(), []);
}

#[test]
fn a_part_of_something_else_is_not_continued() {
    let body = noise(900);
    let file = body.clone();
    let server = Server::new(move |_, seen| honest(seen, TAG, &file));
    let other = "{\"url\":\"http://e.example/x\",\"validator\":\"\\\"one\\\"\",\"whole\":900}";
    let mine = format!("{{\"url\":\"{}/set.zip\",\"validator\":null,\"whole\":900}}", server.url);
    for record in [other, &mine, "not json", ""] {
        let mut this = Try::new(&server);
        fs::write(this.dir.path().join("set.zip.part.json"), record).unwrap();
        fs::write(this.dir.path().join("set.zip.part"), "other").unwrap();
        this.run().expect(record);
        assert_eq!(this.got(), body, "{record}");
    }
    assert!(ranges(&server).iter().all(Option::is_none));
}

#[test]
fn a_file_that_changes_between_the_parts_is_never_glued() {
    let (old, new) = (noise(5_000), noise(6_000).split_off(500));
    // Keeps to If-Range; ignores it but shows the new tag; ignores it and shows the new length only.
    for manner in 0..3 {
        let (before, after) = (old.clone(), new.clone());
        let server = Server::new(move |n, seen| match (n, from(seen)) {
            (0, _) => honest(seen, TAG, &before).cut(2_000),
            (_, Some(from)) if manner == 1 => Reply::rest("\"two\"", &after, from),
            (_, Some(from)) if manner == 2 => Reply::rest(TAG, &after, from),
            _ => honest(seen, "\"two\"", &after),
        });
        let mut this = Try::new(&server);
        this.run().expect("the new file");
        assert_eq!(this.got(), new, "manner {manner}");
        assert_eq!(server.seen()[1].if_range.as_deref(), Some(TAG));
    }
}

#[test]
fn a_server_without_ranges_or_tags_starts_over() {
    let body = noise(3_000);
    let file = body.clone();
    let server = Server::new(move |n, _| {
        let reply = Reply::whole(TAG, &file);
        if n == 0 { reply.cut(1_000) } else { reply }
    });
    let mut this = Try::new(&server);
    this.run().expect("the second try is whole");
    assert_eq!(this.got(), body);
    assert_eq!(ranges(&server), [None, Some("bytes=1000-".to_owned())]);
    assert!(this.steps.iter().any(|step| step.starts_with("Restarted")), "{:?}", this.steps);

    // A weak tag proves nothing about bytes.
    for headers in ["", "etag: W/\"one\"\r\n"] {
        let file = body.clone();
        let server = Server::new(move |n, _| {
            let reply = Reply::raw(200, &format!("{headers}content-length: 3000\r\n"), &file);
            if n == 0 { reply.cut(1_000) } else { reply }
        });
        let mut this = Try::new(&server);
        this.run().expect("the second try is whole");
        assert_eq!(this.got(), body);
        assert_eq!(ranges(&server), [None, None]);
    }
}

#[test]
fn another_range_than_asked_for_is_not_taken() {
    let body = noise(3_000);
    let file = body.clone();
    let server = Server::new(move |n, seen| match n {
        0 => Reply::whole(TAG, &file).cut(1_000),
        1 => Reply::rest(TAG, &file, 900),
        2 => Reply::rest(TAG, &file, 0),
        _ => honest(seen, TAG, &file),
    });
    let mut this = Try::new(&server);
    this.run().expect("the last try is whole");
    assert_eq!(this.got(), body);
}

#[test]
fn wrong_bytes_are_thrown_away() {
    let (body, other) = (noise(700), noise(701).split_off(1));
    let server = Server::new(move |_, seen| honest(seen, TAG, &other));
    let mut this = Try::new(&server).knowing(&body);
    let fault = this.run().expect_err("the bytes are wrong");
    let hash = sha256(&body);
    assert!(
        matches!(&fault, GetError::WrongBytes { expected, got, .. } if *expected == hash && *got != hash)
    );
    assert!(fault.to_string().contains(&hash), "{fault}");
    assert_eq!(this.names(), [""; 0]);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_poisoned_part_costs_one_more_download_and_no_more() {
    let body = noise(700);
    let file = body.clone();
    let server = Server::new(move |_, seen| honest(seen, TAG, &file));
    let mut this = Try::new(&server).knowing(&body);
    let record = format!("{{\"url\":\"{}\",\"validator\":\"\\\"one\\\"\",\"whole\":700}}", this.source.url);
    fs::write(this.dir.path().join("set.zip.part.json"), record).unwrap();
    fs::write(this.dir.path().join("set.zip.part"), [0; 300]).unwrap();
    this.run().expect("the fresh download is right");
    assert_eq!(this.got(), body);
    assert_eq!(ranges(&server), [Some("bytes=300-".to_owned()), None]);
}

#[test]
fn lies_about_the_length_are_found() {
    let body = noise(1_000);
    let run = |headers: &'static str, sent: usize, bytes: Option<u64>| {
        let file = body.clone();
        let server = Server::new(move |_, _| Reply::raw(200, headers, &file[..sent]));
        let mut this = Try::new(&server).knowing(&body);
        this.source.bytes = bytes;
        this.patience.tries = 2;
        let fault = this.run().expect_err(headers);
        assert!(!this.to().exists());
        (fault, server.seen().len())
    };
    let (fault, tries) = run("content-length: 2000\r\n", 1_000, None);
    assert!(matches!(fault, GetError::Broken { tries: 2, .. }), "{fault:?}");
    assert_eq!(tries, 2);
    // A body longer than it was said to be ends where it was said to end.
    let (fault, _) = run("content-length: 900\r\n", 1_000, None);
    assert!(matches!(fault, GetError::WrongBytes { .. }), "{fault:?}");
    let (fault, tries) = run("content-length: 900\r\n", 900, Some(1_000));
    assert!(matches!(fault, GetError::WrongLength { expected: 1_000, got: 900, .. }), "{fault:?}");
    assert_eq!(tries, 1);
    // Without a length, the known one is the limit.
    let (fault, _) = run("", 1_000, Some(600));
    assert!(matches!(fault, GetError::WrongLength { expected: 600, .. }), "{fault:?}");
    let (fault, _) = run("", 700, Some(1_000));
    assert!(matches!(fault, GetError::WrongBytes { .. }), "{fault:?}");
}

#[test]
fn a_range_longer_than_the_file_is_refused() {
    let body = noise(1_000);
    let server = Server::new(move |n, _| {
        let headers = "content-length: 700\r\ncontent-range: bytes 400-999/1000\r\netag: \"one\"\r\n";
        if n == 0 { Reply::whole(TAG, &body).cut(400) } else { Reply::raw(206, headers, &body[300..]) }
    });
    let mut this = Try::new(&server);
    let fault = this.run().expect_err("700 bytes do not fit into 600");
    assert!(matches!(fault, GetError::BadAnswer { .. }), "{fault:?}");
    assert!(!this.to().exists());
}

#[test]
fn what_is_too_large_is_not_taken() {
    for headers in ["content-length: 5000\r\n", ""] {
        let server = Server::new(move |_, _| Reply::raw(200, headers, &noise(5_000)));
        let mut this = Try::new(&server);
        this.max_bytes = 4_999;
        let fault = this.run().expect_err("the limit is lower");
        assert!(matches!(fault, GetError::TooLarge { limit: 4_999, .. }), "{fault:?}");
        assert_eq!(this.names(), [""; 0]);
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn redirects_stay_on_the_web() {
    let body = noise(300);
    let file = body.clone();
    let server = Server::new(move |_, seen| match seen.path.as_str() {
        "/set.zip" => Reply::raw(302, "location: deeper/one?x=1\r\ncontent-length: 0\r\n", b""),
        "/deeper/one?x=1" => Reply::raw(307, "location: /two\r\ncontent-length: 0\r\n", b""),
        "/two" => honest(seen, TAG, &file),
        _ => Reply::raw(404, "content-length: 0\r\n", b""),
    });
    let mut this = Try::new(&server);
    this.run().expect("three hops");
    assert_eq!(this.got(), body);
    // The token is for https only.
    assert!(server.seen().iter().all(|seen| seen.authorization.is_none()));

    for to in ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "gopher://x/", ""] {
        let server = Server::new(move |_, _| {
            Reply::raw(301, &format!("location: {to}\r\ncontent-length: 0\r\n"), b"")
        });
        let fault = Try::new(&server).run().expect_err(to);
        assert!(matches!(&fault, GetError::BadRedirect { to: got, .. } if got == to), "{fault:?}");
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::new(|_, _| Reply::raw(302, "location: /again\r\ncontent-length: 0\r\n", b""));
    let fault = Try::new(&server).run().expect_err("a circle");
    assert!(matches!(fault, GetError::TooManyRedirects { .. }), "{fault:?}");
    assert!(server.seen().len() < 12);
}

#[test]
fn final_statuses_are_not_asked_again() {
    for (status, name) in [
        (404, "NotThere"),
        (410, "NotThere"),
        (401, "Refused"),
        (403, "Refused"),
        (416, "RangeRefused"),
        (400, "Status"),
    ] {
        let server = Server::new(move |_, _| Reply::raw(status, "content-length: 0\r\n", b""));
        let mut this = Try::new(&server);
        let fault = this.run().expect_err(name);
        assert!(format!("{fault:?}").starts_with(name), "{status}: {fault:?}");
        assert_eq!(server.seen().len(), 1, "{status}");
        assert!(!this.to().exists());
    }
}

#[test]
fn passing_statuses_are_asked_again_and_not_for_ever() {
    let body = noise(300);
    let file = body.clone();
    let server = Server::new(move |n, seen| match n {
        0 => Reply::raw(503, "retry-after: 0\r\ncontent-length: 4\r\n", b"busy"),
        1 => Reply::raw(429, "retry-after: 0\r\ncontent-length: 0\r\n", b""),
        _ => honest(seen, TAG, &file),
    });
    let mut this = Try::new(&server);
    this.run().expect("the third answer is the file");
    assert_eq!(this.got(), body);

    let server = Server::new(|_, _| Reply::raw(500, "content-length: 0\r\n", b""));
    let mut this = Try::new(&server);
    let fault = this.run().expect_err("always 500");
    assert!(
        matches!(&fault, GetError::Broken { tries: 4, reason, .. } if reason == "status 500"),
        "{fault:?}"
    );
    assert_eq!(server.seen().len(), 4);
}

#[test]
fn a_refused_rest_starts_over() {
    let body = noise(900);
    let file = body.clone();
    let server = Server::new(move |n, seen| match n {
        0 => honest(seen, TAG, &file).cut(200),
        1 => Reply::raw(416, "content-range: bytes */900\r\ncontent-length: 0\r\n", b""),
        _ => honest(seen, TAG, &file),
    });
    let mut this = Try::new(&server);
    this.run().expect("from the beginning");
    assert_eq!(this.got(), body);
    assert_eq!(ranges(&server), [None, Some("bytes=200-".to_owned()), None]);
}

#[test]
fn a_stalled_connection_is_left_and_continued() {
    let body = noise(900);
    let file = body.clone();
    let server = Server::new(move |n, seen| match n {
        0 => honest(seen, TAG, &file).cut(200).hang(),
        1 => Reply { head: "HTTP/1.1 206 ".to_owned(), body: Vec::new(), hang: true },
        _ => honest(seen, TAG, &file),
    });
    let mut this = Try::new(&server);
    this.patience.stall = Duration::from_millis(300);
    this.run().expect("the third try is whole");
    assert_eq!(this.got(), body);
    let rest = Some("bytes=200-".to_owned());
    assert_eq!(ranges(&server), [None, rest.clone(), rest]);
}

#[test]
fn an_encoded_body_is_not_the_file() {
    let server =
        Server::new(|_, _| Reply::raw(200, "content-encoding: gzip\r\ncontent-length: 3\r\n", b"abc"));
    let fault = Try::new(&server).run().expect_err("not what is hashed");
    assert!(matches!(&fault, GetError::BadAnswer { what, .. } if what.contains("gzip")), "{fault:?}");
}

#[test]
fn only_web_addresses_are_asked() {
    let server = Server::new(|_, _| Reply::raw(500, "", b""));
    for url in
        ["file:///etc/passwd", "/etc/passwd", "", "ftp://127.0.0.1/x", "http://u:p@127.0.0.1/x", "http:///x"]
    {
        let mut this = Try::new(&server);
        url.clone_into(&mut this.source.url);
        let fault = this.run().expect_err(url);
        assert!(matches!(fault, GetError::BadAddress { .. }), "{url}: {fault:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_a_broken_connection() {
    let server = Server::new(|_, _| Reply::raw(500, "", b""));
    let mut this = Try::new(&server);
    drop(server);
    let fault = this.run().expect_err("nobody listens");
    assert!(matches!(fault, GetError::Broken { tries: 4, held: 0, .. }), "{fault:?}");
}
