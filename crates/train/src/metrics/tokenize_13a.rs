//! The `13a` tokenizer: the rules of NIST's `mteval-v13a.pl` for text without markup.
//!
//! In this order: entities become characters, ASCII punctuation stands alone, a period or comma leaves its
//! left neighbour and then its right neighbour unless that is a digit, a dash leaves the digit before it.
//!
//! Deviation: none from sacreBLEU, which like this module leaves all punctuation outside ASCII (the danda,
//! curly quotes) attached, and does not split an apostrophe.

use super::whitespace::words;

/// The tokens of `line`.
pub(super) fn tokenize_13a(line: &str) -> Vec<String> {
    let line = format!(" {} ", unescape(line));
    let mut separated = String::with_capacity(2 * line.len());
    for c in line.chars() {
        if stands_alone(c) {
            separated.extend([' ', c, ' ']);
        } else {
            separated.push(c);
        }
    }
    let left = rewrite_pairs(&separated, |a, b| !a.is_ascii_digit() && is_point(b), |a, b| [a, ' ', b, ' ']);
    let both = rewrite_pairs(&left, |a, b| is_point(a) && !b.is_ascii_digit(), |a, b| [' ', a, ' ', b]);
    let dashes = rewrite_pairs(&both, |a, b| a.is_ascii_digit() && b == '-', |a, b| [a, ' ', b, ' ']);
    words(&dashes).map(str::to_owned).collect()
}

/// Joins hyphenated line ends and replaces the four entities; `&amp;` goes before `&lt;`, so that
/// `&amp;lt;` becomes `<`.
fn unescape(line: &str) -> String {
    let line = line.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    if !line.contains('&') {
        return line;
    }
    line.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

/// ASCII punctuation and the space, but not `'`, `,`, `-` and `.`.
fn stands_alone(c: char) -> bool {
    matches!(c, ' '..='&' | '('..='+' | '/' | ':'..='@' | '['..='`' | '{'..='~')
}

fn is_point(c: char) -> bool {
    matches!(c, '.' | ',')
}

/// Replaces each neighbouring pair that `applies` by `spaced` of it, from left to right and without overlap.
fn rewrite_pairs(
    line: &str,
    applies: impl Fn(char, char) -> bool,
    spaced: impl Fn(char, char) -> [char; 4],
) -> String {
    let mut rewritten = String::with_capacity(2 * line.len());
    let mut chars = line.chars().peekable();
    while let Some(a) = chars.next() {
        if let Some(b) = chars.next_if(|&b| applies(a, b)) {
            rewritten.extend(spaced(a, b));
        } else {
            rewritten.push(a);
        }
    }
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_tokens(line: &str, expected: &str) {
        assert_eq!(tokenize_13a(line).join(" "), expected);
    }

    #[test]
    fn points_stay_inside_numbers_only() {
        assert_tokens("It costs 1,000.50, not 1.000,5.", "It costs 1,000.50 , not 1.000,5 .");
        assert_tokens("the U.S. army", "the U . S . army");
        assert_tokens("wait... .5 5. 5.a", "wait . . . . 5 5 . 5 . a");
    }

    #[test]
    fn a_dash_splits_after_a_digit_only() {
        assert_tokens("3-4 well-known -5 a-5 5-a", "3 - 4 well-known -5 a-5 5 - a");
    }

    #[test]
    fn ascii_punctuation_stands_alone_but_the_apostrophe() {
        assert_tokens("\"don't\" (a/b) [c] x_y 5% ~z", "\" don't \" ( a / b ) [ c ] x _ y 5 % ~ z");
        assert_tokens("“ಹೌದು” ಎಂದ।", "“ಹೌದು” ಎಂದ।");
    }

    #[test]
    fn entities_are_replaced_in_their_order() {
        assert_tokens("&quot;a&quot; &amp;lt; &lt;b&gt; &amp; &copy;", "\" a \" < < b > & & copy ;");
        assert_tokens("<skipped>a-\nb\nc", "ab c");
    }
}
