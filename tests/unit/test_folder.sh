#!/bin/sh
# make runs the tests in a folder whose path has an apostrophe and a blank, and they write into
# TMPDIR.
set -eu
. tests/harness/scratch.sh
root=$PWD
folder="$work/o'brien x"
mkdir -p "$folder/tests" "$work/elsewhere"
ln -s "$root/Makefile" "$root/reference" "$root/chapters" "$root/datasets" \
    "$root/visualizer" "$root/gpu" \
    "$folder"
ln -s "$root"/tests/* "$folder/tests"
rm "$folder/tests/run.sh"
# in its place, what is given to the tests
cat >"$folder/tests/run.sh" <<'END'
#!/bin/sh
for program in "$SGATLIN" "$GOLDEN" "$SERVER"; do
    case $program in
    "$PWD"/nowhere/*) echo "$*" >>ran ;;
    *) echo "test_folder.sh: not in $PWD: $program" >&2 ;;
    esac
done
END
chmod +x "$folder/tests/run.sh"
(cd "$folder" && MAKEFLAGS='' MAKELEVEL='' make --no-print-directory B=nowhere needed_by= \
    test-locale)
[ "$(grep -c '^tests/commands/test_locale.sh$' "$folder/ran")" = 3 ]

# shellcheck disable=SC2016 # for the script that is written
printf '#!/bin/sh\n. tests/harness/scratch.sh\necho "in $work"\n' >"$work/shown"
chmod +x "$work/shown"
TMPDIR="$work/elsewhere" tests/run.sh "$work/shown" >"$work/out"
grep -q "^in $work/elsewhere/shown-" "$work/out"
[ -z "$(ls "$work/elsewhere")" ]
echo 'test_folder.sh: passed'
