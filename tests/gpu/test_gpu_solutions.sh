#!/bin/sh
# The exercises of the GPU lessons: each fails at first, by a failed check or by a fault that the
# emulator found (3), and passes when solved.
. tests/gpu/programs.sh
EXERCISES=$GPU_EXERCISES CHEATS='' B=$B/gpu FAILURES='1 3' tests/course/solutions.sh
