#!/bin/sh
# A mixture of experts from training to story with every routing: what each prints, that it resumes
# to the same bytes, and settings that exclude each other. Wrong usage is 2, failure 1, with one
# line that says what to change.
# shellcheck disable=SC2086 # options are kept as words in one string
. tests/commands/command.sh

"$sgatlin" data --storyworld --stories 200 --seed 1 --vocab 400 \
    --out "$work/data" >/dev/null 2>&1 || failure "data"
train() { # STATUS PATTERN RUN OPTIONS
    expect "$1" "$2" train --data "$work/data" --preset tiny --ffn moe --threads 2 --out "$3" \
        --set steps=6 checkpoint_every=3 log_every=1 $4
}

# ---- every routing, packed and padded; killed after step 3 and resumed

run_one() { # NAME, OPTIONS
    run=$work/$1
    train 0 'to beat' "$run" "$2"
    said=$(grep -c 'causal   no' "$work/stderr")
    mkdir "$work/broken-$1"
    cp -r "$run/step-000003" "$work/broken-$1"
    expect 0 '' train --resume "$work/broken-$1" --threads 1
    for file in "$run"/step-000006/*; do
        cmp -s "$file" "$work/broken-$1/step-000006/$(basename "$file")" ||
            failure "$1: resumed, $file differs"
    done
    grep -q '"final_valid_loss"' "$run/log.jsonl" || failure "$1: the log has no final line"
    grep -q '"usage"' "$run/log.jsonl" || failure "$1: the log has no usage"
    expect 0 '' sample --checkpoint "$run" --prompt 'The dog' --tokens 40 --temperature 0
    [ "$(wc -c <"$work/stdout")" -gt 20 ] || failure "$1: no story"
    [ "$(grep -c 'is not causal' "$work/stderr")" = "$said" ] ||
        failure "$1: sample and train disagree on causality"
    cp "$work/stdout" "$work/story"
    expect 0 '' sample --checkpoint "$run" --prompt 'The dog' --tokens 40 --temperature 0 \
        --threads 1
    cmp -s "$work/stdout" "$work/story" || failure "$1: another story with one thread"
    expect 0 '' eval --checkpoint "$run" --data "$work/data/valid.bin" --batch 4
    rows=$(grep -c 'depends on the batch size' "$work/stderr")
    cp "$work/stdout" "$work/loss"
    expect 0 '' eval --checkpoint "$run" --data "$work/data/valid.bin" --batch 3
    joined=1
    cmp -s "$work/stdout" "$work/loss" && joined=0
    [ "$rows" = "$joined" ] ||
        failure "$1: eval says $rows, another --batch made another loss: $joined"
    expect 0 '' gates --checkpoint "$run" --text 'The dog was slow.' --out "$work/$1.png"
    expect 0 '' gates --checkpoint "$run" --text 'The dog was slow.' --out "$work/$1-words.png" \
        --channel 0
    for picture in "$1.png" "$1-words.png"; do [ -s "$work/$picture" ] ||
        failure "$1: no $picture"; done
    echo "$said $rows"
}
check() { # WHAT IT PRINTS (not causal, mixes rows), NAME, OPTIONS
    claims=$1 name=$2
    run_one "$name" "$3" >"$work/said"
    [ "$(cat "$work/said")" = "$claims" ] ||
        failure "$name: says $(cat "$work/said"), expected $claims"
}
check '0 0' token ''
check '0 0' padded 'batching=padded'
check '0 0' balanced 'switch=0.01 z=0.001 bias=0.001'
check '1 1' expert '--routing expert --capacity 1.5 batching=padded'
check '0 1' step '--routing unified --set K=1.5'
check '1 0' sequence '--routing unified --pool sequence --set K=1.5 alpha=0.3 batching=padded'
grep -q '"balance_loss"' "$work/balanced/log.jsonl" ||
    failure "balanced: the log has no balance_loss"
! grep -q '"balance_loss"' "$work/token/log.jsonl" ||
    failure "token: a balance_loss without balancing"
grep -q 'router_bias' "$work/balanced/step-000006/model.safetensors" ||
    failure "balanced: the bias was not saved"
! grep -q 'router_bias' "$work/token/step-000006/model.safetensors" ||
    failure "token: a bias was saved"
grep -q '"K": *"1.5"' "$work/step/step-000006/model.safetensors" ||
    failure "step: K is not in the metadata"

# ---- flops and bench

expect 0 '' flops --preset tinystories --ffn moe --json
grep -q '"forward_flops_per_sequence": 19344130048' "$work/stdout" ||
    failure "flops: $(cat "$work/stdout")"
grep -q '"parameters": 28396288' "$work/stdout" || failure "flops: $(cat "$work/stdout")"
expect 0 '' flops --ffn moe --set routing=unified K=1.5 --json
grep -q '"K": 1.5' "$work/stdout" || failure "flops: K is not a number"
for options in '' 'routing=expert' 'routing=unified K=1.5' 'routing=unified pool=sequence'; do
    expect 0 '' bench layer --ffn moe --json --repetitions 1 --set N=64 D=16 F=8 E=4 $options
    expect 0 '' bench step --ffn moe --json --repetitions 1 --set B=2 T=16 D=16 Dh=8 F=8 E=4 L=1 \
        V=50 $options
done

# ---- settings that exclude each other

for case in 'K=5 is more than the E=4:--set K=5' 'belongs to --routing unified:--pool step' \
    'belongs to --routing expert:--capacity 2' \
    'belongs to --routing token:--routing expert --set K=2' \
    'belongs to --routing token:--routing unified --set bias=0.1' 'no such routing:--routing none' \
    'no such pool:--routing unified --pool all' 'or less:--routing expert --capacity 5' \
    'or more:--routing expert --capacity 0.1' 'routing unified takes a fraction:--set K=1.5' \
    'expected a number:--set alpha=2' 'has no such setting:--set C=2' \
    'has no such setting:--router dense' \
    'whole number:--set K=0.5'; do
    train 2 "${case%%:*}" "$work/new" "${case#*:}"
done
expect 2 'has no such setting' train --data "$work/data" --out "$work/new" --preset tiny --ffn mlp \
    --routing token
expect 2 'has no such setting' train --data "$work/data" --out "$work/new" --preset tiny --set E=4
expect 2 'cannot be given with --resume' train --resume "$work/token" --routing expert
[ ! -e "$work/new" ] || failure "a refused run left its folder"

finish
