//! Learns a vocabulary from a text file of one normalised sentence a line, which is read in chunks.
//!
//! `cargo run -p data --example vocabulary -- FILE VOCAB_SIZE OUT.json [TAG …]` prints the numbers of
//! lines and different words, the seconds of counting and of learning, and the hash of `OUT.json`.

#![expect(clippy::print_stdout, reason = "what an example is for")]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use data::{Tokenizer, TokenizerConfig, WordCounts};

/// Lines that are read at once.
const CHUNK_LINES: usize = 1 << 15;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, vocab_size, out, tags @ ..] = &args[..] else {
        return Err("usage: vocabulary FILE VOCAB_SIZE OUT.json [TAG …]".into());
    };
    let config = TokenizerConfig { vocab_size: vocab_size.parse()?, min_char_count: 1 };
    let mut lines = BufReader::with_capacity(1 << 20, File::open(file)?).lines();
    let mut counts = WordCounts::new();
    let timer = Instant::now();
    loop {
        let chunk = lines.by_ref().take(CHUNK_LINES).collect::<Result<Vec<_>, _>>()?;
        if chunk.is_empty() {
            break;
        }
        counts.add(&chunk);
    }
    let counting = timer.elapsed().as_secs_f64();
    let timer = Instant::now();
    let tokenizer = Tokenizer::from_counts(&counts, &config, tags)?;
    let learning = timer.elapsed().as_secs_f64();
    tokenizer.save(Path::new(out))?;
    println!(
        "{} lines, {} words, counted in {counting:.2} s, learned in {learning:.2} s, {}",
        counts.n_lines(),
        counts.n_words(),
        tokenizer.hash()
    );
    Ok(())
}
