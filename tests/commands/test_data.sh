#!/bin/sh
# sgatlin data, end to end: what it makes, what it refuses, and that a failure leaves nothing.
. tests/commands/command.sh
subcommand=data

# refused PATTERN ARGUMENT...: the command fails with one line, and makes no folder.
refused() {
    expect 1 "$@" --out "$work/none"
    [ "$(grep -c '^sgatlin data: ' "$work/stderr")" = 1 ] ||
        failure "expected one line of error: $(cat "$work/stderr")"
    for left in "$work"/none "$work"/.none*; do
        [ ! -e "$left" ] || failure "$left was not removed"
    done
}

holds() {
    folder=$1
    shift
    found=$(find "$folder" -mindepth 1 -exec basename {} \; | sort | tr '\n' ' ')
    [ "$found" = "$* " ] || failure "$folder contains $found, expected $*"
}

same() {
    cmp -s "$1" "$2" || failure "$1 and $2 differ"
}

field() { # FILE OFFSET: an unsigned 64-bit number
    od -A n -t u8 -j "$2" -N 8 "$1" | tr -d ' '
}

# ---- storyworld
expect 0 'threads=' --storyworld --stories 400 --seed 1 --vocab 600 --out "$work/new/sw"
holds "$work/new/sw" classes.tsv facts.tsv tokenizer.json train.bin train.txt valid.bin valid.txt
[ "$(grep -c '^<|endoftext|>$' "$work/new/sw/train.txt")" = 380 ] ||
    failure "train.txt: expected 380 stories"
[ "$(grep -c '^<|endoftext|>$' "$work/new/sw/valid.txt")" = 20 ] ||
    failure "valid.txt: expected 20 stories"
[ "$(field "$work/new/sw/train.bin" 24)" = 600 ] ||
    failure "train.bin: expected a vocabulary of 600"
[ "$(field "$work/new/sw/train.bin" 32)" = 380 ] || failure "train.bin: expected 380 stories"
[ "$(field "$work/new/sw/valid.bin" 32)" = 20 ] || failure "valid.bin: expected 20 stories"
grep -q "sgatlin train --data $work/new/sw" "$work/stdout" ||
    failure "the summary does not name the next command"
expect 0 'threads=[13] ' --storyworld --stories 400 --seed 1 --vocab 600 --threads 3 \
    --out "$work/again"
for name in classes.tsv facts.tsv tokenizer.json train.bin train.txt valid.bin valid.txt; do
    same "$work/new/sw/$name" "$work/again/$name"
done
expect 0 '' --storyworld --stories 400 --seed 2 --vocab 600 --out "$work/other"
cmp -s "$work/again/train.txt" "$work/other/train.txt" && failure "two seeds gave the same stories"

# ---- text from a file, a pipe and stdin: the same tokens
cat "$work/again/train.txt" "$work/again/valid.txt" >"$work/all.txt"
expect 0 '' --text "$work/all.txt" --vocab 600 --out "$work/text"
holds "$work/text" tokenizer.json train.bin valid.bin
for name in tokenizer.json train.bin valid.bin; do same "$work/text/$name" "$work/again/$name"; done
expect 0 '' --text "$work/again/train.txt" --valid "$work/again/valid.txt" \
    --tokenizer "$work/again/tokenizer.json" \
    --out "$work/given"
input=$work/all.txt
expect 0 '' --text - --tokenizer "$work/again/tokenizer.json" --out "$work/piped"
input=/dev/null
mkfifo "$work/fifo"
cat "$work/all.txt" >"$work/fifo" &
writer=$!
expect 0 '' --text "$work/fifo" --tokenizer "$work/again/tokenizer.json" --out "$work/fifoed"
kill $writer 2>/dev/null # still running only if nothing was read
wait $writer 2>/dev/null
for way in given piped fifoed; do
    holds "$work/$way" tokenizer.json train.bin valid.bin
    for name in tokenizer.json train.bin valid.bin; do same "$work/$way/$name" \
        "$work/again/$name"; done
done

# ---- without --vocab: as many tokens as the text gives; one story: its last 5% of tokens are for
# validation
tr '\n' ' ' <"$work/again/valid.txt" | sed 's/<|endoftext|>//g' >"$work/one.txt"
expect 0 '' --text "$work/one.txt" --out "$work/one"
train=$(field "$work/one/train.bin" 40) valid=$(field "$work/one/valid.bin" 40)
[ "$(field "$work/one/train.bin" 32) $(field "$work/one/valid.bin" 32)" = '1 1' ] ||
    failure "expected one story in each file"
[ $((valid - 1)) = $(((train + valid - 2) / 20)) ] ||
    failure "one story: $train and $valid tokens, expected 5%"
[ "$(field "$work/one/train.bin" 24)" -lt 8192 ] || failure "one.txt cannot give 8192 tokens"
printf 'a\n<|endoftext|>\na' >"$work/two.txt"
expect 0 '' --text "$work/two.txt" --out "$work/two"
[ "$(field "$work/two/train.bin" 40) $(field "$work/two/valid.bin" 40)" = '2 2' ] ||
    failure "expected one token and one end in each file"

# ---- the command to run next quotes the folder where a shell needs it
expect 0 '' --text "$work/two.txt" --out "$work/my data's"
next=$(sed -n 's/^next: build.sgatlin train --data \(.*\) --out .*/\1/p' "$work/stdout")
[ "$(eval "printf '%s|' $next")" = "$work/my data's|" ] || failure "the next command: $next"

# ---- texts of other systems: the same files as of the same text in plain UTF-8
printf 'Die Bären\nkamen.\n<|endoftext|>\nGrüße!\n<|endoftext|>\nEnde\n' >"$work/plain.txt"
expect 0 '' --text "$work/plain.txt" --out "$work/plain"
grep -q warning "$work/stderr" && failure "plain text: $(cat "$work/stderr")"
{ printf '\357\273\277' && cat "$work/plain.txt"; } >"$work/marked.txt"
sed "s/^<|endoftext|>\$/& $(printf '\t')/" "$work/plain.txt" >"$work/blanks.txt"
sed "s/^<|endoftext|>\$/&$(printf '\r')/" "$work/plain.txt" >"$work/crlf.txt"
for text in marked blanks crlf; do
    expect 0 '' --text "$work/$text.txt" --out "$work/$text"
    for name in tokenizer.json train.bin valid.bin; do same "$work/$text/$name" \
        "$work/plain/$name"; done
done
grep -q 'warning: .*crlf.txt: CRLF ends 2 of the lines' "$work/stderr" || failure "CRLF: no warning"
iconv -f UTF-8 -t LATIN1 "$work/plain.txt" >"$work/latin.txt"
expect 0 'latin.txt: 3 of 57 bytes are not UTF-8.*iconv -f LATIN1' --text "$work/latin.txt" \
    --out "$work/latin"
expect 0 'warning: .*latin.txt: 3 of 57' --text "$work/plain.txt" --valid "$work/latin.txt" \
    --out "$work/latin valid"
printf 'a <|endoftext|> b\n<|endoftext|> c\n<|endoftext|>\nd\n' >"$work/inside.txt"
expect 0 '2 of the <|endoftext|> are inside lines' --text "$work/inside.txt" --out "$work/inside"
for encoding in UTF-16 UTF-16LE UTF-16BE UTF-32LE; do
    iconv -f UTF-8 -t $encoding "$work/plain.txt" >"$work/wide text"
    refused "expected UTF-8.*iconv -f $encoding -t UTF-8 '$work/wide text'" --text "$work/wide text"
    refused "expected UTF-8" --text "$work/plain.txt" --valid "$work/wide text"
    command=$(sed -n "s/.*: \(iconv .*\) >NEW$/\1/p" "$work/stderr")
    eval "$command" | cmp -s - "$work/plain.txt" ||
        failure "does not convert $encoding: $command"
done
input="$work/wide text"
refused 'stdin: is UTF-32.*iconv -f UTF-32LE -t UTF-8 FILE' --text -
input=/dev/null

# ---- an existing folder is not changed
before=$(ls -l "$work/two")
expect 1 "two: already exists" --text "$work/two.txt" --out "$work/two"
[ "$before" = "$(ls -l "$work/two")" ] || failure "an existing folder was changed"

# ---- two processes that write one folder, and what a killed one leaves
words="--storyworld --stories 400 --seed 1 --vocab 600 --out $work/busy"
# shellcheck disable=SC2086 # each word is an argument
SGATLIN_STOP=rename:busy "$sgatlin" data $words 2>"$work/first" >/dev/null &
process=$!
await [ -s "$work/.busy.partial/valid.bin" ]
# shellcheck disable=SC2086
expect 1 'busy: another process is writing it' $words
continue_to_end $process
[ $status = 0 ] || failure "the first of two processes: exit $status: $(tail -1 "$work/first")"
for name in tokenizer.json train.bin valid.bin train.txt; do
    same "$work/busy/$name" "$work/again/$name"
done
rm -r "$work/busy"
for point in write:train.txt rename:tokenizer.json write:train.bin renamed:valid.bin rename:busy; do
    # shellcheck disable=SC2086
    (SGATLIN_KILL=$point "$sgatlin" data $words) >/dev/null 2>&1
    [ -d "$work/.busy.partial" ] || failure "not killed at $point"
done
# shellcheck disable=SC2086
expect 0 '' $words
holds "$work/busy" classes.tsv facts.tsv tokenizer.json train.bin train.txt valid.bin valid.txt
[ ! -e "$work/.busy.partial" ] || failure "the leftover of a killed process was not removed"

# ---- bad input
: >"$work/empty.txt"
printf ' \n\n\t\n<|endoftext|>\n' >"$work/blank.txt"
printf 'x' >"$work/x.txt"
refused 'missing.txt: cannot be opened' --text "$work/missing.txt"
refused 'is a folder' --text "$work"
refused 'empty.txt: contains no story' --text "$work/empty.txt"
refused 'blank.txt: contains no story' --text "$work/blank.txt"
refused 'empty.txt: contains no story' --text "$work/two.txt" --valid "$work/empty.txt"
refused 'missing.txt: cannot be opened' --text "$work/two.txt" --valid "$work/missing.txt"
refused 'contains no story' --text -
refused 'x.txt: has one story of' --text "$work/x.txt"
printf '<|pad|>\n' >"$work/pads.txt"
refused 'pads.txt: has nothing but <|pad|>' --text "$work/pads.txt"
refused 'pads.txt: has nothing but <|pad|>' --text "$work/two.txt" --valid "$work/pads.txt"
refused 'pads.txt: the tokenizer .*two/tokenizer.json has no tokens' --text "$work/pads.txt" \
    --tokenizer "$work/two/tokenizer.json"
refused '4000' --text "$work/two.txt" --vocab 4000
refused 'tokenizer.json' --text "$work/two.txt" --tokenizer "$work/no/tokenizer.json"
refused 'x.txt' --text "$work/two.txt" --tokenizer "$work/x.txt"
expect 1 'x.txt' --text "$work/two.txt" --out "$work/x.txt/deeper"
(
    ulimit -f 8 # no file above 4 or 8 KiB: as a full disk
    refused 'cannot be written\|cannot write' --storyworld --stories 400 --vocab 600
    refused 'cannot be written\|cannot write' --text "$work/all.txt" --vocab 600
    mkfifo "$work/pipe"
    for text in "$work/all.txt" "$work/pipe"; do
        [ "$text" = "$work/all.txt" ] || cat "$work/all.txt" >"$work/pipe" &
        refused 'size limit of files was reached' --text "$text" --vocab 600
        grep -q 'free some space' "$work/stderr" && failure "a limit: $(cat "$work/stderr")"
        wait
    done
    exit $failed
) || failed=1

# ---- wrong usage
for words in '' '--storyworld' '--text a' '--storyworld --text a --out b' '--out b' \
    '--text a --stories 5 --out b' \
    '--text a --seed 5 --out b' '--storyworld --valid a --out b' \
    '--storyworld --vocab 300 --tokenizer t --out b' \
    '--text - --valid - --out b' '--storyworld --stories 0 --out b' \
    '--storyworld --stories 1 --out b' \
    '--storyworld --stories -5 --out b' '--storyworld --stories many --out b' \
    '--storyworld --stories 5x --out b' \
    '--storyworld --seed -1 --out b' '--storyworld --vocab 258 --out b' \
    '--storyworld --vocab 65536 --out b' \
    '--storyworld --vocab 99999999999999999999 --out b' '--storyworld --threads 0 --out b' \
    '--storyworld extra --out b' \
    '--text a --bogus --out b' '--storyworld --out'; do
    # shellcheck disable=SC2086 # each word is an argument
    expect 2 'Try\|help' $words
    [ ! -e b ] || failure "data $words made a folder"
done

# ---- Ctrl-C, once stories are being written
"$sgatlin" data --storyworld --stories 5000000 --out "$work/long" >"$work/stdout" 2>"$work/stderr" &
process=$!
# shellcheck disable=SC2317 # called by await
some_written() { [ -s "$(find "$work" -path '*/.long.*' -name '.train.txt.*')" ]; }
await some_written
kill -INT $process || failure "Ctrl-C: the command ended before"
wait $process
[ $? = 130 ] || failure "interrupted: expected exit 130: $(cat "$work/stderr")"
grep -q stopped "$work/stderr" || failure "interrupted: $(cat "$work/stderr")"
for left in "$work"/long "$work"/.long*; do
    [ ! -e "$left" ] || failure "$left was not removed after Ctrl-C"
done
finish
