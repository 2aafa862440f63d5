#!/bin/sh
# sgatlin why, end to end: the terms of a logit in a table, as JSON and as a picture, for every kind
# that has gates; what it refuses.
. tests/commands/command.sh

"$sgatlin" data --storyworld --stories 200 --seed 1 --vocab 400 \
    --out "$work/data" >/dev/null 2>&1 || failure "data"
for kind in mlp moe peer sgatlin; do
    "$sgatlin" train --data "$work/data" --preset tiny --ffn $kind --threads 1 --set steps=4 \
        --out "$work/$kind" >/dev/null 2>"$work/stderr" || failure "train: $(cat "$work/stderr")"
done
number() { sed -n "s/^{.*\"$1\": \([-0-9.e]*\).*/\1/p" "$work/stdout"; } # the last of that name
subcommand=why

# Every term is there, and they add up to the total and the logit.
for kind in moe peer sgatlin; do
    expect 0 '' --checkpoint "$work/$kind" --prompt "The turtle was" --all --json
    [ "$(wc -l <"$work/stdout")" = 1 ] || failure "$kind: JSON on several lines"
    grep -o '"value": [-0-9.e]*' "$work/stdout" |
        awk -v total="$(number total)" -v logit="$(number logit)" '
            { sum += $2 }
            END { exit !(NR > 5 && sum - total < 1e-7 && total - sum < 1e-7 && \
                total - logit < 1e-4 && logit - total < 1e-4) }' ||
        failure "$kind: not the total: $(cat "$work/stdout")"
    grep -q '"kind": "embedding"' "$work/stdout" || failure "$kind: no embedding"
    grep -q '"kind": "head", "value": [-0-9.e]*, "layer": 1, "head": 1' "$work/stdout" ||
        failure "$kind: no second head of the second layer: $(cat "$work/stdout")"
done
grep -q '"kind": "neuron", "value": [-0-9.e]*, "layer": 1, "channel": 1, "index": [0-9]*' \
    "$work/stdout" || failure "no neuron: $(cat "$work/stdout")"

# A few terms, and the sum of the others: the table has the same numbers.
expect 0 '' --checkpoint "$work/sgatlin" --prompt "The turtle was" --token the --count 3 --json
grep -q '"token": " the"' "$work/stdout" || failure "another token: $(cat "$work/stdout")"
[ "$(grep -o '"kind"' "$work/stdout" | wc -l)" = 3 ] || failure "expected three terms"
rest=$(number rest) total=$(number total)
expect 0 '' --checkpoint "$work/sgatlin" --prompt "The turtle was" --token the --count 3 \
    --out "$work/why.png"
grep -q "^'the' comes next with a probability of" "$work/stdout" || failure "no heading"
grep -q "^ *$(printf '%+.3f' "$rest")  the other" "$work/stdout" || failure "no remainder: $rest"
grep -q "^ *$(printf '%+.3f' "$total")  total" "$work/stdout" || failure "no total: $total"
[ "$(awk 'length > 100' "$work/stdout")" = '' ] || failure "a line of more than 100 columns"
[ "$(head -c 4 "$work/why.png" | tail -c 3)" = PNG ] || failure "no PNG"
expect 0 '' --checkpoint "$work/moe" --prompt "The turtle was"
grep -q '^ *[-+][0-9.]*  layer [01]  expert [0-9]' "$work/stdout" || failure "no expert"

# refused STATUS PATTERN ARGUMENT...: one line that says what to change.
refused() {
    expect "$@"
    [ "$(grep -c '^sgatlin why: ' "$work/stderr")" = 1 ] ||
        failure "$*: expected one line of error: $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || failure "$*: something on stdout"
}
run="$work/sgatlin"
before=$(cksum "$work/why.png")
refused 2 'expected --prompt TEXT' --checkpoint "$run"
refused 2 'expected --checkpoint RUN' --prompt x
refused 2 '--count 0: expected a whole number' --checkpoint "$run" --prompt x --count 0
refused 2 'quote the prompt' --checkpoint "$run" --prompt The turtle
refused 1 'already exists' --checkpoint "$run" --prompt "The" --out "$work/why.png"
refused 1 'ffn=mlp has no gates; train one with --ffn and one of: moe peer sgatlin' \
    --checkpoint "$work/mlp" --prompt "The turtle was"
refused 1 '--prompt is empty; give it' --checkpoint "$run" --prompt ""
refused 1 'the context window' --checkpoint "$run" --prompt "$(yes turtle | head -n 400)"
refused 1 "--token: 'sluggish' is [0-9]* tokens: .*; give a word that is one token" \
    --checkpoint "$run" --prompt "The" --token sluggish
refused 1 "--token: '' has no known token" --checkpoint "$run" --prompt "The" --token ""
[ "$before" = "$(cksum "$work/why.png")" ] || failure "a picture was overwritten"

finish
