// Balancing of token choice: the Switch loss, the z-loss, and the bias. Padding is left out.
// oracle: chapters/02_mixture_of_experts/balance.c
#pragma once
#include "gpu/02_mixture_of_experts/padding.cuh"
#include "gpu/02_mixture_of_experts/router_2_warp.cuh"

constexpr int MAX_BALANCE_BLOCKS = 1024;

// What the losses are computed from.
typedef struct {
    const float *p, *log_sum;  // (N,E), (N): from the router
    const int *tokens;         // (N): where PADDING_TOKEN was read; null: nowhere
    const int *count;          // (E+1): entries of each expert, and last the number of tokens
    float switch_loss, z_loss; // how much each counts
    int N, E;
} Balance;

// count (E+1), which is 0. Whole numbers: the order in which atomics add them does not matter.
// [count
static __global__ void balance_count_kernel(int *count, const int *start, const int *index,
                                            const int *tokens, int N, int E) {
    DYNAMIC_SHARED(int, own); // (E+1): of this block
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    for (int e = (int)threadIdx.x; e <= E; e += (int)blockDim.x) own[e] = 0;
    __syncthreads();
    if (t < N && !is_padding(tokens, t)) {
        for (int i = start[t]; i < start[t + 1]; i++) atomicAdd(&own[index[i]], 1);
        atomicAdd(&own[E], 1);
    }
    __syncthreads();
    for (int e = (int)threadIdx.x; e <= E; e += (int)blockDim.x) {
        if (own[e] > 0) atomicAdd(&count[e], own[e]);
    }
}
// count]

static inline const char *balance_count(int *count, const int *start, const int *index,
                                        const int *tokens, int N, int E, cudaStream_t stream) {
    if (E > 8192) return "E is more than 8192, for which shared memory has space";
    size_t bytes = ((size_t)E + 1) * sizeof *count;
    cudaMemsetAsync(count, 0, bytes, stream);
    LAUNCH(balance_count_kernel, ceil_div(N, 256), 256, bytes, stream, count, start, index, tokens,
           N, E);
    return launch_error();
}

// The sum over a block of 256 threads, in double, in a fixed order; thread 0 gets it.
static __device__ inline double block_total(double x) {
    __shared__ double sums[256];
    sums[threadIdx.x] = x;
    __syncthreads();
    for (int step = 128; step > 0; step /= 2) {
        if ((int)threadIdx.x < step) sums[threadIdx.x] += sums[threadIdx.x + step];
        __syncthreads();
    }
    return sums[0];
}

// partial (blocks): sums over some of the tokens, one per warp at a time
// [losses
static __global__ void balance_loss_kernel(double *partial, Balance b) {
    int lane = (int)threadIdx.x % 32, warps = (int)(gridDim.x * blockDim.x / 32);
    double n = b.count[b.E], sum = 0.0;
    for (int t = (int)((blockIdx.x * blockDim.x + threadIdx.x) / 32); t < b.N; t += warps) {
        if (is_padding(b.tokens, t)) continue;
        for (int e = lane; e < b.E; e += 32)
            sum += b.switch_loss * b.E * (b.count[e] / n) * (b.p[(size_t)t * b.E + e] / n);
        if (lane == 0) sum += b.z_loss * (double)b.log_sum[t] * b.log_sum[t] / n;
    }
    sum = block_total(sum);
    if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

template <class Loss>
static __global__ void balance_total_kernel(Loss *loss, const double *partial, int blocks) {
    double sum = 0.0;
    for (int i = (int)threadIdx.x; i < blocks; i += (int)blockDim.x) sum += partial[i];
    sum = block_total(sum);
    if (threadIdx.x == 0) *loss += (Loss)sum;
}
// losses]

// How many doubles balance_loss needs as scratch.
static inline int balance_scratch(int N) {
    int blocks = ceil_div(N, 256 / 32);
    return blocks < MAX_BALANCE_BLOCKS ? blocks : MAX_BALANCE_BLOCKS;
}

// Adds both losses to *loss, a float or a double.
template <class Loss>
static const char *balance_loss(Loss *loss, Balance b, double *scratch, cudaStream_t stream) {
    int blocks = balance_scratch(b.N);
    LAUNCH(balance_loss_kernel, blocks, 256, 0, stream, scratch, b);
    LAUNCH(balance_total_kernel<Loss>, 1, 256, 0, stream, loss, scratch, blocks);
    return launch_error();
}

// Adds the gradients of both losses to dlogits (N,E). One warp per token: of the Switch loss
// dp_e = scale·count_e and dlogit = p·(dp - Σ p·dp); of the z-loss dlogit = p·2·log_sum/n.
static __global__ void balance_backward_kernel(float *dlogits, Balance b) {
    int t = (int)((blockIdx.x * blockDim.x + threadIdx.x) / 32), lane = (int)threadIdx.x % 32;
    if (t >= b.N || is_padding(b.tokens, t)) return;
    float n = (float)b.count[b.E], scale = b.switch_loss * (float)b.E / n / n, mean = 0.0f;
    float z_slope = 2.0f * b.z_loss / n * b.log_sum[t];
    const float *p = b.p + (size_t)t * b.E;
    for (int e = lane; e < b.E; e += 32) mean += p[e] * scale * (float)b.count[e];
    mean = lanes_sum<32>(mean);
    for (int e = lane; e < b.E; e += 32)
        dlogits[(size_t)t * b.E + e] += p[e] * (scale * (float)b.count[e] - mean + z_slope);
}

static inline const char *balance_backward(float *dlogits, Balance b, cudaStream_t stream) {
    LAUNCH(balance_backward_kernel, ceil_div(b.N, 4), 128, 0, stream, dlogits, b);
    return launch_error();
}

// bias (E) rises by `step` for experts with fewer entries than the mean, and falls for those with
// more. One block.
static __global__ void balance_bias_kernel(float *bias, const int *count, float step, int E) {
    long long total = 0;
    for (int e = 0; e < E; e++) total += count[e];
    for (int e = (int)threadIdx.x; e < E; e += (int)blockDim.x) {
        long long under = total - (long long)count[e] * E; // E·(mean - count), in integers
        bias[e] += (float)((under > 0) - (under < 0)) * step;
    }
}

static inline const char *balance_bias(float *bias, const int *count, float step, int E,
                                       cudaStream_t stream) {
    LAUNCH(balance_bias_kernel, 1, 256, 0, stream, bias, count, step, E);
    return launch_error();
}
