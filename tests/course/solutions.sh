#!/bin/sh
# Every exercise: its test fails with the starting file, and passes with the solution. EXERCISES: their names, as
# NN_name/M_what; B: the folder that holds exercises/NAME and solutions/NAME, both with the exercise's test.
set -eu
count=0
wrong=0
for name in $EXERCISES; do
    count=$((count + 1))
    status=0
    CK_VERBOSITY=silent "$B/exercises/$name" >/dev/null 2>&1 || status=$?
    # 1 is a check that does not hold, and nothing else
    if [ $status != 1 ]; then
        echo "$name: the starting file ends its test with status $status, wanted: 1" >&2
        wrong=$((wrong + 1))
    fi
    if ! "$B/solutions/$name"; then
        echo "$name: the solution does not pass" >&2
        wrong=$((wrong + 1))
    fi
done
echo "$count exercises, $wrong problems"
[ "$wrong" = 0 ] && [ "$count" != 0 ]
