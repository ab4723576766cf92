#!/usr/bin/env bash
# Builds the book in docs/ into target/book, with mdbook, which it installs beside it if it is not there.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${BOOK_TOOLS:-$PWD/target/book-tools}
python3 scripts/book.py check
if ! command -v mdbook > /dev/null; then
    [ -x "$tools/bin/mdbook" ] || CARGO_TARGET_DIR="$tools/build" cargo install mdbook --version ^0.5 --locked --quiet \
        --no-default-features --features search --root "$tools"
    rm -rf "$tools/build"
    PATH="$tools/bin:$PATH"
fi
mdbook build docs
printf 'the book: target/book/index.html\n'
