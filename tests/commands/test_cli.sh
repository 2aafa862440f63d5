#!/bin/sh
# The commands of sgatlin end to end: help, wrong usage, bad input; exit status, one line of error,
# nothing overwritten.
# Arguments are words in one string, and file names have no blanks.
# shellcheck disable=SC2086,SC2012
. tests/commands/command.sh

# A command that fails: status 1 and one line that starts with its name, nothing on stdout.
refused() {
    expect 1 "$@"
    [ "$(grep -c "^sgatlin $2: " "$work/stderr")" = 1 ] ||
        failure "$*: expected one line of error: $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || failure "$*: something on stdout"
}
misused() { expect 2 "$@"; }

# The checksum of all files that must not change.
sum() {
    find "$work/data" "$work/other" "$work/run" "$work/dense" -type f | sort | xargs cat | cksum
}

# ---- help and usage

expect 2 'expected a command'
grep -q '^  train ' "$work/stderr" || failure "no list of commands"
misused 'unknown command fly' fly
grep -q '^  train ' "$work/stderr" || failure "no list of commands"
expect 0 '' --help
grep -q '^  sample ' "$work/stdout" || failure "--help lists no commands"
expect 0 '' --version
for word in sgatlin compiler BLAS OpenMP devices; do
    grep -q "^$word" "$work/stdout" || failure "--version: no line of $word"
done
commands='data tokenize train sample eval flops bench curves isoflop gates record neighbours map
    usage neuron why patch recall score compare'
for command in $commands; do
    expect 0 '' $command --help
    grep -q "^Usage: sgatlin $command" "$work/stdout" || failure "$command --help: no usage"
    misused 'unrecognized option' $command --nonsense
done

# argp fails without a word when memory runs out; here every time.
echo 'int argp_parse(void); int argp_parse(void) { return 12; }' >"$work/argp.c"
if "${CC:-cc}" -shared -fPIC -o "$work/argp.so" "$work/argp.c" 2>/dev/null; then
    for command in $commands; do
        ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$work/argp.so \
            "$sgatlin" $command >"$work/stdout" 2>"$work/stderr"
        [ $? = 1 ] || failure "$command: expected exit 1 when argp fails"
        grep -q "^sgatlin $command: the options cannot be read: " "$work/stderr" ||
            failure "$command: no message when argp fails: $(cat "$work/stderr")"
    done
fi

# ---- a corpus and two runs

"$sgatlin" data --storyworld --stories 200 --seed 1 --vocab 400 \
    --out "$work/data" >/dev/null 2>&1 || failure "data"
"$sgatlin" data --storyworld --stories 100 --seed 2 --vocab 300 \
    --out "$work/other" >/dev/null 2>&1 || failure "data"
train() { expect "$1" "$2" train --data "$work/data" --preset tiny --threads 1 --out "$3" $4; }
train 0 'to beat' "$work/run" '--set steps=4 checkpoint_every=2'
train 0 '1/1' "$work/dense" '--ffn mlp --steps 1'
[ -s "$work/run/loss.png" ] || failure "no loss.png"
[ "$(ls "$work/run" | tr '\n' ' ')" = "log.jsonl loss.png step-000002 step-000004 " ] ||
    failure "the run contains $(ls "$work/run")"
train 0 "sample --checkpoint '$work/a run' --prompt" "$work/a run" '--steps 1'
refused "resume '$work/a run'" train --data "$work/data" --out "$work/a run"
before=$(sum)

# ---- wrong usage

misused 'expected --data DIR and --out RUN' train
misused 'expected --data DIR and --out RUN' train --data "$work/data"
for case in 'preset: --preset enormous' 'ffn: --ffn none' 'router: --router none' \
    'activation: --activation none' \
    'NAME=VALUE: --set K' 'NAME=VALUE: extra' 'K=0: --set K=0' 'K: --set K=6' 'F: --set F=26' \
    'Dh: --set D=18' \
    'from 1 to 4096: --set L=1000000' \
    'unknown setting colour: --set colour=3' 'vocabulary: --set V=300' '--ffn: --set ffn=mlp' \
    'no such setting: --ffn mlp --set K=3' 'steps=0: --steps 0' 'steps=x: --steps x' \
    'add up: --set warmup=30 const=3' \
    'no such device: --device none' 'threads: --threads 0' \
    'seed=-1: --seed -1' 'batching: --set batching=loose' 'peak=nan: --set peak=nan'; do
    misused "${case%%: *}" train --data "$work/data" --out "$work/new" --preset tiny ${case#*: }
done
for option in '--steps 9' '--seed 1' '--set D=8' '--out new' '--preset tiny' '--ffn mlp' \
    '--checkpoint-every 5'; do
    misused "^sgatlin train: ${option%% *} cannot be given with --resume" train \
        --resume "$work/run" $option
done
misused 'expected --checkpoint RUN' sample
for option in '--tokens -1' '--tokens x' '--temperature -1' '--temperature nan' '--top-p 2' \
    '--top-k -1' '--seed -1' extra; do
    misused '' sample --checkpoint "$work/run" $option
done
misused 'expected --data FILE' eval --checkpoint "$work/run"
misused 'expected a whole number' eval --checkpoint "$work/run" --data "$work/data/valid.bin" \
    --batch 0
misused 'none: no such device; this program has cpu' eval --checkpoint "$work/run" \
    --data "$work/data/valid.bin" --device none
misused 'there is no preset enormous' flops --preset enormous
misused 'F=26' flops --preset tiny --set F=26
misused 'no such setting' flops --preset tiny --ffn mlp --set K=3
# The last value of a setting counts, with or without --set before it; here it is the invalid one.
misused 'K=6' flops --preset tiny --set K=2 K=3 --set K=6
misused 'K=6' flops --preset tiny --set K=2 --set K=3 K=6
misused 'K=6' train --data "$work/data" --out "$work/new" --preset tiny --set D=16 K=3 --set K=6
misused 'steps=0' train --data "$work/data" --out "$work/new" --preset tiny --set K=3 steps=4 \
    --steps 0
misused 'K=6' bench layer --set F=25 K=3 --set K=6
misused 'K=29' isoflop --data "$work/data" --out "$work/new" --budget 3e8 --kinds sgatlin \
    --scales q1 \
    --set B=2 T=32 K=3 --set K=29
expect 0 '' flops --preset tiny --set F=25 K=6 --set K=3
misused 'expected --text TEXT and --out FILE' gates --checkpoint "$work/run"
misused 'expected --checkpoint RUN' gates --text x --out "$work/none.png"

# ---- bad input

refused 'already exists' train --data "$work/data" --out "$work/run" --preset tiny
grep -q -e "--resume $work/run" "$work/stderr" ||
    failure "an existing run: no message says how to continue"
refused 'nowhere' train --data "$work/nowhere" --out "$work/new" --preset tiny
refused 'train.bin' train --data "$work/data" --out "$work/new" --preset tiny --set B=4096
refused 'batch' train --data "$work/data" --out "$work/new" --preset tiny --set B=4096
refused 'not enough memory for training: .*iB needed, .*iB available; reduce' train \
    --data "$work/data" --out "$work/new" --preset tiny --set D=65536 F=1000000
refused 'run/log.jsonl/new' train --data "$work/data" --out "$work/run/log.jsonl/new" --preset tiny
refused 'nowhere' train --resume "$work/nowhere"
refused 'contains no checkpoint' train --resume "$work/data"
refused 'is a checkpoint' train --resume "$work/run/step-000004"
refused 'not the file this run was started with' train --resume "$work/run" --data "$work/other"
refused 'nowhere: .*sgatlin train --out' sample --checkpoint "$work/nowhere"
refused 'was made with another tokenizer' eval --checkpoint "$work/run" \
    --data "$work/other/valid.bin"
refused 'log.jsonl' eval --checkpoint "$work/run" --data "$work/run/log.jsonl"
refused 'a token file in it, such as .*data/valid.bin' eval --checkpoint "$work/run" \
    --data "$work/data"
refused 'has no gates.*: moe peer sgatlin' gates --checkpoint "$work/dense" \
    --text "The turtle was slow." --out "$work/gates.png"
refused 'is empty' gates --checkpoint "$work/run" --text "" --out "$work/gates.png"
refused 'channels are 0 to 1' gates --checkpoint "$work/run" --text "x" --channel 2 \
    --out "$work/gates.png"
refused 'the context window' gates --checkpoint "$work/run" --out "$work/gates.png" \
    --text "$(printf 'the turtle was slow and %.0s' 1 2 3 4 5 6 7 8 9)"
[ ! -e "$work/new" ] || failure "a refused run left its folder"
[ "$before" = "$(sum)" ] || failure "a file was overwritten"

mkdir "$work/cut"
cp "$work"/data/* "$work/cut"
for file in train.bin valid.bin tokenizer.json; do
    head -c 200 "$work/data/$file" >"$work/cut/$file"
    refused "cut/$file" train --data "$work/cut" --out "$work/new" --preset tiny
    cp "$work/data/$file" "$work/cut/$file"
done
cp "$work/other/tokenizer.json" "$work/cut"
refused 'was made with another tokenizer' train --data "$work/cut" --out "$work/new" --preset tiny

# Damage to a file of the newest checkpoint is reported with its name, and how to continue from the
# one before.
for file in model.safetensors optimizer.safetensors state.json tokenizer.json; do
    rm -rf "$work/damaged"
    cp -r "$work/run" "$work/damaged"
    head -c 300 "$work/run/step-000004/$file" >"$work/damaged/step-000004/$file"
    refused "step-000004/$file" train --resume "$work/damaged"
    case $file in
    model.safetensors | tokenizer.json)
        refused "step-000004/$file" sample --checkpoint "$work/damaged"
        grep -q 'rm -r' "$work/stderr" || failure "damage to $file: no message says how to continue"
        refused "step-000004/$file" eval --checkpoint "$work/damaged" --data "$work/data/valid.bin"
        ;;
    esac
done
sed 's/"seed": 1/"seed": 2/' \
    "$work/run/step-000004/state.json" >"$work/damaged/step-000004/state.json"
cp "$work/run/step-000004/tokenizer.json" "$work/damaged/step-000004"
refused 'sum' train --resume "$work/damaged"
rm -r "$work/damaged/step-000004"
expect 0 'done' train --resume "$work/damaged" --threads 1
cmp "$work/run/step-000004/model.safetensors" "$work/damaged/step-000004/model.safetensors" ||
    failure "another model"

# Where the data were moved, a resumed run says how to name their folder, and takes no others.
cp -r "$work/data" "$work/moved"
expect 0 '^done' train --data "$work/moved" --preset tiny --threads 1 --steps 1 --out "$work/stay"
rm -r "$work/stay/step-000001"
mv "$work/moved/valid.bin" "$work/valid.bin"
refused 'moved/valid.bin: .*name their folder with --data DIR' train --resume "$work/stay"
mv "$work/valid.bin" "$work/moved/valid.bin"
mv "$work/moved" "$work/here"
refused 'moved: no such data folder.*name their folder with --data DIR' train --resume "$work/stay"
refused 'not the file this run was started with' train --resume "$work/stay" --data "$work/other"
expect 0 '^done' train --resume "$work/stay" --data "$work/here" --threads 1

# A loss that is not finite stops the run; the last good checkpoint is kept.
train 1 'not finite' "$work/wild" '--set peak=1e30 clip=0 warmup=0 checkpoint_every=0'
[ -d "$work/wild/step-000000" ] || failure "the last good checkpoint is gone"
grep -q 'last good checkpoint is that of step 0' "$work/stderr" ||
    failure "no message about the last good checkpoint"

# A full disk (here a limit on the size of files): one line; the checkpoint before is kept, and
# training resumes from it.
rm -r "$work/damaged/step-000004"
(ulimit -f 60 && "$sgatlin" train --resume "$work/damaged" --threads 1) 2>"$work/stderr" &&
    failure "a full disk was not noticed"
grep -q 'step 4 was not saved.*that of step 2 with' "$work/stderr" ||
    failure "a full disk: $(tail -1 "$work/stderr")"
[ -z "$(find "$work/damaged" -name '*partial*')" ] || failure "a full disk left half a checkpoint"
expect 0 'done' train --resume "$work/damaged" --threads 1
cmp "$work/run/step-000004/state.json" "$work/damaged/step-000004/state.json" ||
    failure "another state"
(ulimit -f 60 && "$sgatlin" train --data "$work/data" --preset tiny \
    --out "$work/full") 2>"$work/stderr" && failure "full"
[ ! -e "$work/full" ] || failure "a run that could not start left its folder"

# Closed standard streams: no file takes their place.
for closed in '2>&-' '>&- 2>&-' '<&- 2>&-' '<&- >&- 2>&-'; do
    rm -rf "$work/closed-data" "$work/closed"
    eval '"$sgatlin" data --storyworld --stories 200 --seed 1 --vocab 400 \
        --out "$work/closed-data" >/dev/null' "$closed"
    diff -r "$work/data" "$work/closed-data" >"$work/stdout" ||
        failure "data $closed: $(head -3 "$work/stdout")"
    eval '"$sgatlin" train --data "$work/data" --preset tiny --threads 1 --steps 2 \
        --out "$work/closed"' "$closed" || failure "train $closed: exit $?"
    grep -q -v '^{.*}$' "$work/closed/log.jsonl" &&
        failure "train $closed: $(grep -v '^{.*}$' "$work/closed/log.jsonl" | head -1)"
done
"$sgatlin" flops >&- 2>"$work/stderr" && failure "flops to a closed stdout: exit 0"

# ---- what works

sample() {
    "$sgatlin" sample --checkpoint "$work/run" --tokens 40 --threads 1 "$@" 2>"$work/stderr"
}
one=$(sample --prompt "The  turtle" --seed 5) || failure "sample"
case $one in "The  turtle"*) ;; *) failure "the story does not begin with the prompt: $one" ;; esac
[ "$one" = "$(sample --prompt "The  turtle" --seed 5)" ] || failure "one seed, two stories"
[ "$one" != "$(sample --prompt "The  turtle" --seed 6)" ] || failure "two seeds, one story"
[ "$(sample --temperature 0 --seed 1)" = "$(sample --temperature 0 --seed 2)" ] ||
    failure "greedy depends on the seed"
[ "$(sample --top-k 1 --seed 1)" = "$(sample --temperature 0)" ] || failure "top-k 1 is not greedy"
[ "$(sample --top-p 0 --seed 1)" = "$(sample --temperature 0)" ] || failure "top-p 0 is not greedy"
[ "$(sample --prompt "naïve ☕" --tokens 0)" = "naïve ☕" ] ||
    failure "no tokens: expected the prompt alone"
sample --continue --tokens 200 --temperature 2 --seed 3 | iconv -f UTF-8 -t UTF-8 >/dev/null ||
    failure "no UTF-8"
sample --continue --tokens 100 >/dev/null
grep -q '^100 tokens, [0-9][0-9]* tokens/s$' "$work/stderr" ||
    failure "expected the tokens per second: $(cat "$work/stderr")"
[ "$(grep -c 'the oldest tokens are dropped' "$work/stderr")" = 1 ] ||
    failure "expected one message that the oldest tokens were dropped"
long=$(printf 'the turtle was slow and %.0s' 1 2 3 4 5 6 7 8 9 10 11 12)
[ "$(sample --prompt "$long" --tokens 0)" = "$long" ] ||
    failure "a long prompt is not printed whole"
[ "$(grep -c 'the oldest tokens are dropped' "$work/stderr")" = 1 ] ||
    failure "a long prompt: expected one message that it was cut"
cp -r "$work/run/step-000004" "$work/copied" # a checkpoint alone is enough
"$sgatlin" sample --checkpoint "$work/copied" --tokens 40 --prompt "The  turtle" \
    --seed 5 2>/dev/null >"$work/stdout"
[ "$(cat "$work/stdout")" = "$one" ] ||
    failure "a copied checkpoint gives another story"

# A reader that closes the pipe ends the command quietly; output that is lost does not.
(sample --continue --tokens 2000; echo $? >"$work/status") | head -c 1 >/dev/null
[ "$(cat "$work/status")" = 0 ] || failure "a closed pipe: exit $(cat "$work/status")"
grep -q -v -e '^blas=' -e '^warning: .* BLAS' -e 'pthread build' -e 'oldest tokens are dropped' \
    "$work/stderr" &&
    failure "a closed pipe: $(cat "$work/stderr")"
if [ -w /dev/full ]; then
    "$sgatlin" flops >/dev/full 2>"$work/stderr" && failure "output to a full disk was not noticed"
    grep -q 'standard output' "$work/stderr" || failure "a full disk: $(cat "$work/stderr")"
    for words in --help --version 'sample --help' 'data --help' 'train --usage'; do
        "$sgatlin" $words >/dev/full 2>"$work/stderr"
        [ $? = 1 ] || failure "$words to a full disk: no exit 1"
        [ "$(grep -c 'standard output cannot be written' "$work/stderr")" = 1 ] ||
            failure "$words to a full disk: expected one line: $(cat "$work/stderr")"
    done
fi

expect 0 'blas=' eval --checkpoint "$work/run" --data "$work/data/valid.bin" --json --threads 1 \
    --baselines "$work/data/train.bin" --dump "$work/dump.safetensors"
for key in loss perplexity tokens unigram trigram; do
    grep -q "\"$key\": *[0-9]" "$work/stdout" ||
        failure "eval --json: no $key in $(cat "$work/stdout")"
done
[ "$(wc -l <"$work/stdout")" = 1 ] || failure "eval --json: expected one object"
dumped=$(cksum <"$work/dump.safetensors")
refused 'already exists' eval --checkpoint "$work/run" --data "$work/data/valid.bin" \
    --dump "$work/dump.safetensors"
[ "$dumped" = "$(cksum <"$work/dump.safetensors")" ] || failure "a dump was overwritten"
"$sgatlin" eval --checkpoint "$work/run" --data "$work/data/valid.bin" --batch 3 \
    --threads 2 2>/dev/null |
    grep -q '^loss  *[0-9.]* nats' || failure "eval"

expect 0 '' flops --json --preset tinystories
grep -q '"parameters": 20318976' "$work/stdout" || failure "flops: not the paper's model"
grep -q '"forward_flops_per_sequence": 7516192768' "$work/stdout" ||
    failure "flops: not the paper's count"
expect 0 '' flops
expect 0 '' flops --scales --json
cp "$work/stdout" "$work/scales.json"
# One row per line: the values of the paper's keys, in one order.
rows() {
    awk -F ': ' 'BEGIN {
            keys = split("study scale ffn V T D Dh L F E C K Dk router parameters " \
                "forward_flops_per_sequence", key, " ")
        }
        { gsub(/[",]/, ""); sub(/^ +/, "", $1); value[$1] = $2 }
        /}/ {
            if ("study" in value) {
                for (i = 1; i <= keys; i++) printf "%s ", value[key[i]]
                print ""
            }
            split("", value)
        }' "$1"
}
"$sgatlin" flops --json | sed -n 's/.*"ffn": "\(.*\)",/ \1 /p' >"$work/kinds"
rows tests/golden/flops.json | grep -F -f "$work/kinds" >"$work/expected"
rows "$work/scales.json" | cmp - "$work/expected" ||
    failure "flops --scales --json: not the paper's counts"
[ "$(wc -l <"$work/expected")" -ge 26 ] ||
    failure "flops --scales: $(wc -l <"$work/expected") rows to compare with"
misused '--scales takes no' flops --scales --set D=8
expect 0 '' flops --scales
[ "$(grep -c ' ffn=' "$work/stdout")" = "$(wc -l <"$work/expected")" ] ||
    failure "flops --scales: other rows than --json"
expect 0 '' gates --checkpoint "$work/run" --text "The turtle was slow." --out "$work/gates.png"
[ "$(head -c 4 "$work/gates.png" | tail -c 3)" = PNG ] || failure "gates: no PNG"
refused 'already exists' gates --checkpoint "$work/run" --text "The turtle was slow." \
    --out "$work/gates.png"
expect 0 '' gates --checkpoint "$work/run" --text "The turtle was slow." --channel 1 \
    --out "$work/words.png"

# curves: two runs in one picture; a folder that is not a run, a loss no run reached, a picture that
# exists
expect 0 '' curves --out "$work/curves.png" --against seconds "$work/run" "$work/dense"
[ "$(head -c 4 "$work/curves.png" | tail -c 3)" = PNG ] || failure "curves: no PNG"
refused 'already exists' curves --out "$work/curves.png" "$work/run"
refused 'no validation loss below' curves --out "$work/none.png" --below 0.001 "$work/run"
refused 'log.jsonl' curves --out "$work/none.png" "$work"
misused 'expected RUN' curves --out "$work/none.png"
misused 'steps, flops or seconds' curves --against time --out "$work/none.png" "$work/run"
[ ! -e "$work/none.png" ] || failure "curves: a picture of nothing"

finish
