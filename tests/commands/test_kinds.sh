#!/bin/sh
# Every kind of feed-forward layer, end to end: trained, resumed after the loss of its last
# checkpoint, evaluated and sampled from; settings that it does not have are refused, and so is a
# run of one kind opened as another.
# shellcheck disable=SC2086 # arguments are kept as words in one string
. tests/commands/command.sh

"$sgatlin" data --storyworld --stories 200 --seed 1 --vocab 400 \
    --out "$work/data" >/dev/null 2>&1 || failure "data"
expect 0 '' flops --preset tiny --json
kinds=$(sed -n 's/.*"ffn": "\([a-z]*\)".*/\1/p' "$work/stdout")
[ -n "$kinds" ] || failure "flops names no kind: $(cat "$work/stdout")"

for kind in $kinds; do
    run=$work/$kind
    expect 0 'done' train --data "$work/data" --preset tiny --ffn $kind --set steps=4 \
        checkpoint_every=2 --threads 1 \
        --out "$run"
    cp -r "$run" "$run-again"
    rm -r "$run-again/step-000004"
    expect 0 'done' train --resume "$run-again" --threads 2
    for file in model.safetensors optimizer.safetensors state.json; do
        cmp "$run/step-000004/$file" "$run-again/step-000004/$file" ||
            failure "$kind: resumed, $file differs"
    done
    expect 0 '' eval --checkpoint "$run" --data "$work/data/valid.bin"
    expect 0 '' sample --checkpoint "$run" --tokens 40 --seed 3 --threads 1
    cp "$work/stdout" "$work/story"
    expect 0 '' sample --checkpoint "$run" --tokens 40 --seed 3 --threads 2
    cmp "$work/story" "$work/stdout" || failure "$kind: another story with two threads"
    [ "$(wc -c <"$work/story")" -gt 20 ] || failure "$kind: no story: $(cat "$work/story")"
done

expect 0 '' gates --checkpoint "$work/peer" --text "The turtle was slow." --out "$work/gates.png"

# One line that says what to change, and no folder is left.
for case in 'no such setting: peer --router dense' \
    'no such setting: peer --router product_key_value' \
    'no such setting: peer --activation gelu' 'no such setting: mlp --router dense' \
    'no such setting: glu --set K=2' \
    'F=26 is not a square: peer --set F=26' 'K=8 is more than n=7: peer --set K=8'; do
    expect 2 "^sgatlin train: .*${case%%: *}" train --data "$work/data" --out "$work/new" \
        --preset tiny --ffn ${case#*: }
    [ "$(grep -c '^sgatlin train: ' "$work/stderr")" = 1 ] ||
        failure "${case#*: }: expected one line of error"
    [ ! -e "$work/new" ] || failure "${case#*: } left a folder"
done

# ---- a run of one kind opened as another: one line that says what to change, and no byte of the
# run changes

for run in 'three --set E=3' 'expert --routing expert'; do
    expect 0 'done' train --data "$work/data" --preset tiny --ffn moe --threads 1 \
        --out "$work/${run%% *}" ${run#* } \
        --set steps=4 checkpoint_every=2
done
sums() { find "$1" -type f -exec cksum {} + | sort; }
refused() { # STATUS PATTERN ARGUMENT...
    expect "$@"
    [ "$(grep -c "^sgatlin $3: " "$work/stderr")" = 1 ] ||
        failure "$*: expected one line of error: $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || failure "$*: something on stdout"
}

for case in moe:peer moe:sgatlin peer:moe peer:sgatlin sgatlin:moe glu:moe \
    'moe:moe --set E=3' 'moe:moe --routing expert' 'moe:moe --routing unified --pool sequence' \
    'three:moe' 'expert:moe' 'expert:moe --routing unified' 'sgatlin:sgatlin --router dense'; do
    run=$work/${case%%:*} words="--ffn ${case#*:}"
    before=$(sums "$run")
    refused 2 '--ffn cannot be given with --resume: .*; start another run with --out' train \
        --resume "$run" $words
    refused 1 "continue it with --resume $run, or choose another folder" \
        train --data "$work/data" --preset tiny --out "$run" $words
    refused 2 "unrecognized option '--ffn'" sample --checkpoint "$run" $words
    refused 2 "unrecognized option '--ffn'" eval --checkpoint "$run" --data "$work/data/valid.bin" \
        $words
    refused 2 "unrecognized option '--ffn'" gates --checkpoint "$run" --text x \
        --out "$work/none.png" $words
    refused 1 'is not an isoflop study.*; use another --out' isoflop --data "$work/data" \
        --out "$run" --budget 1e10 \
        --kinds "$(echo ${case#*:} | cut -d ' ' -f 1)" --scales q1 --set B=2 T=32
    [ "$before" = "$(sums "$run")" ] || failure "$case: a file was overwritten"
done
[ ! -e "$work/none.png" ] || failure "a refused picture was drawn"

# A checkpoint put together from two runs.
for case in 'moe peer' 'moe sgatlin' 'peer moe' 'peer sgatlin' 'sgatlin moe' 'glu moe' 'moe three' \
    'expert three'; do
    for file in model optimizer; do
        rm -rf "$work/mixed"
        cp -r "$work/${case% *}" "$work/mixed"
        cp "$work/${case#* }/step-000004/$file.safetensors" "$work/mixed/step-000004"
        before=$(sums "$work/mixed")
        refused 1 'optimizer.safetensors: tensor .* belongs to another model' train \
            --resume "$work/mixed"
        [ "$before" = "$(sums "$work/mixed")" ] || failure "$case: a file was overwritten"
    done
done

finish
