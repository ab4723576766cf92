#!/usr/bin/env python3
"""Holds the licences and sources of all dependencies against deny.toml, where cargo-deny is not installed.

    scripts/licences.py

It reads what cargo says about the packages of Cargo.lock; of a licence `A OR B` one has to be allowed, of `A AND B`
both. cargo-deny looks at more: texts of licences, versions, advisories.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def allowed(expression, licences):
    """Whether an SPDX expression can be met with these licences."""
    tokens = re.findall(r"[()]|[^\s()/]+|/", expression)
    joined, position = [], 0
    while position < len(tokens):
        if tokens[position : position + 1] == ["WITH"]:
            joined[-1] += " WITH " + tokens[position + 1]
            position += 2
        else:
            joined.append(tokens[position])
            position += 1
    words = {"AND": "and", "OR": "or", "/": "or", "(": "(", ")": ")"}
    # Nothing but words of this table and True or False is evaluated.
    return eval(" ".join(words.get(token, str(token in licences)) for token in joined))


def main():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    licences = set(rules["licenses"]["allow"])
    banned = {entry["crate"]: entry["reason"] for entry in rules["bans"]["deny"]}
    tree = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    metadata = json.loads(tree)
    used = {node["id"] for node in metadata["resolve"]["nodes"]}
    faults, packages = [], [package for package in metadata["packages"] if package["id"] in used]
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if package["source"] not in (None, "registry+https://github.com/rust-lang/crates.io-index"):
            faults.append(f"{name} comes from {package['source']}, not from crates.io")
        if package["name"] in banned:
            faults.append(f"{name}: {banned[package['name']]}")
        # A few packages name a file instead; cargo-deny reads those.
        if package["license"] and not allowed(package["license"], licences):
            faults.append(f"{name} has the licence {package['license']}")
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(packages)} packages: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
