//! One request over HTTP: redirects followed by hand, the answer reduced to what a download needs.
//!
//! RFC 9110 §14 (ranges), §13.1.5 (If-Range), §8.8 (validators).

use std::fmt;
use std::io::{ErrorKind, Read};
use std::time::Duration;

use ureq::http::{HeaderMap, Uri};
use ureq::{Agent, Proxy};

use super::error::GetError;

/// Most redirects that are followed.
const MAX_REDIRECTS: usize = 8;

/// A secret that names its owner to a publisher. It is sent over https only, to the host of the
/// recipe's address only, and never printed.
#[derive(Clone)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(…)")
    }
}

/// How long to wait for the network.
#[derive(Clone, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes, of the head or the body.
    pub stall: Duration,
    /// Before the second try; doubled before each further one, up to a minute.
    pub backoff: Duration,
    /// Tries in a row without progress before giving up.
    pub tries: u32,
}

impl Default for Patience {
    /// 30 s for a connection, 60 s for bytes; six tries, the second after a second.
    fn default() -> Self {
        let secs = Duration::from_secs;
        Self { connect: secs(30), stall: secs(60), backoff: secs(1), tries: 6 }
    }
}

/// A failed try: worth another one, or not.
#[derive(Debug)]
pub(super) enum Fault {
    Passing { reason: String, wait: Option<Duration> },
    Final(GetError),
}

impl Fault {
    pub(super) fn passing(reason: impl fmt::Display) -> Self {
        Self::Passing { reason: reason.to_string(), wait: None }
    }
}

impl From<GetError> for Fault {
    fn from(fault: GetError) -> Self {
        Self::Final(fault)
    }
}

/// What to ask for: the rest of a file from an offset, if it is still the same file.
pub(super) struct Rest<'a> {
    pub(super) from: u64,
    pub(super) validator: &'a str,
}

/// `Content-Range`: the first byte, absent if unsatisfied, and the length of the whole, if told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) first: Option<u64>,
    pub(super) whole: Option<u64>,
}

/// What came back, body unread.
pub(super) struct Answer {
    pub(super) status: u16,
    /// A validator that can prove equality byte by byte, if there is one.
    pub(super) validator: Option<String>,
    pub(super) length: Option<u64>,
    pub(super) range: Option<ContentRange>,
    pub(super) retry_after: Option<Duration>,
    pub(super) encoding: Option<String>,
    pub(super) body: Box<dyn Read>,
}

/// Sends requests.
pub(super) struct Client {
    agent: Agent,
    token: Option<Token>,
}

impl Client {
    pub(super) fn new(patience: &Patience, token: Option<Token>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent("anuvada-data")
            .timeout_connect(Some(patience.connect))
            .timeout_recv_response(Some(patience.stall))
            .timeout_per_read(Some(patience.stall))
            .timeout_per_write(Some(patience.stall))
            .max_idle_connections(0)
            .build();
        Self { agent: config.new_agent(), token }
    }

    /// Asks for a file, or for the rest of it.
    ///
    /// # Errors
    ///
    /// Passing faults of the network; addresses and redirects that are not followed.
    pub(super) fn ask(&self, url: &str, rest: Option<&Rest<'_>>) -> Result<Answer, Fault> {
        let mut at = parse(url).ok_or_else(|| GetError::BadAddress { url: url.to_owned() })?;
        let start = at.clone();
        for _ in 0..=MAX_REDIRECTS {
            let own_host = at.host() == start.host() && at.scheme_str() == Some("https");
            let token = self.token.as_ref().filter(|_| own_host);
            let response = self.send(&at, token, rest)?;
            let status = response.status().as_u16();
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer(status, response));
            }
            let to = text(response.headers(), "location").unwrap_or_default();
            let bad = || GetError::BadRedirect { url: url.to_owned(), to: to.chars().take(200).collect() };
            let next = follow(&at, &to).ok_or_else(bad)?;
            if at.scheme_str() == Some("https") && next.scheme_str() != Some("https") {
                return Err(bad().into());
            }
            at = next;
        }
        Err(GetError::TooManyRedirects { url: url.to_owned(), limit: MAX_REDIRECTS }.into())
    }

    fn send(
        &self,
        at: &Uri,
        token: Option<&Token>,
        rest: Option<&Rest<'_>>,
    ) -> Result<ureq::http::Response<ureq::Body>, Fault> {
        // The machine itself is never asked through a proxy.
        let proxy = if is_loopback(at) { None } else { Proxy::try_from_env() };
        let mut request = self.agent.get(at).config().proxy(proxy).build();
        request = request.header("accept-encoding", "identity");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {}", token.0));
        }
        if let Some(rest) = rest {
            request = request.header("range", format!("bytes={}-", rest.from));
            request = request.header("if-range", rest.validator);
        }
        request.call().map_err(|fault| match fault {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                GetError::BadAddress { url: at.to_string() }.into()
            }
            // What TLS finds wrong, a certificate above all, is wrong the next time, too.
            ureq::Error::Io(fault) if fault.kind() == ErrorKind::InvalidData => {
                GetError::BadAnswer { url: at.to_string(), what: fault.to_string() }.into()
            }
            other => Fault::passing(other),
        })
    }
}

fn is_loopback(at: &Uri) -> bool {
    let host = at.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An absolute http or https address with a host and without a password.
fn parse(url: &str) -> Option<Uri> {
    let at: Uri = url.parse().ok()?;
    let known = matches!(at.scheme_str(), Some("http" | "https"));
    let plain = at.authority().is_some_and(|host| !host.as_str().contains('@') && !host.host().is_empty());
    (known && plain).then_some(at)
}

/// The address that a `Location` means, seen from `at`.
fn follow(at: &Uri, to: &str) -> Option<Uri> {
    let (scheme, host) = (at.scheme_str()?, at.authority()?);
    let has_scheme = to.split(['/', '?', '#']).next().is_some_and(|head| head.contains(':'));
    let to = to.split('#').next()?;
    if to.is_empty() {
        None
    } else if has_scheme {
        parse(to)
    } else if to.starts_with("//") {
        parse(&format!("{scheme}:{to}"))
    } else if to.starts_with('/') {
        parse(&format!("{scheme}://{host}{to}"))
    } else {
        let directory = at.path().rsplit_once('/').map_or("", |(directory, _)| directory);
        parse(&format!("{scheme}://{host}{directory}/{to}"))
    }
}

fn answer(status: u16, response: ureq::http::Response<ureq::Body>) -> Answer {
    let headers = response.headers();
    let number = |name| text(headers, name).and_then(|value| value.trim().parse::<u64>().ok());
    let strong = text(headers, "etag").filter(|tag| tag.starts_with('"'));
    Answer {
        status,
        validator: strong.or_else(|| text(headers, "last-modified")),
        length: number("content-length"),
        range: text(headers, "content-range").and_then(|value| content_range(&value)),
        retry_after: number("retry-after").map(Duration::from_secs),
        encoding: text(headers, "content-encoding").filter(|encoding| encoding != "identity"),
        body: Box::new(response.into_body().into_reader()),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn content_range(value: &str) -> Option<ContentRange> {
    let (range, whole) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let whole = if whole == "*" { None } else { Some(whole.parse().ok()?) };
    if range == "*" {
        return Some(ContentRange { first: None, whole });
    }
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let fits = first <= last && whole.is_none_or(|whole| last < whole);
    fits.then_some(ContentRange { first: Some(first), whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_resolved_and_other_schemes_refused() {
        let at = parse("https://a.example/b/c?d").expect("an address");
        let to = |location: &str| follow(&at, location).map(|uri| uri.to_string());
        assert_eq!(to("/x?y#z").as_deref(), Some("https://a.example/x?y"));
        assert_eq!(to("x").as_deref(), Some("https://a.example/b/x"));
        assert_eq!(to("//e.example/x").as_deref(), Some("https://e.example/x"));
        assert_eq!(to("http://e.example/x").as_deref(), Some("http://e.example/x"));
        for bad in ["file:///etc/passwd", "ftp://a/b", "javascript:x", "", "http:///x", "https://u:p@h/x"] {
            assert_eq!(to(bad), None, "{bad}");
        }
    }

    #[test]
    fn ranges_are_read_only_when_they_make_sense() {
        let range = |first, whole| Some(ContentRange { first, whole });
        assert_eq!(content_range("bytes 5-9/10"), range(Some(5), Some(10)));
        assert_eq!(content_range("bytes 5-9/*"), range(Some(5), None));
        assert_eq!(content_range("bytes */10"), range(None, Some(10)));
        for bad in ["bytes 5-10/10", "bytes 9-5/10", "5-9/10", "bytes -9/10", "bytes 5-9", "items 5-9/10"] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        assert_eq!(format!("{:?}", Some(Token("hf_secret".to_owned()))), "Some(Token(…))");
    }
}
