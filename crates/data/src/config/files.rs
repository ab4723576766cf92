//! What names the files of a set: two aligned ones, or one that holds both sides.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Fault, Needed, tag};

/// One set of pairs: two aligned plain files, or one file that holds both sides.
///
/// The ending of `file` names its format, see [`FileFormat`]. But for Parquet, every file may also
/// end in `.gz`, `.zst` or `.xz`. The last part of a path may hold one `*`, which stands for any
/// text: the files that match are read one after the other, sorted by name, and those of `src` and
/// `tgt` must match with the same texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ParallelFiles {
    /// Source sentences, one a line.
    pub src: PathBuf,
    /// Target sentences, line by line the translation of `src`.
    pub tgt: PathBuf,
    /// Both in one file, instead of `src` and `tgt`.
    #[serde(skip_serializing_if = "is_unset")]
    pub file: PathBuf,
    /// The column or key of the source in `file`; empty: found by its language or by a usual name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub src_column: String,
    /// The column or key of the target in `file`; set together with `src_column`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tgt_column: String,
    /// Control tokens before every source, such as `<2kn>` or `<2kn> <bt>`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
}

pub(super) fn is_unset(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

impl ParallelFiles {
    /// Two aligned files.
    pub fn pair(src: impl Into<PathBuf>, tgt: impl Into<PathBuf>) -> Self {
        Self { src: src.into(), tgt: tgt.into(), ..Self::default() }
    }

    /// One file that holds both sides.
    pub fn one(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// True if any file is named.
    pub fn is_set(&self) -> bool {
        ![&self.src, &self.tgt, &self.file].into_iter().all(|path| is_unset(path))
    }

    /// The path by which people know the set: `file`, or else `src`.
    pub fn main_path(&self) -> &Path {
        if is_unset(&self.file) { &self.src } else { &self.file }
    }

    /// All faults of a set that is needed: nothing named, one side missing, both forms at once, an
    /// unknown format, or columns where there are none.
    pub fn validate(&self) -> Vec<Fault> {
        self.faults(Needed::Yes)
    }

    pub(super) fn faults(&self, needed: Needed) -> Vec<Fault> {
        let mut faults = self.column_faults();
        faults.extend(tag::fault(&self.tag).map(|message| Fault::new("tag", message)));
        let [no_src, no_tgt, no_file] = [&self.src, &self.tgt, &self.file].map(|path| is_unset(path));
        match (no_file, no_src && no_tgt) {
            (true, true) if needed == Needed::No => {}
            (true, _) => {
                let missing = [("src", no_src), ("tgt", no_tgt)].into_iter().filter(|(_, missing)| *missing);
                faults.extend(missing.map(|(key, _)| Fault::new(key, "is not set; name a file")));
            }
            (false, false) => {
                let message = "stands beside src or tgt; give either file or both of them";
                faults.push(Fault::new("file", message));
            }
            (false, true) if FileFormat::of(&self.file).is_none() => {
                let got = self.file.display();
                let message = format!("got '{got}', expected a name that ends in {}", FileFormat::EXPECTED);
                faults.push(Fault::new("file", message));
            }
            (false, true) => {}
        }
        faults
    }

    fn column_faults(&self) -> Vec<Fault> {
        let columns = [("src_column", &self.src_column), ("tgt_column", &self.tgt_column)];
        let format = FileFormat::of(&self.file);
        match (self.src_column.is_empty(), self.tgt_column.is_empty()) {
            (true, true) => vec![],
            (false, false) if self.src_column == self.tgt_column => {
                vec![Fault::new("tgt_column", "is the same as src_column; name the other column")]
            }
            _ if is_unset(&self.file) || format == Some(FileFormat::Tmx) => {
                let named = columns.into_iter().filter(|(_, column)| !column.is_empty());
                let message = "names a column, but the files have none; take the key away";
                named.map(|(key, _)| Fault::new(key, message)).collect()
            }
            (false, false) => vec![],
            _ => {
                let unnamed = columns.into_iter().filter(|(_, column)| column.is_empty());
                let message = "is not set, but the other column is; name both or neither";
                unnamed.map(|(key, _)| Fault::new(key, message)).collect()
            }
        }
    }
}

/// The formats of a file that holds both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// `.tsv`: a pair a line, `source<TAB>target`, without quoting.
    Tsv,
    /// `.csv`: RFC 4180, with or without a header.
    Csv,
    /// `.jsonl`: one JSON object a line.
    Jsonl,
    /// `.tmx`: a translation memory, TMX 1.4.
    Tmx,
    /// `.parquet`, read if the program was built with the cargo feature `parquet`.
    Parquet,
}

impl FileFormat {
    /// The endings, for messages.
    pub(crate) const EXPECTED: &str = ".tsv, .csv, .jsonl, .tmx or .parquet";

    /// The format of a file by its name, an ending of compression set aside.
    ///
    /// ```
    /// use data::FileFormat;
    ///
    /// assert_eq!(FileFormat::of("news.tmx.gz".as_ref()), Some(FileFormat::Tmx));
    /// assert_eq!(FileFormat::of("news.parquet.gz".as_ref()), None);
    /// ```
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let packed = [".gz", ".zst", ".xz"].into_iter().find_map(|ending| name.strip_suffix(ending));
        let (_, ending) = packed.unwrap_or(&name).rsplit_once('.')?;
        match ending {
            "tsv" => Some(Self::Tsv),
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::Jsonl),
            "tmx" => Some(Self::Tmx),
            "parquet" if packed.is_none() => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// The language codes of the two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguagePair {
    /// Code of the source, such as `en`.
    pub src: String,
    /// Code of the target, such as `kn`.
    pub tgt: String,
}

impl LanguagePair {
    /// Two codes.
    pub fn new(src: impl Into<String>, tgt: impl Into<String>) -> Self {
        Self { src: src.into(), tgt: tgt.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_a_pair_of_files_or_one_file() {
        let keys = |files: ParallelFiles| -> Vec<String> {
            files.validate().into_iter().map(|fault| fault.key).collect()
        };
        assert_eq!(keys(ParallelFiles::default()), ["src", "tgt"]);
        assert_eq!(keys(ParallelFiles::pair("a.en", "")), ["tgt"]);
        let both = ParallelFiles { file: "d.tsv".into(), ..ParallelFiles::pair("d.en", "d.kn") };
        assert_eq!(keys(both), ["file"]);
        for name in ["a.txt", "a", ".gz", "a.parquet.gz", "tsv"] {
            assert_eq!(keys(ParallelFiles::one(name)), ["file"], "{name}");
        }
        for name in ["a.tsv", "a.CSV.GZ", "b/a-*.jsonl.zst", "a.tmx.xz", "a.parquet"] {
            assert!(keys(ParallelFiles::one(name)).is_empty(), "{name}");
        }
    }

    #[test]
    fn columns_come_in_twos_and_only_where_there_are_some() {
        let faults = |files: ParallelFiles, src: &str, tgt: &str| -> Vec<String> {
            let files = ParallelFiles { src_column: src.into(), tgt_column: tgt.into(), ..files };
            files.validate().into_iter().map(|fault| format!("{} {}", fault.key, fault.message)).collect()
        };
        assert!(faults(ParallelFiles::one("a.csv"), "a", "b").is_empty());
        let message = "tgt_column is not set, but the other column is; name both or neither";
        assert_eq!(faults(ParallelFiles::one("a.csv"), "a", ""), [message]);
        let message = "tgt_column is the same as src_column; name the other column";
        assert_eq!(faults(ParallelFiles::one("a.csv"), "a", "a"), [message]);
        let message = "src_column names a column, but the files have none; take the key away";
        assert_eq!(faults(ParallelFiles::pair("a", "b"), "a", ""), [message]);
        assert_eq!(faults(ParallelFiles::one("a.tmx"), "a", "b").len(), 2);
    }
}
