//! A disk in memory that knows what a power cut takes, and that fails where it is told to.
//!
//! Content that was not synced and names whose directory was not synced are volatile. Changes of names are kept in their
//! order, as a journal keeps them: a power cut keeps a first part of them, of the whole disk or of each directory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Component, Path};
use std::sync::{Arc, Mutex, MutexGuard};
use train::disk::{Disk, Entry};

type Bytes = Arc<[u8]>;
type Names = BTreeMap<OsString, usize>;

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process ends before it.
    Killed,
    /// The process ends when half of what is to be written is written.
    KilledHalfway,
    /// This call alone fails: `EIO`.
    Broken,
    /// From here on nothing can be written or created: `ENOSPC`.
    Full,
    /// Half of what is to be written is written, then the call fails.
    Short,
}

/// What a power cut leaves of a file's content that was not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unsynced {
    Lost,
    Half,
    Zeros,
    Kept,
}

#[derive(Clone, Debug)]
enum Node {
    File { now: Bytes, safe: Bytes },
    Dir { now: Names, safe: Names },
}

/// A change of the names in one directory.
#[derive(Clone, Debug)]
enum Change {
    Set { dir: usize, name: OsString, node: usize },
    Unset { dir: usize, name: OsString },
    Move { dir: usize, from: OsString, to: OsString },
}

impl Change {
    fn dir(&self) -> usize {
        match self {
            Self::Set { dir, .. } | Self::Unset { dir, .. } | Self::Move { dir, .. } => *dir,
        }
    }

    fn apply(self, names: &mut Names) {
        match self {
            Self::Set { name, node, .. } => {
                names.insert(name, node);
            }
            Self::Unset { name, .. } => {
                names.remove(&name);
            }
            Self::Move { from, to, .. } => {
                if let Some(node) = names.remove(&from) {
                    names.insert(to, node);
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
struct State {
    /// The first is the root.
    nodes: Vec<Node>,
    journal: Vec<Change>,
    calls: Vec<String>,
    fault: Option<(usize, Fault)>,
    dead: bool,
    full: bool,
}

/// The disk. Its clones are copies.
#[derive(Debug)]
pub(crate) struct SimDisk(Mutex<State>);

impl Clone for SimDisk {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.state().clone()))
    }
}

impl SimDisk {
    pub(crate) fn new() -> Self {
        let root = Node::Dir { now: Names::new(), safe: Names::new() };
        let (nodes, journal, calls) = (vec![root], Vec::new(), Vec::new());
        Self(Mutex::new(State { nodes, journal, calls, fault: None, dead: false, full: false }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the disk")
    }

    /// Counts calls from here; the one of this number, from 0, fails.
    pub(crate) fn arm(&self, fault: Option<(usize, Fault)>) {
        let mut state = self.state();
        state.calls.clear();
        state.fault = fault;
    }

    /// The calls since [`arm`](Self::arm).
    pub(crate) fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// Another process on the same disk, which has room again.
    pub(crate) fn restarted(&self) -> Self {
        let disk = self.clone();
        {
            let mut state = disk.state();
            (state.dead, state.full, state.fault) = (false, false, None);
        }
        disk
    }

    /// Changes of names that a power cut may take.
    pub(crate) fn n_unsynced_names(&self) -> usize {
        self.state().journal.len()
    }

    /// The disk after a power cut that keeps the first `kept` changes of names.
    pub(crate) fn power_cut(&self, kept: usize, content: Unsynced) -> Self {
        self.cut(|at, _| at < kept, |_| content)
    }

    /// The disk after a power cut that keeps of every directory a first part of the changes, of every file anything.
    pub(crate) fn random_power_cut(&self, random: &mut impl FnMut(usize) -> usize) -> Self {
        let n_nodes = self.state().nodes.len();
        let mut of_dir: Vec<usize> = Vec::new();
        let mut of_file = Vec::new();
        for node in 0..n_nodes {
            let n = self.state().journal.iter().filter(|change| change.dir() == node).count();
            of_dir.push(random(n + 1));
            of_file.push([Unsynced::Lost, Unsynced::Half, Unsynced::Zeros, Unsynced::Kept][random(4)]);
        }
        let mut seen = vec![0; n_nodes];
        let keeps = |_, dir: usize| {
            seen[dir] += 1;
            seen[dir] <= of_dir[dir]
        };
        self.cut(keeps, |node| of_file[node])
    }

    fn cut(&self, mut keeps: impl FnMut(usize, usize) -> bool, content: impl Fn(usize) -> Unsynced) -> Self {
        let disk = self.restarted();
        {
            let mut state = disk.state();
            for (at, change) in std::mem::take(&mut state.journal).into_iter().enumerate() {
                let dir = change.dir();
                if keeps(at, dir)
                    && let Node::Dir { safe, .. } = &mut state.nodes[dir]
                {
                    change.apply(safe);
                }
            }
            for (index, node) in state.nodes.iter_mut().enumerate() {
                match node {
                    Node::Dir { now, safe } => now.clone_from(safe),
                    Node::File { now, safe } => {
                        if now != safe {
                            // What is written behind safe content cannot harm it.
                            let kept = if now.starts_with(safe) { safe.len() } else { 0 };
                            *now = match content(index) {
                                Unsynced::Lost => Arc::clone(safe),
                                Unsynced::Half => now[..usize::midpoint(kept, now.len())].into(),
                                Unsynced::Zeros => [&now[..kept], &vec![0; now.len() - kept]].concat().into(),
                                Unsynced::Kept => Arc::clone(now),
                            };
                        }
                        *safe = Arc::clone(now);
                    }
                }
            }
        }
        disk
    }

    /// Every file and empty directory by its path.
    pub(crate) fn tree(&self) -> BTreeMap<String, Option<Bytes>> {
        fn walk(state: &State, dir: usize, prefix: &str, into: &mut BTreeMap<String, Option<Bytes>>) {
            let Node::Dir { now, .. } = &state.nodes[dir] else { return };
            for (name, &node) in now {
                let path = format!("{prefix}/{}", name.to_string_lossy());
                match &state.nodes[node] {
                    Node::File { now, .. } => {
                        into.insert(path, Some(Arc::clone(now)));
                    }
                    Node::Dir { now, .. } if now.is_empty() => {
                        into.insert(path, None);
                    }
                    Node::Dir { .. } => walk(state, node, &path, into),
                }
            }
        }
        let mut tree = BTreeMap::new();
        walk(&self.state(), 0, "", &mut tree);
        tree
    }

    /// Changes the content of a file, whatever a process would be told.
    pub(crate) fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let node = state.find(path).expect("the file is there");
        let Node::File { now, .. } = &mut state.nodes[node] else { panic!("a file") };
        let mut bytes = now.to_vec();
        change(&mut bytes);
        *now = bytes.into();
    }
}

/// How far a call gets.
enum Gets {
    Through,
    Halfway(io::Error),
}

impl State {
    /// Counts a call and says how far it gets.
    fn call(&mut self, name: &str, path: &Path, writes: bool) -> io::Result<Gets> {
        if self.dead {
            return Err(io::Error::other("the process has ended"));
        }
        let at = self.calls.len();
        self.calls.push(format!("{name} {}", path.display()));
        let full = || io::Error::from(ErrorKind::StorageFull);
        match self.fault {
            Some((when, fault)) if when == at => match fault {
                Fault::Killed => {
                    self.dead = true;
                    Err(io::Error::other("the process has ended"))
                }
                Fault::KilledHalfway => {
                    self.dead = true;
                    Ok(Gets::Halfway(io::Error::other("the process has ended")))
                }
                Fault::Broken => Err(io::Error::other("input/output error")),
                Fault::Full => {
                    self.full = true;
                    match name {
                        _ if writes => Ok(Gets::Halfway(full())),
                        "rename" | "sync" => Err(full()),
                        _ => Ok(Gets::Through),
                    }
                }
                Fault::Short => Ok(Gets::Halfway(io::Error::from(ErrorKind::WriteZero))),
            },
            _ if self.full && writes => Ok(Gets::Halfway(full())),
            _ => Ok(Gets::Through),
        }
    }

    /// As [`call`](Self::call), for what cannot be done by half.
    fn whole(&mut self, name: &str, path: &Path, writes: bool) -> io::Result<()> {
        match self.call(name, path, writes)? {
            Gets::Through => Ok(()),
            Gets::Halfway(error) => Err(error),
        }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        let mut at = 0;
        for component in path.components() {
            let Component::Normal(name) = component else { continue };
            let Node::Dir { now, .. } = &self.nodes[at] else {
                return Err(ErrorKind::NotADirectory.into());
            };
            at = *now.get(name).ok_or(ErrorKind::NotFound)?;
        }
        Ok(at)
    }

    fn place(&self, path: &Path) -> io::Result<(usize, OsString)> {
        let dir = self.find(path.parent().expect("no test writes the root"))?;
        Ok((dir, path.file_name().expect("a plain path").to_owned()))
    }

    fn change(&mut self, change: Change) {
        if let Node::Dir { now, .. } = &mut self.nodes[change.dir()] {
            change.clone().apply(now);
        }
        self.journal.push(change);
    }

    fn is_empty(&self, node: usize) -> Option<bool> {
        match &self.nodes[node] {
            Node::Dir { now, .. } => Some(now.is_empty()),
            Node::File { .. } => None,
        }
    }

    /// The file at `path`, created if it is not there.
    fn file(&mut self, path: &Path) -> io::Result<&mut Bytes> {
        let node = match self.find(path) {
            Ok(node) => node,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let (dir, name) = self.place(path)?;
                let node = self.nodes.len();
                let empty: Bytes = Vec::new().into();
                self.nodes.push(Node::File { now: Arc::clone(&empty), safe: empty });
                self.change(Change::Set { dir, name, node });
                node
            }
            Err(error) => return Err(error),
        };
        match &mut self.nodes[node] {
            Node::File { now, .. } => Ok(now),
            Node::Dir { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn sync(&mut self, node: usize) {
        match &mut self.nodes[node] {
            Node::File { now, safe } => *safe = Arc::clone(now),
            Node::Dir { safe, .. } => {
                for change in self.journal.extract_if(.., |change| change.dir() == node) {
                    change.apply(safe);
                }
            }
        }
    }
}

impl Disk for SimDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole("create directory", dir, true)?;
        if state.find(dir).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let (parent, name) = state.place(dir)?;
        let node = state.nodes.len();
        state.nodes.push(Node::Dir { now: Names::new(), safe: Names::new() });
        state.change(Change::Set { dir: parent, name, node });
        Ok(())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        match state.call("write", path, true)? {
            Gets::Through => *state.file(path)? = bytes.into(),
            Gets::Halfway(error) => {
                *state.file(path)? = bytes[..bytes.len() / 2].into();
                return Err(error);
            }
        }
        state.whole("sync content of", path, true)?;
        let node = state.find(path)?;
        state.sync(node);
        Ok(())
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let (written, result) = match state.call("append", path, true)? {
            Gets::Through => (bytes, Ok(())),
            Gets::Halfway(error) => (&bytes[..bytes.len() / 2], Err(error)),
        };
        let file = state.file(path)?;
        *file = [file, written].concat().into();
        result
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole("sync", path, false)?;
        let node = state.find(path)?;
        state.sync(node);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole("rename", from, false)?;
        let (node, (dir, from)) = (state.find(from)?, state.place(from)?);
        let (to_dir, to_name) = state.place(to)?;
        assert_eq!(dir, to_dir, "no rename leaves its directory");
        if let Ok(there) = state.find(to) {
            match (state.is_empty(node), state.is_empty(there)) {
                (Some(_), Some(true)) | (None, None) => {}
                (Some(_), Some(false)) => return Err(ErrorKind::DirectoryNotEmpty.into()),
                (Some(_), None) => return Err(ErrorKind::NotADirectory.into()),
                (None, Some(_)) => return Err(ErrorKind::IsADirectory.into()),
            }
        }
        state.change(Change::Move { dir, from, to: to_name });
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole("remove", path, false)?;
        let node = state.find(path)?;
        if state.is_empty(node).is_some() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let (dir, name) = state.place(path)?;
        state.change(Change::Unset { dir, name });
        Ok(())
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole("remove directory", dir, false)?;
        let node = state.find(dir)?;
        match state.is_empty(node) {
            Some(true) => {}
            Some(false) => return Err(ErrorKind::DirectoryNotEmpty.into()),
            None => return Err(ErrorKind::NotADirectory.into()),
        }
        let (dir, name) = state.place(dir)?;
        state.change(Change::Unset { dir, name });
        Ok(())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        state.whole("read", path, false)?;
        let node = state.find(path)?;
        match &state.nodes[node] {
            Node::File { now, .. } => Ok(now.to_vec()),
            Node::Dir { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut state = self.state();
        state.whole("list", dir, false)?;
        let node = state.find(dir)?;
        let Node::Dir { now, .. } = &state.nodes[node] else { return Err(ErrorKind::NotADirectory.into()) };
        let entry = |(name, &node): (&OsString, &usize)| Entry {
            name: name.clone(),
            is_dir: state.is_empty(node).is_some(),
        };
        Ok(now.iter().map(entry).collect())
    }

    fn free_bytes(&self, _dir: &Path) -> Option<u64> {
        Some(if self.state().full { 0 } else { 1 << 30 })
    }
}
