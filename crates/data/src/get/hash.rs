//! Length, SHA-256 and lines of a file, in one pass.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::GetError;

/// What identifies the bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) bytes: u64,
    pub(super) lines: u64,
    pub(super) sha256: String,
}

/// Sums up bytes as they pass.
#[derive(Default)]
pub(super) struct Summing {
    hasher: Sha256,
    bytes: u64,
    newlines: u64,
    last: Option<u8>,
}

impl Summing {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.newlines += bytes.iter().map(|&byte| u64::from(byte == b'\n')).sum::<u64>();
        self.last = bytes.last().copied().or(self.last);
    }

    /// Whether a line has been begun and not ended.
    pub(super) fn in_line(&self) -> bool {
        self.last.is_some_and(|byte| byte != b'\n')
    }

    pub(super) fn done(self) -> Sum {
        let lines = self.newlines + u64::from(self.in_line());
        let sha256 = format!("{:x}", self.hasher.finalize());
        Sum { bytes: self.bytes, lines, sha256 }
    }
}

/// The sum of a file.
///
/// # Errors
///
/// The file cannot be read.
pub(super) fn sum(path: &Path) -> Result<Sum, GetError> {
    let mut file = File::open(path).map_err(GetError::disk(path, "opening"))?;
    let mut summing = Summing::default();
    let mut chunk = vec![0; 1 << 17];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(summing.done()),
            Ok(got) => summing.add(&chunk[..got]),
            Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
            Err(fault) => return Err(GetError::disk(path, "reading")(fault)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard_and_lines_those_of_an_editor() {
        let sum = |text: &str| {
            let mut summing = Summing::default();
            text.as_bytes().chunks(2).for_each(|chunk| summing.add(chunk));
            summing.done()
        };
        // FIPS 180-2, appendix B.1.
        assert_eq!(sum("abc").sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!([sum("").lines, sum("a").lines, sum("a\n").lines, sum("a\n\nb").lines], [0, 1, 1, 3]);
        assert_eq!(sum("abcde").bytes, 5);
    }
}
