#include "reference/ffn/moe_routing.h"
#include "reference/numbers/vector.h"
#include <math.h>

// ---- the scores

void moe_routing_softmax(const MoeRouting *choice) {
    int N = choice->B * choice->T, E = choice->config->E;
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        float *p = choice->p + (size_t)t * E;
        memcpy(p, choice->logits + (size_t)t * E, (size_t)E * sizeof *p);
        choice->log_sum[t] = softmax_row(p, E);
    }
}

static void score_row(float *restrict score, const float *restrict p, const float *restrict logits,
                      const Config *config) {
    int E = config->E;
    float alpha = config->routing == ROUTING_UNIFIED ? (float)config->alpha : 0.0f;
    for (int e = 0; e < E; e++) score[e] = p[e];
    for (int e = 0; alpha > 0.0f && e < E; e++) {
        score[e] = (1.0f - alpha) * p[e] + alpha * sigmoid(logits[e]) * 2.0f / (float)E;
    }
}

// Whole numbers in the order of the floats, NaN below them all, and 0 below NaN for a cell that
// cannot be taken.
static uint32_t key_of(float x) {
    uint32_t bits;
    if (isnan(x)) return 1;
    x += 0.0f; // -0 is equal to 0
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// Token choice ranks by the logits, in which no two are equal that differ: a softmax may round them
// to one number.
static void key_row(uint32_t *keys, const MoeRouting *choice, const float *score, int t) {
    const Config *config = choice->config;
    bool token = config->routing == ROUTING_TOKEN, out = !token && moe_routing_pad(choice, t);
    const float *logits = choice->logits + (size_t)t * config->E;
    for (int e = 0; e < config->E; e++) {
        float rank = !token                 ? score[e]
                     : choice->bias != NULL ? score[e] + choice->bias[e]
                                            : logits[e];
        keys[e] = out ? 0 : key_of(rank);
    }
}

// ---- the pools

// Cells of the table: `rows` of them from `row` on, `stride` apart, and of each the columns from
// `column` on.
typedef struct {
    int row, stride, rows, column, columns;
} Cells;

static int pool_count(const MoeRouting *choice) {
    switch (choice->config->routing) {
    case ROUTING_EXPERT: return choice->config->E;
    case ROUTING_UNIFIED: return choice->config->pool == POOL_SEQUENCE ? choice->B : choice->T;
    default: return choice->B * choice->T;
    }
}

static Cells pool_cells(const MoeRouting *choice, int pool) {
    int B = choice->B, T = choice->T, E = choice->config->E;
    switch (choice->config->routing) {
    case ROUTING_EXPERT: return (Cells){ 0, 1, B * T, pool, 1 };
    case ROUTING_UNIFIED:
        return choice->config->pool == POOL_SEQUENCE ? (Cells){ pool * T, 1, T, 0, E }
                                                     : (Cells){ pool, T, B, 0, E };
    default: return (Cells){ pool, 1, 1, 0, E };
    }
}

static int pool_places(const MoeRouting *choice, const Cells *cells) {
    const Config *config = choice->config;
    int tokens = 0;
    if (config->routing == ROUTING_TOKEN) return config->K;
    for (int i = 0; i < cells->rows; i++)
        tokens += !moe_routing_pad(choice, cells->row + i * cells->stride);
    if (config->routing == ROUTING_EXPERT)
        return (int)((double)tokens * config->capacity / config->E);
    return (int)rint(tokens * config_budget(config));
}

static int count_at_least(const uint32_t *keys, const Cells *cells, int E, uint32_t least) {
    int count = 0;
    for (int i = 0; i < cells->rows; i++) {
        const uint32_t *row =
            keys + ((size_t)cells->row + (size_t)i * cells->stride) * E + cells->column;
        for (int e = 0; e < cells->columns; e++) count += row[e] >= least;
    }
    return count;
}

// The key of rank `places`, found bit by bit: the highest number that so many cells reach.
static uint32_t last_key(const uint32_t *keys, const Cells *cells, int E, int places) {
    uint32_t least = 0;
    for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
        if (count_at_least(keys, cells, E, least | bit) >= places) least |= bit;
    }
    return least;
}

// The keys of the best `places` cells stay, all others become 0. No cell that cannot be taken is
// ever needed: there are no more places than others.
static void keep_best(uint32_t *keys, const Cells *cells, int E, int places) {
    uint32_t least = places > 0 ? last_key(keys, cells, E, places) : UINT32_MAX;
    // of the last key, so many stay
    int equal = places > 0 ? places - count_at_least(keys, cells, E, least + 1) : 0;
    for (int i = 0; i < cells->rows; i++) {
        uint32_t *row = keys + ((size_t)cells->row + (size_t)i * cells->stride) * E + cells->column;
        for (int e = 0; e < cells->columns; e++) {
            if (row[e] > least || (row[e] == least && equal-- > 0)) continue;
            row[e] = 0;
        }
    }
}

// ---- the list

static int32_t row_count(const uint32_t *keys, int E) {
    int32_t count = 0;
    for (int e = 0; e < E; e++) count += keys[e] > 0;
    return count;
}

// The experts whose key stayed, highest first.
static void fill_row(int32_t *index, float *weight, const uint32_t *keys, const float *score,
                     int E) {
    int count = 0;
    for (int e = 0; e < E; e++) {
        if (keys[e] == 0) continue;
        int at = count++;
        for (; at > 0 && keys[index[at - 1]] < keys[e]; at--) index[at] = index[at - 1];
        index[at] = e;
    }
    for (int i = 0; i < count; i++) weight[i] = score[index[i]];
}

void moe_routing_select(Gating *gating, const MoeRouting *choice, float *score, uint32_t *keys) {
    const Config *config = choice->config;
    int N = choice->B * choice->T, E = config->E, pools = pool_count(choice);
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E;
        score_row(score + row, choice->p + row, choice->logits + row, config);
        key_row(keys + row, choice, score + row, t);
    }
#pragma omp parallel for
    for (int pool = 0; pool < pools; pool++) {
        Cells cells = pool_cells(choice, pool);
        keep_best(keys, &cells, E, pool_places(choice, &cells));
    }
    gating->start[0] = 0;
    for (int t = 0; t < N; t++)
        gating->start[t + 1] = gating->start[t] + row_count(keys + (size_t)t * E, E);
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E, at = (size_t)gating->start[t];
        fill_row(gating->index + at, gating->score + at, keys + row, score + row, E);
    }
}

size_t moe_routing_entries(const Config *config, int N) {
    double entries = (double)N * config->K;
    // A pool rounds up by half a place at the most, and has a token at the least.
    if (config->routing == ROUTING_UNIFIED && config->budget > 0.0)
        entries = N * (config->budget + 0.5);
    if (config->routing == ROUTING_EXPERT) entries = N * config->capacity;
    return (size_t)fmin(entries, (double)N * config->E);
}

// ---- backward

// Of the score (1 - alpha)·p + alpha·q, q = sigmoid(logit)·2/E:
//   dlogit = p·(dp - Σ p·dp) + alpha·dscore·2/E·s·(1 - s),   dp = (1 - alpha)·dscore
static void row_backward(float *restrict d, const float *restrict p, const float *restrict logits,
                         const Config *config) {
    int E = config->E;
    float alpha = config->routing == ROUTING_UNIFIED ? (float)config->alpha : 0.0f, sum = 0.0f;
    for (int e = 0; e < E; e++) sum += p[e] * (1.0f - alpha) * d[e];
    for (int e = 0; e < E; e++) {
        float own = 0.0f;
        if (alpha > 0.0f) {
            float s = sigmoid(logits[e]);
            own = alpha * d[e] * 2.0f / (float)E * s * (1.0f - s);
        }
        d[e] = p[e] * ((1.0f - alpha) * d[e] - sum) + own;
    }
}

void moe_routing_backward(const MoeRouting *choice, float *dtable) {
    int N = choice->B * choice->T, E = choice->config->E;
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E;
        row_backward(dtable + row, choice->p + row, choice->logits + row, choice->config);
    }
}
