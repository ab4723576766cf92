//! Training text as a set on disk: when that is wanted, where it lies, and how its making is told.

use crate::TrainError;
use crate::config::Experiment;
use crate::corpora::{CheckHashes, HeldOut, read_held_out, tell_sources, train_hash};
use crate::log::{self, Task};
use data::prepared::{self, HeldOutText, Prepared, Progress, Request};
use data::{DataError, Prepare, Tokenizer};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// From this many bytes of training text on, some half a million pairs, it is prepared on disk unless the configuration
/// forbids it: cleaning and tokenizing then takes longer than reading what was prepared, and memory would grow with it.
const MUCH_TEXT_BYTES: u64 = 128 << 20;

/// What a set of the experiment is made of.
pub(crate) fn request(experiment: &Experiment) -> Request<'_> {
    let (data, tokenizer) = (&experiment.data, &experiment.tokenizer);
    Request { data, tokenizer, max_tokens: data.clean.max_tokens.min(experiment.train.batch_tokens) }
}

fn dir(experiment: &Experiment) -> PathBuf {
    experiment.run.prepared().join(request(experiment).key())
}

/// Whether training reads prepared text.
///
/// # Errors
///
/// Files that are not there.
pub fn is_wanted(experiment: &Experiment) -> Result<bool, TrainError> {
    Ok(match experiment.data.prepare {
        Prepare::Always => true,
        Prepare::Never => false,
        Prepare::Auto => {
            dir(experiment).exists() || prepared::text_bytes(&experiment.data)? >= MUCH_TEXT_BYTES
        }
    })
}

/// The prepared training text, made if it is not there or not of the text of now.
///
/// # Errors
///
/// As [`prepared::prepare`].
pub fn prepare(experiment: &Experiment) -> Result<Prepared, TrainError> {
    let mut hashes = BTreeMap::new();
    let sets = read_held_out(experiment, &mut hashes)?;
    open_or_prepare(experiment, &sets, &mut hashes, &|_| Ok(()))
}

/// The same for held-out sets that were read already. Adds the hash of the training text to `hashes`; `check` is asked
/// before anything is made.
pub(crate) fn open_or_prepare(
    experiment: &Experiment,
    sets: &[HeldOut],
    hashes: &mut BTreeMap<String, String>,
    check: &CheckHashes<'_>,
) -> Result<Prepared, TrainError> {
    let (request, dir) = (request(experiment), dir(experiment));
    let sources = &experiment.data.train;
    let held_out: Vec<HeldOutText<'_>> =
        sets.iter().map(|set| HeldOutText { name: &set.name, pairs: &set.pairs }).collect();
    let task = log::spinner("preparing the training text");
    let mut progress = |progress| tell_progress(progress, &task);
    match prepared::open(&dir, &request) {
        Ok(Some(found)) => {
            hashes.insert("train".into(), train_hash(sources, &found.text_hashes));
            prepared::check_held_out(&dir, &request, &held_out, &mut progress)?;
            tracing::info!("train: {} examples, prepared in {}", found.reader.len(), dir.display());
            return Ok(found);
        }
        Ok(None) if dir.exists() => tracing::info!("the training text has changed; it is prepared anew"),
        Ok(None) => tracing::info!("the training text is prepared in {}, once for all runs", dir.display()),
        Err(fault @ (DataError::ShardsDamaged { .. } | DataError::ShardsForeign { .. })) => {
            tracing::warn!("{fault}; this is done now");
        }
        Err(fault) => return Err(fault.into()),
    }
    let text_hashes = prepared::text_hashes(&experiment.data)?;
    hashes.insert("train".into(), train_hash(sources, &text_hashes));
    check(hashes)?;
    let made = prepared::prepare(&dir, &request, &held_out, &mut progress)?;
    tell_sources(sources, &made.notes);
    Ok(made)
}

/// Refuses prepared text for a run with another vocabulary.
///
/// # Errors
///
/// They differ.
pub(crate) fn expect_vocabulary(prepared: &Prepared, tokenizer: &Tokenizer) -> Result<(), TrainError> {
    if prepared.reader.expect_tokenizer(tokenizer).is_ok() {
        return Ok(());
    }
    let differences = "  the vocabulary of the run is not the one that is learnt from its text now, by another version of \
                       this program: data.prepare = \"never\" goes on with the run's own";
    Err(TrainError::Mismatch { checkpoint: prepared.dir.clone(), differences: differences.into() })
}

/// Shows how far the preparation is.
fn tell_progress(progress: Progress, task: &Task) {
    match progress {
        Progress::Waiting => tracing::info!("another process prepares the same text; waiting for it"),
        Progress::Learning(words) => tracing::info!("learning the vocabulary from {words} different words"),
        Progress::Reading(pairs) => task.say(&format!("cleaned and counted {pairs} pairs (1 of 2)")),
        Progress::Writing(pairs) => task.say(&format!("tokenized and wrote {pairs} pairs (2 of 2)")),
    }
}
