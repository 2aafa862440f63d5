#!/bin/sh
# sweep.sh FILES MEMORY [SCENARIO...]: commands of sgatlin while one of their calls fails (shim.c):
# every FILES-th of each kind, and every MEMORY-th of those for memory, once alone and once with all
# after it. Whatever fails, the command ends with exit status 0 or 1 and a few lines on stderr, one
# of them about the error; every checkpoint that is there can be read; and the command that
# continues ends in the same bytes as one that was not disturbed.
# File names have no blanks, and functions are called by name.
# shellcheck disable=SC2086,SC2317,SC2154,SC2044
set -u
. tests/commands/command.sh
export SGATLIN_FONT=builtin
files=$1 memory=$2
shift 2
scenarios=${*:-data text train resume isoflop sample curves record}
workers=2

# ---- the scenarios: `start` puts files into folder $at, `run` is disturbed there, `recover` is not

data=$work/data/data
shape="L=1 T=16 D=16 Dh=8 C=2 F=25 K=3 Dk=8 B=2 eval_batches=2 log_every=1"
train="train --data $data --preset tiny --set $shape steps=4 --threads 1"
study="isoflop --data $data --budget 1e6 --kinds sgatlin --scales q1 --set $shape --threads 1"

run_data() { $run data --storyworld --stories 30 --seed 1 --vocab 260 --out "$at/data"; }
recover_data() { [ -e "$at/data" ] || run_data; }
run_text() { $run data --text "$data/train.txt" --vocab 260 --out "$at/data"; }
recover_text() { [ -e "$at/data" ] || run_text; }

run_train() { $run $train checkpoint_every=4 --out "$at/run"; }
recover_train() {
    case $(echo "$at"/run/step-*) in
        *'*') run_train ;;
        *) run_resume ;;
    esac
}
start_resume() {
    (SGATLIN_KILL=renamed:step-000002 exec "$sgatlin" $train checkpoint_every=2 --out "$at/run")
    [ -e "$at/run/step-000002" ]
}
run_resume() { $run train --resume "$at/run" --threads 1; }
recover_resume() { run_resume; }

run_isoflop() { $run $study --out "$at/study"; }
recover_isoflop() { run_isoflop; }

run_sample() {
    $run sample --checkpoint "$work/train/run" --prompt Once --tokens 8 --seed 1 --threads 1 \
        >"$at/story"
}
recover_sample() { run_sample; }
run_curves() { $run curves --out "$at/curves.png" "$work/train/run"; }
recover_curves() { [ -e "$at/curves.png" ] || run_curves; }

run_record() {
    $run record --checkpoint "$work/train/run" --data "$data/valid.bin" --stories 1 --threads 1 \
        --out "$at/gatings.safetensors" >/dev/null
}
recover_record() { [ -e "$at/gatings.safetensors" ] || run_record; }

# ---- one run

without_times() { sed -E 's/"[a-z_]*seconds": ?[^,}]*//g; s/"tokens_per_s": ?[^,}]*//g' "$1"; }

# Whether two folders have the same files and bytes, but for times; else $at.diff.
same() {
    diff -r -x log.jsonl -x isoflop.json -x seconds.png "$1" "$2" >"$at.diff" 2>&1 || return 1
    for log in $(cd "$1" && find . -name log.jsonl -o -name isoflop.json); do
        without_times "$1/$log" >"$at.expected"
        without_times "$2/$log" | diff "$at.expected" - >"$at.diff" || return 1
    done
}

bad() {
    failure "$scenario, FAULT=$fault: $*; exit $status: $(tail -n 3 "$at.stderr")"
    touch "$work/failed"
}

checkpoints_can_be_read() {
    for step in $(find "$at" -name 'step-*'); do
        "$sgatlin" eval --checkpoint "$step" --data "$data/valid.bin" >/dev/null 2>"$at.eval" ||
            bad "$step: $(tail -n 1 "$at.eval")"
    done
}

# In folder $at; false when nothing failed, as there are fewer calls.
attempt() { # FAULT
    fault=$1
    rm -rf "$at" "$at.hit"
    if [ -e "$work/$scenario.start" ]; then
        cp -R "$work/$scenario.start" "$at"
    else
        mkdir "$at"
    fi
    run="timeout -s KILL 30 env FAULT=$fault FAULT_HIT=$at.hit LD_PRELOAD=$SHIM $sgatlin"
    run_$scenario >"$at.stdout" 2>"$at.stderr"
    status=$?
    if [ ! -e "$at.hit" ]; then
        [ $status = 0 ] || bad "nothing was made to fail"
        return 1
    fi
    echo "$scenario" >>"$at.attempts"
    if [ $status = 0 ]; then # what went wrong was a warning, or made no difference
        grep -q '^warning' "$at.stderr" || same "$work/$scenario" "$at" ||
            bad "done, but: $(head -n 3 "$at.diff")"
    elif [ $status = 1 ]; then
        [ "$(grep -c '^sgatlin' "$at.stderr")" = 1 ] || bad "expected one line about the error"
        [ "$(wc -l <"$at.stderr")" -le 20 ] || bad "many lines"
    else
        bad "expected exit 0 or 1"
    fi
    checkpoints_can_be_read
    run=$sgatlin
    recover_$scenario >/dev/null 2>"$at.recovery" || bad "then: $(tail -n 1 "$at.recovery")"
    same "$work/$scenario" "$at" || bad "continued, but: $(head -n 3 "$at.diff")"
}

# One of $workers processes, which take turns with the numbers.
sweep() { # WORKER
    at=$work/at$1
    for scenario in $scenarios; do
        for kind in malloc write fsync rename open mmap; do
            stride=$files
            [ $kind != malloc ] || stride=$memory
            for after in '' +; do
                n=$((1 + $1 * stride))
                while attempt $kind:$n$after; do n=$((n + workers * stride)); done
            done
        done
    done
}

# ---- all without faults, then with them

run=$sgatlin
for scenario in data train $scenarios; do
    at=$work/$scenario
    [ ! -e "$at" ] || continue
    mkdir "$at"
    if [ "$scenario" = resume ]; then
        start_resume 2>/dev/null
        cp -R "$at" "$at.start"
    fi
    run_$scenario >/dev/null 2>"$at.stderr" || failure "$scenario: $(tail -n 1 "$at.stderr")"
done
[ $failed = 0 ] || finish
# A fault may keep the program from restarting for these kernels, and others round differently.
core=$(sed -n 's|^blas=OpenBLAS core=\([A-Za-z0-9]*\).*|\1|p' "$work/train.stderr")
[ -z "$core" ] || export OPENBLAS_CORETYPE="$core"
for worker in 0 1; do sweep $worker & done
wait
for scenario in $scenarios; do
    count=$(cat "$work"/at?.attempts | grep -c "^$scenario\$")
    echo "$scenario: $count faults"
    [ "$count" -ge 6 ] || failure "$scenario: expected more faults"
done
[ ! -e "$work/failed" ] || failed=1
finish
