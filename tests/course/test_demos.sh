#!/bin/sh
# The demos of all chapters are called in the same way, and each lesson calls all of its parts.
. tests/harness/scratch.sh
failed=0
failure() {
    echo "test_demos.sh: $*" >&2
    failed=1
}
mkdir "$work/pictures"
picture=$work/pictures/a.png

# refused STATUS MESSAGE ARGUMENT…: the demo says so on one line, prints nothing and leaves no file.
refused() {
    expected=$1 message=$2 status=0
    shift 2
    "$demo" "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
    [ $status = "$expected" ] || failure "$name $*: exit status $status, expected $expected"
    { [ "$(wc -l <"$work/stderr")" -eq 1 ] && grep -q -F -e "$message" "$work/stderr"; } ||
        failure "$name $*: expected one line with '$message': $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || failure "$name $*: prints $(cat "$work/stdout")"
    [ -z "$(ls -A "$work/pictures")" ] || failure "$name $*: leaves $(ls -A "$work/pictures")"
}

for chapter in chapters/[0-9]*_*; do
    name=${chapter#chapters/} name=chapter-${name%%_*}
    demo=$B/$name
    "$demo" --help >"$work/help" || failure "$name --help fails"
    parts=$(sed -n 's/^  \([a-z]*\) .*/\1/p' "$work/help" | tr '\n' ' ')
    names="PART is one of: ${parts% }"
    first=${parts%% *}
    grep -q "^Without PART: $first\. Example: build/$name " "$work/help" ||
        failure "$name --help: neither the part without PART nor an example"
    refused 2 "gone: not a part or option; usage: [PART] [--picture FILE], $names" gone
    refused 2 "--gone: not a part or option; usage: [PART] [--picture FILE], $names" --gone
    refused 2 "only one part at a time" "$first" "$first"
    refused 2 "needs the name of a file" "$first" --picture
    [ ! -w /dev/full ] || ! "$demo" --help >/dev/full 2>"$work/stderr" ||
        failure "$name --help: a full disk was not noticed"
    grep -h -v '^Without PART' "$chapter"/*.md >"$work/calls" # the example is not a call
    for part in $parts; do
        grep -q -E "build/$name $part( |\`|\$)" "$work/calls" ||
            failure "$chapter: no call of $part"
        line=$(grep "^  $part " "$work/help")
        case $line in
        *--picture*)
            refused 1 "$work/none does not exist" "$part" --picture "$work/none/a.png"
            [ ! -w /dev/full ] || refused 1 '/dev/full: is a device' "$part" --picture /dev/full
            ;;
        *) refused 2 "$part: draws no picture" "$part" --picture "$picture" ;;
        esac
        case $line in
        *' --picture FILE '*) refused 2 "$part: draws only, and needs --picture FILE" "$part" ;;
        esac
    done
done

# ---- of a chapter that takes no time
name=chapter-08 demo=$B/chapter-08
"$demo" >"$work/stdout"
"$demo" budget | cmp - "$work/stdout" || failure 'without PART, it is not the first'
[ ! -w /dev/full ] || ! "$demo" >/dev/full 2>"$work/stderr" || failure 'full disk: not noticed'
{ "$demo" --picture "$picture" parts && [ -s "$picture" ]; } || failure 'no picture is drawn'
rm -f "$picture"
# shellcheck disable=SC3045 # where there is none, nothing is limited
ulimit -f 8 && refused 1 'a.png: cannot be written: ' parts --picture "$picture"

[ $failed = 0 ] && echo 'test_demos.sh: the demos of all chapters are called in the same way'
exit $failed
