#!/usr/bin/env bash
# Speed against the peers, in turns in one run, as ratios of medians.
#
#     scripts/bench.sh train|text|translate [--json] [--rounds N]
#     scripts/bench.sh train --backend tch-cpu [--json] [--rounds N]
#     scripts/bench.sh scaling [--quick] [--patience SECS] [--axes AXIS..] [--out FOLDER]
#     scripts/bench.sh joeynmt --train-src FILE --train-tgt FILE --dev-src FILE --dev-tgt FILE
#                              [--json] [--rounds N] [--updates N]
#
# train      the workload W1 (see crates/train/examples/workloads.rs) against eager PyTorch; --backend tch-cpu builds with
#            libtorch (scripts/libtorch.sh, run first if it has not been)
# text       batches of real lengths with their padding, against the same PyTorch loop
# translate  1,000 sentences of 8 to 36 tokens, 25 tokens out each, greedy and beam 4, against CTranslate2 (float32) and
#            Hugging Face transformers, all with random weights of one shape
# scaling    a training step against eager PyTorch over length, batch, width and threads, and the memory of attention:
#            figures and plots in docs/scaling (half an hour; --quick: the first points of each, a few minutes)
# joeynmt    the first updates of a training on your own text (relative paths begin at the root of the repository) against
#            JoeyNMT 2.3, with the settings of configs/bible.toml
#
# The peers are installed once into target/bench-venv (or BENCH_VENV): PyTorch 2.9, CTranslate2 4.8, transformers 4, and
# JoeyNMT 2.3 where it is asked for. BENCH_PYTHON names a Python that has them already. THREADS bounds the threads of both
# sides.
set -euo pipefail
cd "$(dirname "$0")/.."

work=${1:-train}
venv=${BENCH_VENV:-target/bench-venv}
python=${BENCH_PYTHON:-$venv/bin/python}
if [ -z "${BENCH_PYTHON:-}" ] && ! "$python" -c 'import torch, ctranslate2, transformers' 2>/dev/null; then
    echo "installing the peers into $venv (some gigabytes)" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet torch==2.9.0 ctranslate2==4.8.0 'transformers<5' numpy
fi
if [ -z "${BENCH_PYTHON:-}" ] && [ "$work" = joeynmt ] && ! "$python" -c 'import joeynmt.training' 2>/dev/null; then
    echo "installing JoeyNMT into $venv" >&2
    # What it asks for but does not import to train (an old protobuf, linters) is left out.
    "$venv/bin/pip" install --quiet --no-deps joeynmt==2.3.0
    "$venv/bin/pip" install --quiet sentencepiece==0.2.1 subword-nmt==0.3.8 sacrebleu==2.6.0 tensorboard==2.20.0 \
        matplotlib==3.10.8 pyyaml packaging tqdm importlib_metadata 'setuptools<81'
fi
built=${CARGO_TARGET_DIR:-target}/debug
if [ "$work" = scaling ]; then
    cargo build --quiet --workspace --example scaling
    exec "$python" scripts/bench/scaling.py "$built/examples/scaling" --out docs/scaling "${@:2}"
fi
export RAYON_NUM_THREADS=${THREADS:-$(nproc)} OMP_NUM_THREADS=${THREADS:-$(nproc)}
if [ "$work" = joeynmt ]; then
    cargo build --quiet --workspace
    exec "$python" scripts/bench/joeynmt_train.py "$built/train" "${@:2}"
fi
features=(--workspace)
if [[ " $* " == *" --backend tch-cpu "* ]]; then
    [ -e .cargo/config.toml ] || PYTHON=$python scripts/libtorch.sh
    features=(-p train --no-default-features --features tch)
    LIBTORCH=$(sed -n 's/^LIBTORCH = "\(.*\)"$/\1/p' .cargo/config.toml)
    export LIBTORCH
    set -- "$@" --runner scripts/with-libtorch.sh
fi
cargo build --quiet "${features[@]}" --example workloads
exec "$python" scripts/bench/compare.py "$work" "$built/examples/workloads" "${@:2}"
