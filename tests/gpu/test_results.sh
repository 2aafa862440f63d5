#!/bin/sh
# gpu/results.sh: gpu/RESULTS.md is what it writes where there is no GPU; and with programs that
# stand in for those of a GPU, what they print, what failed, and what is owed.
# shellcheck disable=SC2016 # the stand-ins have variables of their own
set -u
. tests/harness/scratch.sh
. tests/gpu/programs.sh
failed=0

fail() {
    echo "test_results.sh: $*" >&2
    failed=1
}
mkdir "$work/bin" "$work/fake"
cp gpu/results.sh gpu/RESULTS.md "$work"
page=$work/RESULTS.md
# program FILE LINE...: a script
program() {
    file=$1
    shift
    printf '%s\n' '#!/bin/sh' "$@" >"$file"
    chmod +x "$file"
}
results() { PATH=$work/bin:$PATH "$work/results.sh" "$@" 2>"$work/said"; }
# The page's lines of a section, and the page without them.
section() { # NAME
    sed -n "/^<!-- $1 -->\$/,/^<!-- .$1 -->\$/p" "$page"
}
empty() { # NAME
    sed "/^<!-- $1 -->\$/,/^<!-- .$1 -->\$/{/^<!--/!d}" "$page"
}
has() { section measured | grep -qxF -e "$1" || fail "the page does not have: $1"; }
has_not() { if section measured | grep -F -e "$1"; then fail "the page has: $1"; fi; }

# Without a GPU: the modelled times are those of gpu-profile. What was measured elsewhere stays.
program "$work/bin/nvidia-smi" 'exit 9'
results "$B" || fail "exit $?: $(cat "$work/said")"
diff gpu/RESULTS.md "$page" >&2 || fail 'gpu/RESULTS.md is not up to date: make gpu-results'
# And where nothing was measured, all of it is owed, and there is no number.
empty measured >"$work/emptied" && cp "$work/emptied" "$page"
results "$work/fake" || fail "exit $?: $(cat "$work/said")"
has 'Nothing was measured: there was no GPU.'
for owed in '(gpu-test)' 'memcheck of gpu-test' 'racecheck of gpu-test' 'initcheck of gpu-test' \
    'synccheck of gpu-test' '(gpu-bench)' '(sgatlin-gpu compare)' '(sgatlin-gpu bench step)' \
    'in JAX, and with torch.compile' 'learning curves and stories' 'gpu-profile'; do
    section measured | grep -q -e "^- .*$owed\$" || fail "not owed: $owed"
done
if section measured | sed 's/<!--.*//' | grep '[0-9]'; then fail 'numbers of nothing'; fi

# With a GPU, as far as the script sees. No gpu-bench: its times are owed.
program "$work/bin/nvidia-smi" 'echo "NVIDIA Fake 9000, 999.99"'
program "$work/bin/compute-sanitizer" 'echo noise' \
    'echo "========= ERROR SUMMARY: 0 errors ($2 of ${5##*/})"'
program "$work/fake/gpu-test" 'echo all versions' 'echo ok'
program "$work/fake/sgatlin-gpu" 'echo "sgatlin $*"'
results "$work/fake" || fail "exit $?: $(cat "$work/said")"
section measured |
    grep -qx 'Measured on ....-..-..[.] Device and driver: NVIDIA Fake 9000, 999[.]99[.]' ||
    fail 'no date, device and driver'
has 'all versions'
has 'sgatlin compare'
has 'sgatlin bench step'
for tool in memcheck racecheck initcheck synccheck; do
    has "========= ERROR SUMMARY: 0 errors ($tool of gpu-test)"
done
has_not noise
has '- The time of every kernel version (gpu-bench)'
[ "$(section measured | grep -c '^- ')" = 4 ] || fail 'more or less is owed'
# Then with it; a program that fails is reported, and the exit status says so.
line='product      naive            fp32     0.123 ms    456.7 GB/s   12% of the roof'
program "$work/fake/gpu-bench" "echo '$line'"
program "$work/fake/sgatlin-gpu" 'echo "sgatlin: $1: no"' '[ "$1" = bench ]'
program "$work/bin/compute-sanitizer" 'echo "race in kernel x"' '[ "$2" != racecheck ]'
results "$work/fake"
[ $? = 1 ] || fail 'exit status 1 is expected'
has "$line"
has_not '- The time of every kernel version (gpu-bench)'
has 'sgatlin: compare: no'
has 'Failed, with exit status 1:'
has '- The trainer against the CPU: gradients and ten steps (sgatlin-gpu compare): failed'
has 'race in kernel x'
has '- compute-sanitizer racecheck of gpu-test: failed'
# No GPU again: the measurements stay, and so do sections for which nothing is here.
cp "$page" "$work/measured"
program "$work/bin/nvidia-smi" 'exit 9'
results "$work/fake" || fail "exit $?: $(cat "$work/said")"
cmp "$work/measured" "$page" >&2 || fail 'the page was changed'
empty measured >"$work/measured"
[ "$(cat "$work/measured")" = "$(cat "$work/emptied")" ] || fail 'another section was changed'

# One line per kernel with its registers and spills.
cat >"$work/registers" <<'END'
Cuda compilation tools, release 99.1, V99.1.2
kernel                                                       for    registers shared spills
copy<float, 4>                                               sm_75         10      0      0
sort_kernel                                                  sm_75        255   1024     16
copy<float, 4>                                               sm_90         12      0      0
sort_kernel                                                  sm_90        168   1024      0
END
results "$work/fake" "$work/registers" || fail "exit $?: $(cat "$work/said")"
section registers | tr -s ' ' >"$work/actual"
cat >"$work/expected" <<'END'
<!-- registers -->
Cuda compilation tools, release 99.1, V99.1.2

Of 2 kernels, 1 spill.

```text
kernel sm_75 sm_90
copy<float, 4> 10 12
sort_kernel 255+16 168
```
<!-- /registers -->
END
diff "$work/expected" "$work/actual" >&2 || fail 'another table of registers'
# What nvcc says in place of a table, and a page without the section, change nothing.
cp "$page" "$work/before"
echo 'nvcc fatal: no' >"$work/registers"
results "$work/fake" "$work/registers" && fail 'not a table of registers'
cmp "$work/before" "$page" >&2 || failed=1
grep -v '^<!-- .registers' "$work/before" >"$page"
cp "$page" "$work/before"
printf 'copy sm_75 10 0 0\n' >"$work/registers"
results "$work/fake" "$work/registers" && fail 'there is no such section'
cmp "$work/before" "$page" >&2 || failed=1
exit $failed
