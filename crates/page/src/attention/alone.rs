//! A picture that stands alone: an SVG file with its own colours on white.

use super::matrix::{self, Part};
use super::{Kind, Sentence, label};
use crate::escape;
use std::fmt::Write as _;

/// Fonts that have the scripts of the languages which are translated most here, then whatever there is.
const STYLE: &str = "\
svg { background: #ffffff; }
text { font: 14px 'Noto Sans', 'Noto Sans Kannada', 'Lohit Kannada', 'Nirmala UI', 'Kannada Sangam MN', 'Tunga', \
'Noto Sans Devanagari', 'Noto Sans Tamil', 'Noto Sans Telugu', 'Noto Sans Malayalam', 'DejaVu Sans', Arial, sans-serif; \
fill: #1c1f23; }
.title { font-size: 17px; font-weight: 700; }
.soft { fill: #5b6470; font-size: 13px; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.grid, .frame { fill: none; stroke: #dfe2e6; }
.plus { fill: #2f6db3; }
.link { fill: none; stroke: #b3541e; stroke-width: 2; }
";
const MARGIN: f64 = 16.0;
/// Side of a small matrix, and of the place that it has.
const SMALL: f64 = 76.0;
const PLACE: f64 = SMALL + 12.0;
/// Left of the small ones.
const LAYER: f64 = 64.0;
/// Between two lines of text; Kannada is high.
const LINE: f64 = 25.0;

/// Pictures below each other.
struct Sheet {
    svg: String,
    width: f64,
    y: f64,
}

impl Sheet {
    fn text(&mut self, class: &str, language: &str, text: &str) {
        // The widths of labels are those of their size; a title is larger and bold.
        let larger = if class == "title" { 1.35 } else { 0.95 };
        for line in label::lines(text, self.width / larger) {
            self.y += LINE;
            let _ = writeln!(
                self.svg,
                "<text class=\"{class}\" lang=\"{}\" x=\"{MARGIN}\" y=\"{:.1}\">{}</text>",
                escape(language),
                self.y,
                escape(&line)
            );
        }
    }

    fn part(&mut self, part: &Part) {
        self.y += 12.0;
        let _ = writeln!(self.svg, "<g transform=\"translate({MARGIN} {:.1})\">\n{}</g>", self.y, part.svg);
        self.y += part.height;
    }
}

/// The picture of a sentence: the mean cross-attention of the layer that the links come from, then every head.
pub fn picture(sentence: &Sentence) -> String {
    let mean = sentence.by_words(Kind::Cross, &sentence.cross.layer_mean(sentence.layer));
    let main = matrix::labelled(&sentence.written, &sentence.src, &mean, &sentence.links);
    let kinds = Kind::ALL.into_iter().filter(|kind| !sentence.maps(*kind).0.is_empty());
    let heads: Vec<(Kind, Part)> = kinds.map(|kind| (kind, heads(sentence, kind))).collect();
    let widest = heads.iter().map(|(_, part)| part.width).fold(main.width, f64::max);
    let mut sheet = Sheet { svg: String::new(), width: widest.max(420.0), y: MARGIN - 8.0 };
    sheet.text("title", &sentence.src.language, &sentence.source);
    sheet.text("title", &sentence.written.language, &sentence.target);
    let told = format!(
        "Cross-attention, mean over the heads of layer {}. Rows: the word that is written; columns: source words. \
         Framed: the alignment {}",
        sentence.layer + 1,
        sentence.pharaoh
    );
    sheet.text("soft", "en", &told);
    sheet.part(&main);
    for (kind, part) in &heads {
        sheet.y += 14.0;
        sheet.text("soft", "en", &format!("Every head of the {}, {}", kind.name(), kind.axes()));
        sheet.part(part);
    }
    let (width, height) = (sheet.width + 2.0 * MARGIN, sheet.y + MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}</svg>\n",
        escape(&format!("Attention: {} → {}", sentence.source, sentence.target)),
        sheet.svg
    )
}

/// Small matrices: a line for each layer, a column for each head.
fn heads(sentence: &Sentence, kind: Kind) -> Part {
    let maps = sentence.maps(kind);
    let mut svg = String::new();
    for (layer, heads) in maps.0.iter().enumerate() {
        let y = 20.0 + PLACE * layer as f64;
        let _ = writeln!(svg, "<text class=\"soft\" y=\"{:.1}\">layer {}</text>", y + SMALL / 2.0, layer + 1);
        for (head, grid) in heads.iter().enumerate() {
            let x = LAYER + PLACE * head as f64;
            if layer == 0 {
                let middle = x + SMALL / 2.0;
                let _ =
                    writeln!(svg, "<text class=\"soft middle\" x=\"{middle}\" y=\"12\">{}</text>", head + 1);
            }
            let small = matrix::small(&sentence.by_words(kind, grid), SMALL);
            let _ = writeln!(svg, "<g transform=\"translate({x:.1} {y:.1})\">\n{small}</g>");
        }
    }
    let n_heads = maps.0.iter().map(Vec::len).max().unwrap_or(0);
    Part { svg, width: LAYER + PLACE * n_heads as f64, height: 20.0 + PLACE * maps.0.len() as f64 }
}
