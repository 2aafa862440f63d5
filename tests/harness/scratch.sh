#!/bin/sh
# A fresh folder for one shell test's files: `. tests/harness/scratch.sh` makes $work, in $TMPDIR or
# else in build/tmp; it is removed when the test ends.
work=${TMPDIR:-build/tmp}
mkdir -p "$work"
work=$(mktemp -d "$work/$(basename "$0" .sh)-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
