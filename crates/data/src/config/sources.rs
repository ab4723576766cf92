//! The training data: one source, or several with weights.
//!
//! In TOML one source is the table `[data.train]`, several are the tables `[[data.train]]`.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use std::path::PathBuf;

use super::files::is_unset;
use super::{Fault, ParallelFiles, split_tags};

/// Files to learn from, and how much of them.
///
/// The first six fields are those of [`ParallelFiles`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// Source sentences, one a line.
    pub src: PathBuf,
    /// Target sentences, line by line the translation of `src`.
    pub tgt: PathBuf,
    /// Both in one file, instead of `src` and `tgt`.
    #[serde(skip_serializing_if = "is_unset")]
    pub file: PathBuf,
    /// The column or key of the source in `file`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub src_column: String,
    /// The column or key of the target in `file`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tgt_column: String,
    /// Control tokens before every source sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// How often a pair comes in an epoch, on average; see [`mixture`](crate::mixture).
    pub weight: f64,
    /// Most pairs that are read, evenly spread over the source; 0: all.
    pub max_pairs: usize,
}

impl Default for Source {
    fn default() -> Self {
        Self::from(ParallelFiles::default())
    }
}

impl From<ParallelFiles> for Source {
    /// All pairs of a set, once an epoch.
    fn from(files: ParallelFiles) -> Self {
        let ParallelFiles { src, tgt, file, src_column, tgt_column, tag } = files;
        Self { src, tgt, file, src_column, tgt_column, tag, weight: 1.0, max_pairs: 0 }
    }
}

impl Source {
    /// The keys in TOML.
    const KEYS: &[&str] = &["src", "tgt", "file", "src_column", "tgt_column", "tag", "weight", "max_pairs"];
    /// The largest weight: more is a slip of the pen.
    pub const MAX_WEIGHT: f64 = 1000.0;

    /// Where the pairs come from.
    pub fn files(&self) -> ParallelFiles {
        ParallelFiles {
            src: self.src.clone(),
            tgt: self.tgt.clone(),
            file: self.file.clone(),
            src_column: self.src_column.clone(),
            tgt_column: self.tgt_column.clone(),
            tag: self.tag.clone(),
        }
    }

    /// All faults of the source.
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = self.files().validate();
        if !(self.weight > 0.0 && self.weight <= Self::MAX_WEIGHT) {
            let (got, most) = (self.weight, Self::MAX_WEIGHT);
            faults.push(Fault::new("weight", format!("got {got}, expected more than 0 and at most {most}")));
        }
        faults
    }
}

/// The sources of the training data, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Sources(pub Vec<Source>);

impl Default for Sources {
    /// One source whose files are still to be named.
    fn default() -> Self {
        Self(vec![Source::default()])
    }
}

impl From<ParallelFiles> for Sources {
    fn from(files: ParallelFiles) -> Self {
        Self(vec![files.into()])
    }
}

impl Sources {
    /// All faults; with several sources their keys start with the number of theirs, from 0.
    pub fn validate(&self) -> Vec<Fault> {
        match &self.0[..] {
            [] => vec![Fault::new("src", "is not set: there is no source; name a file")],
            [one] => one.validate(),
            several => {
                let faults = several.iter().enumerate().map(|(i, source)| (i.to_string(), source.validate()));
                faults.flat_map(|(i, faults)| faults.into_iter().map(move |fault| fault.under(&i))).collect()
            }
        }
    }

    /// All tags of the sources, each once, in the order in which they come first.
    pub fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for tag in self.0.iter().flat_map(|source| split_tags(&source.tag)) {
            if !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        tags
    }

    /// Weights by source.
    pub fn weights(&self) -> Vec<f64> {
        self.0.iter().map(|source| source.weight).collect()
    }
}

impl Serialize for Sources {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Sources {
    /// Asks for a struct with the keys of [`Source`], so that a reader of schemas learns them; formats
    /// that describe themselves also offer a list.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Source", Source::KEYS, OneOrMany)
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Sources;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one source or a list of sources")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sources, A::Error> {
        Source::deserialize(MapAccessDeserializer::new(map)).map(|source| Sources(vec![source]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Sources, A::Error> {
        let mut sources = Vec::new();
        while let Some(source) = list.next_element()? {
            sources.push(source);
        }
        Ok(Sources(sources))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DataConfig;

    fn read(text: &str) -> Result<DataConfig, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn one_table_or_many() {
        let one = read("[train]\nsrc = 'a.en'\ntgt = 'a.kn'").expect("one table");
        assert_eq!(one.train, ParallelFiles::pair("a.en", "a.kn").into());
        let many = "[[train]]\nfile = 'a.tsv'\nweight = 2\n[[train]]\nfile = 'b.jsonl'\nmax_pairs = 5";
        let many = read(many).expect("two tables").train;
        let first = Source { weight: 2.0, ..ParallelFiles::one("a.tsv").into() };
        let second = Source { max_pairs: 5, ..ParallelFiles::one("b.jsonl").into() };
        assert_eq!(many, Sources(vec![first, second]));
        assert_eq!(many.weights(), [2.0, 1.0]);
        assert_eq!(read("").expect("no table").train, Sources::default());
    }

    #[test]
    fn what_is_written_reads_back() {
        let one = DataConfig { train: ParallelFiles::one("a.tmx").into(), ..DataConfig::default() };
        let many = DataConfig {
            train: Sources(vec![Source::default(), Source { weight: 0.5, ..Source::default() }]),
            ..DataConfig::default()
        };
        for config in [DataConfig::default(), one, many] {
            let text = toml::to_string(&config).expect("a config is plain data");
            assert_eq!(read(&text).expect(&text), config, "{text}");
        }
    }

    #[test]
    fn unknown_keys_are_refused_with_their_place() {
        let fault = read("[train]\nfile = 'a.tsv'\nwieght = 2").expect_err("a slip");
        let expected: Vec<String> = Source::KEYS.iter().map(|key| format!("`{key}`")).collect();
        let message = format!("unknown field `wieght`, expected one of {}", expected.join(", "));
        assert_eq!(fault.message(), message);
        assert_eq!(fault.span(), Some(23..29));
        let fault = read("[[train]]\nfile = 'a.tsv'\n[[train]]\nwieght = 2").expect_err("a slip");
        assert_eq!((fault.message(), fault.span()), (message.as_str(), Some(35..41)));
        let fault = read("train = 5").expect_err("no table");
        assert!(fault.message().contains("one source or a list of sources"), "{fault}");
    }

    #[test]
    fn faults_of_several_sources_tell_which() {
        let source = |weight: f64| Source { weight, ..ParallelFiles::pair("a", "b").into() };
        let sources = Sources(vec![
            source(1.5),
            source(0.0),
            source(f64::NAN),
            source(f64::INFINITY),
            Source::default(),
        ]);
        let keys: Vec<String> = sources.validate().into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["1.weight", "2.weight", "3.weight", "4.src", "4.tgt"]);
        assert_eq!(Sources(vec![]).validate()[0].key, "src");
    }
}
