#!/usr/bin/env bash
# Gets libtorch 2.9.0 out of PyTorch's Python wheel, for the backends "tch-cpu" and "tch-cuda", and writes what cargo needs
# to know into .cargo/config.toml. After it:  cargo run -p train --features tch -- --set backend.kind=tch-cpu …
#
#     scripts/libtorch.sh              into target/libtorch, or the PyTorch 2.9.0 that python3 has already
#     scripts/libtorch.sh DIR          into DIR
#     scripts/libtorch.sh DIR --index-url URL     everything after DIR goes to pip, e.g. an index of smaller, CPU-only wheels
set -euo pipefail
cd "$(dirname "$0")/.."
version=2.9.0
config=.cargo/config.toml
mark="# written by scripts/libtorch.sh"

fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

if [ -e "$config" ] && ! grep -qF "$mark" "$config"; then
    fail "$config is not of this script; add the two lines of [env] that it would write: LIBTORCH, LIBTORCH_CXX11_ABI"
fi
python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "there is no $python; install Python 3.10 or newer, or set PYTHON"

# Prints the version and the folder of a torch package in the given folder (or of $python itself).
torch_in() {
    PYTHONPATH="${1:-}" "$python" - <<'PY' 2>/dev/null
import importlib.util, pathlib, re
place = pathlib.Path(importlib.util.find_spec("torch").origin).parent
print(re.search(r"__version__ = '([0-9.]+)", (place / "version.py").read_text())[1], place)
PY
}

libtorch=
if [ $# -eq 0 ] && found=$(torch_in) && [ "${found%% *}" = "$version" ]; then
    libtorch=${found#* }
    printf 'using the PyTorch %s of %s\n' "$version" "$python"
else
    dir=${1:-target/libtorch}
    [ $# -eq 0 ] || shift
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if ! { found=$(torch_in "$dir") && [ "${found%% *}" = "$version" ]; }; then
        case "$(uname -s)-$(uname -m)" in
            Linux-x86_64) size="about 3.3 GB (0.9 GB of PyTorch, the rest CUDA), 7 GB on disk" ;;
            *) size="about 0.1 GB, 0.5 GB on disk" ;;
        esac
        printf 'downloading PyTorch %s into %s: %s\n' "$version" "$dir" "$size"
        "$python" -m pip install --quiet --disable-pip-version-check --target "$dir" "$@" "torch==$version"
        found=$(torch_in "$dir") || fail "pip installed no torch package into $dir"
    fi
    [ "${found%% *}" = "$version" ] || fail "$dir holds PyTorch ${found%% *}, and $version is needed; choose another DIR"
    libtorch=${found#* }
fi

mkdir -p "$(dirname "$config")"
cat >"$config" <<TOML
$mark; delete it to build without libtorch
[env]
LIBTORCH = "$libtorch"
LIBTORCH_CXX11_ABI = "1"

[target.'cfg(unix)']
runner = "scripts/with-libtorch.sh"
TOML
printf 'libtorch: %s\n%s tells cargo. Now: cargo run -p train --features tch -- backends\n' "$libtorch" "$config"
