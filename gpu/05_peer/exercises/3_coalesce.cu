// Exercise gpu-05-3. Coalesce the reads.
//
// The backward of the softmax, dscore = gate · (dgate - Σ gate·dgate), of heads of 8 gates each.
// One thread per head: neighbouring lanes read numbers that are 8 apart, 32 sectors per request.
// Let a thread compute one gate instead of a head; the sum is then one over 8 lanes, as in
// exercise 2. The grid has enough threads for either.
//
// Check with: make gpu-exercise-05-3
#include "gpu/launch.h"

__global__ void softmax_backward(float *dscore, const float *dgate, const float *gate, int heads) {
    int head = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (head >= heads) return;
    float mean = 0.0f;
    for (int i = 8 * head; i < 8 * head + 8; i++) mean += gate[i] * dgate[i];
    for (int i = 8 * head; i < 8 * head + 8; i++) dscore[i] = gate[i] * (dgate[i] - mean);
}

#include "gpu/05_peer/exercises/test_3_coalesce.cuh"
