#!/bin/sh
# The visualizer without a window: the same bytes for the same arguments, and one clear line for
# everything that cannot be shown.
. tests/commands/command.sh
viewer=${VIEWER:-$PWD/build/visualizer}
sgatlin_program=$sgatlin
sgatlin=$viewer # of `expect`

# Besides the line about the build, and a warning about that, one says what is wrong.
one_line() {
    [ "$(grep -cv -e '^blas=' -e '^warning: this build' "$work/stderr")" = 1 ] ||
        failure "not one line: $(cat "$work/stderr")"
}

# make_run NAME ARGUMENT...: a run of a few steps
make_run() {
    run=$1
    shift
    "$sgatlin_program" train --data "$work/data" --preset tiny --threads 1 --out "$work/$run" "$@" \
        --set steps=2 B=2 T=100 >/dev/null 2>"$work/stderr" ||
        failure "train: $(cat "$work/stderr")"
}
"$sgatlin_program" data --storyworld --stories 60 --vocab 500 --out "$work/data" >/dev/null \
    2>"$work/stderr" || failure "data: $(cat "$work/stderr")"
make_run sgatlin
make_run moe --ffn moe
make_run mlp --ffn mlp
"$sgatlin_program" record --checkpoint "$work/moe" --threads 1 --data "$work/data/valid.bin" \
    --out "$work/moe.safetensors" >/dev/null 2>"$work/stderr" ||
    failure "record: $(cat "$work/stderr")"

# frames STATUS PATTERN ARGUMENT...: writes three frames
frames() {
    frames_status=$1 frames_pattern=$2
    shift 2
    expect "$frames_status" "$frames_pattern" --headless --frames "$work/frames" --fps 1 \
        --seconds 3 --size 320x240 "$@"
}
hash_frames() {
    (cd "$work/frames" && cksum frame-*.png)
}

# ---- the same bytes: again, with another number of threads, in any kind
for kind in sgatlin moe mlp; do
    rm -rf "$work/frames"
    frames 0 '' --checkpoint "$work/$kind" --prompt 'The dog' --threads 1 --size 700x500
    hash_frames >"$work/first"
    [ "$(wc -l <"$work/first")" = 3 ] || failure "$kind: not three frames: $(cat "$work/first")"
    [ "$(cut -d ' ' -f 1 "$work/first" | sort -u | wc -l)" -gt 1 ] || failure "$kind: nothing moves"
    for threads in 1 2; do
        rm -rf "$work/frames"
        frames 0 '' --checkpoint "$work/$kind" --prompt 'The dog' --threads $threads --size 700x500
        hash_frames | cmp -s - "$work/first" || failure "$kind: other bytes with $threads threads"
    done
    frames 0 '' --checkpoint "$work/$kind" --prompt 'The dog' --seed 2 --size 700x500
    hash_frames | cmp -s - "$work/first" && failure "$kind: the seed changes nothing"
done

# ---- an animation, alone and with frames; a panel; the tour
set -- --headless --checkpoint "$work/sgatlin" --size 320x240 --fps 2 --seconds 2
expect 0 '' "$@" --animation "$work/a.png"
expect 0 '' "$@" --animation "$work/b.png" --frames "$work/both/deep"
cmp -s "$work/a.png" "$work/b.png" || failure 'the animation has other bytes the second time'
grep -q acTL "$work/a.png" || failure 'the animation is not an animated PNG'
[ -e "$work/both/deep/frame-000003.png" ] || failure 'no frames beside the animation'
expect 0 '' "$@" --animation "$work/c.png" --panel map --tour
frames 0 '' --checkpoint "$work/sgatlin" --size 1x1 --scale 8
frames 0 '' --checkpoint "$work/sgatlin" --size 64x64 --scale 0.5 --panel gates

# ---- prompts of any bytes and length
words=$(awk 'BEGIN { for (i = 0; i < 5000; i++) printf "dog " }')
invalid=$(printf 'The \377\200 dog\303')
for prompt in '' "$invalid" "$words" "$(printf '\n\t\033[0m')" '🐢“ü'; do
    frames 0 '' --checkpoint "$work/sgatlin" --prompt "$prompt" --size 640x480
done

# ---- what is misused
one="--checkpoint $work/sgatlin"
shot="$one --headless --frames $work/frames --seconds 1"
expect 2 'expected --checkpoint RUN, --watch RUN or --train'
# shellcheck disable=SC2086 # several words
{
    expect 2 'expected one run' $one --watch "$work/moe"
    expect 2 'expected one run' $one $one
    expect 2 'only one of them' $one --train --data "$work/data"
    expect 2 'with --frames DIR' $one --headless
    expect 2 'with --frames DIR' $one --frames "$work/frames"
    expect 2 'with --frames DIR' $one --animation "$work/a.png"
    expect 2 'depends on the clock' --watch "$work/moe" --headless --frames "$work/frames"
    expect 2 'depends on the clock' --headless --frames "$work/frames" --train --preset tiny
    expect 2 'more than 999999 frames' $one --headless --frames "$work/frames" --seconds 1e6
    expect 2 'unexpected argument; quote the prompt' $one --prompt The dog
    expect 2 'unrecognized option' $one --nothing
    expect 2 'requires an argument' $one --panel
    expect 2 'none: expected one of: story gates .* card' $one --panel none
    for bad in size=0x5 size=5x0 size=5 size=x size=1x1x1 size=-4x4 size=16385x2 size= \
        size=2x99999999999 size='4 x4x' panel=none panel= panel=Story seed=-1 seed=x \
        seed=1.5 seed= temperature=-1 temperature=nan temperature=101 speed=0 speed=inf \
        speed=x speed=1001 scale=0.4 scale=9 scale=nan fps=0 fps=-1 fps=nan fps=1001 \
        seconds=-1 seconds=x seconds=1e7 threads=0 threads=x; do
        expect 2 "${bad%%=*}" $shot --"$bad"
    done

    # ---- what cannot be opened or written
    expect 1 'none' --checkpoint "$work/none" --headless --frames "$work/frames"
    expect 1 'none' --checkpoint "$work/none"
    expect 1 'none' --watch "$work/none"
    expect 1 'contains no checkpoint' --checkpoint "$work" --headless --frames "$work/frames"
    expect 1 'none.safetensors' $shot --recording "$work/none.safetensors"
    expect 1 'moe.safetensors' $shot --recording "$work/moe.safetensors"
    expect 1 'classes.tsv' $shot --recording "$work/data/classes.tsv"
    DISPLAY='' expect 1 'use --headless --frames DIR' $one
    DISPLAY=:987 expect 1 'use --headless --frames DIR' $one
    one_line
    echo text >"$work/file"
    expect 1 'file' $one --headless --frames "$work/file" --seconds 1
    expect 1 'file' $one --headless --frames "$work/file/inside" --seconds 1
    expect 1 'none/a.png' $one --headless --animation "$work/none/a.png" --seconds 1
    expect 1 'data' $one --headless --animation "$work/data" --seconds 1
}
if [ -c /dev/full ] && (ulimit -f 1) 2>/dev/null; then
    rm -rf "$work/frames" "$work/full.png"
    # shellcheck disable=SC3045 # where there is none, nothing is limited
    (ulimit -f 8 && "$viewer" --checkpoint "$work/sgatlin" --headless --frames "$work/frames" \
        --seconds 1 >"$work/stdout" 2>"$work/stderr")
    status=$?
    [ $status = 1 ] || failure "a limit on the size of files: exit $status"
    grep -q 'frame-000000.png: .*limit' "$work/stderr" || failure "limit: $(cat "$work/stderr")"
    [ ! -e "$work/frames/frame-000000.png" ] || failure 'half a frame is left'
fi

# ---- a damaged checkpoint
model=$(echo "$work"/sgatlin/step-*2/model.safetensors)
cp "$model" "$work/whole"
for size in 0 7 100 20000; do
    head -c $size "$work/whole" >"$model"
    # shellcheck disable=SC2086
    expect 1 'model.safetensors' $shot
    one_line
done

finish
