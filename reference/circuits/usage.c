#include "reference/circuits/usage.h"
#include "reference/circuits/random_neurons.h"
#include "reference/ffn/ffn.h"
#include <stdlib.h>
#include <string.h>

bool usage_new(Usage *out, const Config *config, Error *error) {
    *out = (Usage){ 0 };
    if (!config->ffn->sparse) return true;
    Gating shape = ffn_gating(config, NULL, 1);
    Usage usage = { config->L, ffn_pools(config), shape.F, NULL };
    usage.fired = calloc(usage_neurons(&usage), sizeof *usage.fired);
    if (usage.fired == NULL)
        return fail(error, "out of memory for counting %zu neurons", usage_neurons(&usage));
    *out = usage;
    return true;
}

void usage_free(Usage *usage) {
    free(usage->fired);
    *usage = (Usage){ 0 };
}

void usage_clear(Usage *usage) {
    if (usage->fired != NULL) memset(usage->fired, 0, usage_neurons(usage) * sizeof *usage->fired);
}

void usage_count(Usage *usage, int layer, const Gating *gating) {
    if (usage->fired == NULL || layer >= usage->L) return;
    size_t entries = gating_entries(gating),
           K = gating->start != NULL ? entries : (size_t)gating->K;
    uint64_t *fired = usage->fired + (size_t)layer * (size_t)usage->pools * (size_t)usage->F;
    for (size_t i = 0; i < entries; i++) {
        size_t pool = i / K % (size_t)usage->pools; // entries are [N,C,K], and pools C or 1
        fired[pool * (size_t)usage->F + (size_t)gating->index[i]]++;
    }
}

double usage_share(const Usage *usage) {
    size_t count = usage_neurons(usage), used = 0;
    for (size_t i = 0; i < count; i++) used += usage->fired[i] > 0;
    return count > 0 ? (double)used / (double)count : 0;
}

// ---- of a recording

bool usage_of_record(Usage *out, const GatingRecord *record, Error *error) {
    if (!usage_new(out, &record->config, error)) return false;
    int K = record->K, entries = record->C * K;
#pragma omp parallel for
    for (int l = 0; l < out->L; l++) {
        uint64_t *fired = out->fired + (size_t)l * (size_t)out->pools * (size_t)out->F;
        for (int t = 0; t < record->T; t++) {
            const int32_t *index = record->index + gating_record_entry(record, t, l, 0);
            for (int i = 0; i < entries; i++) {
                size_t pool = (size_t)(i / K % out->pools);
                if (index[i] != NO_EXPERT) fired[pool * (size_t)out->F + (size_t)index[i]]++;
            }
        }
    }
    return true;
}

// order [T]: the positions sorted by token, in a counting sort; start [V+1] is zero.
static void sort_by_token(int32_t *order, size_t *start, const GatingRecord *record) {
    for (int t = 0; t < record->T; t++) start[record->tokens[t] + 1]++;
    for (int v = 0; v < record->config.V; v++) start[v + 1] += start[v];
    for (int t = 0; t < record->T; t++) order[start[record->tokens[t]]++] = t;
}

// The neurons of position t in one channel, or with a key as many drawn at random. Returns how many
// there are.
static int neurons_at(int32_t *out, const GatingRecord *record, int t, int layer, int channel,
                      uint64_t key) {
    size_t entry = gating_record_entry(record, t, layer, channel);
    int count = 0;
    for (; count < record->K && record->index[entry + (size_t)count] != NO_EXPERT; count++)
        out[count] = record->index[entry + (size_t)count];
    if (key != 0) random_neurons(out, count, record->F, key, entry);
    return count;
}

// Counts a layer's firings in the order of the tokens. last [pools,F]: the token that a neuron was
// counted for last, or -1. chosen [K] is scratch.
static void count_tokens(uint64_t *fired, int32_t *last, int32_t *chosen, const int32_t *order,
                         const GatingRecord *record, int layer, uint64_t key) {
    int pools = ffn_pools(&record->config);
    memset(last, -1, (size_t)pools * (size_t)record->F * sizeof *last);
    for (int i = 0; i < record->T; i++) {
        int32_t token = record->tokens[order[i]];
        for (int c = 0; c < record->C; c++) {
            size_t first = (size_t)(c % pools) * (size_t)record->F;
            int count = neurons_at(chosen, record, order[i], layer, c, key);
            for (int k = 0; k < count; k++) {
                size_t neuron = first + (size_t)chosen[k];
                fired[neuron] += last[neuron] != token;
                last[neuron] = token;
            }
        }
    }
}

bool usage_of_tokens(Usage *out, const GatingRecord *record, uint64_t seed, Error *error) {
    if (!usage_new(out, &record->config, error)) return false;
    size_t count = (size_t)out->pools * (size_t)out->F, K = (size_t)record->K;
    int32_t *order = malloc(((size_t)record->T + 1) * sizeof *order);
    size_t *start = calloc((size_t)record->config.V + 1, sizeof *start);
    int32_t *last = malloc((size_t)out->L * count * sizeof *last);
    int32_t *chosen = malloc((size_t)out->L * K * sizeof *chosen);
    bool ok = order != NULL && start != NULL && last != NULL && chosen != NULL;
    if (ok) {
        uint64_t key = seed > 0 ? random_key(seed, "neurons") : 0;
        sort_by_token(order, start, record);
#pragma omp parallel for
        for (int l = 0; l < out->L; l++) {
            count_tokens(out->fired + (size_t)l * count, last + (size_t)l * count,
                         chosen + (size_t)l * K, order, record, l, key);
        }
    }
    free(order);
    free(start);
    free(last);
    free(chosen);
    if (ok) return true;
    usage_free(out);
    return fail(error, "out of memory for counting the neurons of %d tokens", record->T);
}

// ---- measures of a layer

static const uint64_t *layer_counts(const Usage *usage, int layer, size_t *count) {
    *count = (size_t)usage->pools * (size_t)usage->F;
    return usage->fired + (size_t)layer * *count;
}

double usage_layer_share(const Usage *usage, int layer) {
    size_t count, used = 0;
    const uint64_t *fired = layer_counts(usage, layer, &count);
    for (size_t i = 0; i < count; i++) used += fired[i] > 0;
    return (double)used / (double)count;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

bool gini_coefficient(double *out, const uint64_t *counts, size_t count, Error *error) {
    uint64_t *sorted = malloc((count + 1) * sizeof *sorted);
    if (sorted == NULL) return fail(error, "out of memory for sorting %zu counts", count);
    memcpy(sorted, counts, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    double weighted = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        weighted += (2 * ((double)i + 1) - (double)count - 1) * (double)sorted[i];
        sum += (double)sorted[i];
    }
    *out = sum > 0 ? weighted / ((double)count * sum) : 0;
    free(sorted);
    return true;
}

bool usage_gini(double *out, const Usage *usage, int layer, Error *error) {
    size_t count;
    const uint64_t *fired = layer_counts(usage, layer, &count);
    return gini_coefficient(out, fired, count, error);
}

void usage_histogram(int64_t bins[USAGE_BINS], const Usage *usage, int layer) {
    size_t count;
    const uint64_t *fired = layer_counts(usage, layer, &count);
    memset(bins, 0, USAGE_BINS * sizeof *bins);
    for (size_t i = 0; i < count; i++) {
        int bin = 0;
        for (uint64_t rest = fired[i]; rest > 0 && bin < USAGE_BINS - 1; rest /= 2) bin++;
        bins[bin]++;
    }
}
