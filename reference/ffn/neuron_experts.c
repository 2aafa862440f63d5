#include "reference/ffn/neuron_experts.h"
#include "reference/ffn/expert_sort.h"
#include "reference/ffn/ffn.h"
#include "reference/ffn/key_router.h"
#include "reference/numbers/dot.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/vector.h"

// Tokens of one task: enough to use a channel's table many times while it is in the cache.
enum { TOKENS = 256, EXPERTS = 64 };

static const float *table_row(const float *table, const Gating *gating, int pools, int c,
                              int32_t index, int D) {
    return table + ((size_t)(pools == 1 ? 0 : c) * gating->F + (size_t)index) * D;
}

// z of channel c for the tokens first .. last-1
static void dot_tokens(float *z, const float *x, const float *pool, const Gating *gating, int c,
                       int first, int last, int D) {
    int C = gating->C, K = gating->K;
    for (int t = first; t < last; t++) {
        const float *xt = x + (size_t)t * D;
        size_t entry = ((size_t)t * C + c) * K;
        const int32_t *index = gating->index + entry;
        int k = 0;
        for (; k + 4 <= K; k += 4) {
            dot4(z + entry + k, xt, pool + (size_t)index[k] * D, pool + (size_t)index[k + 1] * D,
                 pool + (size_t)index[k + 2] * D, pool + (size_t)index[k + 3] * D, D);
        }
        for (; k < K; k++) z[entry + k] = dot(xt, pool + (size_t)index[k] * D, D);
    }
}

void neuron_experts_dot(float *z, const float *x, const float *table, const Gating *gating,
                        int pools, int D) {
    int N = gating->N, C = gating->C, blocks = (N + TOKENS - 1) / TOKENS;
    if (N == 1) {
        for (int c = 0; c < C; c++)
            dot_tokens(z, x, table_row(table, gating, pools, c, 0, D), gating, c, 0, 1, D);
        return;
    }
#pragma omp parallel for schedule(dynamic)
    for (int task = 0; task < C * blocks; task++) {
        int c = task / blocks, first = task % blocks * TOKENS, last = min_int(first + TOKENS, N);
        const float *pool = table_row(table, gating, pools, c, 0, D);
        dot_tokens(z, x, pool, gating, c, first, last, D);
    }
}

// y of the tokens first .. last-1
static void sum_tokens(float *y, const float *weight, const float *table, const Gating *gating,
                       int pools, int first, int last, int D) {
    int C = gating->C, K = gating->K;
    memset(y + (size_t)first * D, 0, (size_t)(last - first) * D * sizeof *y);
    for (int c = 0; c < C; c++) {
        const float *pool = table_row(table, gating, pools, c, 0, D);
        for (int t = first; t < last; t++) {
            float *yt = y + (size_t)t * D;
            size_t entry = ((size_t)t * C + c) * K;
            const int32_t *index = gating->index + entry;
            int k = 0;
            for (; k + 4 <= K; k += 4) {
                add_row4(yt, weight + entry + k, pool + (size_t)index[k] * D,
                         pool + (size_t)index[k + 1] * D, pool + (size_t)index[k + 2] * D,
                         pool + (size_t)index[k + 3] * D, D);
            }
            for (; k < K; k++) add_row(yt, weight[entry + k], pool + (size_t)index[k] * D, D);
        }
    }
}

void neuron_experts_sum(float *y, const float *weight, const float *table, const Gating *gating,
                        int pools, int D) {
    int N = gating->N;
    if (N <= TOKENS) {
        sum_tokens(y, weight, table, gating, pools, 0, N, D);
        return;
    }
#pragma omp parallel for schedule(dynamic)
    for (int first = 0; first < N; first += TOKENS)
        sum_tokens(y, weight, table, gating, pools, first, min_int(first + TOKENS, N), D);
}

void neuron_experts_sort(ExpertOrder *out, const Gating *gating, int pools) {
    int C = gating->C, each = C / pools;
    size_t entries = (size_t)gating->N * each * gating->K;
#pragma omp parallel for schedule(dynamic)
    for (int pool = 0; pool < pools; pool++) {
        sort_by_expert(out->start + (size_t)pool * (gating->F + 1),
                       out->order + (size_t)pool * entries, NULL,
                       &(ExpertEntries){ .index = gating->index,
                                         .rows = gating->N,
                                         .stride = (size_t)C * gating->K,
                                         .first = (size_t)pool * each * gating->K,
                                         .count = (size_t)each * gating->K,
                                         .F = gating->F });
    }
}

// row [D] = Σ weight[e] · v[token of e] over the entries of one expert
static void segment_sum(float *restrict row, const float *weight, const float *v,
                        const int32_t *entries, int count, int slots, int D) {
    memset(row, 0, (size_t)D * sizeof *row);
    int i = 0;
    for (; i + 4 <= count; i += 4) {
        const int32_t *e = entries + i;
        float w[4] = { weight[e[0]], weight[e[1]], weight[e[2]], weight[e[3]] };
        add_row4(row, w, v + (size_t)(e[0] / slots) * D, v + (size_t)(e[1] / slots) * D,
                 v + (size_t)(e[2] / slots) * D, v + (size_t)(e[3] / slots) * D, D);
    }
    for (; i < count; i++)
        add_row(row, weight[entries[i]], v + (size_t)(entries[i] / slots) * D, D);
}

void neuron_experts_gradient(float *dtable, const float *weight, const float *v,
                             const ExpertOrder *order, const Gating *gating, int pools, int D) {
    int F = gating->F, slots = gating->C * gating->K, blocks = (F + EXPERTS - 1) / EXPERTS;
    size_t entries = (size_t)gating->N * (gating->C / pools) * gating->K;
#pragma omp parallel for schedule(dynamic)
    for (int task = 0; task < pools * blocks; task++) {
        int pool = task / blocks, first = task % blocks * EXPERTS,
            last = min_int(first + EXPERTS, F);
        const int32_t *start = order->start + (size_t)pool * (F + 1);
        for (int f = first; f < last; f++) {
            segment_sum(dtable + ((size_t)pool * F + f) * D, weight, v,
                        order->order + (size_t)pool * entries + start[f], start[f + 1] - start[f],
                        slots, D);
        }
    }
}

size_t neuron_saved_layout(NeuronSaved *out, float *block, const Config *config, int N,
                           bool has_gate) {
    int C = config->C, K = config->K;
    size_t used = 0, entries = (size_t)N * C * K;
    *out = (NeuronSaved){
        .gating = { .N = N, .C = C, .K = K, .F = config->F, .keys = key_router_keys(config) }
    };
    out->gating.silent = has_gate ? -INFINITY : 0.0f; // the gate is a softmax of the scores
    out->gating.score = floats_take(block, &used, entries);
    out->gating.index = (int32_t *)floats_take(block, &used, entries);
    if (has_gate) out->gate = floats_take(block, &used, entries);
    out->z = floats_take(block, &used, entries);
    out->weight = floats_take(block, &used, entries);
    out->key_router = floats_take(block, &used, key_router_saved(config, N));
    return used;
}

size_t neuron_scratch_layout(NeuronScratch *out, float *block, const Config *config, int N,
                             int threads) {
    size_t used = 0, entries = (size_t)N * config->C * config->K,
           starts = (size_t)ffn_pools(config) * ((size_t)config->F + 1);
    out->dweight = floats_take(block, &used, entries);
    out->dz = floats_take(block, &used, entries);
    out->dscore = floats_take(block, &used, entries);
    out->order.order = (int32_t *)floats_take(block, &used, entries);
    out->order.start = (int32_t *)floats_take(block, &used, starts);
    out->key_router = floats_take(block, &used, key_router_scratch(config, N, threads));
    return used;
}
