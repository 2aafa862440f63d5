#!/bin/sh
# Tests link the chapters and the reference together, from archives, where the first of two
# functions of one name would silently win: no name is exported by both. B is the folder of this
# build.
set -u
build=${B:?run make test-symbols}
exported() { nm -g --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | grep -v '^__' |
    sort -u; }
. tests/harness/scratch.sh
exported "$build/reference.a" >"$work/reference"
exported "$build"/chapters/0*.a >"$work/chapters"
for file in "$work/reference" "$work/chapters"; do
    [ "$(wc -l <"$file")" -gt 50 ] || {
        echo "test_symbols.sh: $file names $(wc -l <"$file") functions; are the archives there?" >&2
        exit 1
    }
done
comm -12 "$work/reference" "$work/chapters" >"$work/both"
[ ! -s "$work/both" ] || {
    echo "test_symbols.sh: exported by chapters/ and by reference/: $(tr '\n' ' ' <"$work/both")" \
        >&2
    exit 1
}
