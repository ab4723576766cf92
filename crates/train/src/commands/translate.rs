//! `translate`: arguments, a file or standard input in; a line out for every line in, as soon as it is known.

use crate::TrainError;
use crate::attention::{Alignment, Recorder};
use crate::cli::stdout_error;
use crate::commands::pictures::Pictures;
use crate::corpora::MAX_LINE_BYTES;
use crate::translator::{Translation, Translator};
use data::DataError;
use page::attention::Sentence;
use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

/// Lines that are translated together at most.
const BATCH_LINES: usize = 64;

/// A translator, and what is told beside its translations.
#[derive(Debug)]
pub struct Session {
    /// The translator.
    pub translator: Translator,
    /// Shows the attention of translations; needed for both below.
    pub recorder: Option<Recorder>,
    /// Whether alignments are printed.
    pub alignment: Alignments,
    /// Files of attention.
    pub pictures: Option<Pictures>,
}

/// Whether each translation is followed by ` ||| ` and its alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignments {
    /// Translations alone.
    Hidden,
    /// As Marian prints them.
    Printed,
}

impl Session {
    /// Translates the given texts.
    ///
    /// # Errors
    ///
    /// A text is too long; standard output is closed.
    pub fn texts(&mut self, texts: &[String], out: &mut impl Write) -> Result<(), TrainError> {
        if let Some(long) = texts.iter().position(|text| text.len() > MAX_LINE_BYTES) {
            return Err(too_long(Path::new("arguments"), long + 1));
        }
        self.write_lines(texts, 0, out)
    }

    /// Translates line by line what `input` gives (`name` is for messages): whatever has arrived is translated together,
    /// so that a file goes in batches and a person at a terminal is answered at once.
    ///
    /// # Errors
    ///
    /// Input that is not UTF-8, has a line that is too long, or cannot be read; standard output is closed.
    pub fn stream(
        &mut self,
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
            self.write_lines(&batch, first, out)?;
            first += batch.len();
        }
        failure.map_or(Ok(()), Err)
    }

    fn write_lines(
        &mut self,
        lines: &[String],
        first: usize,
        out: &mut impl Write,
    ) -> Result<(), TrainError> {
        let found = self.translator.translate_n_best(lines, first);
        for (index, best) in found.iter().enumerate() {
            for (rank, one) in best.iter().enumerate() {
                let text = self.told(one, rank);
                match self.translator.n_best {
                    1 => writeln!(out, "{text}"),
                    _ => writeln!(out, "{}\t{:.4}\t{text}", first + index + 1, one.score),
                }
                .map_err(stdout_error)?;
                if self.translator.n_best == 1 {
                    break;
                }
            }
        }
        out.flush().map_err(stdout_error)
    }

    /// A translation with its alignment, if that is wanted; the best one is drawn.
    fn told(&mut self, one: &Translation, rank: usize) -> String {
        let drawn = self.pictures.as_mut().filter(|_| rank == 0);
        let (Some(recorder), true) =
            (&self.recorder, self.alignment == Alignments::Printed || drawn.is_some())
        else {
            return one.text.clone();
        };
        let (sentences, alignments): (Vec<Sentence>, Vec<Alignment>) =
            one.parts.iter().filter_map(|part| recorder.sentence(part)).unzip();
        if let Some(pictures) = drawn {
            for sentence in &sentences {
                pictures.add(sentence);
            }
        }
        match self.alignment {
            Alignments::Hidden => one.text.clone(),
            Alignments::Printed => {
                let links = alignments.iter().fold(Alignment::default(), Alignment::followed_by);
                format!("{} ||| {links}", one.text)
            }
        }
    }
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
