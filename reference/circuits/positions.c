#include "reference/circuits/positions.h"
#include "reference/data/special_tokens.h"
#include <stdlib.h>
#include <string.h>

bool record_of_positions(GatingRecord *out, const GatingRecord *record, const int32_t *positions,
                         int count, Error *error) {
    if (!gating_record_new(out, &record->config, count, error)) return false;
    size_t size = gating_record_entry(record, 1, 0, 0); // entries of a position
    for (size_t i = 0; i < (size_t)count; i++) {
        size_t from = (size_t)positions[i];
        out->tokens[i] = record->tokens[from];
        memcpy(out->index + i * size, record->index + from * size, size * sizeof *out->index);
        memcpy(out->score + i * size, record->score + from * size, size * sizeof *out->score);
    }
    return true;
}

typedef struct {
    int32_t token;
    int64_t count;
} TokenCount;

static int more_frequent(const void *a, const void *b) {
    const TokenCount *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return (x->token > y->token) - (x->token < y->token);
}

bool frequent_tokens(int32_t *out, int *count, const GatingRecord *record, int most, Error *error) {
    int V = record->config.V;
    TokenCount *counts = calloc((size_t)V, sizeof *counts);
    if (counts == NULL) return fail(error, "out of memory for counting %d tokens", V);
    for (int v = 0; v < V; v++) counts[v].token = v;
    for (int t = 0; t < record->T; t++) counts[record->tokens[t]].count++;
    for (int v = 0; v < TOKENIZER_SPECIALS && v < V; v++) counts[v].count = 0;
    qsort(counts, (size_t)V, sizeof *counts, more_frequent);
    for (*count = 0; *count < most && *count < V && counts[*count].count > 0; (*count)++)
        out[*count] = counts[*count].token;
    free(counts);
    return true;
}

bool token_positions(int32_t *out, int *found, const GatingRecord *record, const int32_t *tokens,
                     int count, int most, Error *error) {
    bool *chosen = calloc((size_t)record->config.V, sizeof *chosen);
    if (chosen == NULL) return fail(error, "out of memory for %d tokens", record->config.V);
    int64_t all = 0, passed = 0;
    for (int i = 0; i < count; i++) chosen[tokens[i]] = true;
    for (int t = 0; t < record->T; t++) all += chosen[record->tokens[t]];
    int64_t taken = all < most ? all : most;
    *found = 0;
    for (int t = 0; t < record->T && *found < taken; t++) {
        if (!chosen[record->tokens[t]]) continue;
        if (passed++ == *found * all / taken) out[(*found)++] = t;
    }
    free(chosen);
    return true;
}
