//! Examples on disk: millions of them in files of tokens, of which memory holds only the lengths.
//!
//! A set is a directory that a [`Writer`] makes appear whole or not at all:
//!
//! ```text
//! shards.json        format, counts, vocabulary, hash of the tokenizer, settings; BLAKE3 of all below
//! index.bin          header of 24 bytes; then by example the lengths of source and target
//! shard-00000.bin …  source and target ids, example after example, without gaps
//! ```
//!
//! Numbers are little endian. An id takes two bytes where the vocabulary fits, else four; a length
//! two bytes if no length is larger, else four. Offsets are not stored: they are the running sum of
//! the lengths, of which a [`Reader`] keeps every 64th. So an example costs 4.125 bytes of memory
//! (8.125 with longer rows), 41 MB for ten million.
//!
//! Nothing in the files is trusted: names are fixed and never taken from `shards.json`; sizes are
//! checked before memory is reserved; the index is held against its hash and its sums against the
//! sizes of the shards; every id read is held against the vocabulary. [`Reader::verify`] compares
//! the hashes of the shards as well, for which it must read all of them.
//!
//! Deviation: shards are read by position and not mapped into memory as large corpora usually are.
//! A mapping needs `unsafe`, and a file that shrinks under it ends the process by a signal; here it
//! is an error that names the file. The cost is a system call for each example.

mod manifest;
mod index;
mod writer;
mod reader;
mod examples;
mod prepare;
#[cfg(test)]
mod tests;

pub use examples::Examples;
pub use manifest::{Manifest, ShardEntry};
pub use prepare::{FillReport, Filling, Recipe};
pub use reader::Reader;
pub use writer::{Writer, WriterConfig};
