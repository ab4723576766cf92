//! `translate`: arguments, a file or standard input in; a line out for every line in, as soon as it is known.

use crate::TrainError;
use crate::cli::stdout_error;
use crate::translator::Translator;
use data::DataError;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

/// Lines that are translated together at most.
const BATCH_LINES: usize = 64;

/// Translates the given texts.
///
/// # Errors
///
/// Standard output is closed.
pub fn texts(translator: &Translator, texts: &[String], out: &mut impl Write) -> Result<(), TrainError> {
    write_lines(translator, texts, 0, out)
}

/// Translates line by line what `input` gives (`name` is for messages): whatever has arrived is translated together,
/// so that a file goes in batches and a person at a terminal is answered at once.
///
/// # Errors
///
/// Input that is not UTF-8 or cannot be read; standard output is closed.
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
            let line = match input.read_until(b'\n', &mut bytes) {
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
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        TrainError::Data(DataError::BadUtf8 { path: name.into(), line, offset })
    })
}

fn write_lines(translator: &Translator, lines: &[String], first: usize, out: &mut impl Write) -> Result<(), TrainError> {
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
