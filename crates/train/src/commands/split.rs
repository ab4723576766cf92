//! `data split`: a corpus cut into training text, dev and test, none of whose lines stands in the training text.

use super::config::program;
use crate::cli::stdout_error;
use crate::disk::SystemDisk;
use crate::{TrainError, files};
use data::hold_out::hold_out;
use data::{LanguagePair, Limits, Pair, ParallelFiles, read_parallel};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What is cut, and how.
#[derive(Clone, Debug)]
pub struct Split {
    /// The corpus.
    pub files: ParallelFiles,
    /// Their codes are the endings of the files.
    pub languages: LanguagePair,
    /// Pairs of dev and of test.
    pub sizes: (usize, usize),
    /// Another one chooses other pairs.
    pub seed: u64,
    /// Where `train`, `dev` and `test` are written.
    pub dir: PathBuf,
}

/// Writes the sets, each in the order of the corpus, and says where.
///
/// # Errors
///
/// Text that cannot be read; a corpus without so many pairs to hold out; files that are there already; whatever the disk
/// says.
pub fn run(split: &Split, out: &mut impl Write) -> Result<(), TrainError> {
    let places = places(split)?;
    let (pairs, _) = read_parallel(&split.files, &split.languages, &Limits::of_a_line())?;
    let (n_dev, n_test) = split.sizes;
    let held_out = hold_out(&pairs, split.sizes, split.seed);
    let wanted = n_dev.saturating_add(n_test);
    if held_out.test.len() < n_test || held_out.dev.len() < n_dev || pairs.len() <= wanted {
        return Err(TrainError::Usage(format!(
            "{} pairs were to be held out, and of {} only {} stand alone, with neither side repeated elsewhere; ask for fewer",
            wanted,
            pairs.len(),
            held_out.n_candidates
        )));
    }
    let part = |place: usize| match () {
        () if held_out.dev.binary_search(&place).is_ok() => "dev",
        () if held_out.test.binary_search(&place).is_ok() => "test",
        () => "train",
    };
    let mut sets: BTreeMap<&str, Vec<&Pair>> = BTreeMap::new();
    for (place, pair) in pairs.iter().enumerate() {
        sets.entry(part(place)).or_default().push(pair);
    }
    std::fs::create_dir_all(&split.dir).map_err(TrainError::io("create", &split.dir))?;
    for (name, [src, tgt]) in &places {
        let set = sets.get(name).map_or(&[][..], Vec::as_slice);
        write_lines(src, set.iter().map(|pair| pair.src.as_str()))?;
        write_lines(tgt, set.iter().map(|pair| pair.tgt.as_str()))?;
        writeln!(out, "{} and {}: {} pairs", src.display(), tgt.display(), set.len())
            .map_err(stdout_error)?;
    }
    let (program, [src, tgt]) = (program(), &places[0].1);
    writeln!(out, "next:  {program} config init --src {} --tgt {}", src.display(), tgt.display())
        .map_err(stdout_error)
}

/// The files of each set that will not be empty, none of which may be there.
fn places(split: &Split) -> Result<Vec<(&'static str, [PathBuf; 2])>, TrainError> {
    let (n_dev, n_test) = split.sizes;
    let LanguagePair { src, tgt } = &split.languages;
    if src == tgt {
        return Err(TrainError::Usage(
            "source and target have one code; set --src-lang and --tgt-lang".into(),
        ));
    }
    // They become endings of files.
    let is_code =
        |code: &str| !code.is_empty() && code.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if let Some(code) = [src, tgt].into_iter().find(|code| !is_code(code)) {
        return Err(TrainError::Usage(format!(
            "'{code}' is no code of a language, such as kn; set --src-lang and --tgt-lang"
        )));
    }
    let set = |name: &'static str| (name, [src, tgt].map(|code| split.dir.join(format!("{name}.{code}"))));
    let sets = [("train", 1), ("dev", n_dev), ("test", n_test)].into_iter().filter(|(_, size)| *size > 0);
    let places: Vec<_> = sets.map(|(name, _)| set(name)).collect();
    match places.iter().flat_map(|(_, files)| files).find(|path| path.exists()) {
        None => Ok(places),
        Some(path) => {
            let source = std::io::Error::new(
                ErrorKind::AlreadyExists,
                "it is there already; name another --output-dir",
            );
            Err(TrainError::io("write", path)(source))
        }
    }
}

fn write_lines<'t>(path: &Path, lines: impl Iterator<Item = &'t str>) -> Result<(), TrainError> {
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    files::write_file(&SystemDisk, path, text.as_bytes())
}
