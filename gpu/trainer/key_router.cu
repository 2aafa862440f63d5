#include "gpu/07_language_model/reduce.cuh"
#include "key_router.cuh"
#include <algorithm>
#include <cfloat>
#include <climits>
extern "C" {
#include "reference/ffn/key_router.h"
}

// Tokens whose scores are in memory at once.
enum { ROUTER_TOKENS = 16384, ROUTER_WARPS = 4 };

// How the routers differ, see reference/ffn/key_router.c.
struct RouterShape {
    int parts, lists, n; // lists = parts·C lists of n keys each
    int width;           // floats of a token's queries: Dk, or lists·Dk
    bool shared;         // one query for all lists and keys [Dk,lists,n]; else [lists,n,Dk]
    float scale;
};

static RouterShape shape_of(const Config *config) {
    bool product_keys = key_router_is_product(config->router);
    bool shared = config->router == ROUTER_PRODUCT_DENSE || config->router == ROUTER_DENSE;
    int parts = product_keys ? 2 : 1, lists = parts * config->C;
    return { parts,
             lists,
             product_keys ? config_keys(config) : config->F,
             shared ? config->Dk : lists * config->Dk,
             shared,
             shared ? 1.0f : 1.0f / sqrtf((float)(parts * config->Dk)) };
}

bool device_router_valid(const Config *config, Error *error) {
    if (config->K <= MAX_CHOSEN) return true;
    return fail(error, "K=%d: this device chooses at most %d experts per channel; use --set K=%d",
                config->K, (int)MAX_CHOSEN, (int)MAX_CHOSEN);
}

size_t device_router_saved(const Config *config, int N) {
    return (size_t)N * (size_t)shape_of(config).width;
}

// The scores of some tokens or their gradients, and the gradient of those tokens' queries.
struct RouterScratch {
    float *scores, *dquery_out; // [tokens,lists·n], [tokens,width]
};
static size_t scratch_layout(RouterScratch *out, float *block, const RouterShape *s, int N) {
    size_t used = 0, tokens = (size_t)std::min(N, (int)ROUTER_TOKENS);
    out->scores = floats_take(block, &used, tokens * (size_t)s->lists * (size_t)s->n);
    out->dquery_out = floats_take(block, &used, tokens * (size_t)s->width);
    return used;
}
size_t device_router_scratch(const Config *config, int N) {
    RouterShape s = shape_of(config);
    RouterScratch unused;
    return scratch_layout(&unused, NULL, &s, N);
}

// ---- top-k: one warp per token and channel

// A candidate and its place. The higher score is better, of equal ones the lower index.
struct Candidate {
    float score;
    int index, place;
};
static __device__ __forceinline__ bool is_better(Candidate a, Candidate b) {
    return a.score > b.score || (a.score == b.score && a.index < b.index);
}
static __device__ __forceinline__ Candidate nothing() { return { -INFINITY, INT_MAX, 0 }; }
static __device__ __forceinline__ Candidate warp_best(Candidate best) {
    for (int step = 16; step > 0; step /= 2) {
        Candidate other = { __shfl_xor_sync(0xffffffffu, best.score, step),
                            __shfl_xor_sync(0xffffffffu, best.index, step),
                            __shfl_xor_sync(0xffffffffu, best.place, step) };
        if (is_better(other, best)) best = other;
    }
    return best;
}
// NaN and -infinity lose to every number.
static __device__ __forceinline__ float ranked(float score) {
    return score > -FLT_MAX ? score : -FLT_MAX;
}

// The K best of n scores, one after the other: each is the best of those worse than the one before.
static __device__ void best_of_list(float *score, int *index, const float *scores, int n, int K) {
    int lane = (int)threadIdx.x % 32;
    Candidate last = { INFINITY, -1, 0 };
    for (int k = 0; k < K; k++) {
        Candidate best = nothing();
        for (int i = lane; i < n; i += 32) {
            Candidate candidate = { ranked(scores[i]), i, i };
            if (is_better(last, candidate) && is_better(candidate, best)) best = candidate;
        }
        last = warp_best(best);
        if (lane == 0) {
            score[k] = last.score;
            index[k] = last.index;
        }
    }
    __syncwarp();
}

// Product keys (Lample 2019): the K best sums of the K best of two lists of n keys. A pair of ranks
// p, q has p·q - 1 pairs that are at least as good, so only those with p·q <= K are candidates.
static __device__ void best_of_pairs(float *score, int *index, const float *a_score,
                                     const int *a_index, const float *b_score, const int *b_index,
                                     int n, int K) {
    int lane = (int)threadIdx.x % 32;
    Candidate last = { INFINITY, -1, 0 };
    for (int k = 0; k < K; k++) {
        Candidate best = nothing();
        for (int i = lane; i < K * K; i += 32) {
            int p = i / K, q = i % K;
            if ((p + 1) * (q + 1) > K) continue;
            Candidate candidate = { a_score[p] + b_score[q], a_index[p] * n + b_index[q], i };
            if (is_better(last, candidate) && is_better(candidate, best)) best = candidate;
        }
        last = warp_best(best);
        if (lane == 0) {
            score[k] = last.score;
            index[k] = last.index;
        }
    }
}

// score and index (rows,C,K) from scores (rows,parts·C,n)
static __global__ void router_top_k_kernel(float *score, int *index, const float *scores, int rows,
                                           int C, int K, int parts, int n) {
    __shared__ float best_score[2 * ROUTER_WARPS][MAX_CHOSEN];
    __shared__ int best_index[2 * ROUTER_WARPS][MAX_CHOSEN];
    int warp = (int)threadIdx.x / 32, i = (int)blockIdx.x * ROUTER_WARPS + warp;
    if (i >= rows * C) return;
    int t = i / C, c = i % C;
    const float *a = scores + ((size_t)t * parts * C + c) * n, *b = a + (size_t)C * n;
    float *out_score = score + (size_t)i * K;
    int *out_index = index + (size_t)i * K;
    if (parts == 1) {
        best_of_list(out_score, out_index, a, n, K);
        return;
    }
    best_of_list(best_score[2 * warp], best_index[2 * warp], a, n, K);
    best_of_list(best_score[2 * warp + 1], best_index[2 * warp + 1], b, n, K);
    best_of_pairs(out_score, out_index, best_score[2 * warp], best_index[2 * warp],
                  best_score[2 * warp + 1], best_index[2 * warp + 1], n, K);
}

// ---- forward and backward, ROUTER_TOKENS tokens at a time

// scores [rows,lists·n] of the queries [rows,width]
static void score_lists(const Gpu *gpu, float *scores, const RouterShape *s, int Dk,
                        const float *query_out, const float *keys, int rows) {
    int columns = s->lists * s->n;
    if (s->shared) {
        product(gpu, scores, columns, matrix(query_out, rows, Dk), matrix(keys, Dk, columns), 1.0f,
                false);
        return;
    }
    for (int list = 0; list < s->lists; list++) {
        Matrix queries = strided(query_out + (size_t)list * Dk, rows, Dk, s->width);
        Matrix own = matrix(keys + (size_t)list * s->n * Dk, s->n, Dk);
        product(gpu, scores + (size_t)list * s->n, columns, queries, transpose(own), s->scale,
                false);
    }
}

void device_router_forward(const Gpu *gpu, Gating *gating, float *key_scores, float *saved,
                           const float *x, const DeviceRouter *router, float *scratch) {
    const Config *config = router->config;
    RouterShape s = shape_of(config);
    RouterScratch own;
    int N = gating->N, C = gating->C, K = gating->K, D = config->D, Dk = config->Dk;
    size_t keys = (size_t)s.lists * (size_t)s.n;
    scratch_layout(&own, scratch, &s, N);
    for (int list = 0; list < (s.shared ? 1 : s.lists); list++) {
        product(gpu, saved + (size_t)list * Dk, s.width, matrix(x, N, D),
                matrix(router->query + (size_t)list * D * Dk, D, Dk), 1.0f, false);
    }
    for (int t0 = 0; t0 < N; t0 += ROUTER_TOKENS) {
        int rows = std::min(N - t0, (int)ROUTER_TOKENS);
        size_t entry = (size_t)t0 * C * K;
        score_lists(gpu, own.scores, &s, Dk, saved + (size_t)t0 * s.width, router->keys, rows);
        if (key_scores != NULL)
            CHECK(cudaMemcpyAsync(key_scores + (size_t)t0 * keys, own.scores,
                                  (size_t)rows * keys * sizeof(float), cudaMemcpyDeviceToHost,
                                  gpu->stream));
        LAUNCH(router_top_k_kernel, ceil_div(rows * C, ROUTER_WARPS), 32 * ROUTER_WARPS, 0,
               gpu->stream, gating->score + entry, gating->index + entry, own.scores, rows, C, K,
               s.parts, s.n);
        CHECK(launch_error());
    }
}

// dscores (rows,parts·C,n), zero on entry: the score of product keys is the sum of two scores, and
// both get its gradient. One thread per list.
static __global__ void spread_gradient_kernel(float *dscores, const float *dscore, const int *index,
                                              int rows, int C, int K, int parts, int n) {
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= rows * parts * C) return;
    int t = i / (parts * C), list = i % (parts * C);
    size_t entry = ((size_t)t * C + list % C) * K;
    float *row = dscores + (size_t)i * n;
    for (int k = 0; k < K; k++) {
        int expert = index[entry + k];
        int key = parts == 1 ? expert : list < C ? expert / n : expert % n;
        row[key] += dscore[entry + k];
    }
}

// Of rows tokens: writes dquery_out [rows,width], writes or adds to dkeys.
static void scores_backward(const Gpu *gpu, float *dquery_out, float *dkeys, const RouterShape *s,
                            int Dk, const float *dscores, const float *query_out, const float *keys,
                            int rows, bool add) {
    int columns = s->lists * s->n;
    if (s->shared) {
        Matrix d = matrix(dscores, rows, columns);
        product(gpu, dquery_out, Dk, d, transpose(matrix(keys, Dk, columns)), 1.0f, false);
        product(gpu, dkeys, columns, transpose(matrix(query_out, rows, Dk)), d, 1.0f, add);
        return;
    }
    for (int list = 0; list < s->lists; list++) {
        size_t first = (size_t)list * s->n * Dk, column = (size_t)list * Dk;
        Matrix d = strided(dscores + (size_t)list * s->n, rows, s->n, columns);
        Matrix queries = strided(query_out + column, rows, Dk, s->width);
        product(gpu, dquery_out + column, s->width, d, matrix(keys + first, s->n, Dk), s->scale,
                false);
        product(gpu, dkeys + first, Dk, transpose(d), queries, s->scale, add);
    }
}

void device_router_backward(const Gpu *gpu, float *dx, float *dquery, float *dkeys,
                            const float *dscore, const Gating *gating, const float *saved,
                            const float *x, const DeviceRouter *router, float *scratch) {
    const Config *config = router->config;
    RouterShape s = shape_of(config);
    RouterScratch own;
    int N = gating->N, C = gating->C, K = gating->K, D = config->D, Dk = config->Dk;
    scratch_layout(&own, scratch, &s, N);
    for (int t0 = 0; t0 < N; t0 += ROUTER_TOKENS) {
        int rows = std::min(N - t0, (int)ROUTER_TOKENS), lists = rows * s.lists;
        size_t entry = (size_t)t0 * C * K, bytes = (size_t)lists * (size_t)s.n * sizeof(float);
        CHECK(cudaMemsetAsync(own.scores, 0, bytes, gpu->stream));
        LAUNCH(spread_gradient_kernel, ceil_div(lists, 128), 128, 0, gpu->stream, own.scores,
               dscore + entry, gating->index + entry, rows, C, K, s.parts, s.n);
        CHECK(launch_error());
        scores_backward(gpu, own.dquery_out, dkeys, &s, Dk, own.scores,
                        saved + (size_t)t0 * s.width, router->keys, rows, t0 > 0);
        for (int list = 0; list < (s.shared ? 1 : s.lists); list++) {
            Matrix dq = strided(own.dquery_out + (size_t)list * Dk, rows, Dk, s.width);
            size_t first = (size_t)list * D * Dk, row = (size_t)t0 * D;
            product(gpu, dx + row, D, dq, transpose(matrix(router->query + first, D, Dk)), 1.0f,
                    true);
            product(gpu, dquery + first, Dk, transpose(matrix(x + row, rows, D)), dq, 1.0f, t0 > 0);
        }
    }
}
