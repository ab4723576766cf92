#!/usr/bin/env bash
# The gate: format, lints, tests, documentation, and the README's main command in its smallest form.
#
#     scripts/check.sh            all of it
#     scripts/check.sh quick      without the documentation and the run
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "format"
cargo fmt --all --check

step "lints"
cargo clippy --workspace --all-targets --quiet -- -D warnings

step "tests"
cargo test --workspace --quiet

step "backends that need more than this machine has are type-checked: libtorch, CUDA"
DOCS_RS=1 cargo check --quiet -p train --features tch-check,cuda

step "licences, banned crates and sources"
if command -v cargo-deny > /dev/null; then
    cargo deny --all-features --log-level error check licenses bans sources
    cargo deny --manifest-path fuzz/Cargo.toml --config deny.toml --all-features --log-level error check licenses bans sources
else
    python3 scripts/licences.py
fi

step "scripts"
python3 -m py_compile scripts/*.py scripts/bench/*.py scripts/torture/*.py scripts/golden/*.py scripts/starter/*.py
python3 scripts/starter/test_morphology.py
python3 scripts/starter/split.py --check

[ "${1:-}" = quick ] && exit 0

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

step "the main command, on configs/tiny.toml"
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
cargo run --quiet -p train -- --config configs/tiny.toml --set "run.dir=$runs"
cargo run --quiet -p train -- evaluate --config configs/tiny.toml --set "run.dir=$runs" --json
echo "How are you?" | cargo run --quiet -p train -- translate --model "$runs/tiny/best"

step "the book: its code, links and commands"
python3 scripts/book.py check
python3 scripts/book.py run "${CARGO_TARGET_DIR:-target}/debug/train"

printf '\nall checks passed\n'
