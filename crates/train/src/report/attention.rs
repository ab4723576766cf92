//! Pictures of what a model looks at while it translates.

use crate::TrainError;
use crate::attention::Recorder;
use crate::model_dir;
use crate::translator::Translator;
use burn::tensor::Device;
use model::Precision;
use page::attention::Sentence;
use page::{AttentionPicture, Heat, Scale};
use std::path::Path;

/// Longer sentences make pictures that nobody can read.
const MOST_WORDS: usize = 30;

/// The cross-attention of a model on sentences, with `tag` before each: a picture for each that is not too long.
///
/// # Errors
///
/// A model that cannot be read, or does not know the tag.
pub fn pictures(
    model_dir: &Path,
    device: &Device,
    tag: &str,
    sentences: &[String],
) -> Result<Vec<AttentionPicture>, TrainError> {
    let dir = model_dir::load(model_dir, device)?;
    let recorder = Recorder::new(&dir, Precision::F32);
    let mut translator = Translator::new(dir, Precision::F32);
    translator.tags = translator.tokenizer.tag_ids(tag)?;
    let best = translator.translate_n_best(sentences, 0).into_iter().map(|targets| targets[0].clone());
    let whole = best.filter_map(|best| match best.parts.as_slice() {
        [part] => recorder.sentence(part),
        _ => None,
    });
    let pictures = whole
        .map(|(sentence, _)| sentence)
        .filter(|sentence| sentence.src.words.len().max(sentence.written.words.len()) <= MOST_WORDS);
    Ok(pictures.map(|sentence| picture(&sentence)).collect())
}

/// A row for each target word, a column for each source word: the mean of the heads of one layer.
fn picture(sentence: &Sentence) -> AttentionPicture {
    let (rows, columns) = (&sentence.written, &sentence.src);
    let words = sentence.cross.layer_mean(sentence.layer).merged(&rows.sizes(), &columns.sizes());
    let values: Vec<f32> = (0..rows.words.len()).flat_map(|row| words.row(row).to_vec()).collect();
    let (rows, columns) = (rows.labels(), columns.labels());
    let heat = Heat {
        title: "cross-attention",
        rows: &rows,
        columns: &columns,
        values: &values,
        scale: Scale::Positive(1.0),
        numbers: false,
    };
    AttentionPicture { src: sentence.source.clone(), translation: sentence.target.clone(), svg: heat.svg() }
}
