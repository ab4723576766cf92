//! `report`: the page about a run, at any time.

use crate::checkpoint;
use crate::cli::stdout_error;
use crate::commands::data::expect_place;
use crate::disk::{Disk, SystemDisk};
use crate::run_dir::REPORT;
use crate::runs::Run;
use crate::{TrainError, files, report};
use serde_json::Value;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Larger states are not read.
const MAX_STATE_BYTES: u64 = 64 << 20;

/// Writes the page about the run in `dir` to `output`, or beside its files, and says where.
///
/// # Errors
///
/// The directory is not that of a run; the page cannot be written.
pub fn run(dir: &Path, output: Option<&Path>, out: &mut impl Write) -> Result<(), TrainError> {
    let path = output.map_or_else(|| dir.join(REPORT), Path::to_path_buf);
    let run = read(dir)?;
    expect_place(&path)?;
    // A model that is damaged, of another version or not there yet is no reason to have no page.
    let pictures = if dir.join("best").exists() { report::pictures_of(&run) } else { Ok(Vec::new()) };
    let pictures = pictures.unwrap_or_else(|error| {
        tracing::warn!("no pictures of attention: {error}");
        Vec::new()
    });
    let beside = report::Beside {
        state: run.state(),
        n_parameters: run.n_parameters(&SystemDisk),
        tgt_tokens: tgt_tokens(&run),
        pictures,
    };
    files::write_file(&SystemDisk, &path, report::page(&run, beside).as_bytes())?;
    writeln!(out, "{}", path.display()).map_err(stdout_error)
}

/// The run in a directory.
///
/// # Errors
///
/// There is none.
pub(crate) fn read(dir: &Path) -> Result<Run, TrainError> {
    if !dir.is_dir() {
        let kind = if dir.exists() { ErrorKind::NotADirectory } else { ErrorKind::NotFound };
        return Err(TrainError::io("read", dir)(kind.into()));
    }
    Run::read(&SystemDisk, dir).ok_or_else(|| {
        let dir = dir.display();
        TrainError::Usage(format!(
            "{dir} is not the directory of a run: it lacks config.toml, or run.json and metrics.jsonl; `train runs --dir DIR` lists those in DIR"
        ))
    })
}

/// As the newest checkpoint says.
fn tgt_tokens(run: &Run) -> Option<u64> {
    let checkpoints = run.path.join("checkpoints");
    let newest = checkpoint::steps(&SystemDisk, &checkpoints).ok()?.pop()?;
    let path = checkpoint::path(&checkpoints, newest).join("state.json");
    let state = SystemDisk.read_at_most(&path, MAX_STATE_BYTES).ok()?;
    serde_json::from_slice::<Value>(&state).ok()?["tgt_tokens"].as_u64()
}
