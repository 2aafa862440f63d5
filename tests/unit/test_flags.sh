#!/bin/sh
# The build refuses options under which the compiler removes checks for NaN, and 32-bit programs;
# no others.
set -eu
. tests/harness/scratch.sh
flags() { # CFLAGS: as make does before it compiles anything
    MAKEFLAGS='' MAKELEVEL='' make --no-print-directory B="$work" CFLAGS="$1" \
        "$work/flags" >"$work/out" 2>&1
}
refused() { # MESSAGE CFLAGS
    if flags "$2"; then
        echo "test_flags.sh: CFLAGS=$2 was accepted" >&2
        exit 1
    fi
    grep -q "$1" "$work/out"
}
for options in -Ofast -ffast-math -ffinite-math-only; do
    refused 'removes the checks for NaN' $options
done
# What -m32 defines; not every compiler knows the option itself.
refused 'sgatlin needs 64 bits' '-U__SIZEOF_SIZE_T__ -D__SIZEOF_SIZE_T__=4'
if "${CC:-cc}" -m32 -E -x c /dev/null >/dev/null 2>&1; then
    refused 'sgatlin needs 64 bits' -m32
fi
for options in -O2 '-Ofast -fno-finite-math-only' -funsafe-math-optimizations; do
    flags "$options" || {
        echo "test_flags.sh: CFLAGS='$options': $(cat "$work/out")" >&2
        exit 1
    }
done
echo 'test_flags.sh: passed'
