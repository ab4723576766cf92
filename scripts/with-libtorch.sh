#!/usr/bin/env bash
# Started by cargo before a program, after scripts/libtorch.sh has been run: a program that needs libtorch and would not
# find it is told so in time. It costs a few milliseconds.
program=$1
needs() { grep -qaF libtorch_cpu.so "$program"; }
version() { sed -n "s/^__version__ = '\([0-9.]*\).*/\1/p" "$LIBTORCH/version.py" 2>/dev/null; }
if needs; then
    if [ ! -e "$LIBTORCH/lib/libtorch_cpu.so" ] && [ ! -e "$LIBTORCH/lib/libtorch_cpu.dylib" ]; then
        echo "error: libtorch is not in $LIBTORCH any more; run scripts/libtorch.sh again, or build without --features tch" >&2
        exit 69
    fi
    if [ -e "$LIBTORCH/version.py" ] && [ "$(version)" != 2.9.0 ]; then
        echo "error: libtorch in $LIBTORCH is $(version), and this program was made for 2.9.0; run scripts/libtorch.sh again" >&2
        exit 69
    fi
    # For the tests of the crate kernels, whose programs do not know where libtorch lies.
    export LD_LIBRARY_PATH="$LIBTORCH/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    # libtorch's threads sleep between its operations instead of turning in circles: our own passes need the processors.
    export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
fi
exec "$@"
