#!/bin/sh
# Runs the test programs that are its arguments, JOBS of them at once (1), prints what each has
# printed once it is done, and ends with the line `N passed, N failed`. ARGUMENTS are given to each,
# with $t for its path. One that takes longer than SECONDS_EACH fails, where there is GNU timeout.
set -u
export LC_ALL=C # a decimal comma would confuse awk and printf
if [ "${1-}" = --one ]; then
    t=$2 status=0 start=$(date +%s)
    log=$LOGS/$(echo "$t" | tr / _)
    eval "set -- ${ARGUMENTS-}"
    set -- "$t" "$@"
    # in the foreground, so that Ctrl-C reaches the test
    if timeout --version >"$log" 2>&1; then
        set -- timeout --foreground --kill-after=10 "${SECONDS_EACH:-0}" "$@"
    fi
    "$@" </dev/null >"$log" 2>&1 || status=$?
    until mkdir "$LOGS/printing" 2>/dev/null; do sleep 0.1; done
    echo "-- $t"
    cat "$log"
    [ $status = 0 ] || echo "FAILED $t: exit $status${SECONDS_EACH:+ (124: over $SECONDS_EACH s)}"
    echo "   $(($(date +%s) - start)) s"
    [ $status = 0 ] && echo "$t" >>"$LOGS/passed"
    rmdir "$LOGS/printing"
    exit 0
fi

. tests/harness/scratch.sh
export LOGS="$work"
: >"$LOGS/passed"
[ $# = 0 ] || printf '%s\n' "$@" | xargs -P "${JOBS:-1}" -I '{}' sh "$0" --one '{}'
grep -h '^skipped: ' "$LOGS"/*_test_* 2>/dev/null
passed=$(wc -l <"$LOGS/passed")
failed=$(($# - passed))
echo "$((passed)) passed, $failed failed"
[ $failed = 0 ] && [ $# != 0 ]
