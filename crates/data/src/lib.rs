//! Text, ids and files of a translation corpus: everything that happens before the first tensor.
//!
//! ```text
//! files ── corpus ─ normalize ─ clean ─ split ─ tokenizer ─ batch ─ shards ─ prepared ─ mixture ─ augment ─ loader ──▶ Batch
//! ```
//!
//! The modules stand in the order in which a sentence meets them, and a module uses only modules
//! above it. [`corpus`] reads files of several formats into [`Pair`]s and names the line of every fault;
//! [`normalize`] is the one normaliser of training, evaluation and user input; [`mod@clean`] drops what
//! cannot teach and counts each drop by its reason; [`split`] finds held-out lines in the training
//! data, and [`hold_out`] chooses lines that are not; [`tokenizer`] learns one vocabulary for both languages and turns text into ids and back;
//! [`check`] looks at a corpus before anything is spent on it;
//! [`batch`] pads [`Example`]s into rectangles that fit a token budget and makes the shift between
//! decoder input and output; [`shards`] keeps examples on disk when there are millions, and [`prepared`]
//! makes them of a training text once for all runs; [`mixture`] says how often an epoch has an example of a
//! weighted source; [`augment`] varies examples from epoch to epoch; [`loader`] gives the order of an epoch as a function
//! of seed and epoch.
//!
//! ```
//! use data::{DataConfig, Example, Loader, LoaderConfig, Normalizer, Tokenizer, TokenizerConfig};
//!
//! let normalizer = Normalizer::new(&DataConfig::default().normalize);
//! let lines = ["the  cat sat", "the cat ran", "ಬೆಕ್ಕು ಕುಳಿತಿತು", "ಬೆಕ್ಕು ಓಡಿತು"].map(|l| normalizer.normalize(l));
//! let config = TokenizerConfig { vocab_size: 290, min_char_count: 1 };
//! let tokenizer = Tokenizer::train(lines.iter().map(String::as_str), &config)?;
//!
//! let ids = tokenizer.encode(&lines[0]);
//! assert_eq!(tokenizer.detokenize(&ids), "the cat sat");
//!
//! let examples = vec![Example::new(&tokenizer, &lines[0], &lines[2]), Example::new(&tokenizer, &lines[1], &lines[3])];
//! let mut loader = Loader::new(examples, LoaderConfig { batch_tokens: 200, seed: 7 })?;
//! let batch = loader.next(&mut data::Cursor::default())?;
//! assert_eq!(batch.rows, 2);
//! # Ok::<(), data::DataError>(())
//! ```

pub mod error;
pub mod config;
pub mod corpus;
pub mod normalize;
pub mod clean;
pub mod split;
pub mod hold_out;
pub mod tokenizer;
pub mod check;
pub mod batch;
pub mod shards;
pub mod prepared;
pub mod mixture;
pub mod augment;
pub mod loader;
#[cfg(feature = "get")]
pub mod get;
#[cfg(test)]
#[path = "../tests/pack/mod.rs"]
mod pack;

pub use batch::{Batch, Example, encode_pairs};
pub use clean::{CleanReport, Cleaner, Reason, clean};
pub use config::{
    AugmentConfig, BadUtf8, CleanConfig, DataConfig, Digits, Fault, FileFormat, Joiners, LanguagePair,
    NormalizeConfig, ParallelFiles, Prepare, Script, Source, Sources, TokenizerConfig, is_language_tag,
    split_tags,
};
pub use corpus::{
    EachPair, Limits, Pair, ReadNotes, SourceNotes, content_hash, for_each_chunk, for_each_pair,
    for_each_source_pair, read_lines, read_parallel, read_sources,
};
pub use error::DataError;
pub use loader::{Cursor, Loader, LoaderConfig};
pub use normalize::Normalizer;
pub use shards::Examples;
pub use split::{Overlap, OverlapSearch, overlap, refuse_overlap};
pub use tokenizer::{Tokenizer, WordCounts};
