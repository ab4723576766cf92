//! The files of a recipe: kept ones are used again, the others are downloaded, all are compared with the lock.

use std::fs;
use std::path::{Path, PathBuf};

use super::download::{Demand, download};
use super::error::GetError;
use super::hash::{Sum, sum};
use super::http::Client;
use super::lock::{Locked, LockedDownload};
use super::part;
use super::recipe::{Form, Recipe, Source};
use super::{Options, Progress};

/// A file of a recipe on the disk.
pub(super) struct Fetched {
    url: String,
    pub(super) path: PathBuf,
    sum: Sum,
}

impl Fetched {
    pub(super) fn lock(self) -> LockedDownload {
        LockedDownload { url: self.url, bytes: self.sum.bytes, sha256: self.sum.sha256 }
    }
}

/// Downloads the files of a recipe; those of a locked corpus must be the same as then.
pub(super) fn fetch(
    recipe: &Recipe,
    old: Option<&Locked>,
    downloads: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Fetched>, GetError> {
    let client = Client::new(&options.patience, options.token.clone().filter(|_| recipe.gated));
    let mut left = options.max_download_bytes;
    let mut fetched = Vec::new();
    for (index, source) in recipe.sources.iter().enumerate() {
        let path = downloads.join(file_name(recipe, index));
        let locked = old.and_then(|old| old.downloads.get(index)).map(|download| &download.sha256);
        let (url, sum) = match kept(&path, source, locked)? {
            Some(sum) => (source.url.clone(), sum),
            None => any_address(&client, options, source, left, &path, progress)?,
        };
        if let Some(locked) = locked.filter(|&locked| *locked != sum.sha256) {
            fs::remove_file(&path).map_err(GetError::disk(&path, "removing"))?;
            let (name, locked) = (recipe.name.clone(), locked.clone());
            return Err(GetError::UpstreamChanged { name, url, locked, got: sum.sha256 });
        }
        left = left.saturating_sub(sum.bytes);
        fetched.push(Fetched { url, path, sum });
    }
    Ok(fetched)
}

fn file_name(recipe: &Recipe, index: usize) -> String {
    let end = match Form::of(&recipe.sources[index].url) {
        Form::Zip => "zip",
        Form::TarGz => "tar.gz",
        Form::Gz => "gz",
        Form::Zst => "zst",
        Form::Plain => "txt",
    };
    format!("{}.{index}.{end}", recipe.directory())
}

/// The sum of an archive that an earlier run kept, if it is the one that is wanted.
fn kept(path: &Path, source: &Source, locked: Option<&String>) -> Result<Option<Sum>, GetError> {
    if !path.is_file() {
        return Ok(None);
    }
    let got = sum(path)?;
    let wanted = locked.or(source.sha256.as_ref());
    Ok(wanted.is_some_and(|wanted| *wanted == got.sha256).then_some(got))
}

/// Tries the address of a source, then its other one; the one that was begun with comes first.
fn any_address(
    client: &Client,
    options: &Options,
    source: &Source,
    max_bytes: u64,
    path: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(String, Sum), GetError> {
    let mut urls = vec![source.url.clone()];
    urls.extend(source.or_url.clone());
    let begun = part::begun_from(path);
    urls.sort_by_key(|url| Some(url) != begun.as_ref());
    let mut last = None;
    for url in urls {
        let source = Source { url: url.clone(), ..source.clone() };
        let demand = Demand { source: &source, max_bytes };
        match download(client, &options.patience, &demand, path, progress) {
            Ok(sum) => return Ok((url, sum)),
            Err(fault @ GetError::NotThere { .. }) => last = last.or(Some(fault)),
            Err(fault) => return Err(fault),
        }
    }
    Err(last.expect("a source has an address, and it was not there"))
}
