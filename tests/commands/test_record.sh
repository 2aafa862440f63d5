#!/bin/sh
# sgatlin record: the same recording from tokens and from their text, for any number of threads and
# any sparse kind; whole or not at all; what is refused.
. tests/commands/command.sh

"$sgatlin" data --storyworld --stories 40 --vocab 400 --out "$work/data" >/dev/null \
    2>"$work/stderr" ||
    failure "data: $(cat "$work/stderr")"

# make_run NAME ARGUMENT...
make_run() {
    run=$1
    shift
    "$sgatlin" train --data "$work/data" --preset tiny --threads 1 --out "$work/$run" "$@" \
        --set steps=1 B=2 T=200 2>"$work/stderr" || failure "train: $(cat "$work/stderr")"
}
make_run sgatlin --ffn sgatlin
make_run peer --ffn peer
make_run moe --ffn moe
make_run expert --ffn moe --routing expert
make_run mlp --ffn mlp

subcommand=record
out=$work/gatings.safetensors
json() { sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" "$work/stdout"; }

for kind in sgatlin peer moe expert; do
    rm -f "$out"
    expect 0 'longer than the context window: 2' --checkpoint "$work/$kind" \
        --data "$work/data/valid.bin" --out "$out" --json --threads 1
    [ "$(json stories) $(json positions)" = "2 398" ] ||
        failure "$kind: expected 2 stories of 199 tokens: $(cat "$work/stdout")"
    for n in layers channels K F; do
        [ "$(json $n)" -ge 1 ] || failure "$kind: no $n in $(cat "$work/stdout")"
    done
    expect 0 '' --checkpoint "$work/$kind" --text "$work/data/valid.txt" --out "$work/text" \
        --threads 2
    cmp -s "$out" "$work/text" || failure "$kind: another recording from the text"
    rm -f "$work/text"
done

# ---- fewer stories, and standard input
rm -f "$out"
expect 0 '' --checkpoint "$work/sgatlin" --data "$work/data/valid.bin" --stories 1 --out "$out"
grep -q '199 positions of 1 stories' "$work/stdout" || failure "one story: $(cat "$work/stdout")"
printf 'The dog.\n<|endoftext|>\n<|pad|>\n<|endoftext|>\nA cat' >"$work/two.txt"
input=$work/two.txt
rm -f "$out"
expect 0 '' --checkpoint "$work/sgatlin" --text - --out "$out"
input=/dev/null
grep -q ' of 2 stories' "$work/stdout" || failure "stdin: $(cat "$work/stdout")"

# ---- what is refused, with nothing written
cp "$out" "$work/before"
expect 1 'already exists and was not changed' --checkpoint "$work/sgatlin" \
    --data "$work/data/valid.bin" --out "$out"
cmp -s "$out" "$work/before" || failure "the existing file was changed"
rm -f "$out"
: >"$work/empty.txt"
printf '<|pad|>' >"$work/pad.txt"
expect 1 'ffn=mlp has no gates; train one with --ffn and one of: .*sgatlin' \
    --checkpoint "$work/mlp" --data "$work/data/valid.bin" --out "$out"
expect 1 'contains no token' --checkpoint "$work/sgatlin" --text "$work/empty.txt" --out "$out"
expect 1 'contains no token' --checkpoint "$work/sgatlin" --text "$work/pad.txt" --out "$out"
expect 1 'no/such.txt' --checkpoint "$work/sgatlin" --text "$work/no/such.txt" --out "$out"
expect 1 'valid.txt' --checkpoint "$work/sgatlin" --data "$work/data/valid.txt" --out "$out"
expect 1 'does not exist' --checkpoint "$work/sgatlin" --data "$work/data/valid.bin" \
    --out "$work/no/such/file"
expect 2 'either --data FILE or --text FILE' --checkpoint "$work/sgatlin" --out "$out"
expect 2 'either --data FILE or --text FILE' --checkpoint "$work/sgatlin" --out "$out" \
    --text "$work/two.txt" --data "$work/data/valid.bin"
expect 2 'expected --out' --checkpoint "$work/sgatlin" --text "$work/two.txt"
expect 2 'stories' --checkpoint "$work/sgatlin" --text "$work/two.txt" --out "$out" --stories 0
"$sgatlin" data --storyworld --stories 40 --vocab 300 --out "$work/other" >/dev/null \
    2>"$work/stderr"
expect 1 'made with another tokenizer' --checkpoint "$work/sgatlin" \
    --data "$work/other/valid.bin" --out "$out"
[ -e "$out" ] && failure "a refused recording was written"

# ---- killed, interrupted, and without space: no file, and the next one is not disturbed
SGATLIN_KILL=write:gatings.safetensors "$sgatlin" record --checkpoint "$work/sgatlin" \
    --data "$work/data/valid.bin" --out "$out" >"$work/stdout" 2>"$work/stderr"
[ -e "$out" ] && failure "a killed process left a recording"
(
    ulimit -f 20
    "$sgatlin" record --checkpoint "$work/sgatlin" --data "$work/data/valid.bin" --out "$out" \
        >"$work/stdout" 2>"$work/stderr"
    [ $? = 1 ] && grep -q 'size limit' "$work/stderr"
) || failure "a file above the size limit: $(cat "$work/stderr")"
[ -e "$out" ] && failure "half a recording was left"
expect 0 '' --checkpoint "$work/sgatlin" --data "$work/data/valid.bin" --out "$out"
[ -z "$(find "$work" -name '.*partial')" ] || failure "a temporary file was left"
finish
