"""How training scales with length, batch, width and threads, and what attention alone needs: figures and pictures.

    python scaling.py PROGRAM --out FOLDER [--axes AXIS..] [--missing] [--quick] [--patience SECS] [--python P]

PROGRAM is the built example `scaling` of the crate `train`; scripts/bench.sh scaling calls this. Each point is a process
of its own, ours and PyTorch's in turns. Writes FOLDER/scaling.json and a plot for each axis (with --axes only those; the
file keeps the figures of the others). A point that would take
more than a minute by the point before it, or that fails for memory, is left out, and the JSON says so. `others` is the share
of the processors that other processes had meanwhile; with patience, points are put off and repeated until it is small, and
where it is not, time and speed are not drawn.
"""

import argparse
import json
import os
import pathlib
import platform
import resource
import subprocess
import sys
import time
from importlib import metadata

import plot
from quiet import Meter, Patience, is_quiet

HERE = pathlib.Path(__file__).resolve().parent
TOKENS, MOST_SECS, STEPS = 4096, 60, 3
CORES = int(os.environ.get("THREADS", os.cpu_count()))
MEMORY = ("peak_mb", "growth_mb")
PEERS = {"eager PyTorch": "eager", "PyTorch, fused": "sdpa"}


def powers(first, last):
    """Powers of two from `first` to `last`, and `last`."""
    return sorted({min(first << n, last) for n in range((last // first).bit_length() + 1)})


def axes():
    """For each axis: title, label, how work grows from one point to the next, and the points."""
    point = lambda **sizes: {"len": 32, "batch": 64, "d_model": 256, "threads": CORES} | sizes
    return {
        "len": ("Training step by length, 4,096 target tokens", "tokens of a sentence", 2,
                [point(len=n, batch=TOKENS // n) for n in powers(32, TOKENS)]),
        "batch": ("Training step by batch, 32 tokens a sentence", "pairs of a step", 2,
                  [point(batch=n) for n in powers(1, 128)]),
        "d_model": ("Training step by width, 16 pairs of 32 tokens", "d_model", 4,
                    [point(batch=16, d_model=n) for n in powers(64, 1024)]),
        "threads": ("Training step by threads, 64 pairs of 32 tokens", "threads", 1,
                    [point(threads=n) for n in powers(1, CORES)]),
    }


def bound_memory():
    """What the machine has left bounds a point, so that one too large fails alone."""
    try:
        lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
        resource.setrlimit(resource.RLIMIT_DATA, (free, free))
    except (OSError, ValueError):
        pass


def measure(command, threads):
    """The figures of one process, or why there are none; how long it took, and what others had of the machine."""
    meter = Meter()
    row = figures(command, threads)
    return {**row, "others": meter.others(), "process_secs": round(time.perf_counter() - meter.begin, 1)}


def figures(command, threads):
    count = str(threads)
    env = os.environ | {"RAYON_NUM_THREADS": count, "THREADS": count, "OMP_NUM_THREADS": count}
    try:
        child = subprocess.run(
            [str(part) for part in command], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, timeout=5 * MOST_SECS, preexec_fn=bound_memory,
        )
    except subprocess.TimeoutExpired:
        return {"left_out": f"took more than {5 * MOST_SECS} s"}
    if child.returncode != 0:
        print(child.stderr[-500:], file=sys.stderr)
        out_of_memory = "alloc" in child.stderr or child.returncode == -9
        return {"left_out": "failed for memory" if out_of_memory else f"failed with status {child.returncode}"}
    return rounded(json.loads(child.stdout.splitlines()[-1]))


def rounded(row):
    return {key: value if value is None else float(f"{value:.4g}") for key, value in row.items()}


def sweep(points, growth, commands, patience, known):
    """Figures of each point for each system, but for those that are known: `commands(point)` names the processes."""
    rows, last = [], {}
    for point in points:
        row = dict(point)
        old = next((old for old in known if point.items() <= old.items()), {})
        for who, command in commands(point).items():
            expected = last.get(who, 0) * growth
            if "secs" in old.get(who, {}) and is_quiet(old[who]["others"]):
                row[who], last[who] = old[who], alone_secs(old[who])
                continue
            if expected > MOST_SECS:
                row[who] = {"left_out": f"about {expected:.0f} s by the point before"}
                last[who] = expected
            else:
                row[who] = patience.measure(lambda: measure(command, point["threads"]))
                last[who] = alone_secs(row[who])
            print(json.dumps({**point, who: row[who]}), file=sys.stderr, flush=True)
        rows.append(row)
    return rows


def alone_secs(row):
    """About what the process would have taken on a machine without others."""
    return row["process_secs"] * (1 - (row["others"] or 0))


def train(args, axis, patience, known):
    """The points of an axis of training."""
    peer = [args.python, HERE / "pytorch_scaling.py"]
    _, _, growth, points = axes()[axis]
    steps = 1 if args.quick else STEPS

    def commands(point):
        text = json.dumps({key: point[key] for key in ("len", "batch", "d_model")} | {"steps": steps})
        return {"Anuvada": [args.program, text], "eager PyTorch": [*peer, text]}

    return sweep(few(args, points), growth, commands, patience, known)


def attention(args, patience, known):
    """The points of attention alone."""
    peer = [args.python, HERE / "pytorch_scaling.py", "attention"]
    points = [{"len": n, "threads": CORES} for n in powers(256, 4096)]

    def commands(point):
        peers = {who: [*peer, point["len"], kind] for who, kind in PEERS.items()}
        return {"Anuvada": [args.program, "attention", point["len"]]} | peers

    return sweep(few(args, points), 4, commands, patience, known)


def few(args, points):
    return points[:3] if args.quick else points


def draw(out, axis, rows):
    """The plot of an axis."""
    if axis == "attention":
        title, label, key = "Causal attention, 4 heads of 64, forward and backward", "tokens", "len"
        panels = [
            ("memory beyond inputs, output and gradients, MiB", curves(rows, key, "growth_mb", least=0.1)),
            ("seconds", curves(rows, key, "secs")),
        ]
    else:
        (title, label, *_), key = axes()[axis], axis
        panels = [
            ("target tokens per second", curves(rows, key, "tokens_per_sec")),
            ("peak memory, MiB", curves(rows, key, "peak_mb")),
        ]
    panels = [(name, lines) for name, lines in panels if lines]
    if panels:
        (out / f"{axis}.svg").write_text(plot.figure(title, label, panels), encoding="utf-8")


def curves(rows, key, figure, least=0.0):
    """Name → points. What is noise about zero is drawn at `least`."""
    lines = {}
    for row in rows:
        for who, found in row.items():
            if not isinstance(found, dict) or found.get(figure) is None:
                continue
            if is_quiet(found["others"]) or figure in MEMORY:
                lines.setdefault(who, []).append((row[key], max(found[figure], least)))
    return lines


def machine():
    """What the figures were measured on."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor()
    return {"processor": processor, "cores": CORES, "torch": metadata.version("torch"), "date": time.strftime("%Y-%m-%d")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true", help="the first three points of each axis, one step each")
    parser.add_argument("--patience", type=float, default=0, help="seconds that waiting for a quiet machine may take")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--missing", action="store_true", help="measure only what the file has no quiet figures for")
    every = [*axes(), "attention"]
    parser.add_argument("--axes", nargs="*", choices=every, default=every, help="none: draw what was measured")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    patience = Patience(args.patience)
    file = args.out / "scaling.json"
    found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for axis in args.axes:
        known = found.get(axis, {}).get("points", []) if args.missing else []
        rows = attention(args, patience, known) if axis == "attention" else train(args, axis, patience, known)
        found[axis] = {"machine": machine(), "points": rows}
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for axis, part in found.items():
        draw(args.out, axis, part["points"])


if __name__ == "__main__":
    main()
