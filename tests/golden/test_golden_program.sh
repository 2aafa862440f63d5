#!/bin/sh
# build/golden's exit status: 0 where every file passed, 1 where one did not, 2 for wrong usage.
set -u
golden=${GOLDEN:-build/golden}
failed=0

expect() { # STATUS TEXT ARGUMENTS…: the exit status, and a piece of what is printed
    status=$1 text=$2
    shift 2
    output=$("$golden" "$@" 2>&1)
    found=$?
    if [ "$found" != "$status" ]; then
        echo "golden $*: exit $found, expected $status"
        failed=1
    fi
    case $output in
    *"$text"*) ;;
    *) echo "golden $*: no '$text' in its output" && failed=1 ;;
    esac
}

mlp=tests/golden/ffn/mlp.safetensors
expect 0 '1 of 1 files passed' "$mlp"
expect 0 '5 of 5 files passed' tests/golden/model/*.safetensors
expect 1 '1 of 2 files passed' "$mlp" tests/golden/none.safetensors
expect 1 'none.safetensors' tests/golden/none.safetensors
expect 1 '0 of 1 files passed' Makefile
expect 2 'Usage: golden FILE' # checking no file is not a success
expect 2 'Usage: golden FILE' --no-such-option
expect 0 'Usage: golden FILE' --help
"$golden" "$mlp" >/dev/full 2>/dev/null &&
    echo 'golden: a report that could not be written was exit 0' && failed=1
[ "$failed" = 0 ] && echo 'golden: every exit status as it should be'
exit "$failed"
