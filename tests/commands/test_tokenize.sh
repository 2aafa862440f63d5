#!/bin/sh
# sgatlin tokenize, end to end: the golden cases through the command, bytes encoded and decoded, bad
# lines, closed pipes.
. tests/commands/command.sh
subcommand=tokenize
golden=tests/golden/tokenizer
tokenizer=$golden/train_small_400.json

same() {
    cmp -s "$1" "$2" || failure "$3: $1 and $2 differ"
}

# ---- the golden cases
sed 's/^{"text": \(".*"\), "ids": \(\[.*\]\), "decoded": ".*"}$/\1/' \
    $golden/cases_small_400.jsonl >"$work/texts"
sed 's/^{"text": \(".*"\), "ids": \(\[.*\]\), "decoded": ".*"}$/\2/' \
    $golden/cases_small_400.jsonl >"$work/ids"
[ "$(wc -l <"$work/ids")" -eq 62 ] || failure "cases_small_400.jsonl: expected 62 cases"
input=$work/texts
expect 0 '' --tokenizer $tokenizer
same "$work/stdout" "$work/ids" 'encoding stdin'
expect 0 '' -t $tokenizer "$work/texts" - # both: the file, then standard input
cat "$work/ids" "$work/ids" >"$work/twice"
same "$work/stdout" "$work/twice" 'encoding a file and -'
input=$work/ids
expect 0 '' --tokenizer $tokenizer --decode
[ "$(head -1 "$work/stdout")" = '" Once upon a time, there was a little girl named Lily."' ] ||
    failure "decoded: $(head -1 "$work/stdout")"
# normalized and with its prefix space: that encodes to the same ids
cp "$work/stdout" "$work/decoded"
input=$work/decoded
expect 0 '' --tokenizer $tokenizer
same "$work/stdout" "$work/ids" 'encoding what was decoded'

# ---- bytes
printf 'a\0b\377\376 caf\303\251 cafe\314\201 <|pad|>\n\n\303' >"$work/bytes"
input=$work/bytes
expect 0 '' --tokenizer $tokenizer --raw
[ "$(wc -l <"$work/stdout")" -eq 1 ] || failure "--raw: expected one line"
cp "$work/stdout" "$work/raw"
mkdir "$work/temporary"
TMPDIR=$work/temporary expect 0 '' --tokenizer $tokenizer --raw
same "$work/stdout" "$work/raw" '--raw with TMPDIR'
[ -z "$(ls -A "$work/temporary")" ] || failure "TMPDIR: left $(ls -A "$work/temporary")"
TMPDIR=$work/none expect 1 "$work/none: cannot create a temporary file" --tokenizer $tokenizer --raw
expect 0 '' --tokenizer $tokenizer --raw "$work/bytes"
same "$work/stdout" "$work/raw" '--raw of a file and of stdin'
input=$work/raw
expect 0 '' --tokenizer $tokenizer --raw --decode
same "$work/stdout" "$work/bytes" 'bytes there and back'
input=/dev/null
expect 0 '' --tokenizer $tokenizer --raw
[ "$(cat "$work/stdout")" = '[]' ] || failure "--raw of empty input: $(cat "$work/stdout")"
printf '[191, 255, 259]\n' >"$work/line" # \001, then a byte that starts no character, then " t"
input=$work/line
expect 0 '' --tokenizer $tokenizer --decode
printf '"\\u0001\357\277\275 t"\n' >"$work/expected"
same "$work/stdout" "$work/expected" 'one U+FFFD for what is no UTF-8'
printf '"a\\u0000b"\n' >"$work/line"
expect 0 '' --tokenizer $tokenizer
[ "$(cat "$work/stdout")" = '[296, 190, 67]' ] || failure "NUL: $(cat "$work/stdout")"

# ---- bad lines: those before are processed, the bad one is named
bad() { # LINE PATTERN ARGUMENT...
    printf '%s\n' '[]' "$1" >"$work/line"
    [ "$3" ] || printf '%s\n' '""' "$1" >"$work/line"
    expect 1 "^sgatlin tokenize: standard input:2: $2" --tokenizer $tokenizer ${3:+"$3"}
    [ "$(wc -l <"$work/stdout")" -eq 1 ] || failure "'$1': expected the line before it"
    [ "$(wc -l <"$work/stderr")" -eq 1 ] ||
        failure "'$1': expected one line of error: $(cat "$work/stderr")"
}
bad 'plain' 'line 1, column 5: invalid JSON' ''
bad '' 'line 1, column 0: invalid JSON' ''
bad '"a" "b"' '.*invalid JSON' ''
bad '"\ud800"' '.*invalid JSON' ''
bad '[1]' 'expected a JSON string' ''
bad '"a"' 'expected a JSON array of ids' --decode
bad '[1, 400]' 'element 1 is not a token id, expected a whole number from 0 to 399' --decode
bad '[-1]' 'element 0 is not a token id' --decode
bad '[1.0]' 'element 0 is not a token id' --decode
bad '[[1]]' 'element 0 is not a token id' --decode
input=/dev/null

# ---- usage, files, streams
expect 2 'expected --tokenizer FILE'
expect 2 'unrecognized option' --tokenizer $tokenizer --frobnicate
expect 0 '' --help
expect 1 'no-such.json' --tokenizer "$work/no-such.json"
expect 1 'no-such.txt' --tokenizer $tokenizer "$work/no-such.txt"
expect 1 'no-such.txt' --tokenizer $tokenizer --raw "$work/no-such.txt"
expect 1 "tmp" --tokenizer $tokenizer "$work"
yes '"the end"' | head -50000 >"$work/many"
for how in '' --raw; do
    { "$sgatlin" tokenize --tokenizer $tokenizer ${how:+"$how"} "$work/many" 2>"$work/stderr"; \
        echo $? >"$work/status"; } | head -1 >/dev/null
    [ "$(cat "$work/status")" = 0 ] || failure "closed pipe, $how: exit $(cat "$work/status")"
    [ ! -s "$work/stderr" ] || failure "closed pipe, $how: $(cat "$work/stderr")"
    [ ! -w /dev/full ] || ! "$sgatlin" tokenize --tokenizer $tokenizer ${how:+"$how"} \
        "$work/many" >/dev/full 2>"$work/stderr" || failure "full disk, $how"
    [ ! -w /dev/full ] || [ "$(wc -l <"$work/stderr")" -eq 1 ] ||
        failure "full disk, $how: $(cat "$work/stderr")"
done

finish
