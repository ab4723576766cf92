//! The rows of `metrics.jsonl` as TensorBoard reads them: `tensorboard/events.out.tfevents.*` in the run's directory,
//! written while it trains.
//!
//! The file is a function of `config.toml`, `metrics.jsonl` and the time at which the run began. What a resumed run finds is
//! therefore held against what its rows say: it writes on where they agree, and begins a new file, which begins with
//! all the rows that are left, at the first event that does not. The older files are removed; a TensorBoard that has read them
//! forgets what they said, because the new one begins with a restart at step 0. Nothing here is ever a reason to end a
//! run: what cannot be written is told once, and tried again at each validation and at the end; a file that was removed
//! meanwhile is written anew.

mod record;
mod rows;

use crate::disk::Disk;
use crate::files;
use crate::run_dir::started;
use rows::Rows;
use serde_json::Value;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory below that of the run.
pub(crate) const DIR: &str = "tensorboard";
/// What TensorBoard knows an event file by.
const PREFIX: &str = "events.out.tfevents.";
/// Larger files are not read.
const MAX_BYTES: u64 = 4 << 30;

/// The event file of a run.
#[derive(Debug)]
pub(crate) struct Events {
    disk: Arc<dyn Disk>,
    run: PathBuf,
    /// The file, and what of it comes after the events of the rows so far.
    path: PathBuf,
    tail: Vec<u8>,
    rows: Rows,
    /// The file lacks something since a failure.
    behind: bool,
    /// A failure was told.
    told: bool,
}

impl Events {
    /// Opens the event file of a run whose `metrics.jsonl` has the rows that it goes on from.
    pub(crate) fn open(disk: Arc<dyn Disk>, run: &Path) -> Self {
        let rows = Rows::new(started(&*disk, run).unwrap_or(0) as f64);
        let (path, tail) = (PathBuf::new(), Vec::new());
        let mut events = Self { disk, run: run.into(), path, tail, rows, behind: false, told: false };
        let opened = events.go_on();
        events.done(opened);
        events
    }

    /// Adds the events of a row that `metrics.jsonl` has already.
    pub(crate) fn add(&mut self, row: &Value) {
        if self.behind && row["kind"] == "train" {
            return;
        }
        let added = if self.behind { self.go_on() } else { self.add_events(row) };
        self.done(added);
    }

    fn add_events(&mut self, row: &Value) -> io::Result<()> {
        let bytes = self.rows.events(row);
        if row["kind"] == "end" && !self.tail.is_empty() {
            // The run ended before what an earlier process wrote here.
            let rows = self.all_rows()?;
            return self.begin(&rows, self.generation() + 1);
        }
        if bytes.is_empty() || self.files()?.iter().any(|name| self.path.ends_with(name)) {
            return self.append(&bytes);
        }
        // Someone removed it.
        self.tail.clear();
        self.go_on()
    }

    fn done(&mut self, result: io::Result<()>) {
        self.behind = result.is_err();
        if let Err(error) = result
            && !self.told
        {
            self.told = true;
            tracing::warn!("TensorBoard's events cannot be written, and the run goes on without: {error}");
        }
    }

    /// Takes the newest file, if it agrees with the rows so far, or begins another.
    fn go_on(&mut self) -> io::Result<()> {
        let dir = self.run.join(DIR);
        files::create_dir(&*self.disk, &dir).map_err(io::Error::other)?;
        let expected = self.all_rows()?;
        let next = if self.path.as_os_str().is_empty() { 0 } else { self.generation() + 1 };
        let Some(newest) = self.files()?.pop() else { return self.begin(&expected, next) };
        self.path = dir.join(newest);
        self.tail = self.disk.read_at_most(&self.path, MAX_BYTES)?;
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
        let read = |name: &str| match self.disk.read_at_most(&self.run.join(name), MAX_BYTES) {
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

    /// The names of the event files, the newest last; none without their directory.
    fn files(&self) -> io::Result<Vec<String>> {
        let entries = match self.disk.list(&self.run.join(DIR)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            entries => entries?,
        };
        let names = entries.into_iter().filter_map(|entry| entry.name.into_string().ok());
        Ok(names.filter(|name| is_event_file(name)).collect())
    }
}

fn is_event_file(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| rest.contains(".anuvada."))
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
    fn what_comes_after_the_end_of_a_shorter_run_is_not_kept() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path();
        add(run, &mut open(run), &[row(1, 0.1), row(2, 0.2), row(3, 0.3)]);
        write(run, &[row(1, 0.1)]);
        add(run, &mut open(run), &[serde_json::json!({"kind": "end", "step": 1})]);
        let straight = tempfile::tempdir().unwrap();
        add(straight.path(), &mut open(straight.path()), &[row(1, 0.1)]);
        assert_eq!(files(run).remove(0).1, files(straight.path())[0].1);
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
        assert!(events.behind);
        assert_eq!(fs::read_to_string(run.join(DIR)).unwrap(), "a file in the way");
        remove(&SystemDisk, run).unwrap();
    }

    #[test]
    fn what_could_not_be_written_follows_at_the_next_validation() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path();
        let mut events = open(run);
        add(run, &mut events, &[row(1, 0.1)]);
        let (name, _) = files(run).remove(0);
        let path = run.join(DIR).join(&name);
        let kept = run.join("kept");
        fs::rename(&path, &kept).unwrap();
        fs::create_dir(&path).unwrap();
        add(run, &mut events, &[row(2, 0.2), row(3, 0.3)]);
        assert!(events.behind && events.told);
        fs::remove_dir(&path).unwrap();
        fs::rename(&kept, &path).unwrap();
        let validation = serde_json::json!({"kind": "validate", "step": 3, "bleu": 1.0});
        add(run, &mut events, &[row(4, 0.4), validation.clone(), row(5, 0.5)]);
        let straight = tempfile::tempdir().unwrap();
        let rows = [row(1, 0.1), row(2, 0.2), row(3, 0.3), row(4, 0.4), validation, row(5, 0.5)];
        add(straight.path(), &mut open(straight.path()), &rows);
        assert_eq!(files(run), files(straight.path()));
    }

    #[test]
    fn what_is_removed_while_the_run_goes_on_is_written_anew() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path();
        let mut events = open(run);
        add(run, &mut events, &[row(1, 0.1)]);
        fs::remove_dir_all(run.join(DIR)).unwrap();
        add(run, &mut events, &[row(2, 0.2)]);
        fs::remove_file(run.join(DIR).join(files(run).remove(0).0)).unwrap();
        add(run, &mut events, &[row(3, 0.3)]);
        assert!(!events.told);
        let straight = tempfile::tempdir().unwrap();
        add(straight.path(), &mut open(straight.path()), &[row(1, 0.1), row(2, 0.2), row(3, 0.3)]);
        assert_eq!(files(run).remove(0).1, files(straight.path()).remove(0).1);
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
