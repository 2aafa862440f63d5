#!/bin/sh
# sgatlin sample, end to end: what it prints of a story, byte by byte.
. tests/commands/command.sh

# make_run NAME STEPS: trains a tiny model on $work/NAME.txt, as the run $work/NAME.
make_run() {
    "$sgatlin" data --text "$work/$1.txt" --vocab 260 --out "$work/$1.data" >/dev/null \
        2>"$work/stderr" || failure "data: $(cat "$work/stderr")"
    "$sgatlin" train --data "$work/$1.data" --preset tiny --threads 1 --out "$work/$1" \
        --set steps="$2" B=4 peak=0.02 2>"$work/stderr" || failure "train: $(cat "$work/stderr")"
}

# sample NAME ARGUMENT...
sample() {
    run=$1
    shift
    "$sgatlin" sample --checkpoint "$work/$run" --threads 1 "$@" 2>"$work/stderr" ||
        failure "sample $*: $(cat "$work/stderr")"
}

# ---- every story ends its own UTF-8: the first byte of é ends one, its second begins another
for _ in $(seq 200); do
    printf '\303\n<|endoftext|>\n\251\n<|endoftext|>\n'
done >"$work/halves.txt"
make_run halves 60
sample halves --continue --temperature 1 --tokens 300 >"$work/stories"
[ "$(grep -c '�' "$work/stories")" -ge 20 ] || failure "expected stories of half a character"
grep -q 'é' "$work/stories" && failure "bytes of two stories became one character"

# ---- a prompt that ends in blanks: printed as typed, with no space doubled
for _ in $(seq 100); do printf 'a b a b a b a b a b a b\n<|endoftext|>\n'; done >"$work/words.txt"
make_run words 60
plain=$(sample words --prompt "a b a" --temperature 0)
case $plain in "a b a b"*) ;; *) failure "expected a word after: $plain" ;; esac
[ "$(sample words --prompt "a b a " --temperature 0)" = "$plain" ] ||
    failure "a prompt that ends in a space is continued otherwise"
sample words --prompt "Once  " --tokens 0 >"$work/stdout"
printf 'Once  \n' | cmp -s - "$work/stdout" || failure "a prompt was not printed as typed"

# ---- control characters are escaped on a terminal, and printed as they are elsewhere
for _ in $(seq 100); do
    printf 'x\033[31my\177z\302\2335m\n<|endoftext|>\n'
done >"$work/controls.txt"
make_run controls 60
printf 'x\033[31my\177z\302\2335m\n' >"$work/expected"
sample controls --prompt x --temperature 0 >"$work/stdout"
cmp -s "$work/expected" "$work/stdout" || failure "in a file: $(od -c "$work/stdout")"

# terminal COMMAND: runs it with a terminal as its standard output; it may use these variables.
export sgatlin work
terminal() {
    # shellcheck disable=SC2016 # commands are for the shell that script starts
    words=$1 script -qec 'eval "$words" 2>/dev/null' /dev/null </dev/null | tr -d '\r'
}
if [ "$(terminal 'test -t 1 && echo yes' 2>/dev/null)" = yes ]; then
    # shellcheck disable=SC2016
    command='"$sgatlin" sample --checkpoint "$work/controls" --threads 1 --temperature 0'
    printf '%s\n' 'x\x1b[31my\x7fz\x9b5m' >"$work/escaped"
    terminal "$command --prompt x" >"$work/stdout"
    cmp -s "$work/escaped" "$work/stdout" || failure "on a terminal: $(od -c "$work/stdout")"
    terminal "$command --prompt x --raw" >"$work/stdout"
    cmp -s "$work/expected" "$work/stdout" || failure "--raw: $(od -c "$work/stdout")"
    terminal "$command --tokens 0 --prompt '$(printf '\033[1m')'" >"$work/stdout"
    [ "$(cat "$work/stdout")" = '\x1b[1m' ] || failure "a prompt: $(od -c "$work/stdout")"
    printf '"z\302\2335m"\n' |
        "$sgatlin" tokenize -t "$work/controls.data/tokenizer.json" >"$work/ids"
    # shellcheck disable=SC2016
    terminal '"$sgatlin" tokenize -t "$work/controls.data/tokenizer.json" --decode "$work/ids"' \
        >"$work/stdout"
    [ "$(cat "$work/stdout")" = '" z\u009b5m"' ] || failure "tokenize: $(od -c "$work/stdout")"
else
    echo "skipped: $test_name: there is no script -qec, which gives a program a terminal"
fi

finish
