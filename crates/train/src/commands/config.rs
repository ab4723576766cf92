//! `config`: a configuration shown, written for a corpus, described.

use crate::cli::stdout_error;
use crate::commands::evaluate::Format;
use crate::config::{Plan, Resolved, parse};
use crate::disk::SystemDisk;
use crate::{TrainError, files};
use data::{LanguagePair, Limits, ParallelFiles, for_each_pair};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Pairs whose words are counted.
const SAMPLE: u64 = 20_000;

/// Names under which the held-out sets lie beside `train`, by their part.
const BESIDE: [(&str, &[&str]); 2] = [("dev", &["dev", "valid", "validation", "val"]), ("test", &["test"])];

/// This program as it was called, for advice that can be copied.
pub(super) fn program() -> String {
    std::env::args_os().next().map_or_else(|| "train".into(), |program| program.display().to_string())
}

/// Prints text as it is.
///
/// # Errors
///
/// Standard output is closed.
pub fn print(text: &str, out: &mut impl Write) -> Result<(), TrainError> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(stdout_error)
}

/// Prints an experiment with where its values come from.
///
/// # Errors
///
/// Standard output is closed.
pub fn show(resolved: &Resolved, format: Format, out: &mut impl Write) -> Result<(), TrainError> {
    match format {
        Format::Text => print(&resolved.to_toml(), out),
        Format::Json => print(&format!("{:#}\n", resolved.to_json()), out),
    }
}

/// What a configuration is to be made for.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The training text, if it is there already.
    pub files: Option<ParallelFiles>,
    /// Codes of source and target, if they are given.
    pub languages: [Option<String>; 2],
    /// Its pairs, if they need not be counted.
    pub n_pairs: Option<u64>,
}

/// Looks at the corpus and for held-out sets beside it.
///
/// # Errors
///
/// Text that cannot be read; no dev set.
pub fn plan(corpus: Corpus, name: String, minutes: Option<f64>) -> Result<Plan, TrainError> {
    let languages = languages(corpus.files.as_ref().unwrap_or(&ParallelFiles::default()), corpus.languages);
    let Some(train) = corpus.files else {
        let LanguagePair { src, tgt } = &languages;
        let set = |part: &str| {
            let path = |lang: &str| Path::new("data").join(&name).join(format!("{part}.{lang}"));
            ParallelFiles::pair(path(src), path(tgt))
        };
        let (train, dev, test) = (set("train"), set("dev"), Some(set("test")));
        let n_pairs = corpus.n_pairs.unwrap_or_default();
        return Ok(Plan { name, languages, train, dev, test, n_pairs, words: None, minutes });
    };
    if let Some(fault) = train.validate().first() {
        return Err(TrainError::Usage(format!("{}: {}", fault.key, fault.message)));
    }
    let [dev, test] = BESIDE.map(|(_, names)| names.iter().find_map(|name| beside(&train, name)));
    let dev = dev.ok_or_else(|| no_dev_set(&train))?;
    let (counted, words) = count(&train, &languages, corpus.n_pairs)?;
    let n_pairs = corpus.n_pairs.unwrap_or(counted);
    Ok(Plan { name, languages, train, dev, test, n_pairs, words, minutes })
}

/// The codes of the two sides: as given, or the endings of the files, or those of this project.
pub fn languages(files: &ParallelFiles, [src, tgt]: [Option<String>; 2]) -> LanguagePair {
    let ending = |path: &Path| {
        let ending = path.extension()?.to_str()?.to_owned();
        let is_code = (2..=3).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_lowercase());
        (is_code && ending != "txt").then_some(ending)
    };
    LanguagePair::new(
        src.or_else(|| ending(&files.src)).unwrap_or_else(|| "en".into()),
        tgt.or_else(|| ending(&files.tgt)).unwrap_or_else(|| "kn".into()),
    )
}

/// The set that lies beside `train` with `name` in its place, if it is there.
fn beside(train: &ParallelFiles, name: &str) -> Option<ParallelFiles> {
    let other = |path: &Path| -> Option<PathBuf> {
        let file = path.file_name()?.to_str()?;
        let other = path.with_file_name(file.contains("train").then(|| file.replacen("train", name, 1))?);
        other.is_file().then_some(other)
    };
    if train.file.as_os_str().is_empty() {
        Some(ParallelFiles::pair(other(&train.src)?, other(&train.tgt)?))
    } else {
        Some(ParallelFiles::one(other(&train.file)?))
    }
}

fn no_dev_set(train: &ParallelFiles) -> TrainError {
    let from = if train.file.as_os_str().is_empty() {
        format!("--src {} --tgt {}", train.src.display(), train.tgt.display())
    } else {
        format!("--file {}", train.file.display())
    };
    TrainError::Usage(format!(
        "there is no dev set beside the training text (a file of the same name with 'dev' for 'train'); hold some \
         lines out: train data split {from} --dev 500 --test 500 --output-dir DIR; then name its train files here"
    ))
}

/// The pairs of a set, and words of the longer side of one; nothing is read if the pairs are known.
fn count(
    files: &ParallelFiles,
    languages: &LanguagePair,
    known: Option<u64>,
) -> Result<(u64, Option<f64>), TrainError> {
    let (mut n_pairs, mut n_words) = (0, 0);
    let mut each = |pair: data::Pair| {
        n_pairs += 1;
        if n_pairs <= SAMPLE {
            n_words += [pair.src, pair.tgt]
                .map(|side| side.split_whitespace().count())
                .into_iter()
                .max()
                .unwrap_or(0);
        }
        Ok(())
    };
    if known.is_none() {
        for_each_pair(files, languages, &Limits::of_a_line(), &mut each)?;
    }
    let words = (n_words > 0).then(|| n_words as f64 / n_pairs.min(SAMPLE) as f64);
    Ok((n_pairs, words))
}

/// Writes the configuration of a plan to a file, replacing one if so told, or else to `out`.
///
/// # Errors
///
/// A name that is none; a file that is there; whatever the disk says.
pub fn init(plan: &Plan, place: Option<(&Path, bool)>, out: &mut impl Write) -> Result<(), TrainError> {
    let text = plan.to_toml();
    // What would not load is not written: a name that is no directory.
    let name = place.map_or("standard output".into(), |(path, _)| path.display().to_string());
    parse(&text, &name, &[])?;
    let Some((path, replace)) = place else { return print(&text, out) };
    if path.exists() && (!replace || !path.is_file()) {
        let source =
            std::io::Error::new(ErrorKind::AlreadyExists, "it is there already; --force replaces a file");
        return Err(TrainError::io("write", path)(source));
    }
    files::write_file(&SystemDisk, path, text.as_bytes())?;
    let (program, path) = (program(), path.display());
    writeln!(out, "wrote {path} for {} pairs\nnext:  {program} data check --config {path}", plan.n_pairs)
        .map_err(stdout_error)
}
