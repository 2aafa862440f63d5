#!/bin/sh
# sgatlin score: what it reports of a tiny model, with all controls, and what it refuses.
. tests/commands/command.sh

"$sgatlin" data --storyworld --stories 1000 --vocab 1024 --out "$work/data" >/dev/null \
    2>"$work/stderr" || failure "data: $(cat "$work/stderr")"

# make_run NAME ARGUMENT...
make_run() {
    run=$1
    shift
    "$sgatlin" train --data "$work/data" --preset tiny --threads 1 --out "$work/$run" "$@" \
        --set steps=2 B=2 T=100 2>"$work/stderr" || failure "train: $(cat "$work/stderr")"
}
make_run sgatlin --ffn sgatlin
make_run moe --ffn moe
make_run mlp --ffn mlp

subcommand=score
expect 0 '' --checkpoint "$work/sgatlin" --data "$work/data" --stories 5
for text in 'words in 12 classes' 'shuffled classes' 'random weights' 'of other words' silhouette \
    'random  silent' 'largest neurons carry'; do
    grep -q -e "$text" "$work/stdout" || failure "no '$text' in: $(cat "$work/stdout")"
done
awk 'length > 100 { exit 1 }' "$work/stdout" || failure "a line of more than 100 columns"

# values NAME: the numbers of that name in a line of JSON
values() { grep -o "\"$1\": -\?[0-9.e-]*" "$work/stdout" | sed 's/.*: //'; }
for kind in sgatlin moe; do
    expect 0 '' --checkpoint "$work/$kind" --data "$work/data" --stories 5 --json
    for name in layers shuffled random_weights first fact_terms pairs points; do
        grep -q "\"$name\": " "$work/stdout" || failure "$kind: no $name in $(cat "$work/stdout")"
    done
    values purity >"$work/purity"
    awk '!($1 >= 0 && $1 <= 1) { exit 1 } END { exit NR < 6 }' "$work/purity" ||
        failure "$kind: not purities: $(cat "$work/purity")"
done
cp "$work/stdout" "$work/first"
expect 0 '' --checkpoint "$work/moe" --data "$work/data" --stories 5 --json --threads 1
cmp -s "$work/stdout" "$work/first" || failure "another result with one thread"

# ---- what is refused
expect 1 'ffn=mlp has no gates' --checkpoint "$work/mlp" --data "$work/data"
expect 1 "$work/none" --checkpoint "$work/sgatlin" --data "$work/none"
expect 2 'expected --data' --checkpoint "$work/sgatlin"
expect 2 'stories' --checkpoint "$work/sgatlin" --data "$work/data" --stories 0
"$sgatlin" data --storyworld --stories 40 --vocab 300 --out "$work/other" >/dev/null \
    2>"$work/stderr"
expect 1 'made with another tokenizer' --checkpoint "$work/sgatlin" --data "$work/other"
mv "$work/data/facts.tsv" "$work/facts.tsv"
expect 1 'facts.tsv: not there; name a folder that' --checkpoint "$work/sgatlin" \
    --data "$work/data"
printf 'noun\tadjective\nturtle\tslow\nxyzzy\tplugh\n' >"$work/data/facts.tsv"
expect 1 'no two facts' --checkpoint "$work/sgatlin" --data "$work/data" --stories 2
mv "$work/facts.tsv" "$work/data/facts.tsv"
printf 'word\tclass\nxyzzy\tmagic\nplugh\tmagic\n' >"$work/data/classes.tsv"
expect 1 'no words of two classes' --checkpoint "$work/sgatlin" --data "$work/data"
printf 'word\tclass\ndog\tanimal\n' >"$work/data/classes.tsv"
expect 1 "the class 'animal' has one word" --checkpoint "$work/sgatlin" --data "$work/data"
: >"$work/data/classes.tsv"
expect 1 'classes.tsv: is empty' --checkpoint "$work/sgatlin" --data "$work/data"
finish
