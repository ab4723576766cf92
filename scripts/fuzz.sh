#!/usr/bin/env bash
# Fuzzes every parser of strangers' files, with libFuzzer and AddressSanitizer.
#
#     scripts/fuzz.sh [SECONDS FOR EACH TARGET] [TARGET …]      60 seconds, all targets
#     scripts/fuzz.sh 2000x                                     so many inputs for each target, the same ones every time
#
# Needs cargo-fuzz, which it installs, and a C++ compiler. The instrumentation is not stable in the compiler, hence
# RUSTC_BOOTSTRAP. Corpora are made of the seeds of the mutation tests and grow in FUZZ_DIR (target/fuzz); what breaks
# a target is kept there, in artifacts/.
set -euo pipefail
cd "$(dirname "$0")/.."
limits=(-max_total_time="${1:-60}")
[[ ${1:-60} != *x ]] || limits=(-runs="${1%x}" -seed=1)
shift || true
place=${FUZZ_DIR:-$PWD/target/fuzz}
mkdir -p "$place"
place=$(cd "$place" && pwd)
# Seeds: by the mutation tests; a file of two tensors by hand.
ANUVADA_FUZZ_CORPUS="$place/corpus" cargo test --quiet --workspace --test hostile corpora_of_the_fuzz_targets_are_small
python3 - "$place/corpus/safetensors" << 'PYTHON'
import json, pathlib, struct, sys
place = pathlib.Path(sys.argv[1])
place.mkdir(parents=True, exist_ok=True)
tensor = lambda shape, start, end: {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
header = json.dumps({"__metadata__": {"format": "anuvada"}, "a": tensor([2, 3], 0, 24), "b": tensor([3], 24, 36)})
(place / "seed-0").write_bytes(struct.pack("<Q", len(header)) + header.encode() + bytes(36))
PYTHON

export CARGO_TARGET_DIR="$place/build" CARGO_BUILD_BUILD_DIR="$place/build"

if ! command -v cargo-fuzz > /dev/null; then
    # Beside the rest: nothing of the user's is touched.
    [ -x "$place/tools/bin/cargo-fuzz" ] || cargo install cargo-fuzz --locked --root "$place/tools"
    PATH="$place/tools/bin:$PATH"
fi

export RUSTC_BOOTSTRAP=1
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd fuzz && cargo fuzz list)
cargo fuzz build --target-dir "$place/build"
failed=()
for target in "${targets[@]}"; do
    mkdir -p "$place/artifacts/$target"
    printf '\n== %s\n' "$target"
    if ! cargo fuzz run --target-dir "$place/build" "$target" "$place/corpus/$target" -- "${limits[@]}" \
        -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$place/artifacts/$target/" 2>&1 | grep -v '^INFO\|^#'; then
        failed+=("$target")
    fi
done
[ ${#failed[@]} -eq 0 ] || { printf '\nfailed: %s; what broke them is in %s\n' "${failed[*]}" "$place/artifacts"; exit 1; }
printf '\nno target failed\n'
