//! A run as its directory tells it, whatever became of it: for those who look at runs, not for the run itself.
//!
//! Nothing here is believed: directories may hold anything, files may be cut short, of another version or a stranger's.

mod rows;

pub use rows::{End, GoBack, Rows, TestRow, TrainRow};

use crate::config::Metric;
use crate::disk::Disk;
use crate::history;
use crate::lock;
use crate::validate::Validation;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Larger logs are not read.
pub(crate) const MAX_BYTES: u64 = 1 << 30;
/// Nor are larger files of another kind.
pub(crate) const MAX_SMALL_BYTES: u64 = 4 << 20;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A process trains.
    Running,
    /// It can go on.
    Stopped,
    /// It came to its end.
    Finished,
    /// Its numbers went wrong, and it gave up.
    Diverged,
}

impl State {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Finished => "finished",
            Self::Diverged => "diverged",
        }
    }
}

/// A run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The name of its directory, which may not be that of the configuration.
    pub name: String,
    /// Its directory.
    pub path: PathBuf,
    /// `config.toml`; empty if it cannot be read.
    pub config: toml::Table,
    /// The same as text.
    pub config_text: String,
    /// `run.json`; null if it cannot be read.
    pub facts: Value,
    /// `metrics.jsonl`.
    pub rows: Rows,
}

impl Run {
    /// Reads a directory; `None` if it is not that of a run: it lacks `config.toml`, or both `run.json` and `metrics.jsonl`.
    pub fn read(disk: &dyn Disk, path: &Path) -> Option<Self> {
        let text = |name: &str, most: u64| {
            let bytes = disk.read_at_most(&path.join(name), most).ok()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let config_text = text("config.toml", MAX_SMALL_BYTES)?;
        let (facts, metrics) = (text("run.json", MAX_SMALL_BYTES), text("metrics.jsonl", MAX_BYTES));
        if facts.is_none() && metrics.is_none() {
            return None;
        }
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.into());
        let name = whole.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned());
        Some(Self {
            name,
            path: path.into(),
            config: config_text.parse().unwrap_or_default(),
            config_text,
            facts: facts.and_then(|facts| serde_json::from_str(&facts).ok()).unwrap_or_default(),
            rows: Rows::parse(&metrics.unwrap_or_default()),
        })
    }

    /// How it stands by its rows, and whether a process has its directory.
    pub fn state(&self) -> State {
        if lock::holder(&self.path).is_some() { State::Running } else { self.last_state() }
    }

    /// How it stood when it was last written to.
    pub fn last_state(&self) -> State {
        match &self.rows.end {
            Some(end) if end.state == "diverged" => State::Diverged,
            Some(_) => State::Finished,
            // Older versions write no end.
            None if !self.rows.tests.is_empty() => State::Finished,
            None => State::Stopped,
        }
    }

    /// A value of the configuration by its full key.
    pub fn value(&self, key: &str) -> Option<&toml::Value> {
        let (first, rest) = key.split_once('.').map_or((key, None), |(first, rest)| (first, Some(rest)));
        let value = self.config.get(first)?;
        rest.map_or(Some(value), |rest| rest.split('.').try_fold(value, |value, key| value.get(key)))
    }

    /// A text of the configuration.
    pub fn text(&self, key: &str) -> &str {
        self.value(key).and_then(toml::Value::as_str).unwrap_or_default()
    }

    /// What its best validation is chosen by.
    pub fn metric(&self) -> Metric {
        self.value("validate.metric")
            .and_then(|metric| metric.clone().try_into().ok())
            .unwrap_or(Metric::ChrfPlusPlus)
    }

    /// The best validation; the average at the end counts.
    pub fn best(&self) -> Option<&Validation> {
        let metric = self.metric();
        let best = history::best(&self.rows.validations, metric);
        match (&self.rows.average, best) {
            (Some(average), Some(best)) if average.beats(best, metric) => Some(average),
            (_, best) => best,
        }
    }

    /// Every value of the configuration by its full key.
    pub fn flat_config(&self) -> BTreeMap<String, String> {
        fn walk(prefix: &str, table: &toml::Table, into: &mut BTreeMap<String, String>) {
            for (key, value) in table {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                match value {
                    toml::Value::Table(table) => walk(&key, table, into),
                    value => _ = into.insert(key, value.to_string()),
                }
            }
        }
        let mut flat = BTreeMap::new();
        walk("", &self.config, &mut flat);
        flat
    }

    /// When it began, seconds since 1970.
    pub fn started_unix_secs(&self) -> Option<u64> {
        self.facts["started_unix_secs"].as_u64()
    }

    /// When its log was last written to, seconds since 1970.
    pub fn changed_unix_secs(&self) -> Option<u64> {
        let changed = |name| self.path.join(name).metadata().and_then(|meta| meta.modified()).ok();
        let changed = changed("metrics.jsonl").or_else(|| changed("config.toml"))?;
        Some(changed.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs())
    }

    /// Numbers of its model, as the head of the weights says: of the best model, or of a checkpoint.
    pub fn n_parameters(&self, disk: &dyn Disk) -> Option<u64> {
        let checkpoints = self.path.join("checkpoints");
        let steps = crate::checkpoint::steps(disk, &checkpoints).unwrap_or_default();
        let newest = steps.last().map(|&step| crate::checkpoint::path(&checkpoints, step));
        [Some(self.path.join("best")), newest].into_iter().flatten().find_map(|dir| count_numbers(&dir))
    }
}

/// Numbers in a safetensors file, by its head alone.
fn count_numbers(model_dir: &Path) -> Option<u64> {
    let path = model_dir.join(crate::model_dir::WEIGHTS);
    if !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    if length > MAX_SMALL_BYTES {
        return None;
    }
    let mut head = Vec::new();
    file.take(length).read_to_end(&mut head).ok()?;
    let head: serde_json::Map<String, Value> = serde_json::from_slice(&head).ok()?;
    let shapes = head.values().filter_map(|tensor| tensor["shape"].as_array());
    let size =
        |shape: &Vec<Value>| shape.iter().try_fold(1_u64, |size, side| size.checked_mul(side.as_u64()?));
    shapes.map(size).try_fold(0_u64, |sum, size| sum.checked_add(size?))
}

/// The runs in a directory, by name; what is not a run is left out.
///
/// # Errors
///
/// The directory cannot be read.
pub fn list(disk: &dyn Disk, dir: &Path) -> std::io::Result<Vec<Run>> {
    let entries = disk.list(dir)?;
    Ok(entries.into_iter().filter_map(|entry| Run::read(disk, &dir.join(entry.name))).collect())
}
