// Exercise gpu-03-1. Finish the scan.
//
// One step of a radix select: 32 bins of a histogram, one in each lane of a warp, and the question
// in which bin the K-th highest key is. Seen from bin 31 downwards, it is the first bin at which
// the counts add up to K or more. So every lane needs the sum of the counts of all higher bins. One
// lane will then see that the key is in its bin, and that lane writes the result.
// Compute the sums with shuffles, in five steps: __shfl_down_sync(0xffffffff, value, n) gives lane
// i the value of lane i + n (and lanes without such a lane their own: do not add that).
//
// Check with: make gpu-exercise-03-1
#include "gpu/launch.h"

// *bin, and *rank: the key's rank in that bin (1: the highest). count (32); 1 <= K <= their sum.
__global__ void pick(int *bin, int *rank, const int *count, int K) {
    int lane = (int)threadIdx.x, own = count[lane];
    int higher = 0; // the counts of all higher bins: your code
    if (higher < K && higher + own >= K) {
        *bin = lane;
        *rank = K - higher;
    }
}

#include "gpu/03_who_chooses/exercises/test_1_pick.cuh"
