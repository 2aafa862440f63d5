#include "tests/golden/golden_ragged.h"
#include "reference/ffn/moe_routing.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const Tolerance TIGHT = { .relative = 1e-10 };

static Shape table_shape(const LayerNumbers *numbers) {
    return (Shape){ { numbers->B, numbers->T, numbers->config.E } };
}

static Shape indices_shape(const LayerNumbers *numbers) {
    return (Shape){ { numbers->B, numbers->T, numbers->config.K } };
}

static bool has(const GoldenFile *golden, const char *name) {
    return safetensors_find(&golden->file, name) != NULL;
}

static double *new_table(GoldenFile *golden, const LayerNumbers *numbers) {
    double *table = calloc((size_t)numbers->N * numbers->config.E, sizeof *table);
    if (table == NULL) golden_problem(golden, "no memory for a table of %d tokens", numbers->N);
    return table;
}

// logits = x router, in double.
static void check_logits(GoldenFile *golden, const LayerNumbers *numbers) {
    int D = numbers->config.D, E = numbers->config.E;
    double *logits = new_table(golden, numbers);
    const double *router = numbers->parameters + tensors_find(&numbers->tensors, "router")->offset;
    for (size_t i = 0; logits != NULL && i < (size_t)numbers->N * E; i++) {
        for (int d = 0; d < D; d++)
            logits[i] += numbers->x[i / E * D + d] * router[(size_t)d * E + i % E];
    }
    if (logits != NULL)
        golden_compare(golden, "x router", "gating.logits", table_shape(numbers), logits, TIGHT);
    free(logits);
}

// A list with the weights in a table; an entry that is no expert, or comes twice, is a problem.
static bool spread(GoldenFile *golden, double *table, const LayerNumbers *actual) {
    int E = actual->config.E;
    for (int t = 0; t < actual->N; t++) {
        for (int i = actual->start[t]; i < actual->start[t + 1]; i++) {
            int e = actual->index[i];
            if (e < 0 || e >= E)
                return golden_problem(golden, "entry %d of token %d is expert %d of %d", i, t, e,
                                      E);
            if (table[(size_t)t * E + e] != 0.0)
                return golden_problem(golden, "token %d has expert %d twice", t, e);
            table[(size_t)t * E + e] = actual->score[i];
        }
    }
    return true;
}

static void check_weights(GoldenFile *golden, const LayerNumbers *actual, Tolerance forward) {
    double *table = new_table(golden, actual);
    const double *expected = golden_input(golden, "gating.weights", table_shape(actual));
    if (table != NULL && expected != NULL && spread(golden, table, actual)) {
        for (size_t i = 0; i < (size_t)actual->N * actual->config.E; i++) {
            if ((table[i] != 0.0) == (expected[i] != 0.0)) continue;
            golden_problem(
                golden,
                "gating: token %zu and expert %zu are together in one of file and implementation",
                i / actual->config.E, i % actual->config.E);
        }
        golden_compare(golden, "gating.weights", "gating.weights", table_shape(actual), table,
                       forward);
    }
    free(table);
}

void golden_ragged_check(GoldenFile *golden, const LayerNumbers *actual, bool shown,
                         Tolerance forward) {
    check_logits(golden, actual);
    if (shown)
        golden_compare(golden, "gating.logits", "gating.logits", table_shape(actual),
                       actual->scores, forward);
    if (has(golden, "gating.weights")) {
        check_weights(golden, actual, forward);
    } else if (actual->start[actual->N] != actual->N * actual->config.K) {
        golden_problem(golden, "%d entries, expected K = %d for each of %d tokens",
                       actual->start[actual->N], actual->config.K, actual->N);
    } else {
        golden_compare_ints(golden, "gating.indices", "gating.indices", indices_shape(actual),
                            actual->index);
    }
}

// ---- the file's choice

// A token's entries from its row of weights, highest first.
static int give_row(LayerNumbers *numbers, int first, const double *weights) {
    int count = 0, *index = numbers->index + first;
    for (int e = 0; e < numbers->config.E; e++) {
        if (weights[e] == 0.0) continue;
        int at = count++;
        for (; at > 0 && weights[index[at - 1]] < weights[e]; at--) index[at] = index[at - 1];
        index[at] = e;
    }
    for (int i = 0; i < count; i++) numbers->score[first + i] = weights[index[i]];
    return count;
}

// The paper's weight: the softmax over all experts.
static void softmax_weights(double *weights, const double *logits, int E) {
    double sum = 0.0;
    for (int e = 0; e < E; e++) sum += exp(logits[e]);
    for (int e = 0; e < E; e++) weights[e] = exp(logits[e]) / sum;
}

static bool give_indices(GoldenFile *golden, LayerNumbers *numbers) {
    int E = numbers->config.E, K = numbers->config.K;
    const double *logits = golden_input(golden, "gating.logits", table_shape(numbers));
    double *weights = malloc((size_t)E * sizeof *weights);
    bool ok = logits != NULL && weights != NULL &&
              golden_input_ints(golden, "gating.indices", indices_shape(numbers), numbers->index);
    for (int i = 0; ok && i < numbers->N * K; i++) {
        softmax_weights(weights, logits + (size_t)(i / K) * E, E);
        ok = numbers->index[i] >= 0 && numbers->index[i] < E;
        if (ok) numbers->score[i] = weights[numbers->index[i]];
        if (!ok)
            golden_problem(golden, "gating.indices[%d] is %d, expected below E = %d", i,
                           numbers->index[i], E);
    }
    for (int t = 0; t <= numbers->N; t++) numbers->start[t] = t * K;
    free(weights);
    return ok;
}

bool golden_ragged_give(GoldenFile *golden, LayerNumbers *numbers) {
    if (!has(golden, "gating.weights")) return give_indices(golden, numbers);
    const double *weights = golden_input(golden, "gating.weights", table_shape(numbers));
    if (weights == NULL) return false;
    numbers->start[0] = 0;
    for (int t = 0; t < numbers->N; t++) {
        int first = numbers->start[t];
        numbers->start[t + 1] =
            first + give_row(numbers, first, weights + (size_t)t * numbers->config.E);
    }
    if ((size_t)numbers->start[numbers->N] <= moe_routing_entries(&numbers->config, numbers->N))
        return true;
    return golden_problem(golden, "gating.weights has %d entries, more than the settings give",
                          numbers->start[numbers->N]);
}
