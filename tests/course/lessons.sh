#!/bin/sh
# Holds every lesson and readme to the code, the programs and the files it speaks of; B is the folder of this build.
# With arguments: these files alone.
set -eu
if [ $# = 0 ]; then
    # shellcheck disable=SC2046 # no name here has a space
    set -- $(find README.md chapters datasets reference tests gpu visualizer -name '*.md' 2>/dev/null | sort)
fi
mkdir -p build/tmp
work=$(mktemp -d build/tmp/lessons-XXXXXX)
trap 'rm -rf "$work"' EXIT
awk -v work="$work" -v programs="${B:-build}" -f tests/course/lessons.awk "$@"
