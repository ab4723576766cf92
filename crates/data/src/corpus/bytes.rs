//! A file's text as bytes, decompressed within limits; never a silently short one.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use crate::error::DataError;

/// How much text a file may hold, against mistakes and decompression bombs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of text in one file, after decompression.
    pub max_bytes: u64,
    /// Most bytes of text for a compressed byte, once a file yields more than
    /// [`Limits::RATIO_FREE_BYTES`].
    pub max_ratio: u64,
}

impl Limits {
    /// Text below this size is never a bomb.
    pub const RATIO_FREE_BYTES: u64 = 1 << 20;
}

impl Default for Limits {
    /// 4 GiB of text; 200 to 1, where real text stays under 30 to 1.
    fn default() -> Self {
        Self { max_bytes: 1 << 32, max_ratio: 200 }
    }
}

/// Reads a regular file whole; `.gz` and `.zst` are decompressed.
///
/// # Errors
///
/// A file that is missing, not regular, unreadable, empty, damaged or beyond `limits`.
pub(crate) fn read_bytes(path: &Path, limits: &Limits) -> Result<Vec<u8>, DataError> {
    let meta = fs::metadata(path).map_err(|source| DataError::reading(path, source))?;
    if !meta.is_file() {
        let got = if meta.is_dir() { "a directory" } else { "a pipe, socket or device" };
        return Err(DataError::NotAFile { path: path.to_path_buf(), got });
    }
    if meta.len() == 0 {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    let file = BufReader::new(File::open(path).map_err(|source| DataError::reading(path, source))?);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let intake = Intake { path, limits, compressed: Some(meta.len()) };
    let bytes = match extension {
        "gz" => intake.take(MultiGzDecoder::new(file)),
        "zst" => intake.take(ZstdReader::new(file)),
        _ => Intake { compressed: None, ..intake }.take(file),
    }?;
    if bytes.is_empty() { Err(DataError::Empty { path: path.to_path_buf() }) } else { Ok(bytes) }
}

/// Takes a stream in while its size stays within the limits.
struct Intake<'a> {
    path: &'a Path,
    limits: &'a Limits,
    compressed: Option<u64>,
}

impl Intake<'_> {
    fn take(&self, mut stream: impl Read) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        let mut chunk = vec![0; 1 << 16];
        loop {
            let got = match stream.read(&mut chunk) {
                Ok(0) => return Ok(bytes),
                Ok(got) => got,
                Err(source) if source.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(self.fault(bytes.len() as u64, source)),
            };
            bytes.extend_from_slice(&chunk[..got]);
            self.check(bytes.len() as u64)?;
        }
    }

    fn check(&self, bytes: u64) -> Result<(), DataError> {
        let path = || self.path.to_path_buf();
        if bytes > self.limits.max_bytes {
            return Err(DataError::TooLarge { path: path(), limit: self.limits.max_bytes });
        }
        match self.compressed {
            Some(compressed)
                if bytes > Limits::RATIO_FREE_BYTES
                    && bytes > compressed.saturating_mul(self.limits.max_ratio) =>
            {
                Err(DataError::Bomb { path: path(), limit: self.limits.max_ratio })
            }
            _ => Ok(()),
        }
    }

    fn fault(&self, bytes: u64, source: io::Error) -> DataError {
        match self.compressed {
            Some(_) => DataError::Damaged { path: self.path.to_path_buf(), bytes, source },
            None => DataError::reading(self.path, source),
        }
    }
}

/// All frames of a Zstandard stream, one after the other, with their checksums compared.
struct ZstdReader<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

/// Bytes that one step of the decoder aims at.
const ZSTD_STEP: usize = 1 << 16;

impl<R: io::BufRead> ZstdReader<R> {
    fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), in_frame: false }
    }

    /// Opens the next frame with content; false at the end of the stream.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped = io::copy(&mut (&mut self.source).take(length.into()), &mut io::sink())?;
                    if skipped < length.into() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(fault) => return Err(io::Error::other(fault.to_string())),
            }
        }
        Ok(false)
    }

    fn close_frame(&mut self) -> io::Result<()> {
        self.in_frame = false;
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(written), Some(computed)) if written != computed => {
                Err(io::Error::other("the checksum of a frame does not match"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: io::BufRead> Read for ZstdReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                self.in_frame = self.next_frame()?;
                if !self.in_frame {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let aim = ruzstd::decoding::BlockDecodingStrategy::UptoBytes(ZSTD_STEP);
                self.decoder
                    .decode_blocks(&mut self.source, aim)
                    .map_err(|fault| io::Error::other(fault.to_string()))?;
            }
            let got = self.decoder.read(out)?;
            if got > 0 {
                return Ok(got);
            }
            self.close_frame()?;
        }
    }
}
