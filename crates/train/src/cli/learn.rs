//! `train learn …`.

use crate::TrainError;
use crate::commands::learn::{Terminal, attention, context, cost, heads, masks, positions, show};
use crate::log::Color;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "Examples:
  train learn attention --html attention.html
  train learn attention --sentence \"She locked the door with a key\" --model runs/small/best
  train learn context --model runs/small/best --word book --sentences \"I read a book.\" \"The book is old.\"
  train learn cost --runs runs/small runs/gru";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Attention step by step: Q, K, V, scores, softmax, weighted sum; and why the scores are scaled
    Attention(AttentionArgs),
    /// One word in two sentences: one embedding, two contextual vectors, layer by layer of a trained model
    Context(ContextArgs),
    /// Sines and cosines: what tells the model the order of words, and what happens without it
    Positions(Output),
    /// Padding and the future: what masks block, and a decoder that cheats without one
    Masks(Output),
    /// What each head of a trained model looks at, and what is lost without it
    Heads(HeadsArgs),
    /// N² measured: time and memory of attention against length, and a recurrent model beside it
    Cost(CostArgs),
}

/// Where a page goes beside the terminal.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// Also write the page as HTML, with pictures
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct AttentionArgs {
    /// The sentence to follow
    #[arg(long, value_name = "TEXT", default_value = "I love Apple phones")]
    sentence: String,
    /// Follow it through the first layer of this model directory instead of a tiny model with random weights
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct ContextArgs {
    /// A model directory, such as runs/small/best
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A word of your own, spelt as in --sentences
    #[arg(long, value_name = "WORD", requires = "sentences", value_parser = NonEmptyStringValueParser::new())]
    word: Option<String>,
    /// Two or more sentences that have the word
    #[arg(long, value_name = "TEXT", num_args = 2.., requires = "word")]
    sentences: Vec<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct HeadsArgs {
    /// A model directory, such as runs/small/best
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Watch the heads on the first 200 of these lines instead of sentences of this program
    #[arg(long, value_name = "FILE")]
    src: Option<PathBuf>,
    /// Translations of --src, to be measured instead of the model's own
    #[arg(long = "ref", value_name = "FILE", requires = "src")]
    reference: Option<PathBuf>,
    /// Put these control tokens before every sentence, e.g. `<2kn>`
    #[arg(long, value_name = "TAG", default_value = "", hide_default_value = true)]
    tag: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct CostArgs {
    /// Seconds instead of a minute: short sentences, few repetitions
    #[arg(long)]
    quick: bool,
    /// Also show scores and translations of finished runs, such as runs/small and runs/gru
    #[arg(long, value_name = "DIR", num_args = 1..)]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(command: Command, color: Color, out: &mut impl Write) -> Result<(), TrainError> {
    let terminal = Terminal::of_stdout(color);
    match command {
        Command::Attention(args) => {
            let html = args.output.html.as_deref();
            show(|| attention::lesson(&args.sentence, args.model.as_deref()), html, terminal, out)
        }
        Command::Context(args) => {
            let html = args.output.html.as_deref();
            let own = args.word.as_ref().map(|word| (word.as_str(), args.sentences.as_slice()));
            show(|| context::lesson(&args.model, own), html, terminal, out)
        }
        Command::Positions(output) => show(positions::lesson, output.html.as_deref(), terminal, out),
        Command::Heads(args) => {
            let (src, reference) = (args.src.as_deref(), args.reference.as_deref());
            let source = heads::Source { model: &args.model, src, reference, tag: &args.tag };
            show(|| heads::lesson(&source), args.output.html.as_deref(), terminal, out)
        }
        Command::Cost(args) => {
            let pace = if args.quick { cost::Pace::Quick } else { cost::Pace::Usual };
            show(|| cost::lesson(pace, &args.runs), args.output.html.as_deref(), terminal, out)
        }
        Command::Masks(output) => show(masks::lesson, output.html.as_deref(), terminal, out),
    }
}
