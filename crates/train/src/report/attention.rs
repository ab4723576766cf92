//! Pictures of what a model looks at while it translates.

use crate::TrainError;
use crate::model_dir::{self, ModelDir};
use crate::translator::Translator;
use burn::tensor::{Device, Int, Tensor, TensorData};
use data::{Normalizer, Tokenizer};
use model::search::Searcher;
use model::{Model, Pass};
use page::{Heat, Scale};
use std::path::Path;

/// Longer sentences make pictures that nobody can read.
const MOST_TOKENS: usize = 40;

/// The cross-attention of a model on sentences, with `tag` before each: a caption and a picture for each that is not too
/// long. The caption is the translation.
///
/// # Errors
///
/// A model that cannot be read, or does not know the tag.
pub fn pictures(
    model_dir: &Path,
    device: &Device,
    tag: &str,
    sentences: &[String],
) -> Result<Vec<(String, String)>, TrainError> {
    let ModelDir { config, tokenizer, model, .. } = model_dir::load(model_dir, device)?;
    let tags = tokenizer.tag_ids(tag)?;
    let translator = Translator {
        model: Searcher::new(model.clone()),
        tokenizer: tokenizer.clone(),
        normalizer: Normalizer::new(&config.normalize),
        tags: tags.clone(),
        search: config.search,
        sampling: None,
        n_best: 1,
    };
    let translations = translator.translate(sentences, 0);
    let normalized = sentences.iter().map(|sentence| translator.normalizer.normalize(sentence));
    let ends = [tokenizer.eos_id()];
    let pictures = normalized.zip(translations).filter_map(|(src, translation)| {
        let src = [&tags[..], &tokenizer.encode(&src), &ends].concat();
        let tgt = [&tokenizer.encode(&translation)[..], &ends].concat();
        let fits = src.len().max(tgt.len()) <= MOST_TOKENS;
        fits.then(|| (translation, picture(&model, &tokenizer, &src, &tgt, device)))
    });
    Ok(pictures.collect())
}

/// Cross-attention of the last layer, the mean of its heads: a row for each target token, a column for each source token.
fn picture(model: &Model, tokenizer: &Tokenizer, src: &[u32], tgt: &[u32], device: &Device) -> String {
    let row = |ids: &mut dyn Iterator<Item = u32>| {
        let ids: Vec<i64> = ids.map(i64::from).collect();
        let n = ids.len();
        Tensor::<2, Int>::from_data(TensorData::new(ids, [1, n]), device)
    };
    let shifted = &mut std::iter::once(tokenizer.bos_id()).chain(tgt[..tgt.len() - 1].iter().copied());
    let pass = Pass::recording();
    let _ = model.forward(row(&mut src.iter().copied()), row(shifted), &pass);
    let last = pass.into_maps().cross.pop().expect("a decoder has a layer");
    let values = last.mean_dim(1).into_data().convert::<f32>();
    let values = values.as_slice::<f32>().expect("they were converted").to_vec();
    let labels = |ids: &[u32]| -> Vec<String> {
        let label = |&id: &u32| match tokenizer.token(id) {
            _ if id == tokenizer.eos_id() => "(end)".into(),
            token => token.unwrap_or_default().trim().to_owned(),
        };
        ids.iter().map(label).collect()
    };
    let (rows, columns) = (labels(tgt), labels(src));
    let heat = Heat {
        title: "cross-attention",
        rows: &rows,
        columns: &columns,
        values: &values,
        scale: Scale::Positive(1.0),
        numbers: false,
    };
    heat.svg()
}
