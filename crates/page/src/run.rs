//! The page about one run.

use crate::{Chart, Page, escape};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const STYLE: &str = include_str!("run.css");

/// What a page about a run shows; what is empty is left out.
#[derive(Clone, Debug, Default)]
pub struct RunPage {
    /// Its name.
    pub title: String,
    /// What it is, in a line.
    pub subtitle: String,
    /// The language of the targets, as in `lang="kn"`.
    pub tgt_lang: String,
    /// What whoever looks must not miss.
    pub notices: Vec<String>,
    /// What is to be known at once: name and value.
    pub facts: Vec<(String, String)>,
    /// Scores of every set: the head of the table, its rows.
    pub scores: (Vec<String>, Vec<Vec<String>>),
    /// What the scores are, exactly.
    pub signatures: Vec<String>,
    /// Curves, each with its caption.
    pub charts: Vec<(String, Chart)>,
    /// Sentences and their translations over time.
    pub samples: Vec<SampleHistory>,
    /// Pictures of attention.
    pub pictures: Vec<AttentionPicture>,
    /// About the text.
    pub data: Vec<(String, String)>,
    /// What happened, in order.
    pub events: Vec<String>,
    /// The configuration as TOML.
    pub config: String,
    /// Hashes by their names.
    pub hashes: Vec<(String, String)>,
}

/// A sentence and its translations over time.
#[derive(Clone, Debug, Default)]
pub struct SampleHistory {
    /// The source.
    pub src: String,
    /// Its translation as the file has it.
    pub reference: String,
    /// When it was translated, how good the translation is, the translation; by time.
    pub versions: Vec<(String, String, String)>,
}

/// What a model looks at while it translates a sentence.
#[derive(Clone, Debug, Default)]
pub struct AttentionPicture {
    /// The source.
    pub src: String,
    /// The model's translation.
    pub translation: String,
    /// The picture, as markup.
    pub svg: String,
}

impl RunPage {
    /// The whole document.
    pub fn html(&self) -> String {
        let mut page = Page::new(&self.title, &self.subtitle).with_style(STYLE);
        page.section("Summary", |page| self.summary(page));
        if !self.charts.is_empty() {
            page.section("Curves", |page| {
                page.plots(|page| {
                    self.charts.iter().for_each(|(caption, chart)| page.figure(caption, &chart.svg()));
                });
            });
        }
        if !self.samples.is_empty() {
            page.section("Translations over time", |page| self.samples(page));
        }
        if !self.pictures.is_empty() {
            page.section("Attention", |page| self.pictures(page));
        }
        if !self.data.is_empty() {
            page.section("Data", |page| facts(page, &self.data));
        }
        if !self.events.is_empty() {
            page.section("What happened", |page| {
                page.add(format_args!("<ul>\n"));
                self.events.iter().for_each(|event| page.add(format_args!("<li>{}</li>\n", escape(event))));
                page.add(format_args!("</ul>\n"));
            });
        }
        page.section("Configuration and hashes", |page| self.origins(page));
        page.finish()
    }

    fn summary(&self, page: &mut Page) {
        for notice in &self.notices {
            page.add(format_args!("<p class=\"notice\">{}</p>\n", escape(notice)));
        }
        facts(page, &self.facts);
        let (head, rows) = &self.scores;
        if !rows.is_empty() {
            page.table(head, rows);
        }
        for signature in &self.signatures {
            page.add(format_args!("<p class=\"sign\">{}</p>\n", escape(signature)));
        }
    }

    fn samples(&self, page: &mut Page) {
        page.text(
            "The same dev lines at every validation. Words that the reference has, too, are underlined; equal translations \
             in a row stand once.",
        );
        let lang = escape(&self.tgt_lang);
        for (number, sample) in self.samples.iter().enumerate() {
            let open = if number == 0 { " open" } else { "" };
            let src = escape(&sample.src);
            page.add(format_args!("<details{open}><summary>{src}</summary>\n"));
            page.add(format_args!(
                "<dl class=\"pair\"><dt>Reference</dt><dd class=\"speech\" lang=\"{lang}\">{}</dd></dl>\n",
                escape(&sample.reference)
            ));
            page.add(format_args!(
                "<table class=\"versions\"><thead><tr><th scope=\"col\">step</th><th scope=\"col\">chrF</th>\
                 <th scope=\"col\">translation</th></tr></thead><tbody>\n"
            ));
            for (when, score, text) in &sample.versions {
                page.add(format_args!(
                    "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"speech\" lang=\"{lang}\">{}</td></tr>\n",
                    escape(when),
                    escape(score),
                    marked(text, &sample.reference)
                ));
            }
            page.add(format_args!("</tbody></table></details>\n"));
        }
    }

    fn pictures(&self, page: &mut Page) {
        page.text(
            "Cross-attention of one decoder layer, the mean of its heads: which source words (columns) the model looks at \
             while it writes each target word (rows). It shows where the model takes numbers from, not why it decides. \
             All layers and heads: train translate --attention FILE.html.",
        );
        page.add(format_args!("<div class=\"pictures\">\n"));
        let lang = escape(&self.tgt_lang);
        for AttentionPicture { src, translation, svg } in &self.pictures {
            page.add(format_args!(
                "<figure tabindex=\"0\"><figcaption>{}<br><span class=\"speech\" lang=\"{lang}\">{}</span></figcaption>\
                 <div lang=\"{lang}\">{svg}</div></figure>\n",
                escape(src),
                escape(translation)
            ));
        }
        page.add(format_args!("</div>\n"));
    }

    fn origins(&self, page: &mut Page) {
        page.add(format_args!(
            "<details><summary>The resolved configuration</summary><pre tabindex=\"0\">{}</pre></details>\n",
            escape(&self.config)
        ));
        if !self.hashes.is_empty() {
            page.add(format_args!("<details><summary>Hashes</summary>\n"));
            facts(page, &self.hashes);
            page.add(format_args!("</details>\n"));
        }
    }
}

fn facts(page: &mut Page, facts: &[(String, String)]) {
    if facts.is_empty() {
        return;
    }
    page.add(format_args!("<dl class=\"facts\">\n"));
    for (name, value) in facts {
        page.add(format_args!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value)));
    }
    page.add(format_args!("</dl>\n"));
}

/// A text whose words that the reference has, each as often as it has it, are marked.
fn marked(text: &str, reference: &str) -> String {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    reference.split_whitespace().for_each(|word| *left.entry(word).or_default() += 1);
    let mut html = String::new();
    for word in text.split_whitespace() {
        let gap = if html.is_empty() { "" } else { " " };
        let escaped = escape(word);
        let _ = match left.get_mut(word) {
            Some(n @ 1..) => {
                *n -= 1;
                write!(html, "{gap}<mark>{escaped}</mark>")
            }
            _ => write!(html, "{gap}{escaped}"),
        };
    }
    if html.is_empty() { "(nothing)".into() } else { html }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Series};

    #[test]
    fn nothing_in_a_run_is_markup() {
        let evil = "<script>\"'&</script>".to_owned();
        let two = || (evil.clone(), evil.clone());
        let page = RunPage {
            title: evil.clone(),
            subtitle: evil.clone(),
            tgt_lang: evil.clone(),
            notices: vec![evil.clone()],
            facts: vec![two()],
            scores: (vec![evil.clone()], vec![vec![evil.clone()]]),
            signatures: vec![evil.clone()],
            charts: vec![(
                evil.clone(),
                Chart {
                    title: evil.clone(),
                    series: vec![Series::new(&evil, Vec::new()); 2],
                    ..Chart::default()
                },
            )],
            samples: vec![SampleHistory {
                src: evil.clone(),
                reference: evil.clone(),
                versions: vec![(evil.clone(), evil.clone(), evil.clone())],
            }],
            pictures: vec![AttentionPicture {
                src: evil.clone(),
                translation: evil.clone(),
                svg: "<svg></svg>".into(),
            }],
            data: vec![two()],
            events: vec![evil.clone()],
            config: evil.clone(),
            hashes: vec![two()],
        };
        let html = page.html();
        assert!(!html.contains("<script") && !html.contains("lang=\"<"));
        assert!(html.matches("&lt;script&gt;").count() > 20);
    }

    #[test]
    fn a_run_of_which_nothing_is_known_is_a_page() {
        let html = RunPage::default().html();
        assert!(html.contains("<h2>Summary</h2>") && !html.contains("<h2>Curves</h2>"));
        let chart = Chart { x: Axis::new("step"), ..Chart::default() };
        let html = RunPage { charts: vec![("loss".into(), chart)], ..RunPage::default() }.html();
        assert!(html.contains("<figcaption>loss</figcaption><svg") && !html.contains("NaN"));
    }

    #[test]
    fn words_of_the_reference_are_marked_as_often_as_it_has_them() {
        assert_eq!(marked("a b a a", "a c a"), "<mark>a</mark> b <mark>a</mark> a");
        assert_eq!(marked("  ", "a"), "(nothing)");
        assert_eq!(marked("<b> c", "<b>"), "<mark>&lt;b&gt;</mark> c");
    }
}
