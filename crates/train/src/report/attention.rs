//! Pictures of what a model looks at while it translates.

use crate::TrainError;
use crate::attention::Recorder;
use crate::model_dir;
use crate::translator::{Translation, Translator};
use burn::tensor::Device;
use model::Precision;
use page::attention::Sentence;
use page::{AttentionPicture, Heat, Scale};
use std::path::Path;

/// Longer sentences make pictures that nobody can read.
const MOST_WORDS: usize = 30;
const MOST_BYTES: usize = 4000;
/// More pictures are not drawn.
const MOST_PICTURES: usize = 10;
/// A translation that is longer than so many tokens for each of the source, and these, is none that is drawn; a stranger's
/// model may ask for a hundred for each.
const MOST_TOKENS: (f32, usize) = (4.0, 100);

/// The cross-attention of a model on sentences, with `tag` before each: a picture for each that is not too long.
///
/// # Errors
///
/// A model that cannot be read, or does not know the tag.
pub fn pictures(
    path: &Path,
    device: &Device,
    tag: &str,
    sentences: &[String],
) -> Result<Vec<AttentionPicture>, TrainError> {
    let dir = model_dir::load(path, device)?;
    let recorder = Recorder::new(&dir, Precision::F32);
    let mut translator = Translator::new(dir, Precision::F32);
    translator.set_tags(tag)?;
    let search = &mut translator.search;
    search.max_length_ratio = search.max_length_ratio.min(MOST_TOKENS.0);
    search.max_length_extra = search.max_length_extra.min(MOST_TOKENS.1);
    let short = |src: &&String| src.len() <= MOST_BYTES && src.split_whitespace().count() <= MOST_WORDS;
    let sentences: Vec<String> = sentences.iter().filter(short).take(MOST_PICTURES).cloned().collect();
    let found = translator.translate_n_best(&sentences, 0);
    let pictures = sentences.iter().zip(found).filter_map(|(src, best)| {
        let Translation { text, parts, .. } = best.into_iter().next()?;
        let [part] = &parts[..] else { return None };
        let (sentence, _) = recorder.sentence(part)?;
        let fits = sentence.src.words.len().max(sentence.written.words.len()) <= MOST_WORDS;
        fits.then(|| AttentionPicture { src: src.clone(), translation: text, svg: picture(&sentence) })
    });
    Ok(pictures.collect())
}

/// The mean cross-attention of the layer that the alignment comes from: a row for each word that is written, a column for
/// each of the source.
fn picture(sentence: &Sentence) -> String {
    let Sentence { src, written, cross, layer, .. } = sentence;
    let values = cross.layer_mean(*layer).merged(&written.sizes(), &src.sizes()).values;
    let (rows, columns) = (written.labels(), src.labels());
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
