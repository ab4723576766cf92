//! The operations that a run directory needs of a disk. All that is written or removed there goes through [`Disk`], so
//! that a test can put a simulated disk in the place of the system's and let each call fail.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// A disk. Names that were created, renamed or removed in a directory are safe from a power cut only after
/// [`sync`](Disk::sync) of that directory.
pub trait Disk: Debug + Send + Sync {
    /// Creates one directory in a directory that there is.
    ///
    /// # Errors
    ///
    /// What the system says; `AlreadyExists` if something has the name.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Creates or empties a file, writes it and syncs its content: two calls to the system that may fail apart.
    ///
    /// # Errors
    ///
    /// What the system says; then the file may be there in part.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Writes behind what a file has, or creates it. Only [`sync`](Disk::sync) makes that durable.
    ///
    /// # Errors
    ///
    /// What the system says; then a part may have been written.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Makes durable what a file holds, or which names a directory has.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Gives a file or directory another name in the same directory; a file in the way is replaced.
    ///
    /// # Errors
    ///
    /// What the system says; `NotFound` if there is nothing to rename.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove_dir(&self, dir: &Path) -> io::Result<()>;

    /// The content of a file.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The content of a file that may be a stranger's: a regular one that is no link and has at most `most` bytes.
    ///
    /// # Errors
    ///
    /// `FileTooLarge`, before anything is read; `InvalidInput` for a link or a device; what the system says.
    fn read_at_most(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let bytes = self.read(path)?;
        if bytes.len() as u64 > most { Err(ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    }

    /// What lies in a directory, in the order of the names.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;

    /// Bytes that can still be written where `dir` lies, if the system says it.
    fn free_bytes(&self, dir: &Path) -> Option<u64>;
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The last component of its path.
    pub name: OsString,
    /// A directory, and no link to one.
    pub is_dir: bool,
}

/// The system's disk.
#[derive(Clone, Copy, Debug)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir(dir)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().create(true).append(true).open(path)?.write_all(bytes)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        if !path.is_dir() {
            return OpenOptions::new().append(true).open(path)?.sync_all();
        }
        // Systems that cannot open or sync a directory keep its names without; one above the run's own may be closed
        // to us.
        let kept = |error: &io::Error| {
            let kinds = [ErrorKind::InvalidInput, ErrorKind::Unsupported, ErrorKind::PermissionDenied];
            kinds.contains(&error.kind())
        };
        match sync_dir(path) {
            Err(error) if cfg!(unix) && !kept(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir(dir)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn read_at_most(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let meta = fs::symlink_metadata(path)?;
        if !meta.is_file() {
            return Err(if meta.is_dir() {
                ErrorKind::IsADirectory.into()
            } else {
                let reason = "it is a link, a pipe or a device, expected a regular file";
                io::Error::new(ErrorKind::InvalidInput, reason)
            });
        }
        if meta.len() > most {
            return Err(ErrorKind::FileTooLarge.into());
        }
        // It may have grown since.
        let mut bytes = Vec::with_capacity(meta.len() as usize);
        File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most { Err(ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let entry = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok(Entry { name: entry.file_name(), is_dir: entry.file_type()?.is_dir() })
        };
        let mut entries = fs::read_dir(dir)?.map(entry).collect::<io::Result<Vec<Entry>>>()?;
        entries.sort_unstable();
        Ok(entries)
    }

    fn free_bytes(&self, dir: &Path) -> Option<u64> {
        #[cfg(unix)]
        {
            let disk = rustix::fs::statvfs(dir).ok()?;
            Some(disk.f_bavail.saturating_mul(disk.f_frsize))
        }
        #[cfg(not(unix))]
        {
            let _ = dir;
            None
        }
    }
}

/// Makes durable which names a directory has.
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Whether an error says that there is no room: the disk is full, a quota or a limit on the size of files is reached.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// From now on a file beyond the limit of the process (`ulimit -f`) is an error to be told; before, its signal ended the
/// process without a word.
///
/// # Errors
///
/// What the system says.
pub fn limits_are_errors() -> io::Result<()> {
    #[cfg(unix)]
    {
        static SET: std::sync::OnceLock<()> = std::sync::OnceLock::new();
        if SET.get().is_none() {
            signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default())?;
            let _ = SET.set(());
        }
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// A device and the directory of all processes cannot be synced, and say so when they are asked to.
    #[test]
    fn what_is_written_is_synced() {
        let was_asked = |synced: io::Result<()>| {
            assert_eq!(synced.expect_err("was it synced?").kind(), ErrorKind::InvalidInput);
        };
        let (device, directory) = (Path::new("/dev/null"), Path::new("/proc"));
        was_asked(SystemDisk.write(device, b"text"));
        was_asked(SystemDisk.sync(device));
        was_asked(sync_dir(directory));
        SystemDisk.sync(directory).expect("such a system keeps its names without");
    }
}
