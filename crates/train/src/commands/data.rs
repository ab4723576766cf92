//! `data`: public corpora by name: listed, downloaded and verified.

use crate::TrainError;
use crate::cli::stdout_error;
use data::get::{self, Custom, Languages, Options, Progress, Purpose, Recipe};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::io::Write;
use std::path::Path;

/// Prints the corpora that there are for two languages.
///
/// # Errors
///
/// Standard output is closed.
pub fn list(languages: &Languages, out: &mut impl Write) -> Result<(), TrainError> {
    let mut write = || {
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
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{bytes} of {total_bytes}  {bytes_per_sec}  left {eta}")
            .expect("the template is right"),
    );
    tracing::info!("{}: {}; licence: {}", recipe.name, recipe.purpose, recipe.licence);
    let token = std::env::var("HF_TOKEN").ok().map(get::Token);
    let options = Options { token, ..Options::default() };
    let got = get::get(recipe, root, &options, &mut |progress| tell(&bar, progress))?;
    bar.finish_and_clear();
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
/// A file is missing or other than locked.
pub fn verify(root: &Path, out: &mut impl Write) -> Result<(), TrainError> {
    let mut faults = Vec::new();
    for checked in get::verify(root, &mut |_| {})? {
        let state = if checked.faults.is_empty() { "whole" } else { "NOT WHOLE" };
        writeln!(out, "{}: {state}", checked.corpus.directory).map_err(stdout_error)?;
        faults.extend(checked.faults);
    }
    match faults.first() {
        None => Ok(()),
        Some((path, fault)) => Err(TrainError::Damaged { path: path.clone(), reason: format!("{fault:?}") }),
    }
}

fn tell(bar: &ProgressBar, progress: Progress<'_>) {
    match progress {
        Progress::Started { url, from, whole } => {
            tracing::info!("downloading {url}");
            if from > 0 {
                tracing::info!("going on after {}", HumanBytes(from));
            }
            bar.set_length(whole.unwrap_or(0));
            bar.set_position(from);
        }
        Progress::Received { bytes, whole } => {
            bar.set_length(whole.unwrap_or(bytes));
            bar.set_position(bytes);
        }
        Progress::Waiting { reason, wait, .. } => {
            tracing::warn!("{reason}; trying again in {} s", wait.as_secs().max(1));
        }
        Progress::Restarted { reason } => tracing::warn!("starting over: {reason}"),
        Progress::Checking { .. } => {}
        Progress::Unpacking { archive } => tracing::info!("unpacking {}", archive.display()),
    }
}
