#!/bin/sh
# The window under a display of its own, with real keys and a real mouse: what it shows is what
# --headless writes, every key and mode works, and each ends with status 0 and no complaint.
. tests/commands/command.sh
viewer=${VIEWER:-$PWD/build/visualizer}
for program in Xvfb xdotool xrandr; do
    command -v $program >/dev/null || {
        echo "skipped: $test_name, which needs $program"
        exit 0
    }
done

# ---- a display
displays=
trap 'kill $displays 2>/dev/null; wait $displays 2>/dev/null; rm -rf "$work"' EXIT
# open_display NAME ARGUMENT...: from now on everything is shown there.
open_display() {
    file=$work/$1
    shift
    Xvfb -displayfd 3 -screen 0 1400x900x24 -nolisten tcp -noreset "$@" 3>"$file" >/dev/null 2>&1 &
    displays="$displays $!"
    await test -s "$file"
    DISPLAY=:$(cat "$file")
    export DISPLAY
}
open_display display
unset WAYLAND_DISPLAY SDL_VIDEODRIVER
work=$(cd "$work" && pwd)

# shown: whether the window is there, or the program has ended.
# shellcheck disable=SC2317 # for await
shown() {
    window=$(xdotool search --onlyvisible --name '^sgatlin$')
    [ -n "$window" ] || ! kill -0 "$process"
}

# open_window NAME ARGUMENT...: starts the visualizer in a folder of its own, and waits for its
# window; sets $process and $window.
open_window() {
    name=$1
    shift
    mkdir "$work/$name"
    (cd "$work/$name" && exec "$viewer" "$@" >stdout 2>stderr) &
    process=$!
    await shown
    [ -n "$window" ] || {
        failure "$name: no window: $(cat "$work/$name/stderr")"
        exit 1
    }
    xdotool windowfocus --sync "$window" mousemove 1399 899 2>/dev/null
}

# ended: the window closes, with status 0 and nothing on stderr but what the program runs with.
ended() {
    wait "$1" || failure "$2: exit $?"
    grep -v -e '^blas=' -e 'extension "RANDR" missing' "$work/$2/stderr" >"$work/complaints" &&
        failure "$2: $(cat "$work/complaints")"
}

# keys KEY...: pressed one after the other, each in time for a frame of its own.
keys() {
    xdotool key --delay 40 "$@"
}

# picture: saves one with `s`; sets $picture.
picture() {
    count=$(find "$work/$name" -name 'sgatlin-*.png' | wc -l)
    picture=$work/$name/$(printf 'sgatlin-%04d.png' $((count + 1)))
    xdotool key s
    await test -s "$picture"
}

# ---- a model
"$sgatlin" data --storyworld --stories 60 --vocab 500 --out "$work/data" >/dev/null \
    2>"$work/stderr" || failure "data: $(cat "$work/stderr")"
# train RUN SETTING...
train() {
    run=$1
    shift
    "$sgatlin" train --data "$work/data" --preset tiny --threads 1 --out "$work/$run" \
        --set B=2 T=100 "$@" >/dev/null 2>"$work/stderr" || failure "train: $(cat "$work/stderr")"
}
train run steps=2
DISPLAY='' "$viewer" --checkpoint "$work/run" 2>&1 | grep -q 'built without SDL2' && {
    echo "skipped: $test_name: the visualizer was built without SDL2"
    exit 0
}

# ---- what the window shows is what --headless writes: of a story that tells one token and then
# none for a long time, when all that is computed of it is there
set -- --checkpoint "$work/run" --prompt 'The dog' --speed 0.01 --size 1300x800
"$viewer" "$@" --headless --frames "$work/frames" --fps 1 --seconds 3 2>/dev/null ||
    failure "--headless failed"
same() {
    picture
    cmp -s "$picture" "$work/$1/frame-000002.png" && return
    sleep 4 # until it no longer says that it saved a picture
    false
}
# On a display of 192 dots per inch at the double scale. SDL asks RANDR, where there is that, and
# Xvfb's knows no dots.
plain=$DISPLAY
"$viewer" "$@" --scale 2 --headless --frames "$work/large" --fps 1 --seconds 3 2>/dev/null ||
    failure "--headless --scale 2 failed"
open_display dense_display -dpi 192 -extension RANDR
open_window dense "$@"
sleep 1.5
same large || same large || same large || failure 'a dense display does not double the scale'
keys q
ended $process dense
DISPLAY=$plain
open_window same "$@"
sleep 1.5
same frames || same frames || same frames ||
    failure 'the window shows another picture than --headless writes'

# ---- the prompt: replaced, cut and pasted twice it is the one that is typed
# prompt_picture KEY...: pressed in the prompt; sets $picture, without a message of the one before.
prompt_picture() {
    keys "$@" Escape
    sleep 5
    picture
}
prompt_picture Return T i m T i m
typed=$picture
prompt_picture Return ctrl+a T i m ctrl+x ctrl+v ctrl+v
cmp -s "$picture" "$typed" || failure 'what is cut and pasted twice is not what was typed twice'
prompt_picture Return ctrl+a BackSpace
cmp -s "$picture" "$typed" && failure 'a selected prompt was not removed'

# ---- every key of the help, the mouse everywhere, all sizes
keys h
picture
cmp -s "$picture" "$work/frames/frame-000002.png" && failure 'no help is shown'
keys h plus equal minus KP_Add KP_Subtract space n n space Left Left Home Right End \
    Up Down Down c shift+c p x u r question question Tab Tab Tab Escape Page_Up Page_Up \
    Page_Down t Right Left Escape z F5 BackSpace Delete ctrl+q alt+q
keys Return
xdotool type --delay 10 'Tim r'
keys BackSpace Return
keys Return Escape
for y in 30 70 140 250 380 450 520 600 690 740 785; do
    for x in 20 60 150 300 450 600 700 900 1050 1250; do
        xdotool mousemove --window "$window" $x $y click 1
    done
    keys Escape Escape
done
xdotool mousemove --window "$window" 100 200 click 4 click 4 click 5 click 3
for size in 1x1 2x300 300x2 640x480 200x200 1400x900 1x1 1280x720; do
    xdotool windowsize "$window" "${size%x*}" "${size#*x}"
    sleep 0.1
    keys c
done
keys F11
sleep 0.3
keys F11 f
sleep 0.3
keys f
sleep 0.2
xdotool windowfocus "$window" 2>/dev/null
kill -0 $process || failure 'the window did not stay open'
keys q
ended $process same

# ---- each panel alone, all at once; they close by themselves; of two threads the model takes one
pids=
for panel in story gates neighbours map why timeline usage loss card; do
    mkdir "$work/$panel"
    (cd "$work/$panel" && OMP_NUM_THREADS=2 exec "$viewer" --checkpoint "$work/run" \
        --panel $panel --speed 50 --seconds 2 --size 400x300 --measure >stdout 2>stderr) &
    pids="$pids $!:$panel"
done
for pid in $pids; do
    ended "${pid%:*}" "${pid#*:}"
    grep -q '^frames: [1-9]' "$work/${pid#*:}/stdout" || failure "${pid#*:}: no frames were drawn"
    grep -q ' threads=1 ' "$work/${pid#*:}/stderr" || failure "${pid#*:}: expected one thread"
done

# ---- however slow its start is, a frame is shown
mkdir "$work/short"
(cd "$work/short" && exec "$viewer" --checkpoint "$work/run" --seconds 0.001 --measure \
    >stdout 2>stderr) &
ended $! short
grep -q '^frames: [1-9]' "$work/short/stdout" || failure 'short: no frames were drawn'

# ---- the tour, with keys, to its end; and a display that ends in the midst of it
open_window tour --checkpoint "$work/run" --tour
keys Right Return space Left Right Right
picture
keys Right Right Right Right Right Right h Escape q
ended $process tour
open_window lost --checkpoint "$work/run" --tour
xdotool windowkill "$window" # its connection breaks, as when the display ends
wait $process
[ $? = 1 ] || failure 'lost: not ended by the lost connection'

# ---- a monitor that is switched off, as when it is unplugged, and on again
open_window monitor --checkpoint "$work/run"
xrandr --output screen --off 2>/dev/null # an error, but the display has no monitor then
xrandr | grep -q '^screen connected$' || failure "monitor: still on: $(xrandr)"
keys c Tab
xrandr --output screen --auto
picture
keys Escape q
ended $process monitor

# ---- a run that trains meanwhile: it is seen, and not touched
train watched steps=1
open_window watch --watch "$work/watched"
"$sgatlin" train --data "$work/data" --preset tiny --threads 1 --out "$work/other" \
    --set B=2 T=100 steps=40 checkpoint_every=10 log_every=5 >/dev/null 2>&1 &
trainer=$!
await test -e "$work/other/step-000010"
rm -rf "$work/watched"
mv "$work/other" "$work/watched" # replaced by a run in training
wait $trainer
sleep 1
keys Tab Tab Escape Left Up q
ended $process watch

# ---- training in the window
open_window train --train --data "$work/data" --preset tiny --threads 1 --out "$work/own" \
    --set B=2 T=100 steps=100000
keys space n n n c Down Tab Escape space
sleep 0.5
picture
keys q
ended $process train
[ -e "$work/own/log.jsonl" ] || failure 'training left no log'
[ "$(find "$work/own" -name 'step-0*' | wc -l)" -gt 1 ] || failure 'training left no checkpoint'

finish
