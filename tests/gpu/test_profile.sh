#!/bin/sh
# The profile of kernels whose requests are known from what they do, in all thread orders and with
# one worker and several: kernels/profile.cu names its lines in comments.
set -u
. tests/harness/scratch.sh
. tests/gpu/programs.sh
export PROFILE=1
file=tests/gpu/kernels/profile.cu
build "$file" || exit 1
failed=0

# expect KERNEL LINE MEMORY ACCESS NUMBERS...: requests, lanes, sectors or wavefronts of each, and
# the part used of what is moved.
expect() {
    kernel=$1 memory=$3 access=$4
    line=$(grep -n "// $2\$" "$file" | cut -d : -f 1)
    shift 4
    found=$(awk -v kernel="profile of $kernel" -v line="$file:$line" -v memory="$memory" \
        -v access="$access" '
        /^profile of / { here = $0 == kernel }
        here && $1 == line && $2 == memory && $3 == access { $1 = $2 = $3 = ""; print }' \
        "$work/report" | tr -s ' ' | sed 's/^ //')
    [ "$found" = "$*" ] && return
    echo "test_profile.sh: $kernel, line $line, $memory $access: '$found' in place of '$*'" >&2
    failed=1
}

for order in forward reverse random:3; do
    for threads in 1 3; do
        EMULATOR_ORDER=$order OMP_NUM_THREADS=$threads "$program" 2>"$work/report" >/dev/null ||
            exit 1
        expect copy copy global read 512 32.00 4.00 100%
        expect copy copy global write 512 32.00 4.00 100%
        expect strided strided global read 512 32.00 32.00 12%
        expect vectors vectors global read 128 32.00 16.00 100%
        expect parts parts global read 128 32.00 16.00 100%
        expect parts sums global write 128 32.00 8.00 100%
        expect halves halves global read 1 32.00 4.00 100%
        expect third third global read 1 11.00 4.00 34%
        expect 'transpose<0>' tile global read 512 32.00 4.00 100%
        expect 'transpose<0>' tile shared write 512 32.00 1.00
        expect 'transpose<0>' transposed shared read 512 32.00 32.00
        expect 'transpose<1>' transposed shared read 512 32.00 1.00
        expect 'transpose<1>' transposed global write 512 32.00 4.00 100%
        # always the same
        [ -e "$work/first" ] || cp "$work/report" "$work/first"
        cmp "$work/first" "$work/report" || failed=1
    done
done
# The page shows lines of it.
sed -n 's/^    \(  tests.*profile.cu:.*\)/\1/p' gpu/emulator/README.md >"$work/shown"
[ "$(wc -l <"$work/shown")" -ge 5 ] || failed=1
while IFS= read -r shown; do
    grep -qxF "$shown" "$work/first" || { echo "README.md: not so: $shown" >&2; failed=1; }
done <"$work/shown"
exit $failed
