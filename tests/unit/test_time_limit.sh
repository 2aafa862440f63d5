#!/bin/sh
# tests/run.sh ends a test that hangs, and names it.
set -eu
. tests/harness/scratch.sh
timeout --version >"$work/version" 2>&1 || {
    echo 'skipped: test_time_limit.sh: no GNU timeout'
    exit 0
}
printf '#!/bin/sh\nexec sleep 60\n' >"$work/hangs"
printf '#!/bin/sh\necho done\n' >"$work/ends"
chmod +x "$work/hangs" "$work/ends"
SECONDS_EACH=1 tests/run.sh "$work/ends" "$work/hangs" >"$work/out" && exit 1
grep -q "^FAILED $work/hangs: exit 124 (124: over 1 s)$" "$work/out"
grep -q '^1 passed, 1 failed$' "$work/out"
echo 'test_time_limit.sh: passed'
