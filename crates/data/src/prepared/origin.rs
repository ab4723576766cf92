//! What a set was made of, and whether that is still so.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Request;
use crate::config::DataConfig;
use crate::corpus::{Limits, SourceNotes, content_hash, paths};
use crate::error::DataError;
use crate::shards::FillReport;

/// To be raised when normalising, cleaning, learning a vocabulary or tokenizing changes what it gives.
const VERSION: u32 = 1;
/// A file that was changed less than this before it was looked at may change again without its time of change doing so.
const SETTLED: Duration = Duration::from_secs(2);

/// What stands in the manifest about the making of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Origin {
    /// [`Request::key`].
    pub(super) key: String,
    pub(super) text: Text,
    pub(super) notes: Vec<SourceNotes>,
    pub(super) fill: FillReport,
}

/// The training text as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    /// Content hash of each source.
    pub(super) hashes: Vec<String>,
    /// Every file of the sources, in order.
    files: Vec<Stamp>,
}

/// By what an unchanged file is known without reading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamp {
    /// As it is shown: names need not be UTF-8.
    path: String,
    bytes: u64,
    /// Time of the last change, nanoseconds since 1970; nothing if that was too short a time ago.
    modified_ns: Option<u64>,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self, DataError> {
        let meta = fs::metadata(path).map_err(|source| DataError::reading(path, source))?;
        let settled = |time: &SystemTime| time.elapsed().is_ok_and(|age| age > SETTLED);
        let modified = meta.modified().ok().filter(settled);
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified_ns = modified.and_then(|time| u64::try_from(time.as_nanos()).ok());
        Ok(Self { path: path.display().to_string(), bytes: meta.len(), modified_ns })
    }

    fn all(data: &DataConfig) -> Result<Vec<Self>, DataError> {
        let mut stamps = Vec::new();
        for source in &data.train.0 {
            for path in paths(&source.files())? {
                stamps.push(Self::of(&path)?);
            }
        }
        Ok(stamps)
    }
}

impl Text {
    /// The text of now.
    pub(super) fn of(data: &DataConfig) -> Result<Self, DataError> {
        let files = Stamp::all(data)?;
        Ok(Self { hashes: hashes(data)?, files })
    }

    /// Whether the text of now is the same.
    pub(super) fn is_unchanged(&self, data: &DataConfig) -> Result<bool, DataError> {
        let now = Stamp::all(data)?;
        let known = now == self.files && now.iter().all(|stamp| stamp.modified_ns.is_some());
        Ok(known || hashes(data)? == self.hashes)
    }
}

/// [`content_hash`] of each source.
pub(super) fn hashes(data: &DataConfig) -> Result<Vec<String>, DataError> {
    data.train.0.iter().map(|source| content_hash(&source.files(), &Limits::of_training(data))).collect()
}

/// BLAKE3 over everything but the content of the text.
pub(super) fn key(request: &Request) -> String {
    let data = request.data;
    let source = |source: &crate::config::Source| {
        // How often a source comes is not a matter of its examples.
        serde_json::json!([source.files(), source.max_pairs])
    };
    let clean = crate::config::CleanConfig { allow_overlap: false, ..data.clean.clone() };
    let sources: Vec<_> = data.train.0.iter().map(source).collect();
    let all = serde_json::json!([
        VERSION,
        sources,
        data.src_lang,
        data.tgt_lang,
        data.on_bad_utf8,
        data.normalize,
        clean,
        request.tokenizer,
        request.max_tokens,
    ]);
    blake3::hash(all.to_string().as_bytes()).to_hex()[..16].to_owned()
}
