#!/usr/bin/env python3
"""Time and memory of learning a vocabulary: ours against the Python package `tokenizers`.

    scripts/bench_tokenizer.py [--lines 1000000] [--vocab 16000] [--threads 1 2] [--rounds 3] [--dir DIR]

Writes a text made of the starter corpus and of made-up words, builds the example `vocabulary`, and runs both programs
in turns, each in a process of its own. Both count the same words (normalizer and pre-tokenizer of the package are those
of our tokenizer.json) with the same special tokens, alphabet and least count of a pair, so the vocabularies can be
compared. Prints a table of medians: wall time, processor time (the better figure where others use the machine too),
the peak of resident memory, and ratios. `tokenizers` is taken from the running Python or, if it is missing there,
installed into a virtual environment in DIR. Without --dir everything is done in a temporary directory. Needs Linux or
macOS, cargo and, for the installation, a network.
"""

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "tokenizers>=0.23.1,<0.24"
MIB_OF_MAXRSS = 1 << 20 if sys.platform == "darwin" else 1 << 10


def write_text(path, n_lines):
    """Lines in turns of both languages: two lines of the starter corpus with a word between them that is made up."""
    rng = random.Random(1)
    sides = []
    for lang in ["en", "kn"]:
        sides.append((ROOT / "data" / "starter" / f"train.{lang}").read_text(encoding="utf-8").splitlines())
    pick = lambda items: items[int(rng.random() * len(items))]
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for n in range(n_lines):
            if n % 2 == 0:
                letters = [pick("bdgklmnprstv") + pick("aeiou") for _ in range(2 + int(rng.random() * 4))]
            else:
                signs = "\u0cbe\u0cbf\u0cc1\u0cc2\u0cc7\u0ccb"
                letters = [chr(0x0C95 + int(rng.random() * 20)) + pick(signs) for _ in range(2 + int(rng.random() * 4))]
            side = sides[n % 2]
            out.write(f"{pick(side)} {''.join(letters)} {pick(side)}\n")


def learn_by_package(text, vocab_size, ours, out):
    """Runs in a process of its own."""
    import tokenizers
    from tokenizers import models, trainers

    tokenizer = tokenizers.Tokenizer.from_file(ours)
    fixed = json.loads(tokenizer.to_str())["model"]["vocab"]
    fixed = sorted(fixed, key=fixed.get)[: 3 + 256]
    tokenizer.model = models.BPE(byte_fallback=True)
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, min_frequency=2, special_tokens=fixed, show_progress=False)

    def chunks():
        with open(text, encoding="utf-8", newline="\n") as file:
            chunk = []
            for line in file:
                chunk.append(line.removesuffix("\n"))
                if len(chunk) == 10_000:
                    yield chunk
                    chunk = []
            yield chunk

    tokenizer.train_from_iterator(chunks(), trainer)
    tokenizer.save(out, pretty=False)


def python_with_package(directory):
    """A Python that can import the package."""
    check = [sys.executable, "-c", "import tokenizers"]
    if subprocess.run(check, stderr=subprocess.DEVNULL, check=False).returncode == 0:
        return sys.executable
    venv = directory / "venv"
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGE], check=True)
    return str(python)


def example():
    """Builds the example program and says where it is."""
    command = ["cargo", "build", "-p", "data", "--example", "vocabulary", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    messages = map(json.loads, built.stdout.splitlines())
    paths = [m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "vocabulary"]
    return paths[-1]


def measure(command, threads):
    """Seconds of the clock and of processors, MiB, and what the program printed."""
    env = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
    start = time.monotonic()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed with status {process.returncode}")
    return (elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MIB_OF_MAXRSS), said.strip()


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


def compare(ours, theirs):
    """What is the same in two files."""
    models = [json.loads(Path(path).read_text(encoding="utf-8"))["model"] for path in (ours, theirs)]
    equal = {part: models[0][part] == models[1][part] for part in ("vocab", "merges")}
    return ", ".join(f"{part} {'the same' if same else 'DIFFERENT'}" for part, same in equal.items())


def run(args, directory):
    text = directory / f"text-{args.lines}.txt"
    if not text.exists():
        write_text(text, args.lines)
    print(f"{args.lines} lines, {text.stat().st_size / 1e6:.0f} MB, vocabulary of {args.vocab}, {os.cpu_count()} processors")
    program, python = example(), python_with_package(directory)
    version = subprocess.run([python, "-c", "import tokenizers; print(tokenizers.__version__)"],
                             check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    ours, theirs = directory / "ours.json", directory / "theirs.json"
    commands = {
        "ours": [program, str(text), str(args.vocab), str(ours)],
        f"tokenizers {version}": [python, __file__, "--learn", str(text), str(args.vocab), str(ours), str(theirs)],
    }
    figures = {}
    for _ in range(args.rounds):
        for threads in args.threads:
            for name, command in commands.items():
                (secs, of_processors, mib), said = measure(command, threads)
                figures.setdefault((threads, name), []).append((secs, of_processors, mib))
                out = ours if name == "ours" else theirs
                print(f"  {name}, threads {threads}: {secs:.2f} s, {of_processors:.2f} s of processors, {mib:.0f} MiB,",
                      f"sha256 {digest(out)} {said}", flush=True)
            print(f"  {compare(ours, theirs)}", flush=True)
    print("\n| threads | program | median s | median s of processors | median peak MiB |\n|---|---|---|---|---|")
    for threads in args.threads:
        medians = []
        for name in commands:
            medians.append([statistics.median(column) for column in zip(*figures[threads, name])])
            print(f"| {threads} | {name} | {medians[-1][0]:.2f} | {medians[-1][1]:.2f} | {medians[-1][2]:.0f} |")
        ratios = [theirs / ours for ours, theirs in zip(*medians)]
        print(f"| {threads} | ratio | {ratios[0]:.2f} | {ratios[1]:.2f} | {ratios[2]:.2f} |")


def main():
    if sys.argv[1:2] == ["--learn"]:
        text, vocab_size, ours, out = sys.argv[2:]
        return learn_by_package(text, int(vocab_size), ours, out)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--vocab", type=int, default=16_000)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dir", type=Path, help="kept; the text and the virtual environment are used again")
    args = parser.parse_args()
    if args.dir:
        args.dir.mkdir(parents=True, exist_ok=True)
        return run(args, args.dir.resolve())
    with tempfile.TemporaryDirectory() as directory:
        return run(args, Path(directory))


if __name__ == "__main__":
    main()
