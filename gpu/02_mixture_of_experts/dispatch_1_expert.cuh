// The rows of the experts: row (entries) of each entry of a gating, sorted by expert, and first
// (E+1), where an expert's rows begin. Stable: an expert's rows are in the order of the tokens.
// oracle: what chapters/02_mixture_of_experts/moe.c, moe_experts, loops over, sorted
// One thread per expert, which reads all entries twice.
#pragma once
#include "gpu/launch.h"

// [expert
static __global__ void dispatch_expert_kernel(int *first, int *row, const int *start,
                                              const int *index, int N, int E) {
    int expert = (int)(blockIdx.x * blockDim.x + threadIdx.x), entries = start[N];
    if (expert > E) return;
    int next = 0; // row of the expert's next entry
    for (int i = 0; i < entries; i++) next += index[i] < expert;
    first[expert] = next;
    for (int i = 0; i < entries; i++) {
        if (index[i] == expert) row[i] = next++;
    }
}
// expert]

// start (N+1) and index say which experts the tokens have. start[N] is at most `capacity`; it is on
// the device, so that nobody has to wait for it. scratch: unused here.
static inline const char *dispatch_expert(int *first, int *row, const int *start, const int *index,
                                          int N, int E, int capacity, int *scratch,
                                          cudaStream_t stream) {
    (void)capacity, (void)scratch;
    LAUNCH(dispatch_expert_kernel, ceil_div(E + 1, 32), 32, 0, stream, first, row, start, index, N,
           E);
    return launch_error();
}
