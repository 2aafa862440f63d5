#!/bin/sh
# For tests of CUDA programs, after scratch.sh: `build FILE.cu` compiles one for the emulator, and
# sets $program to its path.
build() {
    # shellcheck disable=SC2034,SC2154 # used by the tests; scratch.sh sets work
    program=$work/$(basename "$1" .cu)
    WORK=$work gpu/emulator/emulate.sh --compile "$1"
}
if [ -z "${HAVE_CXX-}" ]; then
    echo "skipped: $0: no g++ (make deps)"
    exit 0
fi
