//! The page: a section for each sentence. Without its script it shows the mean cross-attention and the alignment.

use super::json::{self, Detail};
use super::{Kind, Sentence, matrix};
use crate::{Page, escape};

const STYLE: &str = include_str!("attention.css");
const SCRIPT: &str = include_str!("attention.js");

/// A page that grows by sentences and never beyond [`AttentionPage::MOST_BYTES`].
#[derive(Clone, Debug)]
pub struct AttentionPage {
    page: Page,
    shown: usize,
    left_out: usize,
}

impl AttentionPage {
    /// What fits into a page. A sentence whose heads do not fit is shown by the means of its layers; one that does not
    /// fit either is left out, and the page says how many are.
    pub const MOST_BYTES: usize = 4_900_000;

    /// A page for the translations of a model; `model` is its name.
    pub fn new(model: &str) -> Self {
        let title = "Attention";
        let subtitle = format!("what {model} looks at while it translates");
        let mut page = Page::new(title, &subtitle).with_style(STYLE).with_script(SCRIPT);
        page.section("How to read it", |page| {
            page.text(
                "A row is a position that asks, a column one that it looks at; the fuller the colour, the larger the weight, \
                 and the weights of a row sum to 1. In the decoder a row is named by the token that is written there: when \
                 it is written, the model has read only the tokens before it, from the start sign <s>. </s> is the end of \
                 the sentence. The model sees pieces; ▁ starts a word, ◌ stands in for a letter that a piece lacks, and \
                 ‹E0› is a byte of a letter. For words, the rows of their pieces are averaged and the columns added.",
            );
            page.text(
                "Attention is not an explanation. A weight says how much of a position's value vector goes into the next \
                 layer, not that the word decided anything: in some models quite different weights give the same \
                 output (Jain and Wallace 2019, arXiv:1902.10186). Whether weights can explain depends on what one asks \
                 of an explanation, and can be tested (Wiegreffe and Pinter 2019, arXiv:1908.04626). Heads also rest on \
                 </s> or on full stops when they have nothing to do. Take a picture as a question, and test it: \
                 `train learn heads` says what is lost without a head.",
            );
        });
        Self { page, shown: 0, left_out: 0 }
    }

    /// Adds a sentence, as much of it as fits.
    pub fn add(&mut self, sentence: &Sentence) {
        let room = Self::MOST_BYTES.saturating_sub(self.page.len());
        // Two bytes a weight; the rest is small.
        let cells = Kind::ALL.map(|kind| sentence.maps(kind).cells()).iter().sum::<usize>();
        let detail = if 2 * cells < room { Detail::Heads } else { Detail::Means };
        let section = section(sentence, self.shown + self.left_out + 1, detail);
        let section = if section.len() > room && detail == Detail::Heads {
            self::section(sentence, self.shown + self.left_out + 1, Detail::Means)
        } else {
            section
        };
        if section.len() > room {
            self.left_out += 1;
            return;
        }
        self.shown += 1;
        self.page.add(format_args!("{section}"));
    }

    /// How many sentences did not fit.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The whole document.
    pub fn finish(mut self) -> String {
        let (shown, left_out) = (self.shown, self.left_out);
        if left_out > 0 {
            self.page.section("Left out", |page| {
                let most = Self::MOST_BYTES / 1_000_000 + 1;
                page.text(&format!(
                    "{left_out} of {} sentences are not shown: a page has less than {most} MB. Give fewer or shorter ones.",
                    shown + left_out
                ));
            });
        }
        if shown + left_out == 0 {
            self.page.section("Nothing to show", |page| page.text("There was no text to translate."));
        }
        self.page.finish()
    }
}

fn section(sentence: &Sentence, number: usize, detail: Detail) -> String {
    let (src, tgt) = (escape(&sentence.src.language), escape(&sentence.written.language));
    let (source, target) = (escape(&sentence.source), escape(&sentence.target));
    let mean = sentence.by_words(Kind::Cross, &sentence.cross.layer_mean(sentence.layer));
    let part = matrix::labelled(&sentence.written, &sentence.src, &mean, &sentence.links);
    let (width, height, layer) = (part.width, part.height, sentence.layer + 1);
    let note = match detail {
        Detail::Heads => "",
        Detail::Means => {
            "<p>This sentence is long: only the means over the heads of each layer are kept.</p>\n"
        }
    };
    format!(
        "<section class=\"sentence\" aria-label=\"Sentence {number}\">\n\
         <h2 lang=\"{src}\" dir=\"auto\">{source}</h2>\n<p class=\"target\" lang=\"{tgt}\" dir=\"auto\">{target}</p>\n\
         <p>Alignment (source-target, words from 0): <code>{}</code></p>\n{}{note}\
         <figure class=\"static\"><figcaption>Cross-attention, mean over the heads of layer {layer}; {}. \
         Framed: the alignment.</figcaption>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"mean cross-attention of sentence {number}\">\
         <svg class=\"heat\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" \
         role=\"img\" aria-label=\"mean cross-attention\">\n{}</svg></div></figure>\n\
         <script type=\"application/json\">{}</script>\n</section>\n",
        escape(&sentence.pharaoh),
        pairs(sentence),
        escape(Kind::Cross.axes()),
        part.svg,
        json::sentence(sentence, detail)
    )
}

/// The alignment in words.
fn pairs(sentence: &Sentence) -> String {
    let (src, tgt) = (escape(&sentence.src.language), escape(&sentence.written.language));
    let item = |(row, column): &(usize, usize)| {
        let (source, target) = (&sentence.src.words[*column].0, &sentence.written.words[*row].0);
        format!(
            "<li><span lang=\"{src}\">{}</span> → <span lang=\"{tgt}\">{}</span></li>",
            escape(source),
            escape(target)
        )
    };
    match sentence.links.as_slice() {
        [] => String::new(),
        links => format!("<ul class=\"pairs\">{}</ul>\n", links.iter().map(item).collect::<String>()),
    }
}
