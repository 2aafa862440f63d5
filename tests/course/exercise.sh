#!/bin/sh
# exercise.sh NN_name/M_name PROGRAM: runs the test of an exercise for the one who solves it. For
# each test that fails it prints the comment above it and the first check that failed; when all
# pass, what comes next. EXERCISES: the names of all, in the order of the course.
set -eu
. tests/harness/scratch.sh
chapter=${1%/*}
number() { # NN_name/M_name: NN-M
    echo "$1" | sed 's|^\([0-9]*\)_.*/\([0-9]*\)_.*|\1-\2|'
}
page() { # NN_name/M_name: the page that has the exercise, if any; chapter 07 has two
    grep -l "make exercise-$(number "$1")\`" "chapters/${1%/*}"/*.md || :
}

status=0
CK_VERBOSITY=normal "$2" >"$work/said" 2>&1 || status=$?
awk -v source="chapters/$chapter/exercises/test_${1#*/}.c" '
    function explain(test, message,    line, number, comment) {
        while ((getline line <source) > 0) {
            number++
            if (index(line, "START_TEST(" test ")") == 1) break
            comment = line ~ /^\/\/ / ? comment "    " substr(line, 4) "\n" : ""
        }
        close(source)
        printf "\n%s (%s:%d)\n%s  %s\n", test, source, number, comment, message
    }
    # FILE:LINE:F:SUITE:TEST:RUN: MESSAGE; E: it crashed or took too long
    /^[^:]*:[0-9]+:[EF]:[^:]*:[a-z0-9_]+:[0-9]+: / {
        split($0, part, ":")
        start = 8
        for (i = 1; i <= 6; i++) start += length(part[i])
        if (!(part[5] in failed)) explain(part[5], substr($0, start))
        failed[part[5]]
        next
    }
    /^Running suite/ || /^[0-9]+%: Checks: / { next }
    { print } # what the solution prints itself
' "$work/said"

if [ $status != 0 ]; then
    echo
    echo "Not yet solved: chapters/$chapter/exercises/${1#*/}.c"
    exit 1
fi
echo "Solved: $(number "$1")"
# shellcheck disable=SC2086 # one name per line
next=$(printf '%s\n' $EXERCISES | sed -n "\|^$1\$|{n;p;}")
if [ -n "$next" ]; then
    before=$(page "$next")
    [ "$before" != "$(page "$1")" ] || before=
    echo "Next: ${before:+$before, and then }make exercise-$(number "$next")"
fi
