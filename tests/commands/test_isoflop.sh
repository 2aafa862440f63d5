#!/bin/sh
# sgatlin isoflop end to end: a tiny study that is killed at each kind of write, stopped and
# continued ends in the same numbers and weights as an uninterrupted one; what cannot be done is
# refused and nothing is overwritten.
# Arguments are words in one string, and file names have no blanks.
# shellcheck disable=SC2086,SC2010,SC2012,SC2154
. tests/commands/command.sh
subcommand=isoflop
data=$work/data
shape="--kinds mlp,sgatlin --scales q2,q1 --peaks 0.001,0.004 --best-seeds 2"
shape="$shape --variants sgatlin+gelu"
asked="--budget 3e8 $shape --set B=2 T=32"

# Replaces the shell it runs in, so that a signal reaches the program: call it in (...) or with &.
# FOLDER THREADS
study() { exec "$sgatlin" isoflop --data "$data" --out "$1" --threads "$2" $asked; }
# What must be the same in any run of one study: everything but the seconds.
numbers() { grep -v -e '"seconds"' "$1/isoflop.json"; }
values() { sed -n "s/^ *\"$2\": *\\(.*[^,]\\),*\$/\\1/p" "$1/isoflop.json"; }
whole() { [ "$(values "$1" 'done' | sort -u)" = true ]; }

"$sgatlin" data --storyworld --stories 200 --seed 1 --vocab 400 --out "$data" >/dev/null 2>&1 ||
    failure "data"
"$sgatlin" data --storyworld --stories 200 --seed 2 --vocab 400 \
    --out "$work/other" >/dev/null 2>&1 || failure "data"

# ---- --dry-run

expect 0 '' --data "$data" --dry-run $asked
[ "$(grep -c '^| [ms]' "$work/stdout")" = 6 ] ||
    failure "--dry-run: expected three kinds at two scales"
grep -q '^9 cells, ' "$work/stdout" || failure "--dry-run: $(tail -1 "$work/stdout")"
grep '^| mlp | q2 |' "$work/stdout" | grep -q '| 10 | 640 |' ||
    failure "--dry-run: expected 10 steps of mlp at q2"
[ ! -e "$work/whole" ] || failure "--dry-run wrote something"

# ---- an uninterrupted study

expect 0 'cell 9 of 9' --data "$data" --out "$work/whole" --threads 2 $asked
cp "$work/stdout" "$work/table"
[ "$(grep -c '^| mlp \| sgatlin |' "$work/table")" = 6 ] || failure "tables: $(cat "$work/table")"
grep -q '^| sgatlin+gelu | q[12] | 0.00[14] | 1 |' "$work/table" || failure "tables: no variant"
grep -q '^| mlp | q1 | \*\*0.00\|^| mlp | q1 | 0.001: [0-9.]* \*\*' "$work/table" ||
    failure "tables: no learning rates"
[ "$(values "$work/whole" kind | wc -l)" = 9 ] ||
    failure "isoflop.json: $(values "$work/whole" kind | wc -l) cells"
whole "$work/whole" || failure "isoflop.json: some cell is not done"
for picture in parameters seconds; do
    [ "$(head -c 4 "$work/whole/$picture.png" | tail -c 3)" = PNG ] || failure "no $picture.png"
done
# Less than one step of the budget is left.
values "$work/whole" flops | awk '!($1 <= 3e8 && $1 > 2.6e8) { exit 1 }' ||
    failure "FLOPs: $(values "$work/whole" flops)"

# Each cell is a run like any other, and its loss is what eval says.
run=$work/whole/sgatlin_q2_3e8_p0.004_s1
[ -d "$run" ] || run=$work/whole/sgatlin_q2_3e8_p0.001_s1
[ "$(ls "$run" | tr '\n' ' ')" = "log.jsonl loss.png step-000010 " ] ||
    failure "a cell contains $(ls "$run")"
"$sgatlin" train --resume "$run" 2>&1 | grep -q 'is finished' ||
    failure "a cell is not a finished run"
loss=$("$sgatlin" eval --checkpoint "$run" --data "$data/valid.bin" --batch 2 --json 2>/dev/null |
    sed 's/.*"loss": \([0-9.]*\).*/\1/')
values "$work/whole" valid_loss |
    awk -v loss="$loss" '{ d = $1 - loss; if (d * d < 1e-12) found = 1 } END { exit !found }' ||
    failure "eval says $loss, isoflop.json $(values "$work/whole" valid_loss | tr '\n' ' ')"

# Again: nothing is trained, nothing changes, the same tables.
before=$(cat "$work"/whole/*.json "$work"/whole/*/log.jsonl "$work"/whole/*/step-*/* | cksum)
expect 0 '9 of them done' --data "$data" --out "$work/whole" $asked
cmp -s "$work/stdout" "$work/table" || failure "a finished study prints other tables"
after=$(cat "$work"/whole/*.json "$work"/whole/*/log.jsonl "$work"/whole/*/step-*/* | cksum)
[ "$before" = "$after" ] ||
    failure "a finished study was changed"

# ---- the same, killed at each kind of write, and stopped

broken=$work/broken
kills=0
killed_at() { # POINT THREADS
    (
        export SGATLIN_KILL="$1"
        (study "$broken" $2)
        exit $?
    ) >/dev/null 2>"$work/messages"
    status=$?
    [ $status = 137 ] || failure "not killed at $1: exit $status: $(tail -1 "$work/messages")"
    kills=$((kills + 1))
}
# isoflop.json: before there is one, then before and after it names the first cell.
killed_at write:isoflop.json 1
killed_at rename:isoflop.json 2
killed_at renamed:isoflop.json 1
killed_at write:isoflop.json 3
killed_at renamed:isoflop.json 2
# The first cell: with only the first line of its log, with its first checkpoint; stopped by Ctrl-C;
# between two lines.
killed_at written:log.jsonl 1
killed_at write:model.safetensors 2
killed_at renamed:step-000000 3
first=$broken/mlp_q1_3e8_p0.001_s1
[ "$(wc -l <"$first/log.jsonl")" = 1 ] ||
    failure "killed after the first checkpoint: $(cat "$first/log.jsonl")"
(export SGATLIN_STOP=written:log.jsonl:2 && study "$broken" 2) >/dev/null 2>"$work/messages" &
process=$!
interrupt $process
[ $status = 130 ] || failure "Ctrl-C: exit $status: $(tail -1 "$work/messages")"
grep -q '^stopped ' "$work/messages" || failure "Ctrl-C: no message says how to continue"
killed_at written:log.jsonl:2 2
# Its last checkpoint; then its last line is written, but not its picture, and isoflop.json does not
# call it done.
killed_at rename:step-000038 1
killed_at renamed:step-000038 2
killed_at rename:loss.png:2 1
grep -q final_valid_loss "$first/log.jsonl" || failure "killed before the cell's last line"
values "$broken" 'done' | grep -q true && failure "killed after the cell was called done"
[ -n "$(ls "$first"/.loss.png.partial*)" ] || failure "the kill left no part of a picture"
# isoflop.json with a cell that is done, and the pictures of the study.
killed_at write:isoflop.json 3
killed_at renamed:isoflop.json 2
[ "$(values "$broken" 'done' | grep -c true)" = 1 ] ||
    failure "a cell that is done is not called done"
[ -z "$(ls "$first"/.*partial* 2>/dev/null)" ] || failure "part of a cell's picture was left"
for point in write:parameters.png rename:parameters.png renamed:parameters.png write:seconds.png \
    renamed:seconds.png; do
    killed_at $point 2
done
expect 0 'done  ' --data "$data" --out "$broken" --threads 1 $asked
whole "$broken" || failure "killed and continued: some cell is not done"
numbers "$work/whole" >"$work/expected"
numbers "$broken" | cmp - "$work/expected" || failure "killed and continued: other numbers"
for file in "$work"/whole/*/step-*/model.safetensors; do
    cmp "$file" "$broken${file#"$work/whole"}" || failure "killed and continued: other weights"
done
values "$broken" seconds | awk '!($1 > 0) { exit 1 }' ||
    failure "seconds: $(values "$broken" seconds)"
left=$(find "$broken" -name '.*' ! -name .lock)
[ -z "$left" ] || failure "killed and continued: left behind: $left"

# A study can be extended: finished cells are kept.
logs=$(cat "$work"/whole/*/log.jsonl | cksum)
expect 0 '11 cells, 9 of them done' --data "$data" --out "$work/whole" $asked \
    --variants sgatlin+gelu,sgatlin+relu,mlp+F=32
[ "$(values "$work/whole" kind | wc -l)" = 11 ] ||
    failure "a larger study: $(values "$work/whole" kind | wc -l) cells"
[ "$logs" = "$(ls -d "$work"/whole/*/ | grep -v -e relu -e F=32 | sed 's/$/log.jsonl/' |
    xargs cat | cksum)" ] ||
    failure "a larger study trained finished cells again"

# A learning rate at which training diverges is not selected, and does not end the study.
expect 0 'the study continues' --data "$data" --out "$work/wild" --budget 3e8 --kinds mlp \
    --scales q1,q2 \
    --peaks 1e30,0.001 --set B=2 T=32 clip=0
grep -q '| mlp | q1 | \*\*0.001: [0-9.]*\*\* 1e30: inf |' "$work/stdout" ||
    failure "diverged: $(cat "$work/stdout")"
expect 0 '3 of them done' --data "$data" --out "$work/wild" --budget 3e8 --kinds mlp \
    --scales q1,q2 \
    --peaks 1e30,0.001 --set B=2 T=32 clip=0

# Two at once: the second is refused.
asked="--budget 1e11 --kinds mlp --set B=2 T=32"
(study "$work/busy" 1) >/dev/null 2>&1 &
process=$!
await [ -e "$work/busy/isoflop.json" ]
expect 1 'another process' --data "$data" --out "$work/busy" $asked
kill -9 $process 2>/dev/null
wait $process 2>/dev/null
asked="--budget 3e8 $shape --set B=2 T=32"

# ---- wrong usage and bad input

sum() { find "$work/whole" "$data" -type f | sort | xargs cat | cksum; }
before=$(sum)
small="--data $data --out $work/new --scales q1,q2 --set B=2 T=32"
misused() {
    expect 2 "$@"
    [ "$(grep -c '^sgatlin isoflop: ' "$work/stderr")" = 1 ] ||
        failure "$*: expected one line of error: $(cat "$work/stderr")"
}
misused 'expected --data DIR, --budget FLOPS and --out DIR'
misused 'expected --data DIR, --budget FLOPS and --out DIR' --data "$data" --budget 1e9
for case in 'ffn=none: --kinds none' 'no option none: --kinds sgatlin+none' \
    'no option gelu: --kinds mlp+gelu' \
    'K=29: --kinds sgatlin+K=29' 'K=29: --set K=29' 'no such scale: --scales q1,9' \
    'no such scale: --scales 1' \
    'empty item: --kinds mlp,' 'is repeated: --kinds mlp,mlp' 'is repeated: --seeds 1,1' \
    'is repeated: --peaks 0.001,1e-3' \
    'less than one step: --budget 1e5' 'more than 1e9 steps: --budget 1e29' \
    'expected numbers: --budget x' \
    'expected numbers: --budget -1' 'expected whole numbers: --seeds 1.5' \
    'expected numbers: --peaks 0' \
    'expected one of --kinds: --variants sgatlin' \
    'expected one of --kinds: --kinds mlp --variants sgatlin+gelu' \
    'none of the kinds: --kinds mlp --set K=3' 'the budget determines: --set steps=3' \
    'NAME=VALUE: --set K' 'expected a whole number: --threads 0'; do
    misused "${case%%: *}" $small --budget 3e8 ${case#*: }
done
refused() {
    expect 1 "$@"
    [ "$(grep -c '^sgatlin isoflop: ' "$work/stderr")" = 1 ] ||
        failure "$*: expected one line of error: $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || failure "$*: something on stdout"
}
refused 'nowhere' --data "$work/nowhere" --out "$work/new" $asked
refused 'less than one batch\|holds' $small --set B=4096 --budget 1e13 --kinds mlp
refused 'of memory' $small --budget 1e13 --kinds sgatlin --scales 8 --set F=1048576
refused 'is not an isoflop study' --data "$data" --out "$data" $asked
refused "with --set 'B=2 T=32', not 'B=2 T=16'" --data "$data" --out "$work/whole" --budget 3e8 \
    $shape --set B=2 T=16
refused 'on other data' --data "$work/other" --out "$work/whole" $asked
[ ! -e "$work/new" ] || failure "a refused study left its folder"
[ "$before" = "$(sum)" ] || failure "a file was overwritten"
sed 's/"B": *2/"B":3/' "$work/wild/mlp_q1_3e8_p0.001_s1/log.jsonl" >"$work/log"
cp "$work/log" "$work/wild/mlp_q1_3e8_p0.001_s1/log.jsonl"
refused 'another model or other settings' --data "$data" --out "$work/wild" --budget 3e8 \
    --kinds mlp --set B=2 T=32 clip=0
echo '{' >"$work/wild/isoflop.json"
refused 'isoflop.json: line' --data "$data" --out "$work/wild" --budget 3e8 --kinds mlp --set B=2 \
    T=32 clip=0

# ---- --time: nothing is trained, and cells of one kind and scale have the same seconds afterwards

expect 0 'timing   round 5 of 5' --data "$data" --out "$work/whole" --time $asked
grep -q 'step 10/' "$work/stderr" && failure "--time trained something"
mlp_seconds() { # of its two learning rates at the smallest scale
    tr -d '\n' <"$1/isoflop.json" | sed 's/"run"/\n&/g' |
        sed -n 's/^"run": *"mlp_q1_.*_s1".*"seconds": *\([0-9.e-]*\),.*/\1/p'
}
[ "$(mlp_seconds "$work/whole" | wc -l)" = 2 ] || failure "--time: $(mlp_seconds "$work/whole")"
[ "$(mlp_seconds "$work/whole" | sort -u | wc -l)" = 1 ] ||
    failure "--time: two times for one kind and scale"
timed=$(mlp_seconds "$work/whole")
expect 0 'done  ' --data "$data" --out "$work/whole" $asked
[ "$timed" = "$(mlp_seconds "$work/whole")" ] || failure "the interleaved times were lost"

finish
