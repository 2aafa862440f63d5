#include "activations.cuh"
#include "gpu/02_mixture_of_experts/router_3_group.cuh"
#include "gpu/02_mixture_of_experts/router_backward.cuh"
#include "gpu/07_language_model/reduce.cuh"
#include "moe_routing.cuh"

enum { POOL_THREADS = 256 };

// ---- the scores, one thread per token

// Integers in the order of the floats. NaN is 1, below all numbers; 0 is for an entry that cannot
// be taken.
static __device__ __forceinline__ uint32_t key_of(float x) {
    if (isnan(x)) return 1;
    uint32_t bits = __float_as_uint(x + 0.0f); // -0 becomes 0
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// p and log_sum, and the weight of every expert: p, or (1 - alpha)·p + alpha·sigmoid(logit)·2/E.
static __global__ void moe_scores_kernel(float *score, float *p, float *log_sum,
                                         const float *logits, float alpha, int N, int E) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (t >= N) return;
    const float *from = logits + (size_t)t * E;
    float *own = p + (size_t)t * E, *to = score + (size_t)t * E, max = from[0], sum = 0.0f;
    for (int e = 1; e < E; e++) max = fmaxf(max, from[e]);
    for (int e = 0; e < E; e++) {
        own[e] = expf(from[e] - max);
        sum += own[e];
    }
    for (int e = 0; e < E; e++) {
        own[e] /= sum;
        to[e] = own[e];
        if (alpha > 0.0f)
            to[e] = (1.0f - alpha) * own[e] + alpha * logistic(from[e]) * 2.0f / (float)E;
    }
    log_sum[t] = max + logf(sum);
}

// ---- the choice: keys that are not taken become 0

static __global__ void pool_keys_kernel(uint32_t *keys, const float *score, const int32_t *tokens,
                                        int N, int E) {
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < N * E) keys[i] = tokens[i / E] == TOKEN_PAD ? 0 : key_of(score[i]);
}

// The columns from `column` on of `rows` rows of the table, from `row` on and `stride` apart.
struct TablePool {
    int row, stride, rows, column, columns, E;
    __device__ int size() const { return rows * columns; }
    __device__ int token(int i) const { return row + i * stride; }
    __device__ size_t entry(int i) const {
        return (size_t)token(i / columns) * E + column + i % columns;
    }
};
static __device__ __forceinline__ TablePool pool_at(Routing routing, Pool pool, int B, int T,
                                                    int E) {
    int i = (int)blockIdx.x;
    if (routing == ROUTING_EXPERT) return { 0, 1, B * T, i, 1, E };
    if (pool == POOL_SEQUENCE) return { i * T, 1, T, 0, E, E };
    return { i, T, B, 0, E, E };
}

static __device__ int count_at_least(const uint32_t *keys, TablePool pool, uint32_t min) {
    int count = 0;
    for (int i = (int)threadIdx.x; i < pool.size(); i += POOL_THREADS)
        count += keys[pool.entry(i)] >= min;
    return block_sum(count);
}

// One block per pool: the key of rank `count` is found bit by bit, then all below it become 0; of
// the keys equal to it the first remain. per_token: entries per token of the pool that is not
// padding, rounded to nearest, halves to even, or for expert choice down.
static __global__ void choose_in_pool_kernel(uint32_t *keys, const int32_t *tokens, Routing routing,
                                             Pool which, double per_token, int B, int T, int E) {
    __shared__ int equal_before[POOL_THREADS];
    TablePool pool = pool_at(routing, which, B, T, E);
    int valid = 0, thread = (int)threadIdx.x;
    for (int i = thread; i < pool.rows; i += POOL_THREADS)
        valid += tokens[pool.token(i)] != TOKEN_PAD;
    double entries = block_sum(valid) * per_token;
    int count = (int)(routing == ROUTING_EXPERT ? floor(entries / E) : rint(entries));

    uint32_t min = 0;
    for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
        if (count_at_least(keys, pool, min | bit) >= count) min |= bit;
    }
    int above = count > 0 && min < UINT32_MAX ? count_at_least(keys, pool, min + 1) : 0;
    // Each thread takes neighbouring entries, so that it knows how many equal ones come before.
    int size = pool.size(), first = (int)((long long)size * thread / POOL_THREADS),
        last = (int)((long long)size * (thread + 1) / POOL_THREADS), equal = 0;
    for (int i = first; i < last; i++) equal += keys[pool.entry(i)] == min;
    equal_before[thread] = equal;
    __syncthreads();
    int before = 0;
    for (int i = 0; i < thread; i++) before += equal_before[i];
    for (int i = first; i < last; i++) {
        uint32_t *key = &keys[pool.entry(i)];
        bool remains = *key > min || (*key == min && above + before++ < count);
        if (count == 0 || !remains) *key = 0;
    }
}

// ---- the gating

static __global__ void count_rows_kernel(int *start, const uint32_t *keys, int N, int E) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x), count = 0;
    if (t >= N) return;
    for (int e = 0; e < E; e++) count += keys[(size_t)t * E + e] > 0;
    start[t + 1] = count;
}

// start [N+1]: the counts become places. One block.
static __global__ void sum_starts_kernel(int *start, int N) {
    __shared__ int totals[POOL_THREADS];
    int thread = (int)threadIdx.x, sum = 0;
    int first = (int)((long long)N * thread / POOL_THREADS),
        last = (int)((long long)N * (thread + 1) / POOL_THREADS);
    for (int t = first; t < last; t++) sum += start[t + 1];
    totals[thread] = sum;
    __syncthreads();
    int place = 0;
    for (int i = 0; i < thread; i++) place += totals[i];
    for (int t = first; t < last; t++) {
        place += start[t + 1];
        start[t + 1] = place;
    }
    if (thread == 0) start[0] = 0;
}

// One token's experts whose keys remain, highest first, of equal ones the lower index.
static __global__ void fill_rows_kernel(int *index, float *weight, const int *start,
                                        const uint32_t *keys, const float *score, int N, int E) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (t >= N) return;
    const uint32_t *own = keys + (size_t)t * E;
    int first = start[t], count = 0;
    for (int e = 0; e < E; e++) {
        if (own[e] == 0) continue;
        int i = first + count++;
        for (; i > first && own[index[i - 1]] < own[e]; i--) index[i] = index[i - 1];
        index[i] = e;
    }
    for (int i = first; i < first + count; i++) weight[i] = score[(size_t)t * E + index[i]];
}

static float alpha_of(const Config *config) {
    return config->routing == ROUTING_UNIFIED ? (float)config->alpha : 0.0f;
}

// Pools of several tokens: every token's scores, then the best of each pool.
static void choose_in_pools(const Gpu *gpu, Gating *gating, const DeviceRouting *routing,
                            float *score, uint32_t *keys) {
    const Config *config = routing->config;
    int B = routing->B, T = routing->T, N = B * T, E = config->E;
    bool by_expert = config->routing == ROUTING_EXPERT;
    int pools = by_expert ? E : config->pool == POOL_SEQUENCE ? B : T;
    double per_token = by_expert ? config->capacity : config_budget(config);
    unsigned blocks = blocks_of((size_t)N);
    LAUNCH(moe_scores_kernel, blocks, BLOCK_THREADS, 0, gpu->stream, score, routing->p,
           routing->log_sum, routing->logits, alpha_of(config), N, E);
    LAUNCH(pool_keys_kernel, blocks_of((size_t)N * E), BLOCK_THREADS, 0, gpu->stream, keys, score,
           routing->tokens, N, E);
    LAUNCH(choose_in_pool_kernel, pools, POOL_THREADS, 0, gpu->stream, keys, routing->tokens,
           config->routing, config->pool, per_token, B, T, E);
    LAUNCH(count_rows_kernel, blocks, BLOCK_THREADS, 0, gpu->stream, gating->start, keys, N, E);
    LAUNCH(sum_starts_kernel, 1, POOL_THREADS, 0, gpu->stream, gating->start, N);
    LAUNCH(fill_rows_kernel, blocks, BLOCK_THREADS, 0, gpu->stream, gating->index, gating->score,
           gating->start, keys, score, N, E);
    CHECK(launch_error());
}

void device_routing_select(const Gpu *gpu, Gating *gating, const DeviceRouting *routing,
                           float *score, uint32_t *keys) {
    const Config *config = routing->config;
    int N = routing->B * routing->T;
    if (config->routing != ROUTING_TOKEN) {
        choose_in_pools(gpu, gating, routing, score, keys);
        return;
    }
    TokenChoice choice = { routing->p, routing->log_sum, gating->start, gating->index,
                           gating->score };
    CHECK(router_group(&choice, routing->logits, routing->bias, N, config->E, config->K,
                       gpu->stream));
}

// Of unified routing, the experts' view: a score has alpha·sigmoid(logit)·2/E besides p.
static __global__ void add_sigmoid_slopes_kernel(float *dlogits, const float *dweight,
                                                 const float *logits, const int *start,
                                                 const int *index, float alpha, int N, int E) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (t >= N) return;
    for (int i = start[t]; i < start[t + 1]; i++) {
        size_t at = (size_t)t * E + index[i];
        float s = logistic(logits[at]);
        dlogits[at] += alpha * dweight[i] * 2.0f / (float)E * s * (1.0f - s);
    }
}

void device_routing_backward(const Gpu *gpu, float *dlogits, const float *dweight,
                             const Gating *gating, const DeviceRouting *routing) {
    int N = gating->N, E = gating->F;
    float alpha = alpha_of(routing->config);
    CHECK(router_backward(dlogits, dweight, routing->p, gating->start, gating->index, 1.0f - alpha,
                          N, E, gpu->stream));
    if (alpha == 0.0f) return;
    LAUNCH(add_sigmoid_slopes_kernel, blocks_of((size_t)N), BLOCK_THREADS, 0, gpu->stream, dlogits,
           dweight, routing->logits, gating->start, gating->index, alpha, N, E);
    CHECK(launch_error());
}
