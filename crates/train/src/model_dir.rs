//! A model directory holds all that translation needs: `config.json`, `model.safetensors`, `tokenizer.json`, a model card
//! and a manifest. `translate` and `evaluate` read nothing else, so that training and use cannot disagree about text.

mod foreign;

use crate::TrainError;
use crate::config::Experiment;
use crate::disk::SystemDisk;
use crate::files::{self, Files};
use burn::tensor::Device;
use data::{NormalizeConfig, Tokenizer};
use model::search::SearchConfig;
use model::weights::{self, Arrays};
use model::{Model, ModelConfig, SpecialIds, Transformer};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The name of the file of each part.
pub const CONFIG: &str = "config.json";
/// Weights.
pub const WEIGHTS: &str = "model.safetensors";
/// Vocabulary.
pub const TOKENIZER: &str = "tokenizer.json";
/// Model card.
pub const CARD: &str = "README.md";

/// What `config.json` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirConfig {
    /// The version of this layout.
    pub format: u32,
    /// Language code of the source.
    pub src_lang: String,
    /// Language code of the target.
    pub tgt_lang: String,
    /// Entries of the vocabulary.
    pub vocab_size: usize,
    /// The control tokens.
    pub ids: SpecialIds,
    /// The shape.
    pub model: ModelConfig,
    /// How text is made uniform before it is tokenized.
    pub normalize: NormalizeConfig,
    /// How targets are searched unless a command says otherwise.
    pub search: SearchConfig,
}

/// The layout that this program writes.
const FORMAT: u32 = 1;

impl DirConfig {
    /// What the directory of a run's model says.
    pub fn new(experiment: &Experiment, tokenizer: &Tokenizer) -> Self {
        Self {
            format: FORMAT,
            src_lang: experiment.data.src_lang.clone(),
            tgt_lang: experiment.data.tgt_lang.clone(),
            vocab_size: tokenizer.vocab_size(),
            ids: special_ids(tokenizer),
            model: experiment.model.clone(),
            normalize: experiment.data.normalize.clone(),
            search: experiment.search.clone(),
        }
    }
}

/// The ids that the model needs to know.
pub fn special_ids(tokenizer: &Tokenizer) -> SpecialIds {
    SpecialIds { pad: tokenizer.pad_id(), bos: tokenizer.bos_id(), eos: tokenizer.eos_id() }
}

/// A model and what belongs to it.
#[derive(Debug)]
pub struct ModelDir {
    /// Where it was read.
    pub path: PathBuf,
    /// What `config.json` says.
    pub config: DirConfig,
    /// Its vocabulary.
    pub tokenizer: Tokenizer,
    /// Its weights, on a device without a tape.
    pub model: Model,
}

impl ModelDir {
    /// The model, for what looks into its layers.
    ///
    /// # Errors
    ///
    /// It is a recurrent one, which has not these layers.
    pub fn transformer(&self) -> Result<&Transformer, TrainError> {
        match &self.model {
            Model::Transformer(model) => Ok(model),
            Model::Gru(_) => Err(TrainError::Usage(format!(
                "the model in {} is recurrent (kind = \"gru\"), and this is about a Transformer: name one",
                self.path.display()
            ))),
        }
    }
}

/// The files of a model directory.
pub fn to_files(config: &DirConfig, tokenizer: &Tokenizer, arrays: &Arrays, card: &str) -> Files {
    let config = serde_json::to_vec_pretty(config).expect("the configuration is plain data");
    let metadata = [("format".to_owned(), "anuvada".to_owned())].into();
    [
        (CONFIG, config),
        (WEIGHTS, weights::to_safetensors(arrays, metadata)),
        (TOKENIZER, tokenizer.to_json().into_bytes()),
        (CARD, card.as_bytes().to_vec()),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}

/// Reads a model directory.
///
/// # Errors
///
/// A file that is missing or damaged; parts that do not fit each other.
pub fn load(path: &Path, device: &Device) -> Result<ModelDir, TrainError> {
    foreign::refuse(path)?;
    from_files(&mut files::read_dir(&SystemDisk, path)?, path, device)
}

/// The model of a directory's verified files; takes its own files out of them.
///
/// # Errors
///
/// As [`load`].
pub fn from_files(files: &mut Files, path: &Path, device: &Device) -> Result<ModelDir, TrainError> {
    let damaged = |file: &str, reason: String| TrainError::Damaged { path: path.join(file), reason };
    let config = files::take(files, path, CONFIG)?;
    let config: DirConfig =
        serde_json::from_slice(&config).map_err(|error| damaged(CONFIG, error.to_string()))?;
    if config.format != FORMAT {
        return Err(damaged(
            CONFIG,
            format!("format {} is not {FORMAT}, the one this program reads", config.format),
        ));
    }
    let mut faults = config.model.validate();
    faults.extend(config.search.validate());
    faults.extend(config.model.vocab_fault(config.vocab_size));
    if let Some(fault) = faults.first() {
        return Err(damaged(CONFIG, format!("{}: {}", fault.key, fault.message)));
    }
    let tokenizer = Tokenizer::from_bytes(&files::take(files, path, TOKENIZER)?)?;
    if tokenizer.vocab_size() != config.vocab_size {
        let reason =
            format!("{} entries, {CONFIG} says vocab_size = {}", tokenizer.vocab_size(), config.vocab_size);
        return Err(damaged(TOKENIZER, reason));
    }
    if config.ids != special_ids(&tokenizer) {
        let (got, expected) = (config.ids, special_ids(&tokenizer));
        return Err(damaged(CONFIG, format!("ids: the tokenizer has {expected:?}, got {got:?}")));
    }
    let weights_path = path.join(WEIGHTS);
    let shapes = weights::shapes(&config.model, config.vocab_size);
    let arrays = weights::read_safetensors(&files::take(files, path, WEIGHTS)?, &shapes, &weights_path)?;
    if let Some(name) = weights::nonfinite(&arrays) {
        return Err(damaged(WEIGHTS, format!("tensor '{name}' has numbers that are not finite")));
    }
    let model = Model::new(&config.model, config.vocab_size, config.ids, 0, device);
    let model = weights::from_arrays(model, arrays, &weights_path)?;
    Ok(ModelDir { path: path.into(), config, tokenizer, model })
}
