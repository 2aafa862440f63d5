#!/bin/sh
# Every kernel version of the GPU lessons against the chapters, in the emulator; then what
# gpu-profile prints and refuses.
set -u
. tests/harness/scratch.sh
. tests/gpu/programs.sh
failed=0
"$B/gpu-test" || failed=1

# It rejects every mistake of lessons/planted.cu, with the version's name, and nothing else.
"$B/gpu/test-planted" planted >"$work/planted" 2>&1
status=$?
[ $status = 1 ] || failed=1
rejected() { # VERSION MESSAGE
    grep -F "FAILED 01_planted twice $1, fp32, N=" "$work/planted" | grep -qF -e "$2" && return
    echo "test_lessons.sh: gpu-test does not reject $1 with: $2" >&2
    failed=1
}
rejected wrong ': error 0.00'
rejected wrong_index ': error inf'
rejected not_a_number ': error inf'
rejected unwritten ': error inf'
rejected input_changed ': error inf'
rejected other_bits ': other bits than in the first run'
rejected refuses ': cannot'
rejected does_not_refuse ': it should refuse this size'
if grep 'good.*FAILED\|FAILED.*good' "$work/planted" >&2; then failed=1; fi
# Right results with a fault of the emulator are not enough.
"$B/gpu/test-planted" faulty >"$work/planted" 2>&1
status=$?
if [ $status != 3 ] || ! grep -q '^fault: out of bounds' "$work/planted"; then
    cat "$work/planted" >&2
    failed=1
fi
"$B/gpu-test" 99 2>/dev/null
[ $? = 2 ] || failed=1

# refused MESSAGE ARGUMENT...: exit status 2, one line that contains the message.
refused() {
    message=$1
    shift
    "$B/gpu-profile" "$@" >"$work/out" 2>"$work/said"
    status=$?
    [ $status = 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/said")" = 1 ] &&
        grep -qF -e "$message" "$work/said" && return
    echo "test_lessons.sh: gpu-profile $*: status $status: $(cat "$work/said")" >&2
    failed=1
}
refused 'there is no lesson 99' 99
refused 'unknown argument --wrong' 01 --wrong
refused '--size needs a value' 01 --size
refused 'has no task wrong' 01 --task wrong
refused 'has no version wrong' 01 --version wrong
refused 'size T=0: expected a number' 01 --size T=0
refused 'size T=3x: expected a number' 01 --size T=3x
refused 'size Q=3: expected NAME=NUMBER' 01 --size Q=3
refused '--precision fp8' 01 --precision fp8
refused 'naive refuses this size: T is more' 01 --version naive --size T=524281,D=1,F=1

# JSON has the same numbers as the text.
"$B/gpu-profile" 01 --version naive --size T=33,D=31,F=65 >"$work/text"
"$B/gpu-profile" 01 --version naive --size T=33,D=31,F=65 --json >"$work/json"
requests=$(awk '$2 == "global" && $3 == "write" { print $4 }' "$work/text")
distinct=$(awk '$2 == "global" && $3 == "write" { print $9 }' "$work/text")
grep -q '"access":"write","requests":'"$requests,"'.*"distinct_bytes":'"$distinct}" "$work/json" ||
    failed=1
# The summary has the modelled time of the same report, and both precisions.
modelled=$(awk '$1 == "H200" { print $4 }' "$work/text")
"$B/gpu-profile" 01 --version naive --size T=33,D=31,F=65 --summary >"$work/summary"
grep -q "^naive  *fp32 .* $modelled L2\$" "$work/summary" || failed=1
grep -q '^naive  *bf16 ' "$work/summary" || failed=1
# The same in every run.
for threads in 1 3; do
    OMP_NUM_THREADS=$threads "$B/gpu-profile" 01 --size T=33,D=31,F=65 >"$work/$threads" || failed=1
done
cmp "$work/1" "$work/3" || failed=1
exit $failed
