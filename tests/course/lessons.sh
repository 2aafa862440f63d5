#!/bin/sh
# Checks every lesson and readme against the code, the programs and the files it mentions; B is the
# folder of this build. With arguments: only these files.
set -eu
if [ $# = 0 ]; then
    # shellcheck disable=SC2046 # no name here has a space
    set -- $(find README.md chapters datasets reference tests gpu visualizer \
        -name '*.md' 2>/dev/null | sort)
fi
. tests/harness/scratch.sh
awk -v work="$work" -v programs="${B:-build}" -f tests/course/lessons.awk "$@"
