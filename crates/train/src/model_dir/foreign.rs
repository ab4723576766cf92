//! Model files of other programs, by their names: formats that run code when they are read, or unpack. None is opened;
//! the message says what to convert to.

use crate::TrainError;
use std::path::Path;

/// Endings of files that hold a pickle: reading one may run whatever its maker wanted.
const PICKLES: [&str; 7] = ["pt", "pth", "bin", "pkl", "pickle", "ckpt", "joblib"];
/// Endings of archives and containers that other programs keep models in.
const CONTAINERS: [&str; 15] = [
    "npz", "npy", "keras", "h5", "hdf5", "nemo", "tar", "tgz", "gz", "zip", "mar", "onnx", "pb", "gguf",
    "ggml",
];

/// Refuses a file, and a directory whose only models are such files.
pub(super) fn refuse(path: &Path) -> Result<(), TrainError> {
    if path.is_file() {
        let format = ending(path).and_then(|ending| kind(&ending)).unwrap_or("a file, not a directory");
        return Err(foreign(path, format));
    }
    // Whatever stands there, our own parts decide.
    if path.join(super::CONFIG).is_file() && path.join(super::WEIGHTS).is_file() {
        return Ok(());
    }
    let Ok(entries) = std::fs::read_dir(path) else { return Ok(()) };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    names.sort();
    let found = names.iter().find_map(|file| Some((file, kind(&ending(file)?)?)));
    found.map_or(Ok(()), |(file, format)| Err(foreign(file, format)))
}

fn ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

fn kind(ending: &str) -> Option<&'static str> {
    match ending {
        _ if PICKLES.contains(&ending) => Some("a pickle, which may run code when it is read"),
        _ if CONTAINERS.contains(&ending) => Some("an archive or container of another program"),
        _ => None,
    }
}

fn foreign(path: &Path, format: &'static str) -> TrainError {
    TrainError::ForeignModel { path: path.into(), format }
}
