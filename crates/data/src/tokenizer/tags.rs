//! Control tokens of the user, such as `<2kn>` for the language that is wanted or `<bt>` for a
//! source that a machine wrote.
//!
//! A program puts a tag's id in front of a source (Johnson et al. 2017 §3, arXiv:1611.04558; Caswell
//! et al. 2019 §3, arXiv:1906.06442); no text that a user types ever gives one. Ids: directly after
//! `</s>`, in the order in which the tags are named.

use std::collections::HashSet;

use super::{CONTROL, Tokenizer};
use crate::config::{Sources, is_tag, split_tags};
use crate::error::DataError;

/// Most tags of a tokenizer.
pub(super) const MAX_TAGS: usize = 64;

impl Tokenizer {
    /// The control tokens of the user by id, from that after [`eos_id`](Self::eos_id).
    pub fn tags(&self) -> &[String] {
        tags_of(&self.tokens)
    }

    /// The id of a tag with its brackets, such as `<2kn>`; `None` for every other text.
    pub fn tag_id(&self, tag: &str) -> Option<u32> {
        self.tags().iter().zip(CONTROL.len() as u32..).find(|(own, _)| *own == tag).map(|(_, id)| id)
    }

    /// Whether an id is that of a tag.
    pub fn is_tag_id(&self, id: u32) -> bool {
        (CONTROL.len()..CONTROL.len() + self.tags().len()).contains(&(id as usize))
    }

    /// The ids of tags that are separated by spaces; none for no tags.
    ///
    /// # Errors
    ///
    /// A tag that this vocabulary does not have.
    pub fn tag_ids(&self, tags: &str) -> Result<Vec<u32>, DataError> {
        let id = |tag: &str| {
            let unknown = || DataError::UnknownTag {
                tag: tag.to_owned(),
                known: if self.tags().is_empty() { "none".to_owned() } else { self.tags().join(", ") },
            };
            self.tag_id(tag).ok_or_else(unknown)
        };
        split_tags(tags).map(id).collect()
    }

    /// The ids of the tags of each source.
    ///
    /// # Errors
    ///
    /// A tag that this vocabulary does not have.
    pub fn source_tags(&self, sources: &Sources) -> Result<Vec<Vec<u32>>, DataError> {
        sources.0.iter().map(|source| self.tag_ids(&source.tag)).collect()
    }
}

/// The tags among the tokens of a vocabulary, which are ordered by id.
pub(super) fn tags_of(tokens: &[String]) -> &[String] {
    let rest = tokens.get(CONTROL.len()..).unwrap_or_default();
    let n = rest.iter().take_while(|token| is_tag(token)).count();
    &rest[..n]
}

/// Refuses what cannot be tags of one tokenizer.
pub(super) fn check_tags(tags: &[String]) -> Result<(), DataError> {
    let fault = |got: String, expected: &str| Err(DataError::Tags { got, expected: expected.to_owned() });
    if tags.len() > MAX_TAGS {
        return fault(format!("{} of them", tags.len()), &format!("{MAX_TAGS} or fewer"));
    }
    let mut seen = HashSet::new();
    for tag in tags {
        if !is_tag(tag) {
            let expected = "'<', 1 to 30 of a-z, 0-9, '_' and '-', then '>', but neither <s>, <pad> nor <0x…";
            return fault(format!("'{tag}'"), expected);
        }
        if !seen.insert(tag) {
            return fault(format!("'{tag}' twice"), "different tags");
        }
    }
    Ok(())
}
