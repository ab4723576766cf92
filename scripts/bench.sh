#!/usr/bin/env bash
# Speed against the peers, in turns in one run, as ratios of medians.
#
#     scripts/bench.sh train|text|translate [--json] [--rounds N]
#     scripts/bench.sh train --backend tch-cpu [--json] [--rounds N]
#
# train      the workload W1 (see crates/train/examples/workloads.rs) against eager PyTorch
# text       batches of real lengths with their padding, against the same PyTorch loop
# translate  1,000 sentences of 8 to 36 tokens, 25 tokens out each, greedy and beam 4, against CTranslate2 (float32) and
#            Hugging Face transformers, all with random weights of one shape
#
# --backend tch-cpu builds with libtorch (scripts/libtorch.sh, run first if it has not been).
#
# The peers are installed once into target/bench-venv (or BENCH_VENV): PyTorch 2.9, CTranslate2 4.8, transformers 4.
# BENCH_PYTHON names a Python that has them already. THREADS bounds the threads of both sides.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${BENCH_VENV:-target/bench-venv}
python=${BENCH_PYTHON:-$venv/bin/python}
if [ -z "${BENCH_PYTHON:-}" ] && ! "$python" -c 'import torch, ctranslate2, transformers' 2>/dev/null; then
    echo "installing the peers into $venv (some gigabytes)" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet torch==2.9.0 ctranslate2==4.8.0 'transformers<5' numpy
fi
export RAYON_NUM_THREADS=${THREADS:-$(nproc)} OMP_NUM_THREADS=${THREADS:-$(nproc)}
features=(--workspace)
if [[ " $* " == *" --backend tch-cpu "* ]]; then
    [ -e .cargo/config.toml ] || PYTHON=$python scripts/libtorch.sh
    features=(-p train --no-default-features --features tch)
    LIBTORCH=$(sed -n 's/^LIBTORCH = "\(.*\)"$/\1/p' .cargo/config.toml)
    export LIBTORCH
    set -- "$@" --runner scripts/with-libtorch.sh
fi
cargo build --quiet "${features[@]}" --example workloads
exec "$python" scripts/bench/compare.py "${1:-train}" "${CARGO_TARGET_DIR:-target}/debug/examples/workloads" "${@:2}"
