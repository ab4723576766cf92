//! The report as one page of HTML: no scripts, nothing from elsewhere.

mod sections;

use std::fmt::Write as _;

use super::examples::Example;
use super::histogram::Histogram;
use super::report::Report;
use super::words::{Unit, range, whole};

const STYLE: &str = include_str!("page.css");

/// A text in which nothing is markup.
fn escape(text: &str) -> String {
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

/// A page that grows.
struct Page<'a> {
    report: &'a Report,
    html: String,
}

impl Report {
    /// The report as one self-contained page: style and plots inside, no scripts, light or dark as the
    /// reader's system is.
    pub fn to_html(&self) -> String {
        let mut page = Page { report: self, html: String::new() };
        page.head();
        for section in [
            Page::findings,
            Page::sources,
            Page::lengths,
            Page::scripts,
            Page::repeats,
            Page::overlap,
            Page::slips,
            Page::clean,
            Page::tokens,
            Page::characters,
            Page::worst,
        ] {
            page.html.push_str("<section>\n");
            section(&mut page);
            page.html.push_str("</section>\n");
        }
        page.html.push_str("</main>\n</body>\n</html>\n");
        page.html
    }
}

impl Page<'_> {
    /// Adds markup; writing to a string cannot fail.
    fn add(&mut self, markup: std::fmt::Arguments<'_>) {
        self.html.write_fmt(markup).expect("a string takes all that is written");
    }

    fn head(&mut self) {
        let [src, tgt] = self.report.languages.each_ref().map(|language| escape(language));
        let pairs = whole(self.report.all.pairs);
        self.add(format_args!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>Corpus check: {src} to {tgt}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
             <header><h1>Corpus check</h1><p>{pairs} pairs, <b>{src}</b> to <b>{tgt}</b></p></header>\n"
        ));
    }

    fn heading(&mut self, title: &str) {
        self.add(format_args!("<h2>{title}</h2>\n"));
    }

    /// A table of numbers: the first column is text.
    fn table(&mut self, head: &[String], rows: &[Vec<String>]) {
        self.add(format_args!("<div class=\"scroll\" tabindex=\"0\"><table class=\"numbers\"><thead><tr>"));
        for cell in head {
            self.add(format_args!("<th scope=\"col\">{}</th>", escape(cell)));
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

    fn plots(&mut self, histograms: &[(String, &Histogram, Unit)]) {
        self.add(format_args!("<div class=\"plots\">\n"));
        for (title, histogram, unit) in histograms {
            self.plot(title, histogram, *unit);
        }
        self.add(format_args!("</div>\n"));
    }

    /// Bars that lie, a row each.
    fn plot(&mut self, title: &str, histogram: &Histogram, unit: Unit) {
        const ROW: usize = 22;
        let title = escape(title);
        let height = ROW * histogram.bars.len();
        let most = histogram.bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
        self.add(format_args!(
            "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 400 {height}\" role=\"img\" aria-label=\"{title}\">\n"
        ));
        for (row, bar) in histogram.bars.iter().enumerate() {
            let width = 210.0 * bar.count as f64 / most as f64;
            let (y, middle) = (ROW * row + 3, ROW * row + 15);
            let (range, count) = (range(bar, unit), whole(bar.count));
            self.add(format_args!(
                "<text x=\"92\" y=\"{middle}\" class=\"axis\">{range}</text>\
                 <rect x=\"100\" y=\"{y}\" width=\"{width:.1}\" height=\"16\" rx=\"2\"/>\
                 <text x=\"{:.1}\" y=\"{middle}\">{count}</text>\n",
                width + 106.0
            ));
        }
        self.add(format_args!("</svg></figure>\n"));
    }

    /// Pairs: a note on each, then both sides.
    fn pairs<'b>(&mut self, rows: impl Iterator<Item = (String, &'b Example)>) {
        let [src, tgt] = self.report.languages.each_ref().map(|language| escape(language));
        self.add(format_args!("<div class=\"pairs\">\n"));
        for (note, example) in rows {
            let (place, note) = (escape(&example.place()), escape(&note));
            let (src_text, tgt_text) = (escape(&example.src), escape(&example.tgt));
            self.add(format_args!(
                "<div class=\"pair\"><p class=\"note\"><code>{place}</code> {note}</p>\
                 <p class=\"side\" lang=\"{src}\" dir=\"auto\">{src_text}</p>\
                 <p class=\"side\" lang=\"{tgt}\" dir=\"auto\">{tgt_text}</p></div>\n"
            ));
        }
        self.add(format_args!("</div>\n"));
    }
}
