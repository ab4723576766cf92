//! The lock of a run's directory: two runs never write one. The file says who has it.

use crate::disk::{Disk, SystemDisk};
use crate::{TrainError, files};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The lock's file.
pub(crate) const LOCK: &str = ".lock";
/// A longer file is none of ours.
const MAX_BYTES: u64 = 4096;
/// Whoever only looks whether a run is in progress has its lock for a moment: it is tried so often, so long apart.
const LOOKS: usize = 3;
const LOOK: Duration = Duration::from_millis(20);
/// So much of what a lock's file says is read.
const MAX_HOLDER_BYTES: u64 = 1000;

/// A lock that this process has until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
    holder: String,
}

impl Lock {
    /// Whether the directory is still the one that was locked: its lock's file says so. Where it cannot be read, it is
    /// believed.
    pub(crate) fn is_still_of(&self, dir: &Path) -> bool {
        match SystemDisk.read_at_most(&dir.join(LOCK), MAX_BYTES) {
            Ok(holder) => holder == self.holder.as_bytes(),
            Err(error) => error.kind() != ErrorKind::NotFound,
        }
    }
}

/// Locks a directory; the lock's file says who has it.
pub(crate) fn lock(dir: &Path) -> Result<Lock, TrainError> {
    let path = dir.join(LOCK);
    let host = host();
    let lock = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
    let mut lock = lock.map_err(TrainError::io("open", &path))?;
    let mut locked = lock.try_lock();
    for _ in 0..LOOKS {
        if locked.is_ok() {
            break;
        }
        std::thread::sleep(LOOK);
        locked = lock.try_lock();
    }
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = (&mut lock).take(MAX_HOLDER_BYTES).read_to_string(&mut holder);
            return Err(TrainError::InUse { dir: dir.into(), holder: holder.trim().into() });
        }
        Err(TryLockError::Error(error)) => return Err(TrainError::io("lock", &path)(error)),
    }
    let holder = format!("process {} on {host} since {}", std::process::id(), utc(now()));
    lock.set_len(0)
        .and_then(|()| lock.write_all(holder.as_bytes()))
        .map_err(TrainError::io("write", &path))
        .map_err(|error| files::no_room(&SystemDisk, error, &path, holder.len() as u64))?;
    Ok(Lock { _file: lock, holder })
}

/// Whether a process trains in a directory; who it is.
pub(crate) fn holder(dir: &Path) -> Option<String> {
    let path = dir.join(LOCK);
    // To open a pipe would be to wait for its writer.
    if !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let mut lock = File::open(path).ok()?;
    // A shared lock, for no longer than it takes to see whether it can be had: one that trains waits for that.
    if lock.try_lock_shared().is_ok() {
        return None;
    }
    let mut holder = String::new();
    let _ = (&mut lock).take(MAX_HOLDER_BYTES).read_to_string(&mut holder);
    Some(holder.trim().to_owned())
}

/// The time since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// `2026-02-28 23:59:59 UTC`, so long after the beginning of 1970.
pub(crate) fn utc(since_1970: Duration) -> String {
    let secs = since_1970.as_secs();
    let (hours, minutes) = (secs / 3600 % 24, secs / 60 % 60);
    format!("{} {hours:02}:{minutes:02}:{:02} UTC", data::get::civil_date(secs / 86_400), secs % 60)
}

/// The name of this machine.
pub(crate) fn host() -> String {
    let of_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let of_command = || {
        let output = std::process::Command::new("hostname").output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let name = of_kernel.or_else(of_command).unwrap_or_default();
    if name.trim().is_empty() { "an unknown machine".into() } else { name.trim().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(utc(Duration::from_secs(1_772_236_800 + 86_399)), "2026-02-28 23:59:59 UTC");
    }
}
