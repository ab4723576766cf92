#!/usr/bin/env bash
# Makes the checkpoint that must load, translate and go on in every later version: trains the small run of the fixture
# with the present program, keeps its checkpoint after step 800 and what it translates.
#
#     scripts/golden/checkpoint.sh              the directory of this version: tests/checkpoints/<version>
#
# Only a version that has not been released may be made anew. For a new version, copy the directory of the one before.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\([0-9]*\.[0-9]*\)\..*"/\1/p' Cargo.toml | head -1)
fixture=$PWD/crates/train/tests/checkpoints/$version
cargo build --workspace --quiet --bins
train=$(realpath "${CARGO_TARGET_DIR:-target}/debug/train")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$fixture"/config.toml "$fixture"/*.en "$fixture"/*.kn "$work"
cd "$work"
"$train" --config config.toml > /dev/null
rm -rf "$fixture/step-800"
cp -r runs/golden/checkpoints/step-800 "$fixture"
"$train" translate --model "$fixture/step-800" --input sources.en > "$fixture/translations.kn"
paste -d '\t' sources.en "$fixture/translations.kn"
du -sh "$fixture"
