#!/usr/bin/env bash
# The tests of the crate `kernels`, the only one with `unsafe`, under AddressSanitizer: reads and writes outside of
# what is allocated, and use after free. Its own build (ten minutes the first time), in target/sanitize.
#
#     scripts/sanitize.sh [TEST NAMES]
#
# The compiler's sanitizers are not stable, hence RUSTC_BOOTSTRAP; runs on Linux x86-64 with any toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" CARGO_TARGET_DIR="${SANITIZE_TARGET_DIR:-target/sanitize}"
# Lines of memory that the thread pool keeps to the end are no leaks.
export ASAN_OPTIONS="detect_leaks=0"
cargo test --package kernels --lib --tests --target x86_64-unknown-linux-gnu -- "$@"
