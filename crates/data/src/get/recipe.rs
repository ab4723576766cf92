//! A recipe says where a corpus is, what it is for, under which licence, and which files in it are the text.

use std::fmt;

use super::error::GetError;
use super::languages::Languages;

/// What a corpus may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Text to learn from.
    Training,
    /// Text to measure with. Who trains on it measures nothing.
    Benchmark,
}

impl Purpose {
    /// The word in the lock.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Benchmark => "benchmark",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Training => "training",
            Self::Benchmark => "benchmark: not for training",
        })
    }
}

/// One file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its address, http or https.
    pub url: String,
    /// Where it may be instead, if the address is not there.
    pub or_url: Option<String>,
    /// Its length in bytes, if that is publicly known.
    pub bytes: Option<u64>,
    /// Its SHA-256 in hex, if that is publicly known; else it is recorded at the first download.
    pub sha256: Option<String>,
}

/// Where the text is in what was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// One archive; the sides are the entries whose names end so.
    Archive { suffixes: [String; 2], many: Many },
    /// Two files, one a side, plain or compressed.
    Sides,
    /// One file with both sides on each line, plain or compressed.
    Tsv,
}

/// What to do when several entries of an archive end in the right way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Many {
    /// A fault: it is not known which one is meant.
    Refuse,
    /// Put them behind each other, by directory.
    Join,
}

/// How a corpus is had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The name to ask for it by.
    pub name: String,
    /// Its languages.
    pub languages: Languages,
    /// What it is for.
    pub purpose: Purpose,
    /// The name of its files without the language: `train`, `dev` or `test`.
    pub part: &'static str,
    /// The licence as its publisher states it.
    pub licence: String,
    /// What is known of it, and what is not.
    pub about: String,
    /// Pairs of lines, if known.
    pub pairs: Option<u64>,
    /// Roughly the bytes to download, if known.
    pub rough_bytes: Option<u64>,
    /// Whether the publisher wants terms to be accepted and a token to be sent.
    pub gated: bool,
    /// What to download.
    pub sources: Vec<Source>,
    pub(super) layout: Layout,
}

impl Recipe {
    /// The directory under the data directory: name and languages, in letters that every disk takes.
    pub fn directory(&self) -> String {
        let name = self.name.replace(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)), "-");
        format!("{name}.{}", self.languages)
    }
}

/// A corpus that has no recipe: the addresses and hashes are the user's.
#[derive(Clone, Debug)]
pub struct Custom {
    /// A name for it: letters, digits, `-`, `_`.
    pub name: String,
    /// Its languages.
    pub languages: Languages,
    /// What it is for.
    pub purpose: Purpose,
    /// Its licence in the user's words; may be empty.
    pub licence: String,
    /// Address and SHA-256 of one archive (`.zip`, `.tar.gz`, `.tgz`) or `.tsv`, or of two text files,
    /// one a language in the order of [`Languages::codes`]; `.gz` and `.zst` are decompressed.
    pub sources: Vec<(String, String)>,
}

impl Custom {
    /// The recipe for these addresses.
    ///
    /// # Errors
    ///
    /// A name, an address, a hash or a number of files that cannot be used.
    pub fn recipe(&self) -> Result<Recipe, GetError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(plain) {
            let expected = "1 to 64 letters, digits, '-' or '_'";
            return Err(GetError::BadValue { what: "the name", got: self.name.clone(), expected });
        }
        let sources =
            self.sources.iter().map(|(url, sha256)| source(url, sha256)).collect::<Result<_, _>>()?;
        Ok(Recipe {
            name: self.name.clone(),
            languages: self.languages.clone(),
            purpose: self.purpose,
            part: if self.purpose == Purpose::Training { "train" } else { "test" },
            licence: if self.licence.is_empty() { "not stated".to_owned() } else { self.licence.clone() },
            about: "an address given by the user".to_owned(),
            pairs: None,
            rough_bytes: None,
            gated: false,
            sources,
            layout: self.layout()?,
        })
    }

    fn layout(&self) -> Result<Layout, GetError> {
        let suffixes = self.languages.codes().map(|code| format!(".{code}"));
        match &self.sources[..] {
            [(url, _)] if Form::of(url) == Form::Zip || Form::of(url) == Form::TarGz => {
                Ok(Layout::Archive { suffixes, many: Many::Refuse })
            }
            [(url, _)] if is_table(url) => Ok(Layout::Tsv),
            [_, _] => Ok(Layout::Sides),
            other => Err(GetError::BadValue {
                what: "the list of addresses",
                got: other.iter().map(|(url, _)| url.as_str()).collect::<Vec<_>>().join(" "),
                expected: "one .zip, .tar.gz or .tsv, or two text files",
            }),
        }
    }
}

fn source(url: &str, sha256: &str) -> Result<Source, GetError> {
    let sha256 = sha256.to_ascii_lowercase();
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(GetError::BadValue { what: "the sha256", got: sha256, expected: "64 hex digits" });
    }
    Ok(Source { url: url.to_owned(), or_url: None, bytes: None, sha256: Some(sha256) })
}

/// How a file is packed, by the end of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Zip,
    TarGz,
    Gz,
    Zst,
    Plain,
}

impl Form {
    pub(super) fn of(url: &str) -> Self {
        let path = path_of(url);
        let ends = |end: &str| path.ends_with(end);
        match () {
            () if ends(".zip") => Self::Zip,
            () if ends(".tar.gz") || ends(".tgz") => Self::TarGz,
            () if ends(".gz") => Self::Gz,
            () if ends(".zst") => Self::Zst,
            () => Self::Plain,
        }
    }
}

fn path_of(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase()
}

fn is_table(url: &str) -> bool {
    let path = path_of(url);
    [".tsv", ".tsv.gz", ".tsv.zst"].iter().any(|end| path.ends_with(end))
}
