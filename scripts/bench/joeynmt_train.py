"""Training speed on real text, ours and JoeyNMT 2.3's, with the same settings: both those of configs/bible.toml.

    python joeynmt_train.py PROGRAM --train-src FILE --train-tgt FILE --dev-src FILE --dev-tgt FILE
                            [--json] [--rounds N] [--updates N]

PROGRAM is the built program `train`; scripts/bench.sh calls this. Both read the same lines and train as many updates of
about 2,000 target tokens, each with its own vocabulary of 4,000 and its own way to make batches, without validations
between them. Speeds are medians over the log lines after the first, of real target tokens (ends of sentences, no
padding) and, since tokens differ, of target lines: tokens by the mean tokens of a line in the same vocabulary.
"""

import argparse
import json
import pathlib
import re
import statistics
import sys
import tempfile

from compare import HERE, finished, measured

VOCAB, MAX_LENGTH, LOG_EVERY, NEVER = 4000, 128, 5, 1_000_000
JOEYNMT_LINE = re.compile(r"Step: +(\d+),.*Tokens per Sec: +(\d+),")


def copy(src, tgt, folder, name):
    """Copies the pairs that have text on both sides: JoeyNMT shifts at an empty line, and takes more for ends of lines."""
    with (
        open(src, encoding="utf-8") as src, open(tgt, encoding="utf-8") as tgt,
        open(folder / f"{name}.src", "w", encoding="utf-8") as src_out,
        open(folder / f"{name}.tgt", "w", encoding="utf-8") as tgt_out,
    ):
        for pair in zip(src, tgt, strict=True):
            pair = [" ".join(line.split()) for line in pair]
            if all(pair):
                src_out.write(pair[0] + "\n")
                tgt_out.write(pair[1] + "\n")


def joeynmt_config(folder, updates):
    """JoeyNMT's configuration; it is YAML, of which JSON is a part."""
    side = {
        "max_length": MAX_LENGTH, "lowercase": False, "normalize": False, "level": "bpe", "voc_limit": VOCAB,
        "voc_min_freq": 1, "voc_file": f"{folder}/vocab.txt", "tokenizer_type": "sentencepiece",
        "tokenizer_cfg": {"model_file": f"{folder}/sp.model", "model_type": "unigram", "character_coverage": 1.0},
    }
    stack = {
        "type": "transformer", "num_layers": 3, "num_heads": 4, "hidden_size": 256, "ff_size": 1024, "dropout": 0.2,
        "layer_norm": "pre", "embeddings": {"embedding_dim": 256, "scale": True, "dropout": 0.2},
    }
    return {
        "name": "bench", "joeynmt_version": "2.3.0", "model_dir": f"{folder}/joeynmt", "use_cuda": False,
        "fp16": False, "random_seed": 42,
        "data": {
            "train": f"{folder}/train", "dev": f"{folder}/dev", "dataset_type": "plain",
            "src": {"lang": "src", **side}, "trg": {"lang": "tgt", **side},
            "special_symbols": {
                "unk_token": "<unk>", "unk_id": 0, "pad_token": "<pad>", "pad_id": 1,
                "bos_token": "<s>", "bos_id": 2, "eos_token": "</s>", "eos_id": 3,
            },
        },
        "testing": {
            "n_best": 1, "beam_size": 1, "beam_alpha": 1.0, "batch_size": 2048, "batch_type": "token",
            "max_output_length": MAX_LENGTH, "eval_metrics": [],
        },
        "training": {
            "optimizer": "adamw", "normalization": "tokens", "adam_betas": [0.9, 0.98],
            "scheduling": "warmupinversesquareroot", "learning_rate": 0.001, "learning_rate_warmup": 1000,
            "weight_decay": 0.0001, "clip_grad_norm": 1.0, "label_smoothing": 0.1, "loss": "crossentropy",
            "batch_size": 2048, "batch_type": "token", "batch_multiplier": 2, "early_stopping_metric": "loss",
            "epochs": NEVER, "updates": updates, "validation_freq": NEVER, "logging_freq": LOG_EVERY,
            "overwrite": True, "shuffle": True, "print_valid_sents": [], "keep_best_ckpts": 1,
        },
        "model": {
            "initializer": "xavier_uniform", "bias_initializer": "zeros", "init_gain": 1.0,
            "embed_initializer": "xavier_uniform", "embed_init_gain": 1.0, "tied_embeddings": True,
            "tied_softmax": True, "encoder": stack, "decoder": stack,
        },
    }


def our_arguments(folder, runs, updates):
    """configs/bible.toml, with the same lines dropped as by JoeyNMT, and as little as can be done after the last update."""
    settings = {
        "run.dir": runs, "run.name": "ours", "tokenizer.vocab_size": VOCAB,
        "data.train.src": folder / "train.src", "data.train.tgt": folder / "train.tgt",
        "data.dev.src": folder / "dev.src", "data.dev.tgt": folder / "dev.tgt",
        "data.test.src": folder / "one.src", "data.test.tgt": folder / "one.tgt",
        # JoeyNMT counts the tokens of a line without its end.
        "data.clean.max_tokens": MAX_LENGTH + 1, "data.clean.max_chars": 100_000,
        "data.clean.max_length_ratio": 1000.0, "data.clean.dedup": "false", "data.clean.allow_overlap": "true",
        "data.clean.target_script": "any", "train.max_steps": updates, "train.checkpoint_every": NEVER,
        "train.log_every": LOG_EVERY, "train.average": "none",
        "validate.every": NEVER, "validate.metric": "loss", "validate.max_lines": 1, "search.beam_size": 1,
    }
    config = HERE.parent.parent / "configs" / "bible.toml"
    return ["--config", config] + [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


def our_tokens_per_line(command):
    """Target tokens of a line, one of them its end, in our vocabulary."""
    text, _ = finished(command)
    shards = pathlib.Path(text.splitlines()[-1]) / "shards.json"
    shards = json.loads(shards.read_text(encoding="utf-8"))
    return shards["tgt_tokens"] / shards["examples"] + 1


def our_rows(folder):
    """Step and target tokens per second of our log lines."""
    lines = (folder / "ours" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] == "train"]
    return [(row["step"], row["tgt_tokens_per_sec"]) for row in rows]


def joeynmt_rows(folder):
    """The same of JoeyNMT's."""
    text = (folder / "joeynmt" / "train.log").read_text(encoding="utf-8")
    return [(int(step), float(speed)) for step, speed in JOEYNMT_LINE.findall(text)]


def run(who, command, rows, folder):
    """Target tokens per second and peak memory in MB of one training."""
    log = folder / f"{who}.log"
    try:
        with open(log, "w", encoding="utf-8") as file:
            _, memory = finished(command, stderr=file)
    except SystemExit:
        sys.stderr.write("".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[-20:]))
        raise
    speed = statistics.median(speed for step, speed in rows(folder) if step > LOG_EVERY)
    print(f"{who}: {speed:.0f} target tokens/s, {memory:.0f} MB", file=sys.stderr)
    return speed, memory


def prepare(folder, args):
    """Copies the text and learns JoeyNMT's vocabulary; the mean of target tokens a line by side."""
    copy(args.train_src, args.train_tgt, folder, "train")
    copy(args.dev_src, args.dev_tgt, folder, "dev")
    for side in ("src", "tgt"):
        with open(folder / f"dev.{side}", encoding="utf-8") as dev:
            (folder / f"one.{side}").write_text(dev.readline(), encoding="utf-8")
    (folder / "joeynmt.yaml").write_text(json.dumps(joeynmt_config(folder, args.updates)), encoding="utf-8")
    rows, _ = measured([sys.executable, HERE / "joeynmt_vocabulary.py", folder, VOCAB, MAX_LENGTH])
    # In a directory of its own: the runs read the text, as they do by default.
    settings = our_arguments(folder, folder / "counted", args.updates)
    ours = our_tokens_per_line([args.program, "data", "prepare", *settings])
    return {"ours": ours, "joeynmt": rows[0]["tokens_per_line"]}


def show(median, per_line, args):
    """Prints the row."""
    tokens = [median[who][0] for who in ("ours", "joeynmt")]
    lines = [median[who][0] / per_line[who] for who in ("ours", "joeynmt")]
    row = {
        "work": "joeynmt", "backend": "cpu", "peer": "joeynmt",
        "ratio": round(tokens[0] / tokens[1], 2), "lines_ratio": round(lines[0] / lines[1], 2),
        "peak_memory_ratio": round(median["ours"][1] / median["joeynmt"][1], 2),
        "tokens_per_sec": [round(speed) for speed in tokens], "lines_per_sec": [round(speed, 1) for speed in lines],
    }
    if args.json:
        print(json.dumps(row))
    else:
        print(
            f"joeynmt: {row['ratio']} times joeynmt ({row['tokens_per_sec'][0]} and {row['tokens_per_sec'][1]} target "
            f"tokens/s), {row['lines_ratio']} times in lines ({row['lines_per_sec'][0]} and {row['lines_per_sec'][1]} "
            f"target lines/s), peak memory {row['peak_memory_ratio']} times"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    for name in ("--train-src", "--train-tgt", "--dev-src", "--dev-tgt"):
        parser.add_argument(name, required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=60)
    args = parser.parse_args()
    if args.updates < 2 * LOG_EVERY:
        parser.error(f"--updates: at least {2 * LOG_EVERY}, so that there is a log line after the first")
    figures = {"ours": [], "joeynmt": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        per_line = prepare(folder, args)
        ours = [args.program, "train", "--fresh", *our_arguments(folder, folder, args.updates)]
        joeynmt = [sys.executable, "-m", "joeynmt", "train", folder / "joeynmt.yaml", "--skip-test"]
        for _ in range(args.rounds):
            figures["ours"].append(run("ours", ours, our_rows, folder))
            figures["joeynmt"].append(run("joeynmt", joeynmt, joeynmt_rows, folder))
    median = {who: [statistics.median(part) for part in zip(*all_, strict=True)] for who, all_ in figures.items()}
    show(median, per_line, args)


if __name__ == "__main__":
    main()
