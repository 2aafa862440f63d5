#!/bin/sh
# sgatlin isoflop end to end: a tiny study, killed and stopped at any moment and gone on with, ends in the same numbers
# and weights as an unbroken one; what cannot be met is refused with nothing written over. SEED=N repeats a run.
# shellcheck disable=SC2086,SC2010,SC2012,SC2154 # arguments are kept as words in one string; file names hold no blanks
. tests/commands/command.sh
seed=${SEED:-$(date +%s)}
kills=${KILLS:-4}
echo "$test_name: SEED=$seed"
subcommand=isoflop
data=$work/data
shape="--kinds mlp,sgatlin --scales q2,q1 --peaks 0.001,0.004 --best-seeds 2 --variants sgatlin+gelu"
asked="--budget 3e8 $shape --set B=2 T=32"

state=$((seed % 65521 + 1))
draw() {
    state=$((state * 17364 % 65521))
    drawn=$((state % $1))
}
milliseconds() { date +%s%N | cut -c1-13; }
# Replaces the shell it runs in, so that a kill hits the program: call it in (…) or with &.
study() { exec "$sgatlin" isoflop --data "$data" --out "$1" --threads "$2" $asked; }
# What must be the same in any run of one study: everything but the seconds.
numbers() { grep -v -e '"seconds"' "$1/isoflop.json"; }
values() { sed -n "s/^ *\"$2\": *\\(.*[^,]\\),*\$/\\1/p" "$1/isoflop.json"; }
whole() { [ "$(values "$1" 'done' | sort -u)" = true ]; }

"$sgatlin" data --storyworld --stories 200 --seed 1 --vocab 400 --out "$data" >/dev/null 2>&1 || wrong "data"
"$sgatlin" data --storyworld --stories 200 --seed 2 --vocab 400 --out "$work/other" >/dev/null 2>&1 || wrong "data"

# -- What will be done, and nothing done --

expect 0 '' --data "$data" --dry-run $asked
[ "$(grep -c '^| [ms]' "$work/stdout")" = 6 ] || wrong "--dry-run: wanted three kinds at two scales"
grep -q '^9 cells, ' "$work/stdout" || wrong "--dry-run: $(tail -1 "$work/stdout")"
grep '^| mlp | q2 |' "$work/stdout" | grep -q '| 10 | 640 |' || wrong "--dry-run: wanted 10 steps of mlp at q2"
[ ! -e "$work/whole" ] || wrong "--dry-run wrote something"

# -- One study without a break --

begun=$(milliseconds)
expect 0 'cell 9 of 9' --data "$data" --out "$work/whole" --threads 2 $asked
took=$(($(milliseconds) - begun))
[ $took -le 6000 ] || took=6000 # on a busy machine: more kills before the end, no longer waits
cp "$work/stdout" "$work/table"
[ "$(grep -c '^| mlp \| sgatlin |' "$work/table")" = 6 ] || wrong "tables: $(cat "$work/table")"
grep -q '^| sgatlin+gelu | q[12] | 0.00[14] | 1 |' "$work/table" || wrong "tables: no variant"
grep -q '^| mlp | q1 | \*\*0.00\|^| mlp | q1 | 0.001: [0-9.]* \*\*' "$work/table" || wrong "tables: no learning rates"
[ "$(values "$work/whole" kind | wc -l)" = 9 ] || wrong "isoflop.json: $(values "$work/whole" kind | wc -l) cells"
whole "$work/whole" || wrong "isoflop.json: some cell is not done"
for picture in parameters seconds; do
    [ "$(head -c 4 "$work/whole/$picture.png" | tail -c 3)" = PNG ] || wrong "no $picture.png"
done
# A budget is spent to less than a step.
values "$work/whole" flops | awk '!($1 <= 3e8 && $1 > 2.6e8) { exit 1 }' || wrong "FLOPs: $(values "$work/whole" flops)"

# Each cell is a run like any other, and its loss is what eval says.
run=$work/whole/sgatlin_q2_3e8_p0.004_s1
[ -d "$run" ] || run=$work/whole/sgatlin_q2_3e8_p0.001_s1
[ "$(ls "$run" | tr '\n' ' ')" = "log.jsonl loss.png step-000010 " ] || wrong "a cell holds $(ls "$run")"
"$sgatlin" train --resume "$run" 2>&1 | grep -q 'is finished' || wrong "a cell is no finished run"
loss=$("$sgatlin" eval --checkpoint "$run" --data "$data/valid.bin" --batch 2 --json 2>/dev/null |
    sed 's/.*"loss": \([0-9.]*\).*/\1/')
values "$work/whole" valid_loss | awk -v loss="$loss" '{ d = $1 - loss; if (d * d < 1e-12) found = 1 } END { exit !found }' ||
    wrong "eval says $loss, isoflop.json $(values "$work/whole" valid_loss | tr '\n' ' ')"

# Once more: nothing is trained, nothing changes, the same tables.
before=$(cat "$work"/whole/*.json "$work"/whole/*/log.jsonl "$work"/whole/*/step-*/* | cksum)
expect 0 '9 of them done' --data "$data" --out "$work/whole" $asked
cmp -s "$work/stdout" "$work/table" || wrong "a finished study prints other tables"
[ "$before" = "$(cat "$work"/whole/*.json "$work"/whole/*/log.jsonl "$work"/whole/*/step-*/* | cksum)" ] ||
    wrong "a finished study was changed"

# -- The same, broken off --

i=0
broken=$work/broken
while [ $i -lt "$kills" ]; do
    draw $((took / 3 + 1))
    delay=$(awk "BEGIN { printf \"%.3f\", $drawn / 1000 }")
    draw 3
    (study "$broken" $((drawn + 1))) >/dev/null 2>"$work/messages" &
    process=$!
    sleep "$delay"
    if [ $((i % 3)) = 2 ]; then signal=INT; else signal=KILL; fi
    # the program itself: the only child of that shell, or what the shell became
    kill -$signal $process 2>/dev/null
    wait $process 2>/dev/null
    echo "killed by $signal after ${delay}s with $((drawn + 1)) threads: $(ls "$broken" 2>/dev/null | grep -c _s) cells begun"
    i=$((i + 1))
done
expect 0 'done  ' --data "$data" --out "$broken" --threads 1 $asked
whole "$broken" || wrong "the broken study: some cell is not done"
numbers "$work/whole" >"$work/wanted"
numbers "$broken" | cmp - "$work/wanted" || wrong "SEED=$seed: a study that was broken off came to other numbers"
for file in "$work"/whole/*/step-*/model.safetensors; do
    cmp "$file" "$broken${file#"$work/whole"}" || wrong "SEED=$seed: other weights"
done
values "$broken" seconds | awk '!($1 > 0) { exit 1 }' || wrong "seconds: $(values "$broken" seconds)"
[ -z "$(ls -d "$broken"/.*partial* "$broken"/*/.*partial* 2>/dev/null)" ] || wrong "SEED=$seed: halves were left behind: $(ls -d "$broken"/.*partial* "$broken"/*/.*partial* 2>/dev/null)"

# More may be asked of a study: what is done stays.
logs=$(cat "$work"/whole/*/log.jsonl | cksum)
expect 0 '11 cells, 9 of them done' --data "$data" --out "$work/whole" $asked --variants sgatlin+gelu,sgatlin+relu,mlp+F=32
[ "$(values "$work/whole" kind | wc -l)" = 11 ] || wrong "a larger study: $(values "$work/whole" kind | wc -l) cells"
[ "$logs" = "$(ls -d "$work"/whole/*/ | grep -v -e relu -e F=32 | sed 's/$/log.jsonl/' | xargs cat | cksum)" ] ||
    wrong "a larger study trained anew"

# A rate at which training diverges is not chosen, and does not end the study.
expect 0 'the study continues' --data "$data" --out "$work/wild" --budget 3e8 --kinds mlp --scales q1,q2 \
    --peaks 1e30,0.001 --set B=2 T=32 clip=0
grep -q '| mlp | q1 | \*\*0.001: [0-9.]*\*\* 1e30: inf |' "$work/stdout" || wrong "diverged: $(cat "$work/stdout")"
expect 0 '3 of them done' --data "$data" --out "$work/wild" --budget 3e8 --kinds mlp --scales q1,q2 \
    --peaks 1e30,0.001 --set B=2 T=32 clip=0

# Two at once: the second is refused.
asked="--budget 1e11 --kinds mlp --set B=2 T=32"
(study "$work/busy" 1) >/dev/null 2>&1 &
process=$!
tries=0
until [ -e "$work/busy/isoflop.json" ] || [ $tries -ge 600 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
expect 1 'another process' --data "$data" --out "$work/busy" $asked
kill -9 $process 2>/dev/null
wait $process 2>/dev/null
asked="--budget 3e8 $shape --set B=2 T=32"

# -- Wrong usage and bad input --

sum() { find "$work/whole" "$data" -type f | sort | xargs cat | cksum; }
before=$(sum)
small="--data $data --out $work/new --scales q1,q2 --set B=2 T=32"
misused() {
    expect 2 "$@"
    [ "$(grep -c '^sgatlin isoflop: ' "$work/stderr")" = 1 ] || wrong "$*: wanted one line of error: $(cat "$work/stderr")"
}
misused 'expected --data DIR, --budget FLOPS and --out DIR'
misused 'expected --data DIR, --budget FLOPS and --out DIR' --data "$data" --budget 1e9
for case in 'ffn=none: --kinds none' 'no option none: --kinds sgatlin+none' 'no option gelu: --kinds mlp+gelu' \
    'K=29: --kinds sgatlin+K=29' 'K=29: --set K=29' 'no such scale: --scales q1,9' 'no such scale: --scales 1' \
    'empty item: --kinds mlp,' 'is repeated: --kinds mlp,mlp' 'is repeated: --seeds 1,1' 'is repeated: --peaks 0.001,1e-3' \
    'less than one step: --budget 1e5' 'more than 1e9 steps: --budget 1e29' 'expected numbers: --budget x' \
    'expected numbers: --budget -1' 'expected whole numbers: --seeds 1.5' 'expected numbers: --peaks 0' \
    'expected one of --kinds: --variants sgatlin' 'expected one of --kinds: --kinds mlp --variants sgatlin+gelu' \
    'none of the kinds: --kinds mlp --set K=3' 'the budget determines: --set steps=3' 'NAME=VALUE: --set K' 'expected a whole number: --threads 0'; do
    misused "${case%%: *}" $small --budget 3e8 ${case#*: }
done
refused() {
    expect 1 "$@"
    [ "$(grep -c '^sgatlin isoflop: ' "$work/stderr")" = 1 ] || wrong "$*: wanted one line of error: $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || wrong "$*: something on stdout"
}
refused 'nowhere' --data "$work/nowhere" --out "$work/new" $asked
refused 'less than one batch\|holds' $small --set B=4096 --budget 1e13 --kinds mlp
refused 'of memory' $small --budget 1e13 --kinds sgatlin --scales 8 --set F=1048576
refused 'is not an isoflop study' --data "$data" --out "$data" $asked
refused "with --set 'B=2 T=32', not 'B=2 T=16'" --data "$data" --out "$work/whole" --budget 3e8 $shape --set B=2 T=16
refused 'on other data' --data "$work/other" --out "$work/whole" $asked
[ ! -e "$work/new" ] || wrong "a refused study left its folder"
[ "$before" = "$(sum)" ] || wrong "something was written over"
sed 's/"B": *2/"B":3/' "$work/wild/mlp_q1_3e8_p0.001_s1/log.jsonl" >"$work/log"
cp "$work/log" "$work/wild/mlp_q1_3e8_p0.001_s1/log.jsonl"
refused 'another model or other settings' --data "$data" --out "$work/wild" --budget 3e8 --kinds mlp --set B=2 T=32 clip=0
echo '{' >"$work/wild/isoflop.json"
refused 'isoflop.json: line' --data "$data" --out "$work/wild" --budget 3e8 --kinds mlp --set B=2 T=32 clip=0

# -- Killed behind the last line of a cell's log: its picture is drawn, and it is known to be done --

cell=$(ls -d "$work"/broken/mlp_q1_*_p0.001_s1)
rm "$cell/loss.png"
touch "$cell/.loss.png.partial-999999"
sed '0,/"done": true/s//"done": false/' "$work/broken/isoflop.json" >"$work/late.json"
cp "$work/late.json" "$work/broken/isoflop.json"
whole "$work/broken" && wrong "the test did not make a cell undone"
expect 0 '9 of them done' --data "$data" --out "$work/broken" $asked
whole "$work/broken" || wrong "a cell that was done is not known to be"
[ "$(head -c 4 "$cell/loss.png" | tail -c 3)" = PNG ] || wrong "a cell that was done got no picture"
[ ! -e "$cell/.loss.png.partial-999999" ] || wrong "half a picture was left behind"

# -- Times in turns: nothing is trained, and cells of one kind and scale take the same seconds from then on --

expect 0 'timing   round 5 of 5' --data "$data" --out "$work/whole" --time $asked
grep -q 'step 10/' "$work/stderr" && wrong "--time trained something"
mlp_seconds() { # of its two learning rates at the smallest scale
    tr -d '\n' <"$1/isoflop.json" | sed 's/"run"/\n&/g' | sed -n 's/^"run": *"mlp_q1_.*_s1".*"seconds": *\([0-9.e-]*\),.*/\1/p'
}
[ "$(mlp_seconds "$work/whole" | wc -l)" = 2 ] || wrong "--time: $(mlp_seconds "$work/whole")"
[ "$(mlp_seconds "$work/whole" | sort -u | wc -l)" = 1 ] || wrong "--time: two times for one kind and scale"
timed=$(mlp_seconds "$work/whole")
expect 0 'done  ' --data "$data" --out "$work/whole" $asked
[ "$timed" = "$(mlp_seconds "$work/whole")" ] || wrong "the times in turns were forgotten"

finish
