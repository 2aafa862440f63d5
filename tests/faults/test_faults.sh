#!/bin/sh
# A sample of the faults that `make faults` tries.
[ -n "${SHIM-}" ] || {
    echo "skipped: test_faults.sh: calls are made to fail on Linux only, without sanitizers"
    exit 0
}
exec tests/faults/sweep.sh 25 700
