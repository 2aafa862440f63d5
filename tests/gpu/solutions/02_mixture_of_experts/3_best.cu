// Which of two is better does not depend on who asks, so after the step with n all lanes that
// differ in the bits done have the same winner.
#include "gpu/launch.h"

// best (N) from logits (N,8)
__global__ void best_expert(int *best, const float *logits, int N) {
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x), t = i / 8, expert = i % 8;
    float logit = t < N ? logits[i] : 0.0f; // lanes without a token take part in the shuffles
    int winner = expert;
    for (int n = 4; n > 0; n /= 2) {
        float other_logit = __shfl_xor_sync(0xffffffff, logit, n);
        int other = __shfl_xor_sync(0xffffffff, winner, n);
        if (other_logit > logit || (other_logit == logit && other < winner)) {
            logit = other_logit;
            winner = other;
        }
    }
    if (t < N && expert == 0) best[t] = winner;
}

#include "gpu/02_mixture_of_experts/exercises/test_3_best.cuh"
