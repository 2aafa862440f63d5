#!/bin/sh
# sgatlin under a locale whose decimal separator is a comma: it reads and writes the same bytes.
. tests/commands/command.sh

# The tests themselves run under the C locale, whatever that of the caller is.
# shellcheck disable=SC2016 # for the script that is written
printf '#!/bin/sh\necho "locale: $LC_ALL"\n' >"$work/shown"
chmod +x "$work/shown"
LC_ALL=de_DE.UTF-8 tests/run.sh "$work/shown" >"$work/out" 2>/dev/null
grep -q '^locale: C$' "$work/out" ||
    failure "tests/run.sh does not set LC_ALL=C"
grep -q '^export LC_ALL=C\b' reference/demo.sh || failure "the demo does not set LC_ALL=C"

# ---- German, installed or made here
comma() { [ "$(LC_ALL=de_DE.UTF-8 locale decimal_point 2>/dev/null)" = , ]; }
if ! comma && mkdir "$work/locales"; then
    localedef -i de_DE -f UTF-8 "$work/locales/de_DE.UTF-8" >/dev/null 2>&1
    LOCPATH=$(cd "$work" && pwd)/locales
    export LOCPATH
fi
if ! comma; then
    echo "skipped: $test_name: there is no locale de_DE.UTF-8"
    finish
fi

# in_both NAME ARGUMENT...: the standard output of both locales, in NAME.C and NAME.de_DE.UTF-8;
# DIR in an argument is a folder for each.
in_both() {
    name=$1
    shift
    for locale in C de_DE.UTF-8; do
        mkdir -p "$work/$locale"
        (
            for argument; do
                set -- "$@" "$(echo "$argument" | sed "s|DIR|$work/$locale|")"
                shift
            done
            LC_ALL=$locale "$sgatlin" "$@" >"$work/$name.$locale" 2>"$work/stderr"
        ) || failure "$locale: $name: $(tail -1 "$work/stderr")"
    done
}
same() { # NAME...: of files in both folders
    for name; do
        cmp "$work/C/$name" "$work/de_DE.UTF-8/$name" || failure "$name depends on the locale"
    done
}
same_output() {
    in_both "$@"
    [ -s "$work/$1.C" ] || failure "$1 printed nothing"
    cmp "$work/$1.C" "$work/$1.de_DE.UTF-8" || failure "$1 depends on the locale"
}

same_output flops flops --json --preset tiny
same_output table flops --scales
in_both data data --storyworld --stories 100 --vocab 300 --out DIR/data
same data/tokenizer.json data/train.bin data/valid.bin
in_both train train --data "$work/C/data" --preset tiny --threads 1 --out DIR/run \
    --set peak=0.0125 clip=1.5 weight_decay=1e-3 steps=4
same run/step-000004/model.safetensors run/step-000004/state.json
same_output eval eval --checkpoint "$work/C/run" --data "$work/C/data/valid.bin" --json --threads 1
grep -q '"loss": [0-9]*\.[0-9]' "$work/eval.C" || failure "no loss: $(cat "$work/eval.C")"
same_output sample sample --checkpoint "$work/C/run" --temperature 0.5 --top-p 0.9 --threads 1

finish
