//! Attention as files: a page (`.html`), or pictures (`.svg`, `.png`).

use crate::commands::data::expect_place;
use crate::disk::SystemDisk;
use crate::{TrainError, files};
use page::attention::{AttentionPage, Sentence, picture};
use page::png::png;
use std::path::{Path, PathBuf};

/// Pictures of one command at most; a page has its own limit.
const MOST_PICTURES: usize = 100;

/// Where attention goes. All sentences share a page; of pictures each sentence has one: the file that was named, or
/// with several sentences `NAME-1.svg`, `NAME-2.svg`, … in their order.
#[derive(Debug)]
pub struct Pictures {
    path: PathBuf,
    kind: Kind,
    left_out: usize,
}

#[derive(Debug)]
enum Kind {
    Page(Box<AttentionPage>),
    Svg(Vec<String>),
    Png(Vec<String>),
}

impl Pictures {
    /// A file by its extension; `model` is the model's name.
    ///
    /// # Errors
    ///
    /// An extension that is none of the three; a place where no file can be.
    pub fn new(path: &Path, model: &Path) -> Result<Self, TrainError> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let kind = match extension.to_ascii_lowercase().as_str() {
            "html" | "htm" => Kind::Page(Box::new(AttentionPage::new(&model.display().to_string()))),
            "svg" => Kind::Svg(Vec::new()),
            "png" => Kind::Png(Vec::new()),
            _ => {
                return Err(TrainError::Usage(format!(
                    "--attention {}: a name ends in .html (a page), .svg or .png (pictures)",
                    path.display()
                )));
            }
        };
        expect_place(path)?;
        Ok(Self { path: path.into(), kind, left_out: 0 })
    }

    /// Adds a sentence.
    pub fn add(&mut self, sentence: &Sentence) {
        match &mut self.kind {
            Kind::Page(page) => {
                page.add(sentence);
                self.left_out = page.left_out();
            }
            Kind::Svg(pictures) | Kind::Png(pictures) if pictures.len() < MOST_PICTURES => {
                pictures.push(picture(sentence));
            }
            Kind::Svg(_) | Kind::Png(_) => self.left_out += 1,
        }
    }

    /// Writes the files.
    ///
    /// # Errors
    ///
    /// A file that cannot be written; a PNG whose letters no font of this machine has.
    pub fn write(self) -> Result<(), TrainError> {
        let write = |path: &Path, bytes: &[u8]| {
            files::write_file(&SystemDisk, path, bytes)?;
            tracing::info!("wrote {}", path.display());
            Ok(())
        };
        if self.left_out > 0 {
            tracing::warn!("{} sentences are not shown in {}", self.left_out, self.path.display());
        }
        match self.kind {
            Kind::Page(page) => write(&self.path, page.finish().as_bytes()),
            Kind::Svg(pictures) => {
                let paths = paths(&self.path, pictures.len());
                paths.iter().zip(&pictures).try_for_each(|(path, svg)| write(path, svg.as_bytes()))
            }
            Kind::Png(pictures) => {
                let paths = paths(&self.path, pictures.len());
                paths.iter().zip(&pictures).try_for_each(|(path, svg)| {
                    let fault = |source| TrainError::Picture { path: path.clone(), source };
                    write(path, &png(svg).map_err(fault)?)
                })
            }
        }
    }
}

/// A name for each of `n` pictures.
fn paths(path: &Path, n: usize) -> Vec<PathBuf> {
    if n == 1 {
        return vec![path.into()];
    }
    let stem = path.file_stem().unwrap_or_default();
    let extension = path.extension().unwrap_or_default();
    let name = |i: usize| {
        let mut name = stem.to_os_string();
        name.push(format!("-{i}."));
        name.push(extension);
        path.with_file_name(name)
    };
    (1..=n).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_picture_has_the_name_and_several_have_numbers() {
        assert_eq!(paths(Path::new("a/out.svg"), 1), [Path::new("a/out.svg")]);
        assert_eq!(
            paths(Path::new("a/out.v2.png"), 2),
            ["a/out.v2-1.png", "a/out.v2-2.png"].map(PathBuf::from)
        );
        assert!(paths(Path::new("out.svg"), 0).is_empty());
    }
}
