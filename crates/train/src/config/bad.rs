//! A gallery of bad configurations: what a user sees of each, to the letter, and the right answer where there is one.

use super::parse_with;
use crate::config::ConfigError;
use miette::{GraphicalReportHandler, GraphicalTheme};

/// What is wrong with it, the file, and what the help must name; nothing if there is no one right answer.
struct Bad {
    what: &'static str,
    toml: &'static str,
    set: &'static [&'static str],
    right: &'static [&'static str],
}

const fn bad(what: &'static str, toml: &'static str, right: &'static [&'static str]) -> Bad {
    Bad { what, toml, set: &[], right }
}

const fn typed(what: &'static str, set: &'static [&'static str], right: &'static [&'static str]) -> Bad {
    Bad { what, toml: "", set, right }
}

const MISSPELT: &[Bad] = &[
    bad("a section misspelt", "[modle]\nd_model = 256\n", &["[model]"]),
    bad("one letter missing", "[model]\nn_encoder_layer = 6\n", &["'n_encoder_layers'"]),
    bad("letters left out", "[train]\nlearing_rate = 1e-3\n", &["'learning_rate'"]),
    bad("no separator", "[tokenizer]\nvocabsize = 4000\n", &["'vocab_size'"]),
    bad("another separator", "[data.augment]\nbpe-dropout = 0.1\n", &["'bpe_dropout'"]),
    bad("another plural", "[validate]\npatients = 5\n", &["'patience'"]),
    bad("a near word", "[search]\nlength_penality = 1.0\n", &["'length_penalty'"]),
    bad("British spelling", "[data.normalise]\ndigits = \"keep\"\n", &["[data.normalize]"]),
    bad("camel case", "[train]\nlabelSmoothing = 0.1\n", &["'label_smoothing'"]),
    bad("letters swapped", "[data.tset]\nsrc = \"a.en\"\ntgt = \"a.kn\"\n", &["[data.test]"]),
    typed("a misspelt override", &["train.max_stpes=100"], &["'train.max_steps'"]),
];

const MISPLACED: &[Bad] = &[
    bad("of the model", "[train]\ndropout = 0.3\n", &["[model]"]),
    bad("of training", "[model]\nlabel_smoothing = 0.1\n", &["[train]"]),
    bad("of validation", "[train]\npatience = 5\n", &["[validate]"]),
    bad("of search", "[validate]\nlength_penalty = 1.0\n", &["[search]"]),
    bad("of cleaning", "[tokenizer]\nmax_tokens = 100\n", &["[data.clean]"]),
    bad("of a section below", "[data]\ndedup = false\n", &["[data.clean]"]),
    bad("before any section", "seed = 7\n", &["[run]"]),
    bad("of the backend", "[train]\nprecision = \"bf16\"\n", &["[backend]"]),
    typed("an override without its section", &["learning_rate=1e-4"], &["'train.learning_rate'"]),
];

const FOREIGN: &[Bad] = &[
    bad("JoeyNMT: training", "[training]\nbatch_multiplier = 4\n", &["[train]", "'micro_batch_tokens'"]),
    bad("JoeyNMT: scheduling", "[train]\nscheduling = \"noam\"\n", &["'schedule'"]),
    bad("JoeyNMT: search", "[search]\nbeam_alpha = 1.0\n", &["'length_penalty'"]),
    bad("fairseq: widths", "[model]\nencoder_embed_dim = 512\n", &["'d_model'"]),
    bad("fairseq: feed-forward", "[model]\nencoder_ffn_embed_dim = 1024\n", &["'d_ff'"]),
    bad("fairseq: end", "[train]\nmax_update = 50000\n", &["'max_steps'"]),
    bad("fairseq: tying", "[model]\nshare_all_embeddings = true\n", &["'tie_embeddings'"]),
    bad("Marian: heads", "[model]\ntransformer_heads = 8\n", &["'n_heads'"]),
    bad("Marian: depth", "[model]\nenc_depth = 6\n", &["'n_encoder_layers'"]),
    bad("Marian: batch", "[train]\nmini_batch_words = 4000\n", &["'batch_tokens'"]),
    bad("Marian: metrics", "[validate]\nvalid_metrics = \"chrf\"\n", &["'metric'"]),
    bad("OpenNMT: accumulation", "[train]\naccum_count = 4\n", &["'micro_batch_tokens'"]),
    bad("OpenNMT: width", "[model]\nword_vec_size = 512\n", &["'d_model'"]),
    bad("Hugging Face: batch", "[train]\nper_device_train_batch_size = 32\n", &["'batch_tokens'"]),
    bad("Hugging Face: epochs", "[train]\nnum_train_epochs = 3\n", &["'max_epochs'"]),
    bad("Hugging Face: length", "[search]\nmax_new_tokens = 200\n", &["'max_length_extra'"]),
    bad("PyTorch: device", "[backend]\ndevice = \"cuda:0\"\n", &["kind = \"cuda:0\""]),
    bad("Sockeye: smoothing", "[train]\nlabel_smoothing_value = 0.1\n", &["'label_smoothing'"]),
];

const VALUES: &[Bad] = &[
    bad("a number in quotes", "[train]\nwarmup_steps = \"4000\"\n", &["write it without quotes: 4000"]),
    bad("a decimal comma", "[model]\ndropout = 0,3\n", &["0.3"]),
    bad("thousands", "[train]\nmax_steps = 100,000\n", &["100000"]),
    bad("a percentage", "[model]\ndropout = 30%\n", &["0.3"]),
    bad("text for a switch", "[data.clean]\nallow_overlap = \"no\"\n", &["write false"]),
    bad("a whole number with a point", "[model]\nn_heads = 8.0\n", &["write 8"]),
    bad("a list of files", "[data.train]\nsrc = [\"a.en\", \"b.en\"]\ntgt = \"a.kn\"\n", &[]),
    bad("an optimizer of another tool", "[train]\noptimizer = \"AdamW\"\n", &["\"adamw\""]),
    bad("a schedule of another tool", "[train]\nschedule = \"inverse-sqrt\"\n", &["\"inverse_sqrt\""]),
    bad("a metric of another tool", "[validate]\nmetric = \"sacrebleu\"\n", &["\"bleu\""]),
    bad("a precision of another tool", "[backend]\nprecision = \"fp16\"\n", &["\"f16\""]),
    bad("true, as Python has it", "[data.clean]\ndedup = True\n", &["write true"]),
    bad("nothing, as JSON has it", "[data.train]\nfile = null\n", &["leave the line out"]),
    typed("an override of the wrong type", &["model.n_heads=eight"], &[]),
];

const RANGES: &[Bad] = &[
    bad("heads that do not divide", "[model]\nd_model = 512\nn_heads = 6\n", &["write 4 or 8"]),
    bad("an odd width", "[model]\nd_model = 255\nn_heads = 5\n", &["write 254 or 256"]),
    bad("a dropout of 1", "[model]\ndropout = 1.0\n", &[]),
    bad("a negative penalty", "[search]\nlength_penalty = -1.0\n", &[]),
    bad("too small a vocabulary", "[tokenizer]\nvocab_size = 100\n", &[]),
    bad("a beam of 0", "[search]\nbeam_size = 0\n", &[]),
    bad("a floor above the peak", "[train]\nlearning_rate = 1e-4\nmin_learning_rate = 1e-3\n", &[]),
    bad("a fall without an end", "[train]\nschedule = \"cosine\"\nmax_steps = 0\nmax_epochs = 5\n", &[]),
    bad("no end at all", "[train]\nmax_steps = 0\n", &[]),
    bad("a script of another language", "[data]\ntgt_lang = \"hi\"\n", &["set it to 'devanagari'"]),
    bad("logits beyond every memory", "[train]\nbatch_tokens = 2000000\n", &["set micro_batch_tokens to"]),
    bad(
        "file beside src",
        "[data.dev]\nsrc = \"a\"\ntgt = \"b\"\nfile = \"c.tsv\"\n",
        &["either file or both"],
    ),
    bad("a format that is none", "[data.test]\nfile = \"test.xlsx\"\n", &[]),
];

const SYNTAX: &[Bad] = &[
    bad("YAML", "model:\n  d_model: 512\n", &["write [model]", "write d_model = 512"]),
    bad("JSON", "{ \"model\": { \"d_model\": 512 } }\n", &["write [section], and below it key = value"]),
    bad("a section that is not closed", "[train\nmax_steps = 5\n", &["']'"]),
    bad("quotes that are not closed", "[run]\nname = \"first\nseed = 1\n", &["quotes"]),
    bad("text without quotes", "[backend]\nkind = cpu\n", &["write \"cpu\""]),
    bad("a key twice", "[model]\nd_model = 256\nn_heads = 4\nd_model = 512\n", &["remove one of the two"]),
    bad(
        "a section twice",
        "[run]\nname = \"a\"\n\n[model]\nn_heads = 4\n\n[run]\nseed = 2\n",
        &["join the two sections"],
    ),
    bad("a key without a value", "[model]\nd_model =\n", &["write a value behind '='"]),
    bad("a key in another script", "[run]\nಬೀಜ = 7\n", &[]),
    bad("curly quotes", "[run]\nname = “first”\n", &["\"first\""]),
];

const SEVERAL: &[Bad] = &[
    bad(
        "a file of JoeyNMT, half translated",
        "[training]\noptimizer = \"Adam\"\nlearning_rate = 0.0003\nweight_decay = 0\nepochs = 30\nbatch_size = 4096\n\
         early_stopping_metric = \"bleu\"\n\n[testing]\nbeam_size = 5\nalpha = 1.0\n",
        &[
            "[train]",
            "\"adam\"",
            "'max_epochs'",
            "'batch_tokens'",
            "'metric'",
            "[search]",
            "'length_penalty'",
        ],
    ),
    bad(
        "Kannada names and text",
        "[run]\nname = \"ಮೊದಲ ಓಟ\"\n\"ಬೀಜ\" = 7\n\n[model]\nd_modle = 256 # ಅಗಲ\n",
        &["'d_model'"],
    ),
    bad(
        "a fault of each kind",
        "[run]\nname = \"a/b\"\n\n[model]\nn_head = 8\ndropout = \"0.3\"\nnorm = \"prenorm\"\n\n[train]\nlr = 3e-4\n\
         max_steps = 1000\nmax_steps = 2000\nclip_norm = -1.0\n",
        &["'n_heads'", "write it without quotes: 0.3", "\"pre\"", "'learning_rate'", "remove one of the two"],
    ),
    typed(
        "overrides",
        &["model.layers=6", "trian.max_steps=5", "run.seed=-1", "data.dev.src"],
        &["'model.n_encoder_layers'", "'train'", "section.key=value"],
    ),
];

const ALL: [(&str, &[Bad]); 7] = [
    ("misspelt", MISSPELT),
    ("misplaced", MISPLACED),
    ("foreign", FOREIGN),
    ("values", VALUES),
    ("ranges", RANGES),
    ("syntax", SYNTAX),
    ("several", SEVERAL),
];

fn error(bad: &Bad) -> ConfigError {
    // What an experiment cannot do without, before what the case is about.
    let corpus = ["data.train={src = \"a\", tgt = \"b\"}", "data.dev={src = \"c\", tgt = \"d\"}"];
    let needed = corpus.iter().filter(|set| {
        let section = set.split(['.', '=']).nth(1).unwrap_or_default();
        !bad.toml.contains(&format!("[data.{section}]"))
    });
    let variable: Vec<&str> = needed.copied().collect();
    let set: Vec<String> = bad.set.iter().map(|&typed| typed.to_owned()).collect();
    parse_with(bad.toml, "my.toml", &variable.join(";"), &set).expect_err(bad.what)
}

fn shown(bad: &Bad) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    let mut shown = String::new();
    handler.without_syntax_highlighting().render_report(&mut shown, &error(bad)).unwrap();
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let set = bad.set.iter().fold(String::new(), |set, typed| set + "--set " + typed + "\n");
    format!("{}\n\n{}{set}\n{}\n", bad.what.to_uppercase(), bad.toml, lines.join("\n"))
}

#[test]
fn what_a_user_sees() {
    for (name, group) in ALL {
        let text: Vec<String> = group.iter().map(shown).collect();
        insta::assert_snapshot!(format!("bad_{name}"), text.join("\n----\n\n"));
    }
}

#[test]
fn the_right_answer_is_named() {
    let all: Vec<&Bad> = ALL.iter().flat_map(|(_, group)| *group).collect();
    let answered: Vec<&&Bad> = all.iter().filter(|bad| !bad.right.is_empty()).collect();
    assert!(all.len() >= 60 && answered.len() >= 50, "{} of {}", answered.len(), all.len());
    let mut wrong = Vec::new();
    for bad in answered {
        let error = error(bad);
        // A list of all that is possible names everything, and is no answer.
        let helps = error.faults().iter().map(|fault| fault.help.as_str());
        let told: Vec<&str> =
            helps.filter(|help| !help.contains("the keys") && !help.contains("sections are")).collect();
        let told = told.join("\n");
        let missing: Vec<_> = bad.right.iter().filter(|right| !told.contains(**right)).collect();
        if !missing.is_empty() {
            wrong.push(format!("{}: no {missing:?} in\n{told}", bad.what));
        }
    }
    assert!(wrong.is_empty(), "{}\n\n{} are wrong", wrong.join("\n\n"), wrong.len());
}
