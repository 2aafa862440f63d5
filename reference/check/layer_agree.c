#include "reference/check/layer_agree.h"
#include <math.h>
#include <stdlib.h>

static bool agree(const char *name, const double *actual, const double *expected, size_t count,
                  Tolerance tolerance, double *worst, Error *error) {
    Difference difference;
    if (!compare_values(&difference, name, (Values){ actual, count }, (Values){ expected, count },
                        tolerance))
        return fail(error, "%s", difference.problem);
    if (difference.rms > 0) *worst = fmax(*worst, difference.worst / difference.rms);
    return true;
}

// What the expected router scores say of every expert, and space for the scores of what was taken.
typedef struct {
    size_t experts;                 // of a token, all channels: C·F, or E of a moe
    double *rank, *weight;          // [N,experts]
    double *taken, *taken_expected; // [N,experts]
    double close;                   // ranks closer than this may change places
} Tables;

static bool tables_new(Tables *out, const LayerComparison *comparison, Error *error) {
    const LayerNumbers *numbers = &comparison->own_expected;
    const Config *config = &numbers->config;
    size_t scores = (size_t)ffn_gating(config, NULL, 1).keys, N = (size_t)numbers->N;
    size_t experts = config->ffn->ragged ? (size_t)config->E : (size_t)config->C * config->F;
    out->experts = experts;
    out->rank = malloc(4 * N * experts * sizeof *out->rank);
    if (out->rank == NULL) return fail(error, "out of memory for the scores of %zu tokens", N);
    out->weight = out->rank + N * experts;
    out->taken = out->weight + N * experts;
    out->taken_expected = out->taken + N * experts;
    for (size_t t = 0; t < N; t++)
        comparison->expert_scores(out->rank + t * experts, out->weight + t * experts, config,
                                  numbers->scores + t * scores);
    return true;
}

// ---- K experts per token and channel

// Writes taken [N,C,K], the expected scores of the experts that were chosen. false: they are not K
// different experts.
static bool look_up_chosen(Tables *tables, const LayerNumbers *actual, Error *error) {
    const Config *config = &actual->config;
    size_t K = (size_t)config->K, F = (size_t)config->F;
    for (size_t i = 0; i < (size_t)actual->N * config->C * K; i++) {
        size_t row = i / K; // of [N,C]
        int index = actual->index[i];
        if (index < 0 || index >= config->F) return fail(error, "index[%zu] is %d", i, index);
        for (size_t j = row * K; j < i; j++) {
            if (index == actual->index[j]) return fail(error, "row %zu chose %d twice", row, index);
        }
        tables->taken[i] = tables->weight[row * F + (size_t)index];
    }
    return true;
}

static bool rows_agree(const LayerComparison *comparison, Tables *tables, LayerErrors *errors,
                       Error *error) {
    const LayerNumbers *actual = &comparison->own_actual, *expected = &comparison->own_expected;
    size_t K = (size_t)actual->config.K, entries = layer_numbers_entries(actual);
    if (!look_up_chosen(tables, actual, error)) return false;
    if (!agree("score", actual->score, tables->taken, entries, comparison->forward, &errors->scores,
               error))
        return false;
    double close = 2 * comparison->forward.relative * root_mean_square(tables->taken, entries);
    for (size_t row = 0; row < entries / K; row++) {
        bool other = false;
        for (size_t i = row * K; i < (row + 1) * K; i++) {
            other = other || actual->index[i] != expected->index[i];
            if (fabs(tables->taken[i] - expected->score[i]) > close)
                return fail(error, "rank %zu of row %zu is %d, expected %d", i % K, row,
                            actual->index[i], expected->index[i]);
        }
        errors->other_choices += other;
        errors->rows++;
    }
    return true;
}

// ---- a ragged gating

// A token's entries are experts that exist, none twice, highest rank first.
static bool token_is_sound(const LayerNumbers *actual, const Tables *tables, int t, Error *error) {
    int first = actual->start[t], E = actual->config.E;
    const double *rank = tables->rank + (size_t)t * tables->experts;
    for (int i = first; i < actual->start[t + 1]; i++) {
        int e = actual->index[i];
        if (e < 0 || e >= E) return fail(error, "entry %d of token %d is %d", i, t, e);
        for (int j = first; j < i; j++) {
            if (actual->index[j] == e) return fail(error, "token %d has expert %d twice", t, e);
        }
        if (i > first && rank[e] > rank[actual->index[i - 1]] + tables->close)
            return fail(error, "entry %d of token %d is better than the one before", i, t);
    }
    return true;
}

static bool ragged_is_sound(const LayerNumbers *actual, const Tables *tables, Error *error) {
    if (actual->start[0] != 0) return fail(error, "start[0] is %d", actual->start[0]);
    for (int t = 0; t < actual->N; t++) {
        if (actual->start[t + 1] < actual->start[t])
            return fail(error, "start[%d] is %d", t + 1, actual->start[t + 1]);
        if (!token_is_sound(actual, tables, t, error)) return false;
    }
    return true;
}

// The pools of a moe's routing (moe_routing.h) and the one that holds expert e of token t.
static int pools_of(const LayerNumbers *numbers) {
    const Config *config = &numbers->config;
    switch (config->routing) {
    case ROUTING_EXPERT: return config->E;
    case ROUTING_UNIFIED: return config->pool == POOL_SEQUENCE ? numbers->B : numbers->T;
    default: return numbers->N;
    }
}
static int pool_of(const LayerNumbers *numbers, int t, int e) {
    const Config *config = &numbers->config;
    switch (config->routing) {
    case ROUTING_EXPERT: return e;
    case ROUTING_UNIFIED: return config->pool == POOL_SEQUENCE ? t / numbers->T : t % numbers->T;
    default: return t;
    }
}

static int descending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

// Writes the ranks of what was taken from one pool, highest first; returns how many.
static int taken_from(double *out, const LayerNumbers *numbers, const Tables *tables, int pool) {
    int count = 0;
    for (int t = 0; t < numbers->N; t++) {
        for (int i = numbers->start[t]; i < numbers->start[t + 1]; i++) {
            int e = numbers->index[i];
            if (pool_of(numbers, t, e) == pool)
                out[count++] = tables->rank[(size_t)t * tables->experts + (size_t)e];
        }
    }
    qsort(out, (size_t)count, sizeof *out, descending);
    return count;
}

// As many entries were taken from each pool, and rank by rank as good ones.
static bool pools_agree(const LayerNumbers *actual, const LayerNumbers *expected, Tables *tables,
                        LayerErrors *errors, Error *error) {
    int pools = pools_of(actual);
    for (int pool = 0; pool < pools; pool++) {
        int count = taken_from(tables->taken, actual, tables, pool),
            count_expected = taken_from(tables->taken_expected, expected, tables, pool);
        if (count != count_expected)
            return fail(error, "pool %d has %d entries, expected %d", pool, count, count_expected);
        bool other = false;
        for (int i = 0; i < count; i++) {
            double difference = fabs(tables->taken[i] - tables->taken_expected[i]);
            if (difference > tables->close)
                return fail(error, "rank %d of pool %d scores %g, expected %g", i, pool,
                            tables->taken[i], tables->taken_expected[i]);
            other = other || difference != 0.0;
        }
        errors->other_choices += other;
        errors->rows++;
    }
    return true;
}

static bool ragged_agree(const LayerComparison *comparison, Tables *tables, LayerErrors *errors,
                         Error *error) {
    const LayerNumbers *actual = &comparison->own_actual, *expected = &comparison->own_expected;
    size_t cells = (size_t)expected->N * tables->experts;
    tables->close = 2 * comparison->forward.relative * root_mean_square(tables->rank, cells);
    if (!ragged_is_sound(actual, tables, error)) return false;
    size_t entries = layer_numbers_entries(actual);
    for (size_t t = 0, i = 0; i < entries; i++) {
        while (i >= (size_t)actual->start[t + 1]) t++;
        tables->taken[i] = tables->weight[t * tables->experts + (size_t)actual->index[i]];
    }
    if (entries > 0 && !agree("score", actual->score, tables->taken, entries, comparison->forward,
                              &errors->scores, error))
        return false;
    return pools_agree(actual, expected, tables, errors, error);
}

// ---- all three steps

// Step one for every key of the router, selected or not.
static bool scores_agree(const LayerComparison *comparison, LayerErrors *errors, Error *error) {
    const LayerNumbers *actual = &comparison->own_actual, *expected = &comparison->own_expected;
    size_t keys = (size_t)ffn_gating(&expected->config, NULL, 1).keys;
    return agree("all scores", actual->scores, expected->scores, (size_t)expected->N * keys,
                 comparison->forward, &errors->scores, error);
}

bool layer_choices_agree(const LayerComparison *comparison, LayerErrors *errors, Error *error) {
    Tables tables = { 0 };
    bool ragged = comparison->own_actual.config.ffn->ragged;
    if (!scores_agree(comparison, errors, error)) return false;
    bool ok = tables_new(&tables, comparison, error) &&
              (ragged ? ragged_agree : rows_agree)(comparison, &tables, errors, error);
    free(tables.rank);
    return ok;
}

bool layers_agree(const LayerComparison *comparison, LayerErrors *errors, Error *error) {
    const LayerNumbers *actual = &comparison->actual, *expected = &comparison->expected;
    Tolerance forward = comparison->forward, backward = comparison->backward;
    size_t rows = (size_t)expected->N * expected->config.D;
    if (expected->config.ffn->sparse && !layer_choices_agree(comparison, errors, error))
        return false;
    bool ok = agree("y", actual->y, expected->y, rows, forward, &errors->forward, error) &&
              agree("dx", actual->dx, expected->dx, rows, backward, &errors->backward, error);
    for (int i = 0; ok && i < expected->tensors.count; i++) {
        const Tensor *tensor = &expected->tensors.items[i];
        ok = agree(tensor->name, actual->gradients + tensor->offset,
                   expected->gradients + tensor->offset, tensor->count, backward, &errors->backward,
                   error);
    }
    return ok;
}
