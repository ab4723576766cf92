#!/usr/bin/env python3
"""Trains for a while and watches memory and open files of the process: both must stay flat.

    scripts/torture/soak.py --minutes 120 -- target/debug/train --config configs/bible.toml

Every ten seconds a sample; at the end the slope of the resident memory by least squares over the samples after the first
quarter, in MiB an hour, and the largest and smallest number of open files. Prints JSON; exits with 1 if the memory grows
by more than --limit MiB an hour or the number of open files grows. Linux alone: it reads /proc.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time


def sample(pid):
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmRSS"].split()[0]) / 1024, len(os.listdir(f"/proc/{pid}/fd"))


def slope(points):
    """Of y over x, by least squares."""
    n = len(points)
    mean_x, mean_y = (sum(axis) / n for axis in zip(*points))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--every", type=float, default=10, help="seconds between samples")
    parser.add_argument("--limit", type=float, default=16, help="MiB an hour")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    run = subprocess.Popen(args.command, stdout=subprocess.DEVNULL)
    began, samples = time.monotonic(), []
    while time.monotonic() - began < args.minutes * 60 and run.poll() is None:
        time.sleep(args.every)
        try:
            samples.append((time.monotonic() - began, *sample(run.pid)))
        except (FileNotFoundError, KeyError):
            break
    ended_early = run.poll() is not None
    if not ended_early:
        run.send_signal(signal.SIGTERM)
    code = run.wait()
    late = samples[len(samples) // 4 :]
    growth = slope([(seconds / 3600, memory) for seconds, memory, _ in late])
    files = [count for _, _, count in late]
    report = {
        "minutes": round(samples[-1][0] / 60, 1),
        "samples": len(samples),
        "resident_mib": {"first": round(late[0][1], 1), "last": round(late[-1][1], 1),
                         "largest": round(max(memory for _, memory, _ in late), 1)},
        "slope_mib_per_hour": round(growth, 2),
        "open_files": {"smallest": min(files), "largest": max(files), "last": files[-1]},
        "exit_code": code,
    }
    print(json.dumps(report, indent=2))
    sys.exit(ended_early or code != 75 or growth > args.limit or files[-1] > files[0] + 2)


if __name__ == "__main__":
    main()
