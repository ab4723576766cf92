//! What was downloaded becomes aligned text: `<part>.<language>`, as many lines on both sides.
//!
//! The text is kept byte for byte; what is odd in it is the business of [`corpus`](crate::corpus) and
//! [`normalize`](crate::normalize).

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::archive::{Caps, Intake, Member};
use super::error::GetError;
use super::hash::{Sum, Summing};
use super::recipe::{Form, Layout, Many, Recipe};

/// Unpacks the files of a recipe into `stage` and says what is there then.
///
/// # Errors
///
/// Archives that are damaged, unsafe, too large or lack a side; sides that do not line up.
pub(super) fn unpack(
    recipe: &Recipe,
    archives: &[PathBuf],
    caps: &Caps,
    stage: &Path,
) -> Result<Vec<(String, Sum)>, GetError> {
    let form = |index: usize| Form::of(&recipe.sources[index].url);
    let names = recipe.languages.codes().map(|code| format!("{}.{code}", recipe.part));
    let sums = match &recipe.layout {
        Layout::Archive { suffixes, many } => {
            let members = Intake::new(&archives[0], caps)?.extract(form(0), suffixes, stage)?;
            let sides = Sides { recipe, archive: &archives[0], suffixes, members };
            let joined = match many {
                Many::Refuse => sides.only(stage, &names),
                Many::Join => sides.join(stage, &names),
            }?;
            joined.to_vec()
        }
        Layout::Sides => {
            let single = |index: usize| {
                Intake::new(&archives[index], caps)?.single(form(index), &stage.join(&names[index]))
            };
            vec![single(0)?, single(1)?]
        }
        Layout::Tsv => {
            let name = format!("{}.tsv", recipe.part);
            let sum = Intake::new(&archives[0], caps)?.single(form(0), &stage.join(&name))?;
            return some_text(&archives[0], vec![(name, sum)]);
        }
    };
    agree(recipe, sums[0].lines, sums[1].lines)?;
    some_text(&archives[0], names.into_iter().zip(sums).collect())
}

fn some_text(archive: &Path, files: Vec<(String, Sum)>) -> Result<Vec<(String, Sum)>, GetError> {
    if files.iter().all(|(_, sum)| sum.lines == 0) {
        let reason = "there is no text in it".to_owned();
        return Err(GetError::Damaged { path: archive.to_path_buf(), reason });
    }
    Ok(files)
}

fn agree(recipe: &Recipe, src_lines: u64, tgt_lines: u64) -> Result<(), GetError> {
    if src_lines == tgt_lines {
        return Ok(());
    }
    let [src, tgt] = recipe.languages.codes().map(str::to_owned);
    Err(GetError::LineCounts { name: recipe.name.clone(), src, tgt, src_lines, tgt_lines })
}

/// The entries of an archive that are text of the pair.
struct Sides<'a> {
    recipe: &'a Recipe,
    archive: &'a Path,
    suffixes: &'a [String; 2],
    members: Vec<Member>,
}

impl Sides<'_> {
    fn of(&self, side: usize) -> Vec<&Member> {
        let mut of: Vec<_> = self.members.iter().filter(|member| member.side == side).collect();
        of.sort_by(|a, b| a.directory.cmp(&b.directory));
        of
    }

    /// The one file of each side.
    fn only(&self, stage: &Path, names: &[String; 2]) -> Result<[Sum; 2], GetError> {
        let one = |side: usize| match self.of(side)[..] {
            [member] => {
                let to = stage.join(&names[side]);
                fs::rename(&member.path, &to).map_err(GetError::disk(&to, "renaming"))?;
                Ok(member.sum.clone())
            }
            _ => Err(self.missing(side)),
        };
        Ok([one(0)?, one(1)?])
    }

    /// All files of each side behind each other; those of a directory belong together.
    fn join(&self, stage: &Path, names: &[String; 2]) -> Result<[Sum; 2], GetError> {
        let (first, second) = (self.of(0), self.of(1));
        let directories = |side: &[&Member]| -> Vec<String> {
            side.iter().map(|member| member.directory.clone()).collect()
        };
        if first.is_empty() || directories(&first) != directories(&second) {
            return Err(self.missing(usize::from(first.len() > second.len())));
        }
        for (a, b) in first.iter().zip(&second) {
            agree(self.recipe, a.sum.lines, b.sum.lines)?;
        }
        Ok([concatenate(&first, &stage.join(&names[0]))?, concatenate(&second, &stage.join(&names[1]))?])
    }

    fn missing(&self, side: usize) -> GetError {
        let of = self.of(side);
        let seen: Vec<&str> = of.iter().take(5).map(|member| member.directory.as_str()).collect();
        let seen = if seen.is_empty() { "none".to_owned() } else { format!("in {}", seen.join(", ")) };
        let (path, suffix) = (self.archive.to_path_buf(), self.suffixes[side].clone());
        GetError::NoMember { path, suffix, found: of.len(), seen }
    }
}

fn concatenate(members: &[&Member], to: &Path) -> Result<Sum, GetError> {
    let mut out = File::create_new(to).map_err(GetError::disk(to, "creating"))?;
    let mut summing = Summing::default();
    let mut chunk = vec![0; 1 << 16];
    for member in members {
        let mut text = File::open(&member.path).map_err(GetError::disk(&member.path, "opening"))?;
        loop {
            let got = text.read(&mut chunk).map_err(GetError::disk(&member.path, "reading"))?;
            if got == 0 {
                break;
            }
            summing.add(&chunk[..got]);
            out.write_all(&chunk[..got]).map_err(GetError::disk(to, "writing"))?;
        }
        if summing.in_line() {
            summing.add(b"\n");
            out.write_all(b"\n").map_err(GetError::disk(to, "writing"))?;
        }
        fs::remove_file(&member.path).map_err(GetError::disk(&member.path, "removing"))?;
    }
    out.sync_all().map_err(GetError::disk(to, "writing"))?;
    Ok(summing.done())
}
