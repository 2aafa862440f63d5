#!/bin/sh
# make gpu-exercise-NN-M: the unsolved program fails with the message of its test, ours passes, and
# for an exercise that does not exist, make lists those that do.
set -u
. tests/gpu/programs.sh
failed=0

# goal STATUS TEXT ARGUMENT...: make ends with this status and prints this line; its settings are
# those of the make that runs the tests (MAKEFLAGS)
goal() {
    status=$1 text=$2
    shift 2
    said=$(make --no-print-directory "$@" 2>&1)
    actual=$?
    if [ $actual != "$status" ] || ! echo "$said" | grep -q -e "^$text"; then
        echo "make $*: exit $actual, expected $status and: $text" >&2
        echo "$said" >&2
        failed=1
    fi
}
goal 2 'Not yet solved: gpu/06_sgatlin/exercises/1_vectors[.]cu$' gpu-exercise-06-1
goal 2 '25 requests to write y of 5 x 132; 10 are enough$' gpu-exercise-06-1
goal 0 'Solved: 06-1$' SOLUTION=1 gpu-exercise-06-1
goal 2 'There is no exercise 06-99; there are: 01_dense_ffn/' gpu-exercise-06-99
exit $failed
