#!/bin/sh
# Correct CUDA programs give correct results in the emulator in all three thread orders, with one
# worker and with several, and no check complains. Each prints ok.
set -u
. tests/harness/scratch.sh
. tests/gpu/programs.sh
failed=0
for file in ${KERNELS:-tests/gpu/kernels/*.cu tests/gpu/orders.cu}; do
    build "$file" || exit 1
    for order in forward reverse random:1 random:2; do
        for threads in 1 3; do
            result=$(EMULATOR_ORDER=$order OMP_NUM_THREADS=$threads "$program" 2>&1)
            status=$?
            [ "$status $result" = '0 ok' ] && continue
            echo "test_execution.sh: $file, EMULATOR_ORDER=$order OMP_NUM_THREADS=$threads:" \
                "status $status: $result" >&2
            failed=1
        done
    done
done
exit $failed
