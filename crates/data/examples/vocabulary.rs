//! Learns a vocabulary from a text file, a line at a time.
//!
//! `cargo run --release -p data --example vocabulary -- FILE VOCAB_SIZE OUT.json [TAG …]`

#![expect(clippy::print_stdout, reason = "what an example is for")]

use std::error::Error;
use std::fs;
use std::path::Path;

use data::{Tokenizer, TokenizerConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, vocab_size, out, tags @ ..] = &args[..] else {
        return Err("usage: vocabulary FILE VOCAB_SIZE OUT.json [TAG …]".into());
    };
    let config = TokenizerConfig { vocab_size: vocab_size.parse()?, min_char_count: 1 };
    let text = fs::read_to_string(file)?;
    let tokenizer = Tokenizer::train_with_tags(text.lines(), &config, tags)?;
    tokenizer.save(Path::new(out))?;
    println!("{}", tokenizer.hash());
    Ok(())
}
