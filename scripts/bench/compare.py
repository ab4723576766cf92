"""Runs a workload here and in a peer, in turns, and prints ratios of medians.

    python compare.py train|text|translate PROGRAM [--json] [--rounds N] [--python PYTHON]
                      [--backend NAME] [--runner RUNNER]

PROGRAM is the built example `workloads` of the crate `train`; scripts/bench.sh calls this. NAME is one of
`train -- backends`; only `train` has a choice. RUNNER starts PROGRAM, as cargo's runner does.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
N_SENTENCES, OUT_TOKENS, WARM_UP = 1000, 25, 2


def finished(command, **streams):
    """What a command prints, and its peak memory in MB."""
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True, **streams)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]} {command[1]} failed with status {child.returncode}")
    return text, usage.ru_maxrss / 1024


def measured(command):
    """The JSON lines that a command prints, and its peak memory in MB."""
    text, memory = finished(command)
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")], memory


def of_steps(rows):
    """Target tokens per second without the first steps; for batches of several sizes over all of them."""
    steps = [row for row in rows if "step" in row][WARM_UP:]
    return sum(row["tokens"] for row in steps) / sum(row["secs"] for row in steps)


def of_rounds(rows):
    """Tokens per second of the fastest round."""
    return max(row["tokens"] / row["secs"] for row in rows if "round" in row)


def sentences(rng):
    """Ids of sentences of 8 to 36 tokens."""
    return [[rng.randrange(4, 8000) for _ in range(rng.randint(8, 36))] for _ in range(N_SENTENCES)]


def batches(rng, n):
    """Batches of about 2,000 target tokens with the lengths of verses: 10 to 90 tokens, sorted in pools."""
    pairs = []
    for _ in range(4000):
        src = min(90, max(6, round(rng.lognormvariate(3.5, 0.45))))
        pairs.append([src, min(90, max(6, round(src * rng.uniform(0.75, 1.35))))])
    pairs.sort(key=max)
    cut, rows = [], []
    for pair in pairs:
        if rows and (len(rows) + 1) * max(max(row) for row in rows + [pair]) > 2048:
            cut.append(rows)
            rows = []
        rows.append(pair)
    rng.shuffle(cut)
    return cut[:n]


def compare(name, ours, peers, speed, args):
    """Runs ours and each peer in turns; a row for each peer."""
    figures = {}
    for _ in range(args.rounds):
        for who, command in {"ours": ours, **peers}.items():
            rows, memory = measured(command)
            ceilings = [row["ceiling_gflops"] for row in rows if "ceiling_gflops" in row]
            figures.setdefault(who, []).append((speed(rows), memory, max(ceilings, default=0)))
    median = {who: [statistics.median(part) for part in zip(*all_, strict=True)] for who, all_ in figures.items()}
    mine = median["ours"]
    for who in peers:
        theirs = median[who]
        row = {
            "work": name, "backend": args.backend, "peer": who,
            "ratio": round(mine[0] / theirs[0], 2),
            "ceiling_share": share_of_ceiling(mine[0], max(mine[2], theirs[2])) if name == "train" else None,
            "peak_memory_ratio": round(mine[1] / theirs[1], 2),
            "tokens_per_sec": [round(mine[0]), round(theirs[0])],
        }
        if args.json:
            print(json.dumps(row))
        else:
            share = f", {row['ceiling_share']:.0%} of the matrix ceiling" if row["ceiling_share"] else ""
            where = "" if args.backend == "cpu" else f" on {args.backend}"
            print(
                f"{name}{where}: {row['ratio']} times {who} "
                f"({row['tokens_per_sec'][0]} and {row['tokens_per_sec'][1]} "
                f"target tokens/s), peak memory {row['peak_memory_ratio']} times{share}"
            )


def share_of_ceiling(tokens_per_sec, gflops):
    """Of the 92 GFLOP that a step of W1 (2,048 target tokens) takes in matrix products."""
    return round(tokens_per_sec / 2048 * 92 / gflops, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", choices=["train", "text", "translate"])
    parser.add_argument("program")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--backend", default="cpu")
    parser.add_argument("--runner")
    args = parser.parse_args()
    if args.backend != "cpu" and args.work != "train":
        parser.error(f"{args.work} runs on the backend cpu alone")
    rng = random.Random(1)
    torch = [args.python, HERE / "pytorch_train.py"]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "work.json"
        if args.work == "train":
            runner = [args.runner] if args.runner else []
            ours = [*runner, args.program, "train", args.backend, 12]
            compare("train", ours, {"pytorch": [*torch, "train", 12]}, of_steps, args)
        elif args.work == "text":
            file.write_text(json.dumps(batches(rng, 20)))
            ours = [args.program, "text", file, 22]
            compare("text", ours, {"pytorch": [*torch, "text", file, 22]}, of_steps, args)
        else:
            file.write_text(json.dumps(sentences(rng)))
            for beam in (1, 4):
                rest = [file, beam, OUT_TOKENS]
                peers = {
                    "ctranslate2": [args.python, HERE / "ctranslate2_translate.py", *rest],
                    "transformers": [args.python, HERE / "transformers_translate.py", *rest],
                }
                name = "greedy" if beam == 1 else f"beam {beam}"
                compare(name, [args.program, "translate", *rest], peers, of_rounds, args)


if __name__ == "__main__":
    main()
