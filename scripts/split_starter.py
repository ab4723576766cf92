#!/usr/bin/env python3
"""Makes data/starter/{train,dev,test}.{en,kn} from data/written/*.tsv.

    python3 scripts/split_starter.py            writes the files
    python3 scripts/split_starter.py --check    tells whether they are up to date

A pair's part is a function of its English side, so that adding pairs moves no other pair. A pair that repeats a source
or a target of an earlier one (case, punctuation and spaces ignored) is left out and counted, which also keeps dev and
test free of lines of train.
"""
import hashlib
import pathlib
import sys
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEV, TEST = 0.06, 0.08  # shares of all pairs


def strict(text):
    text = unicodedata.normalize("NFC", text).lower()
    return "".join(c for c in text if unicodedata.category(c)[0] in "LMN")


def part(english):
    draw = int.from_bytes(hashlib.blake2b(strict(english).encode(), digest_size=8).digest(), "big") / 2**64
    return "dev" if draw < DEV else "test" if draw < DEV + TEST else "train"


def main():
    parts = {"train": [], "dev": [], "test": []}
    seen_en, seen_kn, repeated, faults = set(), set(), 0, []
    for path in sorted((ROOT / "data/written").glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            sides = line.split("\t")
            if len(sides) != 2 or not all(side.strip() for side in sides):
                faults.append(f"{path.name}:{number}: not two sides")
                continue
            if unicodedata.normalize("NFC", line) != line:
                faults.append(f"{path.name}:{number}: not NFC")
            english, kannada = sides
            if strict(english) in seen_en or strict(kannada) in seen_kn:
                repeated += 1
                continue
            seen_en.add(strict(english))
            seen_kn.add(strict(kannada))
            parts[part(english)].append((english, kannada))
    if faults:
        sys.exit("\n".join(faults))
    out = ROOT / "data/starter"
    out.mkdir(exist_ok=True)
    stale = []
    for name, pairs in parts.items():
        # A fixed shuffle, so that the files are not in the order of their domains.
        pairs.sort(key=lambda pair: hashlib.blake2b(pair[0].encode(), digest_size=8).digest())
        for side, language in enumerate(("en", "kn")):
            text = "".join(pair[side] + "\n" for pair in pairs)
            path = out / f"{name}.{language}"
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
            elif not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path.name)
        print(f"{name}: {len(pairs)} pairs")
    print(f"left out, because a side repeats: {repeated}")
    if stale:
        sys.exit(f"not up to date: {', '.join(stale)}; run scripts/split_starter.py")


if __name__ == "__main__":
    main()
