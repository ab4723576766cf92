//! The directory of a run: `config.toml`, `run.json`, `metrics.jsonl`, `report.html`, `tensorboard/events.*`,
//! `checkpoints/step-N/`, `snapshots/step-N/`, `best/`. Only what has one of these names is ever removed.

use crate::TrainError;
use crate::checkpoint;
use crate::config::Experiment;
use crate::corpora::Corpora;
use crate::disk::{Disk, SystemDisk};
use crate::files::{self, Files};
use crate::guard::MARGIN;
use crate::lock::{self, LOCK, Lock, lock};
use crate::runs::MAX_SMALL_BYTES;
use crate::{model_dir, tensorboard};
use indicatif::HumanBytes;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The page about the run.
pub(crate) const REPORT: &str = "report.html";
const BEST: &str = "best";
const CRASHES: &str = "crash";
const FILES: [&str; 4] = ["metrics.jsonl", "config.toml", "run.json", REPORT];

/// An open run directory; while it lives no other process can train there.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    lock: Lock,
}

impl RunDir {
    /// Creates the directory where needed, locks it and clears up what a crash left.
    ///
    /// # Errors
    ///
    /// Another process has it; it cannot be created.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        Self::open_on(Arc::new(SystemDisk), path)
    }

    /// As [`open`](Self::open), on a given disk. The lock alone is always the system's.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_on(disk: Arc<dyn Disk>, path: &Path) -> Result<Self, TrainError> {
        // A child that a killed process has just made holds what that held until it begins its own program: none is made
        // while the lock is ours.
        git_revision();
        files::create_dir(&*disk, path)?;
        let dir = Self { path: path.into(), disk, lock: lock(path)? };
        files::recover(dir.disk(), &dir.path, |name| name == BEST || FILES.contains(&name))?;
        for place in [dir.checkpoints(), dir.snapshots()] {
            files::recover(dir.disk(), &place, |name| checkpoint::step_of(name).is_some())?;
        }
        Ok(dir)
    }

    /// Says so early, before anything is read or written, if another process trains in a directory, or files lie where
    /// directories must.
    ///
    /// # Errors
    ///
    /// They do.
    pub fn refuse_early(path: &Path) -> Result<(), TrainError> {
        for place in ["checkpoints", "snapshots"].map(|name| path.join(name)) {
            if place.exists() && !place.is_dir() {
                return Err(TrainError::io("list", &place)(ErrorKind::NotADirectory.into()));
            }
        }
        if path.join(LOCK).exists() { lock(path).map(drop) } else { Ok(()) }
    }

    /// Whether the lock is still that of the directory. Where someone removed the directory, or put another in its place
    /// in which another run may train, this one has no business there any more.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn expect_ours(&self) -> Result<(), TrainError> {
        if self.lock.is_still_of(&self.path) {
            return Ok(());
        }
        Err(TrainError::Gone { dir: self.path.clone() })
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The disk that it lies on.
    pub fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// The same, to be kept.
    pub fn shared_disk(&self) -> Arc<dyn Disk> {
        Arc::clone(&self.disk)
    }

    /// Where checkpoints lie.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// The steps of the checkpoints there are, oldest first.
    ///
    /// # Errors
    ///
    /// They cannot be listed.
    pub fn steps(&self) -> Result<Vec<u64>, TrainError> {
        checkpoint::steps(self.disk(), &self.checkpoints())
    }

    /// The model directory of the best validation.
    pub fn best(&self) -> PathBuf {
        self.path.join(BEST)
    }

    /// Where batches lie whose numbers were not finite.
    pub fn crashes(&self) -> PathBuf {
        self.path.join(CRASHES)
    }

    /// Where snapshots lie.
    pub fn snapshots(&self) -> PathBuf {
        self.path.join("snapshots")
    }

    /// The weights after a validation, kept for averaging and for going on.
    pub fn snapshot(&self, step: u64) -> PathBuf {
        self.snapshots().join(format!("step-{step}"))
    }

    /// Keeps the weights after a validation, the bytes of a safetensors file.
    ///
    /// # Errors
    ///
    /// Whatever the disk says.
    pub fn write_snapshot(&self, step: u64, weights: Vec<u8>) -> Result<(), TrainError> {
        files::create_dir(self.disk(), &self.snapshots())?;
        files::write_dir(
            self.disk(),
            &self.snapshot(step),
            &[(model_dir::WEIGHTS.to_owned(), weights)].into(),
        )
    }

    /// The weights after a validation, as they were written.
    ///
    /// # Errors
    ///
    /// They are missing or damaged.
    pub fn read_snapshot(&self, step: u64) -> Result<Vec<u8>, TrainError> {
        let path = self.snapshot(step);
        files::take(&mut files::read_dir(self.disk(), &path)?, &path, model_dir::WEIGHTS)
    }

    /// Makes a model the one of `best/`.
    ///
    /// # Errors
    ///
    /// Whatever the disk says; then `best/` is as it was, or already the new one.
    pub fn write_best(&self, model: &Files) -> Result<(), TrainError> {
        files::write_dir(self.disk(), &self.best(), model)
    }

    /// Removes all that a run writes, and nothing else.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn clear(&self) -> Result<(), TrainError> {
        // Newest first: a run that is killed in the middle of this goes on with what is left.
        for dir in [self.checkpoints(), self.snapshots()] {
            for step in checkpoint::steps(self.disk(), &dir)?.into_iter().rev() {
                files::take_away(self.disk(), &checkpoint::path(&dir, step))?;
            }
        }
        files::take_away(self.disk(), &self.best())?;
        files::take_away(self.disk(), &self.crashes())?;
        tensorboard::remove(self.disk(), &self.path).map_err(TrainError::io("remove", &self.path))?;
        for path in FILES.map(|name| self.path.join(name)) {
            match self.disk.remove_file(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed.map_err(TrainError::io("remove", &path))?,
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
        for later in self.steps()?.into_iter().filter(|&later| later > step).rev() {
            files::take_away(self.disk(), &checkpoint::path(&self.checkpoints(), later))?;
        }
        Ok(())
    }

    /// Writes down, before the first step, what the run is made of.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn describe(&self, experiment: &Experiment, corpora: &Corpora) -> Result<(), TrainError> {
        let config = toml::to_string_pretty(experiment).expect("the configuration is plain data");
        files::write_file(self.disk(), &self.path.join("config.toml"), config.as_bytes())?;
        let held_out: BTreeMap<&str, usize> = [&corpora.dev]
            .into_iter()
            .chain(&corpora.tests)
            .map(|set| (set.name.as_str(), set.pairs.len()))
            .collect();
        let run = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "git": git_revision(),
            "started_unix_secs": started(self.disk(), &self.path).unwrap_or_else(|| lock::now().as_secs()),
            "data_blake3": corpora.hashes,
            "cleaning": corpora.clean_report,
            "held_out_lines": held_out,
            "threads": rayon::current_num_threads(),
            "machine": format!("{} on {}", std::env::consts::ARCH, std::env::consts::OS),
        });
        files::write_file(self.disk(), &self.path.join("run.json"), format!("{run:#}\n").as_bytes())
    }

    /// Writes the page about the run.
    ///
    /// # Errors
    ///
    /// Whatever the disk says; then the page is as it was, or already the new one.
    pub fn write_report(&self, html: &str) -> Result<(), TrainError> {
        files::write_file(self.disk(), &self.path.join(REPORT), html.as_bytes())
    }

    /// Warns if there is not room for two checkpoints of so many bytes: one is written before another is removed.
    pub fn warn_of_little_room(&self, checkpoint_bytes: u64) {
        let needed = 2 * checkpoint_bytes;
        if let Some(free) = self.disk.free_bytes(&self.path).filter(|&free| free < needed) {
            tracing::warn!(
                "{} are free for {}, and two checkpoints take {}: make room, or the run will stop at one of them",
                HumanBytes(free),
                self.path.display(),
                HumanBytes(needed)
            );
        }
    }

    /// Deletes old checkpoints but the newest and those to which a diverging run goes back, then the snapshots that neither `wanted` nor a kept checkpoint needs. A damaged
    /// checkpoint does not count and needs none: no run goes on from it. Where one cannot be read just now, no snapshot is
    /// deleted.
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
        let mut states = BTreeMap::new();
        let mut all_read = true;
        let steps = self.steps()?;
        for &step in &steps {
            match checkpoint::load_state(self.disk(), &checkpoint::path(&self.checkpoints(), step)) {
                Ok(state) => _ = states.insert(step, state),
                Err(TrainError::Io { .. }) => all_read = false,
                Err(_) => {}
            }
        }
        let whole: Vec<u64> = states.keys().copied().collect();
        for step in steps {
            if !is_kept(step, &whole, keep) {
                files::take_away(self.disk(), &checkpoint::path(&self.checkpoints(), step))?;
                states.remove(&step);
            }
        }
        if !all_read {
            return Ok(());
        }
        let needed: BTreeSet<u64> =
            wanted.iter().copied().chain(states.values().flat_map(of_state)).collect();
        for step in checkpoint::steps(self.disk(), &self.snapshots())? {
            if !needed.contains(&step) {
                files::take_away(self.disk(), &self.snapshot(step))?;
            }
        }
        Ok(())
    }
}

/// Whether a checkpoint stays: the newest `keep` of the `whole` ones do, damaged ones among them, and the newest that is [`MARGIN`] steps old, to which a run goes back if it
/// diverges, with the one after it, which will be that old. Where checkpoints are further apart, these are the newest, too.
fn is_kept(step: u64, whole: &[u64], keep: usize) -> bool {
    let newest = whole.last().copied().unwrap_or(0);
    let old = whole.partition_point(|step| step + MARGIN <= newest); // never the newest itself
    let newer = whole.iter().filter(|&&kept| kept > step).count();
    newer < keep
        || whole[old.saturating_sub(1)..].iter().take(if old > 0 { 2 } else { 1 }).any(|&kept| kept == step)
}

/// When the run in a directory began, seconds since 1970, if that was written down.
pub(crate) fn started(disk: &dyn Disk, run: &Path) -> Option<u64> {
    let json = disk.read_at_most(&run.join("run.json"), MAX_SMALL_BYTES).ok()?;
    serde_json::from_slice::<serde_json::Value>(&json).ok()?["started_unix_secs"].as_u64()
}

/// The revision of the source tree that the process runs in, if there is one; asked for once.
pub(crate) fn git_revision() -> Option<&'static str> {
    static REVISION: OnceLock<Option<String>> = OnceLock::new();
    let ask = || {
        let output = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    REVISION.get_or_init(ask).as_deref()
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
        let holder = format!("process {} on {} since 20", std::process::id(), crate::lock::host());
        assert!(error.to_string().contains(&holder), "{error}");
        assert!(RunDir::refuse_early(place.path()).is_err());
        drop(first);
        RunDir::refuse_early(place.path()).unwrap();
        RunDir::open(place.path()).unwrap();
    }
}
