#!/bin/sh
# Every check of the emulator finds the fault that is planted in a kernel, and is silent on the same
# kernel without it. The first line of each kernels/planted/NAME.cu is the text of the fault, and a
# comment marks the lines where it may be reported: `planted`. Run in all three thread orders.
set -u
. tests/harness/scratch.sh
. tests/gpu/programs.sh
failed=0
complain() {
    echo "test_planted.sh: $1, EMULATOR_ORDER=$EMULATOR_ORDER: $2" >&2
    cat "$work/report" >&2
    failed=1
}

# The report has the fault, the kernel with block and thread (or host code), and a planted line.
reported() { # FILE STATUS
    expected=$(sed -n '1s|// fault: ||p' "$1")
    [ "$2" = 3 ] || complain "$1" "exit status $2 in place of 3"
    grep -qF "fault: $expected" "$work/report" || complain "$1" "no fault: $expected"
    where='^  kernel .*, block \([0-9,]+\), thread \([0-9,]+\)$|^  in host code$'
    grep -qE "$where" "$work/report" ||
        complain "$1" 'no kernel, block and thread'
    grep -n '// .*planted' "$1" | cut -d : -f 1 >"$work/lines"
    while read -r line; do
        grep -qE "^  at .*${1##*/}:$line\$" "$work/report" && return
    done <"$work/lines"
    complain "$1" 'no report at a planted line'
}

for file in ${KERNELS:-tests/gpu/kernels/planted/*.cu}; do
    build "$file" || exit 1
    arguments=planted
    grep -q 'planted too' "$file" && arguments='planted p2'
    for EMULATOR_ORDER in forward reverse random:1; do
        export EMULATOR_ORDER
        "$program" >"$work/report" 2>&1 || complain "$file" "exit status $? without the fault"
        [ ! -s "$work/report" ] || complain "$file" 'a report without the fault'
        for argument in $arguments; do
            "$program" "$argument" >"$work/report" 2>&1
            reported "$file" $?
        done
    done
done
exit $failed
