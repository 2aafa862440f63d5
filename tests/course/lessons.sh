#!/bin/sh
# Checks every lesson and readme against the code, the programs and the files it mentions; B is the
# folder of this build. With arguments: only these files.
set -eu
if [ $# = 0 ]; then
    gpu=gpu
    if [ ! -x "${B:-build}/gpu-profile" ]; then
        echo 'skipped: the lessons of gpu/: no build/gpu-profile, which needs g++ (make deps)'
        gpu=gpu/emulator
    fi
    # shellcheck disable=SC2046 # no name here has a space
    set -- $(find README.md chapters datasets reference tests $gpu visualizer \
        -name '*.md' 2>/dev/null | sort)
fi
. tests/harness/scratch.sh

# The pictures were drawn with this font, of Debian's fonts-inter 4.0~beta7. With any other one the
# text in them differs, so then they are drawn but not compared.
SGATLIN_FONT=/usr/share/fonts/opentype/inter/Inter-Regular.otf
compare=1
if [ "$({ cksum <"$SGATLIN_FONT"; } 2>/dev/null)" != '689076862 258992' ]; then
    SGATLIN_FONT=builtin
    compare=0
    echo 'Pictures are not compared: they were drawn with Inter 4.0~beta7, which is not here'
fi
export SGATLIN_FONT

# Pictures that no command of a lesson draws: of a window, and of models that were trained for
# longer or on text that is not in this repository.
undrawn=' chapters/08_equal_compute/seconds.png'
undrawn="$undrawn reference/results/losses_flops.png reference/results/losses_seconds.png"
undrawn="$undrawn reference/results/gates.png reference/results/map.png"
undrawn="$undrawn visualizer/window.png visualizer/patched.png "
awk -v work="$work" -v programs="${B:-build}" -v compare=$compare -v undrawn="$undrawn" \
    -f tests/course/lessons.awk "$@"
