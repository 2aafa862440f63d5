#!/bin/sh
# Every kind of feed-forward layer that is built in, end to end: trained, gone on with after a loss of its last
# checkpoint, evaluated, sampled from; and that it refuses the settings it does not have.
# shellcheck disable=SC2086 # arguments are kept as words in one string
. tests/support/command.sh

"$sgatlin" data --storyworld --stories 200 --seed 1 --vocab 400 --out "$work/data" >/dev/null 2>&1 || wrong "data"
expect 0 '' flops --preset tiny --json
kinds=$(sed -n 's/.*"ffn": "\([a-z]*\)".*/\1/p' "$work/stdout")
[ -n "$kinds" ] || wrong "flops names no kind: $(cat "$work/stdout")"

for kind in $kinds; do
    run=$work/$kind
    expect 0 'done' train --data "$work/data" --preset tiny --ffn $kind --set steps=4 checkpoint_every=2 --threads 1 \
        --out "$run"
    cp -r "$run" "$run-again"
    rm -r "$run-again/step-000004"
    expect 0 'done' train --resume "$run-again" --threads 2
    for file in model.safetensors optimizer.safetensors state.json; do
        cmp "$run/step-000004/$file" "$run-again/step-000004/$file" || wrong "$kind: gone on with, another $file"
    done
    expect 0 '' eval --checkpoint "$run" --data "$work/data/valid.bin"
    expect 0 '' sample --checkpoint "$run" --tokens 40 --seed 3 --threads 1
    cp "$work/stdout" "$work/story"
    expect 0 '' sample --checkpoint "$run" --tokens 40 --seed 3 --threads 2
    cmp "$work/story" "$work/stdout" || wrong "$kind: two threads tell another story"
    [ "$(wc -c <"$work/story")" -gt 20 ] || wrong "$kind: no story: $(cat "$work/story")"
done

expect 0 '' gates --checkpoint "$work/peer" --text "The turtle was slow." --out "$work/gates.png"

# One line that says what to change, and nothing is left behind.
for case in 'no such setting: peer --router dense' 'no such setting: peer --router product_key_value' \
    'no such setting: peer --activation gelu' 'no such setting: mlp --router dense' 'no such setting: glu --set K=2' \
    'F=26 is not a square: peer --set F=26' 'K=8 is more than n=7: peer --set K=8'; do
    expect 2 "^sgatlin train: .*${case%%: *}" train --data "$work/data" --out "$work/new" --preset tiny --ffn ${case#*: }
    [ "$(grep -c '^sgatlin train: ' "$work/stderr")" = 1 ] || wrong "${case#*: }: wanted one line of error"
    [ ! -e "$work/new" ] || wrong "${case#*: } left a folder"
done

finish
