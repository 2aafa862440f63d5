#!/bin/sh
# The build refuses options under which the compiler removes checks for NaN, and no others.
set -eu
. tests/harness/scratch.sh
flags() { # CFLAGS: as make does before it compiles anything
    MAKEFLAGS='' MAKELEVEL='' make --no-print-directory B="$work" CFLAGS="$1" \
        "$work/flags" >"$work/out" 2>&1
}
for options in -Ofast -ffast-math -ffinite-math-only; do
    if flags "$options"; then
        echo "test_fast_math.sh: CFLAGS=$options was accepted" >&2
        exit 1
    fi
    grep -q 'removes the checks for NaN' "$work/out"
done
for options in -O2 '-Ofast -fno-finite-math-only' -funsafe-math-optimizations; do
    flags "$options" || {
        echo "test_fast_math.sh: CFLAGS='$options': $(cat "$work/out")" >&2
        exit 1
    }
done
echo 'test_fast_math.sh: passed'
