//! `train translate`.

use super::backend::BackendArgs;
use crate::attention::Recorder;
use crate::commands::pictures::Pictures;
use crate::commands::translate::{Alignments, Session};
use crate::translator::Translator;
use crate::{TrainError, device, model_dir};
use model::search::Sampling;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    train translate --model runs/small/best \"How are you?\"\n  \
    train translate --model runs/small/best --input test.en > test.out\n  \
    train translate --model runs/small/best --attention looks.html \"How are you?\"")]
pub(super) struct Args {
    /// A model directory, such as runs/small/best
    #[arg(long, value_name = "DIR", env = "ANUVADA_MODEL", hide_env_values = true)]
    model: PathBuf,
    /// Put these control tokens before every line, e.g. `<2kn>`
    #[arg(long, value_name = "TAG", default_value = "", hide_default_value = true)]
    tag: String,
    /// Hypotheses kept for each line; 1 is greedy [default: the model's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Search")]
    beam_size: Option<u16>,
    /// Length penalty α [default: the model's own]
    #[arg(long, value_name = "ALPHA", help_heading = "Search")]
    length_penalty: Option<f32>,
    /// Print the N best of each line as `line<TAB>score<TAB>text`
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Search")]
    n_best: u16,
    /// Never say the same N tokens twice in a line; 0 allows it [default: the model's own]
    #[arg(long, value_name = "N", help_heading = "Search")]
    no_repeat_ngram: Option<usize>,
    /// Draw a translation at random instead of searching the best
    #[arg(long, conflicts_with_all = ["beam_size", "n_best"], help_heading = "Sampling")]
    sample: bool,
    /// Below 1 bolder, above 1 more random
    #[arg(long, default_value_t = 1.0, requires = "sample", help_heading = "Sampling")]
    temperature: f32,
    /// Draw among the K likeliest tokens; 0: all
    #[arg(long, value_name = "K", default_value_t = 0, requires = "sample", help_heading = "Sampling")]
    top_k: usize,
    /// Draw among the likeliest tokens that together have this probability
    #[arg(long, value_name = "P", default_value_t = 1.0, requires = "sample", help_heading = "Sampling")]
    top_p: f32,
    /// The same seed draws the same translations
    #[arg(long, default_value_t = 1, requires = "sample", help_heading = "Sampling")]
    seed: u64,
    /// Translate the lines of this file
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    input: Option<PathBuf>,
    /// Also write what the model looks at: a page for all lines (.html), or pictures (.svg, .png; of several lines
    /// FILE-1.svg, FILE-2.svg, …)
    #[arg(long, value_name = "FILE", help_heading = "Attention")]
    attention: Option<PathBuf>,
    /// Print behind each translation ` ||| ` and which source word each word comes from, such as `0-0 1-2`
    /// (source-target, words from 0)
    #[arg(long, help_heading = "Attention")]
    alignment: bool,
    #[command(flatten)]
    backend: BackendArgs,
    /// Texts to translate; without any, the lines of standard input
    text: Vec<String>,
}

pub(super) fn run(args: &Args, out: &mut impl Write) -> Result<(), TrainError> {
    let positive = |value: f32| value.is_finite() && value > 0.0;
    if !positive(args.temperature) || !positive(args.top_p) || args.top_p > 1.0 {
        let reason = "--temperature must be above 0, --top-p above 0 and at most 1";
        return Err(TrainError::Usage(reason.into()));
    }
    let pictures = args.attention.as_deref().map(|path| Pictures::new(path, &args.model)).transpose()?;
    let backend = args.backend.config()?;
    let device = device::open(&backend)?;
    let dir = model_dir::load(&args.model, &device)?;
    let recorder = (pictures.is_some() || args.alignment).then(|| Recorder::new(&dir, backend.precision));
    let mut translator = Translator::new(dir, backend.precision);
    translator.set_tags(&args.tag)?;
    let search = &mut translator.search;
    search.beam_size = args.beam_size.map_or(search.beam_size, usize::from);
    search.length_penalty = args.length_penalty.unwrap_or(search.length_penalty);
    search.no_repeat_ngram = args.no_repeat_ngram.unwrap_or(search.no_repeat_ngram);
    if let Some(fault) = search.validate().first() {
        return Err(TrainError::Usage(format!("{}: {}", fault.key, fault.message)));
    }
    let (temperature, top_k, top_p, seed) = (args.temperature, args.top_k, args.top_p, args.seed);
    translator.sampling = args.sample.then_some(Sampling { temperature, top_k, top_p, seed });
    translator.n_best = usize::from(args.n_best);
    let alignment = if args.alignment { Alignments::Printed } else { Alignments::Hidden };
    let mut session = Session { translator, recorder, alignment, pictures };
    answer(&mut session, args, out)?;
    session.pictures.map_or(Ok(()), Pictures::write)
}

fn answer(session: &mut Session, args: &Args, out: &mut impl Write) -> Result<(), TrainError> {
    if !args.text.is_empty() {
        return session.texts(&args.text, out);
    }
    let Some(input) = &args.input else {
        let stdin = BufReader::new(std::io::stdin());
        return session.stream(stdin, Path::new("standard input"), out);
    };
    let file = File::open(input).map_err(TrainError::io("read", input))?;
    session.stream(BufReader::new(file), input, out)
}
