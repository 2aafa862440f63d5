#!/bin/sh
# sgatlin patch, end to end: continuations with next words, of prompts that are given or asked for;
# what it refuses.
. tests/commands/command.sh

"$sgatlin" data --storyworld --stories 1000 --seed 1 --vocab 1024 \
    --out "$work/data" >/dev/null 2>&1 || failure "data"
for kind in mlp moe peer sgatlin; do
    "$sgatlin" train --data "$work/data" --preset tiny --ffn $kind --threads 1 --set steps=60 \
        peak=0.02 --out "$work/$kind" >/dev/null 2>"$work/stderr" ||
        failure "train: $(cat "$work/stderr")"
done
subcommand='patch'
# patched RUN ARGUMENT...: The turtle with the neurons of the horse.
patched() {
    run=$1
    shift
    expect 0 '' --checkpoint "$work/$run" --prompt "The turtle was" --from "The horse was" "$@"
}
# the part NAME of the JSON; parts end with their text
part() { sed "s/.*\"$1\": \({\"next\".*\)/\1/; s/\(\"text\": \"[^\"]*\"\).*/\1/" "$work/stdout"; }

for kind in moe peer sgatlin; do
    patched $kind --at turtle --tokens 6 --json
    [ "$(wc -l <"$work/stdout")" = 1 ] || failure "$kind: JSON on several lines"
    grep -q '^{"positions": \[2\], "layers": \[0, 1\], ' "$work/stdout" ||
        failure "$kind: another place: $(cat "$work/stdout")"
    [ "$(part patched)" != "$(part prompt)" ] || failure "$kind: the patch changes nothing"
    [ "$(part from)" != "$(part prompt)" ] || failure "$kind: both prompts are continued alike"
    # a prompt's own neurons in place of its own
    expect 0 '' --checkpoint "$work/$kind" --prompt "The turtle was" --from "The turtle was" --json
    [ "$(part patched)" = "$(part prompt)" ] || failure "$kind: own neurons change something"
done

# A layer or channel alone is another patch than all of them.
patched sgatlin --at turtle --json
part patched >"$work/all"
for place in '--layers 1' '--channels 0' '--layers 0,1 --channels 1'; do
    # shellcheck disable=SC2086 # two words
    patched sgatlin --at turtle --json $place
    [ "$(part patched)" != "$(cat "$work/all")" ] || failure "$place: as all"
done
patched sgatlin --at 2 --layers 1,0 --channels 0,1 --json
[ "$(part patched)" = "$(cat "$work/all")" ] || failure "all layers by name: not as all"

# The text has the same, and says what was patched.
text=$(part patched | sed 's/.*"text": "\([^"\\]*\).*/\1/')
patched sgatlin --at turtle
grep -qF "The turtle was |$text" "$work/stdout" || failure "no '$text': $(cat "$work/stdout")"
grep -q "^patched: at 'turtle' the neurons of the second prompt$" "$work/stdout" ||
    failure "not said where: $(cat "$work/stdout")"
patched sgatlin --layers 0,1 --channels 1
grep -q "^patched: at 'was' .*, in layers 0 1, in channel 1$" "$work/stdout" ||
    failure "not said which: $(cat "$work/stdout")"

# Asked for, on a pipe: an error is no reason to leave, and an empty line is.
patched sgatlin
cp "$work/stdout" "$work/given"
printf '%s\n' 'The turtle was' 'The horse was' '' '' 'The turtle was' 'The' '' '' \
    'The turtle was' 'The horse was' 'was' '0,1' '' 'The' >"$work/lines"
input=$work/lines
expect 0 'prompt (empty: leave)' --checkpoint "$work/sgatlin"
[ "$(grep -c 'next:' "$work/stdout")" = 6 ] || failure "asked: $(cat "$work/stdout")"
head -n "$(wc -l <"$work/given")" "$work/stdout" | cmp -s - "$work/given" ||
    failure "asked for, another answer: $(cat "$work/stdout")"
[ "$(grep -c '^.*sgatlin patch: .*give prompts of equal length' "$work/stderr")" = 1 ] ||
    failure "no error in between: $(cat "$work/stderr")"
input=/dev/null
expect 0 '' --checkpoint "$work/sgatlin"
[ ! -s "$work/stdout" ] || failure "something on stdout at once"

# refused STATUS PATTERN ARGUMENT...: one line that says what to change.
refused() {
    expect "$@"
    [ "$(grep -c '^sgatlin patch: ' "$work/stderr")" = 1 ] ||
        failure "$*: expected one line of error: $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || failure "$*: something on stdout"
}
run=$work/sgatlin
refused 2 'expected both --prompt and --from' --checkpoint "$run" --prompt x
refused 2 'expected --checkpoint RUN' --prompt x --from y
refused 2 'quote the prompt' --checkpoint "$run" --prompt The turtle
refused 2 '--tokens 0: expected' --checkpoint "$run" --tokens 0
refused 1 'ffn=mlp has no gates' --checkpoint "$work/mlp"
both() { # PATTERN ARGUMENT...
    pattern=$1
    shift
    refused 1 "$pattern" --checkpoint "$run" --prompt "The turtle was the" \
        --from "The horse was the" "$@"
}
both "--at: 'dog' is not a word of the prompt" --at dog
both "--at: position 9 is outside the prompt: .* to 4" --at 9
both "--at: position -1 is outside" --at -1
both '--at 0: the end of text is the same in both' --at 0
both '--layers 2: the model has layers 0 to 1' --layers 0,2
both '--layers : the model has' --layers 0,
both '--layers x: the model has' --layers x
both '--layers: 1 is there twice' --layers 1,0,1
both '--channels 2: the model has channels 0 to 1' --channels 2
refused 1 "'was' is in the prompt more than once; give its position: 3, 6" --checkpoint "$run" \
    --prompt "The turtle was the horse was" --from "The horse was the turtle was" --at was
refused 1 "'The turtle was' has 3 tokens, 'The' 1; give prompts of equal length" \
    --checkpoint "$run" --prompt "The turtle was" --from "The"
refused 1 '--prompt is empty' --checkpoint "$run" --prompt "" --from x
refused 1 '--from is empty' --checkpoint "$run" --prompt x --from ""
refused 1 'the context window' --checkpoint "$run" --from x --prompt "$(yes dog | head -n 400)"

finish
