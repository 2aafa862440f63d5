// Attention of a reader's pass: a few queries over all keys and values so far. Oracle:
// reference/model/kv_cache.c
#include "device.cuh"
#include "gpu/07_language_model/attention_tiles.cuh"
#include "gpu/07_language_model/rmsnorm.cuh"
#include "gpu/07_language_model/rope.cuh"

enum { CACHE_WARPS = 4 };

// What each warp of a block has summed: of e^(score - max) the total, and with the values.
struct WarpSums {
    float max[CACHE_WARPS], total[CACHE_WARPS], values[CACHE_WARPS][MAX_HEAD];
};

// Column d of the output.
static __device__ __forceinline__ float add_warps(const WarpSums *sums, int d) {
    float max = sums->max[0], total = 0.0f, value = 0.0f;
    for (int w = 1; w < CACHE_WARPS; w++) max = fmaxf(max, sums->max[w]);
    for (int w = 0; w < CACHE_WARPS; w++) {
        float scale = expf(sums->max[w] - max); // 0 of a warp that had no token
        total += scale * sums->total[w];
        value += scale * sums->values[w][d];
    }
    return value / total;
}

// out (n,H,Dh) of the queries (n,H,Dh), which follow `cached` tokens, over keys and values
// (cached+n,H,Dh). A block for each query and head. Its warps take the tokens in turn, so that the
// lanes of a warp read neighbouring numbers; each has an online softmax of its own, and these are
// added at the end.
template <int COLUMNS>
static __global__ void cached_attention_kernel(float *out, const float *query, const float *key,
                                               const float *value, int cached, int H, int Dh) {
    __shared__ WarpSums shared;
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    int row = (int)blockIdx.x, head = (int)blockIdx.y * Dh;
    size_t D = (size_t)H * Dh, at = row * D + head;
    float q[COLUMNS], sums[COLUMNS] = {}, max = -INFINITY, total = 0.0f;
    for (int i = 0; i < COLUMNS; i++) q[i] = lane + 32 * i < Dh ? query[at + lane + 32 * i] : 0.0f;
    for (int t = warp; t <= cached + row; t += CACHE_WARPS) {
        const float *k = key + t * D + head, *v = value + t * D + head;
        float score = 0.0f;
        for (int i = 0; i < COLUMNS; i++) {
            int d = lane + 32 * i;
            if (d < Dh) score += q[i] * k[d];
        }
        score = warp_sum(score);
        float larger = fmaxf(max, score), scale = expf(max - larger), w = expf(score - larger);
        total = total * scale + w;
        max = larger;
        for (int i = 0; i < COLUMNS; i++) {
            int d = lane + 32 * i;
            if (d < Dh) sums[i] = sums[i] * scale + w * v[d];
        }
    }
    for (int i = 0; i < COLUMNS; i++) shared.values[warp][lane + 32 * i] = sums[i];
    if (lane == 0) {
        shared.max[warp] = max;
        shared.total[warp] = total;
    }
    __syncthreads();
    int d = (int)threadIdx.x;
    if (d < Dh) out[at + d] = add_warps(&shared, d);
}

template <int COLUMNS> static void launch(const Device *d, const LayerSaved *saved) {
    const Config *config = &d->model.config;
    dim3 grid((unsigned)d->tokens, (unsigned)config_heads(config));
    LAUNCH((cached_attention_kernel<COLUMNS>), grid, 32 * CACHE_WARPS, 0, d->gpu.stream,
           saved->attended, d->memory.attention.q, saved->key, saved->value, d->cached,
           config_heads(config), config->Dh);
    CHECK(launch_error());
}

// out = x normed, rotated and multiplied by factor, n tokens.
static void prepare(const Device *d, float *out, float *rstd, const float *x, const float *norm,
                    float factor) {
    int n = d->tokens, Dh = d->model.config.Dh, H = config_heads(&d->model.config);
    const float *rope = d->memory.rope + (size_t)d->cached * Dh;
    CHECK(rmsnorm_forward(out, rstd, x, norm, n * H, Dh, d->gpu.stream));
    CHECK(rope_apply(out, rope, 1.0f, factor, 1, n, H, Dh, d->gpu.stream));
}

void attention_cached(Device *d, int l) {
    const AttentionScratch *a = &d->memory.attention;
    const LayerSaved *saved = &d->memory.layers[l];
    const Gpu *gpu = &d->gpu;
    int n = d->tokens, D = d->model.config.D, Dh = d->model.config.Dh;
    float *key = saved->key + (size_t)d->cached * D, *value = saved->value + (size_t)d->cached * D;
    linear_forward(gpu, saved->query, saved->normed, weight(d, l, ATTENTION_QUERY), n, D, D);
    linear_forward(gpu, key, saved->normed, weight(d, l, ATTENTION_KEY), n, D, D);
    linear_forward(gpu, value, saved->normed, weight(d, l, ATTENTION_VALUE), n, D, D);
    prepare(d, a->q, a->q_rstd, saved->query, weight(d, l, ATTENTION_QUERY_NORM),
            1.0f / sqrtf((float)Dh));
    prepare(d, key, a->k_rstd, key, weight(d, l, ATTENTION_KEY_NORM), 1.0f);
    if (Dh <= 32) {
        launch<1>(d, saved);
    } else if (Dh <= 64) {
        launch<2>(d, saved);
    } else {
        launch<4>(d, saved); // MAX_HEAD, see valid in backend.cu
    }
}
