// After the step with n, a lane has the sum of its own count and the 2n - 1 lanes' above it.
#include "gpu/launch.h"

// *bin, and *rank: the key's rank in that bin (1: the highest). count (32); 1 <= K <= their sum.
__global__ void pick(int *bin, int *rank, const int *count, int K) {
    int lane = (int)threadIdx.x, own = count[lane];
    int sum = own;
    for (int n = 1; n < 32; n *= 2) {
        int above = __shfl_down_sync(0xffffffff, sum, n);
        if (lane + n < 32) sum += above;
    }
    int higher = sum - own;
    if (higher < K && higher + own >= K) {
        *bin = lane;
        *rank = K - higher;
    }
}

#include "gpu/03_who_chooses/exercises/test_1_pick.cuh"
