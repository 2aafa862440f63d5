#!/bin/sh
# Training that is killed at any moment, stopped by Ctrl-C and resumed with other numbers of threads ends in the same
# bytes as an unbroken run. SEED=N repeats a run of this test; every seed is printed.
# shellcheck disable=SC2010,SC2012 # file names here hold no blanks
set -eu
sgatlin=${SGATLIN:-build/sgatlin}
seed=${SEED:-$(date +%s)}
kills=${KILLS:-4}
export OMP_WAIT_POLICY=passive # more threads than cores here, and other tests beside it
mkdir -p build/tmp
work=$(mktemp -d build/tmp/resume-XXXXXX)
trap 'rm -rf "$work"' EXIT
echo "test_resume: SEED=$seed"

fail() {
    echo "test_resume: SEED=$seed: $*" >&2
    exit 1
}

# The next random whole number below $1, by a generator small enough for the shell.
state=$((seed % 65521 + 1))
draw() {
    state=$((state * 17364 % 65521))
    drawn=$((state % $1))
}

milliseconds() { date +%s%N | cut -c1-13; }

# Replaces the shell it runs in, so that a kill hits the program: call it in (…) or with &.
begin() {
    exec "$sgatlin" train --data "$work/data" --out "$1" --preset tiny --set steps=40 checkpoint_every=11 \
        eval_every=20 log_every=3 batching="$2" --seed 5 --threads "$3"
}

# Both checkpoints that stay must be there in both runs, with the same bytes in every file; nothing else is a step.
same() {
    [ "$(cd "$1" && ls -d step-*)" = "$(cd "$2" && ls -d step-*)" ] || fail "$2 holds other checkpoints than $1"
    for step in "$1"/step-*; do
        name=$(basename "$step")
        [ "$(ls -A "$step")" = "$(ls -A "$2/$name")" ] || fail "$2/$name holds other files"
        for file in "$step"/*; do
            cmp "$file" "$2/$name/$(basename "$file")" || fail "$2/$name differs"
        done
    done
    ls -A "$2" | grep -E -v '^(step-[0-9]+|log\.jsonl|loss\.png|\..*)$' && fail "$2 holds something else"
    return 0
}


"$sgatlin" data --storyworld --stories 300 --seed 1 --vocab 400 --out "$work/data" 2>/dev/null >&2

for batching in packed padded; do
    begun=$(milliseconds)
    (begin "$work/whole-$batching" $batching 2) 2>/dev/null || fail "the unbroken run failed"
    took=$(($(milliseconds) - begun))
    broken=$work/broken-$batching
    i=0
    while [ $i -lt "$kills" ]; do
        draw $((took / 2 + 1)) # most of them before the end
        delay=$(awk "BEGIN { printf \"%.3f\", $drawn / 1000 }")
        draw 3
        threads=$((drawn + 1))
        if ls -d "$broken"/step-* >/dev/null 2>&1; then
            "$sgatlin" train --resume "$broken" --threads $threads 2>"$work/messages" &
        else
            rm -rf "$broken" # killed before its first checkpoint stood
            begin "$broken" $batching $threads 2>"$work/messages" &
        fi
        process=$!
        sleep "$delay"
        kill -9 $process 2>/dev/null || true
        wait $process 2>/dev/null || true
        echo "$batching: killed after ${delay}s with $threads threads: $(ls "$broken" 2>/dev/null | tr '\n' ' ')"
        i=$((i + 1))
    done
    if ls -d "$broken"/step-* >/dev/null 2>&1; then
        "$sgatlin" train --resume "$broken" --threads 1 2>"$work/messages" || fail "$(tail -1 "$work/messages")"
    else
        rm -rf "$broken"
        (begin "$broken" $batching 1) 2>"$work/messages" || fail "$(tail -1 "$work/messages")"
    fi
    same "$work/whole-$batching" "$broken"
done

# Ctrl-C: the step is finished, saved, and the message says how to go on; a second time later; then to the end.
stopped=$work/stopped
begin "$stopped" packed 2 2>"$work/messages" &
process=$!
tries=0
until [ -e "$stopped/step-000011" ] || [ $tries -ge 600 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
kill -INT $process 2>/dev/null || true
status=0
wait $process || status=$?
case $status in
130)
    grep -q "train --resume $stopped" "$work/messages" || fail "Ctrl-C did not say how to go on"
    newest=$(ls -d "$stopped"/step-* | tail -1)
    echo "Ctrl-C: saved $(basename "$newest")"
    ;;
0) echo "Ctrl-C: came after the last step" ;;
*) fail "Ctrl-C ended with $status: $(tail -1 "$work/messages")" ;;
esac
"$sgatlin" train --resume "$stopped" --threads 2 2>"$work/messages" || fail "$(tail -1 "$work/messages")"
cmp "$stopped/step-000040/model.safetensors" "$work/whole-packed/step-000040/model.safetensors" || fail "after Ctrl-C"
cmp "$stopped/step-000040/optimizer.safetensors" "$work/whole-packed/step-000040/optimizer.safetensors" ||
    fail "after Ctrl-C"
cmp "$stopped/step-000040/state.json" "$work/whole-packed/step-000040/state.json" || fail "after Ctrl-C"

# A finished run says so; nothing in it changes.
before=$(cat "$stopped"/step-000040/* "$stopped/log.jsonl" | cksum)
"$sgatlin" train --resume "$stopped" 2>"$work/messages" || fail "resuming a finished run failed"
grep -q "is finished" "$work/messages" || fail "resuming a finished run did not say so"
[ "$before" = "$(cat "$stopped"/step-000040/* "$stopped/log.jsonl" | cksum)" ] || fail "a finished run was changed"

# The log was cut back each time: every step stands once, in order.
for log in "$work"/*/log.jsonl; do
    sed -n 's/^{"step":\([0-9]*\),"loss".*/\1/p' "$log" >"$work/steps"
    sort -n -u "$work/steps" | cmp -s - "$work/steps" || fail "$log: steps are not in order"
    [ "$(tail -1 "$work/steps")" = 40 ] || fail "$log: the last step is missing"
    [ "$(grep -c final_valid_loss "$log")" = 1 ] || fail "$log: wanted one final line"
done

# What the lines count is whole: the tokens of all steps, and seconds that only grow.
tokens() { sed -n 's/^{"step":40,"loss".*"tokens":\([0-9]*\),.*/\1/p' "$work/$1/log.jsonl"; }
[ "$(tokens broken-packed)" = "$(tokens whole-packed)" ] || fail "packed: $(tokens broken-packed) tokens were counted"
[ "$(tokens broken-padded)" = "$(tokens whole-padded)" ] || fail "padded: $(tokens broken-padded) tokens were counted"
[ "$(tokens stopped)" = "$(tokens whole-packed)" ] || fail "after Ctrl-C: $(tokens stopped) tokens were counted"
for log in "$work"/*/log.jsonl; do
    sed -n 's/.*"step_seconds":\([0-9.]*\),.*/\1/p' "$log" | sort -n -c || fail "$log: seconds go back"
done
echo "test_resume: same bytes"
