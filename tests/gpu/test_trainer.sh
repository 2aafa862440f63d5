#!/bin/sh
# sgatlin --device emulator: the trainer for a GPU, in the emulator. It agrees with the CPU, its
# bits depend neither on the run nor on the order of threads, and runs move between devices.
set -u
. tests/harness/scratch.sh
. tests/gpu/programs.sh
emulator=$PWD/$B/sgatlin-emulator
failed=0

fail() {
    echo "test_trainer.sh: $*" >&2
    failed=1
}
# quietly COMMAND...: it must succeed; its messages are shown when it does not.
quietly() {
    "$@" >"$work/said" 2>&1 && return
    fail "$*: exit $?: $(cat "$work/said")"
}
# refused STATUS MESSAGE ARGUMENT...
refused() {
    expected=$1 message=$2
    shift 2
    "$emulator" "$@" >"$work/said" 2>&1
    status=$?
    [ $status = "$expected" ] && grep -qF -e "$message" "$work/said" && return
    fail "$*: exit $status, expected $expected and '$message': $(cat "$work/said")"
}

# Every kind of layer, routing and router, tensor by tensor. Also sizes around the tiles of 32.
quietly "$emulator" compare --device emulator --batch 2 --steps 2 --set T=9
quietly "$emulator" compare --device emulator --batch 1 --steps 1 --ffn glu --set T=65 D=66 Dh=66 \
    V=37 L=1
# A prompt that the decoder reads in two passes.
quietly "$emulator" compare --device emulator --batch 1 --steps 1 --ffn mlp --set T=140 D=40 Dh=40 \
    V=37 L=1
# In micro-batches, the last one smaller.
for settings in mlp glu 'moe bias=0.001' 'moe routing=unified pool=sequence' peer sgatlin; do
    # shellcheck disable=SC2086 # the words of the settings
    quietly "$emulator" compare --device emulator --batch 5 --micro-batch 2 --steps 2 --set T=5 \
        --ffn $settings
done
# The products of the program's own, where there is no cuBLAS.
for kind in glu sgatlin; do
    SGATLIN_CUBLAS=0 quietly "$emulator" compare --device emulator --batch 1 --steps 1 \
        --ffn $kind --set T=33 V=67 L=1
done
# Products in bf16, within the tolerances of bf16.
quietly "$emulator" compare --device emulator --precision bf16 --batch 2 --steps 2 --set T=9
quietly "$emulator" compare --precision bf16 --device emulator --batch 5 --micro-batch 2 --steps 2 \
    --set T=5 --ffn glu
SGATLIN_CUBLAS=0 quietly "$emulator" compare --device emulator --precision bf16 --batch 1 \
    --steps 1 --ffn glu --set T=33 V=67 L=1
for order in reverse random:1; do
    for kind in moe sgatlin; do
        EMULATOR_ORDER=$order quietly "$emulator" compare --device emulator --batch 1 --steps 1 \
            --set T=5 --ffn $kind
    done
done

# Device memory is predicted, and the paper's models fit a GPU of 8 GB.
quietly "$B/gpu/test-trainer"
# Numbers of the layers' authors.
quietly "$B/gpu/golden" tests/golden/model/*.safetensors
"$B/gpu/golden" tests/golden/ffn/mlp.safetensors >"$work/said" 2>&1 && fail 'a layer is no model'

quietly "$SGATLIN" data --storyworld --stories 30 --seed 1 --vocab 300 --out "$work/data"
# train RUN THREADS ORDER KIND SETTING...
train() {
    run=$1 threads=$2 order=$3 kind=$4
    shift 4
    EMULATOR_ORDER=$order quietly "$emulator" train --device emulator --data "$work/data" \
        --out "$run" --preset tiny --ffn "$kind" --threads "$threads" --set T=8 B=3 L=1 steps=6 \
        checkpoint_every=3 eval_every=6 eval_batches=1 log_every=1 clip=0.5 "$@"
}
same_runs() { # RUN RUN
    for file in model optimizer; do
        cmp "$1/step-000006/$file.safetensors" "$2/step-000006/$file.safetensors" >&2 || failed=1
    done
}
train "$work/a" 1 forward sgatlin
train "$work/b" 2 reverse sgatlin
train "$work/c" 1 random:7 sgatlin
same_runs "$work/a" "$work/b"
same_runs "$work/a" "$work/c"
train "$work/moe" 1 forward moe
train "$work/moe-again" 2 random:3 moe
same_runs "$work/moe" "$work/moe-again"

# Micro-batches: the same bits in every run; and in the log the same but for rounding.
train "$work/micro" 1 forward sgatlin micro_batch=2
grep -q '^device   memory .* for 2 rows at a time, 2 micro-batches per step$' "$work/said" ||
    fail "the plan does not say how the batch is divided: $(cat "$work/said")"
train "$work/micro-again" 2 random:5 sgatlin micro_batch=2
same_runs "$work/micro" "$work/micro-again"

# A run that was stopped after three steps continues on the CPU, and one of the CPU here; to the
# same losses but for rounding.
stopped() { # RUN PROGRAM DEVICE OPTION...
    run=$1 program=$2 device=$3
    shift 3
    SGATLIN_KILL=renamed:step-000003 "$program" train --device "$device" --data "$work/data" \
        --out "$run" --preset tiny --ffn sgatlin --set T=8 B=3 L=1 steps=6 checkpoint_every=3 \
        eval_every=6 eval_batches=1 log_every=1 clip=0.5 "$@" >"$work/said" 2>&1
    if [ ! -d "$run/step-000003" ] || [ -d "$run/step-000006" ]; then
        fail "$run: $(cat "$work/said")"
    fi
}
stopped "$work/there" "$emulator" emulator
stopped "$work/back" "$SGATLIN" cpu
cmp "$work/a/step-000003/model.safetensors" "$work/there/step-000003/model.safetensors" >&2 ||
    failed=1
quietly "$SGATLIN" train --device cpu --resume "$work/there"
quietly "$emulator" train --device emulator --resume "$work/back"
last_loss() { sed -n 's/^{"step":[0-9]*,"loss":\([0-9.]*\),.*/\1/p' "$1/log.jsonl" | tail -n 1; }
close() { # NAME NUMBER EXPECTED [TOLERANCE]
    awk -v a="$2" -v b="$3" -v t="${4:-1e-5}" 'BEGIN { exit !(b > 0 && (a - b)^2 < (t * b)^2) }' ||
        fail "$1: $2, expected $3"
}
for run in there back micro; do
    close "loss of $run" "$(last_loss "$work/$run")" "$(last_loss "$work/a")"
done
loss_of() { # PROGRAM DEVICE OPTION...
    program=$1 device=$2
    shift 2
    "$program" eval --device "$device" --checkpoint "$work/a" --data "$work/data/valid.bin" \
        --json "$@" 2>/dev/null | sed -n 's/.*"loss": \([0-9.]*\).*/\1/p'
}
close 'validation loss' "$(loss_of "$emulator" emulator)" "$(loss_of "$SGATLIN" cpu)"

# bf16: other bits than fp32, close to it after a short run, and the same in every run, also in one
# that was stopped. Any run may continue in another precision.
train "$work/bf16" 1 forward sgatlin --precision bf16
grep -q ' device=emulator precision=bf16$' "$work/said" || fail "no precision: $(cat "$work/said")"
train "$work/bf16-again" 2 random:7 sgatlin --precision bf16
same_runs "$work/bf16" "$work/bf16-again"
stopped "$work/bf16-stopped" "$emulator" emulator --precision bf16
cp -r "$work/bf16-stopped" "$work/bf16-to-fp32"
quietly "$emulator" train --device emulator --precision bf16 --resume "$work/bf16-stopped"
same_runs "$work/bf16" "$work/bf16-stopped"
quietly "$emulator" train --device emulator --resume "$work/bf16-to-fp32"
differs() { # NAME NUMBER OTHER
    if [ -z "$2" ] || [ "$2" = "$3" ]; then fail "$1: '$2' in both precisions"; fi
}
for kind in mlp sgatlin; do
    for precision in fp32 bf16; do
        train "$work/$kind-$precision" 1 forward "$kind" steps=60 checkpoint_every=60 \
            eval_every=60 --precision "$precision"
    done
    fp32=$(last_loss "$work/$kind-fp32") bf16=$(last_loss "$work/$kind-bf16")
    differs "last loss of $kind" "$bf16" "$fp32"
    close "last loss of $kind in bf16" "$bf16" "$fp32" 0.01
done
bf16=$(loss_of "$emulator" emulator --precision bf16) fp32=$(loss_of "$emulator" emulator)
differs 'validation loss' "$bf16" "$fp32"
close 'validation loss in bf16' "$bf16" "$fp32" 0.002
quietly "$SGATLIN" sample --checkpoint "$work/a" --prompt Once --tokens 5

refused 2 'no such device; this program has cpu, emulator' train --device gpu
refused 2 'the device cpu computes in fp32 only' eval --precision bf16 --device cpu
refused 2 '--precision fp8: expected fp32 or bf16' eval --precision fp8
refused 1 'cannot be divided' compare --device emulator --batch 2 --micro-batch 1 --ffn moe \
    routing=expert
refused 1 'heads on this device have at most 128' compare --device emulator --ffn mlp \
    --set D=260 Dh=130
refused 1 'C * K is more than 3072' compare --device emulator --ffn sgatlin --set C=124 K=25 F=625
exit $failed
