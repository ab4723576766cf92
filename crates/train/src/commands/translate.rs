//! `translate`: arguments, a file or standard input in; a line out for every line in, as soon as it is known.

use crate::TrainError;
use crate::cli::stdout_error;
use crate::corpora::MAX_LINE_BYTES;
use crate::translator::Translator;
use data::DataError;
use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

/// Lines that are translated together at most.
const BATCH_LINES: usize = 64;

/// Translates the given texts.
///
/// # Errors
///
/// A text is too long; standard output is closed.
pub fn texts(translator: &Translator, texts: &[String], out: &mut impl Write) -> Result<(), TrainError> {
    if let Some(long) = texts.iter().position(|text| text.len() > MAX_LINE_BYTES) {
        return Err(too_long(Path::new("arguments"), long + 1));
    }
    write_lines(translator, texts, 0, out)
}

/// Translates line by line what `input` gives (`name` is for messages): whatever has arrived is translated together,
/// so that a file goes in batches and a person at a terminal is answered at once.
///
/// # Errors
///
/// Input that is not UTF-8, has a line that is too long, or cannot be read; standard output is closed.
pub fn stream(
    translator: &Translator,
    input: impl BufRead + Send + 'static,
    name: &Path,
    out: &mut impl Write,
) -> Result<(), TrainError> {
    let lines = read_ahead(input, name);
    let mut first = 0;
    let mut failure = None;
    while failure.is_none() {
        let Ok(line) = lines.recv() else { break };
        let mut batch = Vec::new();
        for line in std::iter::once(line).chain(lines.try_iter()) {
            match line {
                Ok(line) => batch.push(line),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
            if batch.len() == BATCH_LINES {
                break;
            }
        }
        write_lines(translator, &batch, first, out)?;
        first += batch.len();
    }
    failure.map_or(Ok(()), Err)
}

/// Reads in a thread of its own, so that what has arrived is known without waiting.
fn read_ahead(mut input: impl BufRead + Send + 'static, name: &Path) -> Receiver<Result<String, TrainError>> {
    let (sender, receiver) = sync_channel(4 * BATCH_LINES);
    let name = name.to_path_buf();
    std::thread::spawn(move || {
        for number in 1.. {
            let mut bytes = Vec::new();
            // One byte more than a line and its end may have: what fills it is too long, and no more of it is kept.
            let mut line = input.by_ref().take(MAX_LINE_BYTES as u64 + 3);
            let line = match line.read_until(b'\n', &mut bytes) {
                Ok(0) => return,
                Ok(_) => decode(bytes, number, &name),
                Err(error) => Err(TrainError::io("read", &name)(error)),
            };
            let stop = line.is_err();
            if sender.send(line).is_err() || stop {
                return;
            }
        }
    });
    receiver
}

fn decode(mut bytes: Vec<u8>, line: usize, name: &Path) -> Result<String, TrainError> {
    for end in [b'\n', b'\r'] {
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
    }
    if bytes.len() > MAX_LINE_BYTES {
        return Err(too_long(name, line));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        TrainError::Data(DataError::BadUtf8 { path: name.into(), line, offset })
    })
}

fn too_long(path: &Path, line: usize) -> TrainError {
    TrainError::LineTooLong { path: path.into(), line, limit: MAX_LINE_BYTES }
}

fn write_lines(
    translator: &Translator,
    lines: &[String],
    first: usize,
    out: &mut impl Write,
) -> Result<(), TrainError> {
    let found = translator.translate_n_best(lines, first);
    let mut write = || {
        for (index, best) in found.iter().enumerate() {
            if translator.n_best == 1 {
                writeln!(out, "{}", best[0].text)?;
                continue;
            }
            for one in best {
                writeln!(out, "{}\t{:.4}\t{}", first + index + 1, one.score, one.text)?;
            }
        }
        out.flush()
    };
    write().map_err(stdout_error)
}
