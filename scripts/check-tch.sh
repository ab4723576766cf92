#!/usr/bin/env bash
# The tests that hold the fast bodies against the plain ones and the backends against each other, with libtorch among
# them. Not part of the gate: libtorch is a download of several GB, and Burn is built a second time for it.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -e .cargo/config.toml ] || scripts/libtorch.sh
export ANUVADA_BACKENDS="${ANUVADA_BACKENDS:-tch-cpu}"

cargo test -p kernels -p train --no-default-features --features train/tch --lib --test parity
cargo run -p train --no-default-features --features tch -- backends
