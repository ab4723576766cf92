//! What a user may say about the data: files, normalisation, cleaning, vocabulary.
//!
//! Each section is a plain structure that refuses unknown keys; `validate` returns all its faults
//! at once, with keys relative to the section.

mod augment;
mod files;
mod script;
mod sources;
mod tag;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use augment::AugmentConfig;
pub use files::{FileFormat, LanguagePair, ParallelFiles};
pub use script::Script;
pub use sources::{Source, Sources};
pub(crate) use tag::is_tag;
pub use tag::{is_language_tag, split_tags};

/// One fault of a section: the key and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key, relative to its section: `vocab_size`, `train.src`.
    pub key: String,
    /// What is wrong and what to write instead; lower case, no full stop.
    pub message: String,
}

impl Fault {
    fn new(key: &str, message: impl Into<String>) -> Self {
        Self { key: key.to_owned(), message: message.into() }
    }

    fn under(mut self, section: &str) -> Self {
        self.key = format!("{section}.{}", self.key);
        self
    }
}

/// The section `[data]`: what to read and how to treat it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Pairs to learn from: one source or several.
    pub train: Sources,
    /// Pairs that choose the best checkpoint.
    pub dev: ParallelFiles,
    /// Pairs that nothing is chosen by.
    pub test: ParallelFiles,
    /// Further test sets by name.
    pub test_sets: BTreeMap<String, ParallelFiles>,
    /// Language code of the source side.
    pub src_lang: String,
    /// Language code of the target side.
    pub tgt_lang: String,
    /// How text is made uniform, also at translation time.
    pub normalize: NormalizeConfig,
    /// Which training pairs are dropped.
    pub clean: CleanConfig,
    /// How training pairs are varied.
    pub augment: AugmentConfig,
    /// Whether the training text is prepared as shards.
    pub prepare: Prepare,
    /// What is done about lines of the training text that are not UTF-8.
    pub on_bad_utf8: BadUtf8,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            train: Sources::default(),
            dev: ParallelFiles::default(),
            test: ParallelFiles::default(),
            test_sets: BTreeMap::new(),
            src_lang: "en".to_owned(),
            tgt_lang: "kn".to_owned(),
            normalize: NormalizeConfig::default(),
            clean: CleanConfig::default(),
            augment: AugmentConfig::default(),
            prepare: Prepare::default(),
            on_bad_utf8: BadUtf8::default(),
        }
    }
}

impl DataConfig {
    /// The two languages, by which the columns of a table and the sides of a translation memory are found.
    pub fn languages(&self) -> LanguagePair {
        LanguagePair::new(&self.src_lang, &self.tgt_lang)
    }

    /// The sets that are kept from training, those that are set: `dev`, `test`, then the further ones by name.
    pub fn held_out(&self) -> impl Iterator<Item = (&str, &ParallelFiles)> {
        let further = self.test_sets.iter().map(|(name, files)| (name.as_str(), files));
        let named = [("dev", &self.dev), ("test", &self.test)].into_iter().chain(further);
        named.filter(|(_, files)| files.is_set())
    }

    /// All faults of the section. Files are not opened; `test` and `test_sets` may be unset.
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        faults.extend(self.train.validate().into_iter().map(|fault| fault.under("train")));
        for (name, files, needed) in [("dev", &self.dev, Needed::Yes), ("test", &self.test, Needed::No)] {
            faults.extend(files.faults(needed).into_iter().map(|fault| fault.under(name)));
        }
        for (name, files) in &self.test_sets {
            let under = |fault: Fault| fault.under(name).under("test_sets");
            faults.extend(files.faults(Needed::Yes).into_iter().map(under));
        }
        for (key, lang) in [("src_lang", &self.src_lang), ("tgt_lang", &self.tgt_lang)] {
            if lang.is_empty() || !lang.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                faults.push(Fault::new(key, format!("got '{lang}', expected a language code such as 'kn'")));
            }
        }
        faults.extend(self.unknown_tags());
        faults.extend(self.clean.validate().into_iter().map(|fault| fault.under("clean")));
        faults.extend(self.augment.validate().into_iter().map(|fault| fault.under("augment")));
        if let Some(script) = Script::of_language(&self.tgt_lang)
            && self.clean.target_script != Script::Any
            && self.clean.target_script != script
        {
            let message = format!("does not fit tgt_lang '{}'; set it to '{script}' or 'any'", self.tgt_lang);
            faults.push(Fault::new("target_script", message).under("clean"));
        }
        faults
    }
}

impl DataConfig {
    /// Tags of held-out sets that the model would not know, and languages that it would miss.
    fn unknown_tags(&self) -> Vec<Fault> {
        let known = self.train.tags();
        let named = [("dev", &self.dev), ("test", &self.test)].map(|(name, files)| (name.to_owned(), files));
        let further = self.test_sets.iter().map(|(name, files)| (format!("test_sets.{name}"), files));
        let has_language = |tags: &str| split_tags(tags).any(is_language_tag);
        let all_have_one = self.train.0.iter().all(|source| has_language(&source.tag));
        let fault = |(name, files): (String, &ParallelFiles)| {
            let unknown = split_tags(&files.tag).find(|tag| !known.iter().any(|known| known == tag));
            let message = match unknown {
                Some(unknown) => {
                    format!("got '{unknown}', which no source of data.train has; give it to one there")
                }
                None if all_have_one && files.is_set() && !has_language(&files.tag) => {
                    "has no language, but every source of data.train has one; give it a tag such as '<2kn>'"
                        .to_owned()
                }
                None => return None,
            };
            Some(Fault::new("tag", message).under(&name))
        };
        named.into_iter().chain(further).filter_map(fault).collect()
    }
}

/// Whether the training text is prepared as shards on disk before training; see [`prepared`](crate::prepared).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prepare {
    /// If there is much of it, or if it was prepared before.
    #[default]
    Auto,
    /// Yes.
    Always,
    /// No: it is read into memory.
    Never,
}

/// What is done about a line that is not UTF-8. In held-out sets it is always an error: scores would be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BadUtf8 {
    /// It is an error that names the line and the byte.
    #[default]
    Error,
    /// The pair is left out, and counted.
    Skip,
    /// Each fault becomes U+FFFD, and the line is counted.
    Replace,
}

/// Whether a part of the corpus may be left out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    Yes,
    No,
}

/// How digits of the Kannada block are written after normalisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Digits {
    /// ೦–೯ become 0–9.
    #[default]
    Ascii,
    /// As typed.
    Keep,
}

/// What happens to joiners (U+200C, U+200D) beside a virama; elsewhere they always go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Joiners {
    /// One stays: it changes what is shown.
    #[default]
    Keep,
    /// None stays.
    Strip,
}

/// The section `[data.normalize]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NormalizeConfig {
    /// How digits are written.
    pub digits: Digits,
    /// What happens to joiners.
    pub joiners: Joiners,
}

impl NormalizeConfig {
    /// All faults of the section: every value of it is sound.
    pub fn validate(&self) -> Vec<Fault> {
        Vec::new()
    }
}

/// The section `[data.clean]`: which training pairs are dropped, and what is done about overlap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CleanConfig {
    /// Longest side of a pair, in characters.
    pub max_chars: usize,
    /// Longest side of a pair, in tokens with the closing one; applied after tokenization.
    pub max_tokens: usize,
    /// Largest ratio of the two lengths in characters, ten characters being free on each side.
    pub max_length_ratio: f32,
    /// Drop a pair whose two sides came before.
    pub dedup: bool,
    /// Go on although dev or test lines stand in the training data.
    pub allow_overlap: bool,
    /// The script of the target language.
    pub target_script: Script,
    /// Least share of the target's letters that are in `target_script`, 0 to 1. A source with that
    /// share or more of them is in the wrong slot and dropped too.
    pub min_target_script_share: f32,
}

impl Default for CleanConfig {
    fn default() -> Self {
        Self {
            max_chars: 1000,
            max_tokens: 256,
            max_length_ratio: 4.0,
            dedup: true,
            allow_overlap: false,
            target_script: Script::Kannada,
            min_target_script_share: 0.5,
        }
    }
}

impl CleanConfig {
    /// All faults of the section.
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.max_chars == 0 {
            faults.push(Fault::new("max_chars", "got 0, expected 1 or more"));
        }
        if self.max_tokens < 2 {
            let message =
                format!("got {}, expected 2 or more: one token and the closing one", self.max_tokens);
            faults.push(Fault::new("max_tokens", message));
        }
        if self.max_length_ratio.is_nan() || self.max_length_ratio < 1.0 {
            let message = format!("got {}, expected 1 or more", self.max_length_ratio);
            faults.push(Fault::new("max_length_ratio", message));
        }
        if !(0.0..=1.0).contains(&self.min_target_script_share) {
            let message = format!("got {}, expected 0 to 1", self.min_target_script_share);
            faults.push(Fault::new("min_target_script_share", message));
        }
        faults
    }
}

/// The section `[tokenizer]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenizerConfig {
    /// Number of ids, with the 3 control tokens, the tags and the 256 bytes.
    pub vocab_size: usize,
    /// A character seen less often in the training text is written as bytes.
    pub min_char_count: usize,
}

impl Default for TokenizerConfig {
    fn default() -> Self {
        Self { vocab_size: 4000, min_char_count: 2 }
    }
}

impl TokenizerConfig {
    /// The largest vocabulary that is accepted.
    pub const MAX_VOCAB_SIZE: usize = 1 << 20;

    /// All faults of the section. Whether the text supports the size is known only when training.
    pub fn validate(&self) -> Vec<Fault> {
        let (got, most) = (self.vocab_size, Self::MAX_VOCAB_SIZE);
        let mut faults = Vec::new();
        if !(260..=most).contains(&got) {
            let message =
                format!("got {got}, expected 260 to {most}: 3 control tokens, 256 bytes, then text");
            faults.push(Fault::new("vocab_size", message));
        }
        if self.min_char_count == 0 {
            faults.push(Fault::new("min_char_count", "got 0, expected 1 or more; 1 keeps every character"));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(faults: &[Fault]) -> Vec<&str> {
        faults.iter().map(|fault| fault.key.as_str()).collect()
    }

    #[test]
    fn all_faults_come_at_once_with_their_keys() {
        let mut config = DataConfig {
            train: ParallelFiles::pair("a.en", "").into(),
            dev: ParallelFiles { file: "d.tsv".into(), ..ParallelFiles::pair("d.en", "d.kn") },
            tgt_lang: "ಕನ್ನಡ".to_owned(),
            ..DataConfig::default()
        };
        config.test_sets.insert("news".to_owned(), ParallelFiles::default());
        config.clean =
            CleanConfig { max_chars: 0, max_tokens: 1, max_length_ratio: f32::NAN, ..CleanConfig::default() };
        config.clean.min_target_script_share = 1.5;
        let faults = config.validate();
        let expected = [
            "train.tgt",
            "dev.file",
            "test_sets.news.src",
            "test_sets.news.tgt",
            "tgt_lang",
            "clean.max_chars",
            "clean.max_tokens",
            "clean.max_length_ratio",
            "clean.min_target_script_share",
        ];
        assert_eq!(keys(&faults), expected);
    }

    #[test]
    fn defaults_lack_only_their_files() {
        let faults = DataConfig::default().validate();
        assert_eq!(keys(&faults), ["train.src", "train.tgt", "dev.src", "dev.tgt"]);
        assert!(TokenizerConfig::default().validate().is_empty());
        assert!(ParallelFiles::one("a.tsv").validate().is_empty());
        assert!(!ParallelFiles::default().is_set() && ParallelFiles::one("a.tsv").is_set());
    }

    #[test]
    fn a_script_of_another_language_is_a_fault() {
        let files = ParallelFiles::one("a.tsv");
        let mut config = DataConfig { train: files.clone().into(), dev: files, ..DataConfig::default() };
        assert!(config.validate().is_empty());
        config.tgt_lang = "ta".to_owned();
        let faults = config.validate();
        assert_eq!(faults[0].message, "does not fit tgt_lang 'ta'; set it to 'tamil' or 'any'");
        config.clean.target_script = Script::Any;
        assert!(config.validate().is_empty());
    }

    #[test]
    fn vocabulary_bounds() {
        for (vocab_size, faults) in [(259, 1), (260, 0), (1 << 20, 0), ((1 << 20) + 1, 1)] {
            let config = TokenizerConfig { vocab_size, min_char_count: 1 };
            assert_eq!(config.validate().len(), faults, "{vocab_size}");
        }
        let config = TokenizerConfig { vocab_size: 0, min_char_count: 0 };
        assert_eq!(keys(&config.validate()), ["vocab_size", "min_char_count"]);
    }

    #[test]
    fn unknown_keys_are_refused_and_lost_ones_have_defaults() {
        let read = |json: &str| serde_json::from_str::<DataConfig>(json);
        assert_eq!(read("{}").expect("all keys have defaults"), DataConfig::default());
        let config =
            read(r#"{"normalize": {"digits": "keep"}, "clean": {"dedup": false}}"#).expect("known keys");
        assert_eq!((config.normalize.digits, config.clean.dedup), (Digits::Keep, false));
        for json in
            [r#"{"trg_lang": "kn"}"#, r#"{"clean": {"max_char": 1}}"#, r#"{"train": {"source": "a"}}"#]
        {
            let fault = read(json).expect_err(json).to_string();
            assert!(fault.contains("unknown field"), "{fault}");
        }
    }
}
