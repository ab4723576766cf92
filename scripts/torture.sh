#!/usr/bin/env bash
# The long form of what the gate tests shortly: 100 kills, 70 signals, every fault at every call of a save, 100,000 mutants of
# each format, 20 normal runs. The promises are in docs/src/promises.md.
#
#     scripts/torture.sh                     the tests: about half an hour on 2 cores
#     scripts/torture.sh fuzz [SECONDS]      libFuzzer, 60 seconds for each of its targets (scripts/fuzz.sh)
#     scripts/torture.sh soak CONFIG [MINUTES]   trains (120 minutes) and watches memory and open files
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-tests}" in
tests)
    export ANUVADA_TORTURE=1
    cargo test --workspace --no-fail-fast --test kill --test resume --test signals --test disk --test no_room --test damage \
        --test numbers --test determinism --test translate --test mismatch --test hostile --test cli_cases -- --nocapture
    ;;
fuzz) scripts/fuzz.sh "${2:-60}" ;;
soak)
    cargo build --workspace
    program=$(realpath "${CARGO_TARGET_DIR:-target}/debug/train")
    scripts/torture/soak.py --minutes "${3:-120}" -- "$program" --config "$2" --set run.name=soak --set train.max_steps=100000000 \
        --set validate.every=200 --set train.checkpoint_every=100
    ;;
*)
    sed -n '2,9p' "$0"
    exit 2
    ;;
esac
