#!/bin/sh
# sgatlin recall, end to end: the same numbers in the table and as JSON, for every kind that has
# gates; tables of facts of one's own; what it refuses.
. tests/commands/command.sh

"$sgatlin" data --storyworld --stories 1000 --seed 1 --vocab 1024 \
    --out "$work/data" >/dev/null 2>&1 || failure "data"
for kind in mlp moe peer sgatlin; do
    "$sgatlin" train --data "$work/data" --preset tiny --ffn $kind --threads 1 --set steps=4 \
        --out "$work/$kind" >/dev/null 2>"$work/stderr" || failure "train: $(cat "$work/stderr")"
done
subcommand=recall

# All ordered pairs of the 31 facts; two places, two layers and both together, five controls.
for kind in moe peer sgatlin; do
    expect 0 '' --checkpoint "$work/$kind" --data "$work/data" --json
    [ "$(wc -l <"$work/stdout")" = 1 ] || failure "$kind: JSON on several lines"
    grep -q '^{"pairs": 930, "prompts": 31, ' "$work/stdout" ||
        failure "$kind: not 930 pairs: $(head -c 300 "$work/stdout")"
    [ "$(grep -o '"layers": ' "$work/stdout" | wc -l)" = 30 ] || failure "$kind: not 30 rows"
    for control in patch own third random silent; do
        for position in noun last; do
            for layers in '0, 1' 0 1; do
                words="\"layers\": \\[$layers\\], \"position\": \"$position\""
                grep -q "$words, \"control\": \"$control\", \"pairs\": 930, " "$work/stdout" ||
                    failure "$kind: no row of $control at the $position in $layers"
            done
        done
    done
    # own gatings change nothing
    grep -o '"control": "own", "pairs": 930, "nie": [-0-9.e]*' "$work/stdout" |
        awk '{ nie = $NF < 0 ? -$NF : $NF } nie > 1e-4 { bad = 1 } END { exit bad || NR != 6 }' ||
        failure "$kind: own gatings have an effect: $(cat "$work/stdout")"
done
row='"layers": \[0, 1\], "position": "last", "control": "patch", "pairs": 930'
nie=$(sed -n "s/.*$row, \"nie\": \([-0-9.e]*\),.*/\1/p" "$work/stdout")
expect 0 '' --checkpoint "$work/sgatlin" --data "$work/data" --out "$work/recall.png"
grep -q '^31 prompts "The NOUN was", of which the model answers [0-9]*; 930 ordered pairs$' \
    "$work/stdout" || failure "no heading: $(head -n 1 "$work/stdout")"
awk -v nie="$nie" '/^effect/ { begun = 1 }
    begun && $1 == "all" { exit !($7 - nie < 0.0006 && nie - $7 < 0.0006) }' "$work/stdout" ||
    failure "the table has another effect than $nie: $(cat "$work/stdout")"
[ "$(awk 'length > 100' "$work/stdout")" = '' ] || failure "a line of more than 100 columns"
[ "$(head -c 4 "$work/recall.png" | tail -c 3)" = PNG ] || failure "no PNG"

# The same for any number of threads.
cp "$work/stdout" "$work/two"
expect 0 '' --checkpoint "$work/sgatlin" --data "$work/data" --threads 1
cmp -s "$work/stdout" "$work/two" || failure "another table with one thread"

# A table of one's own: sets of answers, prompts of other lengths, answers of several tokens and
# equal ones.
printf 'noun\tadjective\nturtle\tslow,tiny\nhorse\tfast\nmouse\tfast\nqzqzq\tbig\nfox\tqzqzq\n' \
    >"$work/own.tsv"
expect 0 '' --checkpoint "$work/sgatlin" --pairs "$work/own.tsv"
grep -q '; 4 ordered pairs$' "$work/stdout" || failure "own facts: $(head -n 5 "$work/stdout")"
for words in '1 facts whose answer is not one token' '6 pairs of prompts of unequal length' \
    '2 pairs with the same answer'; do
    grep -q "^left out: $words$" "$work/stdout" || failure "no '$words': $(cat "$work/stdout")"
done

# refused STATUS PATTERN ARGUMENT...: one line that says what to change.
refused() {
    expect "$@"
    [ "$(grep -c '^sgatlin recall: ' "$work/stderr")" = 1 ] ||
        failure "$*: expected one line of error: $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || failure "$*: something on stdout"
}
run=$work/sgatlin
before=$(cksum "$work/recall.png")
mkdir "$work/bare"
refused 2 'expected --data DIR or --pairs FILE' --checkpoint "$run"
refused 2 'expected --checkpoint RUN' --data "$work/data"
refused 1 'already exists' --checkpoint "$run" --data "$work/data" --out "$work/recall.png"
refused 1 'ffn=mlp has no gates' --checkpoint "$work/mlp" --data "$work/data"
refused 1 'bare/facts.tsv: not there; .* --pairs' --checkpoint "$run" --data "$work/bare"
refused 1 'none.tsv: ' --checkpoint "$run" --pairs "$work/none.tsv"
: >"$work/empty.tsv"
refused 1 "empty.tsv: expected the line 'noun<tab>adjective' first" --checkpoint "$run" \
    --pairs "$work/empty.tsv"
printf 'noun\tadjective\nturtle\tslow\n' >"$work/one.tsv"
refused 1 'one.tsv: 1 facts; a pair needs two' --checkpoint "$run" --pairs "$work/one.tsv"
printf 'noun\tadjective\nturtle\tqzqzq\nhorse\tqzqzqz\n' >"$work/unknown.tsv"
refused 1 'no pair of facts .*: 2 answers have several tokens' --checkpoint "$run" \
    --pairs "$work/unknown.tsv"
printf 'noun\tadjective\nturtle\tslow\nhorse\tslow\n' >"$work/same.tsv"
refused 1 'no pair of facts .* 2 have the same answer' --checkpoint "$run" --pairs "$work/same.tsv"
[ "$before" = "$(cksum "$work/recall.png")" ] || failure "a picture was overwritten"

finish
