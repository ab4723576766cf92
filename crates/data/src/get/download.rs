//! A download that is continued where it broke off, and there whole or not at all.
//!
//! The bytes grow in `<name>.part`; `<name>.part.json` says which file of which address they are from.
//! A part is continued only with a strong `ETag` or a `Last-Modified` in `If-Range`, so that a file that
//! changed in between is started anew and never glued together.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::Progress;
use super::error::GetError;
use super::hash::{Sum, sum};
use super::http::{Answer, Client, Fault, Patience, Rest};
use super::part::Part;
use super::recipe::Source;

/// The longest wait between two tries, also if the server asks for more.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// Progress by this much makes the tries count anew.
const NOTEWORTHY_BYTES: u64 = 1 << 20;

/// What a file must be, and may be at most.
pub(super) struct Demand<'a> {
    pub(super) source: &'a Source,
    pub(super) max_bytes: u64,
}

/// Fetches `demand.source` to `to`.
///
/// # Errors
///
/// Everything that [`GetError`] says of servers; nothing is at `to` then.
pub(super) fn download(
    client: &Client,
    patience: &Patience,
    demand: &Demand<'_>,
    to: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Sum, GetError> {
    let mut part = Part::open(to, &demand.source.url)?;
    loop {
        let continued = part.held > 0;
        pull(client, patience, demand, &mut part, progress)?;
        progress(Progress::Checking { bytes: part.held });
        let got = sum(&part.path)?;
        match check(demand, &got) {
            Ok(()) => return part.finish(to).map(|()| got),
            // The bytes from the earlier run may be to blame.
            Err(_) if continued => {
                progress(Progress::Restarted { reason: "the continued file does not add up" });
                part.restart()?;
            }
            Err(fault) => {
                part.remove()?;
                return Err(fault);
            }
        }
    }
}

fn check(demand: &Demand<'_>, got: &Sum) -> Result<(), GetError> {
    let url = || demand.source.url.clone();
    match (&demand.source.sha256, demand.source.bytes) {
        (Some(expected), _) if *expected != got.sha256 => {
            Err(GetError::WrongBytes { url: url(), expected: expected.clone(), got: got.sha256.clone() })
        }
        (_, Some(expected)) if expected != got.bytes => {
            Err(GetError::WrongLength { url: url(), expected, got: got.bytes })
        }
        _ => Ok(()),
    }
}

/// Tries until the part is complete, or there is no more hope.
fn pull(
    client: &Client,
    patience: &Patience,
    demand: &Demand<'_>,
    part: &mut Part,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), GetError> {
    let (mut tries, mut furthest) = (0, part.held);
    while !part.is_complete() {
        let (reason, wait) = match attempt(client, demand, part, progress) {
            Ok(()) => continue,
            Err(Fault::Final(fault)) => {
                if matches!(fault, GetError::WrongLength { .. } | GetError::TooLarge { .. }) {
                    part.remove()?;
                }
                return Err(fault);
            }
            Err(Fault::Passing { reason, wait }) => (reason, wait),
        };
        if part.held >= furthest + NOTEWORTHY_BYTES {
            (tries, furthest) = (0, part.held);
        }
        tries += 1;
        if tries >= patience.tries {
            let url = demand.source.url.clone();
            return Err(GetError::Broken { url, tries, held: part.held, reason });
        }
        let own = patience.backoff.saturating_mul(1 << (tries - 1).min(16));
        let wait = wait.unwrap_or(own).min(MAX_WAIT);
        progress(Progress::Waiting { reason: &reason, wait, held: part.held });
        thread::sleep(wait);
    }
    Ok(())
}

/// One request and as much of its body as comes.
fn attempt(
    client: &Client,
    demand: &Demand<'_>,
    part: &mut Part,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Fault> {
    let url = &demand.source.url;
    let validator = part.record.validator.clone();
    let rest = validator.as_deref().filter(|_| part.held > 0);
    let rest = rest.map(|validator| Rest { from: part.held, validator });
    let answer = client.ask(url, rest.as_ref())?;
    match answer.status {
        200 => {
            if part.held > 0 {
                progress(Progress::Restarted { reason: "the server sends the file from its beginning" });
            }
            part.restart()?;
            part.record.whole = answer.length;
            part.record.validator.clone_from(&answer.validator);
        }
        206 => continues(url, part, &answer)?,
        status => return Err(refusal(url, status, part, &answer)?),
    }
    if let Some(encoding) = &answer.encoding {
        return Err(bad_answer(url, format!("the file comes encoded as {encoding}")).into());
    }
    admit(demand, part)?;
    part.save()?;
    progress(Progress::Started { url, from: part.held, whole: part.record.whole });
    drain(demand, part, answer.body, progress)
}

/// Checks that a partial answer goes on where the part ends, in the same file.
fn continues(url: &str, part: &mut Part, answer: &Answer) -> Result<(), Fault> {
    let Some(range) = answer.range.filter(|range| range.first == Some(part.held) && part.held > 0) else {
        part.restart()?;
        return Err(Fault::passing("the server sent another range than asked for"));
    };
    let other_length = range.whole.zip(part.record.whole).is_some_and(|(now, then)| now != then);
    let known = answer.validator.as_ref().filter(|_| part.record.validator.is_some());
    if other_length || known.is_some_and(|now| part.record.validator.as_ref() != Some(now)) {
        part.restart()?;
        return Err(Fault::passing("the file changed on the server"));
    }
    part.record.whole = part.record.whole.or(range.whole);
    let left = part.record.whole.map(|whole| whole - part.held);
    if answer.length.zip(left).is_some_and(|(length, left)| length > left) {
        return Err(bad_answer(url, "it is longer than its Content-Range".to_owned()).into());
    }
    Ok(())
}

/// What any status but 200 and 206 means.
fn refusal(url: &str, status: u16, part: &mut Part, answer: &Answer) -> Result<Fault, GetError> {
    let url = url.to_owned();
    Ok(match status {
        416 if part.held > 0 => {
            part.restart()?;
            Fault::passing("the server refuses the rest of the file")
        }
        416 => GetError::RangeRefused { url }.into(),
        404 | 410 => GetError::NotThere { url, status }.into(),
        401 | 403 => GetError::Refused { url, status }.into(),
        408 | 425 | 429 | 500.. => {
            Fault::Passing { reason: format!("status {status}"), wait: answer.retry_after }
        }
        _ => GetError::Status { url, status }.into(),
    })
}

/// Compares the announced length with what is known and allowed.
fn admit(demand: &Demand<'_>, part: &Part) -> Result<(), GetError> {
    let url = || demand.source.url.clone();
    let Some(whole) = part.record.whole else { return Ok(()) };
    if let Some(expected) = demand.source.bytes.filter(|&expected| expected != whole) {
        return Err(GetError::WrongLength { url: url(), expected, got: whole });
    }
    if whole > demand.max_bytes {
        return Err(GetError::TooLarge { url: url(), limit: demand.max_bytes });
    }
    Ok(())
}

fn bad_answer(url: &str, what: String) -> GetError {
    GetError::BadAnswer { url: url.to_owned(), what }
}

/// Reads a body to its end into the part.
fn drain(
    demand: &Demand<'_>,
    part: &mut Part,
    mut body: Box<dyn Read>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Fault> {
    let most = part.record.whole.or(demand.source.bytes).unwrap_or(demand.max_bytes);
    let mut chunk = vec![0; 1 << 16];
    loop {
        let got = match body.read(&mut chunk) {
            Ok(0) => break,
            Ok(got) => got,
            Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
            Err(fault) => return Err(Fault::passing(fault)),
        };
        if part.held + got as u64 > most {
            let url = demand.source.url.clone();
            return Err(match part.record.whole.or(demand.source.bytes) {
                Some(expected) => GetError::WrongLength { url, expected, got: part.held + got as u64 },
                None => GetError::TooLarge { url, limit: most },
            }
            .into());
        }
        part.write(&chunk[..got])?;
        progress(Progress::Received { bytes: part.held, whole: part.record.whole });
    }
    match part.record.whole {
        Some(whole) if part.held < whole => Err(Fault::passing("the connection ended early")),
        // Without a length the end of the body is the end of the file.
        _ => {
            part.record.whole = Some(part.held);
            part.save().map_err(Fault::from)
        }
    }
}
