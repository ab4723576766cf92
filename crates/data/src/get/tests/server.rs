//! A server on loopback that misbehaves as told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) range: Option<String>,
    pub(super) if_range: Option<String>,
    pub(super) authorization: Option<String>,
}

/// What to send.
pub(super) struct Reply {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// Whether to hold the connection after the body instead of closing it.
    pub(super) hang: bool,
}

impl Reply {
    /// A status with headers (each ended by `\r\n`) and a body, as they are.
    pub(super) fn raw(status: u16, headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {status} Told\r\nconnection: close\r\n{headers}\r\n");
        Self { head, body: body.to_vec(), hang: false }
    }

    /// The body with its length and an `ETag`.
    pub(super) fn whole(etag: &str, body: &[u8]) -> Self {
        Self::raw(200, &format!("content-length: {}\r\netag: {etag}\r\n", body.len()), body)
    }

    /// The rest of the body from an offset.
    pub(super) fn rest(etag: &str, body: &[u8], from: usize) -> Self {
        let (left, last, whole) = (body.len() - from, body.len() - 1, body.len());
        let headers = format!(
            "content-length: {left}\r\ncontent-range: bytes {from}-{last}/{whole}\r\netag: {etag}\r\n"
        );
        Self::raw(206, &headers, &body[from..])
    }

    /// The same head, but only so much of the body.
    pub(super) fn cut(mut self, at: usize) -> Self {
        self.body.truncate(at);
        self
    }

    pub(super) fn hang(mut self) -> Self {
        self.hang = true;
        self
    }
}

/// What a server that keeps to RFC 9110 sends of a file.
pub(super) fn honest(seen: &Seen, etag: &str, body: &[u8]) -> Reply {
    match from(seen) {
        Some(from) if seen.if_range.as_deref() == Some(etag) && from < body.len() => {
            Reply::rest(etag, body, from)
        }
        _ => Reply::whole(etag, body),
    }
}

/// The first byte that a request asks for.
pub(super) fn from(seen: &Seen) -> Option<usize> {
    seen.range.as_ref()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// Answers until dropped; the script gets the number of the request, from 0.
pub(super) struct Server {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn new(script: impl Fn(usize, &Seen) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, flag) = (seen.clone(), stop.clone());
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if flag.load(Ordering::SeqCst) {
                    return;
                }
                serve(stream.unwrap(), &log, &script);
            }
        });
        Self { url, seen, stop, thread: Some(thread) }
    }

    /// Every request so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
        let joined = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || joined.is_none_or(|joined| joined.is_ok()));
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Seen>>, script: &impl Fn(usize, &Seen) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line == "\r\n" {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let header = |name: &str| {
        let named =
            |line: &&String| line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        lines.iter().find(named).and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
    };
    let seen = Seen {
        path: lines[0].split(' ').nth(1).unwrap_or_default().to_owned(),
        range: header("range"),
        if_range: header("if-range"),
        authorization: header("authorization"),
    };
    let number = log.lock().unwrap().len();
    let reply = script(number, &seen);
    log.lock().unwrap().push(seen);
    // The client may have had enough and closed.
    let sent = stream.write_all(reply.head.as_bytes()).and_then(|()| stream.write_all(&reply.body));
    if reply.hang && sent.is_ok() {
        drop(stream.read_to_end(&mut Vec::new()));
    }
}
