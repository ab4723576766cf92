//! What can be wrong with text, files and tokenizers: one variant a fault, each with a next step.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::FileFormat;

/// A fault in a corpus, a tokenizer file or what is made of them.
///
/// Lines count from 1, byte offsets from 0 within their line.
#[derive(thiserror::Error, Debug)]
pub enum DataError {
    /// The configuration names no files for a part that is needed.
    #[error("no files are given; set src and tgt, or file")]
    FilesNotSet,
    /// There is nothing at the path.
    #[error("{}: no such file; check the path in the config", path.display())]
    NotFound {
        /// The path as configured.
        path: PathBuf,
    },
    /// The path leads to something that is not a regular file.
    #[error("{}: got {got}, expected a regular file; name a file", path.display())]
    NotAFile {
        /// The path as configured.
        path: PathBuf,
        /// What is there.
        got: &'static str,
    },
    /// The operating system refuses the file.
    #[error("{}: cannot be read ({source}); check its permissions", path.display())]
    Unreadable {
        /// The path as configured.
        path: PathBuf,
        /// The reason of the operating system.
        source: io::Error,
    },
    /// The file has no bytes, or nothing after decompression.
    #[error("{}: is empty; give a file with one sentence a line", path.display())]
    Empty {
        /// The path as configured.
        path: PathBuf,
    },
    /// A pattern matches no file.
    #[error("{}: matches no file ({hint}); check the pattern in the config", pattern.display())]
    NoMatch {
        /// The pattern as configured.
        pattern: PathBuf,
        /// What is there instead.
        hint: String,
    },
    /// A pattern has more than one star.
    #[error("{}: has two stars; write one, in the name of the file", pattern.display())]
    TwoStars {
        /// The pattern as configured.
        pattern: PathBuf,
    },
    /// A file of one side has no file of the other.
    #[error(
        "{}: matches nothing of {} (source and target have {} and {} files); give each file its partner",
        path.display(), pattern.display(), counts.0, counts.1
    )]
    NoPartner {
        /// The odd file.
        path: PathBuf,
        /// Where its partner was looked for.
        pattern: PathBuf,
        /// Files of the source and of the target.
        counts: (usize, usize),
    },
    /// A file with both sides has an unknown ending.
    #[error("{}: has an unknown format; name it {}", path.display(), FileFormat::EXPECTED)]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A file was written to while it was read.
    #[error("{}: changed while it was read; start again when it is complete", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A `.gz`, `.zst` or `.xz` file ends early or is damaged.
    #[error("{}: is cut short or damaged after {bytes} bytes of text ({source}); fetch it again", path.display())]
    Damaged {
        /// The compressed file.
        path: PathBuf,
        /// Bytes of text that came out before the fault.
        bytes: u64,
        /// What the decompressor says.
        source: io::Error,
    },
    /// A file holds more text than the limit allows.
    #[error("{}: holds more than {limit} bytes of text; split it, or raise the limit if it can be trusted", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes after decompression.
        limit: u64,
    },
    /// A compressed file grows beyond all proportion.
    #[error("{}: grows more than {limit} times when decompressed; decompress it by hand if it can be trusted", path.display())]
    Bomb {
        /// The compressed file.
        path: PathBuf,
        /// The largest ratio of text to compressed bytes that is accepted.
        limit: u64,
    },
    /// A line is not UTF-8.
    #[error("{}:{line}: invalid utf-8 at byte {offset} of the line; convert the file to utf-8", path.display())]
    BadUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The first bad byte of the line, from 0.
        offset: usize,
    },
    /// Source and target have different numbers of lines.
    #[error(
        "{} has {src_lines} lines but {} has {tgt_lines}{}; restore the lost lines",
        src.display(), tgt.display(), suspect(*first_suspect)
    )]
    LineCounts {
        /// The source file.
        src: PathBuf,
        /// The target file.
        tgt: PathBuf,
        /// Lines in the source file.
        src_lines: usize,
        /// Lines in the target file.
        tgt_lines: usize,
        /// The line from which the lengths fit better when one side is shifted, if there is one.
        first_suspect: Option<usize>,
    },
    /// A line, a record or a part of an XML file is too long.
    #[error("{}:{line}: is longer than {limit} bytes; check that the file has line ends", path.display())]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A table has no columns of the names that are looked for.
    #[error("{}: has no columns {wanted} but {found}; set src_column and tgt_column", path.display())]
    NoColumns {
        /// The file.
        path: PathBuf,
        /// The names.
        wanted: String,
        /// The columns of the file.
        found: String,
    },
    /// A row of a table has not as many cells as the first one, or a `.csv` has one column.
    #[error("{}:{line}: got {got} columns, expected {expected}; give every row the same columns", path.display())]
    RowWidth {
        /// The file.
        path: PathBuf,
        /// The line on which the row starts, from 1.
        line: usize,
        /// The number of columns found.
        got: usize,
        /// The number of columns of the first row, at least 2.
        expected: usize,
    },
    /// A row of a `.csv` file is not quoted as RFC 4180 says.
    #[error("{}:{line}: not valid csv ({message}); quote the cell and double the quotes in it", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The line on which the row starts, from 1.
        line: usize,
        /// What is wrong.
        message: &'static str,
    },
    /// A line of a `.jsonl` file is not a JSON object.
    #[error("{}:{line}: not a json object (byte {column}: {message}); write one object a line", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The byte of the line, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// An object or a row has no text for a side.
    #[error("{}:{line}: has no text '{key}'; give both sides, or set src_column and tgt_column", path.display())]
    MissingKey {
        /// The file.
        path: PathBuf,
        /// The line or row, from 1.
        line: usize,
        /// The key or column.
        key: String,
    },
    /// A `.tmx` file is not sound.
    #[error("{}:{line}: not a sound translation memory ({message}); export or fetch it again", path.display())]
    Xml {
        /// The file.
        path: PathBuf,
        /// The line at which the fault shows, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// No unit of a `.tmx` file has both languages.
    #[error(
        "{}: none of its {units} units has both '{src}' and '{tgt}' (others: {found}); check src_lang and tgt_lang",
        path.display()
    )]
    NoUnits {
        /// The file.
        path: PathBuf,
        /// Units in the file.
        units: usize,
        /// Code of the source language.
        src: String,
        /// Code of the target language.
        tgt: String,
        /// Some of the languages found.
        found: String,
    },
    /// A `.parquet` file is damaged or uses what this program cannot read.
    #[error("{}: not readable as parquet ({message}); fetch it again, or convert it to .jsonl", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        message: String,
    },
    /// The program was built without the cargo feature `parquet`.
    #[error("{}: this program reads no parquet; build it with the feature parquet, or convert the file", path.display())]
    ParquetOff {
        /// The file.
        path: PathBuf,
    },
    /// A line of a `.tsv` file has not exactly two columns.
    #[error("{}:{line}: got {got} columns, expected 2; write source<TAB>target", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The number of columns found.
        got: usize,
    },
    /// Held-out lines stand in the training data.
    #[error(
        "{set}: of its lines {src} have their source and {tgt} their target in the training data \
         ({both} both; {example}); remove them, or set clean.allow_overlap = true"
    )]
    Overlap {
        /// The held-out set.
        set: String,
        /// Lines whose source is also a training source.
        src: usize,
        /// Lines whose target is also a training target.
        tgt: usize,
        /// Lines counted in both.
        both: usize,
        /// The first such lines, in words.
        example: String,
    },
    /// There is no text to train a tokenizer on.
    #[error("the tokenizer got no text; check that cleaning kept any pairs")]
    NoText,
    /// The vocabulary has no room for the bytes, the characters and one merge.
    #[error("tokenizer.vocab_size is {got} but bytes and characters need {least}; set it to {least} or more")]
    VocabTooSmall {
        /// The size asked for.
        got: usize,
        /// The least size that works on this text.
        least: usize,
    },
    /// The text has too few repetitions to fill the vocabulary.
    #[error("tokenizer.vocab_size is {got} but the text supports {largest}; set it to {largest} or less")]
    VocabTooLarge {
        /// The size asked for.
        got: usize,
        /// The largest size that works on this text.
        largest: usize,
    },
    /// The control tokens that the user wants cannot be had.
    #[error("tokenizer tags: got {got}, expected {expected}; change the list of tags")]
    Tags {
        /// The tag or the number of tags.
        got: String,
        /// What can be had.
        expected: String,
    },
    /// A tokenizer file is not JSON.
    #[error("tokenizer:{line}:{column}: not valid json ({message}); take the file from a model directory")]
    TokenizerSyntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// A tokenizer file has a part that this program does not write.
    #[error("tokenizer: {part}: got {got}, expected {expected}; take a file that this program wrote")]
    TokenizerForeign {
        /// The place in the JSON tree.
        part: String,
        /// What stands there, shortened.
        got: String,
        /// What this program writes there.
        expected: String,
    },
    /// The `tokenizers` crate refuses what this crate has checked.
    #[error("tokenizer: the bpe model cannot be built ({message}); please report this with the file")]
    TokenizerBuild {
        /// What the crate says.
        message: String,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written ({source}); check that the directory exists and has room", path.display())]
    Unwritable {
        /// The path.
        path: PathBuf,
        /// The reason of the operating system.
        source: io::Error,
    },
    /// A file of a shard set is missing, not what its manifest says, or cut short while it is read.
    #[error("{}: {reason}; prepare the shards again", path.display())]
    ShardsDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Training text that is not in the scripts of its languages.
    #[error(
        "of {read} training pairs {pairs} are dropped for their script (first at line {first_line}): the source in the \
         target's, or the target not in it; swap src and tgt if they are the wrong way round, or set \
         data.clean.target_script"
    )]
    WrongScript {
        /// Pairs dropped for their script.
        pairs: usize,
        /// All pairs.
        read: usize,
        /// The first of them.
        first_line: usize,
    },
    /// A control token that a vocabulary does not have.
    #[error("the vocabulary has no tag '{tag}', it has {known}; take one of them")]
    UnknownTag {
        /// What was asked for.
        tag: String,
        /// The tags that there are.
        known: String,
    },
    /// A shard set was made by another version, with another tokenizer or from other settings.
    #[error("{}: {what}: got {got}, expected {expected}; prepare the shards anew", path.display())]
    ShardsForeign {
        /// The directory of the set.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// What the set says.
        got: String,
        /// What is needed.
        expected: String,
    },
    /// Something stands where a shard set is to be written.
    #[error("{}: exists already; remove it, or name another directory", path.display())]
    ShardsExist {
        /// The directory.
        path: PathBuf,
    },
    /// Another process is writing the same shard set.
    #[error("{}: another process is writing it; wait for it, or name another directory", path.display())]
    ShardsBusy {
        /// The directory.
        path: PathBuf,
    },
    /// More than the formats of this crate can number.
    #[error("more than {limit} {what}; split the corpus")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The largest number.
        limit: u64,
    },
    /// No example is left to make batches of.
    #[error("no pairs are left to train on; see the cleaning report for what was dropped")]
    NoExamples,
    /// An example does not fit a batch.
    #[error(
        "example {index} has {tokens} tokens but a batch holds {budget}; raise batch_tokens or lower clean.max_tokens"
    )]
    ExampleTooLong {
        /// The example, from 0.
        index: usize,
        /// Tokens of its longer side.
        tokens: usize,
        /// The budget of a batch, in padded tokens a side.
        budget: usize,
    },
}

fn suspect(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(" (the sides seem to part near line {line})"))
}

impl DataError {
    /// The fault of opening or reading `path`, by the kind of `source`.
    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            _ => Self::Unreadable { path, source },
        }
    }

    /// The fault of writing to `path`.
    pub(crate) fn writing(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        |source| Self::Unwritable { path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_lower_case_and_ends_with_a_next_step() {
        let path = || PathBuf::from("a.en");
        let source = || io::Error::from(io::ErrorKind::PermissionDenied);
        let text = || "x".to_owned();
        let faults = [
            DataError::FilesNotSet,
            DataError::NotFound { path: path() },
            DataError::NotAFile { path: path(), got: "a directory" },
            DataError::Unreadable { path: path(), source: source() },
            DataError::Empty { path: path() },
            DataError::Damaged { path: path(), bytes: 5, source: source() },
            DataError::TooLarge { path: path(), limit: 5 },
            DataError::Bomb { path: path(), limit: 5 },
            DataError::BadUtf8 { path: path(), line: 3, offset: 5 },
            DataError::LineCounts {
                src: path(),
                tgt: path(),
                src_lines: 5,
                tgt_lines: 3,
                first_suspect: Some(2),
            },
            DataError::Columns { path: path(), line: 3, got: 5 },
            DataError::NoMatch { pattern: path(), hint: text() },
            DataError::TwoStars { pattern: path() },
            DataError::NoPartner { path: path(), pattern: path(), counts: (3, 5) },
            DataError::UnknownFormat { path: path() },
            DataError::Changed { path: path() },
            DataError::LineTooLong { path: path(), line: 3, limit: 5 },
            DataError::NoColumns { path: path(), wanted: text(), found: text() },
            DataError::RowWidth { path: path(), line: 3, got: 5, expected: 2 },
            DataError::Csv { path: path(), line: 3, message: "x" },
            DataError::Json { path: path(), line: 3, column: 5, message: text() },
            DataError::MissingKey { path: path(), line: 3, key: text() },
            DataError::Xml { path: path(), line: 3, message: text() },
            DataError::NoUnits { path: path(), units: 3, src: text(), tgt: text(), found: text() },
            DataError::Parquet { path: path(), message: text() },
            DataError::ParquetOff { path: path() },
            DataError::Overlap { set: text(), src: 3, tgt: 5, both: 2, example: text() },
            DataError::NoText,
            DataError::VocabTooSmall { got: 3, least: 5 },
            DataError::VocabTooLarge { got: 5, largest: 3 },
            DataError::Tags { got: text(), expected: text() },
            DataError::TokenizerSyntax { line: 3, column: 5, message: text() },
            DataError::TokenizerForeign { part: text(), got: text(), expected: text() },
            DataError::TokenizerBuild { message: text() },
            DataError::Unwritable { path: path(), source: source() },
            DataError::ShardsDamaged { path: path(), reason: text() },
            DataError::ShardsForeign { path: path(), what: "x", got: text(), expected: text() },
            DataError::ShardsExist { path: path() },
            DataError::WrongScript { pairs: 5, read: 6, first_line: 1 },
            DataError::UnknownTag { tag: text(), known: text() },
            DataError::ShardsBusy { path: path() },
            DataError::TooMany { what: "x", limit: 5 },
            DataError::NoExamples,
            DataError::ExampleTooLong { index: 2, tokens: 5, budget: 3 },
        ];
        for fault in faults {
            let message = fault.to_string();
            let (_, step) = message.rsplit_once("; ").expect(&message);
            assert!(!step.is_empty() && !message.ends_with('.'), "{message}");
            assert!(message.starts_with(|c: char| c.is_ascii_lowercase()), "{message}");
        }
    }

    #[test]
    fn counts_are_told_with_the_suspect() {
        let (src, tgt) = (PathBuf::from("a.en"), PathBuf::from("a.kn"));
        let fault =
            DataError::LineCounts { src, tgt, src_lines: 1000, tgt_lines: 999, first_suspect: Some(401) };
        let expected = "a.en has 1000 lines but a.kn has 999 (the sides seem to part near line 401); \
                        restore the lost lines";
        assert_eq!(fault.to_string(), expected);
    }
}
