"""Compares the binary's scores with those of sacreBLEU 2.6.0 on random corpora.

    pip install sacrebleu==2.6.0
    python scripts/compare_sacrebleu.py [N] [SEED] [--binary PATH]

Runs `train evaluate --hyp FILE --ref FILE --json` once for each of N corpora (2,000 unless told) and prints
the largest difference of each score. Exit status 1 if one is above 1e-9 before rounding, 2 for misuse.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts/golden"))
from sacrebleu_fixture import random_corpus, sacrebleu_scores  # noqa: E402

TOLERANCE = 1e-9
SCORES = ["bleu", "chrf", "chrf++", "ter"]


def our_scores(binary, folder, hypotheses, references):
    """The scores of one corpus by the binary."""
    paths = []
    for name, lines in [("hyp.txt", hypotheses), ("ref.txt", references)]:
        path = folder / name
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
        paths.append(str(path))
    command = [binary, "evaluate", "--hyp", paths[0], "--ref", paths[1], "--json"]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {result.returncode}\n{result.stderr}")
    output = json.loads(result.stdout)
    return {score: output[score]["score"] for score in SCORES}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("n_corpora", nargs="?", type=int, default=2000)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--binary", default=str(ROOT / "target/release/train"))
    args = parser.parse_args()

    rng = random.Random(args.seed)
    largest = dict.fromkeys(SCORES, 0.0)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for index in range(args.n_corpora):
            hypotheses, references = random_corpus(rng)
            expected = sacrebleu_scores(hypotheses, references)
            ours = our_scores(args.binary, pathlib.Path(folder), hypotheses, references)
            for score in SCORES:
                difference = abs(ours[score] - expected[score])
                largest[score] = max(largest[score], difference)
                # Written so that a NaN fails.
                if not difference <= TOLERANCE:
                    failures += 1
                    print(f"corpus {index}: {score} is {ours[score]!r}, sacreBLEU says {expected[score]!r}")
                    print(json.dumps({"hypotheses": hypotheses, "references": references}, ensure_ascii=False))
    for score in SCORES:
        print(f"{score:7} largest difference {largest[score]:.3g}")
    print(f"{args.n_corpora} corpora, seed {args.seed}: {failures} differences above {TOLERANCE}")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
