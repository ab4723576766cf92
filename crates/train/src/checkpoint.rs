//! Checkpoints: everything that a run needs to go on as if it had never stopped. A checkpoint is also a model directory.
//!
//! Weights, optimizer, position in the data and history are one commit ([`files::write_dir`]); the newest that is whole
//! is where a run resumes. Dropout and the order of the data are functions of seed, step and position, so that no
//! generator's state is saved.

use crate::TrainError;
use crate::config::Experiment;
use crate::disk::{self, Disk};
use crate::files::{self, Files};
use crate::guard::Guard;
use crate::model_dir;
use crate::run_dir::RunDir;
use crate::same_run::Part;
use crate::validate::Validation;
use burn::tensor::Device;
use data::Cursor;
use model::weights::{self, Arrays};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const STATE: &str = "state.json";
const OPTIMIZER: &str = "optimizer.safetensors";
const EMA: &str = "ema.safetensors";

/// What a run knows beside tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Optimizer steps done.
    pub step: u64,
    /// The next batch.
    pub cursor: Cursor,
    /// Target tokens seen.
    pub tgt_tokens: u64,
    /// Training time over all resumptions.
    pub elapsed_secs: f64,
    /// Every validation so far.
    pub validations: Vec<Validation>,
    /// Steps that changed no weights or that the optimizer was made to forget: its own count of steps is without them.
    #[serde(default)]
    pub missed_updates: u64,
    /// What the run watches itself for.
    #[serde(default)]
    pub guard: Guard,
    /// The resolved configuration.
    pub experiment: Experiment,
    /// BLAKE3 of each set of the data.
    pub data_hashes: BTreeMap<String, String>,
}

/// A checkpoint as read.
#[derive(Debug)]
pub struct Checkpoint {
    /// Its directory.
    pub path: PathBuf,
    /// What the run knew.
    pub state: State,
    /// Model and tokenizer, on a device without a tape.
    pub model_dir: model_dir::ModelDir,
    /// The optimizer's moments.
    pub moments: Arrays,
    /// The moving average of the weights, if the run keeps one.
    pub ema: Option<Arrays>,
}

impl Checkpoint {
    /// Forgets parts of it.
    pub fn forget(&mut self, parts: &BTreeSet<Part>) {
        let state = &mut self.state;
        for part in parts {
            match part {
                Part::Optimizer => {
                    state.missed_updates = state.step;
                    self.moments.clear();
                }
                Part::Schedule => state.guard = state.guard.with_new_schedule(state.step),
                Part::Data => state.cursor = Cursor::default(),
                Part::Best => state.validations.clear(),
            }
        }
    }
}

/// `checkpoints/step-<step>`
pub fn path(checkpoints: &Path, step: u64) -> PathBuf {
    checkpoints.join(format!("step-{step}"))
}

/// The step in `step-<step>`, if a name is of that form.
pub fn step_of(name: &str) -> Option<u64> {
    let step = name.strip_prefix("step-")?.parse().ok()?;
    (name == format!("step-{step}")).then_some(step)
}

/// The steps of the checkpoints there are, oldest first.
///
/// # Errors
///
/// The directory cannot be listed.
pub fn steps(disk: &dyn Disk, checkpoints: &Path) -> Result<Vec<u64>, TrainError> {
    let entries = files::list(disk, checkpoints)?;
    let step = |entry: disk::Entry| step_of(entry.name.to_str()?).filter(|_| entry.is_dir);
    let mut steps: Vec<u64> = entries.into_iter().filter_map(step).collect();
    steps.sort_unstable();
    Ok(steps)
}

/// Writes a checkpoint; `model_files` are those of its model directory.
///
/// # Errors
///
/// Whatever the file system says; older checkpoints are untouched.
pub fn save(
    disk: &dyn Disk,
    checkpoints: &Path,
    state: &State,
    model_files: Files,
    moments: &Arrays,
    ema: Option<&Arrays>,
) -> Result<(), TrainError> {
    let mut files = model_files;
    files.insert(STATE.into(), serde_json::to_vec_pretty(state).expect("the state is plain data"));
    files.insert(OPTIMIZER.into(), weights::to_safetensors(moments, [].into()));
    if let Some(ema) = ema {
        files.insert(EMA.into(), weights::to_safetensors(ema, [].into()));
    }
    files::create_dir(disk, checkpoints)?;
    files::write_dir(disk, &path(checkpoints, state.step), &files)
}

/// Reads the state of a checkpoint alone.
///
/// # Errors
///
/// It is missing or damaged.
pub fn load_state(disk: &dyn Disk, path: &Path) -> Result<State, TrainError> {
    let mut files = files::read_dir(disk, path)?;
    parse_state(&mut files, path)
}

/// Reads a checkpoint.
///
/// # Errors
///
/// It is missing or damaged.
pub fn load(disk: &dyn Disk, path: &Path, device: &Device) -> Result<Checkpoint, TrainError> {
    let mut files = files::read_dir(disk, path)?;
    let state = parse_state(&mut files, path)?;
    let moments =
        weights::from_safetensors(&files::take(&mut files, path, OPTIMIZER)?, &path.join(OPTIMIZER))?;
    let ema = files.remove(EMA);
    let model_dir = model_dir::from_files(&mut files, path, device)?;
    let shapes = weights::shapes(&model_dir.config.model, model_dir.config.vocab_size);
    let ema = ema.map(|bytes| weights::read_safetensors(&bytes, &shapes, &path.join(EMA))).transpose()?;
    for (name, array) in &moments {
        let of = name.split_once('.').and_then(|(_, parameter)| shapes.get(parameter));
        if of.map(|shape| shape.iter().product()) != Some(array.values.len()) {
            let reason = format!("moment '{name}' has {} numbers, its parameter others", array.values.len());
            return Err(TrainError::Damaged { path: path.join(OPTIMIZER), reason });
        }
    }
    Ok(Checkpoint { path: path.into(), state, model_dir, moments, ema })
}

/// The newest whole checkpoint of step `at_most` or before; `None` if there are no checkpoints that old. Damaged ones are
/// named in warnings.
///
/// # Errors
///
/// The directory cannot be listed; there are such checkpoints and none is whole.
pub fn newest_whole(
    run_dir: &RunDir,
    at_most: u64,
    device: &Device,
) -> Result<Option<Checkpoint>, TrainError> {
    let (checkpoints, mut steps) = (run_dir.checkpoints(), run_dir.steps()?);
    steps.retain(|&step| step <= at_most);
    let Some(&newest) = steps.last() else { return Ok(None) };
    while let Some(step) = steps.pop() {
        match load(run_dir.disk(), &path(&checkpoints, step), device) {
            Ok(saved) => return Ok(Some(saved)),
            Err(error) => tracing::warn!("{error}; looking for an older checkpoint"),
        }
    }
    Err(TrainError::Damaged {
        path: path(&checkpoints, newest),
        reason: "no checkpoint of this run is whole; start over with --fresh".into(),
    })
}

fn parse_state(files: &mut Files, path: &Path) -> Result<State, TrainError> {
    let bytes = files::take(files, path, STATE)?;
    let damaged = |reason: String| TrainError::Damaged { path: path.join(STATE), reason };
    let state: State = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match step_of(&name) {
        Some(step) if step != state.step => {
            Err(damaged(format!("it is the state after step {}, in the place of another", state.step)))
        }
        _ => Ok(state),
    }
}
