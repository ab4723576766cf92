//! The file `tokenizer.json`: written by training, and on loading trusted in nothing.
//!
//! Only the vocabulary, with its tags, and the merges are taken from a file, after every promise about
//! them is checked. All other parts are built anew and must equal the file's, so a file cannot bring a
//! pattern, a component or an option of its own.

use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::Value;

use super::tags::{MAX_TAGS, tags_of};
use super::{Tokenizer, fixed_tokens};
use crate::corpus::{Limits, read_bytes};
use crate::error::DataError;

/// Larger tokenizer files are refused, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// Characters of a foreign value that an error shows.
const SHOWN_CHARS: usize = 60;

/// Tokens by id, and merges by rank.
pub(super) type Learned = (Vec<String>, Vec<(String, String)>);

#[expect(clippy::missing_panics_doc, reason = "what is expected holds for every tokenizer that can be built")]
impl Tokenizer {
    /// The content of `tokenizer.json`, which the `tokenizers` library of any language reads.
    pub fn to_json(&self) -> String {
        self.inner.to_string(false).expect("the parts of a tokenizer are plain data")
    }

    /// BLAKE3 of [`to_json`](Self::to_json), in hex.
    pub fn hash(&self) -> String {
        blake3::hash(self.to_json().as_bytes()).to_hex().to_string()
    }

    /// Writes `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn save(&self, path: &Path) -> Result<(), DataError> {
        fs::write(path, self.to_json())
            .map_err(|source| DataError::Unwritable { path: path.to_path_buf(), source })
    }

    /// Reads a file that [`save`](Self::save) wrote.
    ///
    /// # Errors
    ///
    /// A file that is missing, not regular, unreadable, empty or beyond 64 MiB, and all of
    /// [`from_bytes`](Self::from_bytes).
    pub fn load(path: &Path) -> Result<Self, DataError> {
        let limits = Limits { max_bytes: MAX_FILE_BYTES, ..Limits::default() };
        Self::from_bytes(&read_bytes(path, &limits)?)
    }

    /// Reads the content of `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// Content beyond 64 MiB or that is not JSON; any part that differs from what this crate writes; a
    /// vocabulary or merges that no training can give.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DataError> {
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(DataError::TooLarge { path: "tokenizer.json".into(), limit: MAX_FILE_BYTES });
        }
        let theirs: Value = serde_json::from_slice(bytes).map_err(|fault| DataError::TokenizerSyntax {
            line: fault.line(),
            column: fault.column(),
            message: fault.to_string(),
        })?;
        let (tokens, merges) = learned(&theirs["model"])?;
        let tokenizer = guarded(|| Self::assemble(tokens, merges))?;
        let ours = serde_json::from_str(&tokenizer.to_json()).expect("this crate writes json");
        same_frame(&theirs, &ours)?;
        Ok(tokenizer)
    }

    /// The tokens by id and the merges by rank, as the file has them.
    pub(super) fn learned(&self) -> Learned {
        let model = serde_json::to_value(self.inner.get_model()).expect("a model is plain data");
        learned(&model).expect("what is built was checked")
    }
}

/// Takes vocabulary and merges out of a model in JSON, checked.
fn learned(model: &Value) -> Result<Learned, DataError> {
    let tokens = tokens(&model["vocab"])?;
    let n_fixed = fixed_tokens(tags_of(&tokens)).len();
    let known: HashSet<&str> = tokens.iter().skip(n_fixed).map(String::as_str).collect();
    let mut merges = Vec::new();
    let listed =
        model["merges"].as_array().ok_or_else(|| foreign("model.merges", &model["merges"], "a list"))?;
    for (i, merge) in listed.iter().enumerate() {
        let fault =
            || foreign(&format!("model.merges[{i}]"), merge, "two learned tokens that join into a third");
        let (left, right) = merge
            .as_array()
            .and_then(|pair| Some((pair.first()?.as_str()?, pair.get(1)?.as_str()?)))
            .ok_or_else(fault)?;
        let joined = format!("{left}{right}");
        if ![left, right, &joined].into_iter().all(|token| known.contains(token)) {
            return Err(fault());
        }
        merges.push((left.to_owned(), right.to_owned()));
    }
    Ok((tokens, merges))
}

/// The vocabulary ordered by id: the fixed tokens, then learned ones that cannot be taken for them.
fn tokens(vocab: &Value) -> Result<Vec<String>, DataError> {
    const PART: &str = "model.vocab";
    let vocab = vocab.as_object().ok_or_else(|| foreign(PART, vocab, "an object of tokens and ids"))?;
    let mut tokens: Vec<Option<&str>> = vec![None; vocab.len()];
    for (token, id) in vocab {
        let place = id.as_u64().and_then(|id| tokens.get_mut(usize::try_from(id).ok()?));
        match place {
            Some(place @ None) => *place = Some(token),
            _ => return Err(foreign(PART, id, "each id from 0 to the size once")),
        }
    }
    let tokens: Vec<String> = tokens.into_iter().flatten().map(str::to_owned).collect();
    let tags = tags_of(&tokens);
    if tags.len() > MAX_TAGS {
        return Err(foreign(PART, &Value::from(tags.len()), &format!("{MAX_TAGS} tags or fewer")));
    }
    let fixed = fixed_tokens(tags);
    if let Some(id) = (0..fixed.len()).find(|id| tokens.get(*id) != Some(&fixed[*id])) {
        let expected = format!("{}: control tokens, tags, then the bytes, from id 0", fixed[id]);
        return Err(foreign(PART, &Value::from(tokens.get(id).cloned()), &expected));
    }
    match tokens.iter().skip(fixed.len()).find(|token| token.is_empty()) {
        Some(token) => Err(foreign(PART, &Value::from(token.as_str()), "tokens with text")),
        None => Ok(tokens),
    }
}

/// Compares everything but vocabulary and merges.
fn same_frame(theirs: &Value, ours: &Value) -> Result<(), DataError> {
    let parts = |value: &Value| -> Vec<(String, Value)> {
        let members = |value: &Value| value.as_object().cloned().unwrap_or_default().into_iter();
        let outer = members(value).filter(|(key, _)| key != "model");
        let inner = members(&value["model"]).filter(|(key, _)| key != "vocab" && key != "merges");
        outer.chain(inner.map(|(key, value)| (format!("model.{key}"), value))).collect()
    };
    let (theirs, ours) = (parts(theirs), parts(ours));
    let find = |parts: &[(String, Value)], key: &str| {
        parts.iter().find(|(name, _)| name == key).map_or(Value::Null, |(_, value)| value.clone())
    };
    for (key, _) in theirs.iter().chain(&ours) {
        let (got, expected) = (find(&theirs, key), find(&ours, key));
        if got != expected {
            return Err(foreign(key, &got, &shortened(&expected)));
        }
    }
    Ok(())
}

/// What a panic of the `tokenizers` library becomes: what it is given is checked, but the file is a stranger's.
fn guarded<T>(build: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(build)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
        Err(DataError::TokenizerBuild { message: shortened(&Value::from(text)) })
    })
}

fn foreign(part: &str, got: &Value, expected: &str) -> DataError {
    DataError::TokenizerForeign { part: part.to_owned(), got: shortened(got), expected: expected.to_owned() }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_library_is_an_error() {
        let fault = guarded::<()>(|| panic!("bad split {}", 7));
        assert!(matches!(fault, Err(DataError::TokenizerBuild { message }) if message == "\"bad split 7\""));
        assert!(guarded(|| Ok(7)).is_ok());
    }

    #[test]
    fn a_giant_is_not_parsed() {
        let bytes = vec![b' '; MAX_FILE_BYTES as usize + 1];
        assert!(matches!(Tokenizer::from_bytes(&bytes), Err(DataError::TooLarge { .. })));
    }
}
