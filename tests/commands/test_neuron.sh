#!/bin/sh
# sgatlin neuron, end to end: a neuron's card as text and JSON, for every kind that has gates, and
# beside the terms of sgatlin why; what it refuses.
. tests/commands/command.sh

"$sgatlin" data --storyworld --stories 200 --seed 1 --vocab 400 \
    --out "$work/data" >/dev/null 2>&1 || failure "data"
for kind in mlp moe peer sgatlin; do
    "$sgatlin" train --data "$work/data" --preset tiny --ffn $kind --threads 1 --set steps=4 \
        --out "$work/$kind" >/dev/null 2>"$work/stderr" || failure "train: $(cat "$work/stderr")"
    [ $kind = mlp ] || "$sgatlin" record --checkpoint "$work/$kind" --data "$work/data/valid.bin" \
        --out "$work/$kind.gatings" >/dev/null 2>"$work/stderr" ||
        failure "record: $(cat "$work/stderr")"
done
# of the neuron itself: before the first list
number() { sed -n "s/^{[^[]*\"$1\": \([-0-9.e]*\).*/\1/p" "$work/stdout"; }

# All neurons of a channel together fire K times at each position.
subcommand=neuron
for kind in peer sgatlin; do
    case $kind in peer) F=49 ;; sgatlin) F=25 ;; esac
    fired=0 index=0
    while [ $index -lt "$F" ]; do
        expect 0 '' --checkpoint "$work/$kind" --recording "$work/$kind.gatings" --layer 1 \
            --channel 1 --index $index --json
        fired=$((fired + $(number fired)))
        index=$((index + 1))
    done
    [ $fired = $((3 * $(number positions))) ] ||
        failure "$kind: fired $fired times at $(number positions) positions"
    for name in listens_for listens_least promotes suppresses; do
        grep -q "\"$name\": \[{\"token\": \"[^\"]*\", \"value\": [-0-9.e]*}, " "$work/stdout" ||
            failure "$kind: no $name: $(cat "$work/stdout")"
    done
done
[ "$(wc -l <"$work/stdout")" = 1 ] || failure "JSON on several lines"

# The text has the same, in at most 100 columns.
most=0 best=0 index=0
while [ $index -lt 25 ]; do
    expect 0 '' --checkpoint "$work/sgatlin" --recording "$work/sgatlin.gatings" --layer 0 \
        --channel 0 --index $index --json
    [ "$(number fired)" -le "$most" ] || best=$index
    [ "$(number fired)" -le "$most" ] || most=$(number fired)
    index=$((index + 1))
done
expect 0 '' --checkpoint "$work/sgatlin" --recording "$work/sgatlin.gatings" --layer 0 \
    --channel 0 --index $best
grep -q "^layer 0, channel 0, neuron $best: fires at $most of " "$work/stdout" ||
    failure "another count than $most: $(cat "$work/stdout")"
for word in 'listens for' promotes 'fires at' 'highest scores' 'together with'; do
    grep -q "^$word" "$work/stdout" || failure "no $word: $(cat "$work/stdout")"
done
grep -q ' \[[^ ]*\] ' "$work/stdout" || failure "no context: $(cat "$work/stdout")"
[ "$(LC_ALL=C.UTF-8 awk 'length > 100' "$work/stdout")" = '' ] || failure "a long line"

# An expert of a moe has no weights to show as words, and one channel.
expect 0 '' --checkpoint "$work/moe" --recording "$work/moe.gatings" --layer 0 --index 1 --json
grep -q '"fired": [1-9]' "$work/stdout" || failure "moe: never fires: $(cat "$work/stdout")"
grep -q promotes "$work/stdout" && failure "moe: words: $(cat "$work/stdout")"

# Beside the terms of a logit.
subcommand=why
expect 0 '' --checkpoint "$work/sgatlin" --prompt "The turtle was" --all --json \
    --recording "$work/sgatlin.gatings"
[ "$(grep -o '"fires_at": \["' "$work/stdout" | wc -l)" -ge 8 ] ||
    failure "why: no tokens at which neurons fire: $(cat "$work/stdout")"
expect 0 '' --checkpoint "$work/moe" --prompt "The turtle was" --recording "$work/moe.gatings"
grep -q 'expert [0-9]  *[^ ]' "$work/stdout" || failure "why: an expert without tokens"
expect 1 'peer' --checkpoint "$work/sgatlin" --prompt "x" --recording "$work/peer.gatings"

# refused STATUS PATTERN ARGUMENT...: one line that says what to change.
refused() {
    expect "$@"
    [ "$(grep -c '^sgatlin neuron: ' "$work/stderr")" = 1 ] ||
        failure "$*: expected one line of error: $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || failure "$*: something on stdout"
}
subcommand=neuron
run=$work/sgatlin file=$work/sgatlin.gatings
refused 2 'expected --recording FILE' --checkpoint "$run" --layer 0 --channel 0 --index 0
refused 2 'expected --layer L and --index I' --checkpoint "$run" --recording "$file" --layer 0
refused 2 '--layer -1: expected a whole number' --checkpoint "$run" --recording "$file" --layer -1
refused 1 'expected --channel C: the model.s are 0 to 1' --checkpoint "$run" --recording "$file" \
    --layer 0 --index 0
refused 1 '--layer 2: the model.s are 0 to 1' --checkpoint "$run" --recording "$file" --layer 2 \
    --channel 0 --index 0
refused 1 '--channel 2: the model.s are 0 to 1' --checkpoint "$run" --recording "$file" --layer 0 \
    --channel 2 --index 0
refused 1 '--index 25: the model.s are 0 to 24' --checkpoint "$run" --recording "$file" --layer 0 \
    --channel 0 --index 25
refused 1 'ffn=mlp has no gates' --checkpoint "$work/mlp" --recording "$file" --layer 0 \
    --channel 0 --index 0
refused 1 'peer.gatings' --checkpoint "$run" --recording "$work/peer.gatings" --layer 0 \
    --channel 0 --index 0
refused 1 'none.gatings' --checkpoint "$run" --recording "$work/none.gatings" --layer 0 \
    --channel 0 --index 0
refused 1 'facts.tsv' --checkpoint "$run" --recording "$work/data/facts.tsv" --layer 0 \
    --channel 0 --index 0

finish
