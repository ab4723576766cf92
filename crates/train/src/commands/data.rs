//! `data`: corpora checked and prepared; public corpora by name: listed, downloaded and verified.

use crate::cli::stdout_error;
use crate::commands::evaluate::Format;
use crate::config::Experiment;
use crate::disk::SystemDisk;
use crate::log::{self, Task, Unit};
use crate::{TrainError, files};
use data::check::{self, Level};
use data::get::{self, Custom, Languages, Options, Progress, Purpose, Recipe};
use data::get::{FileFault, LOCK_NAME};
use data::{CleanConfig, DataConfig, LanguagePair, Limits, ParallelFiles, Script, Sources, TokenizerConfig};
use indicatif::HumanBytes;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The data of an experiment with this training text and nothing else.
///
/// # Errors
///
/// Names of files that make no set.
pub fn of_files(files: ParallelFiles, languages: LanguagePair) -> Result<DataConfig, TrainError> {
    if let Some(fault) = files.validate().first() {
        return Err(TrainError::Usage(format!("{}: {}", fault.key, fault.message)));
    }
    let LanguagePair { src: src_lang, tgt: tgt_lang } = languages;
    let target_script = Script::of_language(&tgt_lang).unwrap_or(Script::Any);
    let clean = CleanConfig { target_script, ..CleanConfig::default() };
    let train = Sources::from(files);
    Ok(DataConfig { train, src_lang, tgt_lang, clean, ..DataConfig::default() })
}

/// Prints a page about the training text; `html` is written, too.
///
/// # Errors
///
/// Text that cannot be read; `html` that cannot be written; after the page, what is an error on it.
pub fn check(
    data: &DataConfig,
    tokenizer: Option<&TokenizerConfig>,
    format: Format,
    html: Option<&Path>,
    out: &mut impl Write,
) -> Result<(), TrainError> {
    html.map_or(Ok(()), expect_place)?;
    let report = check::check(data, tokenizer, &Limits::of_training(data))?;
    if let Some(path) = html {
        files::write_file(&SystemDisk, path, report.to_html().as_bytes())?;
        tracing::info!("wrote {}", path.display());
    }
    let text = match format {
        Format::Text => report.to_string(),
        Format::Json => serde_json::to_string(&report).expect("a report is plain data"),
    };
    writeln!(out, "{}", text.trim_end()).map_err(stdout_error)?;
    match report.findings.iter().filter(|finding| finding.level == Level::Error).count() {
        0 => Ok(()),
        errors => Err(TrainError::Check { errors }),
    }
}

/// Refuses the name of a page where something else than a file is, which it would replace: a device, a pipe.
pub(super) fn expect_place(page: &Path) -> Result<(), TrainError> {
    let refuse = |reason| Err(TrainError::io("write", page)(reason));
    if page.metadata().is_ok_and(|there| !there.is_file()) {
        return refuse(std::io::Error::other("it is no regular file; name one"));
    }
    let dir = page.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match dir.metadata() {
        Ok(there) if !there.is_dir() => refuse(ErrorKind::NotADirectory.into()),
        Ok(_) => Ok(()),
        Err(error) => refuse(error),
    }
}

/// Prepares the training text of an experiment and says what became of it.
///
/// # Errors
///
/// Whatever the text or the disk says.
pub fn prepare(experiment: &Experiment, out: &mut impl Write) -> Result<(), TrainError> {
    let prepared = crate::prepare::prepare(experiment)?;
    let manifest = prepared.reader.manifest();
    let bytes: u64 = manifest.shards.iter().map(|shard| shard.bytes).sum();
    writeln!(
        out,
        "{}\n{} examples, {} source and {} target tokens of a vocabulary of {}, {}\n{}",
        prepared.clean_report,
        manifest.examples,
        manifest.src_tokens,
        manifest.tgt_tokens,
        manifest.vocab_size,
        HumanBytes(bytes),
        prepared.dir.display(),
    )
    .map_err(stdout_error)
}

/// Prints the corpora that there are for two languages. JSON: an array of them.
///
/// # Errors
///
/// Standard output is closed.
pub fn list(languages: &Languages, format: Format, out: &mut impl Write) -> Result<(), TrainError> {
    let mut write = || {
        if format == Format::Json {
            let all: serde_json::Value = get::recipes(languages).iter().map(object).collect();
            writeln!(out, "{all:#}")?;
            return out.flush();
        }
        for recipe in get::recipes(languages) {
            let pairs = recipe.pairs.map_or_else(|| "? pairs".into(), |pairs| format!("{pairs} pairs"));
            let bytes = recipe.rough_bytes.map_or_else(|| "?".into(), |bytes| HumanBytes(bytes).to_string());
            let gated = if recipe.gated { ", needs a token" } else { "" };
            writeln!(out, "{}  {} · {pairs} · {bytes}{gated}", recipe.name, recipe.purpose)?;
            writeln!(out, "    {}\n    licence: {}", recipe.about, recipe.licence)?;
        }
        out.flush()
    };
    write().map_err(stdout_error)
}

fn object(recipe: &Recipe) -> serde_json::Value {
    serde_json::json!({
        "name": recipe.name,
        "languages": recipe.languages.to_string(),
        "for_training": recipe.purpose == Purpose::Training,
        "licence": recipe.licence,
        "about": recipe.about,
        "pairs": recipe.pairs,
        "rough_bytes": recipe.rough_bytes,
        "gated": recipe.gated,
    })
}

/// The recipe of a name, or of addresses that the user gives with their hashes.
///
/// # Errors
///
/// A name that does not exist; addresses that make no corpus.
pub fn recipe(
    name: &str,
    languages: Languages,
    addresses: &[String],
    hashes: &[String],
) -> Result<Recipe, TrainError> {
    if addresses.is_empty() {
        return Ok(get::recipe(name, &languages)?);
    }
    if addresses.len() != hashes.len() {
        let (got, expected) = (hashes.len(), addresses.len());
        return Err(TrainError::Usage(format!(
            "got {got} --sha256 for {expected} --url; give each address its hash, in the same order"
        )));
    }
    let sources = addresses.iter().cloned().zip(hashes.iter().cloned()).collect();
    let (name, licence) = (name.to_owned(), "as the publisher states it".to_owned());
    Ok(Custom { name, languages, purpose: Purpose::Training, licence, sources }.recipe()?)
}

/// Downloads a corpus into `root` and says where its files lie.
///
/// # Errors
///
/// Whatever the download or the disk says; what was there before stays.
pub fn download(recipe: &Recipe, root: &Path, out: &mut impl Write) -> Result<(), TrainError> {
    let task = log::task("downloading", Unit::Bytes, 0);
    tracing::info!("{}: {}; licence: {}", recipe.name, recipe.purpose, recipe.licence);
    let token = std::env::var("HF_TOKEN").ok().map(get::Token);
    let options = Options { token, ..Options::default() };
    let got = get::get(recipe, root, &options, &mut |progress| tell(&task, progress))?;
    drop(task);
    if got.was_whole {
        tracing::info!("it is there already, and whole");
    }
    let mut write = || {
        for file in &got.corpus.files {
            let path = root.join(&got.corpus.directory).join(&file.name);
            writeln!(out, "{} ({} lines)", path.display(), file.lines)?;
        }
        out.flush()
    };
    write().map_err(stdout_error)
}

/// Compares what the lock in `root` names with its hashes.
///
/// # Errors
///
/// There is no lock; a file is missing or other than locked.
pub fn verify(root: &Path, out: &mut impl Write) -> Result<(), TrainError> {
    if !root.join(LOCK_NAME).exists() {
        let advice = "name the directory that `data get` wrote to with --dir";
        return Err(TrainError::MissingFile { dir: root.into(), file: LOCK_NAME.into(), advice });
    }
    let mut faults = Vec::new();
    for checked in get::verify(root, &mut |_| {})? {
        let state = if checked.faults.is_empty() { "whole" } else { "NOT WHOLE" };
        writeln!(out, "{}: {state}", checked.corpus.directory).map_err(stdout_error)?;
        faults.extend(checked.faults);
    }
    match faults.first() {
        None => Ok(()),
        Some((path, fault)) => Err(TrainError::Damaged { path: path.clone(), reason: in_words(fault) }),
    }
}

fn in_words(fault: &FileFault) -> String {
    match fault {
        FileFault::Missing => format!("it is not there, or no regular file, but {LOCK_NAME} names it"),
        FileFault::Length { locked, got } => format!("it has {got} bytes, {LOCK_NAME} says {locked}"),
        FileFault::Bytes { .. } => format!("its SHA-256 is not that of {LOCK_NAME}"),
    }
}

fn tell(task: &Task, progress: Progress<'_>) {
    match progress {
        Progress::Started { url, from, whole } => {
            tracing::info!("downloading {url}");
            if from > 0 {
                tracing::info!("going on after {}", HumanBytes(from));
            }
            task.set_all(whole.unwrap_or(0));
            task.at(from);
        }
        Progress::Received { bytes, whole } => {
            task.set_all(whole.unwrap_or(bytes));
            task.at(bytes);
        }
        Progress::Waiting { reason, wait, .. } => {
            tracing::warn!("{reason}; trying again in {} s", wait.as_secs().max(1));
        }
        Progress::Restarted { reason } => tracing::warn!("starting over: {reason}"),
        Progress::Checking { .. } => {}
        Progress::Unpacking { archive } => tracing::info!("unpacking {}", archive.display()),
    }
}
