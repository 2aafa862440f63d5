#!/bin/sh
# Every exercise: its test fails with the starting file, and passes with the solution. EXERCISES:
# their names, as NN_name/M_name; B: the folder that holds exercises/NAME and solutions/NAME, both
# with the exercise's test.
set -eu
count=0
problems=0
for name in $EXERCISES; do
    count=$((count + 1))
    status=0
    CK_VERBOSITY=silent "$B/exercises/$name" >/dev/null 2>&1 || status=$?
    # 1 is a failed check, and nothing else
    if [ $status != 1 ]; then
        echo "$name: the starting file ends its test with status $status, expected: 1" >&2
        problems=$((problems + 1))
    fi
    if ! "$B/solutions/$name"; then
        echo "$name: the solution does not pass" >&2
        problems=$((problems + 1))
    fi
done
echo "$count exercises, $problems problems"
[ "$problems" = 0 ] && [ "$count" != 0 ]
