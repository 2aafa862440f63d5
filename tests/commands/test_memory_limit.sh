#!/bin/sh
# Under any limit of the address space a command ends soon, done or with a line about memory. In
# particular it does not wait in OpenBLAS, which repeats an allocation that fails for ever: when it
# is loaded, before main, and when products need more.
# shellcheck disable=SC3045 # dash and bash have both limits
set -u
. tests/commands/command.sh
export OMP_NUM_THREADS=2 # the library takes memory for each

# A sanitizer needs terabytes of address space.
(ulimit -v 4000000 && "$sgatlin" --version) >"$work/stdout" 2>&1 || {
    echo "$test_name: left out: this build does not run under ulimit -v"
    exit 0
}

# limited KILOBYTES NAME ARGUMENT...: with ten seconds of CPU time; the results to $work/NAME.*
limited() {
    name=$work/$2 limit=$1
    shift 2
    (
        ulimit -t 10
        ulimit -v "$limit"
        "$sgatlin" "$@" >"$name.stdout" 2>"$name.stderr"
        echo $? >"$name.status"
    ) 2>"$name.shell" &
}

# ended NAME: with success, or one line that says what is missing
ended() {
    status=$(cat "$work/$1.status")
    [ "$status" = 0 ] && return
    last=$(tail -n 1 "$work/$1.stderr")
    case $status:$last in
    1:*memory* | 1:*"Thread creation failed"* | 127:*"failed to map segment"*) ;;
    *) failure "$1: exit $status: $last" ;;
    esac
}

"$sgatlin" data --storyworld --stories 100 --vocab 300 --out "$work/data" >"$work/stdout" 2>&1
for limit in 220000 400000 600000; do # its threads multiply at the same time
    limited "$limit" "train-$limit" train --data "$work/data" --preset tiny --ffn mlp \
        --set D=128 F=512 B=8 steps=2 --out "$work/run-$limit"
    limited "$limit" "data-$limit" data --storyworld --stories 50 --vocab 300 \
        --out "$work/data-$limit"
done
wait
for status in "$work"/*.status; do ended "$(basename "$status" .status)"; done
for name in train-600000 data-600000; do
    [ "$(cat "$work/$name.status")" = 0 ] || failure "$name: $(tail -n 1 "$work/$name.stderr")"
done
finish
