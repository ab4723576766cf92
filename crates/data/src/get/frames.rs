//! The frames of a Zstandard file as one stream (RFC 8878).

use std::io::{self, BufRead, Read};

use ruzstd::decoding::StreamingDecoder;

/// All frames of a Zstandard stream, with their checksums compared.
pub(super) struct Frames<R: BufRead> {
    source: Option<R>,
    decoder: Option<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source: Some(source), decoder: None }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(mut source) = self.source.take() {
                if source.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                let decoder = StreamingDecoder::new(source);
                self.decoder = Some(decoder.map_err(|fault| io::Error::other(fault.to_string()))?);
            }
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            let got = decoder.read(out)?;
            if got > 0 || out.is_empty() {
                return Ok(got);
            }
            let frame = &decoder.decoder;
            let (written, computed) = (frame.get_checksum_from_data(), frame.get_calculated_checksum());
            if written.is_some() && written != computed {
                return Err(io::Error::other("the checksum of a frame does not match"));
            }
            self.source = self.decoder.take().map(StreamingDecoder::into_inner);
        }
    }
}
