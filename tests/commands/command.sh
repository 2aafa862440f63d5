#!/bin/sh
# What the shell tests of sgatlin's commands share: `. tests/commands/command.sh`, then `finish` as
# the last line. They run from the repository's root; $SGATLIN is the program, $subcommand the one
# command under test ('' for any).
# shellcheck disable=SC2034 # used where this is read
sgatlin=${SGATLIN:-build/sgatlin}
test_name=$(basename "$0")
export OMP_WAIT_POLICY=passive # other tests may run beside this one
[ -x "$sgatlin" ] || {
    echo "$test_name: $sgatlin is not there; run make first" >&2
    exit 1
}
. tests/harness/scratch.sh
subcommand=
input=/dev/null
failed=0

failure() {
    echo "$test_name: $*" >&2
    failed=1
}

# expect STATUS PATTERN ARGUMENT...: runs the command with $input as stdin; some line of stderr must
# match PATTERN.
expect() {
    expected=$1 pattern=$2
    shift 2
    "$sgatlin" ${subcommand:+"$subcommand"} "$@" <"$input" >"$work/stdout" 2>"$work/stderr"
    status=$?
    [ $status = "$expected" ] ||
        failure "$subcommand $*: exit $status, expected $expected: $(tail -2 "$work/stderr")"
    [ -z "$pattern" ] || grep -q -e "$pattern" "$work/stderr" ||
        failure "$subcommand $*: no '$pattern' in: $(cat "$work/stderr")"
    [ "$expected" != 2 ] || [ ! -s "$work/stdout" ] || failure "$subcommand $*: something on stdout"
}

# await COMMAND...: waits until the command succeeds, for a minute at most.
await() {
    tries=0
    until "$@" 2>/dev/null; do
        tries=$((tries + 1))
        if [ $tries = 600 ]; then
            failure "waited in vain for: $*"
            return 1
        fi
        sleep 0.1
    done
}

# await_stop PROCESS: waits until a background process has stopped itself at a kill point.
await_stop() {
    if [ -r /proc/self/status ]; then
        await grep -q '^State:.*stopped' "/proc/$1/status"
    else
        sleep 2
    fi
}

# continue_to_end PROCESS: once a background process has stopped itself at a kill point, lets it run
# to its end; sets $status. One SIGCONT, not several: LeakSanitizer stops a program that ends, to
# look for leaks, and waits forever if another SIGCONT undoes that.
continue_to_end() {
    await_stop "$1"
    kill -CONT "$1"
    status=0
    wait "$1" || status=$?
}

# interrupt PROCESS: the same, with Ctrl-C while it is stopped.
interrupt() {
    await_stop "$1"
    kill -INT "$1"
    continue_to_end "$1"
}

finish() {
    [ $failed = 0 ] && echo "$test_name: passed"
    exit $failed
}
