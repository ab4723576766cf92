//! The report as one page of HTML: no scripts, nothing from elsewhere.

mod sections;

use super::examples::Example;
use super::histogram::Histogram;
use super::report::Report;
use super::words::{Unit, range, whole};
use page::escape;

const STYLE: &str = include_str!("page.css");

/// A page that grows.
struct Page<'a> {
    report: &'a Report,
    page: page::Page,
}

impl Report {
    /// The report as one self-contained page: style and plots inside, no scripts, light or dark as the
    /// reader's system is.
    pub fn to_html(&self) -> String {
        let [src, tgt] = &self.languages;
        let title = format!("Corpus check: {src} to {tgt}");
        let shell = page::Page::new(&title, &format!("{} pairs", whole(self.all.pairs)));
        let mut page = Page { report: self, page: shell.with_style(STYLE) };
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
            page.add(format_args!("<section>\n"));
            section(&mut page);
            page.add(format_args!("</section>\n"));
        }
        page.page.finish()
    }
}

impl Page<'_> {
    /// Adds markup.
    fn add(&mut self, markup: std::fmt::Arguments<'_>) {
        self.page.add(markup);
    }

    fn heading(&mut self, title: &str) {
        self.add(format_args!("<h2>{title}</h2>\n"));
    }

    fn table(&mut self, head: &[String], rows: &[Vec<String>]) {
        self.page.table(head, rows);
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
