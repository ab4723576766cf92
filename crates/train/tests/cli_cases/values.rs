//! Values of keys that no training can obey.

use crate::case::{Case, set};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = FAULTS
        .iter()
        .map(|value| set(value, 78, &[value.split(['=', '.']).nth(1).unwrap_or(value)]))
        .collect();
    for (value, says) in [
        ("backend.kind=abacus", "'abacus' does not exist"),
        ("backend.kind=", "'' does not exist"),
        ("backend.kind=tch-cuda", "--features tch"),
        ("backend.kind=cuda", "--features cuda"),
        ("backend.kind=cpu:7", "no device 7"),
        ("backend.device=1", "no device 1"),
        ("backend.device=9223372036854775807", "no device 9223372036854775807"),
        ("backend.precision=bf16", "f32 alone"),
    ] {
        cases.push(set(value, 69, &[says, "compiled in: cpu"]));
    }
    // What only the text can tell.
    for (value, says) in [
        ("tokenizer.vocab_size=100000", "tokenizer.vocab_size"),
        ("tokenizer.vocab_size=261", "tokenizer.vocab_size"),
        ("data.clean.max_chars=1", "kept 0"),
        ("data.clean.max_length_ratio=1.0", ""),
        ("train.batch_tokens=2", "kept 0"),
    ] {
        cases.push(set(value, 65, &[says]).arg(b"--set").arg(b"run.name=new"));
    }
    cases
}

/// Each is refused, its key named.
const FAULTS: [&str; 76] = [
    "train.max_steps=-1",
    "train.max_steps=1.5",
    "train.max_steps=1e400",
    "train.max_steps=NaN",
    "train.max_steps=18446744073709551616",
    "train.max_steps=true",
    "train.max_steps=0",
    "train.max_epochs=-1",
    "train.max_minutes=-1",
    "train.max_minutes=nan",
    "train.max_minutes=inf",
    "train.max_minutes=1e400",
    "train.learning_rate=0",
    "train.learning_rate=-1",
    "train.learning_rate=nan",
    "train.learning_rate=-inf",
    "train.learning_rate=1e400",
    "train.learning_rate=fast",
    "train.min_learning_rate=-1",
    "train.warmup_steps=-1",
    "train.warmup_steps=18446744073709551616",
    "train.batch_tokens=0",
    "train.batch_tokens=-5",
    "train.batch_tokens=1e9",
    "train.micro_batch_tokens=-1",
    "train.beta_1=1.0",
    "train.beta_1=-0.1",
    "train.beta_2=2",
    "train.epsilon=0",
    "train.epsilon=-1e-9",
    "train.weight_decay=-1",
    "train.clip_norm=-1",
    "train.clip_norm=nan",
    "train.label_smoothing=1",
    "train.label_smoothing=-0.1",
    "train.average=mean",
    "train.average_checkpoints=0",
    "train.ema_decay=1",
    "train.schedule=staircase",
    "train.optimizer=sgd",
    "train.checkpoint_every=0",
    "train.keep_checkpoints=0",
    "train.log_every=0",
    "validate.every=0",
    "validate.every=-1",
    "validate.patience=-1",
    "validate.beam_size=0",
    "validate.beam_size=257",
    "validate.metric=taste",
    "validate.max_lines=-1",
    "search.beam_size=0",
    "search.beam_size=99999999999",
    "search.length_penalty=-1",
    "search.length_penalty=nan",
    "search.max_length_ratio=-1",
    "model.d_model=0",
    "model.d_model=-16",
    "model.d_model=15",
    "model.d_model=18446744073709551616",
    "model.d_model=9223372036854775807",
    "model.n_heads=0",
    "model.n_heads=3",
    "model.n_encoder_layers=0",
    "model.n_decoder_layers=1000000",
    "model.dropout=1.0",
    "model.dropout=-0.5",
    "model.dropout=nan",
    "model.norm=none",
    "tokenizer.vocab_size=0",
    "tokenizer.vocab_size=-1",
    "data.src_lang=",
    "data.clean.max_chars=0",
    "data.clean.max_length_ratio=0.5",
    "data.clean.min_target_script_share=2",
    "run.name=../up",
    "run.seed=-1",
];
