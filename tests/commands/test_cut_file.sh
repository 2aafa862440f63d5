#!/bin/sh
# A mapped file that is cut while it is in use ends the program with one line that names it. A run
# that it ended continues to the right bytes once the file is restored.
set -u
. tests/commands/command.sh
data=$work/data

# cut_at POINT FILE COMMAND...: the command stops at the point, and FILE is emptied before it
# continues.
cut_at() {
    point=$1 file=$2
    shift 2
    SGATLIN_STOP=$point "$sgatlin" "$@" >"$work/stdout" 2>"$work/stderr" &
    process=$!
    await_stop $process
    : >"$file"
    continue_to_end $process 2>"$work/job"
    [ $status = 1 ] || failure "$1, $file cut: exit $status, expected 1"
    tail -n 1 "$work/stderr" |
        grep -q "^[^ ]*/${file##*/}: can no longer be read: it was cut.*--resume" ||
        failure "$1, $file cut: $(tail -n 1 "$work/stderr")"
}

"$sgatlin" data --storyworld --stories 300 --seed 1 --vocab 400 --out "$data" >/dev/null 2>&1
train() {
    echo train --data "$data" --out "$1" --preset tiny --seed 5 --set steps=20 \
        checkpoint_every=5 eval_every=20 log_every=3
}
# shellcheck disable=SC2046 # words of a command
"$sgatlin" $(train "$work/whole") 2>"$work/stderr"

cp "$data/train.bin" "$work/train.bin"
# shellcheck disable=SC2046
cut_at written:log.jsonl:4 "$data/train.bin" $(train "$work/run")
expect 1 'train.bin: .*bytes' train --resume "$work/run"
cp "$work/train.bin" "$data/train.bin"
expect 0 "done" train --resume "$work/run"
for file in "$work"/whole/step-*/*; do
    cmp "$file" "$work/run/${file#"$work/whole/"}" || failure "$file differs after the resume"
done

# The text that a corpus is made of: the tokenizer is complete, and the text is read again. Several
# threads read it.
cp "$data/train.txt" "$work/stories.txt"
cut_at rename:tokenizer.json "$work/stories.txt" data --text "$work/stories.txt" --vocab 300 \
    --out "$work/corpus"
[ ! -e "$work/corpus" ] || failure "data, text cut: left $(ls -A "$work/corpus")"

# Another SIGBUS ends the program as it always does.
# shellcheck disable=SC2016 # of the inner shell
sh -c 'kill -BUS $$' 2>/dev/null
bus=$?
# shellcheck disable=SC2046
SGATLIN_STOP=written:log.jsonl "$sgatlin" $(train "$work/bus") 2>"$work/stderr" &
process=$!
await_stop $process
kill -BUS $process
continue_to_end $process 2>"$work/job"
[ $status = "$bus" ] || failure "SIGBUS: exit $status, expected $bus"
finish
