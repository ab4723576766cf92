//! The sentences that heads are watched on.

use crate::TrainError;
use crate::attention::{Recorded, Recorder, Tokens};
use crate::model_dir::{self, ModelDir};
use crate::translator::{Part, Translator};
use burn::tensor::Device;
use data::{Limits, Normalizer, ParallelFiles, Tokenizer, read_lines, read_parallel};
use model::Precision;
use page::attention::{Kind, Maps};
use std::path::Path;

/// Sentences at most, and tokens of one: more of them say nothing new and take time with every head.
const MOST_SENTENCES: usize = 200;
const MOST_TOKENS: usize = 128;

/// What is read where no file is named; for models that read English.
const ENGLISH: [&str; 16] = [
    "Where is my book?",
    "The boy gave his sister a mango.",
    "We did not go to the market yesterday.",
    "My mother is cooking rice in the kitchen.",
    "If it rains, the children will play in the house.",
    "Two cows are standing under the tree.",
    "Can you open the door for me, please?",
    "The old man who lives near the temple sells flowers.",
    "I wrote a letter, but I did not send it.",
    "How many students are there in your class?",
    "She drinks tea in the morning and milk at night.",
    "The bus to the city comes at seven.",
    "His house is bigger than ours.",
    "Please sit here and tell us a story.",
    "They will build a new school next year.",
    "The water in this well is clean and cold.",
];

/// Where model and sentences are.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// A model directory.
    pub model: &'a Path,
    /// Lines of source text, instead of sentences of this program.
    pub src: Option<&'a Path>,
    /// Their translations, instead of the model's own.
    pub reference: Option<&'a Path>,
    /// Control tokens before every source.
    pub tag: &'a str,
}

/// Whose translations are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Targets {
    Own,
    References,
}

impl Targets {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Own => "its own translations",
            Self::References => "reference translations",
        }
    }
}

/// A model and its sentences.
pub(super) struct Samples {
    pub(super) dir: ModelDir,
    pub(super) sentences: Vec<Part>,
    pub(super) targets: Targets,
}

impl Samples {
    pub(super) fn load(source: &Source<'_>) -> Result<Self, TrainError> {
        let dir = model_dir::load(source.model, &Device::flex())?;
        let normalizer = Normalizer::new(&dir.config.normalize);
        let copy = ModelDir {
            path: dir.path.clone(),
            config: dir.config.clone(),
            tokenizer: dir.tokenizer.clone(),
            model: dir.model.clone(),
        };
        let mut translator = Translator::new(copy, Precision::F32);
        translator.set_tags(source.tag)?;
        let (mut sentences, targets): (Vec<Part>, Targets) = match (source.src, source.reference) {
            (Some(src), Some(reference)) => {
                let [src_lang, tgt_lang] = [&dir.config.src_lang, &dir.config.tgt_lang].map(Clone::clone);
                let languages = data::LanguagePair { src: src_lang, tgt: tgt_lang };
                let files = ParallelFiles::pair(src, reference);
                let (pairs, _) = read_parallel(&files, &languages, &Limits::default())?;
                let ids = |text: &str| dir.tokenizer.encode(&normalizer.normalize(text));
                let end = [dir.tokenizer.eos_id()];
                let part = |pair: &data::Pair| Part {
                    source: [&translator.tags, &ids(&pair.src), &end[..]].concat(),
                    target: [&ids(&pair.tgt), &end[..]].concat(),
                };
                (pairs.iter().take(MOST_SENTENCES).map(part).collect(), Targets::References)
            }
            (src, _) => {
                let mut lines = match src {
                    Some(src) => read_lines(src, &Limits::default())?.0,
                    None => english(&dir)?,
                };
                lines.truncate(MOST_SENTENCES);
                let found = translator.translate_n_best(&lines, 0);
                (found.into_iter().flatten().flat_map(|one| one.parts).collect(), Targets::Own)
            }
        };
        sentences.retain(|part| {
            let fits = |ids: &[u32]| (2..=MOST_TOKENS).contains(&ids.len());
            fits(&part.source) && fits(&part.target)
        });
        Ok(Self { dir, sentences, targets })
    }
}

fn english(dir: &ModelDir) -> Result<Vec<String>, TrainError> {
    match dir.config.src_lang.as_str() {
        "en" | "eng" => Ok(ENGLISH.map(str::to_owned).to_vec()),
        other => Err(TrainError::Usage(format!(
            "the model reads '{other}', and this program has sentences in English only; give some with --src FILE"
        ))),
    }
}

/// A sentence with its weights.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) source: String,
    pub(super) target: String,
    recorded: Recorded,
    /// Source tokens, written ones, read ones.
    labels: [Vec<String>; 3],
    /// Source tokens, and read ones, on which heads may rest.
    rests: [Vec<bool>; 2],
}

impl Sample {
    pub(super) fn new(recorder: &Recorder, tokenizer: &Tokenizer, part: &Part) -> Option<Self> {
        let recorded = recorder.record(part)?;
        let read = [&[tokenizer.bos_id()], &part.target[..part.target.len() - 1]].concat();
        let rests = |ids: &[u32]| -> Vec<bool> {
            let punctuation =
                |token: &str| !token.starts_with('<') && token.trim_start().chars().all(is_mark);
            let rests = |id: &u32| *id == tokenizer.eos_id() || tokenizer.token(*id).is_some_and(punctuation);
            ids.iter().map(rests).collect()
        };
        Some(Self {
            source: tokenizer.detokenize(&part.source),
            target: tokenizer.detokenize(&part.target),
            recorded,
            labels: [&part.source, &part.target, &read]
                .map(|ids| Tokens::new(tokenizer, ids, "").side.pieces),
            rests: [&part.source, &read].map(|ids| rests(ids)),
        })
    }

    pub(super) fn maps(&self, kind: Kind) -> &Maps {
        match kind {
            Kind::Cross => &self.recorded.cross,
            Kind::Encoder => &self.recorded.encoder,
            Kind::Decoder => &self.recorded.decoder,
        }
    }

    /// For each column whether it is the end or punctuation.
    pub(super) fn rests(&self, kind: Kind) -> &[bool] {
        match kind {
            Kind::Cross | Kind::Encoder => &self.rests[0],
            Kind::Decoder => &self.rests[1],
        }
    }

    /// Labels of rows and columns.
    pub(super) fn labels(&self, kind: Kind) -> [Vec<String>; 2] {
        let [src, written, read] = &self.labels;
        match kind {
            Kind::Cross => [written.clone(), src.clone()],
            Kind::Encoder => [src.clone(), src.clone()],
            Kind::Decoder => [written.clone(), read.clone()],
        }
    }

    /// Pieces of the longer side.
    pub(super) fn longest(&self) -> usize {
        self.labels.iter().map(Vec::len).max().unwrap_or(0)
    }
}

fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation() || matches!(c, '।' | '॥' | '…' | '“' | '”' | '‘' | '’')
}
