#!/bin/sh
# Training that is killed at each point where files are incomplete, stopped by Ctrl-C, and resumed
# with other numbers of threads ends in the same bytes as an uninterrupted run. The points are those
# of reference/io/kill_point.h.
# File names have no blanks, and functions are called by name.
# shellcheck disable=SC2010,SC2012,SC2317
set -eu
. tests/commands/command.sh
kills=0

fail() {
    failure "$@"
    exit 1
}

# Both replace the shell they run in, so that a signal reaches the program: call them in (...) or
# with &.
start() { # RUN BATCHING THREADS
    exec "$sgatlin" train --data "$work/data" --out "$1" --preset tiny --set steps=40 \
        checkpoint_every=5 \
        eval_every=20 log_every=3 batching="$2" --seed 5 --threads "$3"
}
resume() { exec "$sgatlin" train --resume "$1" --threads "$2"; } # RUN THREADS

# The numbers of a run's checkpoints, without leading zeros.
steps() { ls "$1" | sed -n 's/^step-0*\([0-9]\)/\1/p' | tr '\n' ' ' | sed 's/ $//'; }

# The process must be killed at this point; the run then has the checkpoints of these steps.
killed_at() { # POINT STEPS COMMAND RUN...
    point=$1 expected=$2
    shift 2
    status=0
    (
        export SGATLIN_KILL="$point"
        ("$@")
        exit $?
    ) 2>"$work/messages" || status=$?
    [ $status = 137 ] || fail "$2: not killed at $point: exit $status: $(tail -1 "$work/messages")"
    [ "$(steps "$2")" = "$expected" ] ||
        fail "$2: killed at $point: checkpoints $(steps "$2"), expected $expected"
    kills=$((kills + 1))
}

# Both runs have the same checkpoints, with the same bytes in every file, and nothing but the files
# of a run.
same() {
    [ "$(steps "$1")" = "$(steps "$2")" ] ||
        fail "$2: checkpoints $(steps "$2"), expected $(steps "$1")"
    for step in "$1"/step-*; do
        name=$(basename "$step")
        [ "$(ls -A "$step")" = "$(ls -A "$2/$name")" ] || fail "$2/$name: other files"
        for file in "$step"/*; do
            cmp "$file" "$2/$name/$(basename "$file")" || fail "$2/$name differs"
        done
    done
    ls -A "$2" | grep -E -v '^(step-[0-9]+|log\.jsonl|loss\.png|\.lock)$' &&
        fail "$2: unexpected files"
    return 0
}

"$sgatlin" data --storyworld --stories 300 --seed 1 --vocab 400 --out "$work/data" 2>/dev/null >&2

for batching in packed padded; do
    whole=$work/whole-$batching
    broken=$work/broken-$batching
    (start "$whole" $batching 2) 2>/dev/null || fail "the uninterrupted run failed"

    # Without a checkpoint there is nothing to resume: the same command starts the run again.
    for point in write:log.jsonl written:log.jsonl write:model.safetensors rename:step-000000; do
        killed_at $point '' start "$broken" $batching 1
    done
    killed_at renamed:step-000000 0 start "$broken" $batching 2

    # The log is ahead of the checkpoint, by lines and by part of a line.
    killed_at write:log.jsonl:2 0 resume "$broken" 3
    killed_at written:log.jsonl 0 resume "$broken" 3
    printf '{"step":4,"lo' >>"$broken/log.jsonl"

    # During each write of a checkpoint.
    for point in write:model.safetensors rename:model.safetensors renamed:model.safetensors \
        write:optimizer.safetensors rename:optimizer.safetensors write:state.json \
        write:tokenizer.json \
        rename:step-000005; do
        killed_at $point 0 resume "$broken" 3
    done
    killed_at renamed:step-000005 '0 5' resume "$broken" 1

    # Before the oldest checkpoint is removed, and while it is: when the run is resumed, and in
    # training.
    killed_at renamed:step-000010 '0 5 10' resume "$broken" 2
    killed_at remove:.removed '5 10' resume "$broken" 2
    killed_at removed:optimizer.safetensors:2 '10 15' resume "$broken" 1
    killed_at remove:.removed:2 '15 20' resume "$broken" 1

    # During each write of the picture of the losses; the first one is that of the resumed run.
    killed_at write:loss.png:2 '20 25' resume "$broken" 3
    killed_at rename:loss.png:2 '25 30' resume "$broken" 1
    killed_at renamed:loss.png:2 '30 35' resume "$broken" 2

    # Between the last checkpoint and the last line of the log, and after that.
    killed_at renamed:step-000040 '30 35 40' resume "$broken" 2
    killed_at write:log.jsonl '35 40' resume "$broken" 2
    killed_at write:loss.png:2 '35 40' resume "$broken" 1
    # What is not written again: a checkpoint that was being saved when Ctrl-C came.
    mkdir "$broken/.step-000017.partial"
    echo x >"$broken/.step-000017.partial/.model.safetensors.partial"
    (resume "$broken" 1) 2>"$work/messages" || fail "$(tail -1 "$work/messages")"
    grep -q "is finished" "$work/messages" ||
        fail "resumed after the last line: the run is not known to be finished"
    same "$whole" "$broken"
done

# Ctrl-C while the process waits after a line of the log: the step counts, it is saved, and the
# message says how to continue.
stopped=$work/stopped
SGATLIN_STOP=written:log.jsonl:6 start "$stopped" packed 2 2>"$work/messages" &
process=$!
interrupt $process
[ $status = 130 ] || fail "Ctrl-C: exit $status: $(tail -1 "$work/messages")"
last=$(tail -1 "$stopped/log.jsonl" | sed 's/^{"step":\([0-9]*\),.*/\1/')
[ "$(steps "$stopped")" = "5 $last" ] ||
    fail "Ctrl-C after step $last: checkpoints $(steps "$stopped")"
grep -q "train --resume $stopped" "$work/messages" || fail "Ctrl-C: no message says how to continue"
(resume "$stopped" 2) 2>"$work/messages" || fail "$(tail -1 "$work/messages")"
same "$work/whole-packed" "$stopped"

# A signal that comes twice is one request (timeout sends it to the process and to its group), and
# so is a closed terminal; nohup keeps the run alive.
signalled() { # RUN, SIGNALS, STATUS
    SGATLIN_STOP=written:log.jsonl:6 start "$1" packed 2 2>"$work/messages" &
    process=$!
    await_stop $process
    kill -"${2%% *}" $process
    kill -CONT $process
    for signal in $2; do kill -"$signal" $process 2>/dev/null || true; done
    status=0
    wait $process || status=$?
    [ $status = "$3" ] || fail "$2: exit $status, expected $3: $(tail -1 "$work/messages")"
}
signalled "$work/twice" 'TERM TERM TERM' 143
grep -q "train --resume $work/twice" "$work/messages" ||
    fail "the same signal again: the run was not saved"
(resume "$work/twice" 2) 2>"$work/messages" || fail "$(tail -1 "$work/messages")"
same "$work/whole-packed" "$work/twice"
if sh -c 'kill -HUP $$' 2>/dev/null; then
    echo "skipped: test_resume.sh: SIGHUP is ignored here, as under nohup"
else
    signalled "$work/hung-up" HUP 129
    grep -q "train --resume $work/hung-up" "$work/messages" || fail "SIGHUP: the run was not saved"
    (resume "$work/hung-up" 2) 2>"$work/messages" || fail "$(tail -1 "$work/messages")"
    same "$work/whole-packed" "$work/hung-up"
fi
trap '' HUP
signalled "$work/nohup" HUP 0
trap - HUP
same "$work/whole-packed" "$work/nohup"

# Of two processes that resume a run, one waits until just before it locks the folder, while the
# other finishes: it must read the run as it is then.
late=$work/late
(SGATLIN_KILL=write:state.json:3 start "$late" packed 2) 2>/dev/null || true
[ "$(steps "$late")" = "0 5" ] || fail "late: checkpoints $(steps "$late"), expected 0 and 5"
SGATLIN_STOP=lock:late resume "$late" 2 2>"$work/late-messages" &
process=$!
await_stop $process
(resume "$late" 2) 2>"$work/messages" || fail "$(tail -1 "$work/messages")"
continue_to_end $process
[ $status = 0 ] || fail "resumed late: exit $status: $(tail -1 "$work/late-messages")"
grep -q "is finished" "$work/late-messages" || fail "resumed late: not known to be finished"
same "$work/whole-packed" "$late"

# A finished run is reported as finished and stays as it is.
checksum() { cat "$stopped"/step-*/* "$stopped/log.jsonl" "$stopped/loss.png" | cksum; }
before=$(checksum)
(resume "$stopped" 2) 2>"$work/messages" || fail "resuming a finished run failed"
grep -q "is finished" "$work/messages" ||
    fail "resuming a finished run: no message that it is finished"
[ "$before" = "$(checksum)" ] || fail "resuming a finished run changed it"

# The log was cut back each time: every step is logged once, in order.
for log in "$work"/*/log.jsonl; do
    sed -n 's/^{"step":\([0-9]*\),"loss".*/\1/p' "$log" >"$work/steps"
    sort -n -u "$work/steps" | cmp -s - "$work/steps" || fail "$log: steps are not in order"
    [ "$(grep -c '^{"step":0,"valid_loss"' "$log")" = 1 ] ||
        fail "$log: expected one loss before the first step"
    [ "$(tail -1 "$work/steps")" = 40 ] || fail "$log: the last step is missing"
    [ "$(grep -c final_valid_loss "$log")" = 1 ] || fail "$log: expected one final line"
done

# The log's totals cover the whole run: the tokens of all steps, and seconds that never decrease.
tokens() { sed -n 's/^{"step":40,"loss".*"tokens":\([0-9]*\),.*/\1/p' "$work/$1/log.jsonl"; }
for run in broken-packed stopped; do
    [ "$(tokens $run)" = "$(tokens whole-packed)" ] ||
        fail "$run: $(tokens $run) tokens, not $(tokens whole-packed)"
done
[ "$(tokens broken-padded)" = "$(tokens whole-padded)" ] ||
    fail "broken-padded: $(tokens broken-padded) tokens"
for log in "$work"/*/log.jsonl; do
    sed -n 's/.*"step_seconds":\([0-9.]*\),.*/\1/p' "$log" | sort -n -c ||
        fail "$log: seconds decrease"
done
echo "$test_name: killed $kills times and stopped once: the same bytes"
finish
