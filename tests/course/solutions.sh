#!/bin/sh
# Every exercise: its test fails with the starting file, passes with the solution, and refuses each
# wrong solution that somebody might find by accident or on purpose. EXERCISES: their names, as
# NN_name/M_name; CHEATS: the wrong solutions, as NN_name/M_name.WHAT, whose source in
# tests/course/cheats starts with `// Refused by TEST: ...`; B: the folder that holds
# exercises/NAME, solutions/NAME and cheats/NAME, each with the exercise's test; FAILURES: the
# statuses of a starting file's test that fails, 1 unless given.
set -eu
. tests/harness/scratch.sh
count=0
cheats=0
problems=0
problem() {
    echo "$*" >&2
    problems=$((problems + 1))
}

for name in $EXERCISES; do
    count=$((count + 1))
    status=0
    CK_VERBOSITY=silent "$B/exercises/$name" >/dev/null 2>&1 || status=$?
    # not a crash, nor a program that is not there
    case " ${FAILURES:=1} " in
        *" $status "*) ;;
        *) problem "$name: the starting file ends its test with status $status," \
            "expected: $FAILURES" ;;
    esac
    "$B/solutions/$name" || problem "$name: the solution does not pass"
done

# That test and no other fails: each cheat is right about everything else.
for name in ${CHEATS-}; do
    cheats=$((cheats + 1))
    refused_by=$(sed -n '1s|^// Refused by \([a-z0-9_]*\): .*|\1|p' \
        "${CHEAT_SOURCES:-tests/course/cheats}/$name.c")
    status=0
    # a test with a time limit needs no more of it under a sanitizer
    CK_VERBOSITY=normal CK_TIMEOUT_MULTIPLIER=1 "$B/cheats/$name" >"$work/said" 2>&1 || status=$?
    failed=$(sed -n 's/^[^:]*:[0-9]*:[EF]:[^:]*:\([a-z0-9_]*\):.*/\1/p' "$work/said" | sort -u)
    if [ $status != 1 ] || [ -z "$failed" ] || [ "$failed" != "$refused_by" ]; then
        problem "$name: refused by '$failed' (status $status), expected: by '$refused_by'"
    fi
done
echo "$count exercises, $cheats wrong solutions, $problems problems"
[ "$problems" = 0 ] && [ "$count" != 0 ]
