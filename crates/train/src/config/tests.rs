//! Faulty configurations: what is said of each, and where.

use super::{load, parse};
use crate::config::schema::Shape;
use crate::config::{ConfigError, Experiment, Place};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// What an experiment cannot do without, as overrides: the lines of the cases begin at 1.
const CORPUS: [&str; 2] = ["data.train={src = \"a\", tgt = \"b\"}", "data.dev={src = \"c\", tgt = \"d\"}"];

fn read(text: &str, overrides: &[&str]) -> Result<Experiment, ConfigError> {
    let overrides: Vec<String> = CORPUS.iter().chain(overrides).map(|&typed| typed.to_owned()).collect();
    parse(text, "x.toml", &overrides)
}

fn told(text: &str, overrides: &[&str]) -> String {
    read(text, overrides).expect_err(text).to_string()
}

/// A file with one fault, the fault with its place, and the next step.
const CASES: &[(&str, &str, &str)] = &[
    ("[model]\nn_head = 8", "2:1 unknown key 'model.n_head'", "did you mean 'n_heads'?"),
    ("[model]\nd_modle = 512", "2:1 unknown key 'model.d_modle'", "did you mean 'd_model'?"),
    ("[train]\nlr = 3e-4", "2:1 unknown key 'train.lr'", "did you mean 'learning_rate'?"),
    ("[train]\nbatch_size = 64", "2:1 unknown key 'train.batch_size'", "did you mean 'batch_tokens'?"),
    ("[train]\nepochs = 3", "2:1 unknown key 'train.epochs'", "did you mean 'max_epochs'?"),
    (
        "[model]\nlayers = 6",
        "2:1 unknown key 'model.layers'",
        "did you mean 'n_decoder_layers' or 'n_encoder_layers'?",
    ),
    ("[model]\nheads = 8", "2:1 unknown key 'model.heads'", "did you mean 'n_heads'?"),
    ("[model]\nhidden_size = 512", "2:1 unknown key 'model.hidden_size'", "did you mean 'd_model'?"),
    ("[model]\nd_hidden = 512", "2:1 unknown key 'model.d_hidden'", "did you mean 'd_model'?"),
    ("[model]\nffn = 2048", "2:1 unknown key 'model.ffn'", "did you mean 'd_ff'?"),
    ("[search]\nbeam = 5", "2:1 unknown key 'search.beam'", "did you mean 'beam_size'?"),
    (
        "[model]\nbeam = 5",
        "2:1 unknown key 'model.beam'",
        "did you mean 'beam_size' of [search] or [validate]?",
    ),
    ("[tokenizer]\nvocab = 8000", "2:1 unknown key 'tokenizer.vocab'", "did you mean 'vocab_size'?"),
    ("[model]\nvocab_size = 8000", "2:1 unknown key 'model.vocab_size'", "it belongs to [tokenizer]"),
    (
        "[train]\neval_every = 100",
        "2:1 unknown key 'train.eval_every'",
        "did you mean 'every' of [validate]?",
    ),
    ("[model]\nbatch_tokens = 4096", "2:1 unknown key 'model.batch_tokens'", "it belongs to [train]"),
    ("[model]\nbeam_size = 4", "2:1 unknown key 'model.beam_size'", "it belongs to [search] or [validate]"),
    ("[train]\nwarmup = 100", "2:1 unknown key 'train.warmup'", "did you mean 'warmup_steps'?"),
    ("[train]\nMax-Steps = 100", "2:1 unknown key 'train.Max-Steps'", "did you mean 'max_steps'?"),
    ("[train]\nmaxSteps = 100", "2:1 unknown key 'train.maxSteps'", "did you mean 'max_steps'?"),
    ("[run]\nsede = 3", "2:1 unknown key 'run.sede'", "did you mean 'seed'?"),
    ("[validation]\nevery = 5", "1:2 unknown section 'validation'", "did you mean [validate]?"),
    ("[data.training]\nsrc = \"x\"", "1:7 unknown section 'data.training'", "did you mean [data.train]?"),
    ("[normalize]\ndigits = \"keep\"", "1:2 unknown section 'normalize'", "did you mean [data.normalize]?"),
    (
        "[model.encoder]\nlayers = 3",
        "1:8 unknown section 'model.encoder'",
        "the keys of [model] are 'activation', 'd_ff', 'd_model', 'dropout', 'kind', 'n_decoder_layers', 'n_encoder_layers', 'n_heads', 'norm', 'tie_embeddings'",
    ),
    (
        "[zzz]\na = 1",
        "1:2 unknown section 'zzz'",
        "the sections are [backend], [data], [model], [run], [search], [tokenizer], [train], [validate]",
    ),
    (
        "[model]\nzzz = 1",
        "2:1 unknown key 'model.zzz'",
        "the keys of [model] are 'activation', 'd_ff', 'd_model', 'dropout', 'kind', 'n_decoder_layers', 'n_encoder_layers', 'n_heads', 'norm', 'tie_embeddings'",
    ),
    (
        "[data.test_sets.news]\nsource = \"a\"",
        "2:1 unknown key 'data.test_sets.news.source'",
        "did you mean 'src'?",
    ),
    (
        "[[data.test_sets]]\nsrc = \"a\"",
        "1:1 data.test_sets: is a section, not a value",
        "write [data.test_sets.NAME] and below it its keys: file, src, src_column, tag, tgt, tgt_column",
    ),
    (
        "[train]\nmax_steps = \"100\"",
        "2:13 train.max_steps: expected a whole number of 0 or more, got \"100\"",
        "write it without quotes: 100",
    ),
    (
        "[train]\nmax_steps = 1e5",
        "2:13 train.max_steps: expected a whole number of 0 or more, got 1e5",
        "write 100000",
    ),
    (
        "[train]\nmax_steps = -5",
        "2:13 train.max_steps: expected a whole number of 0 or more, got -5",
        "the default is 10000",
    ),
    (
        "[train]\nmax_steps = 1.5",
        "2:13 train.max_steps: expected a whole number of 0 or more, got 1.5",
        "the default is 10000",
    ),
    (
        "[run]\nseed = 99999999999999999999",
        "2:8 run.seed: expected a whole number from 0 to 9223372036854775807, got 99999999999999999999",
        "the default is 1",
    ),
    (
        "[model]\ndropout = \"0.2\"",
        "2:11 model.dropout: expected a finite number, got \"0.2\"",
        "write it without quotes: 0.2",
    ),
    (
        "[model]\ndropout = true",
        "2:11 model.dropout: expected a finite number, got true",
        "the default is 0.2",
    ),
    (
        "[model]\ndropout = 1.5",
        "2:1 model.dropout: must be at least 0 and below 1, got 1.5",
        "change it; the default is 0.2",
    ),
    ("[model]\ndropout = nan", "2:11 model.dropout: expected a finite number, got nan", "the default is 0.2"),
    (
        "[model]\nnorm = \"Pre\"",
        "2:8 model.norm: expected one of \"pre\", \"post\", got \"Pre\"",
        "did you mean \"pre\"?",
    ),
    (
        "[model]\nnorm = \"prenorm\"",
        "2:8 model.norm: expected one of \"pre\", \"post\", got \"prenorm\"",
        "did you mean \"pre\"?",
    ),
    (
        "[model]\nnorm = \"layer\"",
        "2:8 model.norm: expected one of \"pre\", \"post\", got \"layer\"",
        "the default is \"pre\"",
    ),
    (
        "[model]\nnorm = true",
        "2:8 model.norm: expected one of \"pre\", \"post\", got true",
        "the default is \"pre\"",
    ),
    (
        "[train]\nschedule = \"inverse_square_root\"",
        "2:12 train.schedule: expected one of \"noam\", \"inverse_sqrt\", \"linear\", \"cosine\", \"constant\", got \"inverse_square_root\"",
        "did you mean \"inverse_sqrt\"?",
    ),
    (
        "[validate]\nmetric = \"chrF2++\"",
        "2:10 validate.metric: expected one of \"loss\", \"bleu\", \"chrf\", \"chrf++\", got \"chrF2++\"",
        "did you mean \"chrf++\"?",
    ),
    (
        "[data.clean]\ndedup = \"yes\"",
        "2:9 data.clean.dedup: expected true or false, got \"yes\"",
        "write true",
    ),
    ("[data.clean]\ndedup = 1", "2:9 data.clean.dedup: expected true or false, got 1", "write true"),
    ("[run]\nname = 5", "2:8 run.name: expected text in quotes, got 5", "put it in quotes"),
    (
        "[run]\nname = [\"a\", \"b\"]",
        "2:8 run.name: expected text in quotes, got an array: [\"a\", \"b\"]",
        "write one text; several files: a * in their name, or [[data.train]] tables",
    ),
    (
        "[run]\nname = \"a b\"",
        "2:1 run.name: must be letters, digits, '-', '_' and '.', got 'a b'",
        "change it; the default is \"run\"",
    ),
    (
        "[run]\nname = 2024-01-01",
        "2:8 run.name: expected text in quotes, got a date: 2024-01-01",
        "the default is \"run\"",
    ),
    (
        "run = \"x\"",
        "1:7 run: is a section, not a value",
        "write [run] and below it its keys: dir, name, seed",
    ),
    (
        "[model]\nd_model = 250\nn_heads = 4",
        "3:1 model.n_heads: must divide d_model = 250, got 4",
        "write 2 or 5, or change d_model",
    ),
    (
        "[model]\nn_heads = 5",
        "2:1 model.n_heads: must divide d_model = 256, got 5",
        "write 4 or 8, or change d_model",
    ),
    (
        "[train]\nmin_learning_rate = 0.1",
        "2:1 train.min_learning_rate: must not be above learning_rate = 0.001, got 0.1",
        "change it; the default is 0",
    ),
    ("[model]\nd_modle = 500\nn_heads = 5", "2:1 unknown key 'model.d_modle'", "did you mean 'd_model'?"),
    (
        "[train]\nschedule = \"linear\"\nmax_steps = 10",
        "2:1 train.schedule: needs max_steps above warmup_steps = 1000, got 10",
        "raise max_steps, lower warmup_steps, or write schedule = \"inverse_sqrt\"",
    ),
    (
        "[train]\noptimizer = \"adam\"",
        "1:2 train.weight_decay: adam has none: set it to 0 or optimizer = \"adamw\"",
        "'weight_decay' is not set, the default is 0.0001; set it under [train]",
    ),
    (
        "[train]\nmax_steps = 0",
        "2:1 train.max_steps: set max_steps, max_epochs or max_minutes: without one training never ends",
        "change it; the default is 10000",
    ),
    ("[train]\nmax_steps = 5\nmax_steps = 6", "3:1 'max_steps' is given twice", "remove one of the two"),
    ("[run]\nname = try2", "2:8 text without quotes: try2", "write \"try2\""),
    ("[data.clean]\ndedup = True", "2:9 True is not toml", "write true"),
    (
        "[run\nname = \"x\"",
        "1:5 not valid toml: unclosed table, expected `]`",
        "close the name of the section with ']'",
    ),
    (
        "[run]\nname = \"x\n[model]\nzz = 1",
        "2:10 not valid toml: invalid basic string, expected `\"`",
        "close the text with the quotes that open it, on the same line",
    ),
    ("[run]\nname =", "2:7 a key without a value", "write a value behind '='"),
    ("[run]\nname", "2:5 not valid toml: key with no value, expected `=`", "write key = value"),
    (
        "[run]\nname = { \"ಕನ್ನಡ\" = 3 }",
        "2:8 run.name: expected text in quotes, got a table: { \"ಕನ್ನಡ\" = 3 }",
        "the default is \"run\"",
    ),
    (
        "run = \"x\"",
        "1:7 run: is a section, not a value",
        "write [run] and below it its keys: dir, name, seed",
    ),
    (
        "[train]\nmax_steps = .5",
        "2:13 neither a number nor text in quotes: .5",
        "write it as 12, 0.5, 1e-3 or \"text\"",
    ),
    (
        "[train]\nmax_steps = 10k",
        "2:13 neither a number nor text in quotes: 10k",
        "write it as 12, 0.5, 1e-3 or \"text\"",
    ),
    ("[data]\nsource_lang = \"en\"", "2:1 unknown key 'data.source_lang'", "did you mean 'src_lang'?"),
    (
        "[data]\nsource = \"en\"",
        "2:1 unknown key 'data.source'",
        "did you mean 'src' of [data.dev] or [data.test] or [data.test_sets.NAME] or [data.train]?",
    ),
    (
        "[model]\nd_model = [1, 2\nn_heads = 4",
        "3:1 not valid toml: missing comma between array elements, expected `,`",
        "close it, with ',' between its parts",
    ),
    ("[model]\nd_model: 32", "2:8 not valid toml: this line is yaml", "write d_model = 32"),
    (
        "{\"model\": {\"d_model\": 32}}",
        "1:1 not valid toml: this is json",
        "write [section], and below it key = value",
    ),
    (
        "data.test = \"x\"",
        "1:13 data.test: is a section, not a value",
        "write [data.test] and below it its keys: file, src, src_column, tag, tgt, tgt_column",
    ),
    (
        "[train.optimizer]\nname = \"adam\"",
        "1:1 train.optimizer: expected one of \"adam\", \"adamw\", got a table: [train.optimizer]",
        "the default is \"adamw\"",
    ),
    (
        "[[model]]\nd_model = 32",
        "1:1 model: is a section, not a value",
        "write [model] and below it its keys: activation, d_ff, d_model, dropout, kind, n_decoder_layers, n_encoder_layers, n_heads, norm, tie_embeddings",
    ),
    ("backend = { kind = \"cpu\", kin = 3 }", "1:27 unknown key 'backend.kin'", "did you mean 'kind'?"),
    ("device = \"cuda\"", "1:1 unknown key 'device'", "it belongs to [backend]"),
];

#[test]
fn a_file_that_is_wrong_everywhere_is_told_from_its_beginning() {
    let lines = |line: &dyn Fn(usize) -> String| (0..2000).map(line).collect::<String>();
    let one_line = format!("a = {}", "[{\"a\":".repeat(5000));
    for (text, told) in [
        (lines(&|i| format!("k{i} = 1\n")), "k0"),
        (lines(&|i| format!("[k{i}]\n")), "k0"),
        (lines(&|i| format!("a{i} =\n")), "without a value"),
        (one_line, "not valid toml"),
    ] {
        let error = parse(&text, "x.toml", &[]).unwrap_err();
        let faults = error.faults();
        assert!(faults[0].message.contains(told), "{}", faults[0].message);
        let last = &faults.last().unwrap().message;
        assert!(
            faults.len() == 1 || faults.len() == 51 && last.contains("more faults than these 50"),
            "{last}"
        );
    }
}

#[test]
fn each_fault_is_told_with_its_place_and_a_next_step() {
    for (text, fault, help) in CASES {
        assert_eq!(told(text, &[]), format!("x.toml:{fault}\n  help: {help}"), "{text}");
    }
}

/// An override with one fault, the fault, and the next step.
const OVERRIDES: &[(&str, &str, &str)] = &[
    ("train.max_stepz=5", "unknown key 'train.max_stepz'", "did you mean 'train.max_steps'?"),
    ("train.lr=3e-4", "unknown key 'train.lr'", "did you mean 'train.learning_rate'?"),
    ("max_steps=5", "unknown key 'max_steps'", "did you mean 'train.max_steps'?"),
    ("beam_size=5", "unknown key 'beam_size'", "did you mean 'search.beam_size' or 'validate.beam_size'?"),
    ("trian.max_steps=5", "unknown section 'trian'", "did you mean 'train'?"),
    (
        "data.test_sets.news.sorce=x",
        "unknown key 'data.test_sets.news.sorce'",
        "did you mean 'data.test_sets.news.src'?",
    ),
    ("run=5", "is a section, not a value", "write --set run.KEY=value; the keys are dir, name, seed"),
    ("train.max_steps", "there is no '='", "write it as --set section.key=value"),
    ("train..x=5", "a key is empty", "write it as --set section.key=value"),
    ("=5", "a key is empty", "write it as --set section.key=value"),
    ("train.max_steps=many", "expected a whole number of 0 or more, got many", "the default is 10000"),
    ("train.max_steps=-1", "expected a whole number of 0 or more, got -1", "the default is 10000"),
    ("train.max_steps=", "expected a whole number of 0 or more, got nothing", "the default is 10000"),
    ("model.norm=prre", "expected one of \"pre\", \"post\", got prre", "did you mean \"pre\"?"),
    ("model.dropout=2", "must be at least 0 and below 1, got 2", "change it; the default is 0.2"),
    ("data.dev.src=", "is not set; name a file", "give it a value"),
    ("data.test={src=\"a\", tgtt=\"b\"}", "unknown key 'data.test.tgtt'", "did you mean 'data.test.tgt'?"),
];

#[test]
fn a_faulty_override_is_its_own_place() {
    for (typed, fault, help) in OVERRIDES {
        let told = told("", &[typed]);
        let expected = format!("--set {typed}: {fault}\n  help: {help}");
        assert!(told.contains(&expected), "{told}\n\n{expected}");
    }
}

#[test]
fn overrides_are_toml_of_the_keys_type_or_else_text() {
    let overrides = [
        "run.name=try2",
        "train.learning_rate=3e-4",
        "data.train.src=a b.txt",
        "model.norm = post",
        "data.clean.dedup=false",
        "data.test={src = \"e\", tgt = 'f'}",
        "data.test_sets.news.file=news.tsv",
        "train.max_minutes=3",
        "backend.kind=\"wgpu\"",
    ];
    let experiment = read("[run]\nname = \"first\"\nseed = 0x10", &overrides).unwrap();
    assert_eq!(experiment.run.name, "try2");
    assert_eq!(experiment.run.seed, 16);
    assert_eq!(experiment.train.learning_rate, 3e-4);
    assert_eq!(experiment.data.train, data::ParallelFiles::pair("a b.txt", "b").into());
    assert_eq!(experiment.model.norm, model::NormOrder::Post);
    assert!(!experiment.data.clean.dedup);
    assert_eq!(experiment.data.test, data::ParallelFiles::pair("e", "f"));
    assert_eq!(experiment.data.test_sets["news"], data::ParallelFiles::one("news.tsv"));
    assert_eq!(experiment.train.max_minutes, 3.0);
    assert_eq!(experiment.backend.kind, "wgpu");
    assert_eq!(read("", &["run.name=5"]).unwrap().run.name, "5");
    assert_eq!(read("", &["run.seed=1", "run.seed=2"]).unwrap().run.seed, 2);
}

#[test]
fn all_faults_of_a_file_are_told_at_once() {
    let text = "lr = 1\n[model]\nn_head = 8\ndropout = 2.0\nnorm = \"x\"\n[train]\nmax_steps = -1\nbatch_tokens = \"9\"\n\
        log_every = 5\nlog_every = 6\n[trian]\nlr = 0.1\nwarmup_steps = true\n[search]\nbeam_size = 0\n[run]\nname = try2\n";
    let error =
        parse(text, "x.toml", &["train.max_stepz=5".to_owned(), "data.train.src=a".to_owned()]).unwrap_err();
    insta::assert_snapshot!(error.to_string());
}

#[test]
fn a_terminal_gets_the_lines_with_marks() {
    let text = "[run]\nname = \"x\" # ಕನ್ನಡ\n\n[model]\nn_head = 8\nd_model = 256\nnorm = \"past\"\n";
    let error = read(text, &[]).unwrap_err();
    let theme = miette::GraphicalTheme::unicode_nocolor();
    let mut shown = String::new();
    let handler =
        miette::GraphicalReportHandler::new_themed(theme).with_width(100).without_syntax_highlighting();
    handler.render_report(&mut shown, &error).unwrap();
    insta::assert_snapshot!(shown);
}

#[test]
fn a_fault_that_follows_from_another_is_not_told() {
    assert_eq!(read("[model]\nd_modle = 500\nn_heads = 5", &[]).unwrap_err().faults().len(), 1);
    assert_eq!(read("[data.test]\nsrcc = \"a\"\ntgt = \"b\"", &[]).unwrap_err().faults().len(), 1);
    assert_eq!(read("[data.test]\nsrc = 5\ntgt = \"b\"", &[]).unwrap_err().faults().len(), 1);
    let text = "[data]\ntgt_lnag = \"hi\"\nclean.target_script = \"devanagari\"";
    assert_eq!(read(text, &[]).unwrap_err().faults().len(), 1);
    // but one of its own is
    assert_eq!(read("[model]\nd_modle = 500\nn_heads = 0", &[]).unwrap_err().faults().len(), 2);
}

#[test]
fn an_empty_file_lacks_only_the_corpus() {
    for text in ["", "\n", "# nothing\n", "\u{feff}"] {
        let error = parse(text, "x.toml", &[]).unwrap_err();
        let messages: Vec<&str> = error.faults().iter().map(|fault| fault.message.as_str()).collect();
        let expected = ["train.src", "train.tgt", "dev.src", "dev.tgt"]
            .map(|key| format!("data.{key}: is not set; name a file"));
        assert_eq!(messages, expected);
        assert_eq!(error.faults()[0].help, "add src = \"…\" under [data.train]");
        assert!(error.to_string().starts_with("x.toml: data.train.src: is not set"), "{error}");
        read(text, &[]).unwrap();
    }
}

#[test]
fn lines_and_columns_count_characters_whatever_the_file_was_saved_by() {
    let place = |text: &str| match &read(text, &[]).unwrap_err().faults()[0].place {
        Place::At { line, column, .. } => (*line, *column),
        place => panic!("{place:?}"),
    };
    assert_eq!(place("[run]\nseed = 1\nsede = 2\n"), (3, 1));
    assert_eq!(place("[run]\r\nseed = 1\r\nsede = 2\r\n"), (3, 1));
    assert_eq!(place("\u{feff}sede = 2\n"), (1, 1));
    assert_eq!(place("run = {dir = \"ಕನ್ನಡ\", sede = 2}\n"), (1, 23));
    assert_eq!(place("run = {dir = \"abcde\", sede = 2}\n"), (1, 23));
}

#[test]
fn kannada_text_is_kept() {
    let experiment =
        read("[run]\ndir = \"ಓಟಗಳು\"\n[data.test_sets.\"ಸುದ್ದಿ\"]\nsrc = \"a\"\ntgt = \"ಕ\"", &[]).unwrap();
    assert_eq!(experiment.run.dir, PathBuf::from("ಓಟಗಳು"));
    assert_eq!(experiment.data.test_sets["ಸುದ್ದಿ"].tgt, PathBuf::from("ಕ"));
}

#[test]
fn a_section_with_a_wrong_name_is_read_as_the_right_one() {
    let text = "[optimizer]\nlr = 1e-3\nbeta1 = 0.9\nepsilon = -1.0\n";
    let messages: Vec<String> =
        read(text, &[]).unwrap_err().faults().iter().map(|fault| fault.message.clone()).collect();
    let keys = ["unknown section 'optimizer'", "unknown key 'train.lr'", "unknown key 'train.beta1'"];
    assert_eq!(messages[..3], keys);
    assert_eq!(messages[3..], ["train.epsilon: must be above 0, got -1"]);
}

#[test]
fn twenty_faults_are_told_and_the_rest_is_counted() {
    let text = |faults: usize| (0..faults).map(|i| format!("zzqq{i} = 1")).collect::<Vec<_>>().join("\n");
    let count = |text: &str| told(text, &[]).matches("unknown key").count();
    assert_eq!(count(&text(20)), 20);
    assert!(!told(&text(20), &[]).contains("more"));
    assert!(told(&text(21), &[]).ends_with("\nand 1 more fault"));
    assert_eq!(count(&text(25)), 20);
    assert!(told(&text(25), &[]).ends_with("\nand 5 more faults"));
}

#[test]
fn what_is_not_a_file_of_text_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let told = |path: &Path| {
        let root = format!("{}/", directory.path().display());
        load(path, &[]).unwrap_err().to_string().replace(&root, "")
    };
    std::fs::write(at("small.toml"), "").unwrap();
    std::fs::write(at("bytes.toml"), b"[run]\nname = \"\xe0\xb2\x95\xff\"\n").unwrap();
    std::fs::write(at("large.toml"), vec![b'#'; 70_000]).unwrap();
    std::fs::create_dir(at("folder.toml")).unwrap();
    assert_eq!(told(&at("smal.toml")), "smal.toml does not exist\n  help: did you mean small.toml?");
    let help = "check the path; it is relative to the current directory";
    assert_eq!(
        told(&at("quite-different.toml")),
        format!("quite-different.toml does not exist\n  help: {help}")
    );
    let help = "name a toml file, such as configs/small.toml";
    assert_eq!(told(&at("folder.toml")), format!("folder.toml is a directory\n  help: {help}"));
    assert_eq!(told(&at("large.toml")), format!("large.toml has more than 65536 bytes\n  help: {help}"));
    assert_eq!(told(&at("bytes.toml")), "bytes.toml:2:10 is not utf-8\n  help: save the file as utf-8");
    assert!(told(&at("small.toml")).starts_with("small.toml: data.train.src: is not set"));
}

fn configs() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|it| it == "toml")).collect();
    files.sort();
    assert!(files.len() >= 4);
    files
}

#[test]
fn every_file_in_configs_is_right_and_names_its_run() {
    for file in configs() {
        let experiment = load(&file, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(experiment.run.name, file.file_stem().unwrap().to_str().unwrap());
    }
}

#[test]
fn every_file_in_configs_shows_every_key() {
    let schema = Shape::of::<Experiment>();
    for file in configs() {
        let text = std::fs::read_to_string(&file).unwrap();
        let table: toml::Table = text.parse().unwrap();
        for (path, shape) in schema.paths() {
            let name = path[path.len() - 1];
            let optional =
                ["file", "src_column", "tgt_column", "tag"].contains(&name) || path.contains(&"test_sets");
            let found = path
                .iter()
                .try_fold(&toml::Value::Table(table.clone()), |value, key| value.get(key))
                .is_some();
            let shown = if optional && !shape.is_table() {
                text.contains(&format!("{name} = "))
            } else {
                found || optional
            };
            assert!(shown, "{} lacks {}", file.display(), path.join("."));
        }
    }
}

#[test]
fn several_sources_are_a_list_of_tables() {
    let head = "[data.dev]\nsrc = 'd.en'\ntgt = 'd.kn'\n";
    let text = format!(
        "{head}[[data.train]]\nfile = 'a.tsv'\nweight = 2\n[[data.train]]\nsrc = 'b.en'\ntgt = 'b.kn'\n"
    );
    let experiment = parse(&text, "x.toml", &[]).unwrap();
    assert_eq!(experiment.data.train.weights(), [2.0, 1.0]);
    assert_eq!(experiment.data.train.0[1].files(), data::ParallelFiles::pair("b.en", "b.kn"));
    assert_eq!(parse(&toml::to_string(&experiment).unwrap(), "x.toml", &[]).unwrap(), experiment);
    let wrong = format!(
        "{head}[[data.train]]\nfile = 'a.tsv'\nwieght = 2\n[[data.train]]\nfile = 'b.tsv'\nweight = 0\n"
    );
    let faults = parse(&wrong, "x.toml", &[]).unwrap_err().to_string();
    for part in [
        "x.toml:6:1 unknown key 'data.train.0.wieght'",
        "did you mean 'weight' of [data.train]?",
        "x.toml:9:1 data.train.1.weight",
    ] {
        assert!(faults.contains(part), "no {part} in {faults}");
    }
}

#[test]
fn an_experiment_survives_being_written() {
    for file in configs() {
        let experiment = load(&file, &[]).unwrap();
        let written = toml::to_string(&experiment).unwrap();
        assert_eq!(parse(&written, "x.toml", &[]).unwrap(), experiment);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\[?\\[?(model|train|data\\.test_sets|ಕ)\\]?\\]?\n|(norm|lr|src|\"ಕ\")( ?[=.:] ?)(1|\"ಕ\"?|'|\\{|\\[|true|e|,|\\}|\\]|nan)+\r?\n|\\PC{0,12}){0,8}") {
        let _ = parse(&text, "x.toml", std::slice::from_ref(&text)).map_err(|error| error.to_string());
    }
}
