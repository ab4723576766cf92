//! Control tokens of the user's, before the sources of a set: `<2kn>` for one of several target languages
//! (Johnson et al. 2017, arXiv:1611.04558), `<bt>` for back-translated text (Caswell et al. 2019, arXiv:1906.06442).

/// Most characters between the brackets.
const MAX_CHARS: usize = 30;
/// What a set may not use: control tokens of every vocabulary.
const TAKEN: [&str; 2] = ["<s>", "<pad>"];

/// The tags of a set as they are written, separated by spaces.
pub fn split_tags(tags: &str) -> impl Iterator<Item = &str> {
    tags.split_whitespace()
}

/// Whether a tag says which language is wanted.
pub fn is_language_tag(tag: &str) -> bool {
    tag.starts_with("<2")
}

/// What is wrong with the tags of a set, if anything is.
pub(super) fn fault(tags: &str) -> Option<String> {
    let wrong = split_tags(tags).find(|tag| !is_tag(tag))?;
    Some(format!(
        "got '{wrong}', expected tags such as '<bt>' or '<2kn> <bt>': lower-case letters, digits, - and _ in <>, at most {MAX_CHARS}"
    ))
}

/// Whether a token has the form of a tag. What begins like a byte is none, for readers of a vocabulary decode bytes by
/// their look.
pub(crate) fn is_tag(token: &str) -> bool {
    let name = token.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    (1..=MAX_CHARS).contains(&name.len())
        && name.bytes().all(plain)
        && !name.starts_with("0x")
        && !TAKEN.contains(&token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_a_form() {
        for tags in ["", "<bt>", " <2kn>  <bt> ", "<a-b_c9>"] {
            assert_eq!(fault(tags), None, "{tags}");
        }
        for tags in
            ["bt", "<>", "<BT>", "<bt><2kn>", "<s>", "</s>", "<pad>", "<0x41 >", "<0x41>", "<ಕ>", "<2kn> bt"]
        {
            assert!(fault(tags).is_some(), "{tags}");
        }
        assert!(fault(&format!("<{}>", "a".repeat(31))).is_some());
        assert_eq!(split_tags(" <2kn>  <bt> ").collect::<Vec<_>>(), ["<2kn>", "<bt>"]);
    }
}
