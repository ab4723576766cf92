//! An experiment that fits the size of its corpus, as a commented file.
//!
//! The sizes follow what was published for small data (Sennrich & Zhang 2019, arXiv:1905.11901; Araabi & Monz 2020,
//! arXiv:2011.02266: the right size and dropout gave up to 7.3 BLEU on little text; vocabularies by Gowda & May 2020,
//! arXiv:2004.02334), the paper's base model for large data (Vaswani et al. 2017, arXiv:1706.03762), and docs/LOG.md.

use data::{LanguagePair, ParallelFiles, Script};
use std::fmt::Write as _;
use std::path::Path;

/// What an experiment is made for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Of the run.
    pub name: String,
    /// Of the two sides.
    pub languages: LanguagePair,
    /// To learn from.
    pub train: ParallelFiles,
    /// To choose the best checkpoint by.
    pub dev: ParallelFiles,
    /// To score at the end.
    pub test: Option<ParallelFiles>,
    /// Pairs of `train`.
    pub n_pairs: u64,
    /// Words of the longer side of a pair, if some were counted.
    pub words: Option<f64>,
    /// Time for training, if it is limited.
    pub minutes: Option<f64>,
}

/// What fits a corpus below a number of pairs.
#[allow(clippy::struct_field_names, reason = "a vocabulary has a size")]
struct Size {
    below: u64,
    vocab_size: usize,
    d_model: usize,
    n_heads: usize,
    n_layers: usize,
    dropout: f64,
    batch_tokens: u64,
    learning_rate: &'static str,
    epochs: u64,
}

/// A size; the numbers in the order of its fields.
const fn size(
    (below, vocab_size): (u64, usize),
    (d_model, n_heads, n_layers): (usize, usize, usize),
    dropout: f64,
    (batch_tokens, learning_rate, epochs): (u64, &'static str, u64),
) -> Size {
    Size { below, vocab_size, d_model, n_heads, n_layers, dropout, batch_tokens, learning_rate, epochs }
}

const SIZES: [Size; 7] = [
    size((2_000, 500), (128, 4, 2), 0.3, (800, "2e-3", 100)),
    size((10_000, 1_000), (128, 4, 3), 0.3, (1_500, "2e-3", 60)),
    size((50_000, 2_000), (256, 4, 3), 0.3, (2_200, "1e-3", 40)),
    size((200_000, 6_000), (256, 4, 4), 0.3, (4_000, "1e-3", 30)),
    size((1_000_000, 8_000), (512, 8, 5), 0.2, (8_000, "5e-4", 15)),
    size((4_000_000, 16_000), (512, 8, 6), 0.1, (16_000, "5e-4", 8)),
    size((u64::MAX, 32_000), (512, 8, 6), 0.1, (25_000, "7e-4", 5)),
];

/// Tokens for a word of text: subwords of such vocabularies, with the closing token.
const TOKENS_PER_WORD: f64 = 1.6;
/// Words of a sentence, where none were counted.
const USUAL_WORDS: f64 = 20.0;
/// The share of a batch that is no padding.
const FILLED: f64 = 0.85;
/// Time that is too short for the dropout that little data wants.
const SHORT_MINUTES: f64 = 120.0;
/// The dropout for it (docs/LOG.md, the main job on the starter text).
const SHORT_DROPOUT: f64 = 0.15;
/// Tokens of one pass that fit into common memory.
const PASS_TOKENS: u64 = 4_000;

impl Plan {
    fn size(&self) -> &'static Size {
        SIZES.iter().find(|size| self.n_pairs < size.below).unwrap_or(&SIZES[SIZES.len() - 1])
    }

    /// Steps of one pass over the data, and of all.
    fn steps(&self) -> (u64, u64) {
        let tokens = self.n_pairs as f64 * self.words.unwrap_or(USUAL_WORDS) * TOKENS_PER_WORD;
        let epoch = (tokens / (self.size().batch_tokens as f64 * FILLED)).max(1.0);
        let all = (epoch * self.size().epochs as f64).max(1_000.0);
        (epoch as u64, rounded(all))
    }

    /// Dropout, and why.
    fn dropout(&self) -> (f64, &'static str) {
        let wanted = self.size().dropout;
        match self.minutes {
            Some(minutes) if minutes < SHORT_MINUTES && wanted > SHORT_DROPOUT => (
                SHORT_DROPOUT,
                "Little data wants 0.3, but only in hours: in minutes a model does not converge with it (docs/LOG.md).",
            ),
            _ if wanted >= 0.3 => (
                wanted,
                "Little data is learnt by heart: 0.3 is what fairseq and JoeyNMT train 29,000 to 160,000 pairs with, and more \
                 helps below that; it takes longer to converge. If the dev score falls while the training loss does, raise \
                 it; if both stand still, lower it.",
            ),
            _ => (wanted, "The more data, the less: the paper has 0.1 for 4.5 million pairs (§5.4)."),
        }
    }

    /// The file.
    pub fn to_toml(&self) -> String {
        [self.head(), self.data(), self.model(), self.train(), Self::search()].join("\n")
    }

    fn head(&self) -> String {
        let words = self.words.map_or(String::new(), |words| format!(" of about {words:.0} words"));
        let Self { name, languages: LanguagePair { src, tgt }, n_pairs, .. } = self;
        format!(
            "# {src} to {tgt}: an experiment for {n_pairs} pairs{words}, written by `train config init`.\n\
             #\n\
             #     train data check --config THIS_FILE      # is the text sound?\n\
             #     train --config THIS_FILE                 # train, score, write the model to runs/{run}/best\n\
             #     train config show --config THIS_FILE     # every key with its value, also those that are not here\n\
             #\n\
             # Why a value was chosen stands above it. All keys: docs/src/reference/config.md, or `train config reference`.\n\n\
             [run]\n\
             name = {quoted}\n\
             seed = 1  # the same seed gives the same model\n\n\
             [backend]\n\
             # {backend}\n\
             kind = \"{kind}\"\n",
            run = name,
            quoted = quoted(name),
            kind = if self.size().d_model < 512 { "cpu" } else { "auto" },
            backend = if self.size().d_model < 512 {
                "A model of this size trains on a CPU; \"auto\" takes a GPU if there is one that this program was built for."
            } else {
                "\"auto\" takes a GPU if there is one: so much data takes days on a CPU. `train backends` lists what there is."
            },
        )
    }

    fn data(&self) -> String {
        let LanguagePair { src, tgt } = &self.languages;
        let mut text = format!(
            "[data]\n\
             src_lang = {}\n\
             tgt_lang = {}\n\n\
             [data.train]\n\
             {}\n\
             # What the best checkpoint is chosen by: some hundred pairs that are not in the training text.\n\
             [data.dev]\n\
             {}",
            quoted(src),
            quoted(tgt),
            files(&self.train),
            files(&self.dev)
        );
        if let Some(test) = &self.test {
            let _ = write!(
                text,
                "\n# What nothing is chosen by: scored once, at the end.\n[data.test]\n{}",
                files(test)
            );
        }
        let script = Script::of_language(tgt).unwrap_or(Script::Any);
        let why = match script {
            Script::Any => {
                "The script of the target is not checked: this program does not know that of the language."
            }
            _ => "Targets in another script are dropped: they are not translations.",
        };
        let _ = write!(
            text,
            "\n[data.clean]\n# {why}\ntarget_script = \"{script}\"\nmax_tokens = 128  # longer pairs are dropped\n"
        );
        text
    }

    fn model(&self) -> String {
        let size = self.size();
        let (dropout, why_dropout) = self.dropout();
        let vocab = if size.vocab_size < 8_000 {
            "A subword must come often enough to be learnt: some 1,000 to 4,000 entries for 30,000 pairs, 8,000 for a million \
             (Sennrich & Zhang 2019; Gowda & May 2020). 32,000, the default elsewhere, is for millions of pairs."
        } else {
            "About 8,000 entries for a million pairs, 32,000 to 64,000 for 4.5 million (Gowda & May 2020)."
        };
        let shape = if size.d_model < 512 {
            "Few and narrow layers: the size of the model is what matters most on little data (Araabi & Monz 2020). If the \
             dev score still rises at the end, try n_encoder_layers = 5 or 6."
        } else {
            "The paper's base model, or a little less (table 3)."
        };
        format!(
            "[tokenizer]\n{}vocab_size = {}\n\n\
             [model]\n{}d_model = {}\nd_ff = {}\nn_heads = {}\nn_encoder_layers = {layers}\nn_decoder_layers = {layers}\n{}\
             dropout = {dropout}\n\
             norm = \"pre\"  # \"post\" is the paper's; \"pre\" forgives more where data is little\n",
            comment(vocab),
            size.vocab_size,
            comment(shape),
            size.d_model,
            4 * size.d_model,
            size.n_heads,
            comment(why_dropout),
            layers = size.n_layers,
        )
    }

    fn train(&self) -> String {
        let (size, (epoch, steps)) = (self.size(), self.steps());
        let every = rounded((steps as f64 / 40.0).clamp(100.0, 5_000.0));
        let minutes = match self.minutes {
            Some(minutes) => format!("max_minutes = {minutes:?}  # it ends then, whatever the steps\n"),
            None => "max_minutes = 0.0  # no limit; 60.0 stops after an hour\n".to_owned(),
        };
        let (pass, why_pass) = if size.batch_tokens > PASS_TOKENS {
            (PASS_TOKENS, "so many at once: a bound for memory that does not change the result")
        } else {
            (0, "all of them at once")
        };
        let warmup = rounded((steps as f64 / 10.0).clamp(100.0, 4_000.0));
        let passes = steps / epoch.max(1);
        let end = format!(
            "About {passes} passes over the data, of {epoch} steps each; patience below ends it before."
        );
        let batch = "Tokens of a step. Small batches suit little data; the paper has 25,000 for millions of pairs (§5.1).";
        let rate = "The peak; small models bear more. If the loss explodes, halve it.";
        format!(
            "[train]\n{}max_steps = {steps}\n{minutes}{}batch_tokens = {}\nmicro_batch_tokens = {pass}  # {why_pass}\n{}\
             learning_rate = {}\n\
             schedule = \"inverse_sqrt\"\n\
             warmup_steps = {warmup}\n\
             label_smoothing = 0.1\n\
             average = \"best\"  # the mean of the best weights scores better than the best ones alone\n\
             checkpoint_every = {every}\n\n\
             [validate]\n\
             every = {every}\n\
             metric = \"chrf++\"  # kinder than BLEU to languages with long words\n\
             patience = 10  # validations without a better score before it stops\n\
             max_lines = 500  # of dev are translated each time\n",
            comment(&end),
            comment(batch),
            size.batch_tokens,
            comment(rate),
            size.learning_rate,
        )
    }

    fn search() -> String {
        "[search]\nbeam_size = 4\nlength_penalty = 1.0  # more prefers longer translations\n".to_owned()
    }
}

/// A text of several sentences as a comment of lines that are not too long.
fn comment(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a first line");
        if last.chars().count() + word.chars().count() > 110 {
            lines.push(format!("# {word}"));
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

/// Two digits that count, the rest zeros.
fn rounded(number: f64) -> u64 {
    let unit = 10_f64.powf((number.log10().floor() - 1.0).max(0.0));
    ((number / unit).round() * unit) as u64
}

fn files(files: &ParallelFiles) -> String {
    let line = |key: &str, path: &Path| format!("{key} = {}\n", quoted(&path.to_string_lossy()));
    if files.file.as_os_str().is_empty() {
        line("src", &files.src) + &line("tgt", &files.tgt)
    } else {
        line("file", &files.file)
    }
}

/// As TOML has it; JSON escapes alike, but for one character.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn plan(n_pairs: u64) -> Plan {
        let pair = |name: &str| ParallelFiles::pair(format!("d/{name}.en"), format!("d/{name}.kn"));
        Plan {
            name: "first".into(),
            languages: LanguagePair::new("en", "kn"),
            train: pair("train"),
            dev: pair("dev"),
            test: Some(pair("test")),
            n_pairs,
            words: None,
            minutes: None,
        }
    }

    #[test]
    fn every_size_gives_a_right_file_that_grows_with_the_corpus() {
        let sizes = [500, 5_000, 30_000, 160_000, 500_000, 1_500_000, 10_000_000];
        let all = sizes.map(|n_pairs| {
            let text = plan(n_pairs).to_toml();
            parse(&text, "first.toml", &[]).unwrap_or_else(|error| panic!("{error}\n{text}"))
        });
        for pair in all.windows(2) {
            assert!(pair[0].tokenizer.vocab_size < pair[1].tokenizer.vocab_size);
            assert!(pair[0].model.dropout >= pair[1].model.dropout);
            assert!(pair[0].model.d_model <= pair[1].model.d_model);
            assert!(pair[0].train.batch_tokens < pair[1].train.batch_tokens);
        }
        let (small, large) = (&all[2], &all[5]);
        assert!((1_000..=4_000).contains(&small.tokenizer.vocab_size));
        assert!(
            small.model.dropout >= 0.3 && small.model.d_model <= 256 && small.model.n_encoder_layers == 3
        );
        assert!(
            large.model.d_model == 512
                && large.model.n_encoder_layers >= 5
                && large.tokenizer.vocab_size >= 8_000
        );
    }

    #[test]
    fn a_commented_file_for_thirty_thousand_pairs() {
        insta::assert_snapshot!(plan(30_000).to_toml());
    }

    #[test]
    fn short_time_and_odd_names_are_taken_into_account() {
        let languages = LanguagePair::new("en", "sw");
        let train = ParallelFiles::one("a \"b\"\\ಕ.tsv");
        let plan =
            Plan { minutes: Some(60.0), languages, train, words: Some(9.0), test: None, ..plan(30_000) };
        let experiment = parse(&plan.to_toml(), "x.toml", &[]).unwrap();
        assert_eq!((experiment.train.max_minutes, experiment.model.dropout), (60.0, 0.15));
        assert_eq!(experiment.data.train.0[0].file.to_str(), Some("a \"b\"\\ಕ.tsv"));
        assert_eq!(experiment.data.clean.target_script, Script::Any);
        assert!(
            experiment.train.max_steps
                < parse(&self::plan(30_000).to_toml(), "x.toml", &[]).unwrap().train.max_steps
        );
    }

    #[test]
    fn rounding_keeps_two_digits() {
        assert_eq!([7.4, 99.6, 1_234.0, 98_765.0].map(rounded), [7, 100, 1_200, 99_000]);
    }
}
