"""Ten million pairs through the pipeline: how fast, in how much memory, and is it the same training?

    python scripts/ten_million.py [--pairs N] [--dir DIR]

Writes a corpus of N pairs (ten million unless told, 2.5 GB) made of the text that ships: each line is two of its
sentences with an invented word between them. Then prepares it, opens it, seeks in it, and trains twice on its first
100,000 pairs, from text and from shards, whose losses must be equal to the last digit. DIR (a temporary directory
unless given) takes some 5 GB. Builds what it runs with cargo. Exit status 1 if the losses differ.
"""

import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[1]
STARTER = ROOT / "data/starter"
N_COMMON = 100_000

CONFIG = """
[run]
dir = "{dir}/runs"
name = "{name}"

[data]
prepare = "{prepare}"
[data.train]
src = "{dir}/{text}.en"
tgt = "{dir}/{text}.kn"
[data.dev]
src = "{starter}/dev.en"
tgt = "{starter}/dev.kn"

[tokenizer]
vocab_size = 8000

[model]
d_model = 32
d_ff = 64
n_heads = 2
n_encoder_layers = 1
n_decoder_layers = 1
dropout = 0.1

[train]
max_steps = 20
batch_tokens = 1000
log_every = 1

[validate]
every = 20
max_lines = 5
"""


def invented(rng):
    """A word that nobody ever wrote, in both scripts."""
    syllables = [(rng.randrange(12), rng.randrange(5)) for _ in range(rng.randint(2, 5))]
    latin = "".join("bdgklmnprstv"[c] + "aeiou"[v] for c, v in syllables)
    kannada = "".join("ಬದಗಕಲಮನಪರಸತವ"[c] + ["ಾ", "ೆ", "ಿ", "ೊ", "ು"][v] for c, v in syllables)
    return latin, kannada


def write_corpus(folder, n):
    """train.en and train.kn of n pairs; common.en and common.kn with the first of them."""
    starter = [
        (STARTER / f"train.{side}").read_text(encoding="utf-8").splitlines() for side in ("en", "kn")
    ]
    pairs = list(zip(*starter, strict=True))
    rng = random.Random(1)
    files = [open(folder / f"train.{side}", "w", encoding="utf-8", buffering=1 << 20) for side in ("en", "kn")]
    common = [open(folder / f"common.{side}", "w", encoding="utf-8") for side in ("en", "kn")]
    choice, writes = rng.choice, [file.write for file in files]
    for i in range(n):
        one, two, word = choice(pairs), choice(pairs), invented(rng)
        lines = [f"{one[side]} {word[side]} {two[side]}\n" for side in (0, 1)]
        writes[0](lines[0])
        writes[1](lines[1])
        if i < N_COMMON:
            for file, line in zip(common, lines, strict=True):
                file.write(line)
    for file in files + common:
        file.close()


def measured(command):
    """Runs a command: seconds, processor seconds, peak memory in MB, its output."""
    begin = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        child = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = re.sub(r"\x1b\[[0-9;]*m", "", output.read())
    if child.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{text}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


def config(folder, name, text, prepare):
    """Writes a configuration."""
    path = folder / f"{name}.toml"
    path.write_text(CONFIG.format(dir=folder, name=name, text=text, prepare=prepare, starter=STARTER))
    return path


def losses(folder, name):
    """Every loss of a run."""
    rows = (folder / "runs" / name / "metrics.jsonl").read_text().splitlines()
    return [
        {key: value for key, value in json.loads(row).items() if "nats" in key or key == "gradient_norm"}
        for row in rows
    ]


def program(kind, name):
    """Builds a program and gives its path."""
    command = ["cargo", "build", "--quiet", "--message-format=json", "--workspace", kind, name]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = [json.loads(line) for line in built.splitlines()]
    paths = [m["executable"] for m in found if m.get("executable") and m["target"]["name"] == name]
    return paths[-1]


def main():
    """Makes the corpus and prints a line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=10_000_000)
    parser.add_argument("--dir", type=pathlib.Path)
    args = parser.parse_args()
    train, shards = program("--bin", "train"), program("--example", "shards")
    with tempfile.TemporaryDirectory(dir=args.dir) as temp:
        folder = pathlib.Path(temp)
        begin = time.monotonic()
        write_corpus(folder, args.pairs)
        size = sum((folder / f"train.{side}").stat().st_size for side in ("en", "kn"))
        print(f"corpus: {args.pairs} pairs, {size / 1e6:.0f} MB, written in {time.monotonic() - begin:.0f} s")

        text = measured([shards, "text", folder / "train.en", folder / "train.kn"])[3]
        print(text.rstrip())
        big = config(folder, "big", "train", "auto")
        secs, cpu, memory, text = measured([train, "data", "prepare", "--config", big])
        rate = args.pairs / secs
        print(f"prepare: {secs:.1f} s ({rate:.0f} pairs/s), {cpu:.1f} s of processors, peak {memory:.0f} MB")
        print(text.rstrip())
        (prepared,) = (folder / "runs/prepared").iterdir()
        print(measured([shards, "set", prepared])[3].rstrip())
        secs, _, memory, _ = measured([train, "--config", big, "--set", "train.max_steps=1"])
        print(f"train from it for one step, validate, save: {secs:.1f} s, peak {memory:.0f} MB")

        for name, prepare in [("text", "never"), ("shards", "always")]:
            measured([train, "--config", config(folder, name, "common", prepare)])
        same = losses(folder, "text") == losses(folder, "shards")
        n = min(N_COMMON, args.pairs)
        print(f"losses of 20 steps on the first {n} pairs, text and shards: {'equal' if same else 'DIFFERENT'}")
        sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
