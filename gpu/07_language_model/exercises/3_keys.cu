// Exercise gpu-07-3. Coalesce the transposed read.
//
// The scores of a query with 32 keys at a time, one key per lane: score[t][i] = query[t] · key[i].
// Lane i reads number d of key i, so the numbers of a request are D apart, each in a sector of its
// own: the keys are read as a transposed matrix. Let the block, which is one warp, first copy the
// 32 keys to shared memory, in the order in which they are in global memory, and read the columns
// there. D is at most 64. No request to shared memory may have a bank conflict, which is a question
// of how far apart the rows are.
//
// Check with: make gpu-exercise-07-3
#include "gpu/launch.h"

// score (T,T), query (T,D), key (T,D); block (x,y) computes keys 32 x .. 32 x + 31 of query y
__global__ void scores(float *score, const float *query, const float *key, int T, int D) {
    int t = (int)blockIdx.y, i = (int)blockIdx.x * 32 + (int)threadIdx.x;
    if (i >= T) return;
    float sum = 0.0f;
    for (int d = 0; d < D; d++) sum += query[t * D + d] * key[i * D + d];
    score[t * T + i] = sum;
}

#include "gpu/07_language_model/exercises/test_3_keys.cuh"
