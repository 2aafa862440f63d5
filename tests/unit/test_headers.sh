#!/bin/sh
# Every header of the reference compiles alone: as C11 and, since a CUDA file will include it, in
# C++17 as extern "C".
set -u
. tests/harness/scratch.sh
failed=0

# each FILE OPEN CLOSE COMPILER...: a FILE of every header, between OPEN and CLOSE.
each() {
    file=$work/$1 open=$2 close=$3
    shift 3
    for header in reference/*/*.h; do
        printf '%s\n#include "%s"\n%s\n' "$open" "$header" "$close" >"$file"
        "$@" -I. -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -Wno-unknown-pragmas \
            -fsyntax-only "$file" || {
            echo "test_headers.sh: $header: not with $*" >&2
            failed=1
        }
    done
}

each alone.c '' '' "${CC:-cc}" -std=c11
cxx=$(command -v c++ || command -v g++ || command -v clang++)
if [ -n "$cxx" ]; then
    each alone.cc 'extern "C" {' '}' "$cxx" -std=c++17
else
    echo 'test_headers.sh: no C++ compiler here: as C alone'
fi
exit $failed
