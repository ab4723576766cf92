//! The page around everything: head, sections, tables, figures.

use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");

/// A text in which nothing is markup.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A page that grows. What is told in plain text ([`Page::text`], titles, cells) is escaped; what comes as markup
/// ([`Page::add`], the body of a figure) is not.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    subtitle: String,
    style: &'static str,
    body: String,
}

impl Page {
    /// An empty page with a title and a line of plain text below it.
    pub fn new(title: &str, subtitle: &str) -> Self {
        Self { title: escape(title), subtitle: escape(subtitle), style: "", body: String::new() }
    }

    /// The same page with rules of style of its own, after those that all pages have.
    #[must_use]
    pub fn with_style(self, style: &'static str) -> Self {
        Self { style, ..self }
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
        let Self { title, subtitle, style, body } = self;
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{title}</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n<main>\n\
             <header><h1>{title}</h1><p>{subtitle}</p></header>\n{body}</main>\n</body>\n</html>\n"
        )
    }
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
    fn nothing_is_fetched() {
        let html = Page::new("a", "b").finish();
        assert!(html.contains("default-src 'none'"));
        assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("url("));
    }
}
