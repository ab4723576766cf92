//! The frames of a Zstandard file as one stream (RFC 8878).

use std::io::{self, Read};

use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

/// All frames of a Zstandard stream, one after the other, with their checksums compared.
pub(super) struct ZstdReader<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

/// Bytes that one step of the decoder aims at.
const ZSTD_STEP: usize = 1 << 16;

impl<R: io::BufRead> ZstdReader<R> {
    pub(super) fn new(source: R) -> Self {
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
