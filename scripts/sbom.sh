#!/usr/bin/env bash
# The bill of materials of the binary: CycloneDX 1.5 JSON of the crate `train` and all that it is built from.
#
#     scripts/sbom.sh [FILE]        target/anuvada.cdx.json
#
# Needs cargo-cyclonedx, which it installs into target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-target/anuvada.cdx.json}
mkdir -p "$(dirname "$out")"
if ! command -v cargo-cyclonedx > /dev/null; then
    [ -x target/tools/bin/cargo-cyclonedx ] || cargo install cargo-cyclonedx --locked --root target/tools
    PATH="$PWD/target/tools/bin:$PATH"
fi
# The tool writes beside each manifest.
trap 'rm -f crates/*/anuvada-sbom.json' EXIT
cargo cyclonedx --format json --spec-version 1.5 --override-filename anuvada-sbom
python3 - crates/train/anuvada-sbom.json "$out" << 'PYTHON'
import json, os, sys
# Where it was built is nobody's business.
text = open(sys.argv[1]).read().replace(os.getcwd(), "")
open(sys.argv[2], "w").write(text)
print(len(json.loads(text)["components"]), "components in", sys.argv[2])
PYTHON
