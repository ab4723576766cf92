//! The page around everything: head, sections, tables, figures.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");

/// A text in which nothing is markup, and nothing moves what stands beside it: control characters, which SVG may not hold,
/// and marks that turn the direction of text around are shown as U+FFFD.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(c),
            c if is_unruly(c) => escaped.push(char::REPLACEMENT_CHARACTER),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Whether a character is none to be seen, but one that moves others: a control character, an embedding, override or isolate
/// of a direction (Unicode Annex 9), or one that XML forbids. Joiners belong to words and are none of these.
pub fn is_unruly(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
}

/// A page that grows. What is told in plain text ([`Page::text`], titles, cells) is escaped; what comes as markup
/// ([`Page::add`], the body of a figure) is not.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    subtitle: String,
    style: &'static str,
    script: &'static str,
    body: String,
}

impl Page {
    /// An empty page with a title and a line of plain text below it.
    pub fn new(title: &str, subtitle: &str) -> Self {
        Self { title: escape(title), subtitle: escape(subtitle), style: "", script: "", body: String::new() }
    }

    /// The same page with rules of style of its own, after those that all pages have.
    #[must_use]
    pub fn with_style(self, style: &'static str) -> Self {
        Self { style, ..self }
    }

    /// The same page with a script at its end, the only one that a browser will run: the page names its hash.
    #[must_use]
    pub fn with_script(self, script: &'static str) -> Self {
        Self { script, ..self }
    }

    /// Bytes of its body so far.
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// Whether it has no body yet.
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// Adds markup; writing to a string cannot fail.
    pub fn add(&mut self, markup: std::fmt::Arguments<'_>) {
        self.body.write_fmt(markup).expect("a string takes all that is written");
    }

    /// A card with a heading.
    pub fn section(&mut self, title: &str, fill: impl FnOnce(&mut Self)) {
        self.add(format_args!("<section>\n<h2>{}</h2>\n", escape(title)));
        fill(self);
        self.add(format_args!("</section>\n"));
    }

    /// A paragraph of plain text.
    pub fn text(&mut self, text: &str) {
        self.add(format_args!("<p>{}</p>\n", escape(text)));
    }

    /// A table of numbers: the first column is text.
    pub fn table(&mut self, head: &[String], rows: &[Vec<String>]) {
        self.add(format_args!("<div class=\"scroll\" tabindex=\"0\"><table class=\"numbers\"><thead><tr>"));
        for cell in head {
            match cell.as_str() {
                "" => self.add(format_args!("<td></td>")),
                cell => self.add(format_args!("<th scope=\"col\">{}</th>", escape(cell))),
            }
        }
        self.add(format_args!("</tr></thead><tbody>\n"));
        for row in rows {
            self.add(format_args!("<tr>"));
            for (place, cell) in row.iter().enumerate() {
                let cell = escape(cell);
                if place == 0 {
                    self.add(format_args!("<th scope=\"row\">{cell}</th>"));
                } else {
                    self.add(format_args!("<td>{cell}</td>"));
                }
            }
            self.add(format_args!("</tr>\n"));
        }
        self.add(format_args!("</tbody></table></div>\n"));
    }

    /// Figures beside each other where there is room.
    pub fn plots(&mut self, fill: impl FnOnce(&mut Self)) {
        self.add(format_args!("<div class=\"plots\">\n"));
        fill(self);
        self.add(format_args!("</div>\n"));
    }

    /// A picture, as markup, with a caption in plain text.
    pub fn figure(&mut self, caption: &str, picture: &str) {
        self.add(format_args!("<figure><figcaption>{}</figcaption>{picture}</figure>\n", escape(caption)));
    }

    /// The whole document.
    pub fn finish(self) -> String {
        let Self { title, subtitle, style, script, body } = self;
        let (allowed, script) = match script {
            "" => (String::new(), String::new()),
            script => (
                format!("; script-src 'sha256-{}'", base64(&Sha256::digest(script))),
                format!("<script>{script}</script>\n"),
            ),
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'{allowed}\">\n\
             <title>{title}</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n<main>\n\
             <header><h1>{title}</h1><p>{subtitle}</p></header>\n{body}</main>\n{script}</body>\n</html>\n"
        )
    }
}

/// RFC 4648 §4, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= three.len() { DIGITS[value as usize].into() } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        let evil = "<script>alert('x')</script> & \"more\"";
        let mut page = Page::new(evil, evil);
        page.section(evil, |page| {
            page.text(evil);
            page.table(&[evil.into()], &[vec![evil.into(), evil.into()]]);
            page.figure(evil, "<svg></svg>");
        });
        let html = page.finish();
        assert!(!html.contains("<script"));
        assert_eq!(html.matches("&lt;script&gt;").count(), 9);
    }

    #[test]
    fn only_the_script_of_the_page_may_run() {
        let html = Page::new("a", "b").with_script("'use strict';").finish();
        assert!(html.contains("script-src 'sha256-jozHLmH/b2wMlFqXZ1bREnMsSZzWT8WyB7shP8hKHkA='"), "{html}");
        assert!(html.contains("<script>'use strict';</script>"));
        assert!(!Page::new("a", "b").finish().contains("script"));
    }

    #[test]
    fn bytes_are_written_in_base_64() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (bytes, text) in cases {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn nothing_is_fetched() {
        let html = Page::new("a", "b").finish();
        assert!(html.contains("default-src 'none'"));
        assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("url("));
    }
}
