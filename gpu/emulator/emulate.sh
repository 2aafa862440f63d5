#!/bin/sh
# emulate.sh [--compile] FILE.cu [ARGUMENT...]: compiles an ordinary CUDA program of one file for
# the emulator and runs it (without --compile). Exit status 3: a check found a fault; 4: it does not
# compile here. B is the folder of the build, CXX the compiler (g++), WORK a folder for the program
# (else a temporary one).
set -u
run=1
[ "${1-}" = --compile ] && { run=0; shift; }
[ $# -gt 0 ] || { echo 'usage: emulate.sh [--compile] FILE.cu [ARGUMENT...]' >&2; exit 2; }
here=$(dirname "$0")
build=${B:?run make emulate FILE=...}
file=$1
shift
work=${WORK-}
if [ -z "$work" ]; then
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
fi
name=$(basename "$file" .cu)
profile=
[ "${PROFILE-}" = 1 ] && profile=1

compile() {
    "$build/gpu/rewrite" "$file" >"$work/$name.cpp" || return 1
    # shellcheck disable=SC2046 # a list of flags
    "${CXX:-g++}" $(cat "$here/flags") -I"$here" -I"$(dirname "$file")" -include cuda_runtime.h \
        ${profile:+-DEMULATOR_PROFILE} \
        -c "$work/$name.cpp" -o "$work/$name.o" || return 1
    "${CXX:-g++}" -fopenmp "$work/$name.o" "$build/gpu/emulator.a" -o "$work/$name"
}
compile || {
    echo "emulate.sh: $file does not compile for the emulator; gpu/emulator/README.md lists what" \
        'it has of CUDA' >&2
    exit 4
}
[ $run = 0 ] || "$work/$name" "$@"
