//! The directory of a run: `config.toml`, `run.json`, `metrics.jsonl`, `checkpoints/step-N/`, `snapshots/`, `best/`.

use crate::TrainError;
use crate::checkpoint;
use crate::config::Experiment;
use crate::files;
use crate::guard::MARGIN;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// An open run directory; while it lives no other process can train there.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    _lock: File,
}

impl RunDir {
    /// Creates the directory where needed and locks it.
    ///
    /// # Errors
    ///
    /// Another process has it; it cannot be created.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        fs::create_dir_all(path).map_err(TrainError::io("create", path))?;
        let lock_path = path.join(".lock");
        let lock = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&lock_path);
        let mut lock = lock.map_err(TrainError::io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = lock.read_to_string(&mut holder);
                return Err(TrainError::InUse { dir: path.into(), holder: holder.trim().into() });
            }
            Err(TryLockError::Error(error)) => return Err(TrainError::io("lock", &lock_path)(error)),
        }
        let holder = format!("process {}", std::process::id());
        lock.set_len(0)
            .and_then(|()| lock.write_all(holder.as_bytes()))
            .map_err(TrainError::io("write", &lock_path))?;
        let dir = Self { path: path.into(), _lock: lock };
        for place in [dir.path.clone(), dir.checkpoints(), dir.snapshots()] {
            files::recover(&place)?;
        }
        Ok(dir)
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where checkpoints lie.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// The model directory of the best validation.
    pub fn best(&self) -> PathBuf {
        self.path.join("best")
    }

    /// Where snapshots lie.
    pub fn snapshots(&self) -> PathBuf {
        self.path.join("snapshots")
    }

    /// The weights after a validation, kept for averaging and for going on.
    pub fn snapshot(&self, step: u64) -> PathBuf {
        self.snapshots().join(format!("step-{step}.safetensors"))
    }

    /// Removes all that a run writes, and nothing else.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn clear(&self) -> Result<(), TrainError> {
        for name in ["checkpoints", "snapshots", "best"] {
            files::remove_dir(&self.path.join(name))?;
        }
        for name in ["metrics.jsonl", "config.toml", "run.json"] {
            let path = self.path.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(TrainError::io("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the checkpoints after a step.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn forget_after(&self, step: u64) -> Result<(), TrainError> {
        for later in checkpoint::steps(&self.checkpoints())?.into_iter().filter(|&later| later > step) {
            files::remove_dir(&checkpoint::path(&self.checkpoints(), later))?;
        }
        Ok(())
    }

    /// Writes down, before the first step, what the run is made of.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn describe(
        &self,
        experiment: &Experiment,
        data_hashes: &BTreeMap<String, String>,
    ) -> Result<(), TrainError> {
        let config = toml::to_string_pretty(experiment).expect("the configuration is plain data");
        files::write_file(&self.path.join("config.toml"), config.as_bytes())?;
        let run = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "git": git_revision(),
            "data_blake3": data_hashes,
            "threads": rayon::current_num_threads(),
        });
        files::write_file(&self.path.join("run.json"), format!("{run:#}\n").as_bytes())
    }

    /// Deletes old checkpoints ([`is_kept`]), then the snapshots that neither `wanted` nor a kept checkpoint needs. A damaged checkpoint
    /// needs none: no run goes on from it.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn prune(
        &self,
        keep: usize,
        wanted: &[u64],
        of_state: impl Fn(&checkpoint::State) -> Vec<u64>,
    ) -> Result<(), TrainError> {
        let steps = checkpoint::steps(&self.checkpoints())?;
        let (kept, old): (Vec<u64>, Vec<u64>) = steps.iter().partition(|&&step| is_kept(step, &steps, keep));
        for step in old {
            files::remove_dir(&checkpoint::path(&self.checkpoints(), step))?;
        }
        let mut needed: BTreeSet<PathBuf> = wanted.iter().map(|&step| self.snapshot(step)).collect();
        for step in kept {
            let Ok(state) = checkpoint::load_state(&checkpoint::path(&self.checkpoints(), step)) else {
                continue;
            };
            needed.extend(of_state(&state).into_iter().map(|step| self.snapshot(step)));
        }
        let Ok(entries) = fs::read_dir(self.snapshots()) else { return Ok(()) };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| !needed.contains(path)) {
            fs::remove_file(&path).map_err(TrainError::io("remove", &path))?;
        }
        Ok(())
    }
}

/// Whether a checkpoint stays: the newest do, and the newest that is [`MARGIN`] steps old, to which a run goes back if it
/// diverges, with the one after it, which will be that old. Where checkpoints are further apart, these are the newest, too.
fn is_kept(step: u64, steps: &[u64], keep: usize) -> bool {
    let newest = steps.last().copied().unwrap_or(0);
    let old = steps.partition_point(|step| step + MARGIN <= newest); // never the newest itself
    steps.iter().rev().take(keep).any(|&kept| kept == step)
        || steps[old.saturating_sub(1)..=old].contains(&step)
}

/// The revision of the source tree that the process runs in, if there is one.
fn git_revision() -> Option<String> {
    let output = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_checkpoint_to_go_back_to() {
        for (every, most) in [(1, 4), (7, 4), (20, 4), (60, 2), (500, 2)] {
            let mut steps = Vec::new();
            for step in (1..40).map(|i| i * every) {
                steps.push(step);
                let kept = |&kept: &u64| is_kept(kept, &steps, 2);
                steps = steps.iter().copied().filter(kept).collect();
                assert!(steps.len() <= most && steps.ends_with(&[step]), "{steps:?}");
                let ages = steps.iter().map(|kept| step - kept).filter(|&age| age >= MARGIN);
                let youngest = ages.min();
                assert!(
                    step < every + MARGIN || youngest.is_some_and(|age| age <= 2 * MARGIN + 2 * every),
                    "{steps:?}"
                );
            }
        }
    }

    #[test]
    fn a_second_run_in_one_directory_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let first = RunDir::open(place.path()).unwrap();
        let error = RunDir::open(place.path()).unwrap_err();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        RunDir::open(place.path()).unwrap();
    }
}
