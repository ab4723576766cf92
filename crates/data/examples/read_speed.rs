//! How fast a set is read, and how much memory that takes.
//!
//! ```text
//! cargo run -p data --example read_speed -- train.en train.kn     # aligned files, or patterns
//! cargo run -p data --example read_speed -- train.tmx.gz          # one file
//! ```
//!
//! Printed are pairs and megabytes of text a second, and the memory before and at most (Linux only).
#![expect(clippy::print_stdout, reason = "what it finds is all it gives")]

use std::fs;
use std::time::Instant;

use data::{DataError, LanguagePair, Limits, ParallelFiles, content_hash, for_each_pair};

fn main() -> Result<(), DataError> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let files = match &paths[..] {
        [file] => ParallelFiles::one(file),
        [src, tgt] => ParallelFiles::pair(src, tgt),
        _ => return Err(DataError::FilesNotSet),
    };
    let limits = Limits { max_ratio: u64::MAX, ..Limits::of_a_line() };
    let base = memory_kib("VmRSS:");
    let start = Instant::now();
    let (mut pairs, mut bytes) = (0_u64, 0_u64);
    let notes = for_each_pair(&files, &LanguagePair::new("en", "kn"), &limits, &mut |pair| {
        pairs += 1;
        bytes += (pair.src.len() + pair.tgt.len()) as u64;
        Ok(())
    })?;
    let secs = start.elapsed().as_secs_f64();
    let (rate, megabytes) = (pairs as f64 / secs, bytes as f64 / 1e6);
    println!(
        "{pairs} pairs, {megabytes:.0} MB of text in {secs:.2} s: {rate:.0} pairs/s, {:.0} MB/s",
        megabytes / secs
    );
    println!("memory: {base} KiB before, {} KiB at most; {notes:?}", memory_kib("VmHWM:"));
    let start = Instant::now();
    let hash = content_hash(&files, &limits)?;
    println!("hash {} in {:.2} s", &hash[..8], start.elapsed().as_secs_f64());
    Ok(())
}

/// A number of `/proc/self/status`; 0 where there is none.
fn memory_kib(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
