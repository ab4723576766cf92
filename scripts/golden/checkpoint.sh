#!/usr/bin/env bash
# Makes a checkpoint that must load, translate and go on in every later version: trains the small run of the fixture
# with the present program, keeps its checkpoint after step 800 and what it translates.
#
#     scripts/golden/checkpoint.sh 0.2          tests/checkpoints/0.2
#
# Each directory is made once, by the program of its time, and never again: see the README there. For a new version,
# copy the directory of the one before without its step-800.
set -euo pipefail
cd "$(dirname "$0")/../.."

fixture=$PWD/crates/train/tests/checkpoints/${1:?which version}
if [ -e "$fixture/step-800" ]; then
  echo "$fixture/step-800 is there, and what is there is never made again" >&2
  exit 1
fi
cargo build --workspace --quiet --bins
train=$(realpath "${CARGO_TARGET_DIR:-target}/debug/train")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$fixture"/config.toml "$fixture"/*.en "$fixture"/*.kn "$work"
cd "$work"
"$train" --config config.toml > /dev/null
cp -r runs/golden/checkpoints/step-800 "$fixture"
"$train" translate --model "$fixture/step-800" --input sources.en > "$fixture/translations.kn"
paste -d '\t' sources.en "$fixture/translations.kn"
du -sh "$fixture"
