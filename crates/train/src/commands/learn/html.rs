//! A lesson as a page with pictures.

use super::lesson::{Block, Lesson, Matrix};
use page::{Heat, Page, escape};

const STYLE: &str =
    "pre.formula { background: var(--mark); border-radius: 6px; padding: .6em .8em; overflow-x: auto; \
font: .92em/1.5 ui-monospace, monospace; white-space: pre; }
section > figure { margin: 1em 0; }
p.ask { border-left: 3px solid var(--s1); padding-left: .7em; }
dl.pairs { line-height: 1.7; } dl.pairs dd { margin: 0 0 .5em 1.2em; }
p { max-width: 75ch; }
td { text-align: right; }
";

impl Lesson {
    /// The page as one self-contained file.
    pub fn to_html(&self) -> String {
        let mut page = Page::new(&self.title, &self.subtitle).with_style(STYLE);
        let mut rest = self.blocks.as_slice();
        while let Some(first) = rest.first() {
            let title = match first {
                Block::Heading(title) => {
                    rest = &rest[1..];
                    title.as_str()
                }
                _ => "In short",
            };
            let heading = |block: &Block| matches!(block, Block::Heading(_));
            let end = rest.iter().position(heading).unwrap_or(rest.len());
            page.section(title, |page| fill(page, &rest[..end]));
            rest = &rest[end..];
        }
        page.finish()
    }
}

/// The blocks of a section; pictures that follow each other stand beside each other.
fn fill(page: &mut Page, blocks: &[Block]) {
    let picture = |block: &Block| matches!(block, Block::Matrix(_) | Block::Chart(_));
    for run in blocks.chunk_by(|a, b| picture(a) && picture(b)) {
        match run {
            [one] => add(page, one),
            several => page.plots(|page| several.iter().for_each(|block| add(page, block))),
        }
    }
}

fn add(page: &mut Page, block: &Block) {
    match block {
        Block::Heading(title) => unreachable!("'{title}' begins a section"),
        Block::Text(text) => match text.strip_prefix("? ") {
            Some(question) => page.add(format_args!("<p class=\"ask\">{}</p>\n", escape(question))),
            None => page.text(text),
        },
        Block::Formula(lines) => {
            page.add(format_args!("<pre class=\"formula\" tabindex=\"0\">{}</pre>\n", escape(lines)));
        }
        Block::Table { caption, head, rows } => {
            if !caption.is_empty() {
                page.text(caption);
            }
            page.table(head, rows);
        }
        Block::Translations(caption, [src, tgt], rows) => {
            let [src, tgt] = [src, tgt].map(|language| escape(language));
            page.text(caption);
            page.add(format_args!("<dl class=\"pairs\">\n"));
            for (source, translation) in rows {
                let (source, translation) = (escape(source), escape(translation));
                page.add(format_args!(
                    "<dt lang=\"{src}\">{source}</dt><dd lang=\"{tgt}\">{translation}</dd>\n"
                ));
            }
            page.add(format_args!("</dl>\n"));
        }
        Block::Matrix(matrix) => page.figure(&matrix.caption, &scroll(&heat(matrix))),
        Block::Field(field) => {
            let picture = page::Field {
                title: &field.caption,
                rows: &field.rows,
                columns: &field.columns,
                values: &field.values,
                n_columns: field.n_columns,
            };
            page.figure(&field.caption, &picture.svg());
        }
        Block::Chart(chart) => page.figure(&chart.title, &chart.svg()),
    }
}

fn heat(matrix: &Matrix) -> String {
    let Matrix { caption, rows, columns, values, scale } = matrix;
    Heat { title: caption, rows, columns, values, scale: *scale, numbers: true }.svg()
}

fn scroll(picture: &str) -> String {
    format!("<div class=\"scroll\" tabindex=\"0\">{picture}</div>")
}
