#include "reference/ffn/moe_routing.h"
#include "reference/numbers/vector.h"
#include <math.h>

// ---- the scores

void moe_routing_softmax(const MoeRouting *routing) {
    int N = routing->B * routing->T, E = routing->config->E;
#pragma omp parallel for if (N > 1)
    for (int t = 0; t < N; t++) {
        float *p = routing->p + (size_t)t * E;
        memcpy(p, routing->logits + (size_t)t * E, (size_t)E * sizeof *p);
        routing->log_sum[t] = softmax_row(p, E);
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

// Integers in the order of the floats. NaN is 1, below all numbers; 0 is for an entry that cannot
// be taken.
static uint32_t key_of(float x) {
    uint32_t bits;
    if (isnan(x)) return 1;
    x += 0.0f; // -0 becomes 0
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// Token choice ranks by the logits, since a softmax may round different ones to the same number.
static void key_row(uint32_t *keys, const MoeRouting *routing, const float *score, int t) {
    const Config *config = routing->config;
    bool token_choice = config->routing == ROUTING_TOKEN;
    const float *logits = routing->logits + (size_t)t * config->E;
    for (int e = 0; e < config->E; e++) {
        float rank = score[e];
        if (token_choice) rank = routing->bias != NULL ? score[e] + routing->bias[e] : logits[e];
        keys[e] = key_of(rank);
    }
    if (!token_choice && moe_routing_pad(routing, t))
        memset(keys, 0, (size_t)config->E * sizeof *keys);
}

// ---- the pools

// The columns from `column` on of `rows` rows of the table, from `row` on and `stride` apart.
typedef struct {
    int row, stride, rows, column, columns;
} TablePool;

static int pool_count(const MoeRouting *routing) {
    switch (routing->config->routing) {
    case ROUTING_EXPERT: return routing->config->E;
    case ROUTING_UNIFIED: return routing->config->pool == POOL_SEQUENCE ? routing->B : routing->T;
    default: return routing->B * routing->T;
    }
}

static TablePool pool_at(const MoeRouting *routing, int i) {
    int B = routing->B, T = routing->T, E = routing->config->E;
    switch (routing->config->routing) {
    case ROUTING_EXPERT: return (TablePool){ 0, 1, B * T, i, 1 };
    case ROUTING_UNIFIED:
        if (routing->config->pool == POOL_SEQUENCE) return (TablePool){ i * T, 1, T, 0, E };
        return (TablePool){ i, T, B, 0, E };
    default: return (TablePool){ i, 1, 1, 0, E };
    }
}

// How many entries the pool takes.
static int pool_entries(const MoeRouting *routing, const TablePool *pool) {
    const Config *config = routing->config;
    int tokens = 0;
    if (config->routing == ROUTING_TOKEN) return config->K;
    for (int i = 0; i < pool->rows; i++)
        tokens += !moe_routing_pad(routing, pool->row + i * pool->stride);
    if (config->routing == ROUTING_EXPERT)
        return (int)((double)tokens * config->capacity / config->E);
    return (int)rint(tokens * config_budget(config));
}

// Keys in the pool of at least `min`.
static int count_at_least(const uint32_t *keys, const TablePool *pool, int E, uint32_t min) {
    int count = 0;
    for (int i = 0; i < pool->rows; i++) {
        size_t row = (size_t)pool->row + (size_t)i * pool->stride;
        const uint32_t *row_keys = keys + row * E + pool->column;
        for (int e = 0; e < pool->columns; e++) count += row_keys[e] >= min;
    }
    return count;
}

// The key of rank `count`, found bit by bit: the largest number that `count` keys reach.
static uint32_t key_of_rank(const uint32_t *keys, const TablePool *pool, int E, int count) {
    uint32_t min = 0;
    for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
        if (count_at_least(keys, pool, E, min | bit) >= count) min |= bit;
    }
    return min;
}

// Sets all keys of the pool but the `count` largest to 0; of equal ones the first remain. Entries
// that cannot be taken have key 0 already, and no pool takes more than it has others.
static void keep_best(uint32_t *keys, const TablePool *pool, int E, int count) {
    uint32_t min = UINT32_MAX;
    int equal = 0; // of the keys equal to min, so many remain
    if (count > 0) {
        min = key_of_rank(keys, pool, E, count);
        equal = count - count_at_least(keys, pool, E, min + 1);
    }
    for (int i = 0; i < pool->rows; i++) {
        size_t row = (size_t)pool->row + (size_t)i * pool->stride;
        uint32_t *row_keys = keys + row * E + pool->column;
        for (int e = 0; e < pool->columns; e++) {
            if (row_keys[e] > min) continue;
            bool remains = row_keys[e] == min && equal > 0;
            if (remains)
                equal--;
            else
                row_keys[e] = 0;
        }
    }
}

// ---- the gating

static int32_t row_count(const uint32_t *keys, int E) {
    int32_t count = 0;
    for (int e = 0; e < E; e++) count += keys[e] > 0;
    return count;
}

// One token's experts whose keys remain, highest first, by insertion sort.
static void fill_row(int32_t *index, float *weight, const uint32_t *keys, const float *score,
                     int E) {
    int count = 0;
    for (int e = 0; e < E; e++) {
        if (keys[e] == 0) continue;
        int i = count++;
        for (; i > 0 && keys[index[i - 1]] < keys[e]; i--) index[i] = index[i - 1];
        index[i] = e;
    }
    for (int i = 0; i < count; i++) weight[i] = score[index[i]];
}

void moe_routing_select(Gating *gating, const MoeRouting *routing, float *score, uint32_t *keys) {
    const Config *config = routing->config;
    int N = routing->B * routing->T, E = config->E, pools = pool_count(routing);
#pragma omp parallel for if (N > 1)
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E;
        score_row(score + row, routing->p + row, routing->logits + row, config);
        key_row(keys + row, routing, score + row, t);
    }
#pragma omp parallel for if (pools > 1)
    for (int i = 0; i < pools; i++) {
        TablePool pool = pool_at(routing, i);
        keep_best(keys, &pool, E, pool_entries(routing, &pool));
    }
    gating->start[0] = 0;
    for (int t = 0; t < N; t++)
        gating->start[t + 1] = gating->start[t] + row_count(keys + (size_t)t * E, E);
#pragma omp parallel for if (N > 1)
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E, first = (size_t)gating->start[t];
        fill_row(gating->index + first, gating->score + first, keys + row, score + row, E);
    }
}

size_t moe_routing_entries(const Config *config, int N) {
    double entries = (double)N * config->K;
    // A pool rounds up by at most half an entry, and has at least one token.
    if (config->routing == ROUTING_UNIFIED && config->budget > 0.0)
        entries = N * (config->budget + 0.5);
    if (config->routing == ROUTING_EXPERT) entries = N * config->capacity;
    return (size_t)fmin(entries, (double)N * config->E);
}

// ---- backward

// One token. For score = (1 - alpha)·p + alpha·q with q = sigmoid(logit)·2/E:
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

void moe_routing_backward(const MoeRouting *routing, float *dtable) {
    int N = routing->B * routing->T, E = routing->config->E;
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E;
        row_backward(dtable + row, routing->p + row, routing->logits + row, routing->config);
    }
}
