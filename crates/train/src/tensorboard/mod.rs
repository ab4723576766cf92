//! The rows of `metrics.jsonl` as TensorBoard reads them: `tensorboard/events.out.tfevents.*` in the run's directory,
//! written while it trains.
//!
//! The file is a function of `config.toml`, `metrics.jsonl` and the time at which the run began. What a resumed run finds is
//! therefore held against what its rows say: it writes on where they agree, and begins a new file, which begins with
//! all the rows that are left, at the first event that does not. The older files are removed; a TensorBoard that has read them
//! forgets what they said, because the new one begins with a restart at step 0. Nothing here is ever a reason to end a
//! run: what cannot be written is told once.

mod record;
mod rows;

use crate::disk::Disk;
use crate::files;
use rows::Rows;
use serde_json::Value;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory below that of the run.
pub(crate) const DIR: &str = "tensorboard";
/// What TensorBoard knows an event file by.
const PREFIX: &str = "events.out.tfevents.";

/// The event file of a run.
#[derive(Debug)]
pub(crate) struct Events {
    disk: Arc<dyn Disk>,
    run: PathBuf,
    /// The file, and what of it comes after the events of the rows so far.
    path: PathBuf,
    tail: Vec<u8>,
    rows: Rows,
    /// It failed, and that was told.
    given_up: bool,
}

impl Events {
    /// Opens the event file of a run whose `metrics.jsonl` has the rows that it goes on from.
    pub(crate) fn open(disk: Arc<dyn Disk>, run: &Path) -> Self {
        let rows = Rows::new(started(&*disk, run));
        let mut events =
            Self { disk, run: run.into(), path: PathBuf::new(), tail: Vec::new(), rows, given_up: false };
        let opened = events.go_on();
        events.told_once(opened);
        events
    }

    /// Adds the events of a row that `metrics.jsonl` has already.
    pub(crate) fn add(&mut self, row: &Value) {
        if self.given_up {
            return;
        }
        let bytes = self.rows.events(row);
        let added = self.append(&bytes);
        self.told_once(added);
    }

    fn told_once(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.given_up = true;
            tracing::warn!("TensorBoard's events cannot be written, and the run goes on without: {error}");
        }
    }

    /// Takes the newest file, if it agrees with the rows so far, or begins another.
    fn go_on(&mut self) -> io::Result<()> {
        let dir = self.run.join(DIR);
        files::create_dir(&*self.disk, &dir).map_err(io::Error::other)?;
        let expected = self.all_rows()?;
        let Some(newest) = self.files()?.pop() else { return self.begin(&expected, 0) };
        self.path = dir.join(newest);
        self.tail = self.disk.read(&self.path)?;
        self.append(&expected)
    }

    /// Writes bytes unless the file has them there already.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let same = self.tail.len().min(bytes.len());
        if self.tail[..same] != bytes[..same] {
            let rows = self.all_rows()?;
            return self.begin(&rows, self.generation() + 1);
        }
        self.tail.drain(..same);
        if same == bytes.len() { Ok(()) } else { self.disk.append(&self.path, &bytes[same..]) }
    }

    /// Begins a new file and removes the others. It need not be written at one blow: a part of it is written on.
    fn begin(&mut self, bytes: &[u8], generation: u64) -> io::Result<()> {
        let older = self.files()?;
        let dir = self.run.join(DIR);
        let started = self.rows.started_unix_secs as u64;
        self.path = dir.join(format!("{PREFIX}{started}.anuvada.{generation:03}"));
        self.tail.clear();
        self.disk.write(&self.path, bytes)?;
        tracing::debug!("TensorBoard reads {}", self.path.display());
        for name in older.iter().map(|name| dir.join(name)).filter(|path| *path != self.path) {
            self.disk.remove_file(&name)?;
        }
        Ok(())
    }

    fn generation(&self) -> u64 {
        let last = self.path.extension().and_then(|last| last.to_str());
        last.and_then(|last| last.parse().ok()).unwrap_or(0)
    }

    /// What the file must hold by `config.toml` and `metrics.jsonl`.
    fn all_rows(&mut self) -> io::Result<Vec<u8>> {
        let read = |name: &str| match self.disk.read(&self.run.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            bytes => bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        };
        let (config, metrics) = (read("config.toml")?, read("metrics.jsonl")?);
        self.rows = Rows::new(self.rows.started_unix_secs);
        let mut bytes = self.rows.beginning(&config);
        for row in metrics.lines().filter_map(|row| serde_json::from_str(row).ok()) {
            bytes.extend(self.rows.events(&row));
        }
        Ok(bytes)
    }

    /// The names of the event files, the newest last.
    fn files(&self) -> io::Result<Vec<String>> {
        let names = self
            .disk
            .list(&self.run.join(DIR))?
            .into_iter()
            .filter_map(|entry| entry.name.into_string().ok());
        Ok(names.filter(|name| is_event_file(name)).collect())
    }
}

fn is_event_file(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| rest.contains(".anuvada."))
}

/// When the run began, as `run.json` says.
fn started(disk: &dyn Disk, run: &Path) -> f64 {
    let json = disk.read(&run.join("run.json")).ok();
    let run: Option<Value> = json.and_then(|json| serde_json::from_slice(&json).ok());
    run.and_then(|run| run["started_unix_secs"].as_f64()).unwrap_or(0.0)
}

/// Removes the event files of a run, and their directory if it holds nothing else.
///
/// # Errors
///
/// Whatever the disk says.
pub(crate) fn remove(disk: &dyn Disk, run: &Path) -> io::Result<()> {
    let dir = run.join(DIR);
    let entries = match disk.list(&dir) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        entries => entries?,
    };
    let (ours, others): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.name.to_str().is_some_and(is_event_file));
    for entry in ours {
        disk.remove_file(&dir.join(entry.name))?;
    }
    if others.is_empty() { disk.remove_dir(&dir) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SystemDisk;
    use std::fs;

    fn row(step: u64, rate: f64) -> Value {
        serde_json::json!({"kind": "train", "step": step, "elapsed_secs": step, "learning_rate": rate})
    }

    fn write(run: &Path, rows: &[Value]) {
        let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        fs::write(run.join("metrics.jsonl"), rows.join("\n") + "\n").unwrap();
    }

    fn files(run: &Path) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(run.join(DIR))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    }

    fn open(run: &Path) -> Events {
        Events::open(Arc::new(SystemDisk), run)
    }

    /// Adds rows as the log does: to the metrics, then here.
    fn add(run: &Path, events: &mut Events, rows: &[Value]) {
        for row in rows {
            let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap_or_default();
            fs::write(run.join("metrics.jsonl"), format!("{text}{row}\n")).unwrap();
            events.add(row);
        }
    }

    #[test]
    fn a_run_that_does_the_same_again_has_the_same_file() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path();
        let rows = [row(1, 0.1), row(2, 0.2), row(3, 0.3)];
        add(run, &mut open(run), &rows);
        let before = files(run);
        assert_eq!(before.len(), 1);
        write(run, &rows[..1]);
        add(run, &mut open(run), &rows[1..]);
        assert_eq!(files(run), before);
    }

    #[test]
    fn what_a_resumed_run_does_otherwise_is_in_a_new_file_alone() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path();
        add(run, &mut open(run), &[row(1, 0.1), row(2, 0.2), row(3, 0.3)]);
        let old = files(run).remove(0);
        write(run, &[row(1, 0.1)]);
        add(run, &mut open(run), &[row(2, 0.5), row(3, 0.6)]);
        let resumed = files(run);
        assert_eq!(resumed.len(), 1);
        assert!(resumed[0].0 > old.0, "{} after {}", resumed[0].0, old.0);
        let straight = tempfile::tempdir().unwrap();
        add(straight.path(), &mut open(straight.path()), &[row(1, 0.1), row(2, 0.5), row(3, 0.6)]);
        assert_eq!(resumed[0].1, files(straight.path())[0].1);
    }

    #[test]
    fn a_file_that_is_cut_short_or_spoilt_is_made_whole() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path();
        add(run, &mut open(run), &[row(1, 0.1), row(2, 0.2)]);
        let (name, whole) = files(run).remove(0);
        for kept in [0, 3, whole.len() / 2, whole.len() - 1] {
            fs::write(run.join(DIR).join(&name), &whole[..kept]).unwrap();
            drop(open(run));
            assert_eq!(files(run), [(name.clone(), whole.clone())], "{kept} bytes");
        }
        let mut spoilt = whole.clone();
        spoilt[whole.len() / 2] ^= 1;
        fs::write(run.join(DIR).join(&name), &spoilt).unwrap();
        drop(open(run));
        assert_eq!(files(run).remove(0).1, whole);
    }

    #[test]
    fn a_place_that_cannot_be_written_ends_nothing() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path();
        fs::write(run.join(DIR), "a file in the way").unwrap();
        let mut events = open(run);
        events.add(&row(1, 0.1));
        assert!(events.given_up);
        assert_eq!(fs::read_to_string(run.join(DIR)).unwrap(), "a file in the way");
        remove(&SystemDisk, run).unwrap();
    }

    #[test]
    fn only_event_files_are_removed() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path();
        add(run, &mut open(run), &[row(1, 0.1)]);
        fs::write(run.join(DIR).join("mine.txt"), "x").unwrap();
        remove(&SystemDisk, run).unwrap();
        assert_eq!(files(run), [("mine.txt".to_owned(), b"x".to_vec())]);
        fs::remove_file(run.join(DIR).join("mine.txt")).unwrap();
        remove(&SystemDisk, run).unwrap();
        assert!(!run.join(DIR).exists());
        remove(&SystemDisk, run).unwrap();
    }
}
