//! Reads archives of strangers: nothing is written under a name that an archive chose, and every
//! name, kind, size and count is checked first.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::error::GetError;
use super::frames::Frames;
use super::hash::{Sum, Summing};
use super::recipe::Form;

/// Text below this size is never a bomb.
const RATIO_FREE_BYTES: u64 = 1 << 20;
/// What a zip's directory may take to read: each of its bytes is some ten in memory.
const DIRECTORY_BYTES: u64 = 16 << 20;
/// What may stand before the text of a tar's entry: headers, and names longer than a header holds.
const TAR_HEADER_BYTES: u64 = 1 << 20;

/// How much may come out of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Bytes after decompression.
    pub bytes: u64,
    /// Bytes after decompression for a byte before, beyond the first MiB.
    pub ratio: u64,
    /// Entries.
    pub entries: u64,
}

impl Default for Caps {
    /// 64 GiB, 200 to 1, 10,000 entries.
    fn default() -> Self {
        Self { bytes: 1 << 36, ratio: 200, entries: 10_000 }
    }
}

/// A file that came out of an archive.
#[derive(Debug)]
pub(super) struct Member {
    /// The directory in the archive.
    pub(super) directory: String,
    /// Which of the suffixes its name ends in.
    pub(super) side: usize,
    pub(super) path: PathBuf,
    pub(super) sum: Sum,
}

/// An archive being read, and what it has yielded so far.
pub(super) struct Intake<'a> {
    path: &'a Path,
    caps: &'a Caps,
    packed: u64,
    unpacked: Cell<u64>,
    /// Bytes that may be read before something must come of them.
    headers: Cell<u64>,
    over: Cell<Option<(u64, &'static str)>>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(path: &'a Path, caps: &'a Caps) -> Result<Self, GetError> {
        let packed = std::fs::metadata(path).map_err(GetError::disk(path, "reading"))?.len();
        Ok(Self {
            path,
            caps,
            packed,
            unpacked: Cell::new(0),
            headers: Cell::new(u64::MAX),
            over: Cell::new(None),
        })
    }

    /// Writes the entries whose names end in one of `suffixes` into `stage`, under names of ours.
    ///
    /// # Errors
    ///
    /// A damaged archive; an entry that is unsafe or a link, wanted or not; more than the caps allow.
    pub(super) fn extract(
        &self,
        form: Form,
        suffixes: &[String; 2],
        stage: &Path,
    ) -> Result<Vec<Member>, GetError> {
        match form {
            Form::Zip => self.zip(suffixes, stage),
            _ => self.tar_gz(suffixes, stage),
        }
    }

    /// Writes the text of a single file, decompressed as its form says.
    ///
    /// # Errors
    ///
    /// A damaged file; more than the caps allow.
    pub(super) fn single(&self, form: Form, to: &Path) -> Result<Sum, GetError> {
        let file = self.open()?;
        match form {
            Form::Gz => self.copy(self.capped(MultiGzDecoder::new(file)), to),
            Form::Zst => self.copy(self.capped(Frames::new(file)), to),
            _ => self.copy(self.capped(file), to),
        }
    }

    fn open(&self) -> Result<BufReader<File>, GetError> {
        File::open(self.path).map(BufReader::new).map_err(GetError::disk(self.path, "opening"))
    }

    fn zip(&self, suffixes: &[String; 2], stage: &Path) -> Result<Vec<Member>, GetError> {
        self.headers.set(DIRECTORY_BYTES);
        let file = Seeking { inner: self.open()?, intake: self };
        let mut archive = zip::ZipArchive::new(file).map_err(|fault| self.damaged(fault))?;
        self.headers.set(u64::MAX);
        self.count(archive.len() as u64)?;
        let mut members = Vec::new();
        for index in 0..archive.len() {
            let entry = archive.by_index(index).map_err(|fault| self.damaged(fault))?;
            let name = entry.name().map_err(|fault| self.damaged(fault))?.into_owned();
            let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
            let plain = matches!(kind, 0 | 0o100_000 | 0o040_000) && !entry.is_symlink();
            self.admit(&name, plain)?;
            if let Some(side) = side_of(&name, suffixes).filter(|_| !entry.is_dir()) {
                members.push(self.member(&name, side, members.len(), self.capped(entry), stage)?);
            }
        }
        Ok(members)
    }

    fn tar_gz(&self, suffixes: &[String; 2], stage: &Path) -> Result<Vec<Member>, GetError> {
        // The cap is on the whole: what is passed over has to be decompressed, too.
        let mut archive = tar::Archive::new(self.capped(MultiGzDecoder::new(self.open()?)));
        let mut members = Vec::new();
        let mut entries = 0;
        self.headers.set(TAR_HEADER_BYTES);
        for entry in archive.entries().map_err(|fault| self.damaged(fault))? {
            let mut entry = entry.map_err(|fault| self.damaged(fault))?;
            self.headers.set(u64::MAX);
            entries += 1;
            self.count(entries)?;
            let kind = entry.header().entry_type();
            if kind.is_pax_global_extensions() {
                self.pass_over(&mut entry)?;
                continue;
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            self.admit(&name, kind.is_file() || kind.is_contiguous() || kind.is_dir())?;
            if let Some(side) = side_of(&name, suffixes).filter(|_| !kind.is_dir()) {
                members.push(self.member(&name, side, members.len(), &mut entry, stage)?);
            }
            self.pass_over(&mut entry)?;
        }
        self.headers.set(u64::MAX);
        // The checksum stands at the very end.
        io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|fault| self.damaged(fault))?;
        Ok(members)
    }

    /// Reads the rest of an entry, so that what is read next is the header of another one.
    fn pass_over(&self, entry: &mut impl Read) -> Result<(), GetError> {
        io::copy(entry, &mut io::sink()).map_err(|fault| self.damaged(fault))?;
        self.headers.set(TAR_HEADER_BYTES);
        Ok(())
    }

    /// Counts what is read of headers.
    fn header(&self, got: usize) -> io::Result<()> {
        if self.headers.get() == u64::MAX {
            return Ok(());
        }
        match self.headers.get().checked_sub(got as u64) {
            Some(left) => {
                self.headers.set(left);
                Ok(())
            }
            None => Err(io::Error::other("its headers are too long")),
        }
    }

    fn member(
        &self,
        name: &str,
        side: usize,
        number: usize,
        text: impl Read,
        stage: &Path,
    ) -> Result<Member, GetError> {
        let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
        let path = stage.join(format!("piece-{number}"));
        let sum = self.copy(text, &path)?;
        Ok(Member { directory, side, path, sum })
    }

    fn capped<R: Read>(&'a self, inner: R) -> Capped<'a, R> {
        Capped { inner, intake: self }
    }

    fn copy(&self, mut text: impl Read, to: &Path) -> Result<Sum, GetError> {
        let file = File::create_new(to).map_err(GetError::disk(to, "creating"))?;
        let mut file = BufWriter::new(file);
        let mut summing = Summing::default();
        let mut chunk = vec![0; 1 << 16];
        loop {
            let got = match text.read(&mut chunk) {
                Ok(0) => break,
                Ok(got) => got,
                Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
                Err(fault) => return Err(self.damaged(fault)),
            };
            summing.add(&chunk[..got]);
            file.write_all(&chunk[..got]).map_err(GetError::disk(to, "writing"))?;
        }
        let file = file.into_inner().map_err(|fault| GetError::disk(to, "writing")(fault.into_error()))?;
        file.sync_all().map_err(GetError::disk(to, "writing"))?;
        Ok(summing.done())
    }

    fn count(&self, entries: u64) -> Result<(), GetError> {
        if entries > self.caps.entries {
            self.over.set(Some((self.caps.entries, "entries")));
            return Err(self.damaged("too many entries"));
        }
        Ok(())
    }

    fn admit(&self, name: &str, plain: bool) -> Result<(), GetError> {
        let what = if plain { odd_name(name) } else { Some("a link or a device") };
        what.map_or(Ok(()), |what| {
            let entry = name.chars().take(200).collect::<String>().escape_debug().to_string();
            Err(GetError::UnsafeEntry { path: self.path.to_path_buf(), entry, what })
        })
    }

    /// A fault of reading: ours, if a cap was the reason.
    fn damaged(&self, fault: impl ToString) -> GetError {
        let path = self.path.to_path_buf();
        match self.over.get() {
            Some((limit, of)) => GetError::Bomb { path, limit, of },
            None => GetError::Damaged { path, reason: fault.to_string() },
        }
    }
}

/// Why a name may not stand in an archive.
fn odd_name(name: &str) -> Option<&'static str> {
    let drive = name.as_bytes().get(1) == Some(&b':');
    if name.is_empty() || name.contains(|c: char| c.is_control() || c == '\\' || c == '\u{FFFD}') {
        Some("not a plain name")
    } else if name.starts_with('/') || drive {
        Some("an absolute path")
    } else if name.split('/').any(|step| step == "..") {
        Some("a path that leads out of the archive")
    } else {
        None
    }
}

/// The suffix that a name ends in; the litter of one operating system is passed over.
fn side_of(name: &str, suffixes: &[String; 2]) -> Option<usize> {
    let litter = name.split('/').any(|step| step == "__MACOSX" || step.starts_with("._"));
    let name = format!("/{name}");
    suffixes.iter().position(|suffix| !litter && name.ends_with(suffix.as_str()))
}

/// Stops a stream at the caps.
struct Capped<'a, R> {
    inner: R,
    intake: &'a Intake<'a>,
}

impl<R: Read> Read for Capped<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(out)?;
        self.intake.header(got)?;
        let Intake { caps, packed, unpacked, over, .. } = self.intake;
        unpacked.set(unpacked.get() + got as u64);
        if unpacked.get() > caps.bytes {
            over.set(Some((caps.bytes, "bytes")));
        } else if unpacked.get() > RATIO_FREE_BYTES.max(packed.saturating_mul(caps.ratio)) {
            over.set(Some((caps.ratio, "bytes for each packed one")));
        }
        if over.get().is_some() { Err(io::Error::other("too large")) } else { Ok(got) }
    }
}

/// The file of a zip, of whose directory not too much is read.
struct Seeking<'a> {
    inner: BufReader<File>,
    intake: &'a Intake<'a>,
}

impl Read for Seeking<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(out)?;
        self.intake.header(got)?;
        Ok(got)
    }
}

impl Seek for Seeking<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
