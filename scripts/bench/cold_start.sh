#!/usr/bin/env bash
# Seconds from typing `train translate` to its one line: the median of ten cold processes.
#
#     scripts/bench/cold_start.sh MODEL_DIRECTORY [TEXT]
#
# A cold process loads the model, the vocabulary and the program anew; the files are in the system's cache. Seconds go
# to standard output, everything else to standard error. A model of a size, without training it:
#
#     cargo run -p train -- --config configs/small.toml --set train.max_steps=1 --set train.warmup_steps=0 --set run.name=cold
set -euo pipefail

rounds=10
model=$(realpath "${1:?usage: scripts/bench/cold_start.sh MODEL_DIRECTORY [TEXT]}")
text=${2:-How are you?}
cd "$(dirname "$0")/../.."
cargo build --quiet --workspace --bin train
program=${CARGO_TARGET_DIR:-target}/debug/train

# Microseconds of one process.
once() {
    local begin=${EPOCHREALTIME/[.,]/}
    "$program" translate --model "$model" "$text" >/dev/null
    echo $((${EPOCHREALTIME/[.,]/} - begin))
}

once >/dev/null # brings the files into the cache
for _ in $(seq "$rounds"); do once; done | sort -n |
    awk -v n="$rounds" '{ t[NR] = $1 } END { printf "%.3f\n", (t[int((n + 1) / 2)] + t[int(n / 2) + 1]) / 2e6
                          printf "least %.3f, most %.3f\n", t[1] / 1e6, t[n] / 1e6 > "/dev/stderr" }'
