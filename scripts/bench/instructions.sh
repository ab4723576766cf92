#!/usr/bin/env bash
# Instructions of each kernel, forward and backward, against those on record: a measure that no other work on the machine moves.
#
#     scripts/bench/instructions.sh [--update] [NAME..]
#
# Valgrind's callgrind counts the example `count` of the crate `kernels` at one and at four repetitions; a third of the
# difference is one repetition without the set-up. What rose by more than 2 % against scripts/bench/instructions.json is
# told, and the exit status is 1. --update writes that file anew. The counts depend on the compiler (rust-toolchain.toml)
# and on the C library's copying, not on the processor: valgrind has no AVX-512, so that it is always the AVX2 bodies
# that are counted, and a change that only the AVX-512 bodies see is not. Needs valgrind (Debian: the package of that name).
set -euo pipefail
cd "$(dirname "$0")/../.."

more=3
update=()
if [ "${1:-}" = --update ]; then
    update=(--update)
    shift
fi
command -v valgrind >/dev/null || { echo "valgrind is not installed" >&2; exit 2; }
cargo build --quiet --workspace --example count
program=${CARGO_TARGET_DIR:-target}/debug/examples/count
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <("$program")

# Instructions of the whole process: NAME TIMES.
instructions() {
    local report
    # The size of the environment moves the stack, and that a few instructions.
    if ! report=$(env -i PATH="$PATH" RAYON_NUM_THREADS=1 \
        valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1); then
        echo "$report" >&2
        return 1
    fi
    sed -n 's/.*Collected : //p' <<<"$report"
}

for name in "${names[@]}"; do
    one=$(instructions "$name" 1)
    many=$(instructions "$name" $((1 + more)))
    echo "$name $(((many - one) / more))"
done | python3 scripts/bench/instructions.py scripts/bench/instructions.json "${update[@]}"
