#!/bin/sh
# sgatlin neighbours, map and usage on recordings of small models: what they print, the same for any
# number of threads and any sparse kind, and what they refuse.
. tests/commands/command.sh

"$sgatlin" data --storyworld --stories 200 --vocab 900 --out "$work/data" >/dev/null \
    2>"$work/stderr" ||
    failure "data: $(cat "$work/stderr")"

# make_run NAME ARGUMENT...: a run, and its recording NAME.safetensors of the validation stories.
make_run() {
    run=$1
    shift
    "$sgatlin" train --data "$work/data" --preset tiny --threads 1 --out "$work/$run" "$@" \
        --set steps=2 B=2 T=200 >/dev/null 2>"$work/stderr" ||
        failure "train: $(cat "$work/stderr")"
    [ "$run" = mlp ] || "$sgatlin" record --checkpoint "$work/$run" --threads 1 \
        --data "$work/data/valid.bin" --out "$work/$run.safetensors" >/dev/null \
        2>"$work/stderr" || failure "record: $(cat "$work/stderr")"
}
make_run sgatlin --ffn sgatlin
make_run peer --ffn peer
make_run moe --ffn moe
make_run expert --ffn moe --routing expert
make_run mlp --ffn mlp

# run STATUS PATTERN COMMAND KIND ARGUMENT...
run() {
    expected_status=$1 expected_text=$2 command=$3 kind=$4
    shift 4
    expect "$expected_status" "$expected_text" "$command" --checkpoint "$work/$kind" \
        --recording "$work/$kind.safetensors" "$@"
}
# prints LINE...: each is a pattern of a line on stdout.
prints() {
    for line in "$@"; do
        grep -q -e "$line" "$work/stdout" || failure "no '$line' in: $(cat "$work/stdout")"
    done
}
# same_output COMMAND KIND ARGUMENT...: the same bytes for 1 and 2 threads.
same_output() {
    run 0 '' "$@" --threads 1
    cp "$work/stdout" "$work/one"
    run 0 '' "$@" --threads 2
    cmp -s "$work/one" "$work/stdout" || failure "$*: another output with two threads"
}
in_columns() {
    ! LC_ALL=C.UTF-8 grep -E '^.{101,}' "$work/stdout" || failure "more than 100 columns"
}

# ---- every sparse kind
first=$(head -n 1 "$work/data/valid.txt" | cut -c1-60)
for kind in sgatlin peer moe expert; do
    same_output neighbours "$kind" --text "$first" --json --count 7
    prints '^{"query": {"token": ".*"layer": [0-9]*, "channel": null.*"neighbours": \[{"distance": '
    [ "$(grep -o '"distance"' "$work/stdout" | wc -l)" = 7 ] || failure "$kind: not 7 neighbours"
    grep -o '"distance": [0-9.e-]*' "$work/stdout" |
        awk '$2 < last || $2 > 2 { exit 1 } { last = $2 }' ||
        failure "$kind: distances are not in order: $(cat "$work/stdout")"
    run 0 '' neighbours "$kind" --text "$first"
    prints '^distance  story  position  context' '^of all positions ' '\[.*\]'
    in_columns
    same_output map "$kind" --json --points 150
    prints '"points": \[{"x": .*"token": ".*"class": null'
    [ "$(grep -o '"x"' "$work/stdout" | wc -l)" = 150 ] || failure "$kind: not 150 points"
    same_output usage "$kind" --json
    prints '"layers": \[{"layer": 0, "usage": [0-9.]*, "gini": [0-9.]*' '"words_shuffled"'
    run 0 '' usage "$kind"
    prints '^layer  *fired' '^Linear CKA'
    in_columns
done

# ---- neighbours: the text of a recorded story finds itself, at the position of the token
run 0 '' neighbours sgatlin --text "$first" --token 5 --layer 1 --channel 0 --count 1 --json
prints '"layer": 1, "channel": 0' '"story": 0, "position": 5'
distance=$(sed 's/.*"distance": \([0-9.e-]*\).*/\1/' "$work/stdout")
awk -v d="$distance" 'BEGIN { exit !(d < 1e-5) }' || failure "its own distance is $distance"
run 0 '' neighbours sgatlin --text "$first" --token 5 --count 9 --other-previous --json
prints '"same_previous": 0.0' # none of them follows the same token
run 0 '' neighbours sgatlin --text "$first" --count 1000000 --json # more than there are
recorded=$("$sgatlin" usage --checkpoint "$work/sgatlin" --recording "$work/sgatlin.safetensors" \
    --json 2>/dev/null | sed 's/.*"positions": \([0-9]*\).*/\1/')
[ "$(grep -o '"distance"' "$work/stdout" | wc -l)" = "$recorded" ] ||
    failure "expected all $recorded positions"

# ---- map: classes, pictures, seeds
run 0 '' map sgatlin --classes "$work/data/classes.tsv" --points 200 --json
prints '"class": "name"'
grep -q '"class": null' "$work/stdout" && failure "a token without a class"
run 0 '' map sgatlin --classes "$work/data/classes.tsv" --points 200 --out "$work/map.png"
prints '^seed 1  ' '^seed 3  ' '^shuffled  ' 'tokens with a class; layer'
[ "$(head -c 4 "$work/map.png" | tail -c 3)" = PNG ] || failure "map: no PNG"
run 0 '' map sgatlin --points 50 --seed 7 --tokens 3 --layer 0 --channel 1 --out "$work/tokens.png"
prints '^50 circuits of the 3 most frequent tokens; layer 0, channel 1' '^seed 7 ' '^seed 9 '
run 0 '' map sgatlin --points 2
run 0 '' map sgatlin --tokens 1 --points 40
prints ' - *-$' # one label has no silhouette
run 0 '' usage sgatlin --out "$work/usage.png" --channel 1
[ "$(head -c 4 "$work/usage.png" | tail -c 3)" = PNG ] || failure "usage: no PNG"

# ---- what is refused
for command in neighbours map usage; do
    text=$([ $command = neighbours ] && echo --text=The)
    # shellcheck disable=SC2086 # a word, or none
    {
        expect 2 'expected --recording' $command --checkpoint "$work/sgatlin" $text
        expect 2 'expected --checkpoint' $command --recording "$work/sgatlin.safetensors" $text
        expect 1 'ffn=mlp has no gates; train one with' $command --checkpoint "$work/mlp" \
            --recording "$work/sgatlin.safetensors" $text
        expect 1 'peer.safetensors.*another model\|peer.safetensors: ' $command \
            --checkpoint "$work/sgatlin" --recording "$work/peer.safetensors" $text
        expect 1 'none.safetensors' $command --checkpoint "$work/sgatlin" \
            --recording "$work/none.safetensors" $text
        expect 1 'valid.bin' $command --checkpoint "$work/sgatlin" \
            --recording "$work/data/valid.bin" $text
        run 1 "channel 2: the model's channels are 0 to 1" $command sgatlin $text --channel 2
        run 2 'from 0 to' $command sgatlin $text --channel -1
        run 2 'unexpected argument' $command sgatlin $text word
    }
done
for command in neighbours map; do
    text=$([ $command = neighbours ] && echo --text=The)
    # shellcheck disable=SC2086
    run 1 "layer 9: the model's layers are 0 to" $command sgatlin $text --layer 9
done
run 1 "token 99: the text's tokens are 0 to" neighbours sgatlin --text "The dog" --token 99
run 1 'is empty' neighbours sgatlin --text ""
run 1 'no known token' neighbours sgatlin --text '   '
run 1 'context window' neighbours sgatlin --text "$(head -c 4000 "$work/data/valid.txt")"
run 2 'expected --text' neighbours sgatlin
run 2 'count 0' neighbours sgatlin --text The --count 0
run 2 'points 1' map sgatlin --points 1
run 2 'tokens 0' map sgatlin --tokens 0
run 1 'already exists and was not changed' map sgatlin --out "$work/map.png"
run 1 'already exists and was not changed' usage sgatlin --out "$work/map.png"
run 1 'no/such' map sgatlin --points 20 --out "$work/no/such.png"
: >"$work/empty.tsv"
printf 'word\tclass\nqqq\tx\nwww\tx\n' >"$work/unknown.tsv"
printf 'word\tclass\ndog\tanimal\nred\tcolour\nblue\tcolour\n' >"$work/single.tsv"
run 1 'empty.tsv: is empty' map sgatlin --classes "$work/empty.tsv"
run 1 'unknown.tsv: no word of it is a recorded token' map sgatlin --classes "$work/unknown.tsv"
run 1 "the class 'animal' has one word" map sgatlin --classes "$work/single.tsv"
run 1 'line 1: expected the header' map sgatlin --classes "$work/data/facts.tsv"
run 1 'none.tsv' map sgatlin --classes "$work/none.tsv"

finish
