//! A checkpoint of a real run, and what a run does with its directory at a save.

use crate::common::Place;
use crate::sim::SimDisk;
use model::weights::{self, Arrays};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use train::TrainError;
use train::checkpoint::{self, State};
use train::disk::{Disk, SystemDisk};
use train::files::{self, Files};
use train::log::RunLog;
use train::run_dir::RunDir;

/// Checkpoints that a run keeps.
pub(crate) const KEEP: usize = 2;

/// Files that someone else put where a run lives.
const FOREIGN: [&str; 6] = [
    "notes.txt",
    ".notes.old",
    "checkpoints/notes.new",
    "checkpoints/.notes.gone",
    "snapshots/mine.safetensors",
    "snapshots/.mine.new",
];

/// Two real runs. All tests share them: a process that is started inherits, for a moment, the locks of all threads.
struct Trained {
    place: Place,
    n_users: AtomicUsize,
}

impl Trained {
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Trained>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        shared.upgrade().unwrap_or_else(|| {
            let place = Place::trained();
            place.train(&["run.name=other", "run.seed=2"]).assert().success();
            let trained = Arc::new(Self { place, n_users: AtomicUsize::new(0) });
            *shared = Arc::downgrade(&trained);
            trained
        })
    }
}

/// What the files of a run's checkpoint hold, and a place for the lock of a simulated run.
pub(crate) struct Material {
    trained: Arc<Trained>,
    path: PathBuf,
    model: Files,
    pub(crate) state: State,
    moments: Arrays,
}

impl Material {
    pub(crate) fn new() -> Self {
        let trained = Trained::shared();
        let from = trained.place.path("runs/run/checkpoints/step-12");
        let mut model = files::read_dir(&SystemDisk, &from).unwrap();
        let state = checkpoint::load_state(&SystemDisk, &from).unwrap();
        model.remove("state.json").unwrap();
        let moments = model.remove("optimizer.safetensors").unwrap();
        let moments = weights::from_safetensors(&moments, &from).unwrap();
        let user = trained.n_users.fetch_add(1, Ordering::Relaxed);
        let path = trained.place.path(&format!("simulated-{user}"));
        std::fs::create_dir(&path).unwrap();
        Self { trained, path, model, state, moments }
    }

    /// The last checkpoint of a real run, `run` or `other`.
    pub(crate) fn real(&self, run: &str) -> PathBuf {
        self.trained.place.path(&format!("runs/{run}/checkpoints/step-12"))
    }

    /// Of the simulated run.
    pub(crate) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// The configuration of the real runs.
    pub(crate) fn config(&self) -> PathBuf {
        self.trained.place.path("config.toml")
    }

    fn state(&self, step: u64) -> State {
        State { step, ..self.state.clone() }
    }

    /// The model after a step; `round` makes two of the same step differ.
    pub(crate) fn model(&self, step: u64, round: u64) -> Files {
        let mut model = self.model.clone();
        model.insert("README.md".into(), format!("after step {step}, round {round}\n").into_bytes());
        model
    }

    /// All that a run writes when it goes on after `from`, is at `step`, has just found the best model and saves.
    pub(crate) fn save(
        &self,
        disk: &Arc<SimDisk>,
        from: u64,
        step: u64,
        round: u64,
    ) -> Result<(), TrainError> {
        let dir = RunDir::open_on(Arc::clone(disk) as _, &self.path())?;
        let mut log = RunLog::open(dir.shared_disk(), dir.path(), from, &[], None)?;
        if step > from {
            log.write("train", &serde_json::json!({ "step": step }))?;
        }
        dir.write_snapshot(step, self.model["model.safetensors"].clone())?;
        dir.write_best(&self.model(step, round))?;
        log.sync()?;
        let (state, model) = (self.state(step), self.model(step, round));
        checkpoint::save(dir.disk(), &dir.checkpoints(), &state, model, &self.moments, None)?;
        dir.prune(KEEP, &[step], |state| vec![state.step])
    }

    /// A disk on which these steps were saved, and where someone else has files.
    pub(crate) fn disk(&self, steps: &[u64]) -> SimDisk {
        let disk = Arc::new(SimDisk::new());
        let mut from = 0;
        for &step in steps {
            self.save(&disk, from, step, 0).unwrap();
            from = step;
        }
        if !steps.is_empty() {
            for name in FOREIGN {
                let path = self.path().join(name);
                files::write_file(&*disk, &path, name.as_bytes()).unwrap();
            }
        }
        disk.restarted()
    }
}

/// Names in the three directories of a run that stand for something unfinished.
pub(crate) fn litter(disk: &SimDisk, run: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for dir in [run.to_path_buf(), run.join("checkpoints"), run.join("snapshots")] {
        let names: Vec<String> = files::list(disk, &dir)
            .unwrap()
            .into_iter()
            .map(|entry| entry.name.into_string().unwrap())
            .collect();
        let of_ours = |name: &&String| {
            let Some((place, suffix)) = name.strip_prefix('.').and_then(|name| name.rsplit_once('.')) else {
                return false;
            };
            // An old directory whose successor did not come is no litter.
            let stands_in = suffix == "old" && !names.iter().any(|name| name == place);
            !stands_in && !place.contains("notes") && !place.contains("mine")
        };
        found.extend(names.iter().filter(of_ours).map(|name| format!("{}/{name}", dir.display())));
    }
    found
}

/// Someone else's files, all of them or none.
pub(crate) fn foreign(disk: &SimDisk, run: &Path) -> BTreeMap<String, Vec<u8>> {
    FOREIGN.iter().filter_map(|name| Some(((*name).to_owned(), disk.read(&run.join(name)).ok()?))).collect()
}
