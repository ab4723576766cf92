//! One case: how the program is started, and what must become of it.

use crate::common::Place;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A case that lasts longer hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// Whether the surroundings of a case could be made: as root, for example, no file is unreadable.
pub(crate) type Made = bool;

/// Makes them in the directory of the case.
pub(crate) type Make = fn(&Path) -> Made;

/// Where standard output goes.
#[derive(Clone, Copy, Debug)]
enum Output {
    Kept,
    Full,
    ReaderGone,
}

/// A command line with its surroundings and its outcome.
pub(crate) struct Case {
    args: Vec<OsString>,
    env: Vec<(&'static str, Option<OsString>)>,
    stdin: Option<Vec<u8>>,
    stdout: Output,
    /// A script of the shell in which "$@" is the program and its arguments.
    shell: Option<&'static str>,
    /// What the surroundings are called, and what makes them in the case's directory.
    given: Option<(&'static str, Make)>,
    code: i32,
    says: Vec<String>,
    writes: bool,
}

/// A case whose arguments hold no spaces.
pub(crate) fn case(line: &str, code: i32, says: &[&str]) -> Case {
    of(line.split_whitespace(), code, says)
}

/// Cases of one exit code: a command line and a part of what is said.
pub(crate) fn table(code: i32, rows: &[(&str, &str)]) -> Vec<Case> {
    rows.iter().map(|(line, says)| case(line, code, &[says])).collect()
}

/// Training with one value of a key.
pub(crate) fn set(value: &str, code: i32, says: &[&str]) -> Case {
    of(["--config", "config.toml", "--set", value], code, says)
}

/// A case of any arguments.
pub(crate) fn of(args: impl IntoIterator<Item = impl Into<OsString>>, code: i32, says: &[&str]) -> Case {
    Case {
        args: args.into_iter().map(Into::into).collect(),
        env: Vec::new(),
        stdin: None,
        stdout: Output::Kept,
        shell: None,
        given: None,
        code,
        says: says.iter().map(ToString::to_string).collect(),
        writes: false,
    }
}

impl Case {
    pub(crate) fn arg(mut self, bytes: &[u8]) -> Self {
        self.args.push(OsString::from_vec(bytes.to_vec()));
        self
    }

    pub(crate) fn env(mut self, key: &'static str, value: &[u8]) -> Self {
        self.env.push((key, Some(OsString::from_vec(value.to_vec()))));
        self
    }

    pub(crate) fn without(mut self, key: &'static str) -> Self {
        self.env.push((key, None));
        self
    }

    pub(crate) fn stdin(mut self, bytes: &[u8]) -> Self {
        self.stdin = Some(bytes.to_vec());
        self
    }

    /// Nothing can be written to standard output.
    pub(crate) fn into_full(mut self) -> Self {
        self.stdout = Output::Full;
        self
    }

    /// Whoever read standard output has left.
    pub(crate) fn into_nobody(mut self) -> Self {
        self.stdout = Output::ReaderGone;
        self
    }

    pub(crate) fn shell(mut self, script: &'static str) -> Self {
        self.shell = Some(script);
        self
    }

    pub(crate) fn given(mut self, what: &'static str, make: Make) -> Self {
        self.given = Some((what, make));
        self
    }

    /// The directory may change.
    pub(crate) fn writes(mut self) -> Self {
        self.writes = true;
        self
    }

    pub(crate) fn name(&self) -> String {
        let given = self.given.map_or("nothing", |(what, _)| what);
        let stdin = self.stdin.as_ref().map(|bytes| String::from_utf8_lossy(&bytes[..bytes.len().min(40)]));
        format!(
            "{:?} given {given}, {:?}, stdin {stdin:?}, stdout {:?}, shell {:?}",
            self.args, self.env, self.stdout, self.shell
        )
    }

    /// Runs it; `false` if its surroundings cannot be had here.
    pub(crate) fn run(&self, template: &Template) -> Result<Made, String> {
        let dir = template.copy();
        let made = self.given.is_none_or(|(_, make)| make(dir.path()));
        if !made {
            println!("cannot be had here: {}", self.name());
            return Ok(false);
        }
        let before = listing(dir.path());
        let streams = tempfile::tempdir().unwrap();
        let status = self.ended(dir.path(), streams.path());
        let stderr = String::from_utf8_lossy(&fs::read(streams.path().join("err")).unwrap()).into_owned();
        let fault = |what: &str| Err(format!("{}\n  {what}\n  it said: {stderr}", self.name()));
        let Some(status) = status else { return fault("it hangs") };
        if status.code() != Some(self.code) {
            return fault(&format!("expected exit code {}, got {status}", self.code));
        }
        let stdout = fs::read(streams.path().join("out")).unwrap();
        let told = stderr.clone() + &String::from_utf8_lossy(&stdout);
        if let Some(part) = self.says.iter().find(|part| !told.contains(part.as_str())) {
            return fault(&format!("it does not say '{part}'"));
        }
        if stderr.contains("panicked") || stderr.contains("RUST_BACKTRACE") {
            return fault("it panicked");
        }
        if self.code != 0 && stderr.trim().is_empty() {
            return fault("it does not say why");
        }
        let after = listing(dir.path());
        if !self.writes && before != after {
            let names = |list: &BTreeMap<PathBuf, String>, other: &BTreeMap<PathBuf, String>| {
                let changed = list.iter().filter(|(path, is)| other.get(*path) != Some(is));
                changed.map(|(path, _)| path.display().to_string()).collect::<Vec<_>>()
            };
            return fault(&format!(
                "it wrote {:?} over {:?}",
                names(&after, &before),
                names(&before, &after)
            ));
        }
        Ok(true)
    }

    /// Starts it and waits for its end; nothing if that does not come.
    fn ended(&self, dir: &Path, streams: &Path) -> Option<ExitStatus> {
        let binary = env!("CARGO_BIN_EXE_train");
        let mut command = match self.shell {
            None => Command::new(binary),
            Some(script) => {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", script, "sh", binary]);
                command
            }
        };
        command.args(&self.args).current_dir(dir).env_remove("RUST_LOG");
        for (key, value) in &self.env {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        let (out, err) = (streams.join("out"), streams.join("err"));
        let kept = File::create(&out).unwrap();
        command.stderr(File::create(&err).unwrap()).stdin(Stdio::null());
        match self.stdout {
            Output::Kept => command.stdout(kept),
            Output::Full => command.stdout(File::options().write(true).open("/dev/full").unwrap()),
            Output::ReaderGone => command.stdout(Stdio::piped()),
        };
        if let Some(bytes) = &self.stdin {
            let path = streams.join("in");
            fs::write(&path, bytes).unwrap();
            command.stdin(File::open(path).unwrap());
        }
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        patiently(&mut child)
    }
}

fn patiently(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// What every case starts from: a corpus, a configuration with relative paths, a run that has ended.
pub(crate) struct Template(Place);

impl Template {
    pub(crate) fn new() -> Self {
        let place = Place::new();
        let config = place.read_text("config.toml").replace(&place.text(""), "");
        assert!(!config.contains(&place.text("")), "{config}");
        place.write("config.toml", config.as_bytes());
        place.train(&[]).assert().success();
        Self(place)
    }

    fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(&self.0.path(""), copy.path());
        copy
    }
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&place).unwrap();
            copy_dir(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Every entry below `dir`, and what it is.
fn listing(dir: &Path) -> BTreeMap<PathBuf, String> {
    let mut list = BTreeMap::new();
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let is = if path.ends_with(".lock") {
                continue; // It says who held it last.
            } else if kind.is_file() {
                fs::read(&path).map_or("unreadable".into(), |bytes| blake3::hash(&bytes).to_string())
            } else if kind.is_dir() {
                waiting.push(path.clone());
                "directory".into()
            } else if kind.is_symlink() {
                format!("link to {:?}", fs::read_link(&path))
            } else {
                format!("pipe: {}", kind.is_fifo())
            };
            list.insert(path, is);
        }
    }
    list
}
