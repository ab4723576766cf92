#!/usr/bin/env python3
"""How long a run takes from a SIGTERM to its end, everything saved.

    scripts/torture/stop.py --stops 5 -- target/debug/train --config configs/small.toml --set model.d_model=768

Starts the run, sends the signal at a random moment after the first step, waits for the exit code 75, and again. Prints the seconds
of each stop as JSON; exits with 1 if one took longer than --limit or ended otherwise.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stops", type=int, default=5)
    parser.add_argument("--limit", type=float, default=10, help="seconds")
    parser.add_argument("--spread", type=float, default=10, help="the signal comes within so many seconds after the first step")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    random.seed(1)
    stops = []
    for _ in range(args.stops):
        run = subprocess.Popen(args.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in run.stderr:
            if line.startswith("step "):
                break
        time.sleep(random.uniform(0, args.spread))
        began = time.monotonic()
        run.send_signal(signal.SIGTERM)
        run.communicate()
        stops.append({"seconds": round(time.monotonic() - began, 2), "exit_code": run.returncode})
    print(json.dumps({"stops": stops}, indent=2))
    sys.exit(any(stop["exit_code"] != 75 or stop["seconds"] > args.limit for stop in stops))


if __name__ == "__main__":
    main()
