"""Compares counts of instructions with those on record.

    … | python instructions.py RECORD.json [--update]

Reads lines `NAME COUNT`. Exit status 1 if a count rose by more than 2 % or is not on record; scripts/bench/instructions.sh
calls this.
"""

import argparse
import json
import pathlib
import sys

LARGEST_RISE = 0.02


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("record", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    args = parser.parse_args()
    record = json.loads(args.record.read_text()) if args.record.exists() else {}
    counts, faults = {}, []
    for line in sys.stdin:
        name, count = line.split()
        counts[name] = int(count)
        known = record.get(name)
        change = counts[name] / known - 1 if known else None
        print(f"{name:<28}{counts[name]:>14,}  {'new' if change is None else f'{change:+.2%}'}", flush=True)
        if change is None or change > LARGEST_RISE:
            faults.append(name)
    if args.update:
        args.record.write_text(json.dumps(dict(sorted({**record, **counts}.items())), indent=2) + "\n")
    elif faults:
        sys.exit(f"rose by more than {LARGEST_RISE:.0%}, or not on record: {', '.join(faults)}; "
                 "scripts/bench/instructions.sh --update takes these counts")


if __name__ == "__main__":
    main()
