#!/bin/sh
# Fibres switch and keep their registers: in assembly, and with the C library's ucontext.
set -u
. tests/harness/scratch.sh
. tests/gpu/programs.sh
failed=0
for flags in -O2 -O0 '-O2 -DEMULATOR_ASSEMBLY=0'; do
    # shellcheck disable=SC2086 # a list of flags
    if ! "${CXX:-g++}" -std=c++17 $flags -I. tests/gpu/fibers.cpp gpu/emulator/engine/fiber.cpp \
        -o "$work/fibers" || ! "$work/fibers"; then
        echo "test_fibers.sh: with $flags" >&2
        failed=1
    fi
done
exit $failed
